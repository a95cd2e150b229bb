"""The balance of a path model: cost, return and what is left, by lag and by group of firms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype

from cisflow.base.problems import CisflowError, Problem
from cisflow.base.thresholds import FEWEST_LEFT
from cisflow.estimation.common import REFUSALS, Row, fit_arguments, not_estimable, note_of
from cisflow.estimation.driver import Fitted, attempt
from cisflow.estimation.estimates import FIXED, FOUND, IN_WORDS
from cisflow.estimation.evidence import EVIDENCE
from cisflow.estimation.paths import of_equations, path_of
from cisflow.estimators.path.balance import Decomposition, PartNames, decompose, horizon, parts_of
from cisflow.estimators.path.results import PathResults
from cisflow.estimators.path.system import ARROW
from cisflow.panel.attrition import WEIGHT
from cisflow.panel.ratios import RATIOS
from cisflow.panel.sample import variables_of, why_unmeasured
from cisflow.panel.terms import add_terms, term_columns
from cisflow.study.balance_terms import (
    BALANCE,
    BCA,
    COST,
    DIRECT,
    EVERYONE,
    HORIZON,
    OTHERS,
    PERCENTILE,
    PROBABILITY,
    RETURN,
    SCALES,
    column_of,
    difference,
    differences_of,
    groups_of,
    outcome_of,
    through,
)
from cisflow.study.models import Balance, Model
from cisflow.study.weightings import UNWEIGHTED

NAMES = PartNames(COST, DIRECT, through("{}"), OTHERS, RETURN, BALANCE)

FEWEST_FIRMS = 30
"""Groups of fewer firms are not estimated: products of coefficients from so few mean nothing."""


@dataclass(frozen=True)
class Group:
    """Firms that are estimated apart: what they are called, which they are, by what, and weights.

    All firms with other weights are a group of the weights' name.
    """

    name: str
    firms: pd.DataFrame
    variable: str = ""
    weights: str | None = None


@dataclass(frozen=True)
class Found:
    """The balance of one group, or why there is none."""

    group: Group
    balance: dict[str, Decomposition]
    nobs: int = 0
    failed: int = 0
    why_not: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)


def balances(sample: pd.DataFrame, spec: Model, bootstrap: dict[str, int]) -> Iterator[Fitted]:
    """Decompose the total effect at every lag and in every group; yield rows and diagnostics.

    Lags without their columns, and groups that are too small or cannot carry the model, give a row
    that says why. After the last of several lags comes the horizon, in words. With ``steps`` there
    is a balance for each of these instead. With several weights all firms have a balance by each,
    from the same resamples, and so has the difference to that by the first.
    """
    if spec.steps:
        by_step = partial(_by_step, sample, spec, bootstrap)
        yield attempt(by_step, outcome=_about(spec).target)
        return
    lags: list[int | None] = list(spec.lags or [None])
    groups = _groups(sample, spec)
    turns: dict[str, dict[int, float]] = {group.name: {} for group in groups}
    for lag in lags:
        outcome = outcome_of(_about(spec).target, lag)
        found = [
            _balance(group, spec, lag, bootstrap["draws"], bootstrap["seed"] + _stream(group, i))
            for i, group in enumerate(groups)
        ]
        rows = [row for one in found for row in _rows_of(one, spec)]
        rows += [*_difference_rows(found, spec), *_weighting_rows(found, spec)]
        for one in found:
            if lag is not None and one.balance:
                main = one.balance[SCALES[0]]
                turns[one.group.name][lag] = float(main.point[main.names.index(BALANCE)])
        yield [{"outcome": outcome, **row} for row in rows], _diagnostics(outcome, lag, found)
    if len(lags) > 1:
        yield _horizon(spec, turns)


def _about(spec: Model) -> Balance:
    """Return what a balance is about, which the models file cannot leave out."""
    assert spec.balance is not None  # noqa: S101 - the schema requires it
    return spec.balance


# --- who ---------------------------------------------------------------------------------------


def _stream(group: Group, place: int) -> int:
    """Return which resamples a group has: all firms by any weights the same, others their own."""
    return place if group.variable else 0


def _groups(sample: pd.DataFrame, spec: Model) -> list[Group]:
    """Return all firms, then the groups of each variable, then all firms by other weights.

    Who lacks a variable is in none of its groups.
    """
    main, *others = spec.weightings
    groups = [Group(EVERYONE, sample, weights=main)]
    for variable in spec.by:
        values = sample[variable]
        levels: list[Any] = [True, False]
        names = groups_of(variable)
        if not is_bool_dtype(values):
            levels = sorted(values.dropna().unique(), key=str)
            names = groups_of(variable, [str(level) for level in levels])
        groups += [
            Group(name, sample[(values == level).fillna(False).astype(bool)], variable, main)
            for name, level in zip(names, levels, strict=True)
        ]
    return groups + [Group(weights or UNWEIGHTED, sample, weights=weights) for weights in others]


def _at_lag(firms: pd.DataFrame, spec: Model, lag: int | None) -> pd.DataFrame:
    """Return the firms with the accounts of a lag, and weights for them, under their plain names.

    Raises
    ------
    CisflowError
        If the panel has no accounts of that lag.
    """
    if lag is None:
        return firms
    accounts = [name for name in variables_of(spec) if name in RATIOS or name == WEIGHT]
    missing = [outcome_of(name, lag) for name in accounts if outcome_of(name, lag) not in firms]
    if missing:
        raise CisflowError(
            "Balance",
            Problem(f"the panel has no {', '.join(missing)}", f"add {lag} to `lags` of the config"),
        )
    # Terms of the accounts are those of the accounts at the lag.
    plain = firms.drop(columns=[text for text in term_columns(spec) if text in firms])
    return add_terms(plain.assign(**{n: firms[outcome_of(n, lag)] for n in accounts}), spec)


def _complete(firms: pd.DataFrame, needed: Sequence[str]) -> pd.DataFrame:
    """Return the firms with every variable that is needed.

    Raises
    ------
    CisflowError
        If a variable is not measured at all, or fewer than :data:`FEWEST_FIRMS` are left.
    """
    needed = list(needed)
    empty = [name for name in needed if firms[name].isna().all()] if len(firms) else []
    if empty:
        raise CisflowError("Balance", Problem(why_unmeasured(empty), "see the data-quality table"))
    kept = firms[firms[needed].notna().all(axis=1)]
    if len(kept) < FEWEST_FIRMS:
        what = f"fewer than {FEWEST_FIRMS} firms have every variable of the model"
        raise CisflowError("Balance", Problem(what, "group firms more broadly"))
    return kept


# --- how much ----------------------------------------------------------------------------------


def _balance(group: Group, spec: Model, lag: int | None, draws: int, seed: int) -> Found:
    """Fit the path model on one group of firms and sort its paths.

    Every group has a seed of its own: resamples of different firms are independent.
    """
    about = _about(spec)
    try:
        firms = _complete(_at_lag(group.firms, spec, lag), variables_of(spec))
        draw = {"draws": draws, "seed": seed}
        fit = _fit(firms, spec.equations, spec, draw, group.weights)
        parts = parts_of(fit.model.system, **about.model_dump(), names=NAMES)
        if group.name != EVERYONE:
            parts = {name: paths for name, paths in parts.items() if ARROW not in name}
        found = decompose(fit, about.source, about.target, parts)
    except REFUSALS as error:
        return Found(group, {}, why_not=note_of(error))
    evidence = of_equations(firms, spec, spec.equations, group.weights)
    return Found(group, found, fit.nobs, fit.bootstrap_failed, evidence=evidence)


def _fit(
    firms: pd.DataFrame,
    equations: Mapping[str, Sequence[str]],
    spec: Model,
    bootstrap: Mapping[str, int],
    weights: str | None,
) -> PathResults:
    covariance = fit_arguments(spec.covariance[0], firms)
    model = path_of(spec, firms, weights, equations)
    return model.fit("bootstrap", covariance.get("cov_kwds"), bootstrap)


def _rows_of(one: Found, spec: Model) -> Iterator[Row]:
    """Yield the rows of one group: both intervals of every part, and the probability."""
    for scale in SCALES:
        column = column_of(scale, one.group.name)
        if one.why_not:
            yield not_estimable(one.why_not, column=column)
            continue
        weights = one.group.weights or UNWEIGHTED
        about = {"column": column, "n": float(one.nobs), "weights": weights}
        yield from _part_rows(one.balance[scale], about)
        share = one.balance[scale].share_negative(BALANCE)
        yield {**about, "term": PROBABILITY, "estimate": share, "cov_type": PERCENTILE}


def _difference_rows(found: list[Found], spec: Model) -> Iterator[Row]:
    """Yield the differences between the groups of each variable."""
    by_name = {one.group.name: one for one in found}
    for variable in dict.fromkeys(one.group.variable for one in found if one.group.variable):
        names = [one.group.name for one in found if one.group.variable == variable]
        for first, second in differences_of(names):
            pair = by_name[first], by_name[second]
            missing = [one.group.name for one in pair if one.why_not]
            for scale in SCALES:
                column = column_of(scale, difference(first, second))
                if missing:
                    yield not_estimable(f"no balance for {' and '.join(missing)}", column=column)
                    continue
                gap = pair[0].balance[scale].less(pair[1].balance[scale])
                about = {"column": column, "weights": spec.weightings[0] or "unweighted"}
                yield from _part_rows(gap, about)


def _weighting_rows(found: list[Found], spec: Model) -> Iterator[Row]:
    """Yield how the balance by other weights differs from that by the first."""
    main = found[0]
    for one in found:
        if one.group.variable or one.group.name == EVERYONE:
            continue  # not all firms by other weights
        for scale in SCALES:
            column = column_of(scale, difference(one.group.name, EVERYONE))
            try:
                if why := main.why_not or one.why_not:
                    yield not_estimable(why, column=column)
                    continue
                gap = one.balance[scale].less_paired(main.balance[scale].of(one.balance[scale]))
            except REFUSALS as error:
                yield not_estimable(note_of(error), column=column)
                continue
            yield from _part_rows(gap, {"column": column, "weights": one.group.name})


def _part_rows(decomposition: Decomposition, about: Row) -> Iterator[Row]:
    """Yield two rows per part: with the percentile interval, which counts, and the BCa one."""
    for record in decomposition.table():
        row = {**about, "term": record["part"], **{key: record[key] for key in FOUND[:4]}}
        zero = not np.isfinite(record["std_error"])
        told = {"status": FIXED, "note": "no such path: zero by assumption"} if zero else {}
        for kind, low, high in ((PERCENTILE, "ci_low", "ci_high"), (BCA, "bca_low", "bca_high")):
            bounds = {"ci_low": record[low], "ci_high": record[high]}
            yield {**row, **bounds, "cov_type": kind, **told}


# --- by step -----------------------------------------------------------------------------------


def _by_step(sample: pd.DataFrame, spec: Model, bootstrap: Mapping[str, int]) -> Fitted:
    """Return the balance of each step, all of them in one model in place of the source.

    Effects are raw: a standard deviation of a yes/no variable says nothing.
    """
    asked = [step for step in spec.steps if sample[step].notna().any()]
    fit, found, evidence = _steps(sample, asked, spec, bootstrap)
    rows: list[Row] = []
    for step in spec.steps:
        here: Row = {"column": column_of(SCALES[1], step)}
        if step in found:
            here |= {"n": float(fit.nobs), "weights": spec.weightings[0] or "unweighted"}
            rows += list(_part_rows(found[step], here))
            share = found[step].share_negative(BALANCE)
            rows.append({**here, "term": PROBABILITY, "estimate": share, "cov_type": PERCENTILE})
        else:
            few = f"fewer than {FEWEST_LEFT} firms with it, or without it"
            why = few if step in asked else "the survey does not ask so many"
            rows.append(not_estimable(why, **here))
    told = {"nobs": fit.nobs, "failed": fit.bootstrap_failed, EVIDENCE: evidence}
    return rows, {"lag": None, "groups": {EVERYONE: told}}


def _steps(
    sample: pd.DataFrame, asked: Sequence[str], spec: Model, bootstrap: Mapping[str, int]
) -> tuple[PathResults, dict[str, Decomposition], dict[str, Any]]:
    """Fit the model with steps in place of its source; return it, each step's balance, evidence.

    A step that few firms have taken, or have not, is left out, so that those who have count among
    the step before it.

    Raises
    ------
    CisflowError
        If the model cannot be estimated.
    """
    about = _about(spec)
    unasked = set(spec.steps) - set(asked)
    firms = _complete(sample, [v for v in variables_of(spec) if v not in unasked])
    taken = firms[list(asked)].astype("float64").sum()
    steps = [s for s in asked if FEWEST_LEFT <= taken[s] <= len(firms) - FEWEST_LEFT]
    equations = {
        to: [step for source in sources for step in (steps if source == about.source else [source])]
        for to, sources in spec.equations.items()
    }
    options = {key: bootstrap[key] for key in ("draws", "seed")}
    fit = _fit(firms, equations, spec, options, spec.weightings[0])
    paths = about.model_dump(exclude={"source"})
    found = {}
    for step in steps:
        parts = parts_of(fit.model.system, step, **paths, names=NAMES)
        sums = {part: paths for part, paths in parts.items() if ARROW not in part}
        found[step] = decompose(fit, step, about.target, sums)[SCALES[1]]
    return fit, found, of_equations(firms, spec, equations)


# --- what else ---------------------------------------------------------------------------------


def _diagnostics(outcome: str, lag: int | None, found: list[Found]) -> dict[str, Any]:
    """Return how many firms and resamples are behind each group's balance."""
    groups = {
        one.group.name: {"note": one.why_not}
        if one.why_not
        else {"nobs": one.nobs, "failed": one.failed, EVIDENCE: one.evidence}
        for one in found
    }
    return {"outcome": outcome, "lag": lag, "groups": groups}


def _horizon(
    spec: Model, turns: Mapping[str, Mapping[int, float]]
) -> tuple[list[Row], dict[str, Any]]:
    """Return in words at which lag each group's balance turns."""
    told = {group: horizon(balances_by_lag) for group, balances_by_lag in turns.items()}
    about = {"outcome": _about(spec).target, "term": HORIZON, "status": IN_WORDS}
    rows: list[Row] = [
        {**about, "column": column_of(SCALES[0], group), "note": words}
        for group, words in told.items()
    ]
    return rows, {"horizon": told}
