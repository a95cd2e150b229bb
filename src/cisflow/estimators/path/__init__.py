"""The recursive path model of observed variables: fit, effects, tests, resamples."""
