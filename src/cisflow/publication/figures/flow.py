"""How a wave's firms become a sample: who was not asked, did not answer, or was not linked."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.panel.ratios import years_later
from cisflow.publication.figures.canvas import GREY, canvas, drawn, headings
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.words import count, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE = 0.145  # inches, of text in a box
GAP = 0.2  # inches between boxes
LETTERS = 34  # in a line of a box, of two waves side by side
MOST_BESIDE = 2  # waves; more stand in further rows
Step = Mapping[str, Any]


@drawn
def flow_figure(findings: Findings, country: str, model: str) -> Figure:
    """Draw what each restriction leaves of a wave and why firms drop out, waves side by side."""
    flow = findings.flow
    of = flow[(flow["country"] == country) & (flow["model"] == model)]
    waves = [wave for wave in findings.countries[country] if (of["wave"] == wave).any()]
    records = [
        of[of["wave"] == wave].sort_values("step", kind="stable").to_dict("records")
        for wave in waves
    ]
    steps = [_told(of_wave, findings.settings["lag"]) for of_wave in records]
    columns = min(max(len(waves), 1), MOST_BESIDE)
    letters = LETTERS * 2 // columns
    heights = [_height(of_wave, letters) for of_wave in steps]
    title, named = headings(findings, country, waves)
    beside = [heights[i : i + columns] for i in range(0, len(heights), columns)] or [[0.5]]
    tall = [max(of_row) for of_row in beside]
    height = sum(tall) + 0.3 * len(tall) + 0.25
    figure, panels = canvas(
        findings, height, columns, len(tall), title=title, heights=tall, share=False
    )
    for i, (axes, name, of_wave) in enumerate(zip(panels, named, steps, strict=False)):
        axes.set_title(name, loc="left")
        _draw(axes, of_wave, letters, tall[i // columns])
    for axes in panels:
        axes.axis("off")
    return figure


def _told(records: Sequence[Step], lag: int) -> list[Step]:
    """Return the steps that drop firms, and the first, with who is neither unasked nor silent."""
    told = [step for i, step in enumerate(records) if i == 0 or step["lost"] != 0]
    return [{**step, "rest": _rest(str(step["restriction"]).split("; "), lag)} for step in told]


def _rest(restrictions: Sequence[str], lag: int) -> str:
    """Return why firms are dropped that were asked and did answer."""
    linking = f"accounts {years_later(lag)}"
    if linking not in restrictions:
        return say("not eligible")
    alone = len(restrictions) == 1
    return say("not linked") if alone else say("not linked or not eligible")


def _texts(step: Step, letters: int) -> tuple[str, str]:
    """Return what stands in a step's box, and in the one of whom it drops."""
    words = [sentence(retold(part)) for part in str(step["restriction"]).split("; ")]
    kept = [*(line for part in words for line in textwrap.wrap(part, letters))]
    dropped = (line for part in _dropped(step) for line in textwrap.wrap(part, letters // 2))
    return "\n".join([*kept, f"n = {count(step['firms'])}"]), "\n".join(dropped)


def _dropped(step: Step) -> list[str]:
    """Return how many firms a step drops, and as far as it may be told for what reason each."""
    lost = step["lost"]
    if not np.isfinite(lost) or lost > 0:
        parts = {say("not asked"): step["lost_filtered"], say("not answered"): step["lost_missing"]}
        lines = [say("{n} dropped", n=count(lost))]
        lines += [f"{count(n)} {why}" for why, n in parts.items() if n != 0]
        rest = lost - sum(parts.values())
        if np.isfinite(rest) and 0 < rest < lost:
            lines.append(f"{count(rest)} {step['rest']}")
        return lines
    return []


def _height(steps: Sequence[Step], letters: int) -> float:
    boxes = (max(map(_lines, _texts(step, letters))) * LINE + 0.1 for step in steps)
    return sum(boxes) + GAP * max(len(steps) - 1, 0)


def _lines(text: str) -> int:
    return text.count("\n") + 1


def _draw(axes: Axes, steps: Sequence[Step], letters: int, height: float) -> None:
    """Draw the boxes of one wave from above, in inches of the panel's height."""
    axes.set_xlim(0, 1)
    axes.set_ylim(height, 0)
    top = 0.0
    look: dict[str, Any] = {"fontsize": 8.5, "va": "center", "linespacing": 1.15}
    for i, step in enumerate(steps):
        kept, dropped = _texts(step, letters)
        tall = max(_lines(kept), _lines(dropped)) * LINE + 0.1
        middle = top + tall / 2
        _box(axes, (0.0, top), 0.62, tall, "-")
        axes.text(0.02, middle, kept, ha="left", **look)
        if dropped:
            _box(axes, (0.7, top), 0.3, tall, "--")
            axes.text(0.715, middle, dropped, ha="left", **{**look, "fontsize": 8.5})
            _arrow(axes, (0.62, middle), (0.7, middle))
        if i + 1 < len(steps):
            _arrow(axes, (0.31, top + tall), (0.31, top + tall + GAP))
        top += tall + GAP


def _box(axes: Axes, corner: tuple[float, float], width: float, height: float, line: str) -> None:
    from matplotlib.patches import Rectangle

    style: dict[str, Any] = {
        "facecolor": "white",
        "edgecolor": GREY,
        "linewidth": 0.8,
        "linestyle": line,
    }
    axes.add_patch(Rectangle(corner, width, height, clip_on=False, **style))


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style: dict[str, Any] = {
        "arrowstyle": "-|>",
        "color": GREY,
        "linewidth": 0.8,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    axes.annotate("", end, start, arrowprops=style)
