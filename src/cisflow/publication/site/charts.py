"""Where the marks of a chart lie: the page draws them as plain SVG, and needs no library for it.

Lengths are in units of the drawing, :data:`WIDTH` of which are its width. Labels stand above their
marks, so that a chart is as legible on a phone as on paper; of many estimates, beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from statistics import median
from textwrap import wrap

WIDTH = 360.0
EDGE = 10.0  # left and right of the scale
ROW = 32.0  # of one estimate with its label
HEAD = 18.0  # of the heading of several estimates
NARROW, SIDE = 14.0, 112.0  # height of one of many estimates, and the room of labels beside them
LETTERS = 54  # of a line of a heading
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
    dense
        Whether labels stand beside the estimates, without their numbers.
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
    dense: bool = False

    @property
    def width(self) -> float:
        """Width of the drawing."""
        return WIDTH

    @property
    def foot(self) -> float:
        """Where the axis lies."""
        return self.height - FOOT


def forest(
    title: str,
    axis: str,
    marks: Sequence[Mark],
    band: float | None = None,
    *,
    dense: bool = False,
) -> Forest:
    """Return a chart of one mark or more, all in the unit of ``axis``.

    Parameters
    ----------
    title, axis
        What it shows, and what its axis is.
    marks
        From top to bottom.
    band
        Effects smaller than this, in either direction, are none; None for no band.
    dense
        For many marks: labels beside them, and no numbers.
    """
    low, high = _range(marks, band or 0.0)
    begin = SIDE if dense else EDGE
    scale = (WIDTH - EDGE - begin) / (high - low)

    def at(value: float) -> float:
        return round(begin + (min(max(value, low), high) - low) * scale, 1)

    headings, places, height = _stacked(marks, NARROW if dense else ROW)
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
        summary=f"{len(marks)} estimates" if dense else "; ".join(map(_said, marks)),
        height=height + FOOT + 6,
        zero=at(0.0),
        band=(at(-band), at(band)) if band else None,
        ticks=tuple(Tick(at(value), text) for value, text in ticks(low, high)),
        headings=tuple(headings),
        lines=tuple(lines),
        dense=dense,
    )


def _stacked(marks: Sequence[Mark], row: float) -> tuple[list[Heading], list[float], float]:
    """Return headings where the group changes, where each mark lies, and how high all is."""
    headings: list[Heading] = []
    places, height, group = [], 0.0, ""
    for mark in marks:
        if mark.group != group:
            group = mark.group
            for i, text in enumerate(wrap(group, LETTERS)):
                height += HEAD if i == 0 else HEAD - 5
                headings.append(Heading(height - 4, text))
        height += row
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


# --- specification curves ----------------------------------------------------------------------

PANEL = 130.0  # of the effects, above the choices that made them
OPTION = 13.0  # of one option
OPTIONS = 146.0  # room of their names


@dataclass(frozen=True)
class Option:
    """A row of the lower panel: an option, and where along the curve it was taken.

    ``path`` is that of an SVG; a heading, such as the name of a choice, has none.
    """

    text: str
    y: float
    path: str


@dataclass(frozen=True)
class CurveChart:
    """A specification curve: effects by size, and below them the choices that made each.

    Attributes
    ----------
    title, axis, summary
        As of a :class:`Forest`.
    height, foot
        Of the drawing, and where the upper panel ends.
    side
        Where the panels begin.
    zero
        Where zero lies.
    ticks
        Of the upper panel; ``x`` is from its top.
    band, points, sure
        SVG paths: intervals, effects, and those whose interval excludes zero.
    options
        The lower panel.
    """

    title: str
    axis: str
    summary: str
    height: float
    zero: float
    ticks: tuple[Tick, ...]
    band: str
    points: str
    sure: str
    options: tuple[Option, ...]
    foot: float = PANEL
    side: float = OPTIONS
    width: float = WIDTH


def curve_chart(
    title: str,
    axis: str,
    summary: str,
    effects: Sequence[tuple[float, float, float]],
    made: Sequence[Mapping[str, str]],
    options: Iterable[tuple[str, Sequence[str]]],
) -> CurveChart:
    """Return the chart of a specification curve.

    Parameters
    ----------
    title, axis, summary
        What it shows, what its scale is, and what it says.
    effects
        Estimate and ends of its interval, by size of the estimate.
    made
        Of each effect the option taken, by choice.
    options
        The choices with their options, from top to bottom.
    """
    low = min([0.0, *(low for _, low, _ in effects)])
    high = max([0.0, *(high for _, _, high in effects)])
    scale = (PANEL - 12) / ((high - low) or 1.0)
    step = (WIDTH - EDGE - OPTIONS) / max(len(effects), 1)

    def x(place: float) -> str:
        return f"{OPTIONS + place * step:.1f}"

    def y(value: float) -> float:
        return round(6 + (high - value) * scale, 1)

    above = [f"{x(i + 0.5)} {y(high)}" for i, (_, _, high) in enumerate(effects)]
    below = [f"{x(i + 0.5)} {y(low)}" for i, (_, low, _) in enumerate(effects)]
    dots: dict[bool, list[str]] = {True: [], False: []}
    for i, (estimate, lower, upper) in enumerate(effects):
        dots[lower > 0 or upper < 0].append(f"M{x(i + 0.5)} {y(estimate)}h0")
    rows = tuple(_options(made, options, x))
    return CurveChart(
        title=title,
        axis=axis,
        summary=summary,
        height=max([PANEL, *(row.y for row in rows)]) + 8,
        zero=y(0.0),
        ticks=tuple(Tick(y(value), text) for value, text in ticks(low, high)),
        band=f"M{'L'.join([*above, *reversed(below)])}Z" if effects else "",
        points="".join(dots[False]),
        sure="".join(dots[True]),
        options=rows,
    )


def _options(
    made: Sequence[Mapping[str, str]],
    options: Iterable[tuple[str, Sequence[str]]],
    x: Callable[[float], str],
) -> Iterator[Option]:
    """Yield the rows of the lower panel, each choice under a heading."""
    y = PANEL + 6
    for choice, names in options:
        y += OPTION
        yield Option(choice, y, "")
        for name in names:
            y += OPTION
            runs = _runs([taken.get(choice) == name for taken in made])
            path = "".join(f"M{x(begin)} {y - 3:g}H{x(end)}" for begin, end in runs)
            yield Option(name, y, path)


def _runs(taken: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield where an option was taken without a break, as begin and end."""
    begin = None
    for i, now in enumerate([*taken, False]):
        if now and begin is None:
            begin = i
        elif not now and begin is not None:
            yield begin, i
            begin = None
