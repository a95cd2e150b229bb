"""Whether firms with and without a yes/no are alike: balance and overlap of propensities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.estimators.selection.balance import NEGLIGIBLE
from cisflow.publication.figures.canvas import COLOURS, GREY, MARKERS, canvas, drawn, legend, rule
from cisflow.publication.findings import Findings
from cisflow.publication.language import numeral, retold, say
from cisflow.publication.words import WITHHELD, label, small

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ABOVE: dict[str, Any] = {"zorder": 3, "clip_on": False}
WHEN = {"before": "Difference before weighting", "after": "Difference after weighting"}
SIDES = {"with": "Firms with it", "without": "Firms without it"}


@drawn
def overlap_figure(findings: Findings, country: str, wave: str, model: str) -> Figure:
    """Draw, a row per yes/no, standardised differences and the firms by their propensity."""
    spec = findings.models[model]
    fits = _one_per_column(findings.fits(country, wave, model), list(spec.columns))
    if not fits:
        return _nothing(findings, country, wave, model)
    most = max(len(fit["balance"]) for fit in fits)
    height = 1.1 + (0.75 + 0.24 * most) * len(fits)
    place = findings.place(country, wave)
    figure, panels = canvas(findings, height, columns=2, rows=len(fits), title=place, share=False)
    for i, fit in enumerate(fits):
        left, right = panels[2 * i], panels[2 * i + 1]
        _differences(left, fit["balance"])
        left.set_title(label(fit["treatment"]), loc="left")
        _propensities(right, fit["overlap"], fit["bounds"])
    panels[-2].set_xlabel(say("Standardised difference, absolute"))
    panels[-1].set_xlabel(say("Propensity (probability)"))
    handles, names = panels[0].get_legend_handles_labels()
    more = panels[1].get_legend_handles_labels()
    legend(figure, [*handles, *more[0]], [*names, *more[1]])
    return figure


def _one_per_column(
    fits: Sequence[Mapping[str, Any]], columns: Sequence[str]
) -> list[Mapping[str, Any]]:
    """Return the first fit of each column that has a balance: it is the same for all outcomes."""
    known = [fit for fit in fits if fit.get("balance") and fit.get("overlap")]
    found = (next((f for f in known if f["column"] == column), None) for column in columns)
    return [fit for fit in found if fit is not None]


def _differences(axes: Axes, balance: Mapping[str, Mapping[str, float | None]]) -> None:
    """Draw each regressor's difference before and after; one that is withheld carries a sign."""
    y = np.arange(len(balance))
    for i, (when, words) in enumerate(WHEN.items()):
        x = np.abs(np.array([of[when] for of in balance.values()], dtype=float))
        style: dict[str, Any] = {
            "facecolor": "white" if i == 0 else COLOURS[i],
            "edgecolor": COLOURS[i],
        }
        axes.scatter(x, y, marker=MARKERS[i], s=26, label=say(words), **style, **ABOVE)
        for at in y[np.isnan(x)]:
            axes.annotate(
                WITHHELD, (0, at), (4, 0), textcoords="offset points", va="center", fontsize=7,
                color=GREY,
            )  # fmt: skip
    axes.axvline(NEGLIGIBLE, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    axes.set_yticks(y, [label(name, short=True) for name in balance])
    axes.set_ylim(len(balance) - 0.5, -0.5)
    axes.set_xlim(left=0)
    rule(axes)


def _propensities(
    axes: Axes, overlap: Mapping[str, Sequence[Any]], bounds: Sequence[float]
) -> None:
    """Draw firms with it upwards and firms without it downwards; withheld bins carry a sign."""
    edges = np.array(overlap["edges"], dtype=float)
    middle, width = (edges[1:] + edges[:-1]) / 2, 0.9 * np.diff(edges)
    for i, (side, sign) in enumerate((("with", 1), ("without", -1))):
        heights = [sign * (n or 0) for n in overlap[side]]
        axes.bar(middle, heights, width, color=COLOURS[i], label=say(SIDES[side]), zorder=2)
        for x, n in zip(middle, overlap[side], strict=True):
            if n is None:
                axes.annotate(
                    WITHHELD, (x, 0), (0, 3 if sign > 0 else -9), textcoords="offset points",
                    ha="center", fontsize=7, color=GREY,
                )  # fmt: skip
    for bound in bounds:
        axes.axvline(bound, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.set_xlim(0, 1)
    axes.yaxis.set_major_formatter(lambda value, _: numeral(f"{abs(value):,.0f}"))
    axes.set_ylabel(say("Firms"))


def _nothing(findings: Findings, country: str, wave: str, model: str) -> Figure:
    figure, (axes,) = canvas(findings, 1.2)
    why = findings.why_not(country, wave, model) or "no column has an estimate"
    axes.set_axis_off()
    place = findings.place(country, wave)
    told = f"{place}: {say('not estimable')}: {small(retold(why))}"
    axes.text(0, 0.5, told, transform=axes.transAxes, wrap=True)
    return figure
