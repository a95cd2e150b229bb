"""Tables of balances: cost, return and what is left, by group of firms or by lag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cisflow.estimation.estimates import FIXED
from cisflow.panel.attrition import JOINT, WEIGHT
from cisflow.publication.families import balance_of
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.tables.layout import (
    ZERO_BY_ASSUMPTION,
    Cells,
    Table,
    cell,
    lay_out,
    no_cells,
    two_level,
)
from cisflow.publication.tables.notes import ending
from cisflow.publication.words import (
    NOT_ESTIMABLE,
    WEIGHTS,
    brief_interval,
    count,
    group_label,
    inline,
    label,
    number,
    p_value,
    sentence,
    stars_note,
)
from cisflow.study.balance_terms import (
    BALANCE,
    BCA,
    COST,
    DIRECT,
    EVERYONE,
    HORIZON,
    LESS,
    OTHERS,
    PERCENTILE,
    PROBABILITY,
    RETURN,
    SCALES,
    column_of,
    difference,
    outcome_of,
    split_column,
    through,
)
from cisflow.study.models import Model

FIRMS, ALL, WEIGHTED = "Firms", "All", "All, weighted"
BCA_ROW = "Balance, BCa interval"
STEPS_NOTE = (
    "Each column is the effect of one more type of partner: of having any, of a second one, and so "
    "on; all are in one model in place of the number of types."
)
P_ROWS = {"p": "Balance, p", "p_holm": "Balance, p (Holm)"}


def balance_table(findings: Findings, country: str, wave: str, model: str) -> Table:
    """Render cost, return and balance: a column per group of firms, or per lag of a scan.

    With lags each group has a block of rows, standardised; the whole also has one in raw units. Of
    a scan the BCa intervals are in the estimates alone, so that the table fits a page.
    """
    spec = findings.models[model]
    rows = findings.rows(country, wave, model)
    rows = rows[rows["term"] != HORIZON]
    scanned = bool(spec.lags)
    if scanned:
        rows = rows[~rows["column"].str.contains(LESS)]
    by = _by_lag if scanned else _by_step if spec.steps else _by_group
    about = balance_of(spec)
    draws = findings.settings["bootstrap"]["draws"]
    notes = [
        say(
            "The total effect of {source} on {target}, by paths. Return: all paths through "
            "{through}; cost: all others. In brackets 95 % intervals, percentiles of {draws} "
            "bootstrap samples, by which the stars go too. {stars}. P(cost > return): share of "
            "these samples with a balance below zero.",
            source=inline(about.source),
            target=inline(about.target),
            through=inline(about.return_through),
            draws=count(draws),
            stars=stars_note(),
        ),
        STEPS_NOTE if spec.steps else "",
        _steps_tested(rows, spec) if spec.steps else "",
        *_horizon_note(findings, country, wave, model),
        *_weights_notes(findings, country, wave, model),
        *ending(findings, country, rows, model),
    ]
    return lay_out(two_level(by(rows, spec)), notes)


def step_tests(rows: pd.DataFrame, spec: Model) -> pd.DataFrame:
    """Return the test that each step's balance is zero, alone and as one of all of them.

    Parameters
    ----------
    rows
        The tidy estimates of one model in one country and wave.
    spec
        A balance with ``steps``.

    Returns
    -------
    pandas.DataFrame
        A row per step that was tested: ``step``, ``estimate``, ``p`` and ``p_holm``, adjusted for
        the number of rows (Holm 1979).
    """
    from statsmodels.stats.multitest import multipletests

    of = rows[(rows["term"] == BALANCE) & (rows["cov_type"] == PERCENTILE)]
    steps = {column_of(SCALES[1], step): step for step in spec.steps}
    tested = of[of["column"].isin(steps) & of["p_value"].notna()].drop_duplicates("column")
    p = tested["p_value"].to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "step": tested["column"].map(steps).to_list(),
            "estimate": tested["estimate"].to_numpy(dtype=float),
            "p": p,
            "p_holm": multipletests(p, method="holm")[1] if len(p) else p,
        }
    )


def _steps_tested(rows: pd.DataFrame, spec: Model) -> str:
    """Say for how many tests the adjusted p-values are."""
    tested = len(step_tests(rows, spec))
    text = "p (Holm): adjusted for {tested} tests, one per step."
    return say(text, tested=tested) if tested > 1 else ""


def part_labels(spec: Model) -> dict[str, str]:
    """Return what to call each part of a balance, in the order they are shown."""
    about = balance_of(spec)
    returned = label(about.return_through, short=True).lower()
    cost = label(about.cost_through, short=True).lower()
    return {
        COST: say("Cost"),
        DIRECT: say("– direct"),
        through(about.cost_through): say("– through {cost}", cost=cost),
        OTHERS: say("– other paths"),
        RETURN: say("Return through {returned}", returned=returned),
        BALANCE: say("Balance"),
    }


def _by_group(rows: pd.DataFrame, spec: Model) -> Cells:
    """Return the cells of a table with a column per group, a block of rows per scale."""
    cells = no_cells()
    rows = rows[rows["outcome"] == balance_of(spec).target]
    order = [say(ALL), *(label(variable, short=True) for variable in spec.by or []), say(WEIGHTED)]
    columns = sorted(
        dict.fromkeys(rows["column"]),
        key=lambda c: (SCALES.index(split_column(c)[0]), order.index(_head(split_column(c)[1])[0])),
    )
    for column in columns:
        scale, group = split_column(column)
        heading, of = _scale_heading(scale, spec), rows[rows["column"] == column]
        counted = LESS not in group
        _fill(cells, heading, _head(group), of, spec, counted=counted)
    return cells


def _by_step(rows: pd.DataFrame, spec: Model) -> Cells:
    """Return the cells of a table with a column per step, raw."""
    cells = no_cells()
    text = "Raw: {target} in percentage points, effect of each step"
    heading = say(text, target=inline(balance_of(spec).target))
    tests = step_tests(rows, spec).set_index("step")
    for step in spec.steps:
        of = rows[rows["column"] == column_of(SCALES[1], step)]
        name = label(step, short=True)
        _fill(cells, heading, name, of, spec, counted=True)
        for kind, words in P_ROWS.items():
            known = step in tests.index
            cells[heading, words][name] = (
                p_value(float(tests[kind][step])) if known else NOT_ESTIMABLE
            )
    return cells


def _by_lag(rows: pd.DataFrame, spec: Model) -> Cells:
    """Return the cells of a table with a column per lag, a block of rows per group."""
    cells = no_cells()
    groups = list(dict.fromkeys(rows["column"]))
    wanted = [c for c in groups if split_column(c)[0] == SCALES[0]]
    wanted += [c for c in groups if c == SCALES[1]]
    for column in wanted:
        scale, group = split_column(column)
        heading = f"{group_label(group)}. {_scale_heading(scale, spec)}"
        for lag in spec.lags:
            of = (rows["outcome"] == outcome_of(balance_of(spec).target, lag)) & (
                rows["column"] == column
            )
            name = say("Years after the survey"), str(lag)
            # What is counted is the same on both scales, and told with the first.
            counted = scale == SCALES[0]
            _fill(cells, heading, name, rows[of], spec, counted=counted)
    return {key: cell for key, cell in cells.items() if key[1] != BCA_ROW}


def _fill(
    cells: Cells,
    heading: str,
    name: Any,
    rows: pd.DataFrame,
    spec: Model,
    *,
    counted: bool,
) -> None:
    """Write one column's parts under a heading, and where asked its firms."""
    found = {kind: rows[rows["cov_type"] == kind].set_index("term") for kind in (PERCENTILE, BCA)}
    main = found[PERCENTILE]
    for part, text in part_labels(spec).items():
        if part == OTHERS and part not in main.index:
            continue
        cells[heading, text][name] = _part_cell(main, part)
    bca = found[BCA]
    text = NOT_ESTIMABLE
    if BALANCE in bca.index:
        text = _unbroken(bca.loc[BALANCE]) or NOT_ESTIMABLE
    cells[heading, BCA_ROW][name] = text
    if counted:
        share = main["estimate"].get(PROBABILITY)
        cells[heading, PROBABILITY][name] = number(share)
        size = main["n"].get(BALANCE)
        cells[heading, FIRMS][name] = NOT_ESTIMABLE if size is None else count(size)


def _unbroken(row: pd.Series) -> str:
    """Return an interval that stays on one line."""
    return brief_interval(row["ci_low"], row["ci_high"], unbroken=True)


def _part_cell(main: pd.DataFrame, part: str) -> str:
    if part not in main.index:
        return NOT_ESTIMABLE
    row = main.loc[part]
    if row["status"] == FIXED:
        return ZERO_BY_ASSUMPTION
    return cell(row["estimate"], _unbroken(row), p=row["p_value"])


def _head(group: str) -> tuple[str, str]:
    """Return the two levels of a group's heading: by what, and which."""
    if group == EVERYONE:
        return say(ALL), say("firms")
    first, less, second = group.partition(LESS)
    if first in WEIGHTS:
        return say(WEIGHTED), say("Difference") if less else sentence(say(WEIGHTS[first][0]))
    variable, equals, level = first.removeprefix("not ").partition("=")
    top = label(variable, short=True)
    if less:
        pair = say("{first} less {second}", first=say(level), second=say(second.partition("=")[2]))
        return top, pair if equals else say("Difference")
    return top, say(level) if equals else say("No" if first.startswith("not ") else "Yes")


def _scale_heading(scale: str, spec: Model) -> str:
    about = balance_of(spec)
    if scale == SCALES[0]:
        return say("Standardised")
    text = "Raw: {target} in percentage points per unit of {source}"
    return say(text, target=inline(about.target), source=inline(about.source))


def _weights_notes(findings: Findings, country: str, wave: str, model: str) -> list[str]:
    """Say what weights against the loss of firms are, who is lost, and whether it matters."""
    spec = findings.models[model]
    if len(spec.weightings) == 1 or WEIGHT not in spec.weightings:
        return []
    rows = findings.rows(country, wave, model)
    columns = {scale: column_of(scale, difference(WEIGHT, EVERYONE)) for scale in SCALES}
    raw = rows[(rows["column"] == columns[SCALES[1]]) & (rows["cov_type"] == PERCENTILE)]
    gap = raw[(raw["term"] == BALANCE) & raw["ci_low"].notna()]
    told = [
        "With weights: each firm counts by the inverse of its probability to have accounts, by the "
        "logit of the table of who is lost, so that the firms with accounts stand for all; the "
        "probabilities are taken as known, which makes intervals rather too wide than too narrow "
        "(Wooldridge 2007). Differences are of the same bootstrap samples.",
        _lost(findings, country, wave),
    ]
    for row in gap.to_dict(orient="records"):
        bounds = brief_interval(row["ci_low"], row["ci_high"])
        sure = row["ci_low"] > 0 or row["ci_high"] < 0
        text = (
            "Whether the loss matters for the raw balance: weighted less unweighted {size} "
            "percentage points, {bounds}: {words}."
        )
        words = say("it matters") if sure else say("no difference is found")
        size = number(row["estimate"])
        told.append(say(text, size=size, bounds=bounds, words=words))
    return told


def _lost(findings: Findings, country: str, wave: str) -> str:
    """Return what share of firms has accounts, and whether that depends on what is known."""
    about = findings.attrition.get(country, {})
    everyone = [s for s in about.get("shares", []) if s["wave"] == wave and s["by"] == "all"]
    joint = [s for s in about.get("selectivity", []) if s["wave"] == wave and s["term"] == JOINT]
    if not everyone or everyone[0].get("share") is None:
        return ""
    share = f"{100 * everyone[0]['share']:.0f}"
    if not joint or joint[0].get("p_value") is None:
        return say("{share} % of the wave’s firms have accounts.", share=share)
    return say(
        "{share} % of the wave’s firms have accounts; that they do depends on size, R&D, group and "
        "industry: {test}.",
        share=share,
        test=_p(joint[0]),
    )


def _p(joint: Mapping[str, Any]) -> str:
    p = p_value(joint["p_value"])
    told = p if p.startswith("<") else f"= {p}"
    return f"χ²({joint['df']:.0f}) = {number(joint['statistic'], 1)}, p {told}"


def _horizon_note(findings: Findings, country: str, wave: str, model: str) -> list[str]:
    """Return in words when the balance turns, where lags were scanned."""
    for fit in findings.fits(country, wave, model):
        if "horizon" in fit:
            told = [f"{group_label(group)}: {retold(of)}" for group, of in fit["horizon"].items()]
            return [say("By the estimates. {told}.", told="; ".join(told))]
    return []
