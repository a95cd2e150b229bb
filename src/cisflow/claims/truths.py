"""Simulated runs: what an estimate is of in a very large sample, and whether it was recovered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cisflow.base.records import Table

KEYS = ("country", "wave", "model", "outcome", "column", "term", "quantity")
NUMBERS = ("truth", "population", "std_error", "n")
TRUTHS = Table.of(*KEYS, *NUMBERS, "kind", numbers=NUMBERS)
"""What :mod:`cisflow.claims.pseudo_truth` finds; read where nothing is estimated."""
STRUCTURAL, PSEUDO = "truth", "pseudo-truth"
SURE = 0.5
"""Standard errors of an estimate that what is taken for its truth may be unsure by."""
RECOVERED = ("truth", "truth_kind", "recovered")


def with_truth(
    rows: Iterable[Mapping[str, Any]], truth: pd.DataFrame | None
) -> list[dict[str, Any]]:
    """Return rows of verdicts with the truth of each estimate, and whether its interval holds it.

    Parameters
    ----------
    rows
        With the columns :data:`KEYS` and ``ci_low``, ``ci_high``, as far as they have them.
    truth
        Columns of :data:`TRUTHS`; None for a run on real data.

    Returns
    -------
    list of dict
        With ``truth``; ``truth_kind``, where it is known from; and ``recovered``: ``yes``, ``no``,
        or empty without truth or interval. A pseudo-truth that the population leaves in doubt is
        none.
    """
    known: dict[tuple[Any, ...], Mapping[Any, Any]] = {}
    if truth is not None:
        for row in truth.to_dict(orient="records"):
            known[tuple(row[key] for key in KEYS)] = row
    return [{**row, **_recovered(row, known)} for row in rows]


def _recovered(
    row: Mapping[str, Any], known: Mapping[tuple[Any, ...], Mapping[Any, Any]]
) -> dict[str, Any]:
    true = known.get(tuple(row.get(key, "") for key in KEYS), {})
    if not true or _unsure(true, row):
        return {"truth": np.nan, "truth_kind": "", "recovered": ""}
    truth = float(true["truth"])
    found = {"truth": truth, "truth_kind": true.get("kind", ""), "recovered": ""}
    bounds = row.get("ci_low", np.nan), row.get("ci_high", np.nan)
    if np.isfinite([truth, *bounds]).all():
        found["recovered"] = "yes" if bounds[0] <= truth <= bounds[1] else "no"
    return found


def _unsure(true: Mapping[Any, Any], row: Mapping[str, Any]) -> bool:
    """Return whether a large sample's own error is too large for it to stand for the truth.

    Weak instruments are weak in a population too: what it finds is no truth of the model.
    """
    if true.get("kind") == STRUCTURAL:
        return False
    return bool(true.get("std_error", np.nan) > SURE * row.get("std_error", np.nan))
