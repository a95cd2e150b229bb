"""The diagram of a path model."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.publication.figures.canvas import COLOURS, GREY, WIDTH, canvas, drawn, leave
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.words import (
    NOT_ESTIMABLE,
    brief_interval,
    count,
    label,
    number,
    stars,
    stars_note,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Point = tuple[float, float]
HALF_HEIGHT = 0.31  # of a box, inches
LEVELS = (-1.8, -0.9, 0.0, 0.9, 1.8)  # heights a box may take, inches
LABEL = (0.84, 0.33)  # width and height of a coefficient with its interval, inches
HEAD_AND_FOOT = 0.95  # room for title, stamp and legend, inches
AIR = 0.03  # between a line and a label beside it, inches
ALOOF = 0.2  # between a label and what it does not belong to, inches
TALL = 3.0  # between the lowest and the highest box of a layout that is given, inches


@drawn
def path_figure(findings: Findings, country: str, wave: str, model: str) -> Figure:
    """Draw the boxes and arrows of a path model with standardised coefficients and stars."""
    spec = findings.models[model]
    equations = tuple((target, tuple(sources)) for target, sources in spec.equations.items())
    places_of, half_width = placed(spec.layout) if spec.layout else layout(equations)
    rows = findings.rows(country, wave, model)
    found = rows[rows["column"] == "standardised"].drop_duplicates(["outcome", "term"])
    found = found.set_index(["term", "outcome"])
    heights = [y for _, y in places_of.values()]
    low, high = min(heights) - HALF_HEIGHT - 0.1, max(heights) + HALF_HEIGHT + 0.1
    title = f"{findings.place(country, wave)}: {spec.title}"
    figure, (axes,) = canvas(findings, high - low + HEAD_AND_FOOT, title=title)
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(low, high)
    arrows = [(source, target) for target, sources in equations for source in sources]
    lines = [_ends(places_of[s], places_of[t], half_width) for s, t in arrows]
    boxes = [(x, y, half_width, HALF_HEIGHT) for x, y in places_of.values()]
    at = label_positions(lines, boxes)
    for arrow, line, position in zip(arrows, lines, at, strict=True):
        row = found.loc[arrow] if arrow in found.index else None
        _draw_arrow(axes, line, position, row)
    for variable, (x, y) in places_of.items():
        _draw_box(axes, label(variable), x, y, half_width)
    figure.text(0.01, 0.01, _path_legend(findings, country, wave, model), fontsize=8, va="bottom")
    leave(figure, below=0.45 * figure.dpi)
    return figure


def _path_legend(findings: Findings, country: str, wave: str, model: str) -> str:
    why = findings.why_not(country, wave, model)
    if why:
        return "\n".join(
            textwrap.wrap(f"{NOT_ESTIMABLE}: {say('not estimable')} ({retold(why)}).", 105)
        )
    fits = findings.fits(country, wave, model)
    firms = say("{n} firms. ", n=count(fits[0]["nobs"])) if fits else ""
    text = "Standardised coefficients with 95 % intervals, {firms}{stars}."
    known = say(text, firms=firms, stars=stars_note())
    colours = say("Blue: positive; orange: negative; dashed and grey: not significant at 10 %.")
    return f"{known}\n{colours}"


def _draw_box(axes: Axes, text: str, x: float, y: float, half_width: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.add_patch(
        FancyBboxPatch(
            (x - half_width, y - HALF_HEIGHT),
            2 * half_width,
            2 * HALF_HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.05",
            facecolor="#f4f6f8",
            edgecolor="#333333",
            linewidth=0.9,
            zorder=3,
        )
    )
    wrapped = "\n".join(textwrap.wrap(text, int(half_width * 2 * 14.5)))
    axes.text(x, y, wrapped, ha="center", va="center", fontsize=8.5, zorder=4, linespacing=1.1)


def _draw_arrow(
    axes: Axes, line: tuple[Point, Point], position: Point, row: Mapping[str, Any] | None
) -> None:
    from matplotlib.patches import FancyArrowPatch

    estimate = float(row["estimate"]) if row is not None else np.nan
    if not np.isfinite(estimate) or row is None:
        colour, style, width, text = GREY, ":", 1.0, NOT_ESTIMABLE
    else:
        star = stars(row["p_value"])
        colour = (COLOURS[0] if estimate > 0 else COLOURS[1]) if star else GREY
        style = "-" if star else "--"
        bounds = brief_interval(row["ci_low"], row["ci_high"])
        text = "\n".join(filter(None, (number(estimate) + star, bounds)))
        width = 0.9 + 3 * min(abs(estimate), 0.7)
    axes.add_patch(
        FancyArrowPatch(
            *line,
            arrowstyle="-|>",
            mutation_scale=11,
            linestyle=style,
            linewidth=width,
            color=colour,
            shrinkA=0,
            shrinkB=0,
            zorder=1,
        )
    )
    box = {"boxstyle": "round,pad=0.08", "facecolor": "white", "edgecolor": "none"}
    style_of_text: dict[str, Any] = {
        "ha": "center",
        "va": "center",
        "fontsize": 8,
        "linespacing": 1.05,
    }
    axes.text(*position, text, color=colour, bbox=box, zorder=2, **style_of_text)


def placed(given: Mapping[str, Sequence[float]]) -> tuple[dict[str, Point], float]:
    """Return the boxes' centres and half their width, as :func:`layout`, for places that are given.

    Parameters
    ----------
    given
        How far to the right and up each box stands, from 0 to 1.
    """
    half_width = 0.58
    across = WIDTH - 0.2 - 2 * half_width
    return {
        box: (0.1 + half_width + right * across, (up - 0.5) * TALL)
        for box, (right, up) in given.items()
    }, half_width


@lru_cache(maxsize=32)
def layout(
    equations: tuple[tuple[str, tuple[str, ...]], ...],
) -> tuple[dict[str, Point], float]:
    """Place the boxes of a recursive system so that arrows run forwards and stay apart.

    Parameters
    ----------
    equations
        (target, sources) of every equation.

    Returns
    -------
    dict
        Centre of each box, inches from the left and from the middle of the figure.
    float
        Half the width of a box, inches.

    Notes
    -----
    A box stands to the right of all its sources. Its height is chosen among :data:`LEVELS` by
    moving boxes two at a time for as long as that lowers :func:`_disorder`.
    """
    depth = _depths(dict(equations))
    nodes = list(depth)
    arrows = [(source, target) for target, sources in equations for source in sources]
    steps = max(max(depth.values()), 1)
    half_width = min(0.72, (WIDTH - 0.2) / (steps + 1) / 2 * 0.68)
    spread = (WIDTH - 0.2 - 2 * half_width) / steps
    x = {node: 0.1 + half_width + depth[node] * spread for node in nodes}
    y = dict.fromkeys(nodes, 0.0)
    best = _disorder(x, y, arrows, half_width)
    moving = True
    while moving:
        moving = False
        for pair in combinations(nodes, min(2, len(nodes))):
            for heights in product(LEVELS, repeat=len(pair)):
                trial = {**y, **dict(zip(pair, heights, strict=True))}
                disorder = _disorder(x, trial, arrows, half_width)
                if disorder < best - 1e-9:
                    y, best, moving = trial, disorder, True
    return {node: (x[node], y[node]) for node in nodes}, half_width


def _depths(equations: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return for each variable the length of the longest path that leads to it."""
    names = dict.fromkeys(s for sources in equations.values() for s in sources)
    names |= dict.fromkeys(equations)

    def depth(name: str) -> int:
        return 1 + max(map(depth, equations[name])) if equations.get(name) else 0

    return {name: depth(name) for name in names}


def _disorder(
    x: Mapping[str, float],
    y: Mapping[str, float],
    arrows: Sequence[tuple[str, str]],
    half_width: float,
) -> float:
    """Return how badly boxes and arrows get in each other's way."""
    total = 0.0
    for a, b in combinations(x, 2):
        overlapping = abs(x[a] - x[b]) < 2 * half_width + 0.05
        if overlapping and abs(y[a] - y[b]) < 2 * HALF_HEIGHT + 0.1:
            total += 100
    for s, t in arrows:
        total += 0.3 * abs(y[s] - y[t])
        start, end = _ends((x[s], y[s]), (x[t], y[t]), half_width)
        total += 15 * max(
            0.0, LABEL[0] + 0.3 - float(np.hypot(end[0] - start[0], end[1] - start[1]))
        )
        total += sum(
            20 for n in x if n not in (s, t) and _passes(x, y, (s, t), n, half_width + 0.05)
        )
    for (s, t), (u, v) in combinations(arrows, 2):
        ends = [(x[n], y[n]) for n in (s, t, u, v)]
        if len({s, t, u, v}) == 4 and _cross(*ends):
            total += 8
        elif (s == u or t == v) and abs(_slope(ends[0], ends[1]) - _slope(ends[2], ends[3])) < 0.2:
            total += 10  # two arrows on top of each other
    return total + 0.05 * sum(abs(height) for height in y.values())


def _slope(a: Point, b: Point) -> float:
    return (b[1] - a[1]) / (b[0] - a[0]) if a[0] != b[0] else np.inf


def _passes(
    x: Mapping[str, float],
    y: Mapping[str, float],
    arrow: tuple[str, str],
    node: str,
    half_width: float,
) -> bool:
    """Return whether the line between two centres touches a third box."""
    (s, t), reach = arrow, HALF_HEIGHT + 0.08
    left, right = max(x[s], x[node] - half_width), min(x[t], x[node] + half_width)
    if left >= right:
        return False
    slope = (y[t] - y[s]) / (x[t] - x[s])
    at = [y[s] + slope * (edge - x[s]) for edge in (left, right)]
    return min(at) < y[node] + reach and max(at) > y[node] - reach


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Return whether the segments ab and cd cross."""

    def side(p: Point, q: Point, r: Point) -> float:
        return float(np.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])))

    return side(a, b, c) != side(a, b, d) and side(c, d, a) != side(c, d, b)


def _ends(start: Point, end: Point, half_width: float) -> tuple[Point, Point]:
    """Return where a line between two centres leaves the first and enters the second box."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    reach = min(
        half_width / abs(dx) if dx else np.inf,
        HALF_HEIGHT / abs(dy) if dy else np.inf,
    )
    return (x0 + reach * dx, y0 + reach * dy), (x1 - reach * dx, y1 - reach * dy)


def label_positions(
    lines: Sequence[tuple[Point, Point]],
    boxes: Sequence[tuple[float, float, float, float]],
) -> list[Point]:
    """Choose a place for each line's label: beside it, clear of boxes, labels and other lines.

    Parameters
    ----------
    lines
        Start and end of each arrow, inches.
    boxes
        Centre and half width and height of each box.

    Notes
    -----
    A label stands on its line, and hides a part of it, only where there is no room beside it.
    Labels choose one after the other, and again in view of all; the best of two orders is taken.
    """
    by_length = sorted(range(len(lines)), key=lambda i: _length(lines[i]))
    obstacles = [(x, y, w + 0.02, h + 0.02) for x, y, w, h in boxes]
    tried = [_in_turn(lines, obstacles, order) for order in (by_length, by_length[::-1])]
    return min(tried, key=lambda found: found[0])[1]


def _in_turn(
    lines: Sequence[tuple[Point, Point]],
    obstacles: Sequence[tuple[float, ...]],
    order: Sequence[int],
) -> tuple[float, list[Point]]:
    """Return places of labels that chose in a given order, and how bad they are together."""
    chosen: dict[int, Point] = {}
    bad: dict[int, float] = {}
    for i in 3 * list(order):
        labels = [(*at, LABEL[0] / 2, LABEL[1] / 2) for j, at in chosen.items() if j != i]
        others = [line for line in lines if line is not lines[i]]
        bad[i], chosen[i] = min(
            (_badness(at, lines[i], others, labels, obstacles) + 0.5 * abs(t - 0.5), at)
            for t, at in _places_beside(lines[i])
        )
    return sum(bad.values()), [chosen[i] for i in range(len(lines))]


def _places_beside(line: tuple[Point, Point]) -> Iterator[tuple[float, Point]]:
    """Yield how far along a line a label may stand, and where: on both sides of it and on it."""
    (x0, y0), (x1, y1) = line
    length = max(_length(line), 1e-9)
    across = ((y0 - y1) / length, (x1 - x0) / length)
    beside = LABEL[0] / 2 * abs(across[0]) + LABEL[1] / 2 * abs(across[1]) + AIR
    for t, off in product(np.linspace(0.15, 0.85, 29), (beside, -beside, 0.0)):
        x, y = x0 + t * (x1 - x0) + off * across[0], y0 + t * (y1 - y0) + off * across[1]
        yield float(t), (float(x), float(y))


def _badness(
    at: Point,
    line: tuple[Point, Point],
    others: Sequence[tuple[Point, Point]],
    labels: Sequence[tuple[float, ...]],
    boxes: Sequence[tuple[float, ...]],
) -> float:
    """Return how much a label hides, and how easily it is taken for another line's."""
    box = (*at, LABEL[0] / 2, LABEL[1] / 2)
    gaps = [_gap(box, other) for other in others]
    crowded = sum(max(0.0, 1 - gap / ALOOF) for gap in gaps)
    crowded += sum(_apart(box, other) < ALOOF for other in labels)
    overlap = sum(_overlap(box, other) for other in (*labels, *boxes))
    return 200 * overlap + 6 * gaps.count(0.0) + 3 * crowded + 10 * _covered(box, line)


def _length(line: tuple[Point, Point]) -> float:
    (x0, y0), (x1, y1) = line
    return float(np.hypot(x1 - x0, y1 - y0))


@lru_cache(maxsize=512)  # each place of each label is held against all lines
def _along(line: tuple[Point, Point]) -> tuple[np.ndarray, np.ndarray]:
    """Return points of a line, from its start to its end."""
    t = np.linspace(0, 1, 60)
    (x0, y0), (x1, y1) = line
    return x0 + t * (x1 - x0), y0 + t * (y1 - y0)


def _gap(box: tuple[float, ...], line: tuple[Point, Point]) -> float:
    """Return how far a box is from a line, zero where it covers a part."""
    x, y = _along(line)
    aside = np.maximum(np.abs(x - box[0]) - box[2], 0.0)
    above = np.maximum(np.abs(y - box[1]) - box[3], 0.0)
    return float(np.hypot(aside, above).min())


def _apart(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Return how far two boxes are from each other."""
    aside = abs(a[0] - b[0]) - a[2] - b[2]
    above = abs(a[1] - b[1]) - a[3] - b[3]
    return float(np.hypot(max(aside, 0.0), max(above, 0.0)))


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Return the area two boxes share."""
    width = a[2] + b[2] - abs(a[0] - b[0])
    height = a[3] + b[3] - abs(a[1] - b[1])
    return max(width, 0.0) * max(height, 0.0)


def _covered(box: tuple[float, ...], line: tuple[Point, Point]) -> float:
    """Return the share of a line that a box covers."""
    x, y = _along(line)
    return float(((np.abs(x - box[0]) < box[2]) & (np.abs(y - box[1]) < box[3])).mean())
