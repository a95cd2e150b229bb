"""Coefficients and distributions of the outcomes of the leading regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cisflow.estimation.estimates import COEFFICIENT
from cisflow.publication.figures.canvas import COLOURS, GREY, canvas, drawn, points, rule
from cisflow.publication.findings import Findings
from cisflow.publication.tables.regressions import shown_quantity
from cisflow.publication.words import NOT_ESTIMABLE, WITHHELD, covariance_name, label, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@drawn
def coefficient_figure(findings: Findings, country: str, wave: str, model: str) -> Figure:
    """Draw the longest column, a row per term, outcomes side by side: effects, or coefficients."""
    spec = findings.models[model]
    column = max(spec.columns, key=lambda name: len(spec.columns[name]))
    terms = spec.columns[column]
    figure, (axes,) = canvas(findings, 0.95 + 0.235 * len(terms))
    quantity = shown_quantity(spec)
    rows = findings.main_rows(country, wave, model, quantity)
    rows = rows[rows["column"] == column]
    step = 0.5 / max(len(spec.outcomes), 1)
    for i, outcome in enumerate(spec.outcomes):
        of = rows[rows["outcome"] == outcome].drop_duplicates("term").set_index("term")
        of = of.reindex(terms)
        y = np.arange(len(terms)) + (i - (len(spec.outcomes) - 1) / 2) * step
        _points(axes, of, y, i, label(outcome, short=True))
    axes.axvline(0, color=GREY, linewidth=0.8, zorder=0)
    axes.set_yticks(range(len(terms)), [label(term) for term in terms])
    axes.set_ylim(len(terms) - 0.5, -0.5)
    rule(axes)
    kinds = [kind for kind in rows["cov_type"] if kind]
    errors = f"\nStandard errors: {covariance_name(kinds[0])}" if kinds else ""
    number = "Coefficient" if quantity == COEFFICIENT else "Average effect on the observed share"
    points = "" if quantity == COEFFICIENT else " (points)"
    axes.set_xlabel(f"{number} with 95 % confidence interval{points}{errors}")
    why = findings.why_not(country, wave, model)
    axes.set_title(
        f"{findings.place(country, wave)}" + (f": not estimable: {why}" if why else ""),
        loc="left",
    )
    figure.legend(loc="outside lower center", ncols=len(spec.outcomes), frameon=False)
    return figure


def _points(axes: Axes, of: pd.DataFrame, y: np.ndarray, i: int, name: str) -> None:
    """Draw points with intervals; what is not estimable stands as words on the zero line."""
    b, *bounds = of[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=float).T
    points(axes, b, np.array(bounds), y, i, label=name)
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
def outcome_figure(findings: Findings, country: str, wave: str, model: str) -> Figure:
    """Draw how many firms stand at each limit of the outcomes and in classes between."""
    outcomes = findings.models[model].outcomes
    about = findings.description(country, wave, model) or {}
    figure, panels = canvas(findings, 2.5, columns=len(outcomes))
    top = 10.0
    for axes, outcome in zip(panels, outcomes, strict=True):
        cells = (about.get("distributions") or {}).get(outcome) or []
        axes.set_title(f"{label(outcome, short=True)}: {findings.place(country, wave)}")
        axes.set_xlabel("Share of turnover (%)")
        if cells:
            known = {v["variable"]: v["n"] for v in about["variables"]}
            top = max(top, _bars(axes, cells, known[outcome]))
        else:
            axes.set_yticks([])
            axes.set_xticks([])
            axes.text(0.5, 0.5, "no observations", ha="center", transform=axes.transAxes)
    panels[0].set_ylim(0, 1.18 * top)
    panels[0].set_ylabel("Firms (%)")
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
