"""Tables of regressions, of their standard errors, and of the extensions side by side."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from cisflow.estimation.estimates import COEFFICIENT, OBSERVED
from cisflow.estimation.imputed import IMPUTATION
from cisflow.panel.design import STRATIFIED, WEIGHTED
from cisflow.publication.families import further_regressions, places
from cisflow.publication.findings import Findings, groups_in, with_covariance
from cisflow.publication.language import numeral, retold, say
from cisflow.publication.tables.layout import (
    Table,
    cell,
    lay_out,
    no_cells,
    two_level,
    union,
    with_error,
)
from cisflow.publication.tables.notes import accounts_notes, ending, reasons
from cisflow.publication.words import (
    NOT_ESTIMABLE,
    column_label,
    count,
    covariance_name,
    firms,
    inline,
    label,
    measured,
    number,
    p_value,
    small,
    stars_note,
)
from cisflow.study.models import Covariance, Model
from cisflow.study.shapes import made_of
from cisflow.study.weightings import UNWEIGHTED

BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"), ("⟨", "⟩"))


TESTS = ("normality", "homoskedasticity")
# What stands behind design-based standard errors, by how much of the design the file tells.
DESIGNS = {
    STRATIFIED: "a stratified sample without replacement, with the file’s strata and the "
    "finite-population correction from its weights",
    WEIGHTED: "a sample drawn with replacement, as the file names no strata",
    UNWEIGHTED: "a sample drawn with replacement, as the file has no sampling weights that differ",
}


def effects_table(findings: Findings, country: str, wave: str, model: str) -> Table:
    """Render the average effects of a regression in points of its outcomes as they are observed."""
    return regression_table(findings, country, wave, model, shown_quantity(findings.models[model]))


def regression_table(
    findings: Findings, country: str, wave: str, model: str, quantity: str = COEFFICIENT
) -> Table:
    """Render a regression: its outcomes side by side, standard errors in parentheses."""
    spec = findings.models[model]
    rows = findings.main_rows(country, wave, model, quantity)
    failed = findings.main_rows(country, wave, model).query("term == ''")
    rows = rows if quantity == COEFFICIENT else pd.concat([rows, failed])
    statistics = _fit_statistics(findings, country, wave, model)
    cells: dict[tuple[str, ...], pd.Series] = {}
    for j, (outcome, name) in enumerate(spec.regressions):
        terms = _terms(_of(rows, outcome, name), spec, name, constant=quantity == COEFFICIENT)
        texts = {
            ("coef", label(str(term))): with_error(b, se, p)
            for term, (b, se, p) in terms[["b", "se", "p"]].iterrows()
        }
        texts |= {("stats", statistic): of[j] for statistic, of in statistics.items()}
        head = (column_label(name),) if len(spec.columns) > 1 else ()
        cells[label(outcome), *head, f"({j + 1})"] = pd.Series(texts)
    frame = pd.DataFrame(cells).reindex(_row_order(cells.values(), spec)).fillna("")
    notes = [
        quantity_note(spec, quantity),
        _estimator_note(spec),
        errors_note(_covariance(rows, spec.covariance[0])),
        _design_note(findings, country, wave, model),
        *_tests_note(findings, country, wave, model),
        _likelihood_note(spec),
        *ending(findings, country, rows, model),
    ]
    return lay_out(frame, notes, show_groups=False)


def errors_note(kinds: str) -> str:
    """Say what stands in parentheses below coefficients, and what their stars are."""
    return say("Standard errors in parentheses: {kinds}. {stars}.", kinds=kinds, stars=stars_note())


def _row_order(columns: Iterable[pd.Series], spec: Model) -> list[tuple[str, str]]:
    """Return the rows of a regression table: terms, further ones, the constant, statistics."""
    present = union(row for column in columns for row in column.index)
    first: list[tuple[str, str]] = []
    for words in map(label, spec.regressors):
        levels = [row for row in present if row[0] == "coef" and row[1].startswith(f"{words}: ")]
        first += [("coef", words)] if ("coef", words) in present else levels
    constant = ("coef", label("Intercept"))
    return union([*first, *sorted(present, key=lambda row: (row[0] == "stats", row == constant))])


def covariance_table(findings: Findings, country: str, wave: str, model: str) -> Table:
    """Render a regression with all its kinds of standard errors under each coefficient."""
    spec = findings.models[model]
    rows = findings.rows(country, wave, model)
    by_kind = [with_covariance(rows, covariance) for covariance in spec.covariance]
    cells: dict[tuple[str, str], pd.Series] = {}
    for outcome, name in spec.regressions:
        terms = [_terms(_of(of_kind, outcome, name), spec, name) for of_kind in by_kind]
        texts = {
            ("coef", label(term)): cell(
                terms[0].loc[term, "b"],
                *(
                    f"{left}{measured(se := of_kind.loc[term, 'se'], se)}{right}"
                    for of_kind, (left, right) in zip(terms, BRACKETS, strict=False)
                ),
                error=terms[0].loc[term, "se"],
            )
            for term in terms[0].index
        }
        cells[label(outcome), column_label(name)] = pd.Series(texts)
    frame = pd.DataFrame(cells).reindex(_row_order(cells.values(), spec)).fillna("")
    kinds_note = "; ".join(
        f"{left} {right} {_covariance(of_kind, covariance)}"
        for of_kind, covariance, (left, right) in zip(
            by_kind, spec.covariance, BRACKETS, strict=False
        )
    )
    notes = [
        say("Below each coefficient its standard errors: {kinds}.", kinds=kinds_note),
        _design_note(findings, country, wave, model),
        _estimator_note(spec),
        *ending(findings, country, rows, model),
    ]
    return lay_out(frame.droplevel(0), notes)


def extensions_table(findings: Findings) -> Table:
    """Render the coefficients of interest of every regression but the leading one."""
    cells = no_cells()
    rows_shown = []
    for model in further_regressions(findings.models):
        spec = findings.models[model]
        for country, wave in places(findings.countries):
            rows = findings.main_rows(country, wave, model, shown_quantity(spec))
            rows_shown += [rows, findings.main_rows(country, wave, model).query("term == ''")]
            for outcome, name in spec.regressions:
                terms = _terms(_of(rows, outcome, name), spec, name)
                shown = [t for term in spec.columns[name] for t in _rows_of(term, terms.index)]
                for term in shown:
                    of = f" ({small(column_label(name))})" if len(spec.columns) > 1 else ""
                    key = spec.title, f"{label(outcome, short=True)}: {label(term)}{of}"
                    b, se, p = terms.loc[term, ["b", "se", "p"]]
                    text = with_error(b, se, p).replace("\n", " ")
                    cells[key][findings.place(country, wave)] = text
    notes = [
        say(
            "Each from the model named above it, with its own controls: of outcomes with limits "
            "the average effect on the outcome as it is observed, of others the coefficient; "
            "standard errors in parentheses. {stars}. Samples, weights and kinds of standard "
            "errors are those of the models’ own tables.",
            stars=stars_note(),
        ),
        *accounts_notes(findings, further_regressions(findings.models)),
        *reasons(pd.concat(rows_shown) if rows_shown else findings.estimates.head(0)),
    ]
    return lay_out(two_level(cells), notes)


def _of(rows: pd.DataFrame, outcome: str, column: str) -> pd.DataFrame:
    return rows[(rows["outcome"] == outcome) & (rows["column"] == column)]


def _rows_of(term: str, rows: Iterable[str]) -> list[str]:
    """Return the rows of a term: its own, or of one with levels a row for each but the first."""
    levels = [row for row in rows if row.startswith(f"{term}[") and row.endswith("]")]
    return levels if levels and term not in rows else [term]


def _terms(rows: pd.DataFrame, spec: Model, column: str, *, constant: bool = True) -> pd.DataFrame:
    """Return b, se, t and p of one fit by term; what the model asks for and lacks is null.

    Dummies of fixed effects are left out; the table says that they are in the model.
    """
    dummies = tuple(f"C({effect})[" for effect in (*spec.fixed_effects, "wave"))
    hidden = rows["term"].str.startswith(dummies) & rows["term"].str.endswith("]")
    found = rows[(rows["term"] != "") & ~hidden]
    found = found.drop_duplicates("term").set_index("term")
    names = {"estimate": "b", "std_error": "se", "statistic": "t", "p_value": "p"}
    asked = [*spec.columns[column], *spec.controls]
    wanted = [row for term in asked for row in _rows_of(term, found.index)]
    apart = {
        *wanted,
        "Intercept",
        *made_of(spec, column),
    }  # what is made of terms has its own table
    others = [term for term in found.index if term not in apart]
    terms = found[list(names)].rename(columns=names).astype(float)
    last = ["Intercept"] if constant else []
    return terms.reindex(list(dict.fromkeys([*wanted, *others, *last])))


def _fit_statistics(
    findings: Findings, country: str, wave: str, model: str
) -> dict[str, list[str]]:
    """Return the lower panel of a regression table, one text per column."""
    spec = findings.models[model]
    fits = {(f.get("outcome"), f.get("column")): f for f in findings.fits(country, wave, model)}
    of = [fits.get(key, {}) for key in spec.regressions]
    panel = {
        say("{effect} dummies", effect=label(effect)): [say("yes")] * len(of)
        for effect in spec.fixed_effects
    }
    panel[say("Firms")] = [firms(f) for f in of]
    if spec.censored:
        for name, limit in zip(("n_lower", "n_upper"), spec.limits or (), strict=False):
            if limit is not None and any(name in f for f in of):
                panel[say("Firms at {limit}", limit=numeral(f"{limit:g}"))] = [
                    firms(f, name) for f in of
                ]
    if spec.estimator == "tobit":
        panel["σ"] = [number(f.get("scale")) for f in of]
        panel["Pseudo-R² (McKelvey–Zavoina)"] = [number(f.get("pseudo_r2")) for f in of]
        for name in TESTS:
            tests = [f.get(name) or {} for f in of]
            panel[f"{say(name).capitalize()} (p)"] = [
                p_value(test.get("p_value")) for test in tests
            ]
    if any("llf" in f for f in of):
        panel[say("Log-likelihood")] = [number(f.get("llf")) for f in of]
    # What is of one sample is of no average over completed ones.
    drawn = [IMPUTATION in f for f in of]
    return {
        name: ["" if d and t == NOT_ESTIMABLE else t for d, t in zip(drawn, texts, strict=True)]
        for name, texts in panel.items()
    }


def _covariance(rows: pd.DataFrame, covariance: Covariance) -> str:
    """Return in words the standard errors of some rows, with the number of their clusters."""
    return covariance_name(covariance, groups_in(rows))


def _tests_note(findings: Findings, country: str, wave: str, model: str) -> list[str]:
    """Say where the p-values of a Tobit's specification tests come from."""
    fits = findings.fits(country, wave, model)
    draws = {fit[name]["draws"] for fit in fits for name in TESTS if fit.get(name)}
    tests = say(" and ").join(map(say, TESTS)).capitalize()
    absent = union(fit["no_tests"] for fit in fits if fit.get("no_tests"))
    text = "{tests} not estimable in a column: {reason}."
    why = [say(text, tests=tests, reason=retold(reason)) for reason in absent]
    if not draws:
        return why
    most = max(draws)
    source = say("from χ²")
    if most:
        source = say("from {draws} samples simulated under the null", draws=count(most))
    text = "{tests}: tests of Pagan and Vella (1989), p {source}."
    return [say(text, tests=tests, source=source), *why]


def _estimator_note(spec: Model) -> str:
    low, high = spec.limits or (None, None)
    known = [numeral(f"{limit:g}") for limit in (low, high) if limit is not None]
    return say(
        ESTIMATORS[spec.estimator],
        limits=say(" and ").join(known) or say("none"),
        spread=", ".join(inline(term) for term in spec.variance),
        part=spec.participation or "probit",
    )


ESTIMATORS = {
    "tobit": "Tobit by maximum likelihood, limits {limits}.",
    "heteroskedastic_tobit": "Tobit by maximum likelihood, limits {limits}, whose spread depends "
    "on {spread}.",
    "fractional": "Fractional logit of the share between {limits}.",
    "two_part": "Two parts: {part} of whether any, and how much among those with any; limits "
    "{limits}.",
    "ols": "Ordinary least squares.",
    "probit": "Probit by maximum likelihood.",
}


# What the numbers of a table are, by estimator and for all others.
SCALES = {
    "tobit": "Coefficients on the latent outcome.",
    "heteroskedastic_tobit": "Coefficients on the latent outcome.",
    "fractional": "Coefficients on the log odds of the share.",
    "two_part": "Coefficients of both parts.",
    "probit": "Coefficients on the index of the probit.",
}
EFFECTS = (
    "Average effects on the outcome as it is observed, limits included, in its units (points of "
    "turnover for shares): of yes/no variables the change from no to yes, of others the slope, of "
    "products the cross difference or slope (Ai and Norton 2003); products move with what they are "
    "of. Standard errors by the delta method."
)


def shown_quantity(spec: Model) -> str:
    """Return what of a regression is told first: effects on what is observed, where it has them."""
    return OBSERVED if spec.censored else COEFFICIENT


def quantity_note(spec: Model, quantity: str) -> str:
    """Return what the numbers of a regression's table are; empty where the table says it."""
    text = EFFECTS if quantity == OBSERVED else SCALES.get(spec.estimator, "")
    return say(text) if text else ""


ALTERNATIVES = {
    "": "Tobit",
    "heteroskedastic": "Heteroskedastic Tobit",
    "fractional": "Fractional logit",
    "two_part": "Two parts",
}


def alternatives_table(findings: Findings, country: str, wave: str, model: str) -> Table:
    """Render the observed effects of a Tobit beside those of its robust alternatives.

    Below them stand the tests of what the Tobit assumes and the alternatives do not.
    """
    spec = findings.models[model]
    cells = no_cells()
    told = {key: say(name) for key, name in ALTERNATIVES.items()}
    heads = {key: name for key, name in told.items() if not key or key in spec.robust}
    fits = {(f.get("outcome"), f.get("column")): f for f in findings.fits(country, wave, model)}
    shown = []
    for key, head in heads.items():
        rows = findings.main_rows(country, wave, model, OBSERVED)
        if key:
            rows = findings.alternative_rows(country, wave, model, key, OBSERVED)
        shown.append(rows)
        for outcome, name in spec.regressions:
            terms = _terms(_of(rows, outcome, name), spec, name, constant=False)
            heading = f"{label(outcome, short=True)}: {small(column_label(name))}"
            for term in (t for asked in spec.columns[name] for t in _rows_of(asked, terms.index)):
                b, se, p = terms.loc[term, ["b", "se", "p"]]
                text = with_error(b, se, p).replace("\n", " ")
                cells[heading, label(term)][head] = text
            if not key:
                for test in TESTS:
                    of = (fits.get((outcome, name), {}).get(test) or {}).get("p_value")
                    cells[heading, f"{say(test).capitalize()} (p)"][head] = p_value(of)
    order = {f"{say(test).capitalize()} (p)": 1 for test in TESTS}
    notes = [
        say(EFFECTS),
        say(
            "The same firms in each. The spread of the heteroskedastic Tobit depends on {spread}; "
            "two parts: a {part} of whether any, and how much among those with any. The tests are "
            "of the Tobit.",
            spread=listed_terms(spec),
            part=spec.participation or "probit",
        ),
        errors_note(_covariance(shown[0], spec.covariance[0])),
        *_tests_note(findings, country, wave, model),
        *ending(findings, country, pd.concat(shown), model),
    ]
    frame = two_level(cells, order=lambda row: order.get(row, 0), columns=list(heads.values()))
    return lay_out(frame, notes)


def listed_terms(spec: Model) -> str:
    """Return in words what the spread of a Tobit's heteroskedastic alternative depends on."""
    return ", ".join(inline(term) for term in spec.variance or spec.controls or spec.regressors)


def _likelihood_note(spec: Model) -> str:
    """Say what the fit statistics of weighted columns are without."""
    if not any(spec.weightings) or spec.estimator in ("fractional", "two_part"):
        return ""
    if spec.estimator != "tobit":
        return say("Weighted columns have a pseudo-likelihood: no log-likelihood.")
    return say(
        "Weighted columns have a pseudo-likelihood: no log-likelihood, pseudo-R² and specification "
        "tests."
    )


def _design_note(findings: Findings, country: str, wave: str, model: str) -> str:
    """Say which design design-based standard errors are of, empty where there are none."""
    if "survey" not in map(str, findings.models[model].covariance):
        return ""
    designs = [fit["design"] for fit in findings.fits(country, wave, model) if "design" in fit]
    if not designs:
        return ""
    return say("Design-based standard errors: {design}.", design=say(DESIGNS[designs[0]]))
