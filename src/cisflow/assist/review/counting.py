"""Numbers of firms that may stand on a sheet: rounded to the minimum, withheld below it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cisflow.disclosure.magnitudes import refused
from cisflow.study.disclosure import Profile


@dataclass(frozen=True)
class Teller:
    """Tells numbers by the rules of a profile.

    A sheet counts hundreds of overlapping groups of the same firms. So its counts are multiples of
    the minimum, as those of the quality report are, and what has fewer firms (or none: that nobody
    answers so is told of all firms at once) is withheld. No difference of two gives a few away.
    """

    profile: Profile

    @property
    def minimum(self) -> int:
        """Fewest firms of which a number is told."""
        return self.profile.minimum_cell

    def count(self, firms: float) -> int | None:
        """Return a rounded number of firms, or None if they are too few."""
        base = self.minimum
        n = int(firms)
        return None if n < base else base * ((n + base // 2) // base)

    def share(self, part: float, whole: float) -> int | None:
        """Return a part in whole per cent, or None if it or what it leaves is too few firms."""
        if min(part, whole - part) < self.minimum:
            return None
        return round(100 * (self.count(part) or 0) / (self.count(whole) or 1))

    def mean(self, values: pd.Series) -> tuple[float | None, str]:
        """Return a mean in two digits, or None and why it may not be told."""
        x = values.dropna().to_numpy(dtype="float64", na_value=np.nan)
        why = refused(x, np.ones(len(x)), self.profile)
        return (None, why) if why else (float(f"{x.mean():.2g}"), "")


def counted(n: int | None, minimum: int) -> str:
    """Return a told number of firms as text; None is fewer than the minimum, or none."""
    if n is None:
        return "0" if minimum == 1 else f"< {minimum}"
    return f"{n:,}"
