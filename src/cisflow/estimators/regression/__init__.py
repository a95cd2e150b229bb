"""Regressions beside the Tobit: least squares, fractional, probit, truncated, two-part."""
