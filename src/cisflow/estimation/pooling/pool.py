"""Pool the same coefficient over countries: random-effects meta-analysis and meta-regression.

Nothing is estimated from firms here: the tidy estimates are all that is read, so that countries
whose microdata may not leave their centre can be pooled with the others.

Waves of one country share firms. Within a country they are averaged by inverse variance first (a
fixed effect), as if they were independent, which makes the country's standard error approximate;
across countries the random-effects model then treats each country as one draw.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimation.common import not_estimable
from cisflow.estimation.estimates import (
    COEFFICIENT,
    EQUAL,
    ESTIMATED,
    OBSERVED,
    POOLED,
    POOLED_ESTIMATES,
)
from cisflow.estimation.pooling.meta_regression import meta_regression, moderators_of
from cisflow.estimation.pooling.prediction import prediction_interval
from cisflow.estimation.pooling.usable import undeciding
from cisflow.estimators.distributions import NORMAL as STANDARD
from cisflow.estimators.distributions import ChiSquared, student
from cisflow.study.claims import Single
from cisflow.study.models import Model
from cisflow.study.settings import Attributes, Pool

ALL_WAVES = "all"
# Estimators of the variance between countries, by their names in statsmodels.
METHODS = {"paule-mandel": "pm", "dersimonian-laird": "dl", "fixed": "dl"}
KNAPP_HARTUNG, NORMAL = "knapp-hartung", "normal"
LEVEL = 0.05
MAIN = (COEFFICIENT, OBSERVED)
WHERE = ("wave", "model", "outcome", "column", "term", "quantity")
OUT = "undeciding"

Row = dict[str, Any]


@dataclass(frozen=True)
class Pooled:
    """What is pooled."""

    # One row per term and method, the main method first; columns of POOLED_ESTIMATES, country
    # `"pooled"`. `pi_low` and `pi_high` are where the effect in a further country is expected
    # (cisflow.estimation.pooling.prediction). `k` counts countries, `places` estimates by country
    # and wave, `n` firms, a firm once per wave; `df` those of the t-distribution, null for the
    # normal.
    table: pd.DataFrame
    # Per pooled term the countries' estimates and weights, and the result without each country; the
    # meta-regressions; plain JSON types.
    record: dict[str, Any]


@dataclass(frozen=True)
class Combined:
    """A meta-analysis of k effects."""

    # estimate, std_error, statistic, p_value, ci_low, ci_high: the mean effect, with an interval at
    # 95 %.
    estimate: float
    std_error: float
    statistic: float
    p_value: float
    ci_low: float
    ci_high: float
    df: float  # degrees of freedom of its t-distribution, k − 1; null if it is the normal one
    tau2: float  # variance of the effects between countries, in squared units of the effect
    i2: float  # share of the variation due to it, 0 to 1: (Q − k + 1)/Q, not below 0
    # q, q_p: cochran's Q and its p-value from χ²(k − 1).
    q: float
    q_p: float
    weights: np.ndarray  # of each effect, shape (k,), adding up to 1


def combine(
    effects: Sequence[float] | np.ndarray,
    std_errors: Sequence[float] | np.ndarray,
    method: str = "paule-mandel",
    *,
    knapp_hartung: bool = True,
) -> Combined:
    """Combine effects of independent samples.

    Parameters
    ----------
    effects, std_errors
        Shape (k,), k ≥ 2, standard errors positive.
    method
        Estimator of the variance between samples, a key of :data:`METHODS`; ``fixed`` sets it to 0.
    knapp_hartung
        Scale the variance of the mean by the weighted residuals and take t with k − 1 degrees of
        freedom (Hartung & Knapp 2001; Sidik & Jonkman 2002) instead of the normal distribution; the
        scale is not let below 1 (Knapp & Hartung 2003), as countries that agree by chance would
        else give an interval narrower than if all shared one effect.
    """
    from statsmodels.stats.meta_analysis import combine_effects

    y, variance = np.asarray(effects, dtype=float), np.asarray(std_errors, dtype=float) ** 2
    k = len(y)
    fit = combine_effects(y, variance, method_re=METHODS[method], maxiter=500)
    tau2 = 0.0 if method == "fixed" else max(float(fit.tau2), 0.0)
    # statsmodels lets DerSimonian and Laird's variance go below zero; zero is the fixed effect.
    kind = "re" if tau2 > 0 else "fe"
    estimate, unscaled, scaled = (
        float(getattr(fit, name))
        for name in (f"mean_effect_{kind}", f"sd_eff_w_{kind}", f"sd_eff_w_{kind}_hksj")
    )
    se = max(scaled, unscaled) if knapp_hartung else unscaled
    df = k - 1 if knapp_hartung else np.inf
    law = student(df)
    half = float(law.ppf(1 - LEVEL / 2)) * se
    weights = getattr(fit, f"weights_rel_{kind}")
    return Combined(
        estimate=estimate,
        std_error=se,
        statistic=estimate / se,
        p_value=float(2 * law.sf(abs(estimate / se))),
        ci_low=estimate - half,
        ci_high=estimate + half,
        df=df if knapp_hartung else np.nan,
        tau2=tau2,
        i2=max(0.0, 1 - (k - 1) / float(fit.q)) if fit.q > 0 else 0.0,
        q=float(fit.q),
        q_p=float(ChiSquared(k - 1).sf(max(fit.q, 0.0))),
        weights=np.asarray(weights),
    )


def plain_mean(effects: Sequence[float] | np.ndarray, tau2: float) -> Combined:
    """Return the plain mean of effects of independent samples, by their spread and t(k − 1).

    Where estimates and standard errors rise together, as with regressors that few firms have much
    of, inverse variances weigh small estimates more, and their mean is too small.
    """
    y = np.asarray(effects, dtype=float)
    k = len(y)
    estimate, se, law = float(y.mean()), float(y.std(ddof=1) / np.sqrt(k)), student(k - 1)
    half = float(law.ppf(1 - LEVEL / 2)) * se
    p = float(2 * law.sf(abs(estimate / se))) if se > 0 else np.nan
    return Combined(
        *(estimate, se, estimate / se if se > 0 else np.nan, p, estimate - half, estimate + half),
        *(k - 1, tau2, np.nan, np.nan, np.nan, np.full(k, 1 / k)),
    )


def pool(
    estimates: pd.DataFrame,
    models: Mapping[str, Model],
    settings: Pool,
    attributes: Mapping[str, Attributes],
    tests: Sequence[Single] = (),
    diagnostics: Iterable[Mapping[str, Any]] = (),
    least_f: float = 0.0,
) -> Pooled:
    """Pool every coefficient of interest over countries, and whatever claims are tested by.

    Parameters
    ----------
    estimates
        Tidy estimates of every country and model; of several covariances the first counts.
    models
        Models by name.
    settings
        How to pool, and by which moderators.
    attributes
        What is known of each country, by its code; moderators are taken from it.
    tests
        The claims' tests: their quantities may be others than coefficients and observed effects
        (the change in a probability), their terms levels of a category.
    diagnostics, least_f
        Of every country and model, and the smallest F of a first stage that counts: estimates on
        which no verdict rests in their own sample are left out, and counted.

    Returns
    -------
    Pooled
        A term that fewer than two countries have estimates of is a row that says so.
    """
    rows: list[Row] = []
    terms: list[Row] = []
    regressions: list[Row] = []
    tested = {(t.model, t.outcome, t.column, t.term, t.measured) for t in tests}
    wanted = _wanted(estimates, models, settings.terms, tested)
    wanted = wanted.assign(**{OUT: undeciding(wanted, diagnostics, least_f)})
    for where, everything in _by_term(wanted, settings.by):
        group = everything[~everything[OUT]]
        units = _units(group)
        if len(units) < 2:
            rows.append(not_estimable(_too_few(group, units, len(attributes)), **where))
            continue
        further = prediction_interval([u.estimate for u in units], [u.std_error for u in units])
        rows += [_row(where, units, further, *way) for way in _ways(settings)]
        rows.append(_plain_row(where, units, rows[-1]["tau2"]))
        out = int((everything[OUT] & everything["estimate"].notna()).sum())
        shown = {"countries": _shown(units, settings), "undeciding": out}
        terms.append({**where, **shown, **_left_out(units, settings)})
        regressions += _moderated(where, group, units, settings, attributes)
    about = {"country": POOLED, "weights": "inverse variance", "status": ESTIMATED}
    table = POOLED_ESTIMATES.frame(rows, **about)
    return Pooled(table, {"pool": settings.as_params(), "terms": terms, "moderators": regressions})


# --- what is pooled ----------------------------------------------------------------------------


def is_of_interest(term: str, model: Model) -> bool:
    """Return whether a term is more than a constant, a control or a dummy of a category."""
    return term != "Intercept" and not term.startswith("C(") and term not in model.controls


def _wanted(
    estimates: pd.DataFrame,
    models: Mapping[str, Model],
    terms: Sequence[str] | None,
    tested: Collection[tuple[str, ...]],
) -> pd.DataFrame:
    """Return the rows to pool, with the main covariance alone."""
    main = estimates.drop_duplicates(["country", *WHERE])
    # A fit that failed as a whole has no terms; it counts where no country has any.
    named = set(main.loc[main["term"] != "", "model"])

    def asked(model: str, outcome: str, column: str, term: str, quantity: str) -> bool:
        if (model, outcome, column, term, quantity) in tested and not terms:
            return True
        spec = models[model]
        if quantity not in MAIN or spec.alternative_of(column) or spec.is_specification(column):
            return False
        if term == "":
            return model not in named
        return term in terms if terms else is_of_interest(term, spec)

    keys = main[["model", "outcome", "column", "term", "quantity"]]
    return main[[asked(*key) for key in keys.itertuples(index=False)]]


def _by_term(estimates: pd.DataFrame, by: str) -> Iterator[tuple[Row, pd.DataFrame]]:
    """Yield what is pooled together: a term over all waves, or of each wave for itself."""
    keys = [key for key in WHERE if key != "wave" or by == "wave"]
    for values, group in estimates.groupby(keys, sort=False):
        yield {"wave": ALL_WAVES, **dict(zip(keys, values, strict=True))}, group


@dataclass(frozen=True)
class Unit:
    """The estimate of one country, over the waves that have one."""

    country: str
    waves: tuple[str, ...]
    estimate: float
    std_error: float
    n: float
    mean: float  # of the waves, each counted alike


def _units(group: pd.DataFrame) -> list[Unit]:
    """Return the countries' estimates; waves are averaged by inverse variance."""
    known = group[np.isfinite(group["estimate"]) & (group["std_error"] > 0)]
    units = []
    for country, rows in known.groupby("country", sort=False):
        weights = rows["std_error"].to_numpy() ** -2.0
        units.append(
            Unit(
                str(country),
                tuple(rows["wave"]),
                float(np.average(rows["estimate"], weights=weights)),
                float(weights.sum() ** -0.5),
                float(rows["n"].sum(skipna=False)),  # not known where the gate withholds one
                float(rows["estimate"].mean()),
            )
        )
    return units


def _too_few(group: pd.DataFrame, units: Sequence[Unit], countries: int) -> str:
    """Return why a term is not pooled; the reason is told where all others share it."""
    reasons = {note for note in group["note"] if note}
    why = reasons.pop() if len(reasons) == 1 else ""
    text = f"{len(units)} of {countries} countries have an estimate to pool"
    return f"{text} ({why})" if why else text


# --- how it is pooled --------------------------------------------------------------------------


def _ways(settings: Pool) -> Iterable[tuple[str, bool]]:
    """Return method and kind of standard error, the run's own first, then the others."""
    main = (settings.method, settings.knapp_hartung)
    others = [(m, k) for m in METHODS for k in (True, False) if not (m == "fixed" and k)]
    return dict.fromkeys([main, *others])


def _combine(units: Sequence[Unit], method: str, knapp_hartung: bool) -> Combined:
    effects, errors = [u.estimate for u in units], [u.std_error for u in units]
    return combine(effects, errors, method, knapp_hartung=knapp_hartung)


def _row(
    where: Row,
    units: Sequence[Unit],
    further: tuple[float, float],
    method: str,
    knapp_hartung: bool,
) -> Row:
    """Return a pooled estimate by one method, with where a further country is expected.

    The fixed effect knows no spread of effects. A prediction is never narrower than the interval of
    the mean, which is not let fall below what sampling alone gives.
    """
    fit = vars(_combine(units, method, knapp_hartung))
    low, high = further if method != "fixed" else (np.nan, np.nan)
    counts = np.array([u.n for u in units])
    return {
        **where,
        **{name: value for name, value in fit.items() if name != "weights"},
        "cov_type": KNAPP_HARTUNG if knapp_hartung else NORMAL,
        "method": method,
        "pi_low": min(low, fit["ci_low"]) if np.isfinite(low) else np.nan,
        "pi_high": max(high, fit["ci_high"]) if np.isfinite(high) else np.nan,
        "n": float(counts.sum()),
        "k": len(units),
        "places": sum(len(u.waves) for u in units),
    }


def _plain_row(where: Row, units: Sequence[Unit], tau2: float) -> Row:
    """Return the plain mean over waves and countries, beside the methods that weigh them."""
    fit = vars(plain_mean([u.mean for u in units], tau2))
    counted = {"k": len(units), "places": sum(len(u.waves) for u in units)}
    unknown = {"pi_low": np.nan, "pi_high": np.nan}
    return {
        **where,
        **{name: value for name, value in fit.items() if name != "weights"},
        "cov_type": NORMAL,
        "method": EQUAL,
        "n": float(sum(u.n for u in units)),
        **counted,
        **unknown,
    }


def _shown(units: Sequence[Unit], settings: Pool) -> list[Row]:
    """Return each country's estimate, interval and weight."""
    weights = _combine(units, settings.method, settings.knapp_hartung).weights
    quantile = float(STANDARD.isf(LEVEL / 2))
    return [
        {
            **vars(u),
            "ci_low": u.estimate - quantile * u.std_error,
            "ci_high": u.estimate + quantile * u.std_error,
            "weight": weight,
        }
        for u, weight in zip(units, weights, strict=True)
    ]


def reads_as(low: float, high: float) -> str:
    """Return what an interval says of the sign: ``positive``, ``negative`` or ``open``."""
    return "positive" if low > 0 else "negative" if high < 0 else "open"


def _left_out(units: Sequence[Unit], settings: Pool) -> Row:
    """Return the pooled result without each country, and which of them changes what it says."""
    if len(units) < 3:
        return {"leave_one_out": [], "decisive": []}
    way = settings.method, settings.knapp_hartung
    whole = _combine(units, *way)
    names = ("estimate", "std_error", "ci_low", "ci_high", "df", "tau2")
    without = [
        {"country": left.country, **{n: vars(fit)[n] for n in names}}
        for left in units
        for fit in [_combine([u for u in units if u is not left], *way)]
    ]
    sign = reads_as(whole.ci_low, whole.ci_high)
    decisive = [w["country"] for w in without if reads_as(w["ci_low"], w["ci_high"]) != sign]
    return {"leave_one_out": without, "decisive": decisive}


def _moderated(
    where: Row,
    group: pd.DataFrame,
    units: Sequence[Unit],
    settings: Pool,
    attributes: Mapping[str, Attributes],
) -> Iterator[Row]:
    """Yield the meta-regression of a term, over country × wave if a moderator varies by wave."""
    names = settings.moderators
    if not names:
        return
    attributes = {u.country: attributes[u.country] for u in units}
    if any(isinstance(of[name], Mapping) for of in attributes.values() for name in names):
        units = [unit for _, rows in group.groupby("wave", sort=False) for unit in _units(rows)]
    x = moderators_of([(u.country, u.waves[0]) for u in units], attributes, names)
    for row in meta_regression([u.estimate for u in units], [u.std_error for u in units], x):
        yield {**where, **row}
