"""Tables of what corrects for who is asked, and for who cooperates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimation.estimates import COEFFICIENT, OBSERVED
from cisflow.estimators.selection.balance import NEGLIGIBLE
from cisflow.estimators.selection.names import (
    OF_SELECTION,
    mean_with,
    on_treated,
    residual_of,
)
from cisflow.publication.findings import Findings, with_covariance
from cisflow.publication.language import numeral, retold, say
from cisflow.publication.tables.layout import Cells, Table, cell, lay_out, no_cells, two_level
from cisflow.publication.tables.notes import ending
from cisflow.publication.tables.regressions import errors_note
from cisflow.publication.words import (
    NOT_ESTIMABLE,
    WITHHELD,
    column_label,
    count,
    covariance_name,
    inline,
    interval,
    label,
    number,
    p_value,
    signed,
)
from cisflow.study.models import Model

SELECTION_METHODS = {
    "tobit": "Tobit",
    "ml": "Maximum likelihood",
    "two_step": "Two-step",
}
EFFECTS = "Average effect (points)"
WEAK = 10  # the rule of thumb for the F of what is excluded, or of instruments
Head = tuple[str, ...]


# --- selection ---------------------------------------------------------------------------------


def selection_table(findings: Findings, country: str, wave: str, model: str) -> Table:
    """Render a selection model: effects among those selected, who is selected, what it rests on."""
    spec = findings.models[model]
    cells, selected = no_cells(), say("Whether there is {term}", term=inline(str(spec.selected)))
    rows = with_covariance(_rows(findings, country, wave, model), spec.covariance[0])
    for head, outcome, column, method, fit in _fits(findings, country, wave, model):
        of = _of(rows, outcome, f"{column}: {method}")
        terms = [*spec.columns[column], *spec.controls]
        _fill(cells, head, EFFECTS, of[of["quantity"] == OBSERVED], {t: label(t) for t in terms})
        chosen = {f"{OF_SELECTION}{t}": label(t) for t in spec.selection}
        _fill(cells, head, selected, of[of["quantity"] == COEFFICIENT], chosen)
        _selection_statistics(cells, head, fit, of)
    notes = [
        _selection_note(spec),
        _exclusion_note(findings.fits(country, wave, model), spec),
        _errors(rows, spec),
        *ending(findings, country, rows, model),
    ]
    return lay_out(two_level(_filled(cells), columns=_heads(spec)), notes)


def _selection_statistics(
    cells: Cells, head: Head, fit: Mapping[str, Any], rows: pd.DataFrame
) -> None:
    """Add how the two errors hang together, and how strong the exclusion restriction is."""
    rho = rows[rows["term"] == "rho"]
    low, high = rho[["ci_low", "ci_high"]].iloc[0] if len(rho) else (None, None)
    ends = interval(low, high, 2)
    texts = {
        "Correlation of the errors, ρ": " ".join(filter(None, (_number(fit, "rho"), ends))),
        "Inverse Mills ratio, λ = ρσ": _number(fit, "lambda"),
        "No selection, ρ = 0 (p)": _p(fit.get("independence")),
        "Exclusion restriction, F": number((fit.get("exclusion") or {}).get("f"), 1),
        "Firms with an outcome": _count(fit, "nobs"),
        "Firms in the selection equation": _count(fit, "n_all"),
    }
    for name, text in texts.items():
        cells["Selection", name][head] = text


def _selection_note(spec: Model) -> str:
    limits = [limit for limit in spec.limits or () if limit is not None]
    within = say(" and ").join(f"{limit:g}" for limit in limits)
    told = {
        "tobit": "Tobit: both equations by maximum likelihood, the share between {within} among "
        "those selected.",
        "ml": "Maximum likelihood: both equations at once, the outcome linear (type-II Tobit).",
        "two_step": "Two-step: a probit, then least squares with the inverse Mills ratio, the "
        "outcome linear (Heckman 1979); standard errors count the first step.",
    }
    last = say(
        "Effects are on what is expected of a firm whose share is seen, selection put aside; all "
        "other firms of the sample are in the selection equation alone."
    )
    return " ".join([*(say(told[method], within=within) for method in spec.methods), last])


def _exclusion_note(fits: Iterable[Mapping[str, Any]], spec: Model) -> str:
    """Say what moves the selection alone, and whether that is strong enough."""
    outcome = {t for terms in spec.columns.values() for t in terms} | set(spec.controls)
    excluded = ", ".join(inline(t) for t in spec.selection if t not in outcome)
    if not excluded:
        return say(
            "Nothing moves the selection without the outcome: what is corrected rests on the "
            "normal distribution alone."
        )
    known = [f["exclusion"]["f"] for f in fits if f.get("exclusion", {}).get("f") is not None]
    weak = say(" It is weak: the correction decides nothing.")
    text = "Moves the selection and is taken not to move the share: {excluded}."
    return say(text, excluded=excluded) + (weak if known and min(known) < WEAK else "")


# --- control function --------------------------------------------------------------------------


def control_function_table(findings: Findings, country: str, wave: str, model: str) -> Table:
    """Render a Tobit with control functions: effects, residuals, strength of the instruments."""
    spec = findings.models[model]
    cells = no_cells()
    rows = with_covariance(_rows(findings, country, wave, model), spec.covariance[0])
    fits = list(_fits(findings, country, wave, model))
    for head, outcome, column, _, fit in fits:
        of = _of(rows, outcome, column)
        terms = [*spec.endogenous, *spec.columns[column], *spec.controls]
        strong = _joint_f(fit, spec) >= WEAK  # a weak instrument leaves no star that means anything
        effects = of[of["quantity"] == OBSERVED]
        _fill(cells, head, EFFECTS, effects, {t: label(t) for t in terms}, stars=strong)
        residuals = {residual_of(t): label(t) for t in spec.endogenous}
        coefficients = of[of["quantity"] == COEFFICIENT]
        _fill(cells, head, "Residual of the first stage", coefficients, residuals, stars=strong)
        _instrument_statistics(cells, head, fit, spec)
    notes = [
        _control_note(spec, [fit for *_, fit in fits]),
        *dict.fromkeys(
            f"{label(outcome)}: {retold(fit['strength'])}."
            for _, outcome, _, _, fit in fits
            if "strength" in fit
        ),
        _errors(rows, spec),
        *ending(findings, country, rows, model),
    ]
    return lay_out(two_level(_filled(cells), columns=_heads(spec)), notes)


def _instrument_statistics(cells: Cells, head: Head, fit: Mapping[str, Any], spec: Model) -> None:
    stages = fit.get("first_stage") or {}
    texts = {
        say("First-stage F, {term}", term=inline(t)): _number(stages.get(t), "f")
        for t in spec.endogenous
    }
    joint = "effective_f" if len(spec.endogenous) == 1 else "kleibergen_paap_f"
    name = "Effective F" if len(spec.endogenous) == 1 else "Kleibergen–Paap F"
    texts |= {
        name: _number(fit, joint),
        "Exogeneity (p)": _p(fit.get("exogeneity")),
        "Firms": _count(fit, "nobs"),
    }
    for limit, key in zip(spec.limits or (), ("n_lower", "n_upper"), strict=False):
        if limit is not None:
            texts[say("Firms at {limit}", limit=f"{limit:g}")] = _count(fit, key)
    for row, text in texts.items():
        cells["Instruments", row][head] = text


def _joint_f(fit: Mapping[str, Any], spec: Model) -> float:
    """Return the F that tells how strong the instruments are together, 0 where there is none."""
    name = "effective_f" if len(spec.endogenous) == 1 else "kleibergen_paap_f"
    return float(fit.get(name) or 0.0)


def _control_note(spec: Model, fits: Iterable[Mapping[str, Any]]) -> str:
    treated = ", ".join(inline(t) for t in spec.endogenous)
    excluded = ", ".join(inline(t) for t in spec.instruments)
    binary = any(fit.get("probits") for fit in fits)
    of = say(
        " Of a yes/no the residual is a probit’s; the estimate is then an approximation, the test "
        "of exogeneity is not."
    )
    return say(
        "Tobit with the residuals of the first stages as further regressors (Smith and Blundell "
        "1986); endogenous: {treated}; instruments: {excluded}, taken to be valid.{of} Standard "
        "errors count the first stages.",
        treated=treated,
        excluded=excluded,
        of=of if binary else "",
    )


# --- doubly robust -----------------------------------------------------------------------------


def weighted_table(findings: Findings, country: str, wave: str, model: str) -> Table:
    """Render doubly robust effects with the balance of covariates and the overlap."""
    spec = findings.models[model]
    cells = no_cells()
    rows = with_covariance(_rows(findings, country, wave, model), spec.covariance[0])
    fits = list(_fits(findings, country, wave, model))
    for head, outcome, column, _, fit in fits:
        of, t = _of(rows, outcome, column), spec.columns[column][0]
        names = {t: "Among all firms", on_treated(t): "Among those that have it"}
        _fill(cells, head, EFFECTS, of, names)
        means = {mean_with(t, 1): "If all had it", mean_with(t, 0): "If none had it"}
        _fill(cells, head, "Mean outcome", of, means, stars=False)
        cells["Mean outcome", "Difference of plain means"][head] = _number(fit, "raw")
        _balance_cells(cells, head, fit)
        for row, key in (
            ("Firms with it", "n_with"),
            ("Firms without it", "n_without"),
            ("Firms left out, outside the bounds", "n_outside"),
        ):
            cells["Overlap", row][head] = _count(fit, key)
    notes = [
        _weighted_note(spec, [fit for *_, fit in fits]),
        _errors(rows, spec),
        *ending(findings, country, rows, model),
    ]
    return lay_out(two_level(_filled(cells), columns=_heads(spec)), notes)


def _balance_cells(cells: Cells, head: Head, fit: Mapping[str, Any]) -> None:
    for name, of in (fit.get("balance") or {}).items():
        known = [of[when] for when in ("before", "after") if of[when] is not None]
        text = " → ".join(signed(f"{round(x, 2) + 0.0:.2f}") for x in known) or WITHHELD
        cells["Standardised difference, before → after weighting", label(name)][head] = text


def _weighted_note(spec: Model, fits: Iterable[Mapping[str, Any]]) -> str:
    bounds = next((fit["bounds"] for fit in fits if "bounds" in fit), spec.overlap or (0.1, 0.9))
    within = spec.limits and None not in spec.limits
    return say(
        "Augmented inverse-propensity weighting: a logit of whether a firm has it, and the outcome "
        "regressed ({shares}) among those with and without; the effect holds if either is right "
        "and nothing unobserved moves both. Firms whose propensity is outside {low} to {high} are "
        "left out, so that the effect is among firms that could have been either. Standardised "
        "differences: of means, in pooled standard deviations before weighting; below {negligible} "
        "they are held to be negligible (Austin 2009).",
        shares=say("fractional logits") if within else say("least squares"),
        low=numeral(f"{bounds[0]:g}"),
        high=numeral(f"{bounds[1]:g}"),
        negligible=numeral(f"{NEGLIGIBLE:g}"),
    )


# --- what they share ---------------------------------------------------------------------------


def _rows(findings: Findings, country: str, wave: str, model: str) -> pd.DataFrame:
    found = [findings.rows(country, wave, model, q) for q in (COEFFICIENT, OBSERVED)]
    return pd.concat(found)


def _fits(
    findings: Findings, country: str, wave: str, model: str
) -> Iterator[tuple[Head, str, str, str, dict[str, Any]]]:
    """Yield heading, outcome, column, method and diagnostics of each column of a table."""
    fits = findings.fits(country, wave, model)
    known = {(fit.get("outcome"), fit.get("column")): fit for fit in fits}
    for head, outcome, column, method in _columns(findings.models[model]):
        name = f"{column}: {method}" if method else column
        yield head, outcome, column, method, known.get((outcome, name), {})


def _columns(spec: Model) -> Iterator[tuple[Head, str, str, str]]:
    for outcome, column in spec.regressions:
        for method in spec.methods or ("",):
            heads = [label(outcome, short=True)]
            heads += [column_label(column)] if len(spec.columns) > 1 else []
            heads += [say(SELECTION_METHODS[method])] if method else []
            yield tuple(heads), outcome, column, method


def _heads(spec: Model) -> list[Any]:
    heads = [head for head, *_ in _columns(spec)]
    return heads if len(heads[0]) > 1 else [head[0] for head in heads]


def _of(rows: pd.DataFrame, outcome: str, column: str) -> pd.DataFrame:
    return rows[(rows["outcome"] == outcome) & (rows["column"] == column)]


def _fill(
    cells: Cells,
    head: Head,
    group: str,
    rows: pd.DataFrame,
    names: Mapping[str, str],
    *,
    stars: bool = True,
) -> None:
    """Add estimates with standard errors, a row per term."""
    by_term = rows.drop_duplicates("term").set_index("term")
    for term, name in names.items():
        text = NOT_ESTIMABLE
        if term in by_term.index and np.isfinite(by_term.loc[term, "estimate"]):
            b, se, p = by_term.loc[term, ["estimate", "std_error", "p_value"]].astype(float)
            text = cell(b, f"({number(se)})", p=p if stars else None)
        cells[group, name][head] = text


def _filled(cells: Cells) -> Cells:
    """Return the cells by heading of a column, in one word where it has one part."""
    return {
        key: {head if len(head) > 1 else head[0]: text for head, text in row.items()}
        for key, row in cells.items()
    }


def _errors(rows: pd.DataFrame, spec: Model) -> str:
    groups = rows["groups"].dropna()
    clusters = float(groups.iloc[0]) if len(groups) else None
    return errors_note(covariance_name(spec.covariance[0], clusters))


def _number(fit: Mapping[str, Any] | None, key: str) -> str:
    fit = fit or {}
    return WITHHELD if fit.get(key, np.nan) is None else number(fit.get(key))


def _count(fit: Mapping[str, Any], key: str) -> str:
    return count(fit[key]) if key in fit else NOT_ESTIMABLE


def _p(test: Mapping[str, Any] | None) -> str:
    return p_value((test or {}).get("p_value"))
