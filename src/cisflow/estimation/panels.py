"""Firms over waves: pooled, within, random and correlated random effects, first differences.

linearmodels estimates. Wave effects are dummies in every method, not effects to absorb: the
coefficients are those of two-way effects, and standard errors clustered by firm count the wave
dummies as parameters but not the firm effects nested in the clusters, as Stata's ``xtreg, fe``.

Each method takes the firms it can use. The within estimates and the first differences rest on
firms seen again; the diagnostics say how many these are.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cisflow.base.problems import CisflowError, Problem
from cisflow.estimation.common import (
    REFUSALS,
    Row,
    formula_of,
    jackknifes,
    not_estimable,
    note_of,
    numeric,
    record_of,
)
from cisflow.estimation.driver import Fitted, each_regression, rows_of_covariance
from cisflow.estimation.evidence import EVIDENCE, of_design
from cisflow.estimation.jackknife import Clustered, of_several, without_clusters
from cisflow.estimators.arrays import Floats
from cisflow.estimators.design import independent_columns, usable_columns
from cisflow.estimators.errors import warn_no_estimate
from cisflow.estimators.regression.models import PLAIN as OF_OLS
from cisflow.estimators.regression.rows import read_rows
from cisflow.estimators.selection.stacked import wald
from cisflow.panel.sample import variables_of
from cisflow.panel.terms import term_columns
from cisflow.study.models import Covariance, Model
from cisflow.study.weightings import UNWEIGHTED

FIRM, WAVE = "firm_id", "wave"
LAGGED = "lagged_outcome"
INTERCEPT = "Intercept"
CONSTANT_WITHIN = "does not vary within firms, so the firm effects absorb it"
ONE_WAVE = "a wave's own dummy has no Driscoll–Kraay standard error"
COLLINEAR_WITHIN = "collinear within firms with the terms before it"

PLAIN: dict[str, dict[str, Any]] = {
    **OF_OLS,
    "driscoll_kraay": {"cov_type": "kernel", "kernel": "bartlett", "debiased": True},
}
# What the lagged outcome does to each method; {T} is the mean number of waves per firm.
DYNAMIC_BIAS = {
    "pooled": "biased upwards where firms differ for good: the firm effect is in it",
    "within": "Nickell (1981) bias of order 1/T, downwards; T = {T:.1f} waves per firm",
    "random": "inconsistent: the firm effect is in the lagged outcome by construction",
    "correlated_random": "Nickell (1981) bias as the within estimates; T = {T:.1f} waves per firm",
    "first_difference": "inconsistent for any T: the lag's change contains the error's",
}


@dataclass(frozen=True)
class Design:
    """One regression's firms and waves."""

    # y, X: index firm and wave (numbered in order of time); X with intercept and wave dummies.
    y: pd.Series
    X: pd.DataFrame
    sample: pd.DataFrame  # the firms' other columns, same index: clusters are taken from it
    weights: pd.Series | None  # None if unweighted
    terms: list[str]  # regressors the specification names
    not_estimable: dict[str, str]  # term → why it has no coefficient
    # Rows left out for want of an answer, as cisflow.estimators.regression.rows.read_rows.
    dropped: dict[str, int]

    @property
    def waves_per_firm(self) -> pd.Series:
        """In how many waves each firm is."""
        return self.y.groupby(level=0).size()

    @property
    def waves(self) -> list[str]:
        """Names of the waves in use, in order of time."""
        at = self.y.index.get_level_values(1)
        return list(dict(sorted(zip(at, self.sample[WAVE], strict=True))).values())

    def of(self, rows: Any, columns: Sequence[str]) -> Design:
        """Return some rows and columns."""
        weights = None if self.weights is None else self.weights[rows]
        X = self.X.loc[rows, list(columns)]
        return replace(self, y=self.y[rows], X=X, sample=self.sample[rows], weights=weights)


@dataclass(frozen=True)
class Fit:
    """One method's estimates; ``refit`` re-estimates with another kind of standard errors."""

    design: Design
    refit: Callable[..., Any]
    not_estimable: dict[str, str]
    method: Callable[[Design], Fit] | None = None
    whole: Design | None = None

    def without(self, rows: NDArray[np.bool_]) -> pd.Series:
        """Return the coefficients by the same method without some rows of the whole design."""
        assert self.whole is not None  # noqa: S101 - panels() sets both
        assert self.method is not None  # noqa: S101
        part = self.whole.of(rows, list(self.whole.X))
        return self.method(part).refit(**PLAIN["nonrobust"]).params


def panels(sample: pd.DataFrame, spec: Model, bootstrap: dict[str, int]) -> Iterator[Fitted]:
    """Fit every outcome on every column by every method; yield rows and diagnostics of each."""

    def fitted(design: Design, method: str) -> Fitted:
        fit = replace(METHODS[method](design), method=METHODS[method], whole=design)
        warn_no_estimate(f"Panel regression of {design.y.name} ({method})", fit.not_estimable)
        rows = [row for c in spec.covariance for row in _rows(fit, c, spec, method)]
        record = {**_diagnostics(fit, design), **_tests(method, fit, design, spec)}
        return rows, {**record, EVIDENCE: _evidence(fit, method)}

    return each_regression(spec, partial(_design, sample, spec), fitted)


# --- the regression ----------------------------------------------------------------------------


def _design(sample: pd.DataFrame, spec: Model, outcome: str, column: str) -> Design:
    """Return complete rows of one regression; collinear regressors are left out and named."""
    wanted = dict.fromkeys([FIRM, WAVE, *variables_of(spec), *term_columns(spec)])
    data = numeric(sample[list(wanted)]).assign(order=_wave_number(sample))
    regressors = [*spec.columns[column], *spec.controls]
    if spec.lagged_outcome:
        data[LAGGED] = _outcome_before(data, outcome)
        regressors = [LAGGED, *regressors]
    several = len(data.loc[data[outcome].notna(), WAVE].unique()) > 1
    effects = [*spec.fixed_effects, *([WAVE] if spec.wave_effects and several else [])]
    rows = read_rows("Panel", formula_of(outcome, regressors, effects), data, spec.weightings[0])
    index = pd.MultiIndex.from_frame(data[[FIRM, "order"]].iloc[rows.kept])
    usable, lost = usable_columns(rows.X, rows.names)
    return Design(
        y=pd.Series(rows.y, index=index, name=outcome),
        X=pd.DataFrame(rows.X, index=index, columns=rows.names).iloc[:, usable],
        sample=sample.iloc[rows.kept].set_axis(index),
        weights=None if rows.weights is None else pd.Series(rows.weights, index=index),
        terms=list(dict.fromkeys(regressors)),
        not_estimable=lost,
        dropped=rows.dropped,
    )


def _wave_number(sample: pd.DataFrame) -> pd.Series:
    """Return the place of each row's wave in time, 0 for the first."""
    years = sample.groupby(WAVE)["reference_year"].max().sort_values(kind="stable")
    numbers = {wave: number for number, wave in enumerate(years.index)}
    return sample[WAVE].map(numbers).astype("int64")


def _outcome_before(data: pd.DataFrame, outcome: str) -> pd.Series:
    """Return the outcome of the same firm in the wave before, null if it was not in it."""
    known = data.set_index([FIRM, "order"])[outcome]
    before = pd.MultiIndex.from_arrays([data[FIRM], data["order"] - 1])
    return pd.Series(known.reindex(before).to_numpy(), index=data.index)


def _evidence(fit: Fit, method: str) -> dict[str, Any]:
    """Return on whom one method's estimates rest: within and differenced, on those who change."""
    X, within = fit.design.X, method in ("within", "first_difference")
    if within:
        X = X - X.groupby(level=0).transform("mean")
    weights = None if fit.design.weights is None else fit.design.weights.to_numpy()
    return of_design(X.to_numpy(), list(X), fit.design.sample, weights, within=within)


# --- the methods -------------------------------------------------------------------------------


def _pooled(design: Design) -> Fit:
    from linearmodels.panel.model import PooledOLS

    model = PooledOLS(design.y, design.X, weights=design.weights)
    return Fit(design, _refit(model), design.not_estimable)


def _within(design: Design) -> Fit:
    """Fit firm effects on the firms seen again; others would be explained perfectly."""
    from linearmodels.panel.model import PanelOLS
    from linearmodels.panel.utility import AbsorbingEffectWarning

    _refuse_unless_repeated(design)
    again = (design.waves_per_firm.loc[design.y.index.get_level_values(0)] > 1).to_numpy()
    part = design.of(again, list(design.X))
    names = [name for name in part.X if name != INTERCEPT]
    spread = part.X - part.X.groupby(level=0).transform("mean")
    constant = [n for n in names if np.allclose(spread[n], 0, atol=1e-9 * part.X[n].abs().max())]
    if len(constant) == len(names):
        raise _refusal("no regressor varies within firms", "use pooled or random")
    model = PanelOLS(part.y, part.X, entity_effects=True, weights=part.weights, drop_absorbed=True)
    refit = _refit(model)
    with warnings.catch_warnings():
        # What is absorbed is named in a row of its own.
        warnings.simplefilter("ignore", AbsorbingEffectWarning)
        estimated = refit(**PLAIN["nonrobust"]).params.index
    reasons = {
        name: CONSTANT_WITHIN if name in constant else COLLINEAR_WITHIN
        for name in names
        if name not in estimated
    }
    return Fit(part, refit, {**design.not_estimable, **reasons})


def _random(design: Design) -> Fit:
    from linearmodels.panel.model import RandomEffects

    _refuse_unless_repeated(design)
    model = RandomEffects(design.y, design.X, weights=design.weights)
    return Fit(design, _refit(model), design.not_estimable)


def _correlated_random(design: Design) -> Fit:
    """Add the firm means of the regressors to random effects (Mundlak 1978, Econometrica 46:69).

    With the means of the wave dummies among them, the coefficients are the within estimates in an
    unbalanced panel too (Wooldridge 2019, Journal of Econometrics 211:137).
    """
    _refuse_unless_repeated(design)
    varying = [name for name in design.X if name != INTERCEPT]
    means = design.X[varying].groupby(level=0).transform("mean").rename(columns=_mean_of)
    X = pd.concat([design.X, means], axis=1)
    usable = independent_columns(X.to_numpy(), np.linalg.norm(X, axis=0))
    return _random(replace(design, X=X.loc[:, usable]))


def _first_difference(design: Design) -> Fit:
    """Regress changes on changes between consecutive waves."""
    from linearmodels.panel.model import FirstDifferenceOLS

    _refuse_unless_repeated(design)
    order = design.y.index.to_frame()["order"]
    by_firm = order.groupby(level=0)
    beside = (by_firm.diff() == 1) | (by_firm.diff(-1) == -1)
    if not beside.any():
        raise _refusal("no firm is in two consecutive waves", "use within or random")
    names = [name for name in design.X if name != INTERCEPT]
    part = design.of(beside.to_numpy(), names)
    step = part.y.index.to_frame()["order"].groupby(level=0).diff()
    changes = part.X.groupby(level=0).diff()[step == 1]
    usable = independent_columns(changes.to_numpy(), np.linalg.norm(changes, axis=0))
    if not usable.any():
        raise _refusal("no regressor changes between waves", "use pooled or random")
    reasons = {
        name: COLLINEAR_WITHIN if changes[name].any() else CONSTANT_WITHIN
        for name, kept in zip(names, usable, strict=True)
        if not kept
    }
    kept = part.of(slice(None), [n for n, yes in zip(names, usable, strict=True) if yes])
    model = FirstDifferenceOLS(kept.y, kept.X, weights=kept.weights)
    return Fit(kept, _refit(model), {**design.not_estimable, **reasons})


METHODS: dict[str, Callable[[Design], Fit]] = {
    "pooled": _pooled,
    "within": _within,
    "random": _random,
    "correlated_random": _correlated_random,
    "first_difference": _first_difference,
}


def _of_waves(name: str) -> bool:
    """Return whether a column is a wave dummy, a firm's mean of one, or the intercept."""
    return name == INTERCEPT or f"C({WAVE})[" in name


def _mean_of(name: str) -> str:
    return f"mean({name})"


def _refit(model: Any) -> Callable[..., Any]:
    """Return the model's ``fit``; what linearmodels cannot estimate is said as our own error."""

    def fit(**options: Any) -> Any:
        try:
            return model.fit(**options)
        except ValueError as error:
            raise _refusal(str(error), "use fewer regressors, or pooled") from error

    return fit


def _refuse_unless_repeated(design: Design) -> None:
    if len(design.waves) == 1:
        raise _refusal(f"only one wave has every variable ({design.waves[0]})", "use pooled")
    if not (design.waves_per_firm > 1).any():
        raise _refusal("no firm is in two waves", "use pooled, or identifiers that last")


def _refusal(what: str, remedy: str) -> CisflowError:
    return CisflowError("Panel", Problem(what, remedy))


# --- rows and diagnostics ----------------------------------------------------------------------


def _rows(fit: Fit, covariance: Covariance, spec: Model, method: str) -> Iterator[Row]:
    """Yield one row per term for one kind of standard errors; all empty if that cannot be had."""
    about: Row = {"cov_type": str(covariance), "weights": spec.weightings[0] or UNWEIGHTED}
    bias = DYNAMIC_BIAS[method].format(T=fit.design.waves_per_firm.mean())
    estimated = partial(_with_covariance, fit, covariance)
    for row in rows_of_covariance(about, estimated, fit.not_estimable):
        if covariance.kind == "driscoll_kraay" and "estimate" in row and _of_waves(row["term"]):
            # A wave's dummy leaves no variation between waves to judge it by.
            shown = {key: row[key] for key in (*about, "n", "groups", "term")}
            yield not_estimable(ONE_WAVE, **shown)
        else:
            yield {**row, "note": bias} if row.get("term") == LAGGED and "estimate" in row else row


def _with_covariance(fit: Fit, covariance: Covariance) -> tuple[Any, float, float]:
    """Return results, number of clusters and degrees of freedom of t."""
    if not covariance.groups:
        k, waves = sum(not _of_waves(name) for name in fit.design.X), len(fit.design.waves)
        if covariance.kind == "driscoll_kraay" and waves <= k:
            # The covariance is a sum over waves; its rank is below k then.
            what = f"Driscoll–Kraay needs more waves than regressors: {waves} for {k}"
            raise _refusal(what, "cluster by firm")
        result = fit.refit(**PLAIN[covariance.kind])
        return result, np.nan, np.inf if covariance.kind == "HC0" else float(result.df_resid)
    codes = pd.factorize(fit.design.sample[covariance.groups])[0]
    groups = len(set(codes))
    if groups < 2:
        raise _refusal("one cluster only", "cluster by a finer group")
    if jackknifes("Panel", covariance, groups):
        return _jackknifed(fit, covariance), groups, float(groups - 1)
    clusters = pd.DataFrame({"cluster": codes}, index=fit.design.y.index)
    found = fit.refit(cov_type="clustered", clusters=clusters, debiased=True, group_debias=True)
    cov = of_several(found.cov, codes, _regressors(fit, found.params))
    return Clustered(found.params, cov, int(found.nobs)), groups, float(groups - 1)


def _regressors(fit: Fit, params: pd.Series) -> Floats:
    """Return what tells coefficients apart, (n, k): within firms, or between all."""
    X = fit.design.X[list(params.index)]
    if INTERCEPT not in X:  # within firms, or their changes
        X = X - X.groupby(level=0).transform("mean")
    return X.to_numpy(dtype=float)


def _jackknifed(fit: Fit, covariance: Covariance) -> Clustered:
    """Return the estimates with the covariance of few clusters, each left out in turn."""
    assert fit.whole is not None  # noqa: S101 - panels() sets it
    plain = fit.refit(**PLAIN["nonrobust"])
    codes = pd.factorize(fit.design.sample[covariance.groups])[0]
    inside = fit.whole.y.index.isin(fit.design.y.index)

    def refit(rows: NDArray[np.bool_]) -> pd.Series:
        kept = ~inside
        kept[inside] = rows
        return fit.without(kept)

    cov = without_clusters(plain.params, codes, _regressors(fit, plain.params), refit)
    return Clustered(plain.params, cov, int(plain.nobs))


def _diagnostics(fit: Fit, design: Design) -> dict[str, Any]:
    """Return size and fit of one method's estimates."""
    result = fit.refit(**PLAIN["nonrobust"])
    per_firm = design.waves_per_firm
    return {
        "nobs": int(result.nobs),
        "firms": int(fit.design.y.index.get_level_values(0).nunique()),
        "waves": fit.design.waves,
        "firms_in_all": len(per_firm),
        "firms_once": int((per_firm == 1).sum()),
        "firms_again": int((per_firm > 1).sum()),
        "r2_within": float(result.rsquared_within),
        "r2_between": float(result.rsquared_between),
        "r2_overall": float(result.rsquared_overall),
        "not_estimable": fit.not_estimable,
        "dropped": design.dropped,
    }


def _tests(method: str, fit: Fit, design: Design, spec: Model) -> dict[str, Any]:
    """Return the test that belongs to a method."""
    if method == "within":
        return {"poolability": record_of(fit.refit(**PLAIN["nonrobust"]).f_pooled)}
    if method == "random":
        return {"hausman": _hausman(fit, design)}
    if method == "correlated_random":
        return {"mundlak": _mundlak(fit, spec.covariance[0])}
    return {}


def _hausman(fit: Fit, design: Design) -> dict[str, Any]:
    """Test within against random effects on the named regressors (Hausman 1978).

    Classical covariances. Wave dummies are in both models and not compared.
    """
    try:
        within = _within(design).refit(**PLAIN["nonrobust"])
    except REFUSALS as error:
        return {"note": note_of(error)}
    random = fit.refit(**PLAIN["nonrobust"])
    names = [name for name in design.terms if name in within.params and name in random.params]
    if not names:
        return {"note": "no named regressor varies within firms"}
    contrast, df = (within.params - random.params)[names].to_numpy(), len(names)
    spread = (within.cov.loc[names, names] - random.cov.loc[names, names]).to_numpy()
    if np.linalg.eigvalsh(spread).min() <= 0:
        why = "the difference of the covariances is not positive definite; read Mundlak's test"
        return {"df": df, "note": why}
    return {**wald(contrast, spread), "df": df}


def _mundlak(fit: Fit, covariance: Covariance) -> dict[str, Any]:
    """Test that the named regressors' firm means are irrelevant, robust like the main rows."""
    names = [m for m in map(_mean_of, fit.design.terms) if m in fit.design.X]
    if not names:
        return {"note": "no named regressor varies within firms"}
    try:
        result = _with_covariance(fit, covariance)[0]
    except REFUSALS as error:
        return {"note": note_of(error)}
    if result.cov.loc[names, names].isna().any(axis=None):
        return {"note": "one cluster alone determines a mean"}
    tested = wald(result.params[names].to_numpy(), result.cov.loc[names, names].to_numpy())
    return {**tested, "df": len(names)}
