"""Coefficients and distributions of the outcomes of the leading regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cisflow.estimation.estimates import COEFFICIENT
from cisflow.publication.families import waves_of
from cisflow.publication.figures.canvas import (
    COLOURS,
    GREY,
    TALL,
    canvas,
    drawn,
    headings,
    legend_above,
    panels_of,
    points,
    rule,
)
from cisflow.publication.findings import Findings
from cisflow.publication.language import say
from cisflow.publication.tables.regressions import shown_quantity
from cisflow.publication.words import NOT_ESTIMABLE, WITHHELD, label, signed
from cisflow.study.models import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BESIDE = 4  # waves; more stand in further rows


@drawn
def coefficient_figure(findings: Findings, country: str, model: str) -> Figure:
    """Draw the longest column, a row per term, waves side by side: effects, or coefficients."""
    spec = findings.models[model]
    column = max(spec.columns, key=lambda name: len(spec.columns[name]))
    terms, quantity = spec.columns[column], shown_quantity(spec)
    waves = estimated_waves(findings, country, model)
    title, named = headings(findings, country, waves)
    columns, rows = panels_of(len(waves), MOST_BESIDE)
    height = 0.9 + (0.3 + 0.26 * len(terms)) * rows
    figure, panels = canvas(findings, height, columns, rows, title=title)
    for axes, wave, name in zip(panels, waves, named, strict=False):
        of = findings.main_rows(country, wave, model, quantity)
        _outcomes(axes, of[of["column"] == column], spec, terms)
        axes.set_title(name, loc="left")
    for axes in panels[len(waves) :]:
        axes.set_axis_off()
    panels[0].set_yticks(range(len(terms)), [label(term) for term in terms])
    panels[0].set_ylim(len(terms) - 0.5, -0.5)
    same_width(panels[: max(len(waves), 1)])
    units = union_of_units(spec.outcomes) if quantity != COEFFICIENT else ""
    what = "Coefficient" if quantity == COEFFICIENT else "Average effect on the share observed"
    ends = say("90 % (thick) and 95 % (thin) intervals")
    figure.supxlabel(f"{say(what)}{units}; {ends}", fontsize=9.5)
    legend_above(figure, panels[0])
    return figure


def estimated_waves(findings: Findings, country: str, model: str) -> list[str]:
    """Return the waves in which a model could be estimated: of others there is nothing to draw."""
    waves = waves_of(findings.models[model], findings.countries[country])
    return [wave for wave in waves if not findings.why_not(country, wave, model)]


def union_of_units(outcomes: Sequence[str]) -> str:
    """Return the unit of outcomes that share one, in brackets."""
    units = {label(outcome).partition("(% ")[2].rstrip(")") for outcome in outcomes}
    if len(units) > 1 or units == {""}:
        return ""
    return f" ({say('percentage points')} {units.pop()})"


def same_width(panels: Sequence[Axes]) -> None:
    """Give panels that stand side by side the same axis."""
    bounds = np.array([axes.get_xlim() for axes in panels])
    for axes in panels:
        axes.set_xlim(bounds[:, 0].min(), bounds[:, 1].max())


def _outcomes(axes: Axes, rows: pd.DataFrame, spec: Model, terms: Sequence[str]) -> None:
    """Draw the estimates of one wave, outcomes above one another within a term's row."""
    step = 0.5 / max(len(spec.outcomes), 1)
    for i, outcome in enumerate(spec.outcomes):
        of = rows[rows["outcome"] == outcome].drop_duplicates("term").set_index("term")
        y = np.arange(len(terms)) + (i - (len(spec.outcomes) - 1) / 2) * step
        _points(axes, of.reindex(terms), y, i, label(outcome, short=True))
    axes.axvline(0, color=GREY, linewidth=0.8, zorder=0)
    rule(axes)


def _points(axes: Axes, of: pd.DataFrame, y: np.ndarray, i: int, name: str) -> None:
    """Draw points with intervals; what is not estimable stands as words on the zero line."""
    columns = ["estimate", "ci_low", "ci_high", "std_error"]
    b, low, high, errors = of[columns].to_numpy(dtype=float).T
    points(axes, b, np.array([low, high]), y, i, errors, label=name)
    for at in y[~np.isfinite(b)]:
        axes.annotate(
            NOT_ESTIMABLE,
            (0, at),
            (4 + 22 * i, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=COLOURS[i % 4],
            bbox={"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none"},
        )


@drawn
def outcome_figure(findings: Findings, country: str, model: str) -> Figure:
    """Draw how many firms stand at each limit of the outcomes and in classes between, by wave."""
    outcomes = findings.models[model].outcomes
    everywhere = findings.countries[country]
    about = {wave: findings.description(country, wave, model) or {} for wave in everywhere}
    waves = [wave for wave, of in about.items() if any((of.get("distributions") or {}).values())]
    title, named = headings(findings, country, waves)
    number = max(len(waves), 1)
    height = min(1.75 * number + 0.35, TALL)
    figure, panels = canvas(findings, height, len(outcomes), number, title=title)
    top = 10.0
    for row, (wave, name) in enumerate(zip(waves, named, strict=True)):
        known = {v["variable"]: v["n"] for v in about[wave]["variables"]}
        for j, outcome in enumerate(outcomes):
            axes = panels[row * len(outcomes) + j]
            cells = about[wave]["distributions"].get(outcome) or []
            axes.set_title(", ".join(filter(None, [label(outcome, short=True), name])))
            top = max(top, _bars(axes, cells, known[outcome]) if cells else 0)
            axes.set_xlabel(say("Share of turnover (%)") if row == len(waves) - 1 else "")
        panels[row * len(outcomes)].set_ylabel(say("Firms (%)"))
    panels[0].set_ylim(0, 1.18 * top)
    return figure


def _bars(axes: Axes, cells: Sequence[Mapping[str, Any]], n: int) -> float:
    """Draw one bar per class and return the highest; withheld classes carry a sign."""
    import seaborn as sns

    names = [_class_name(cell) for cell in cells]
    shares = [100 * (cell["firms"] or 0) / n for cell in cells]
    limits = ["at a limit" if cell["class"] != "between" else "between" for cell in cells]
    sns.barplot(
        x=names,
        y=shares,
        hue=limits,
        hue_order=["at a limit", "between"],
        palette=list(COLOURS[:2][::-1]),
        legend=False,
        saturation=1,
        ax=axes,
    )
    for x, (cell, share) in enumerate(zip(cells, shares, strict=True)):
        text = WITHHELD if cell["suppressed"] else signed(f"{share:.0f}")
        axes.annotate(text, (x, share), (0, 2), textcoords="offset points", ha="center", fontsize=8)
    axes.tick_params(axis="x", rotation=45)
    return max(shares)


def _class_name(cell: Mapping[str, Any]) -> str:
    if cell["class"] != "between":
        return f"{cell['up_to']:g}"
    return f"{cell['above']:g}–{cell['up_to']:g}"
