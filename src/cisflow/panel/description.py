"""Statistical disclosure control: what may be said about firms in the aggregate.

The rule is a threshold: nothing is published about fewer than ``minimum`` firms, neither
directly nor as the difference of two published numbers. No minimum, maximum or median is ever
computed, since each is the value of one firm. A withheld number is null and marked as withheld,
which keeps it apart from a zero and from a question that was not asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from cisflow.base.cells import suppress_small_cells
from cisflow.base.thresholds import MINIMUM_CELL, SHARE_EDGES, is_small, splits_off_few
from cisflow.panel.sample import select_sample, variables_of, waves_of
from cisflow.study.models import Model


def descriptives(
    panel: pd.DataFrame,
    variables: Sequence[str],
    weights: str | None = None,
    *,
    limits: Mapping[str, tuple[float | None, float | None]] | None = None,
    minimum: int = MINIMUM_CELL,
) -> dict[str, Any]:
    """Describe variables by aggregates that pass disclosure control.

    Parameters
    ----------
    panel
        One row per firm: a sample of one country and wave.
    variables
        Numeric or yes/no columns, in the order of the table.
    weights
        Column of sampling weights; means, deviations, shares and correlations are then weighted.
    limits
        Lower and upper limit of censored variables, e.g. ``{"radical": (0, 100)}``.
    minimum
        Smallest number of firms a number may rest on.

    Returns
    -------
    dict
        ``n`` (null if withheld); ``variables``, one dict each with ``variable``, ``n``,
        ``mean``, ``sd``, ``at_lower``, ``at_upper`` (shares of firms, 0–1), ``state``
        (``"value"``, ``"not asked"``, ``"withheld"``) and ``withheld`` (the names of withheld
        statistics); ``correlations``, a symmetric list of lists with null where withheld or
        undefined. Plain JSON types.
    """
    w = panel[weights].to_numpy(dtype=float) if weights else np.ones(len(panel))
    data = {v: _as_float(panel, v) for v in variables}
    rows = [
        _describe(variable, x, w, (limits or {}).get(variable, (None, None)), minimum)
        for variable, x in data.items()
    ]
    usable = [row["state"] == "value" and "mean" not in row["withheld"] for row in rows]
    correlations = [
        [
            _correlation(data[a], data[b], w, minimum) if usable[i] and usable[j] else None
            for j, b in enumerate(variables)
        ]
        for i, a in enumerate(variables)
    ]
    n = None if is_small(len(panel), minimum) else len(panel)
    return {"n": n, "variables": rows, "correlations": correlations}


def _as_float(panel: pd.DataFrame, variable: str) -> np.ndarray:
    """Return a column as floats with NaN for null; a column the panel lacks is all null."""
    if variable not in panel:
        return np.full(len(panel), np.nan)
    return panel[variable].astype("Float64").to_numpy(dtype=float, na_value=np.nan)


def _describe(
    variable: str,
    x: np.ndarray,
    w: np.ndarray,
    limits: tuple[float | None, float | None],
    minimum: int,
) -> dict[str, Any]:
    """Return the aggregates of one variable, shape (n,), with what had to be withheld."""
    known = ~np.isnan(x)
    x, w = x[known], w[known]
    row: dict[str, Any] = {"variable": variable, "n": len(x), "state": "value", "withheld": []}
    row |= dict.fromkeys(("mean", "sd", "at_lower", "at_upper"))
    if len(x) == 0:
        return row | {"state": "not asked"}
    if len(x) < minimum:
        return row | {"n": None, "state": "withheld", "withheld": ["n", "mean", "sd"]}
    # The mean of a yes/no variable is a count in disguise.
    if np.isin(x, (0, 1)).all() and splits_off_few(float(x.sum()), len(x), minimum):
        return row | {"withheld": ["mean", "sd"]}
    mean = float(np.average(x, weights=w))
    spread = float(np.average((x - mean) ** 2, weights=w)) * len(x) / (len(x) - 1)
    row |= {"mean": mean, "sd": spread**0.5}
    for name, limit in zip(("at_lower", "at_upper"), limits, strict=True):
        if limit is None:
            continue
        at = x <= limit if name == "at_lower" else x >= limit
        if splits_off_few(int(at.sum()), len(x), minimum):
            row["withheld"].append(name)
        else:
            row[name] = float(np.average(at, weights=w))
    return row


def _correlation(x: np.ndarray, y: np.ndarray, w: np.ndarray, minimum: int) -> float | None:
    """Return the (weighted) correlation over firms with both values, null if undefined."""
    both = ~np.isnan(x) & ~np.isnan(y)
    if both.sum() < max(minimum, 3):
        return None
    covariance = np.cov(x[both], y[both], aweights=w[both])
    scale = float(np.sqrt(covariance[0, 0] * covariance[1, 1]))
    return float(covariance[0, 1] / scale) if scale > 0 else None


def outcome_distribution(
    panel: pd.DataFrame,
    outcome: str,
    *,
    limits: tuple[float, float] = (0, 100),
    edges: Sequence[float] = SHARE_EDGES,
    minimum: int = MINIMUM_CELL,
) -> list[dict[str, Any]]:
    """Count the firms at each limit of an outcome and in classes between.

    Parameters
    ----------
    panel
        One row per firm: a sample of one country and wave.
    outcome
        A censored variable such as a share of turnover in percent.
    limits
        Lower and upper limit.
    edges
        Bounds of the classes between the limits; each class excludes its lower and includes
        its upper bound, except that the limits are classes of their own.
    minimum
        Smallest number of firms a class may show.

    Returns
    -------
    list of dict
        ``class`` (``"lower"``, ``"between"``, ``"upper"``), ``above``, ``up_to``, ``firms``
        (null if withheld), ``suppressed``; empty when the outcome was not asked.
    """
    x = _as_float(panel, outcome)
    x = x[~np.isnan(x)]
    if len(x) == 0:
        return []
    low, high = limits
    inside = x[(x > low) & (x < high)]
    # np.histogram closes classes on the left; mirrored values close them on the right.
    counts = np.histogram(-inside, bins=-np.asarray(edges, dtype=float)[::-1])[0][::-1]
    cells = [("lower", low, low, int((x <= low).sum()))]
    cells += [("between", edges[i], edges[i + 1], int(firms)) for i, firms in enumerate(counts)]
    cells.append(("upper", high, high, int((x >= high).sum())))
    table = pd.DataFrame(cells, columns=["class", "above", "up_to", "firms"])
    shown = suppress_small_cells(table, minimum)
    return [
        {**cell, "firms": None if cell["suppressed"] else int(cell["firms"])}
        for cell in shown.to_dict(orient="records")
    ]


def describe_sample(
    sample: pd.DataFrame,
    variables: Sequence[str],
    *,
    wave: str,
    model: str,
    outcomes: Sequence[str] = (),
    limits: tuple[float | None, float | None] = (None, None),
    weights: str | None = None,
    minimum: int = MINIMUM_CELL,
) -> dict[str, Any]:
    """Describe the sample of one model in one wave: descriptives and outcome distributions.

    Parameters
    ----------
    sample
        The firms the model is estimated on.
    variables
        What the descriptives table lists.
    wave, model
        Names for the record.
    outcomes, limits
        Censored outcomes and their limits; none for an uncensored model.
    weights
        Column of sampling weights, or none.
    minimum
        Smallest number of firms a number may rest on.
    """
    low, high = limits
    distributions = {}
    if low is not None and high is not None:
        edges = [low + (high - low) * share / 100 for share in SHARE_EDGES]
        distributions = {
            outcome: outcome_distribution(
                sample, outcome, limits=(low, high), edges=edges, minimum=minimum
            )
            for outcome in outcomes
        }
    described = descriptives(
        sample, variables, weights, limits=dict.fromkeys(outcomes, limits), minimum=minimum
    )
    return {
        "wave": wave,
        "model": model,
        "weights": weights or "unweighted",
        **described,
        "distributions": distributions,
    }


def describe_samples(
    panel: pd.DataFrame,
    models: Mapping[str, Model],
    country: str,
    *,
    lag: int,
    minimum: int = MINIMUM_CELL,
) -> dict[str, Any]:
    """Describe the sample of every model in every wave of a country.

    Parameters
    ----------
    panel
        Firm × wave, with research variables.
    models
        Specifications by name.
    country
        Name for the record.
    lag
        Years between survey and accounts.
    minimum
        Smallest number of firms a number may rest on.

    Returns
    -------
    dict
        ``country`` and ``samples``, the records of :func:`describe_sample`.
    """
    samples = []
    for model, spec in models.items():
        for wave in waves_of(panel, spec):
            sample, _ = select_sample(panel, spec, wave, lag=lag)
            samples.append(
                describe_sample(
                    sample,
                    [v for v in variables_of(spec) if _is_numeric(panel, v)],
                    wave=wave,
                    model=model,
                    outcomes=spec.outcomes if spec.censored else (),
                    limits=(spec.limits if spec.censored else None) or (None, None),
                    weights=spec.weightings[0],
                    minimum=minimum,
                )
            )
    return {"country": country, "samples": samples}


def _is_numeric(panel: pd.DataFrame, variable: str) -> bool:
    return is_numeric_dtype(panel[variable])
