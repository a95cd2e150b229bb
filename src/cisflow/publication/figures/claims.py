"""All claims at a glance: how large each effect is, measured by the effect that matters."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.publication.figures.canvas import COLOURS, GREY, MARKERS, canvas, drawn, ninety
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.tables.claims import claim_rows, place_of
from cisflow.publication.words import measured, measured_interval, sentence, short_verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FARTHEST = 4.0  # multiples of the effect that matters; what lies beyond is drawn at the edge
ROW, HEADING = 0.17, 0.24  # inches per estimate and per heading
BELOW, ABOVE = 0.72, 0.25  # inches for the axis and its legend, and for the marks
LEFT, RIGHT = 0.38, 0.36  # shares of the width for words
LETTERS = 48


@dataclass(frozen=True)
class Line:
    """One line of the figure: a heading, or a claim with its estimates, a row for each place."""

    text: str
    rows: Sequence[Mapping[Any, Any]] = ()

    @property
    def height(self) -> float:
        """Inches it takes."""
        if not self.rows:
            return HEADING
        return max(ROW * len(self.rows), 0.135 * (self.text.count("\n") + 1)) + 0.06


def yardstick(row: Mapping[Any, Any]) -> tuple[float, bool]:
    """Return the effect by which an estimate is measured, and whether the claim names it.

    That is the smallest effect of interest of a claim of no effect, the claimed size of any
    other; where the claim names neither, the smallest effect that the sample detects.
    """
    for name in ("band", "claimed"):
        if np.isfinite(row[name]) and row[name] != 0:
            return abs(float(row[name])), True
    return float(row["mde"]), False


@drawn
def claims_figure(findings: Findings) -> Figure:
    """Draw estimate and 95 % interval of every claim, with band, claimed effect and verdict."""
    lines = list(_lines(findings))
    height = max(sum(line.height for line in lines), HEADING)
    names = list(dict.fromkeys(place_of(findings, r) for line in lines for r in line.rows))
    figure, (axes,) = canvas(findings, height + BELOW + ABOVE)
    _place(figure, axes, height)
    axes.set_ylim(height, 0)
    axes.set_xlim(-FARTHEST, FARTHEST)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.axvspan(-1, 1, color="#eeeeee", linewidth=0, zorder=0)
    axes.axvline(0, color=GREY, linewidth=0.8, zorder=1)
    top = 0.0
    for line in lines:
        _draw(axes, line, top, findings, names)
        top += line.height
    axes.set_xlabel(say("Estimate in multiples of the effect that matters (grey band: smaller)"))
    _legend(figure, axes, names)
    return figure


def _place(figure: Figure, axes: Axes, height: float) -> None:
    """Put the axis between the words to its left and to its right, where there is room for both."""
    whole = height + BELOW + ABOVE
    figure.set_layout_engine("none")
    axes.set_position((LEFT, BELOW / whole, 1 - LEFT - RIGHT, height / whole))


def any_claim(findings: Findings) -> bool:
    """Return whether a claim has an estimate that can be drawn."""
    return any(True for _ in _lines(findings))


def _lines(findings: Findings) -> Iterator[Line]:
    """Yield the claims that have an estimate with a yardstick, those of one unit together."""
    rows = claim_rows(findings)
    rows = rows[rows["estimate"].notna() & rows["ci_low"].notna()]
    known = [bool(np.isfinite(yardstick(row)[0])) for row in rows.to_dict("records")]
    rows = rows.loc[np.array(known, dtype=bool)]
    for unit, of_unit in rows.groupby("unit", sort=False):
        yield Line(sentence(retold(str(unit))))
        for claim, of in of_unit.groupby("claim", sort=False):
            text = "\n".join(textwrap.wrap(f"{claim} {of['text'].iloc[0]}", LETTERS)[:3])
            yield Line(text, of.to_dict("records"))


def _draw(axes: Axes, line: Line, top: float, findings: Findings, names: Sequence[str]) -> None:
    """Draw a heading, or a claim: words to the left, estimates, verdicts to the right."""
    from matplotlib.transforms import blended_transform_factory as mixed

    across = mixed(axes.figure.transFigure, axes.transData)
    if not line.rows:
        look: dict[str, Any] = {"fontsize": 9, "fontweight": "bold", "va": "bottom"}
        axes.text(0.0, top + HEADING - 0.03, line.text, transform=across, **look)
        return
    middle = top + line.height / 2
    rule: dict[str, Any] = {"color": "#dddddd", "linewidth": 0.5, "clip_on": False, "zorder": 0}
    axes.plot([0, 1], [top, top], transform=across, **rule)
    axes.text(0.0, middle, line.text, transform=across, fontsize=8.5, va="center")
    first = middle - ROW * (len(line.rows) - 1) / 2
    for i, row in enumerate(line.rows):
        y = first + i * ROW
        _estimate(axes, row, y, names.index(place_of(findings, row)))
        b, error = row["estimate"], row["std_error"]
        told = f"{measured(b, error)} {measured_interval(row['ci_low'], row['ci_high'], error)}"
        look = {"transform": across, "fontsize": 8, "va": "center"}
        axes.text(1.01 - RIGHT, y, told, **look)
        axes.text(0.84, y, short_verdict(row["verdict"]), style="italic", **look)


def _estimate(axes: Axes, row: Mapping[Any, Any], y: float, i: int) -> None:
    """Draw an estimate with its interval, and where the literature puts it."""
    unit, named = yardstick(row)
    at, low, high = (
        float(np.clip(row[name] / unit, -FARTHEST, FARTHEST))
        for name in ("estimate", "ci_low", "ci_high")
    )
    colour = COLOURS[i % len(COLOURS)]
    axes.plot([low, high], [y, y], color=colour, linewidth=1.2, solid_capstyle="butt")
    for end, value in ((low, row["ci_low"]), (high, row["ci_high"])):
        if abs(value / unit) > FARTHEST:
            axes.plot([end], [y], marker="<" if end < 0 else ">", color=colour, markersize=3.5)
    face = colour if named else "white"
    reach = ninety(*(row[k] for k in ("estimate", "ci_low", "ci_high", "std_error"))) / unit
    if np.isfinite(reach):
        ends = np.clip([at - reach, at + reach], -FARTHEST, FARTHEST)
        axes.plot(ends, [y, y], color=colour, linewidth=2.4, solid_capstyle="butt")
    look: dict[str, Any] = {"markersize": 4.5, "markerfacecolor": face, "zorder": 3}
    axes.plot([at], [y], marker=MARKERS[i % len(MARKERS)], color=colour, **look)
    if np.isfinite(row["claimed"]):
        sign = np.sign(row["claimed"])
        axes.plot([sign, sign], [y - 0.07, y + 0.07], color="black", linewidth=1.4, zorder=2)


def _legend(figure: Figure, axes: Axes, names: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    look: dict[str, Any] = {"linewidth": 1.2, "markersize": 4.5}
    handles = [
        Line2D([], [], color=COLOURS[i % 4], marker=MARKERS[i % 4], label=name, **look)
        for i, name in enumerate(names)
    ]
    handles.append(
        Line2D([], [], color="black", marker="|", linestyle="", markersize=8, label=say("Claimed"))
    )
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
