"""Figures of balances: by lag, by path, and small firms beside large ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cisflow.publication.families import balance_of
from cisflow.publication.figures.canvas import (
    COLOURS,
    GREY,
    MARKERS,
    canvas,
    drawn,
    legend,
    points,
    rule,
)
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.words import NOT_ESTIMABLE, group_label, interval, label, number
from cisflow.study.balance_terms import (
    BALANCE,
    COST,
    EVERYONE,
    LESS,
    PERCENTILE,
    PROBABILITY,
    RETURN,
    SCALES,
    column_of,
    outcome_of,
    split_column,
)
from cisflow.study.claims import ARROW
from cisflow.study.models import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLACK = "#222222"
SHOWN = {COST: ("Cost", COLOURS[1]), RETURN: ("Return", COLOURS[0]), BALANCE: ("Balance", BLACK)}
STANDARDISED, RAW = SCALES
MOST_GROUPS = 4


# --- by lag ------------------------------------------------------------------------------------


@drawn
def lag_figure(findings: Findings, country: str, wave: str, model: str) -> Figure:
    """Draw cost, return and balance over the lags: all firms with bands, groups as lines."""
    spec = findings.models[model]
    rows = _percentile_rows(findings, country, wave, model)
    first = (spec.by or [""])[0]
    groups = [split_column(column)[1] for column in dict.fromkeys(rows["column"])]
    of_first = [g for g in dict.fromkeys(groups) if _variable(g) == first and LESS not in g]
    shown = list(dict.fromkeys([EVERYONE, *of_first]))[:MOST_GROUPS]
    title = _place(findings, country, wave, model)
    figure, panels = canvas(findings, 2.9, columns=len(SHOWN), title=title)
    for axes, (part, (shown_as, _)) in zip(panels, SHOWN.items(), strict=True):
        name = say(shown_as)
        axes.axhline(0, color=GREY, linewidth=0.8, zorder=0)
        of_part = rows[rows["term"] == part]
        for i, group in enumerate(shown):
            _line(axes, of_part[of_part["column"] == column_of(STANDARDISED, group)], spec, i)
        axes.set_title(name, loc="left")
        axes.set_xticks(spec.lags)
        axes.set_xlim(min(spec.lags) - 0.4, max(spec.lags) + 0.4)
        axes.set_xlabel(say("Years after the survey"))
    panels[0].set_ylabel(say("Standard deviations"))
    names = [group_label(group) for group in shown]
    names[0] = say("{group}, with 95 % band", group=names[0])
    handles = panels[0].get_lines()[1:]
    legend(figure, handles, names)
    return figure


def _line(axes: Axes, rows: pd.DataFrame, spec: Model, i: int) -> None:
    """Draw one group's line, the first with its band; a lag without an estimate breaks it."""
    lags = np.array(spec.lags, dtype=float)
    of = rows.drop_duplicates("outcome").set_index("outcome")
    of = of.reindex([outcome_of(balance_of(spec).target, lag) for lag in spec.lags])
    b, low, high = of[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=float).T
    colour = (BLACK, *COLOURS)[i]
    axes.plot(
        lags,
        b,
        marker=MARKERS[i % 4],
        color=colour,
        linestyle=("-", "--", ":", "-.")[i % 4],
        linewidth=1.8 if i == 0 else 1.2,
        markersize=4.5,
        zorder=3 if i == 0 else 2,
    )
    if i > 0:
        return
    axes.fill_between(lags, low, high, color="#d9d9d9", linewidth=0, zorder=0)
    style: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 8, "color": GREY}
    for lag in lags[np.isnan(b)]:
        at = axes.get_xaxis_transform()
        axes.text(lag, 0.02, NOT_ESTIMABLE, transform=at, rotation=90, **style)


def _place(findings: Findings, country: str, wave: str, model: str) -> str:
    """Return country and wave, and why there is nothing to see where that is so."""
    why, place = findings.why_not(country, wave, model), findings.place(country, wave)
    return f"{place} ({NOT_ESTIMABLE}: {retold(why)})" if why else place


# --- by path -----------------------------------------------------------------------------------


@drawn
def decomposition_figure(findings: Findings, country: str, wave: str, model: str) -> Figure:
    """Draw what each path adds to cost or return, and the sums, as bars with intervals."""
    spec = findings.models[model]
    rows = _percentile_rows(findings, country, wave, model)
    of = rows[rows["column"] == STANDARDISED].drop_duplicates("term").set_index("term")
    bars = list(_bars(list(of.index), spec))
    title = _place(findings, country, wave, model)
    figure, (axes,) = canvas(findings, 0.85 + 0.24 * len(bars), title=title)
    for y, (term, _, colour, is_sum) in enumerate(bars):
        _bar(axes, y, of.loc[term] if term in of.index else None, colour, is_sum=is_sum)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_yticks(range(len(bars)), [text for _, text, _, _ in bars])
    for tick, (*_, is_sum) in zip(axes.get_yticklabels(), bars, strict=True):
        tick.set_fontweight("bold" if is_sum else "normal")
    axes.set_ylim(len(bars) - 0.4, -0.6)
    words = say(
        "{source} on {target}, standard deviations, with 95 % bootstrap intervals",
        source=label(balance_of(spec).source, short=True),
        target=label(balance_of(spec).target, short=True).lower(),
    )
    figure.supxlabel(words, fontsize=9)
    rule(axes)
    return figure


def _bars(terms: Sequence[str], spec: Model) -> list[tuple[str, str, str, bool]]:
    """Return term, label, colour and whether it is a sum, of every bar from top to bottom."""
    through = balance_of(spec).return_through
    paths = [term for term in terms if ARROW in term]
    bars: list[tuple[str, str, str, bool]] = []
    for part in (COST, RETURN):
        name, colour = say(SHOWN[part][0]), SHOWN[part][1]
        own = [p for p in paths if (through in p.split(ARROW)[1:-1]) == (part == RETURN)]
        bars.append((part, name, colour, True))
        bars += [(path, _path_label(path), _pale(colour), False) for path in own]
    return [*bars, (BALANCE, say(SHOWN[BALANCE][0]), SHOWN[BALANCE][1], True)]


def _pale(colour: str) -> str:
    """Return a colour half way to white."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{(part + 255) // 2:02x}" for part in parts)


def _path_label(path: str) -> str:
    between = path.split(ARROW)[1:-1]
    if not between:
        return say("direct")
    return say("via {path}", path=label(ARROW.join(between), short=True))


def _bar(axes: Axes, y: int, row: pd.Series | None, colour: str, *, is_sum: bool) -> None:
    if row is None or not np.isfinite(row["estimate"]):
        axes.text(0, y, f" {NOT_ESTIMABLE}", va="center", fontsize=8, color=GREY)
        return
    bounds = [[row["estimate"] - row["ci_low"]], [row["ci_high"] - row["estimate"]]]
    axes.barh(
        y,
        row["estimate"],
        height=0.62,
        color=colour,
        xerr=np.abs(np.nan_to_num(bounds)),
        error_kw={"ecolor": "#888888" if is_sum else BLACK, "elinewidth": 1.0, "capsize": 2.0},
    )


# --- by group ----------------------------------------------------------------------------------


@drawn
def groups_figure(findings: Findings, country: str, wave: str, model: str) -> Figure:
    """Draw cost, return and balance of the groups of each variable, in percentage points."""
    spec = findings.models[model]
    rows = _percentile_rows(findings, country, wave, model)
    rows = rows[rows["column"].str.startswith(RAW)]
    groups = [split_column(column)[1] for column in rows["column"]]
    rows = rows.assign(group=groups, variable=[_variable(group) for group in groups])
    title = _place(findings, country, wave, model)
    figure, panels = canvas(findings, 3.2, columns=len(spec.by), title=title)
    for axes, variable in zip(panels, spec.by, strict=True):
        of = rows[rows["variable"] == variable]
        _dots(axes, of[~of["column"].str.contains(LESS)])
        axes.axvline(0, color=GREY, linewidth=0.8, zorder=0)
        axes.set_title(_differences(of), loc="left", fontsize=8.5)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), frameon=False)
    panels[0].set_yticks(range(len(SHOWN)), [say(name) for name, _ in SHOWN.values()])
    panels[0].set_ylim(len(SHOWN) - 0.5, -0.5)
    about = balance_of(spec)
    source = label(about.source, short=True).lower()
    text = "{target} in percentage points per unit of {source}, with 95 % bootstrap intervals"
    figure.supxlabel(say(text, target=label(about.target), source=source), fontsize=9)
    bounds = np.array([axes.get_xlim() for axes in panels])
    for axes in panels:
        axes.set_xlim(bounds[:, 0].min(), bounds[:, 1].max())
    return figure


def _dots(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw one marker with its interval per group and part."""
    groups = list(dict.fromkeys(rows["group"]))
    step = 0.5 / max(len(groups), 1)
    for i, group in enumerate(groups):
        of = rows[rows["group"] == group].drop_duplicates("term").set_index("term")
        of = of.reindex(list(SHOWN))[["estimate", "ci_low", "ci_high"]].astype(float)
        y = np.arange(len(SHOWN)) + (i - (len(groups) - 1) / 2) * step
        b, *bounds = of.to_numpy().T
        absent = "" if np.isfinite(b).any() else f" ({NOT_ESTIMABLE})"
        points(axes, b, np.array(bounds), y, i, label=f"{group_label(group)}{absent}")
    rule(axes)


def _differences(rows: pd.DataFrame) -> str:
    """Return the differences of the balances in words; of several, which groups each is of."""
    of = rows[rows["term"] == BALANCE]
    of = of[of["column"].str.contains(LESS)]
    plain = say("Difference of balances")
    texts = [
        f"{plain if len(of) == 1 else group_label(row['group'])}: "
        f"{number(row['estimate'], 2)} "
        f"{interval(row['ci_low'], row['ci_high'], 2)}"
        for row in of.to_dict(orient="records")
    ]
    return "\n".join(texts) or f"{plain}: {NOT_ESTIMABLE}"


# --- by step -----------------------------------------------------------------------------------


@drawn
def steps_figure(findings: Findings, country: str, wave: str, model: str) -> Figure:
    """Draw cost, return and balance of each step, in percentage points."""
    spec = findings.models[model]
    rows = _percentile_rows(findings, country, wave, model)
    title = _place(findings, country, wave, model)
    figure, (axes,) = canvas(findings, 1.3 + 0.42 * len(spec.steps), title=title)
    for i, (part, (name, colour)) in enumerate(SHOWN.items()):
        of = rows[rows["term"] == part].drop_duplicates("column").set_index("column")
        of = of.reindex([column_of(RAW, step) for step in spec.steps])
        b, low, high = of[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=float).T
        y = np.arange(len(b)) + (i - 1) * 0.22
        style: dict[str, Any] = {"color": colour, "markersize": 4.5, "linewidth": 1.2, "capsize": 2}
        points(axes, b, np.array([low, high]), y, i, label=say(name), **style)
    for place in np.flatnonzero(~np.isfinite(b)):
        axes.text(0, float(place), f" {NOT_ESTIMABLE}", va="center", fontsize=8, color=GREY)
    axes.axvline(0, color=GREY, linewidth=0.8, zorder=0)
    names = [label(step, short=True) for step in spec.steps]
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    rule(axes)
    text = "{target} in percentage points, effect of each step, with 95 % bootstrap intervals"
    figure.supxlabel(say(text, target=label(balance_of(spec).target)), fontsize=9)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    return figure


# --- rows --------------------------------------------------------------------------------------


def _percentile_rows(findings: Findings, country: str, wave: str, model: str) -> pd.DataFrame:
    """Return the rows with percentile intervals, and those that say why there is none."""
    rows = findings.rows(country, wave, model)
    kept = rows["cov_type"].isin([PERCENTILE, ""]) & (rows["term"] != PROBABILITY)
    return rows[kept & (rows["column"] != "")]


def _variable(group: str) -> str:
    """Return the variable a group, or a difference of groups, belongs to; none for all firms."""
    if group == EVERYONE:
        return ""
    return group.partition(LESS)[0].removeprefix("not ").partition("=")[0]
