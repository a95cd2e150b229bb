"""What the tests of claims rest on, through the gate: counts of firms, and how tests hang together.

On which side of a term a firm is, and whether it turns a verdict, is told of no firm and of no few
firms. Whether there are enough for the rule, and whether any single firm turns the verdict, is told
always: it is the verdict's reason, and says nothing of which firms.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimation.estimates import BETWEEN, TESTS, WITHHELD, Estimates
from cisflow.estimation.holding import PRIVATE
from cisflow.release.gate import Gate
from cisflow.study.claims import key_of

COUNTS = {
    "firms_with": "rows_with",
    "firms_without": "rows_without",
    "turned_by_one": "rows_turned",
    "left_out": "rows_left_out",
}
"""Counts of a test, and under what their firms are known to the gate alone."""
OF_REFIT = ("estimate", "std_error")


def note_tests(gate: Gate, key: Hashable, record: Mapping[str, Any], cost: float) -> None:
    """Note the firms that the tests of a fit count.

    Parameters
    ----------
    key
        Under which the firms of the fit are noted.
    record
        The fit's diagnostics.
    cost
        What is lost if a count is withheld.
    """
    for test in record.get(TESTS, ()):
        for count, rows in COUNTS.items():
            if rows in test:
                about = test["term"], test["quantity"], count
                gate.note(_of(key, test, count), gate.mask(test[rows]), cost, about)
        if test.get("rows_without"):
            parts = [_of(key, test, side) for side in ("firms_with", "firms_without")]
            gate.note_parts(key, parts)


def told_tests(
    gate: Gate, key: Hashable, record: Mapping[str, Any], rows: pd.DataFrame, file: str
) -> list[dict[str, Any]]:
    """Return the tests of a fit as far as they may be told.

    Parameters
    ----------
    gate, key, record
        As in :func:`note_tests`.
    rows
        The fit's estimates as far as they are told; of one that is withheld nothing is told here.
    file
        Where they are published.
    """
    names = ["outcome", "column", "term"]
    shown = rows[rows["status"] != WITHHELD]
    visible = set(shown[names].itertuples(index=False, name=None))
    return [
        _told(gate, key, test, file)
        for test in record.get(TESTS, ())
        if tuple(test[name] for name in names) in visible
    ]


def _told(gate: Gate, key: Hashable, test: Mapping[str, Any], file: str) -> dict[str, Any]:
    place = " | ".join(test[name] for name in ("outcome", "column", "term", "quantity"))
    told = {name: value for name, value in test.items() if name not in PRIVATE}
    outliers = dict(told.get("outliers", {}))
    for count in (name for name, rows in COUNTS.items() if rows in test):
        of = outliers if count == "left_out" else told
        why = gate.why(_of(key, test, count), key)
        if of.get(count) is not None and not gate.decided(file, place, count, why):
            of[count] = None
    if "left_out" in outliers and outliers["left_out"] is None:
        # Beside the estimate on all firms it would tell of the few that are left out.
        outliers = {name: value for name, value in outliers.items() if name not in OF_REFIT}
    return {**told, **({"outliers": outliers} if outliers else {})}


def _of(key: Hashable, test: Mapping[str, Any], count: str) -> Hashable:
    where = tuple(test[name] for name in ("outcome", "column", "term", "quantity", "asked"))
    return key, where, count


# --- how tests hang together --------------------------------------------------------------------


@dataclass(frozen=True)
class Influences:
    """The firms' parts in the errors of the estimates that claims test."""

    # Wave and key of a test → row of the panel → the firm's part in its error.
    of: Mapping[tuple[str, str], Mapping[str, float]]
    # The firm of each row of the panel: what is influenced in several waves by the same firm.
    firms: Sequence[Hashable] = ()
    # Keys of the estimates that a claimed share counts over all waves together.
    counted: Collection[str] = ()
    # Firms that two estimates share, of which their correlation may tell; of fewer it is that of
    # estimates that share none, or it would be a product of single firms' values.
    fewest: int = 1

    def here(self, wave: str, key: str) -> dict[str, float]:
        """Return the correlations of an estimate with the others of its wave, by their keys."""
        return {k: r for (w, k), r in _row(self._by_row, (wave, key)) if w == wave and k != key}

    def elsewhere(self, wave: str, key: str) -> dict[str, dict[str, float]]:
        """Return those of a counted estimate with the counted ones of other waves, by wave."""
        found: dict[str, dict[str, float]] = {}
        for (other, k), r in _row(self._by_firm, (wave, key)):
            if other != wave:
                found.setdefault(other, {})[k] = r
        return {other: known for other, known in found.items() if any(known.values())}

    @cached_property
    def _by_row(self) -> pd.DataFrame:
        return _correlations(self.of, self.fewest)

    @cached_property
    def _by_firm(self) -> pd.DataFrame:
        return _correlations(
            {
                (wave, key): {self.firms[int(row)]: part for row, part in by.items()}
                for (wave, key), by in self.of.items()
                if key in self.counted
            },
            self.fewest,
        )


def _row(known: pd.DataFrame, where: tuple[str, str]) -> Iterable[tuple[tuple[str, str], float]]:
    return known[where].items() if where in known else ()


def _correlations(
    influences: Mapping[tuple[str, str], Mapping[Any, float]], fewest: int
) -> pd.DataFrame:
    """Return the correlations of all estimates with each other; of those without error none."""
    parts = pd.DataFrame({where: pd.Series(by, dtype=float) for where, by in influences.items()})
    U = parts.sort_index().fillna(0.0)
    U = U.loc[:, (U != 0).any()]
    lengths = np.sqrt((U.to_numpy() ** 2).sum(axis=0))
    R = (U.to_numpy().T @ U.to_numpy()) / np.outer(lengths, lengths)
    rests_on = (U != 0).to_numpy(dtype=float)
    R[rests_on.T @ rests_on < fewest] = 0.0
    names = list(U.columns)
    return pd.DataFrame(dict(zip(names, R.round(6).tolist(), strict=True)), index=names)


def with_correlations(
    told: Mapping[str, Estimates],
    found: Mapping[str, Estimates],
    firms: Sequence[Hashable] = (),
    counted: Collection[str] = (),
    fewest: int = 1,
) -> dict[str, Estimates]:
    """Return what may be told of estimates with the correlations of those that claims test.

    Parameters
    ----------
    told
        By model, what has passed the gate.
    found
        By model, what was found, with the firms' influences.
    firms, counted, fewest
        As of :class:`Influences`.

    Returns
    -------
    dict
        As ``told``; each test has ``correlations``: those of its estimate with the other tests on
        the same wave that are told, by their keys. They come from the firms' influences on both:
        firms that only one of them rests on have none on the other. An estimate that a claimed
        share counts has ``between_waves`` where firms are in several: the same with those of other
        waves.
    """
    shown = {(wave, key) for wave, key, _ in _tests(told)}
    of = {
        (wave, key): test["influence"]
        for wave, key, test in _tests(found)
        if "influence" in test and (wave, key) in shown
    }
    influences = Influences(of, firms, counted, fewest)
    return {
        name: Estimates(one.table, {**one.diagnostics, "fits": _with(name, one, influences)})
        for name, one in told.items()
    }


def _tests(found: Mapping[str, Estimates]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield each test with its wave and its key."""
    for name, one in found.items():
        for record in one.diagnostics["fits"]:
            for test in record.get(TESTS, ()):
                yield record.get("wave", ""), key_of(name, test), test


def _with(model: str, one: Estimates, influences: Influences) -> list[dict[str, Any]]:
    shown = []
    for record in one.diagnostics["fits"]:
        tests = [
            {**test, **_together(influences, str(record.get("wave")), key_of(model, test))}
            for test in record.get(TESTS, ())
        ]
        shown.append({**record, TESTS: tests} if tests else record)
    return shown


def _together(influences: Influences, wave: str, key: str) -> dict[str, Any]:
    elsewhere = influences.elsewhere(wave, key)
    more = {BETWEEN: elsewhere} if elsewhere else {}
    return {"correlations": influences.here(wave, key), **more}
