"""Where the marks of a chart lie: the page draws them as plain SVG, and needs no library for it.

Lengths are in units of the drawing, :data:`WIDTH` of which are its width. Labels stand above their
marks, so that a chart is as legible on a phone as on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from statistics import median

WIDTH = 360.0
EDGE = 10.0  # left and right of the scale
ROW = 32.0  # of one estimate with its label
HEAD = 18.0  # of the heading of several estimates
FOOT = 22.0  # of the axis
TICKS = 5
FAR = 4.0  # intervals reach at most so many times the middle one; what is beyond has an arrow


@dataclass(frozen=True)
class Mark:
    """An estimate with its interval on a chart.

    Attributes
    ----------
    label, value
        What stands above it, left and right.
    group
        Under which heading it stands; empty for none.
    estimate, low, high
        In units of the effect.
    main
        Whether it decides; others are drawn hollow.
    outer
        A wider interval around, such as for a further country; None if none.
    """

    label: str
    value: str
    estimate: float
    low: float
    high: float
    group: str = ""
    main: bool = True
    outer: tuple[float, float] | None = None


@dataclass(frozen=True)
class Line:
    """A mark as it is drawn: ``y`` of its interval, ends on the scale, and which ends go on."""

    label: str
    value: str
    main: bool
    y: float
    x: float | None
    left: float
    right: float
    goes_left: bool
    goes_right: bool
    outer: tuple[float, float] | None


@dataclass(frozen=True)
class Heading:
    """The heading of several marks."""

    y: float
    text: str


@dataclass(frozen=True)
class Tick:
    """A tick of the axis."""

    x: float
    text: str


@dataclass(frozen=True)
class Forest:
    """A chart of estimates with intervals against zero, perhaps with a band of no effect.

    Attributes
    ----------
    title, axis, summary
        What it shows, what its axis is, and what it says for those who do not see it.
    height
        Of the drawing; its width is :data:`WIDTH`.
    zero, band
        Where zero lies, and from where to where the band; None if there is none.
    """

    title: str
    axis: str
    summary: str
    height: float
    zero: float
    band: tuple[float, float] | None
    ticks: tuple[Tick, ...]
    headings: tuple[Heading, ...]
    lines: tuple[Line, ...]

    @property
    def width(self) -> float:
        """Width of the drawing."""
        return WIDTH

    @property
    def foot(self) -> float:
        """Where the axis lies."""
        return self.height - FOOT


def forest(title: str, axis: str, marks: Sequence[Mark], band: float | None = None) -> Forest:
    """Return a chart of one mark or more, all in the unit of ``axis``.

    Parameters
    ----------
    title, axis
        What it shows, and what its axis is.
    marks
        From top to bottom.
    band
        Effects smaller than this, in either direction, are none; None for no band.
    """
    low, high = _range(marks, band or 0.0)
    scale = (WIDTH - 2 * EDGE) / (high - low)

    def at(value: float) -> float:
        return round(EDGE + (min(max(value, low), high) - low) * scale, 1)

    headings, places, height = _stacked(marks)
    lines = (
        Line(
            label=mark.label,
            value=mark.value,
            main=mark.main,
            y=y,
            x=at(mark.estimate) if low <= mark.estimate <= high else None,
            left=at(mark.low),
            right=at(mark.high),
            goes_left=mark.low < low,
            goes_right=mark.high > high,
            outer=(at(mark.outer[0]), at(mark.outer[1])) if mark.outer else None,
        )
        for mark, y in zip(marks, places, strict=True)
    )
    return Forest(
        title=title,
        axis=axis,
        summary="; ".join(_said(mark) for mark in marks),
        height=height + FOOT + 6,
        zero=at(0.0),
        band=(at(-band), at(band)) if band else None,
        ticks=tuple(Tick(at(value), text) for value, text in ticks(low, high)),
        headings=tuple(headings),
        lines=tuple(lines),
    )


def _stacked(marks: Sequence[Mark]) -> tuple[list[Heading], list[float], float]:
    """Return headings where the group changes, where each mark lies, and how high all is."""
    headings: list[Heading] = []
    places, height, group = [], 0.0, ""
    for mark in marks:
        if mark.group != group:
            height, group = height + HEAD, mark.group
            headings.append(Heading(height - 4, group))
        height += ROW
        places.append(height - 8)
    return headings, places, height


def _said(mark: Mark) -> str:
    return f"{', '.join(filter(None, (mark.group, mark.label)))}: {mark.value}"


def _range(marks: Sequence[Mark], band: float) -> tuple[float, float]:
    """Return the ends of the scale: all estimates, and intervals unless they dwarf the others."""
    ends = [end for mark in marks for end in (mark.low, mark.high, *(mark.outer or ()))]
    reach = FAR * median(max(abs(mark.low), abs(mark.high)) for mark in marks)
    reach = max(reach, 1.1 * max(abs(mark.estimate) for mark in marks), 1.2 * band)
    low = max(min([0.0, -1.2 * band, *ends]), -reach)
    high = min(max([0.0, 1.2 * band, *ends]), reach)
    margin = 0.03 * (high - low) or 1.0
    return low - margin, high + margin


def ticks(low: float, high: float) -> Iterable[tuple[float, str]]:
    """Return round numbers between two ends, about :data:`TICKS`, with their texts.

    Examples
    --------
    >>> list(ticks(-3.2, 8.9))
    [(-2.5, '−2.5'), (0.0, '0'), (2.5, '2.5'), (5.0, '5'), (7.5, '7.5')]
    """
    rough = (high - low) / TICKS
    if not isfinite(rough) or rough <= 0:
        return []
    size = 10.0 ** floor(log10(rough))
    step = next(size * k for k in (1, 2, 2.5, 5, 10) if size * k >= rough)
    places = range(ceil(low / step), floor(high / step) + 1)
    return [(k * step, f"{k * step:.10g}".replace("-", "−")) for k in places]
