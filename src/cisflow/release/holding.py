"""What the tests of claims rest on, through the gate: counts of firms, and how tests hang together.

On which side of a term a firm is, and whether it turns a verdict, is told of no firm and of no few
firms. Whether there are enough for the rule, and whether any single firm turns the verdict, is told
always: it is the verdict's reason, and says nothing of which firms.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cisflow.estimation.estimates import WITHHELD, Estimates
from cisflow.estimation.holding import BETWEEN, PRIVATE, TESTS
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
Correlated = dict[str, dict[str, float]]


def note_tests(gate: Gate, key: Hashable, record: Mapping[str, Any], cost: float) -> None:
    """Note the firms that the tests of a fit count.

    Parameters
    ----------
    gate
        Of the country.
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
                gate.note(_of(key, test, count), gate.mask(test[rows]), cost)
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


def with_correlations(
    told: Mapping[str, Estimates],
    found: Mapping[str, Estimates],
    firms: Sequence[Hashable] = (),
    counted: Collection[str] = (),
) -> dict[str, Estimates]:
    """Return what may be told of estimates with the correlations of those that claims test.

    Parameters
    ----------
    told
        By model, what has passed the gate.
    found
        By model, what was found, with the firms' influences.
    firms
        The firm of each row of the panel.
    counted
        Keys of the estimates that a claimed share counts over all waves together.

    Returns
    -------
    dict
        As ``told``; each test has ``correlations``: those of its estimate with the other tests on
        the same wave, by their keys. They come from the firms' influences on both: firms that only
        one of them rests on have none on the other. A counted estimate has ``between_waves`` where
        firms are in several: the same with the counted ones of other waves, wave by wave.
    """
    influences = _influences(found)
    here = {wave: _correlations(tests, tests) for wave, tests in influences.items()}
    elsewhere = _between_waves(influences, firms, counted)
    return {
        name: Estimates(one.table, {**one.diagnostics, "fits": _with(name, one, here, elsewhere)})
        for name, one in told.items()
    }


def _influences(found: Mapping[str, Estimates]) -> dict[str, pd.DataFrame]:
    """Return by wave each firm's influence on each test's estimate: a row per firm, zero for none.

    A column per test that has an estimate, by its key.
    """
    waves: dict[str, dict[str, dict[str, float]]] = {}
    for name, one in found.items():
        for record in one.diagnostics["fits"]:
            for test in record.get(TESTS, ()):
                if "influence" in test:
                    waves.setdefault(record["wave"], {})[key_of(name, test)] = test["influence"]
    return {wave: pd.DataFrame(tests).sort_index().fillna(0.0) for wave, tests in waves.items()}


def _correlations(one: pd.DataFrame, other: pd.DataFrame) -> Correlated:
    """Return test by test the correlations of an estimate with those of others, on the same rows.

    A test that no firm has influence on has none.
    """
    U, V = (tests.loc[:, (tests != 0).any()] for tests in (one, other))
    R = _unit(U).T @ _unit(V)
    return {
        key: {with_: round(float(r), 6) for with_, r in zip(V.columns, row, strict=True)}
        for key, row in zip(U.columns, R, strict=True)
    }


def _unit(tests: pd.DataFrame) -> NDArray[np.float64]:
    U = tests.to_numpy()
    return np.asarray(U / np.sqrt((U**2).sum(axis=0)))


def _between_waves(
    influences: Mapping[str, pd.DataFrame], firms: Sequence[Hashable], counted: Collection[str]
) -> dict[tuple[str, str], Correlated]:
    """Return by wave and test the correlations with counted estimates of waves that share firms."""
    waves = {wave: _by_firm(tests, firms, counted) for wave, tests in influences.items()}
    found: dict[tuple[str, str], Correlated] = {}
    for (wave, mine), (other, theirs) in permutations(waves.items(), 2):
        if mine.index.intersection(theirs.index).empty:
            continue
        both = mine.index.union(theirs.index)
        whole = (tests.reindex(both, fill_value=0.0) for tests in (mine, theirs))
        for key, others in _correlations(*whole).items():
            found.setdefault((wave, key), {})[other] = others
    return found


def _by_firm(
    tests: pd.DataFrame, firms: Sequence[Hashable], counted: Collection[str]
) -> pd.DataFrame:
    """Return the influences on counted estimates, a row for each firm that has its name."""
    mine = tests[[key for key in tests if key in counted]]
    return mine.set_axis([firms[int(row)] for row in mine.index]) if len(mine.columns) else mine[:0]


def _with(
    model: str,
    one: Estimates,
    here: Mapping[str, Correlated],
    elsewhere: Mapping[tuple[str, str], Correlated],
) -> list[dict[str, Any]]:
    shown = []
    for record in one.diagnostics["fits"]:
        wave, tests = record.get("wave", ""), []
        for test in record.get(TESTS, ()):
            key = key_of(model, test)
            others = {k: r for k, r in here.get(wave, {}).get(key, {}).items() if k != key}
            more = {BETWEEN: elsewhere[wave, key]} if (wave, key) in elsewhere else {}
            tests.append({**test, "correlations": others, **more})
        shown.append({**record, TESTS: tests} if tests else record)
    return shown
