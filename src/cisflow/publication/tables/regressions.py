"""Tables of regressions, of their standard errors, and of the extensions side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from cisflow.estimation.estimates import NO_ESTIMATE
from cisflow.panel.design import STRATIFIED, WEIGHTED
from cisflow.publication.findings import (
    NOT_ESTIMABLE,
    STARS_NOTE,
    Findings,
    accounts_note,
    column_label,
    count,
    covariance_name,
    further_regressions,
    inline,
    label,
    number,
    p_value,
    places,
    stars,
)
from cisflow.publication.tables.layout import cell, sentence, set_table, two_level, union
from cisflow.study.weightings import SURVEY_WEIGHT, UNWEIGHTED, weightings

if TYPE_CHECKING:
    from maketables import MTable

BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"), ("⟨", "⟩"))


# More places than this do not fit side by side on a page.
MOST_PLACES = 4
TESTS = ("normality", "homoskedasticity")
WEIGHT_WORDS = {
    UNWEIGHTED: UNWEIGHTED,
    SURVEY_WEIGHT: "weighted by the survey’s sampling weights",
    "accounts_weight": "weighted against the loss of firms without accounts",
}
# What stands behind design-based standard errors, by how much of the design the file tells.
DESIGNS = {
    STRATIFIED: "a stratified sample without replacement, with the file’s strata and the "
    "finite-population correction from its weights",
    WEIGHTED: "a sample drawn with replacement, as the file names no strata",
    UNWEIGHTED: "a sample drawn with replacement, as the file has no sampling weights that differ",
}


def regression_table(findings: Findings, country: str, wave: str, model: str) -> MTable:
    """Render a regression: its outcomes side by side, standard errors in parentheses."""
    spec = findings.models[model]
    main = cov_key(spec["covariance"][0])
    rows = _with_covariance(findings.rows(country, wave, model), main)
    statistics = _fit_statistics(findings, country, wave, model)
    cells: dict[tuple[str, ...], pd.Series] = {}
    for j, (outcome, name) in enumerate(_columns(spec)):
        terms = _terms(_of(rows, outcome, name), spec, name)
        texts = {
            ("coef", label(str(term))): cell(b, f"({number(se)})", star=stars(p))
            for term, (b, se, p) in terms[["b", "se", "p"]].iterrows()
        }
        texts |= {("stats", statistic): of[j] for statistic, of in statistics.items()}
        head = (column_label(name),) if len(spec["columns"]) > 1 else ()
        cells[label(outcome), *head, f"({j + 1})"] = pd.Series(texts)
    frame = pd.DataFrame(cells).reindex(_row_order(cells.values(), spec)).fillna("")
    notes = [
        _estimator_note(spec),
        f"Standard errors in parentheses: {covariance_name(main, _groups(rows))}. {STARS_NOTE}.",
        _design_note(findings, country, wave, model),
        *_tests_note(findings, country, wave, model),
        _likelihood_note(spec),
        sample_note(spec),
        accounts_note(findings, country, spec),
        *reasons(rows),
    ]
    caption = f"{spec['title']}: {findings.place(country, wave)}"
    return set_table(findings, frame, caption, notes, show_groups=False)


def _row_order(columns: Iterable[pd.Series], spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the rows of a regression table: terms, further ones, the constant, statistics."""
    present = union(row for column in columns for row in column.index)
    first = [("coef", label(term)) for term in _term_order(spec)]
    constant = ("coef", label("Intercept"))
    return union([*first, *sorted(present, key=lambda row: (row[0] == "stats", row == constant))])


def covariance_table(findings: Findings, country: str, wave: str, model: str) -> MTable:
    """Render a regression with all its kinds of standard errors under each coefficient."""
    spec = findings.models[model]
    rows = findings.rows(country, wave, model)
    kinds = [cov_key(covariance) for covariance in spec["covariance"]]
    cells: dict[tuple[str, str], pd.Series] = {}
    for outcome, name in _columns(spec):
        by_kind = [
            _terms(_of(_with_covariance(rows, kind), outcome, name), spec, name) for kind in kinds
        ]
        texts = {
            label(term): cell(
                by_kind[0].loc[term, "b"],
                *(
                    f"{left}{number(terms.loc[term, 'se'])}{right}"
                    for terms, (left, right) in zip(by_kind, BRACKETS, strict=False)
                ),
            )
            for term in by_kind[0].index
        }
        cells[label(outcome), column_label(name)] = pd.Series(texts)
    frame = pd.DataFrame(cells)
    present = union(t for column in cells.values() for t in column.index)
    first = [label(term) for term in _term_order(spec)]
    order = union([*first, *sorted(present, key=lambda term: term == label("Intercept"))])
    kinds_note = "; ".join(
        f"{pair[0]} {pair[1]} {covariance_name(kind, _groups(_with_covariance(rows, kind)))}"
        for kind, pair in zip(kinds, BRACKETS, strict=False)
    )
    notes = [
        f"Below each coefficient its standard errors: {kinds_note}.",
        _design_note(findings, country, wave, model),
        _estimator_note(spec),
        sample_note(spec),
        accounts_note(findings, country, spec),
        *reasons(rows),
    ]
    caption = f"{spec['title']}, standard errors compared: {findings.place(country, wave)}"
    return set_table(findings, frame.reindex(order).fillna(""), caption, notes)


def extensions_table(findings: Findings) -> MTable:
    """Render the coefficients of interest of every regression but the leading one."""
    cells: dict[tuple[str, str], dict[str, str]] = {}
    rows_shown = []
    for model in further_regressions(findings.models):
        spec = findings.models[model]
        main = cov_key(spec["covariance"][0])
        for country, wave in places(findings.countries):
            rows = _with_covariance(findings.rows(country, wave, model), main)
            rows_shown.append(rows)
            for outcome, name in _columns(spec):
                terms = _terms(_of(rows, outcome, name), spec, name)
                for term in spec["columns"][name]:
                    of = f" ({inline_column(name)})" if len(spec["columns"]) > 1 else ""
                    key = spec["title"], f"{label(outcome, short=True)}: {label(term)}{of}"
                    b, se, p = terms.loc[term, ["b", "se", "p"]]
                    text = cell(b, f"({number(se)})", star=stars(p)).replace("\n", " ")
                    cells.setdefault(key, {})[findings.place(country, wave)] = text
    frame = two_level(cells)
    notes = [
        "Coefficients with standard errors in parentheses, each from the model named above it, "
        "with the controls that the models file lists. A fractional logit's coefficients are on "
        f"the scale of log odds. {STARS_NOTE}. Samples, weights and kinds of standard errors are "
        "those of the models' own tables.",
        *accounts_notes(findings, further_regressions(findings.models)),
        *reasons(pd.concat(rows_shown) if rows_shown else findings.estimates.head(0)),
    ]
    return set_table(findings, frame, "Further models: coefficients of interest", notes)


def accounts_notes(findings: Findings, models: Sequence[str]) -> list[str]:
    """Say how the accounts of every country were used, once if all were used alike."""
    specs = [findings.models[model] for model in models]
    notes = {c: accounts_note(findings, c, *specs) for c in findings.countries if specs}
    said = {country: note for country, note in notes.items() if note}
    if len(set(said.values())) < 2:
        return list(said.values())[:1]
    return [f"{findings.name(country)}: {note}" for country, note in said.items()]


def inline_column(name: str) -> str:
    """Return a column's label as it stands within a sentence."""
    text = column_label(name)
    return text[:1].lower() + text[1:]


def _term_order(spec: Mapping[str, Any]) -> list[str]:
    """Return the terms of all columns, then the controls."""
    return union([t for terms in spec["columns"].values() for t in terms] + spec["controls"])


def _columns(spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(outcome, name) for outcome in spec["outcomes"] for name in spec["columns"]]


def cov_key(covariance: str | Mapping[str, str]) -> str:
    """Return a covariance of the models file as the estimates call it."""
    return covariance if isinstance(covariance, str) else f"cluster({covariance['cluster']})"


def _with_covariance(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the rows of one covariance, and those that are about no fit at all."""
    return rows[rows["cov_type"].isin([kind, ""])]


def _of(rows: pd.DataFrame, outcome: str, column: str) -> pd.DataFrame:
    return rows[(rows["outcome"] == outcome) & (rows["column"] == column)]


def _terms(rows: pd.DataFrame, spec: Mapping[str, Any], column: str) -> pd.DataFrame:
    """Return b, se, t and p of one fit by term; what the model asks for and lacks is null.

    Dummies of fixed effects are left out; the table says that they are in the model.
    """
    dummies = tuple(f"C({effect})[" for effect in (*spec["fixed_effects"], "wave"))
    hidden = rows["term"].str.startswith(dummies) & rows["term"].str.endswith("]")
    found = rows[(rows["term"] != "") & ~hidden]
    found = found.drop_duplicates("term").set_index("term")
    names = {"estimate": "b", "std_error": "se", "statistic": "t", "p_value": "p"}
    wanted = [*spec["columns"][column], *spec["controls"]]
    others = [term for term in found.index if term not in (*wanted, "Intercept")]
    terms = found[list(names)].rename(columns=names).astype(float)
    return terms.reindex(list(dict.fromkeys([*wanted, *others, "Intercept"])))


def _fit_statistics(
    findings: Findings, country: str, wave: str, model: str
) -> dict[str, list[str]]:
    """Return the lower panel of a regression table, one text per column."""
    spec = findings.models[model]
    fits = {(f.get("outcome"), f.get("column")): f for f in findings.fits(country, wave, model)}
    of = [fits.get(key, {}) for key in _columns(spec)]
    panel = {f"{label(effect)} dummies": ["yes"] * len(of) for effect in spec["fixed_effects"]}
    panel["Firms"] = [_stat(f, "nobs", count) for f in of]
    if spec["estimator"] in ("tobit", "fractional"):
        for name, limit in zip(("n_lower", "n_upper"), spec["limits"], strict=True):
            if limit is not None and any(name in f for f in of):
                panel[f"Firms at {limit:g}"] = [
                    _stat(f, name, lambda x: count(x, findings.minimum)) for f in of
                ]
    if spec["estimator"] == "tobit":
        panel["σ"] = [_stat(f, "scale", number) for f in of]
        panel["Pseudo-R² (McKelvey–Zavoina)"] = [_stat(f, "pseudo_r2", number) for f in of]
        for name in TESTS:
            panel[f"{name.capitalize()} (p)"] = [
                _stat(f.get(name) or {}, "p_value", p_value) for f in of
            ]
    if any("llf" in f for f in of):
        panel["Log-likelihood"] = [_stat(f, "llf", number) for f in of]
    return panel


def _stat(fit: Mapping[str, Any], name: str, write: Callable[[float], str]) -> str:
    value = fit.get(name)
    return NOT_ESTIMABLE if value is None else write(float(value))


def _groups(rows: pd.DataFrame) -> float | None:
    known = rows["groups"].dropna()
    return float(known.iloc[0]) if len(known) else None


def _tests_note(findings: Findings, country: str, wave: str, model: str) -> list[str]:
    """Say where the p-values of a Tobit's specification tests come from."""
    draws = {
        fit[name]["draws"]
        for fit in findings.fits(country, wave, model)
        for name in TESTS
        if fit.get(name)
    }
    tests = " and ".join(TESTS).capitalize()
    reasons = {
        fit["no_tests"]: None for fit in findings.fits(country, wave, model) if fit.get("no_tests")
    }
    why = [f"{tests} not estimable in a column: {reason}." for reason in reasons]
    if not draws:
        return why
    most = max(draws)
    source = f"from {most:,} samples simulated under the null" if most else "from χ²"
    return [f"{tests}: tests of Pagan and Vella (1989), p {source}.", *why]


def _estimator_note(spec: Mapping[str, Any]) -> str:
    low, high = spec.get("limits") or (None, None)
    within = " and ".join(f"{limit:g}" for limit in (low, high) if limit is not None)
    return {
        "tobit": f"Tobit by maximum likelihood, limits {within or 'none'}.",
        "fractional": f"Fractional logit of the share between {within}; log odds.",
        "ols": "Ordinary least squares.",
        "path": "Recursive path model by maximum likelihood.",
    }[spec["estimator"]]


def _likelihood_note(spec: Mapping[str, Any]) -> str:
    """Say what the fit statistics of weighted columns are without."""
    if not any(weightings(spec)) or spec["estimator"] == "fractional":
        return ""
    also = ", pseudo-R² and specification tests" if spec["estimator"] == "tobit" else ""
    return f"Weighted columns have a pseudo-likelihood: no log-likelihood{also}."


def _design_note(findings: Findings, country: str, wave: str, model: str) -> str:
    """Say which design design-based standard errors are of, empty where there are none."""
    if "survey" not in findings.models[model]["covariance"]:
        return ""
    designs = [fit["design"] for fit in findings.fits(country, wave, model) if "design" in fit]
    return f"Design-based standard errors: {DESIGNS[designs[0]]}." if designs else ""


def sample_note(spec: Mapping[str, Any]) -> str:
    """Say which firms are in the sample, whether weighted, and what becomes of missing values."""
    if printed := spec.get("printed"):
        return (
            "From the correlations and standard deviations that the source prints, of "
            f"{printed['firms']:,} firms; which firms these are it says itself."
        )
    sample = ", ".join(inline(flag) for flag in spec["sample"]) or "all firms"
    kinds = [WEIGHT_WORDS.get(w or UNWEIGHTED, f"weighted by {w}") for w in weightings(spec)]
    same = ", on the same firms" if len(kinds) > 1 else ""
    gaps = "firms with every variable of the model (listwise deletion)"
    if spec.get("missing") == "fiml":
        gaps = "gaps in the outcomes by full-information maximum likelihood"
    return f"{sentence(' and '.join(kinds))}{same}. Sample: {sample}; {gaps}."


def reasons(rows: pd.DataFrame) -> list[str]:
    """Return why cells of these rows are not estimable, each reason once."""
    empty = rows[rows["status"] == NO_ESTIMATE]
    by_reason: dict[str, dict[str, None]] = {}
    for term, note in zip(empty["term"], empty["note"], strict=True):
        by_reason.setdefault(note, {})[label(term) if term else ""] = None
    texts = []
    for why, terms in by_reason.items():
        who = ", ".join(term for term in terms if term)
        texts.append(f"{who}: {why}" if who else why)
    return [f"{NOT_ESTIMABLE}: not estimable ({'; '.join(texts)})."] if texts else []
