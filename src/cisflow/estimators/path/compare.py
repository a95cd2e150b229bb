"""Path models side by side: what each leaves out, and which the data prefer.

Two readings of one figure are rarely nested in each other, but both are nested in their union: the
model with every arrow of either. A reading that the union's test rejects leaves out an arrow that
the data show. Readings are compared with each other by AIC and BIC.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimators.distributions import ChiSquared
from cisflow.estimators.errors import Problem, refuse, refuse_any
from cisflow.estimators.path.results import PathResults
from cisflow.estimators.path.system import HEADING

SHOWN = ("npar", "chisq", "df", "pvalue", "cfi", "rmsea", "srmr", "logl", "aic", "bic")


def nested_tests(small: PathResults, large: PathResults) -> dict[str, Any]:
    """Test a model against one with more arrows, estimated from the same firms.

    Returns
    -------
    dict
        ``omitted`` (arrows, as ``outcome ~ source``), ``df``, ``lr`` and ``lr_p`` (likelihood
        ratio; not a number with sampling weights), ``wald`` and ``wald_p`` (the omitted arrows
        are zero, by the covariance of ``large``, which may be robust).

    Raises
    ------
    EstimationError
        If an arrow of ``small`` is not in ``large``, or the two are not about the same firms.
    """
    _check_same({"the smaller model": small, "the larger model": large})
    arrows = small.firms.system.arrows
    extra = [a for a in arrows if a not in large.firms.system.arrows]
    if extra:
        named = ", ".join(f"{s} → {to}" for to, s in extra)
        what = f"the models are not nested: the larger one lacks {named}"
        refuse(HEADING, what, "test each against their union, or compare them by AIC and BIC")
    place = [i for i, a in enumerate(large.firms.system.arrows) if a not in arrows]
    out: dict[str, Any] = {
        "omitted": [" ~ ".join(large.firms.system.arrows[i]) for i in place],
        "df": len(place),
    }
    if not place:
        return out | dict.fromkeys(("lr", "lr_p", "wald", "wald_p"), math.nan)
    gap = large.fit_measures()["logl"] - small.fit_measures()["logl"]
    lr = math.nan if large.firms.weighted else max(2 * gap, 0.0)
    coef = large.found.coef[0, place]
    wald = float(coef @ np.linalg.solve(large.cov[np.ix_(place, place)], coef))
    return out | {
        "lr": lr,
        "lr_p": float(ChiSquared(len(place)).sf(lr)),
        "wald": wald,
        "wald_p": float(ChiSquared(len(place)).sf(wald)),
    }


def compare(models: Mapping[str, PathResults]) -> pd.DataFrame:
    """Set fitted path models side by side.

    Parameters
    ----------
    models
        Name → results. All must explain the same outcomes from the same exogenous variables and
        use the same firms; their likelihoods cannot be compared otherwise. Include the union for
        tests of every reading.

    Returns
    -------
    DataFrame
        One row per model: ``npar chisq df pvalue cfi rmsea srmr logl aic bic``; ``aic_weight``, the
        share of support among the models listed (Akaike weights); and the tests of
        :func:`nested_tests` against the largest model that contains it: ``within omitted lr lr_df
        lr_p wald wald_p`` (empty for a model that no other contains).

    Raises
    ------
    EstimationError
        If fewer than two models are given, or they are not about the same firms and outcomes.
    """
    if len(models) < 2:
        refuse(HEADING, "nothing to compare", "give two fitted models or more, by name")
    _check_same(models)
    rows = {}
    for name, fit in models.items():
        measures = fit.fit_measures()
        rows[name] = {key: measures[key] for key in SHOWN} | _against_largest(name, models)
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")
    support = np.exp(-(table["aic"] - table["aic"].min()) / 2)
    table.insert(len(SHOWN), "aic_weight", support / support.sum())
    return table


def _against_largest(name: str, models: Mapping[str, PathResults]) -> dict[str, Any]:
    """Test one model within the model with most arrows that contains it."""
    arrows = set(models[name].firms.system.arrows)
    containing = {
        other: len(fit.firms.system.arrows)
        for other, fit in models.items()
        if arrows < set(fit.firms.system.arrows)
    }
    if not containing:
        empty = dict.fromkeys(("lr", "lr_df", "lr_p", "wald", "wald_p"), math.nan)
        return {"within": "", "omitted": "", **empty}
    largest = max(containing, key=lambda other: containing[other])
    test = nested_tests(models[name], models[largest])
    return {
        "within": largest,
        "omitted": ", ".join(test["omitted"]),
        "lr": test["lr"],
        "lr_df": test["df"],
        "lr_p": test["lr_p"],
        "wald": test["wald"],
        "wald_p": test["wald_p"],
    }


def _check_same(models: Mapping[str, PathResults]) -> None:
    """Refuse models whose likelihoods are not about the same outcomes of the same firms."""
    (first_name, first), *others = models.items()
    problems = []
    for name, fit in others:
        one, other = first.firms, fit.firms
        kinds = (
            ("outcomes", set(one.system.endogenous), set(other.system.endogenous)),
            ("exogenous variables", set(one.system.exogenous), set(other.system.exogenous)),
            ("fixed effects", set(one.fixed_effects), set(other.fixed_effects)),
        )
        differ = [kind for kind, a, b in kinds if a != b]
        problems += [
            Problem(
                f"{first_name} and {name} do not have the same {kind}",
                "a variable that only one model has can enter the other as a control, or be "
                "explained there too",
            )
            for kind in differ
        ]
        if not differ and not _same_firms(first, fit):
            problems.append(
                Problem(
                    f"{first_name} and {name} were not estimated from the same firms, weights "
                    "and treatment of missing values",
                    "give both models the same table and options",
                )
            )
    refuse_any(HEADING, problems)


def _same_firms(one: PathResults, other: PathResults) -> bool:
    """Tell whether two models with the same variables rest on the same numbers."""
    a, b = one.firms, other.firms
    if (a.nobs, a.missing, a.weighted) != (b.nobs, b.missing, b.weighted):
        return False
    if not np.array_equal(a.keep, b.keep):
        return False
    if a.incomplete is not None and b.incomplete is not None:
        return _same_gaps(one, other)
    order = [b.system.position[name] for name in a.system.variables]
    scale = np.sqrt(np.outer(a.moments.variance, a.moments.variance))
    difference = (a.moments.within - b.moments.within[np.ix_(order, order)]) / scale
    return bool(np.abs(difference).max() < 1e-10)


def _same_gaps(one: PathResults, other: PathResults) -> bool:
    """Tell whether outcomes with gaps are the same ones."""
    a, b = one.firms.incomplete, other.firms.incomplete
    if a is None or b is None:
        return False
    order = [b.system.endogenous.index(name) for name in a.system.endogenous]
    return np.allclose(a.firms.outcomes, b.firms.outcomes[:, order], atol=1e-10, equal_nan=True)
