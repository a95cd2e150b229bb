"""What one country's numbers are held against: sets of firms, magnitudes, and a book of both."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from cisflow.disclosure.magnitudes import MANY, exceptions, monotone, refused, weighed
from cisflow.disclosure.sets import ALIKE, NEAR, Ledger
from cisflow.study.disclosure import Profile

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
GROUP = "all firms of a sample or group"
"""What sets are about whose firms are described, or rest a fit."""


@dataclass
class Gate:
    """The gate of one country: first all sets of firms are noted, then asked about."""

    panel: pd.DataFrame  # firm × wave, index 0…n−1
    profile: Profile  # the rules
    # Per public file what it is, how many numbers it shows, and what was withheld and why.
    register: dict[str, dict[str, Any]] = field(default_factory=dict)
    _near: dict[tuple[str, bytes, frozenset[str]], bool] = field(default_factory=dict)
    _told: dict[bytes, dict[str, Floats]] = field(default_factory=dict)
    _values: dict[str, Floats | None] = field(default_factory=dict)
    _exceptions: dict[tuple[str, str], Bools | None] = field(default_factory=dict)
    _sizes_near: dict[Hashable, int | None] = field(default_factory=dict)
    _cells: dict[Hashable, list[Bools]] = field(default_factory=dict)

    @cached_property
    def ledger(self) -> Ledger:
        """The sets."""
        return Ledger(self.profile.minimum_cell)

    @cached_property
    def withheld(self) -> dict[Hashable, str]:
        """The keys of sets that may not be told, each with the reason."""
        return self.ledger.withheld()

    # --- before ---------------------------------------------------------------------------------

    def mask(self, rows: Iterable[int]) -> Bools:
        """Return rows of the panel as booleans, shape (rows of the panel,)."""
        found = np.zeros(len(self.panel), dtype=bool)
        found[np.fromiter(rows, dtype=np.intp)] = True
        return found

    def note(
        self,
        key: Hashable,
        firms: Bools | Iterable[int],
        cost: float = 1.0,
        about: Hashable = None,
    ) -> None:
        """Note that the number of some firms is to be published; as :meth:`Ledger.add`."""
        firms = firms if isinstance(firms, np.ndarray) else self.mask(firms)
        self.ledger.add(key, firms, cost, about=about)

    def note_parts(self, whole: Hashable, parts: Sequence[Hashable]) -> None:
        """Note that a set is known to be the sum of others and of who is in none of them."""
        self.ledger.add_sum(whole, parts)

    def note_answers(
        self, place: Hashable, firms: Bools, yes: Bools, cost: float, variable: str | None = None
    ) -> None:
        """Note that of some firms it is to be published how many say yes.

        Keys are ``(place, "all")``, ``(place, "yes")`` and ``(place, "no")``. Where all answer
        alike, which is known of each of them then, neither yes nor no can be told.
        """
        sets = {"yes": firms & yes, "no": firms & ~yes}
        alike = self.profile.minimum_cell > 1 and sum(map(np.any, sets.values())) == 1
        self.ledger.add((place, "all"), firms, cost)
        for answer, some in sets.items():
            about = variable and (variable, answer)
            self.ledger.add((place, answer), some, cost, forbidden=alike, about=about)
        self.ledger.add_sum((place, "all"), [(place, "yes"), (place, "no")])

    # --- after ----------------------------------------------------------------------------------

    def why(self, *keys: Hashable) -> str:
        """Return why numbers of firms may not be told, empty if all may."""
        return next((self.withheld[key] for key in keys if key in self.withheld), "")

    def size_near(self, key: Hashable) -> int | None:
        """Return how many firms a told set has that differs by few from one that is not told."""
        if key not in self._sizes_near:
            self._sizes_near[key] = self.ledger.size_near(key, self.withheld)
        return self._sizes_near[key]

    def why_answers(self, place: Hashable, weight: Floats) -> str:
        """Return why the share that says yes may not be told, empty if it may."""
        answers = [(place, answer) for answer in ("all", "yes", "no")]
        return self.why(*answers) or self.why_weights(weight)

    def why_weights(self, weight: Floats) -> str:
        """Return why a weighted share may not be told, empty if it may."""
        return "a few firms have most of the weight" if weighed(weight, self.profile) else ""

    def why_magnitude(self, x: Floats, weight: Floats) -> str:
        """Return why the mean or deviation of numbers may not be told, empty if it may."""
        return refused(x, weight, self.profile)

    def why_together(self, x: Floats, y: Floats, weight: Floats) -> str:
        """Return why the correlation of two variables may not be told, empty if it may.

        That of two yes/no variables is a table of four cells in disguise; that of one with a
        number tells the number's mean among those who say yes, and among those who do not.
        """
        flags = [v for v in (x, y) if np.isin(v, (0, 1)).all()]
        if not flags:
            return "" if self.profile.minimum_cell == 1 or len(np.unique(x)) > 1 else ALIKE
        if len(flags) == 2:
            cells = np.array([[(x == a) & (y == b) for b in (0, 1)] for a in (0, 1)])
            small = cells.sum(axis=2) < self.profile.minimum_cell
            return "a cell of the table behind it is too small" if small.any() else ""
        flag, other = (x, y) if flags[0] is x else (y, x)
        reasons = [
            refused(other[part], weight[part], self.profile) for part in (flag == 1, flag == 0)
        ]
        return next(filter(None, reasons), "")

    def why_cells(self, firms: Bools, one: str, other: str) -> str:
        """Return why the correlation of two yes/no variables may not be told beside other numbers.

        Its four cells are counts as those of a table are: they may differ by few from no set of
        firms that is told, nor from the same cell of another sample. Empty for other variables.

        Parameters
        ----------
        firms
            Whom it is of, shape (rows of the panel,): those with both values.
        one, other
            Columns of the panel.
        """
        pair = sorted((one, other))
        values = [self.values(name) for name in pair]
        if self.profile.minimum_cell == 1 or any(
            v is None or not np.isin(v[firms], (0, 1)).all() for v in values
        ):
            return ""
        says = [np.equal(v, 1) for v in values if v is not None]
        cells = {
            (*pair, a, b): firms & (says[0] == a) & (says[1] == b)
            for a in (True, False)
            for b in (True, False)
        }
        if any(self._tells_few(key, cell) for key, cell in cells.items()):
            return NEAR
        for key, cell in cells.items():
            self._cells.setdefault(key, []).append(cell)
        return ""

    def _tells_few(self, key: Hashable, cell: Bools) -> bool:
        apart = (np.count_nonzero(cell ^ told) for told in self._cells.get(key, ()))
        few = any(0 < n < self.profile.minimum_cell for n in apart)
        return few or self.ledger.near_told(cell, self.withheld)

    def why_near(self, kind: str, firms: Bools, variables: Iterable[str]) -> str:
        """Return why a statistic may not be told beside those told before, empty if it may.

        Two of the same kind, one on variables the other has too, tell of the firms in which they
        differ: by who is in the sample, or by a variable that is another but for a few firms. Of a
        regression this is exact: with the published means and correlations the difference of
        coefficients is a multiple of the one firm's values.

        Parameters
        ----------
        kind
            Of the statistic.
        firms
            Whom it is of, shape (rows of the panel,).
        variables
            What it is of.
        """
        key = kind, firms.tobytes(), frozenset(variables)
        if key not in self._near:
            self._near[key] = any(
                not near and told[0] == kind and self._few_apart(key, told)
                for told, near in self._near.items()
            )
        return NEAR if self._near[key] else ""

    def why_many(self, firms: Bools, variable: str) -> str:
        """Return why a mean and deviation may not be told beside others of the same numbers.

        The means, deviations and correlations of x, x², x³ … are sums of powers, and as many sums
        as firms are solved for each of them. So, as for the coefficients of a model, the firms are
        to outnumber them by the residual degrees of freedom.

        Parameters
        ----------
        firms
            Whom it is of, shape (rows of the panel,).
        variable
            A column of numbers.
        """
        x = self.values(variable)
        if x is None or self.profile.minimum_cell == 1 or len(np.unique(x[firms])) < 3:
            return ""
        told = self._told.setdefault(firms.tobytes(), {})
        others = (y for name, y in told.items() if name != variable)
        k = 1 + sum(monotone(y, x[firms]) for y in others)
        if k > 1 and k * (k + 3) / 2 > firms.sum() - self.profile.residual_df:
            return MANY
        told[variable] = x[firms]
        return ""

    def tell(self, kind: str, firms: Bools, variables: Iterable[str]) -> None:
        """Note that a statistic is told, for :meth:`why_near`."""
        self._near.setdefault((kind, firms.tobytes(), frozenset(variables)), False)

    def _few_apart(
        self, one: tuple[str, bytes, frozenset[str]], told: tuple[str, bytes, frozenset[str]]
    ) -> bool:
        here, there = (np.frombuffer(key[1], dtype=bool) for key in (one, told))
        both, apart = here & there, here ^ there
        if np.count_nonzero(apart) >= self.profile.minimum_cell:  # what follows only adds to them
            return False
        for name in sorted(one[2] - told[2]):
            others = [
                off & both for v in sorted(told[2]) if (off := self.exceptions(v, name)) is not None
            ]
            if not others:
                return False
            apart = apart | min(others, key=lambda off: int(off.sum()))
        return 0 < int(apart.sum()) < self.profile.minimum_cell

    def exceptions(self, one: str, other: str) -> Bools | None:
        """Return in which rows of the panel a variable is not the line in another it mostly is."""
        if (one, other) not in self._exceptions:
            x, y = self.values(one), self.values(other)
            self._exceptions[one, other] = None if x is None or y is None else exceptions(x, y)
        return self._exceptions[one, other]

    def values(self, variable: str) -> Floats | None:
        """Return a column of the panel, converted once."""
        if variable not in self._values:
            self._values[variable] = numbers(self.panel, variable)
        return self._values[variable]

    # --- the register ---------------------------------------------------------------------------

    def opened(self, file: str, kind: str, population: str) -> None:
        """Begin the register's entry of a public file."""
        entry = {"kind": kind, "population": population, "firms": {}, "shown": 0, "withheld": []}
        self.register[file] = {**entry, "explain": []}

    def explain(self, file: str, place: str, what: str, of: str = "") -> None:
        """Write down what is near a threshold of a number that is shown, and of which term."""
        said = {"place": place, "what": what, "of": of}
        if said not in self.register[file]["explain"]:
            self.register[file]["explain"].append(said)

    def decided(self, file: str, place: str, statistic: str, why: str) -> bool:
        """Write down whether a number is shown, and return it."""
        entry = self.register[file]
        if not why:
            entry["shown"] += 1
            return True
        entry["withheld"].append({"place": place, "statistic": statistic, "why": why})
        return False


def numbers(panel: pd.DataFrame, variable: str) -> Floats | None:
    """Return a column as floats with NaN for null; None if it is none of numbers."""
    if variable not in panel or not is_numeric_dtype(panel[variable]):
        return None
    return panel[variable].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
