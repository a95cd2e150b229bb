"""How a number that was measured is written: with the digits that its standard error warrants."""

from __future__ import annotations

import numpy as np

NOT_ESTIMABLE = "n.e."


def signed(text: str) -> str:
    """Return a formatted number with a real minus sign."""
    return text.replace("-", "−")


def decimals_of(std_error: float | None, most: int = 10) -> int:
    """Return how many decimals show a standard error with two significant digits.

    An estimate is not known better than its standard error; digits beyond are noise.
    """
    if std_error is None or not np.isfinite(std_error) or std_error <= 0:
        return 3
    return min(max(1 - int(np.floor(np.log10(std_error))), 0), most)


def measured(x: float | None, std_error: float | None) -> str:
    """Return a number with the decimals that its standard error warrants."""
    if x is None or not np.isfinite(x):
        return NOT_ESTIMABLE
    text = f"{x:,.{decimals_of(std_error)}f}"
    return signed(text if text.strip("-0.,") else text.lstrip("-"))


def bound(end: float, std_error: float | None) -> str:
    """Return an end of an interval; one that is nearly zero with its side of it.

    Examples
    --------
    >>> bound(-0.02, 4.0), bound(-15.5, 4.0), bound(0.0, 4.0)
    ('−0.020', '−15.5', '0.0')
    """
    text = measured(end, std_error)
    return text if text.strip("−0.,") or not end else measured(end, abs(end))
