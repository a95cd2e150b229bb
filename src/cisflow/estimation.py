"""Estimate a model as it stands in the models file, on every wave of one country.

The model says what to estimate; :data:`ESTIMATORS` knows how. Adding a model needs no code here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.disclosure import MINIMUM_CELL, without_small_counts
from cisflow.errors import CisflowError
from cisflow.estimates import COLUMNS, WORDS, Estimates

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


def estimate(
    panel: pd.DataFrame,
    spec: dict[str, Any],
    *,
    country: str,
    model: str,
    lag: int,
    bootstrap: dict[str, int],
    minimum: int = MINIMUM_CELL,
) -> Estimates:
    """Estimate one model on every wave of one country.

    Parameters
    ----------
    panel
        Firm × wave, with research variables.
    spec
        The model as the models file has it, defaults filled in.
    country, model
        Names for the rows.
    lag
        Years between survey and accounts, for the wording of the sample.
    bootstrap
        ``{"draws": …, "seed": …}`` for path effects; ``test_draws`` simulated samples for the
        p-values of the Tobit's specification tests, 0 for the χ² distribution.

    minimum
        Reasons for what cannot be estimated tell no number of firms below this.

    Notes
    -----
    A wave that cannot support the model gives one row that says why, and the others go on.
    """
    import pandas as pd

    from cisflow.panel import select_sample

    rows: list[Row] = []
    fits: list[dict[str, Any]] = []
    for wave in _waves(panel, spec):
        label = {"country": country, "wave": wave, "model": model}
        sample, flow = select_sample(panel, spec, wave, lag=lag)
        reason = _why_not(sample, flow, spec)
        if reason:
            rows.append({**label, "note": f"not estimable: {reason}"})
            continue
        for fitted, diagnostics in ESTIMATORS[spec["estimator"]](sample, spec, bootstrap):
            rows += [{**label, **row} for row in fitted]
            fits.append({"wave": wave, **diagnostics})
    silent = dict.fromkeys(WORDS, "")
    table = pd.DataFrame([{**silent, **row} for row in rows], columns=list(COLUMNS))
    table["note"] = [without_small_counts(note, minimum) for note in table["note"]]
    for fit in fits:
        reasons = fit.get("not_estimable", {})
        fit["not_estimable"] = {t: without_small_counts(r, minimum) for t, r in reasons.items()}
    about = {key: spec[key] for key in ("title", "source", "estimator")}
    return Estimates(table, {"country": country, "model": model, **about, "fits": fits})


def _waves(panel: pd.DataFrame, spec: dict[str, Any]) -> list[str]:
    present = panel.drop_duplicates("wave").sort_values("reference_year")["wave"]
    return [wave for wave in present if wave in spec.get("waves", [wave])]


def _why_not(sample: pd.DataFrame, flow: pd.DataFrame, spec: dict[str, Any]) -> str:
    """Return why a wave cannot support a model: where the sample flow runs dry."""
    if len(sample) == 0:
        empty = flow.loc[flow["firms"] == 0]
        return f"no firm is left after “{empty['restriction'].iloc[0]}”"
    unmeasured = [v for v in _needed(spec) if sample[v].isna().all()]
    if unmeasured and spec["estimator"] == "path":
        return f"nothing measured for {', '.join(unmeasured)}"
    return ""


def _needed(spec: dict[str, Any]) -> list[str]:
    from cisflow.panel import variables_of

    return [v for v in variables_of(spec) if v not in spec["sample"]]


# --- regressions -------------------------------------------------------------------------------


def _regressions(
    sample: pd.DataFrame, spec: dict[str, Any], bootstrap: dict[str, int]
) -> Iterator[tuple[list[Row], dict[str, Any]]]:
    """Fit every outcome on every column; yield tidy rows and diagnostics of each."""
    for outcome in spec["outcomes"]:
        for column, terms in spec["columns"].items():
            where = {"outcome": outcome, "column": column}
            try:
                fit = _fit_regression(sample, spec, outcome, terms)
                rows = [
                    {**where, **row}
                    for covariance in spec["covariance"]
                    for row in _tidy(fit, covariance, sample, spec)
                ]
                diagnostics = {**_diagnostics(fit), **_specification_tests(fit, bootstrap)}
            except CisflowError as error:
                note = "; ".join(problem.what for problem in error.problems)
                rows, diagnostics = [{**where, "note": f"not estimable: {note}"}], {"note": note}
            yield rows, {**where, **diagnostics}


def _fit_regression(
    sample: pd.DataFrame, spec: dict[str, Any], outcome: str, terms: list[str]
) -> Any:
    """Fit one regression with its first covariance."""
    dummies = [f"C({effect})" for effect in spec["fixed_effects"]]
    formula = f"{outcome} ~ " + " + ".join([*terms, *spec["controls"], *dummies])
    weights = sample[spec["weights"]] if spec["weights"] else None
    data = _numeric(sample)
    if spec["estimator"] == "tobit":
        from cisflow.models.tobit import Tobit

        lower, upper = spec["limits"]
        model: Any = Tobit.from_formula(formula, data, lower=lower, upper=upper, weights=weights)
    elif spec["estimator"] == "fractional":
        from cisflow.models.companions import FractionalLogit

        lower, upper = spec["limits"]
        model = FractionalLogit.from_formula(
            formula, data, lower=lower, upper=upper, weights=weights
        )
    else:
        from cisflow.models.companions import OLS

        model = OLS.from_formula(formula, data, weights=weights)
    return model.fit(**_covariance(spec["covariance"][0], sample))


def _numeric(sample: pd.DataFrame) -> pd.DataFrame:
    """Return the sample with yes/no variables as 1/0 so that each is one regressor."""
    flags = sample.select_dtypes(include=["boolean", "bool"]).columns
    return sample.astype(dict.fromkeys(flags, "Float64")).astype(dict.fromkeys(flags, "float64"))


def _covariance(covariance: str | dict[str, str], sample: pd.DataFrame) -> dict[str, Any]:
    """Return the arguments of ``fit`` for a covariance of the models file."""
    if isinstance(covariance, str):
        return {"cov_type": covariance}
    return {"cov_type": "cluster", "cov_kwds": {"groups": sample[covariance["cluster"]]}}


def _tidy(
    fit: Any, covariance: str | dict[str, str], sample: pd.DataFrame, spec: dict[str, Any]
) -> Iterator[Row]:
    """Yield one row per term; a coefficient that does not exist says so in its note."""
    cluster = covariance["cluster"] if isinstance(covariance, dict) else None
    fit = fit.with_cov(**_covariance(covariance, sample))
    interval = fit.conf_int(0.05).to_numpy()
    about = {
        "n": fit.nobs,
        "n_lower": getattr(fit, "n_lower", np.nan),
        "n_upper": getattr(fit, "n_upper", np.nan),
        "groups": sample[cluster].nunique() if cluster else np.nan,
        "cov_type": f"cluster({cluster})" if cluster else covariance,
        "weights": spec["weights"] or "unweighted",
    }
    for i, term in enumerate(fit.params.index):
        reason = fit.not_estimable.get(term)
        if reason:
            yield {**about, "term": term, "note": f"not estimable: {reason}"}
            continue
        yield {
            **about,
            "term": term,
            "estimate": fit.params.iloc[i],
            "std_error": fit.bse.iloc[i],
            "statistic": fit.tvalues.iloc[i],
            "p_value": fit.pvalues.iloc[i],
            "ci_low": interval[i, 0],
            "ci_high": interval[i, 1],
        }
    for term, reason in fit.not_estimable.items():
        if term not in fit.params.index:
            yield {**about, "term": term, "note": f"not estimable: {reason}"}


def _diagnostics(fit: Any) -> dict[str, Any]:
    """Return the scalars a fit offers; what an estimator lacks is left out, not made up."""
    names = ("nobs", "n_lower", "n_upper", "scale", "llf", "aic", "bic", "prsquared", "converged")
    scalars = {name: getattr(fit, name) for name in names if getattr(fit, name, None) is not None}
    return {**scalars, "not_estimable": fit.not_estimable, "dropped": fit.dropped}


def _specification_tests(fit: Any, bootstrap: dict[str, int]) -> dict[str, Any]:
    """Return pseudo-R² and Pagan & Vella's tests of an unweighted Tobit, nothing for others."""
    if not hasattr(fit, "normality_test") or fit.model.weights is not None:
        return {}
    draws, seed = bootstrap.get("test_draws", 0), bootstrap["seed"]
    tests = {
        "normality": fit.normality_test(draws=draws, seed=seed),
        "homoskedasticity": fit.homoskedasticity_test(draws=draws, seed=seed),
    }
    return {
        "pseudo_r2": fit.pseudo_r2("mckelvey-zavoina"),
        **{
            name: {"statistic": t.statistic, "df": t.df, "p_value": t.pvalue, "draws": t.draws}
            for name, t in tests.items()
        },
    }


# --- path models -------------------------------------------------------------------------------


def _path(
    sample: pd.DataFrame, spec: dict[str, Any], bootstrap: dict[str, int]
) -> Iterator[tuple[list[Row], dict[str, Any]]]:
    """Fit a recursive system; yield its arrows and effects, raw and standardised."""
    from cisflow.models.path import PathModel

    covariance = _covariance(spec["covariance"][0], sample)
    try:
        fit = PathModel(
            spec["equations"],
            _numeric(sample),
            controls=spec["controls"],
            fixed_effects=spec["fixed_effects"],
            weights=spec["weights"],
        ).fit(**covariance)
        draws = {"draws": bootstrap["draws"], "seed": bootstrap["seed"]}
        resampled = fit.with_cov("bootstrap", covariance.get("cov_kwds"), bootstrap=draws)
    except CisflowError as error:
        note = "; ".join(problem.what for problem in error.problems)
        yield [{"note": f"not estimable: {note}"}], {"note": note}
        return
    about = {"n": fit.nobs, "weights": spec["weights"] or "unweighted"}
    rows = [{**about, "cov_type": fit.cov_type, **row} for row in _edge_rows(fit)]
    effects = {}
    for source, target in spec["effects"]:
        table = resampled.effects(source, target).assign(
            term=lambda t, of=source: [_effect_term(name, of) for name in t["effect"]]
        )
        rows += [{**about, "cov_type": "bootstrap", **row} for row in _effect_rows(table, target)]
        effects[f"{source} → {target}"] = table.to_dict(orient="records")
    diagnostics = {
        "nobs": fit.nobs,
        "fit_measures": fit.fit_measures(),
        "r2": dict(fit.r2),
        "effects": effects,
        "dropped": fit.dropped,
        "bootstrap": {**draws, "failed": resampled.bootstrap_failed},
    }
    yield rows, diagnostics


def _edge_rows(fit: Any) -> Iterator[Row]:
    for edge in fit.edges.to_dict(orient="records"):
        for column, prefix in (("raw", ""), ("standardised", "std_")):
            yield {
                "outcome": edge["target"],
                "column": column,
                "term": edge["source"],
                **_numbers(edge, prefix),
            }


def _effect_rows(table: pd.DataFrame, target: str) -> Iterator[Row]:
    for effect in table.to_dict(orient="records"):
        for column, prefix in (("raw", ""), ("standardised", "std_")):
            yield {
                "outcome": target,
                "column": column,
                "term": effect["term"],
                "note": effect["note"],
                **_numbers(effect, prefix),
            }


def _effect_term(effect: str, source: str) -> str:
    """Return the term of an effect: ``total(diversity)``, or a path under its own name."""
    return f"{effect}({source})" if effect in ("direct", "indirect", "total") else effect


def _numbers(record: dict[str, Any], prefix: str) -> Row:
    """Return a record's estimate and its uncertainty, raw or standardised."""
    names = ("estimate", "std_error", "statistic", "p_value", "ci_low", "ci_high")
    return {name: record.get(prefix + name, np.nan) for name in names}


ESTIMATORS: dict[str, Callable[..., Iterator[tuple[list[Row], dict[str, Any]]]]] = {
    "tobit": _regressions,
    "fractional": _regressions,
    "ols": _regressions,
    "path": _path,
}
