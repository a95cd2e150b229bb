"""Tables of path models: arrows and effects, readings of one figure side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd

from cisflow.estimation.estimates import FIXED
from cisflow.publication.families import reading
from cisflow.publication.findings import Findings, groups_in
from cisflow.publication.language import say
from cisflow.publication.tables.layout import (
    ZERO_BY_ASSUMPTION,
    Table,
    cell,
    lay_out,
    no_cells,
    two_level,
    union,
    with_error,
)
from cisflow.publication.tables.notes import ending
from cisflow.publication.tables.regressions import errors_note
from cisflow.publication.words import (
    NOT_ESTIMABLE,
    count,
    covariance_name,
    firms,
    interval,
    label,
    measured_interval,
    number,
    p_value,
    stars_note,
)
from cisflow.study.balance_terms import SCALES
from cisflow.study.claims import ARROW
from cisflow.study.models import Model

EFFECTS = {"direct": "Direct", "indirect": "Indirect, all paths", "total": "Total"}


def path_table(findings: Findings, country: str, wave: str, members: Sequence[str]) -> Table:
    """Render the arrows of path models side by side, standardised and raw."""
    arrows = union([(s, t) for m in members for t, s in _arrows(findings.models[m])])
    outcomes = union([t for m in members for t in findings.models[m].equations])
    cells: dict[tuple[str, str], list[str]] = {}
    for model in members:
        spec = findings.models[model]
        rows = findings.rows(country, wave, model)
        for column in SCALES:
            found = rows[rows["column"] == column].drop_duplicates(["outcome", "term"])
            by_arrow = found.set_index(["term", "outcome"])
            texts = [
                _arrow_cell(by_arrow, arrow) if arrow[::-1] in _arrows(spec) else ""
                for arrow in arrows
            ]
            statistics = _statistics(findings.fit(country, wave, model), spec, outcomes)
            statistics |= _tests_against_union(findings, country, wave, model, members)
            texts += statistics.values() if column == SCALES[0] else [""] * len(statistics)
            cells[_reading_head(model, members), say(column.capitalize())] = texts
    index = [("coef", label(f"{s}{ARROW}{t}")) for s, t in arrows]
    index += [("stats", name) for name in statistics]
    frame = pd.DataFrame(cells, index=pd.MultiIndex.from_tuples(index))
    rows = _several(findings, country, wave, members)
    notes = [
        errors_note(_path_covariance(rows)),
        "Standardised: change in standard deviations of the outcome per standard deviation of "
        "the source. A blank means that the reading has no such arrow; statistics of a reading "
        "stand in its first column. RMSEA with its 90 % interval.",
        _tests_note(findings, members),
        *ending(findings, country, rows, *members),
    ]
    return lay_out(frame, notes, show_groups=False)


def _statistics(fit: Mapping[str, Any], spec: Model, outcomes: Sequence[str]) -> dict[str, str]:
    """Return how many firms a path model rests on and how well it fits, by name of the row."""
    r2, measures = fit.get("r2") or {}, fit.get("fit_measures") or {}
    texts = {say("Firms"): firms(fit)}
    for outcome in outcomes:
        known = outcome in spec.equations
        texts[say("R², {outcome}", outcome=label(outcome, short=True))] = (
            number(r2.get(outcome)) if known else ""
        )
    chisq, df = measures.get("chisq"), measures.get("df")
    texts["χ² (degrees of freedom)"] = _chisq(chisq, df)
    texts["p"] = p_value(measures.get("pvalue"))
    for name in ("cfi", "tli", "rmsea", "srmr", "aic", "bic"):
        texts[name.upper()] = number(measures.get(name))
    bounds = interval(measures.get("rmsea_ci_low"), measures.get("rmsea_ci_high"))
    texts["RMSEA"] = " ".join(filter(None, (texts["RMSEA"], bounds)))
    return texts


def _chisq(chisq: float | None, df: float | None) -> str:
    return NOT_ESTIMABLE if chisq is None or df is None else f"{number(chisq)} ({df:.0f})"


def _union_of(findings: Findings, members: Sequence[str]) -> str | None:
    """Return the member that is the union of others, if there is one."""
    return next((m for m in members if findings.models[m].readings), None)


def _tests_against_union(
    findings: Findings, country: str, wave: str, model: str, members: Sequence[str]
) -> dict[str, str]:
    """Return the tests of a reading within the union, blank for the union itself."""
    union_model = _union_of(findings, members)
    if union_model is None:
        return {}
    test = (findings.fit(country, wave, union_model).get("readings") or {}).get(model)
    heads = ("Against the union: LR χ² (d.f.)", "p (likelihood ratio)", "p (Wald)")
    if model not in findings.models[union_model].readings:
        return dict.fromkeys(heads, "")
    if test is None:
        return dict.fromkeys(heads, NOT_ESTIMABLE)
    texts = (
        _chisq(test.get("lr"), test.get("lr_df")),
        p_value(test.get("lr_p")),
        p_value(test.get("wald_p")),
    )
    return dict(zip(heads, texts, strict=True))


def _tests_note(findings: Findings, members: Sequence[str]) -> str:
    if _union_of(findings, members) is None:
        return ""
    return (
        "Against the union: the arrows that a reading leaves out are zero. The Wald test has the "
        "covariance of the standard errors; the likelihood ratio and χ² assume normal disturbances."
    )


def indices_table(findings: Findings, country: str, wave: str, members: Sequence[str]) -> Table:
    """Render the modification indices of the arrows that each reading leaves out."""
    cells = no_cells()
    for model in members:
        for index in findings.fit(country, wave, model).get("modification_indices") or []:
            arrow = label(f"{index['source']}{ARROW}{index['target']}")
            cells[_reading_head(model, members), arrow] = {
                "Index": number(index["mi"]),
                "p": p_value(index["p_value"]),
                "Expected coefficient, standardised": number(index["std_expected_change"]),
            }
    notes = [
        "Index: by how much χ² is expected to fall if the arrow were drawn, a score test with one "
        "degree of freedom that is robust where the standard errors are. Only the largest of each "
        "reading are shown; among many tests one below 0.05 is no discovery.",
        *ending(findings, country, _several(findings, country, wave, members), *members),
    ]
    return lay_out(two_level(cells), notes)


def effects_table(findings: Findings, country: str, wave: str, members: Sequence[str]) -> Table:
    """Render direct, indirect and total effects of path models side by side, with intervals."""
    columns = [(_reading_head(m, members), c) for m in members for c in SCALES]
    cells = no_cells()
    for model in members:
        rows = findings.rows(country, wave, model)
        head = _reading_head(model, members)
        for source, target in findings.models[model].effects:
            heading = f"{label(source)}{ARROW}{label(target)}"
            found = rows[(rows["outcome"] == target) & rows["term"].map(_is_effect(source, target))]
            for kind, column in product(EFFECTS, SCALES):
                cells[heading, say(EFFECTS[kind])][head, column] = NOT_ESTIMABLE
            for row in found.to_dict(orient="records"):
                cells[heading, _effect_label(row["term"])][head, row["column"]] = _effect_cell(row)
    frame = two_level(cells, order=_effect_order, columns=columns)
    frame.columns = frame.columns.set_levels(
        [say(text.capitalize()) for text in frame.columns.levels[1]], level=1
    )
    intervals = _interval_words(findings, country, wave, members)
    notes = [
        say(
            "In brackets 95 % confidence intervals: {intervals}. {stars}. A blank means that the "
            "reading has no such path.",
            intervals=intervals,
            stars=stars_note(),
        ),
        *ending(findings, country, _several(findings, country, wave, members), *members),
    ]
    return lay_out(frame, notes)


def _arrows(spec: Model) -> list[tuple[str, str]]:
    """Return the arrows of a path model as (target, source)."""
    return [(target, source) for target, sources in spec.equations.items() for source in sources]


def _arrow_cell(by_arrow: pd.DataFrame, arrow: tuple[str, str]) -> str:
    if arrow not in by_arrow.index:
        return NOT_ESTIMABLE
    row = by_arrow.loc[arrow]
    return with_error(row["estimate"], row["std_error"], row["p_value"])


def _effect_cell(row: Mapping[str, Any]) -> str:
    if row["status"] == FIXED:
        return ZERO_BY_ASSUMPTION
    error = row["std_error"]
    bounds = measured_interval(row["ci_low"], row["ci_high"], error)
    return cell(row["estimate"], bounds, p=row["p_value"], error=error)


def _is_effect(source: str, target: str) -> Callable[[str], bool]:
    kinds = {f"{kind}({source})" for kind in EFFECTS}
    start, end = source + ARROW, ARROW + target

    def check(term: str) -> bool:
        specific = term.startswith(start) and term.endswith(end)
        return term in kinds or specific

    return check


def _effect_label(term: str) -> str:
    kind = re.match(r"(direct|indirect|total)\(", term)
    if not kind:
        return say("via {path}", path=label(ARROW.join(term.split(ARROW)[1:-1]), short=True))
    return say(EFFECTS[kind[1]])


def _effect_order(name: str) -> int:
    order = {"direct": 0, "indirect": 2, "total": 3}
    return {say(EFFECTS[kind]): place for kind, place in order.items()}.get(name, 1)


def _reading_head(model: str, members: Sequence[str]) -> str:
    if len(members) == 1:
        return say("Model")
    return say("Reading “{reading}”", reading=say(reading(model, members)))


def _several(findings: Findings, country: str, wave: str, members: Sequence[str]) -> pd.DataFrame:
    return pd.concat([findings.rows(country, wave, m) for m in members])


def _path_covariance(rows: pd.DataFrame) -> str:
    arrows = rows[~rows["term"].str.contains(r"\(|→", regex=True)]
    kinds = [kind for kind in dict.fromkeys(arrows["cov_type"]) if kind]
    return ", ".join(covariance_name(kind, groups_in(rows)) for kind in kinds) or NOT_ESTIMABLE


def _interval_words(findings: Findings, country: str, wave: str, members: Sequence[str]) -> str:
    """Return how the intervals of effects came about."""
    rows = _several(findings, country, wave, members)
    kinds = [kind for kind in dict.fromkeys(rows["cov_type"]) if kind]
    draws = {
        (fit.get("bootstrap") or {}).get("draws")
        for model in members
        for fit in findings.fits(country, wave, model)
    } - {None}
    if "bootstrap" in kinds and draws:
        many = count(max(d for d in draws if d))
        return say("percentiles of {many} bootstrap samples, by which the stars go too", many=many)
    if "monte_carlo" in kinds and draws:
        return say(
            "percentiles of {many} {draws}, by which the stars go too",
            many=count(max(d for d in draws if d)),
            draws=covariance_name("monte_carlo"),
        )
    return say("delta method") if kinds else NOT_ESTIMABLE
