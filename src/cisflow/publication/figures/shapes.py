"""An effect over the range of another variable, with the firms that are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.estimation.shapes import BINS, SHAPES
from cisflow.publication.figures.canvas import (
    COLOURS,
    GREY,
    TALL,
    canvas,
    drawn,
    headings,
    legend_above,
)
from cisflow.publication.figures.regressions import estimated_waves, union_of_units
from cisflow.publication.findings import Findings
from cisflow.publication.language import say
from cisflow.publication.words import NOT_ESTIMABLE, WITHHELD, inline, label
from cisflow.study.shapes import EFFECT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_NAMED = 2  # rows of panels that have room for a name each
ROOM = 4.5  # by how much the panel is higher than its highest bar
PALE = "#c9c9c9"


@drawn
def profile_figure(findings: Findings, country: str, model: str) -> Figure:
    """Draw an effect over a range: a panel for each outcome and wave, bands and firms below."""
    spec = findings.models[model]
    waves, outcomes = estimated_waves(findings, country, model), spec.outcomes
    x, over = spec.profiles[0]
    title, named = headings(findings, country, waves)
    size = (max(len(waves), 1), len(outcomes))
    height = min(1.0 + 2.0 * size[0], TALL)
    figure, panels = canvas(findings, height, columns=size[1], rows=size[0], title=title)
    places = [(*wave, outcome) for wave in zip(waves, named, strict=True) for outcome in outcomes]
    for axes, (wave, name, outcome) in zip(panels, places, strict=False):
        _panel(axes, _curve(findings, (country, wave, model), outcome, (x, over)))
        axes.set_title(", ".join(filter(None, [label(outcome, short=True), name])), loc="left")
    low, high = panels[0].get_ylim()
    panels[0].set_ylim(low - (high - low) / (ROOM - 1), high)  # no band over the bars
    effect = say("Effect of {term}", term=inline(x))
    if size[0] > MOST_NAMED:
        figure.supylabel(effect, fontsize=9.5)
    else:
        for axes in panels[:: size[1]]:
            axes.set_ylabel(effect)
    unit = union_of_units(outcomes) if spec.censored else ""
    bent = any(axes.get_xscale() != "linear" for axes in panels)
    root = say(", square-root scale") if bent else ""
    told = f"{say('effects')}{unit}; {say('bars: firms in each class')}"
    figure.supxlabel(f"{label(over)}{root}; {told}", fontsize=9.5)
    if panels[0].get_legend_handles_labels()[0]:
        legend_above(figure, panels[0])
    return figure


def _curve(
    findings: Findings, place: tuple[str, str, str], outcome: str, of: Sequence[str]
) -> Mapping[str, Any]:
    """Return the record of a curve, empty where it is not told or there is none."""
    found = (
        one
        for fit in findings.fits(*place)
        if fit.get("outcome") == outcome and fit.get("column") in findings.models[place[2]].columns
        for one in fit.get(SHAPES, ())
        if one["kind"] == EFFECT and one["of"] == list(of) and "places" in one
    )
    return next(found, {})


def _panel(axes: Axes, curve: Mapping[str, Any]) -> None:
    """Draw one effect with its pointwise and its uniform band."""
    axes.axhline(0, color=GREY, linewidth=0.8, zorder=2.5)
    if not curve:
        axes.set_xticks([])
        axes.text(0.5, 0.5, NOT_ESTIMABLE, ha="center", transform=axes.transAxes)
        return
    at, b, se = (np.array(curve[key]) for key in ("places", "effects", "std_errors"))
    for key, colour, name in (
        ("uniform", "#cfe3f1", "95 % band for the whole curve"),
        ("pointwise", "#8fbfe0", "95 % band at each point"),
    ):
        reach = curve[key] * se
        axes.fill_between(
            at, b - reach, b + reach, color=colour, linewidth=0, label=say(name), zorder=2
        )
    axes.plot(at, b, color=COLOURS[0], linewidth=1.6, label=say("Effect"), zorder=3)
    if is_skewed(curve):
        from matplotlib.ticker import MaxNLocator  # matplotlib takes long to load

        axes.set_xscale("function", functions=(_root, np.square))
        # Roots lie closer the larger they are: few whole numbers, so that labels do not touch.
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlim(at[0], at[-1])
    _firms(axes, curve[BINS], np.sqrt if is_skewed(curve) else np.asarray)


def is_skewed(curve: Mapping[str, Any]) -> bool:
    """Return whether most firms are so near the low end that a plain scale would not show them."""
    low, high = curve["places"][0], curve["places"][-1]
    ends = [some["high"] for some in curve[BINS][:-1]]
    return low >= 0 and bool(ends) and max(ends) < low + (high - low) / 4


def _root(x: Any) -> Any:
    return np.sqrt(np.maximum(x, 0))


def _firms(axes: Axes, classes: Sequence[Mapping[str, Any]], scale: Callable[..., Any]) -> None:
    """Draw how many firms are in each class of the range, at the foot of the panel."""
    below = axes.twinx()
    known = [some["firms"] or 0 for some in classes]
    top = ROOM * max([*known, 1])
    for some in classes:
        low, width = some["low"], some["high"] - some["low"]
        style: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 8, "color": GREY}
        below.bar(low, some["firms"] or 0, width, align="edge", color=PALE, edgecolor="white")
        text = WITHHELD if some["firms"] is None else f"{some['firms']}"
        middle = (scale(low) + scale(low + width)) / 2
        below.text(middle**2 if scale is np.sqrt else middle, some["firms"] or 0, text, **style)
    below.set_ylim(0, top)
    below.set_yticks([])
    below.spines["right"].set_visible(False)
    axes.set_zorder(below.get_zorder() + 1)
    axes.patch.set_visible(False)
