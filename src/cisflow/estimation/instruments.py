"""Instrumental variables: least squares, 2SLS, LIML and GMM side by side, firms of one wave.

linearmodels estimates and tests; the Anderson–Rubin set and the effective F are
:mod:`cisflow.estimators.regression.weak_instruments`. Standard errors and their degrees of freedom
follow
:class:`cisflow.estimators.OLS`, so that the columns differ in nothing but the method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cisflow.base.problems import CisflowError, Problem
from cisflow.estimation.common import Row, formula_of, jackknifes, numeric, record_of, sensitivities
from cisflow.estimation.driver import Fitted, each_regression, rows_of_covariance
from cisflow.estimation.evidence import EVIDENCE, of_design
from cisflow.estimation.jackknife import Clustered, of_several, without_clusters
from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.design import usable_columns
from cisflow.estimators.distributions import Fisher
from cisflow.estimators.errors import warn_no_estimate
from cisflow.estimators.regression.models import PLAIN
from cisflow.estimators.regression.rows import Rows, read_rows
from cisflow.estimators.regression.weak_instruments import reduced_form
from cisflow.study.models import Covariance, Model
from cisflow.study.weightings import UNWEIGHTED

# First-stage F below which instruments are called weak (Staiger & Stock 1997; Stock & Yogo 2005).
WEAK = 10.0
# First-stage F from which |t| > 1.96 is a 5 % test with one instrument (Lee et al. 2022, AER 112).
T_IS_VALID = 104.7


@dataclass(frozen=True)
class Design:
    """One regression's rows, its regressors by role."""

    rows: Rows  # complete rows; `X` holds exogenous, endogenous and instruments together
    # exogenous, endogenous, instruments: columns of `rows.X` that can be used.
    exogenous: list[int]
    endogenous: list[int]
    instruments: list[int]
    not_estimable: dict[str, str]  # term → why it has no coefficient
    unused: dict[str, str]  # instrument → why it is left out

    def columns(self, which: Sequence[int]) -> pd.DataFrame:
        """Return regressors under their names."""
        return pd.DataFrame(self.rows.X[:, which], columns=[self.rows.names[j] for j in which])

    @property
    def y(self) -> pd.Series:
        """The outcome."""
        return pd.Series(self.rows.y, name=self.rows.outcome)

    def array(self, which: Sequence[int]) -> Floats:
        """Return regressors as numbers."""
        return np.asarray(self.rows.X[:, which])


def instrumental(sample: pd.DataFrame, spec: Model, bootstrap: dict[str, int]) -> Iterator[Fitted]:
    """Fit every outcome on every column by every method; yield rows and diagnostics of each."""

    def fitted(design: Design, method: str) -> Fitted:
        if method != "ols":
            refuse_unless_identified(design)
        warn_no_estimate(f"Instruments for {design.rows.outcome} ({method})", design.not_estimable)
        rows = [r for c in spec.covariance for r in _rows(design, method, c, sample, spec)]
        record = _diagnostics(design, method, sample, spec)
        return rows, {**record, EVIDENCE: evidence_of(design, sample)}

    return each_regression(spec, partial(read_design, sample, spec), fitted)


def evidence_of(design: Design, sample: pd.DataFrame) -> dict[str, Any]:
    """Return on whom the estimates rest, of all regressors and of the first stage."""
    rows = design.rows
    roles = ([*design.exogenous, *which] for which in (design.endogenous, design.instruments))
    both = [
        of_design(rows.X[:, j], [rows.names[i] for i in j], sample.iloc[rows.kept], rows.weights)
        for j in roles
    ]
    main, first = both
    for key, least in (("df", min), ("leverage", max)):
        main[key] = least(main[key], first[key])
    return {**main, **{key: {**first[key], **main[key]} for key in ("support", "means")}}


# --- the regression ----------------------------------------------------------------------------


def read_design(sample: pd.DataFrame, spec: Model, outcome: str, column: str) -> Design:
    """Return complete rows; columns that repeat others are left out and named."""
    endogenous, instruments = spec.endogenous, spec.instruments
    exogenous = [*spec.columns[column], *spec.controls]
    if twice := [v for v in (*endogenous, *instruments) if v in exogenous]:
        raise _refusal(f"{', '.join(twice)}: also among the exogenous regressors", "name it once")
    formula = formula_of(outcome, [*exogenous, *endogenous, *instruments], spec.fixed_effects)
    rows = read_rows("Instrumental variables", formula, numeric(sample), spec.weightings[0])
    roles = {
        role: [j for j, name in enumerate(rows.names) if name in names]
        for role, names in (("endogenous", endogenous), ("instruments", instruments))
    }
    taken = {*roles["endogenous"], *roles["instruments"]}
    free = [j for j in range(len(rows.names)) if j not in taken]

    def independent(given: list[int], more: list[int]) -> tuple[list[int], dict[str, str]]:
        both = rows.columns([*given, *more])
        usable, lost = usable_columns(both.X, both.names)
        kept = [more[j - len(given)] for j in usable if j >= len(given)]
        return kept, {rows.names[j]: lost[rows.names[j]] for j in more if j not in kept}

    kept, reasons = independent([], free)
    treated, treated_reasons = independent(kept, roles["endogenous"])
    used, unused = independent(kept, roles["instruments"])
    if len(rows.y) <= len(kept) + max(len(treated), len(used)):
        raise _refusal("fewer firms than coefficients", "use fewer regressors or pool waves")
    return Design(rows, kept, treated, used, {**reasons, **treated_reasons}, unused)


def refuse_unless_identified(design: Design) -> None:
    """Refuse a design with fewer usable instruments than endogenous regressors."""
    wanted, given = len(design.endogenous), len(design.instruments)
    if not wanted:
        raise _refusal("no endogenous regressor varies", "take another one")
    if given < wanted:
        why = "; ".join(f"{name}: {reason}" for name, reason in design.unused.items())
        what = f"{given} usable instruments for {wanted} endogenous regressors"
        raise _refusal(f"{what} ({why})" if why else what, "name more instruments")


def _refusal(what: str, remedy: str) -> CisflowError:
    return CisflowError("Instrumental variables", Problem(what, remedy))


# --- methods and rows --------------------------------------------------------------------------


def _fit(design: Design, method: str, options: dict[str, Any]) -> Any:
    """Estimate by one method; what linearmodels cannot estimate is said as our own error."""
    from linearmodels.iv.model import IV2SLS, IVGMM, IVLIML

    y, exogenous = design.y, design.columns(design.exogenous)
    endogenous, instruments = design.columns(design.endogenous), design.columns(design.instruments)
    weights: dict[str, Any] = {"weights": design.rows.weights}
    try:
        if method == "ols":
            both = design.columns([*design.exogenous, *design.endogenous])
            return IV2SLS(y, both, None, None, **weights).fit(**options)
        if method == "gmm":
            weights |= {key: value for key, value in options.items() if key == "clusters"}
            weights["weight_type"] = options["cov_type"]
        kind: Callable[..., Any] = {"gmm": IVGMM, "2sls": IV2SLS, "liml": IVLIML}[method]
        return kind(y, exogenous, endogenous, instruments, **weights).fit(**options)
    except ValueError as error:
        raise _refusal(str(error), "use fewer regressors or other instruments") from error


def _options(
    design: Design, covariance: Covariance, sample: pd.DataFrame
) -> tuple[dict[str, Any], Ints | None]:
    """Return a covariance in linearmodels' words, and the clusters' codes."""
    if not covariance.groups:
        if covariance.kind not in PLAIN:
            raise _refusal(f"covariance '{covariance.kind}' is not offered", "use HC1, or cluster")
        return PLAIN[covariance.kind], None
    codes = design.rows.codes(sample[covariance.groups])[0]
    if codes.max() < 1:
        raise _refusal("one cluster only", "use HC1, or cluster by a finer group")
    return {"cov_type": "clustered", "clusters": codes, "debiased": True}, codes


def _rows(
    design: Design, method: str, covariance: Covariance, sample: pd.DataFrame, spec: Model
) -> Iterator[Row]:
    """Yield one row per term for one kind of standard errors."""
    about: Row = {"cov_type": str(covariance), "weights": spec.weightings[0] or UNWEIGHTED}

    def estimated() -> tuple[Any, float, float]:
        options, codes = _options(design, covariance, sample)
        fit = _fit(design, method, options)
        if codes is not None:
            groups = int(codes.max()) + 1
            few = jackknifes(design.rows.heading, covariance, groups)
            found = _jackknifed(design, method, codes) if few else _of_several(design, fit, codes)
            return found, groups, float(groups - 1)
        return fit, np.nan, np.inf if covariance.kind == "HC0" else float(fit.df_resid)

    return rows_of_covariance(about, estimated, design.not_estimable)


def _of_several(design: Design, fit: Any, codes: Ints) -> Clustered:
    """Return the estimates without standard errors of what one cluster alone determines."""
    cov = of_several(fit.cov, codes, _regressors(design, fit.params))
    return Clustered(fit.params, cov, int(fit.nobs))


def _regressors(design: Design, params: pd.Series) -> Floats:
    return design.array([design.rows.names.index(name) for name in params.index])


def _jackknifed(design: Design, method: str, codes: Ints) -> Clustered:
    """Return the estimates with the covariance of few clusters, each left out in turn."""
    options: dict[str, Any] = {"cov_type": "clustered", "debiased": True}  # GMM weights by it too

    def refit(rows: np.ndarray) -> pd.Series:
        part = replace(design, rows=design.rows.take(np.flatnonzero(rows)))
        return _fit(part, method, {**options, "clusters": codes[rows]}).params

    plain = _fit(design, method, {**options, "clusters": codes})
    cov = without_clusters(plain.params, codes, _regressors(design, plain.params), refit)
    return Clustered(plain.params, cov, int(plain.nobs))


# --- tests -------------------------------------------------------------------------------------


def _diagnostics(design: Design, method: str, sample: pd.DataFrame, spec: Model) -> dict[str, Any]:
    """Return what belongs to a method, with the model's first covariance where it matters."""
    covariance = spec.covariance[0]
    options, codes = _options(design, covariance, sample)
    fit = _fit(design, method, options)
    found: dict[str, Any] = {
        "nobs": int(fit.nobs),
        "not_estimable": design.not_estimable,
        "dropped": design.rows.dropped,
    }
    if method == "ols":
        kept = [*design.exogenous, *design.endogenous]
        return {**found, "sensitivity": sensitivities(design.rows, kept, spec)}
    found["unused_instruments"] = design.unused
    if method == "2sls":
        found |= _first_stage(fit, design, covariance, codes)
        return found | {
            "overidentification": {
                "sargan": record_of(fit.sargan),
                "basmann": record_of(fit.basmann),
                "wooldridge_score": record_of(fit.wooldridge_overid),
            },
            "endogeneity": {
                "durbin": record_of(fit.durbin()),
                "wu_hausman": record_of(fit.wu_hausman()),
                "wooldridge_regression": record_of(fit.wooldridge_regression),
            },
        }
    if method == "liml":
        found["kappa"] = float(fit.kappa)
        tests = {"anderson_rubin": fit.anderson_rubin, "basmann_f": fit.basmann_f}
    else:
        tests = {"hansen_j": fit.j_stat}
    return found | {"overidentification": {name: record_of(t) for name, t in tests.items()}}


def first_stage(design: Design, covariance: Covariance, sample: pd.DataFrame) -> dict[str, Any]:
    """Return how strong the instruments of a design are: the diagnostics of its first stages."""
    options, codes = _options(design, covariance, sample)
    return _first_stage(_fit(design, "2sls", options), design, covariance, codes)


def _first_stage(
    fit: Any, design: Design, covariance: Covariance, codes: Ints | None
) -> dict[str, Any]:
    """Return how strong the instruments are, and what holds even if they are weak."""
    stage = fit.first_stage
    table = stage.diagnostics
    q = len(design.instruments)
    df = float(len(design.rows.y) - len(design.exogenous) - q)
    df = df if codes is None else float(codes.max())
    per_variable = {}
    for name, row in table.iterrows():
        # linearmodels gives the Wald statistic, divided by q only for the classical covariance.
        statistic = float(row["f.stat"]) / (1 if row["f.dist"].startswith("F") else q)
        per_variable[str(name)] = {
            "partial_r2": float(row["partial.rsquared"]),
            "shea_r2": float(row["shea.rsquared"]),
            "f": statistic,
            "df": [q, df],
            "p_value": float(Fisher(q, df).sf(statistic)),
        }
    found: dict[str, Any] = {
        "first_stage": per_variable,
        "cragg_donald_f": float(stage.cragg_donald_f),
        "kleibergen_paap_f": float(stage.kleibergen_paap_f),
        "kleibergen_paap": record_of(stage.kleibergen_paap),
    }
    if len(design.endogenous) == 1:
        found |= _robust_to_weakness(design, covariance, codes)
    f = found.get("effective_f", found["kleibergen_paap_f"])
    return found | {"strength": strength(f, just_identified=q == 1)}


def _robust_to_weakness(
    design: Design, covariance: Covariance, codes: Ints | None
) -> dict[str, Any]:
    form = reduced_form(
        design.rows.y,
        design.rows.X[:, design.endogenous[0]],
        design.array(design.instruments),
        design.array(design.exogenous),
        kind=covariance.kind,
        clusters=codes,
        weights=design.rows.weights,
    )
    ends = [[e if np.isfinite(e) else None for e in of] for of in form.confidence_set()]
    return {
        "effective_f": form.effective_f(),
        "anderson_rubin": {
            "statistic": form.anderson_rubin(0.0),
            "df": [len(design.instruments), form.df],
            "p_value": form.p_value(),
            "confidence_set": ends,
        },
    }


def strength(f: float, *, just_identified: bool) -> str:
    """Return in words how strong instruments with a first-stage F are.

    Parameters
    ----------
    f
        Effective F, or Kleibergen & Paap's with several endogenous regressors.
    just_identified
        One instrument for one endogenous regressor.
    """
    if f < WEAK:
        return (
            f"weak: first-stage F {f:.1f} is below {WEAK:.0f} (Stock & Yogo 2005), so that 2SLS "
            "leans to least squares and its interval is too short; read the Anderson–Rubin interval"
        )
    if just_identified and f < T_IS_VALID:
        return (
            f"first-stage F {f:.1f} is above {WEAK:.0f} but below {T_IS_VALID}, from which |t| > "
            "1.96 is a 5 % test with one instrument (Lee et al. 2022); read the Anderson–Rubin "
            "interval"
        )
    return f"first-stage F {f:.1f} is not weak by the rule of thumb (Stock & Yogo 2005)"
