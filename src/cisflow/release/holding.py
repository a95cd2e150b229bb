"""What the tests of claims rest on, through the gate: counts of firms, and how tests hang together.

On which side of a term a firm is, and whether it turns a verdict, is told of no firm and of no few
firms. Whether there are enough for the rule, and whether any single firm turns the verdict, is told
always: it is the verdict's reason, and says nothing of which firms.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimation.estimates import WITHHELD, Estimates
from cisflow.estimation.holding import PRIVATE, TESTS
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
Keys = Mapping[str, Mapping[str, float]]


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
    told: Mapping[str, Estimates], found: Mapping[str, Estimates]
) -> dict[str, Estimates]:
    """Return what may be told of estimates with the correlations of those that claims test.

    Parameters
    ----------
    told
        By model, what has passed the gate.
    found
        By model, what was found, with the firms' influences.

    Returns
    -------
    dict
        As ``told``; each test has ``correlations``: those of its estimate with the other tests on
        the same wave that are told, by their keys. They come from the firms' influences on both:
        firms that only one of them rests on have none on the other.
    """
    by_wave = _correlations(_influences(found, told))
    return {
        name: Estimates(one.table, {**one.diagnostics, "fits": _with(name, one, by_wave)})
        for name, one in told.items()
    }


def _tests(found: Mapping[str, Estimates]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield each test with its wave and its key."""
    for name, one in found.items():
        for record in one.diagnostics["fits"]:
            for test in record.get(TESTS, ()):
                yield record.get("wave", ""), key_of(name, test), test


def _influences(
    found: Mapping[str, Estimates], told: Mapping[str, Estimates]
) -> dict[str, pd.DataFrame]:
    """Return by wave each firm's influence on each test's estimate: a row per firm, zero for none.

    A column per test that has an estimate, and is told, by its key.
    """
    shown = {(wave, key) for wave, key, _ in _tests(told)}
    waves: dict[str, dict[str, dict[str, float]]] = {}
    for wave, key, test in _tests(found):
        if "influence" in test and (wave, key) in shown:
            waves.setdefault(wave, {})[key] = test["influence"]
    return {wave: pd.DataFrame(tests).sort_index().fillna(0.0) for wave, tests in waves.items()}


def _correlations(influences: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """Return by wave and test the correlations of its estimate with all others'."""
    found: dict[str, dict[str, Any]] = {}
    for wave, tests in influences.items():
        U = tests.to_numpy()
        lengths = np.sqrt((U**2).sum(axis=0))
        known = lengths > 0
        R = (U[:, known].T @ U[:, known]) / np.outer(lengths[known], lengths[known])
        keys = tests.columns[known]
        found[wave] = {
            key: {other: round(float(r), 6) for other, r in zip(keys, row, strict=True)}
            for key, row in zip(keys, R, strict=True)
        }
    return found


def _with(
    model: str, one: Estimates, by_wave: Mapping[str, Mapping[str, Mapping[str, float]]]
) -> list[dict[str, Any]]:
    shown = []
    for record in one.diagnostics["fits"]:
        here = by_wave.get(record.get("wave", ""), {})
        tests = []
        for test in record.get(TESTS, ()):
            key = key_of(model, test)
            others = {other: r for other, r in here.get(key, {}).items() if other != key}
            tests.append({**test, "correlations": others})
        shown.append({**record, TESTS: tests} if tests else record)
    return shown
