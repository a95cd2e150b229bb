"""The Tobit: likelihood, fit, tests, margins, resamples."""
