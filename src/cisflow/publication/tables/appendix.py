"""Appendix: panels, instrumental variables, and sensitivity to an omitted variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd

from cisflow.estimation.estimates import ALL_WAVES
from cisflow.estimators.distributions import student
from cisflow.publication.families import places, sensitive, waves_of
from cisflow.publication.findings import Findings, with_covariance
from cisflow.publication.language import retold, say
from cisflow.publication.populations import flags_of
from cisflow.publication.tables.layout import (
    Cells,
    Table,
    cell,
    lay_out,
    no_cells,
    two_level,
    union,
    with_error,
)
from cisflow.publication.tables.notes import (
    accounts_note,
    accounts_notes,
    breaks_note,
    ending,
    reasons,
    sample_note,
)
from cisflow.publication.tables.regressions import BRACKETS
from cisflow.publication.words import (
    NOT_ESTIMABLE,
    column_label,
    count,
    covariance_name,
    label,
    number,
    p_value,
    separator,
    stars_note,
)
from cisflow.study.models import Model

METHODS = {
    "pooled": "Pooled",
    "within": "Within",
    "random": "Random effects",
    "correlated_random": "Correlated random effects",
    "first_difference": "First differences",
    "ols": "OLS",
    "2sls": "2SLS",
    "liml": "LIML",
    "gmm": "GMM",
}
PANEL_TESTS = {
    "poolability": "No firm effects, F test (p)",
    "hausman": "Hausman, within against random (p)",
    "mundlak": "Mundlak, firm means irrelevant (p)",
}
OVERIDENTIFICATION = {
    "sargan": "Over-identification, Sargan (p)",
    "wooldridge_score": "Over-identification, robust score (p)",
    "anderson_rubin": "Over-identification, Anderson–Rubin (p)",
    "hansen_j": "Over-identification, Hansen J (p)",
}
DYNAMIC = (
    "With the outcome of the wave before among the regressors no column is free of bias in a short "
    "panel: pooled estimates of it are too high, within estimates too low by order 1/T (Nickell "
    "1981)."
)


# --- panels ------------------------------------------------------------------------------------


def panel_table(findings: Findings, country: str, model: str) -> Table:
    """Render a panel regression: methods side by side, outcomes below each other."""
    spec = findings.models[model]
    rows = findings.rows(country, ALL_WAVES, model)
    cells = no_cells()
    for heading, outcome, column in _regressions(spec):
        fits = _fits(findings, country, ALL_WAVES, model, outcome, column)
        lagged = ["lagged_outcome"] if spec.lagged_outcome else []
        terms = [*lagged, *spec.columns[column], *spec.controls]
        means = {f"mean({term})": say("Firm mean: {term}", term=label(term)) for term in terms}
        for term, name in {**{t: label(t) for t in terms}, **means}.items():
            of = rows[(rows["outcome"] == outcome) & (rows["term"] == term)]
            texts = _estimates(of, spec, column)
            cells[heading, name] = texts if term in means else {**texts, **_impossible(fits)}
        _panel_statistics(cells, heading, fits)
    notes = [
        "Firms over waves, by linearmodels. Within: firm effects, firms seen in two waves or more. "
        "Correlated random effects: random effects with firm means (Mundlak 1978). First "
        "differences: between consecutive waves.",
        "Every column has an intercept for each wave." if spec.wave_effects else "",
        f"{_errors_note(rows, spec)} {stars_note()}.",
        DYNAMIC if spec.lagged_outcome else "",
        *_test_notes(findings.fits(country, ALL_WAVES, model), PANEL_TESTS),
        sample_note(spec, flags_of(findings, country, [ALL_WAVES], model)),
        accounts_note(findings, country, spec),
        *breaks_note(*(s for c, s in findings.series.items() if c == country)),
        *reasons(with_covariance(rows, spec.covariance[0])),
    ]
    return lay_out(two_level(_filled(cells), columns=_heads(spec)), notes)


def _panel_statistics(cells: Cells, heading: str, fits: Mapping[str, dict[str, Any]]) -> None:
    """Add the size of each method's panel, its fit and its test."""
    for method, fit in fits.items():
        head = say(METHODS[method])

        def put(name: str, text: str, head: str = head) -> None:
            cells[heading, name][head] = text

        if "nobs" not in fit:
            continue
        put("Observations", count(fit["nobs"]))
        put("Firms", count(fit["firms"]))
        put("Firms in two waves or more", count(fit["firms_again"]))
        put("Waves", str(len(fit["waves"])))
        put("R² within", number(fit["r2_within"]))
        put("R² overall", number(fit["r2_overall"]))
    cells |= {(heading, text): row for text, row in _tests(fits, PANEL_TESTS).items()}


# --- instrumental variables --------------------------------------------------------------------


def iv_table(findings: Findings, country: str, wave: str, model: str) -> Table:
    """Render instrumental variables: methods side by side, the tests below."""
    spec = findings.models[model]
    rows = findings.rows(country, wave, model)
    cells = no_cells()
    all_fits = []
    for heading, outcome, column in _regressions(spec):
        fits = _fits(findings, country, wave, model, outcome, column)
        all_fits += list(fits.values())
        for term in [*spec.endogenous, *spec.columns[column], *spec.controls]:
            of = rows[(rows["outcome"] == outcome) & (rows["term"] == term)]
            cells[heading, label(term)] = {**_estimates(of, spec, column), **_impossible(fits)}
        cells[heading, "Firms"] = {
            say(METHODS[m]): count(f["nobs"]) for m, f in fits.items() if "nobs" in f
        }
        if "2sls" in fits:
            for name, text in _identification(fits["2sls"]):
                cells[heading, name] = {say(METHODS["2sls"]): text}
        tested = {m: f.get("overidentification", {}) for m, f in fits.items()}
        cells |= {(heading, t): row for t, row in _tests(tested, OVERIDENTIFICATION).items()}
    treated = ", ".join(label(v) for v in spec.endogenous)
    excluded = ", ".join(label(v) for v in spec.instruments)
    notes = [
        say("Endogenous: {treated}. Instruments: {excluded}.", treated=treated, excluded=excluded),
        f"{_errors_note(rows, spec)} {stars_note()}.",
        *union(
            f"{label(f['outcome'])}: {retold(f['strength'])}." for f in all_fits if "strength" in f
        ),
        *_test_notes([f.get("overidentification", {}) for f in all_fits], OVERIDENTIFICATION),
        "The effective F is Montiel Olea and Pflueger's (2013). The Anderson–Rubin test and "
        "interval hold however weak the instruments are; they take the instruments to be valid.",
        *ending(findings, country, with_covariance(rows, spec.covariance[0]), model),
    ]
    return lay_out(two_level(_filled(cells), columns=_heads(spec)), notes)


def _identification(fit: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield name and text of what two-stage least squares tells about the instruments."""
    several = len(fit.get("first_stage", {})) > 1
    for variable, stage in fit.get("first_stage", {}).items():
        of = f", {label(variable)}" if several else ""
        yield say("First-stage F") + of, number(stage["f"])
        yield say("First-stage partial R²") + of, number(stage["partial_r2"])
    if "effective_f" in fit:
        yield "Effective F", number(fit["effective_f"])
    if "cragg_donald_f" in fit:
        yield "Cragg–Donald F", number(fit["cragg_donald_f"])
        yield "Kleibergen–Paap F", number(fit["kleibergen_paap_f"])
        yield "Under-identification, Kleibergen–Paap (p)", _p_value(fit["kleibergen_paap"])
    if "endogeneity" in fit:
        yield "Exogeneity, Wu–Hausman (p)", _p_value(fit["endogeneity"]["wu_hausman"])
        robust = fit["endogeneity"]["wooldridge_regression"]
        yield "Exogeneity, robust regression (p)", _p_value(robust)
    if "anderson_rubin" in fit:
        yield "No effect, Anderson–Rubin (p)", _p_value(fit["anderson_rubin"])
        intervals = fit["anderson_rubin"]["confidence_set"]
        yield "Anderson–Rubin 95 % interval", confidence_set(intervals)


def confidence_set(intervals: Sequence[Sequence[float | None]]) -> str:
    """Return a confidence set, whose intervals may be open to a side."""
    if not intervals:
        return say("empty")
    texts = []
    for low, high in intervals:
        left = "(−∞" if low is None else f"[{number(low)}"
        right = "∞)" if high is None else f"{number(high)}]"
        texts.append(f"{left}{separator()} {right}")
    return " ∪ ".join(texts)


# --- sensitivity -------------------------------------------------------------------------------


def sensitivity_table(findings: Findings) -> Table:
    """Render how strong an omitted variable must be to overturn each headline coefficient."""
    cells = no_cells()
    benchmarks: dict[str, None] = {}
    models = sensitive(findings.models)
    for model, (country, wave) in product(models, places(findings.countries)):
        spec = findings.models[model]
        if wave not in waves_of(spec, findings.countries[country]):
            continue
        heading = f"{spec.title}: {findings.place(country, wave)}"
        for fit in findings.fits(country, wave, model):
            for found in fit.get("sensitivity", []):
                row = f"{label(fit['outcome'], short=True)}: {label(found['term'])}"
                cells[heading, row] = _sensitivity(found)
                benchmarks[found["benchmark"]] = None
        if not any(key[0] == heading for key in cells):
            why = findings.why_not(country, wave, model) or "no reason was recorded"
            cells[heading, retold(why)] = {}
    strong = ", ".join(label(name) for name in benchmarks if name)
    notes = [
        "Least squares; classical standard errors in parentheses, of which the measures are made. "
        "Partial R²: share of the regressor that an omitted variable must explain to bring the "
        "estimate to zero if it explains all that is left of the outcome. Robustness value: share "
        "of what is left of both that it must explain to do so, and to make the estimate "
        "insignificant at 5 % (Cinelli & Hazlett 2020).",
        say(
            "Last column: estimate with an omitted variable as strong as the one named ({strong}).",
            strong=strong,
        )
        if strong
        else "",
        say(
            "{stars}. Samples and weights are those of the models’ own tables.", stars=stars_note()
        ),
        *accounts_notes(findings, models),
    ]
    return lay_out(two_level(cells), notes)


def _sensitivity(found: Mapping[str, Any]) -> dict[str, str]:
    p = 2 * float(student(found["df"]).sf(abs(found["t"])))
    texts = {
        "Estimate": with_error(found["estimate"], found["std_error"], p),
        "Partial R²": _percent(found["partial_r2"]),
        "Robustness value": _percent(found["rv"]),
        "Robustness value, 5 %": _percent(found["rv_alpha"]),
    }
    if not found["benchmark"]:
        return {**texts, "As strong as": ""}
    shifted = found["adjusted"]
    error = found["adjusted_error"]
    text = NOT_ESTIMABLE if shifted is None else with_error(shifted, error)
    return {**texts, "As strong as": f"{label(found['benchmark'])}:\n{text}"}


def _percent(share: float) -> str:
    return f"{number(100 * share, 1)} %"


# --- what they share ---------------------------------------------------------------------------


def _regressions(spec: Model) -> Iterator[tuple[str, str, str]]:
    """Yield heading, outcome and column of every regression of a model."""
    for outcome in spec.outcomes:
        for column in spec.columns:
            several = len(spec.columns) > 1
            name = f", {column_label(column)}" if several else ""
            yield f"{label(outcome)}{name}", outcome, column


def _fits(
    findings: Findings, country: str, wave: str, model: str, outcome: str, column: str
) -> dict[str, dict[str, Any]]:
    """Return the diagnostics of one regression by method."""
    return {
        fit["method"]: fit
        for fit in findings.fits(country, wave, model)
        if fit.get("outcome") == outcome
        and fit.get("method")
        and fit.get("column") == f"{column}: {fit['method']}"
    }


def _heads(spec: Model) -> list[str]:
    return [say(METHODS[method]) for method in spec.methods]


def _estimates(rows: pd.DataFrame, spec: Model, column: str) -> dict[str, str]:
    """Return one term's cells by method: estimate, and below it each kind of standard error."""
    kinds = [str(covariance) for covariance in spec.covariance]
    texts = {}
    for method in spec.methods:
        of = rows[rows["column"] == f"{column}: {method}"].drop_duplicates("cov_type")
        by_kind = of.set_index("cov_type")
        if not len(by_kind):
            continue
        if kinds[0] not in by_kind.index:
            texts[say(METHODS[method])] = NOT_ESTIMABLE
            continue
        lines = [
            f"{left}{number(by_kind.loc[kind, 'std_error'])}{right}"
            for kind, (left, right) in zip(kinds, BRACKETS, strict=False)
            if kind in by_kind.index
        ]
        main = by_kind.loc[kinds[0]]
        texts[say(METHODS[method])] = cell(main["estimate"], *lines, p=main["p_value"])
    return texts


def _impossible(fits: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """Return the cell of every method that could not be used at all."""
    return {say(METHODS[method]): NOT_ESTIMABLE for method, fit in fits.items() if fit.get("note")}


def _errors_note(rows: pd.DataFrame, spec: Model) -> str:
    """Say which brackets hold which standard errors; those nowhere to be had are left out."""
    said = []
    for covariance, pair in zip(spec.covariance, BRACKETS, strict=False):
        of = rows[(rows["cov_type"] == str(covariance)) & rows["estimate"].notna()]
        if len(of):
            said.append(f"{pair[0]} {pair[1]} {covariance_name(covariance)}")
        elif why := [n for n in rows.loc[rows["cov_type"] == str(covariance), "note"] if n]:
            text = "{kind} not estimable ({why})"
            said.append(say(text, kind=covariance_name(covariance), why=retold(why[0])))
    if not said:
        return ""
    return say("Below each coefficient its standard errors: {kinds}.", kinds="; ".join(said))


def _test_notes(records: Sequence[Mapping[str, Any]], tests: Mapping[str, str]) -> list[str]:
    """Say why tests could not be computed, each reason once."""
    return union(
        f"{say(text).removesuffix(' (p)')}: {retold(record[name]['note'])}."
        for record in records
        for name, text in tests.items()
        if record.get(name, {}).get("note")
    )


def _tests(
    records: Mapping[str, Mapping[str, Any]], tests: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Return the p-values of tests by method, of those tests that any method has."""
    return {
        say(text): {say(METHODS[m]): _p_value(of[name]) for m, of in records.items() if name in of}
        for name, text in tests.items()
        if any(name in of for of in records.values())
    }


def _p_value(test: Mapping[str, Any]) -> str:
    return p_value(test.get("p_value"))


def _filled(cells: Cells) -> Cells:
    """Leave out rows that are blank in every column."""
    return {key: row for key, row in cells.items() if any(row.values())}
