"""All claims at a glance: how large each effect is, measured by the effect that matters.

How much there is room for follows from how many samples the claims are tested on: of a few the
estimates and verdicts stand in words beside their marks; of some the marks of a claim stand close
together, its verdicts as letters; of more only the spread of the estimates is drawn, and the
verdicts are counted.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.publication.figures.canvas import (
    COLOURS,
    GREY,
    MARKERS,
    WIDTH,
    canvas,
    drawn,
    legend,
    ninety,
)
from cisflow.publication.figures.tiles import tile, tiles_explained
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.tables.claims import claim_rows, place_of, samples_of
from cisflow.publication.tables.pooled import LETTERS
from cisflow.publication.words import measured, measured_interval, sentence, short_verdict

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform

IN_WORDS, MARKED = 2, 4  # most samples whose estimates stand in words; whose marks are drawn
FARTHEST = 4.0  # multiples of the effect that matters; what lies beyond is drawn at the edge
MARGIN = 0.12  # of these, for half a mark at the edge
HEADING, TEXT, SPACE = 0.2, 0.13, 0.04  # inches: a heading, a line of words, between claims
ROW, CLOSE = 0.145, 0.07  # inches from one estimate of a claim to the next, in words and marked
ABOVE, AXIS, LETTERED = 0.22, 0.72, 0.24  # inches for the marks, the axis and its legend, letters
TILE = 0.2  # inches of a tile's width, with the space beside it
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Claim:
    """What is said of a claim, on all samples, and the estimates of those that have one."""

    text: str
    judged: Sequence[Row]
    estimates: Sequence[Row]


@dataclass(frozen=True)
class Look:
    """How claims are drawn: the samples by name, and the letters of the verdicts there are."""

    names: Sequence[str]
    letters: Sequence[str]

    @property
    def in_words(self) -> bool:
        """Whether estimates and verdicts stand in words beside their marks."""
        return len(self.names) <= IN_WORDS

    @property
    def marked(self) -> bool:
        """Whether each sample has its mark."""
        return len(self.names) <= MARKED

    @property
    def left(self) -> float:
        """Share of the width for the claims."""
        return 0.38 if self.in_words else 0.46

    @property
    def right(self) -> float:
        """Share of the width for estimates and verdicts."""
        tiles = self.names if self.marked else self.letters
        return 0.36 if self.in_words else (TILE * len(tiles) + 0.12) / WIDTH

    def words(self, claim: Claim) -> str:
        """Return the words of a claim, in lines."""
        return "\n".join(textwrap.wrap(claim.text, round(126 * self.left))[:3])

    def height(self, claim: Claim) -> float:
        """Return the inches a claim takes."""
        rows = len(claim.estimates) * ROW if self.in_words else CLOSE * len(self.names)
        words = TEXT * (self.words(claim).count("\n") + 1)
        return max(rows if self.marked else 0.0, words) + SPACE


def yardstick(row: Row) -> tuple[float, bool]:
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
    """Draw every claim's estimates, with band, claimed effect and verdicts."""
    units = dict(_units(findings))
    claims = [claim for of in units.values() for claim in of]
    look = _look(findings, claims)
    height = sum(map(look.height, claims)) + HEADING * max(len(units), 1)
    below = AXIS + (0.0 if look.in_words else LETTERED)
    title = "" if len(findings.countries) > 1 else findings.name(next(iter(findings.countries)))
    figure, (axes,) = canvas(findings, height + below + ABOVE, title=title)
    _place(figure, axes, look, height, below)
    top = 0.0
    for unit, of in units.items():
        _heading(axes, unit, top)
        top += HEADING
        for claim in of:
            _draw(axes, claim, top, findings, look)
            top += look.height(claim)
    _columns(axes, look)
    axes.set_xlabel(
        say("Estimate in multiples of the effect it is measured by (grey band: smaller)")
    )
    _legends(figure, look)
    return figure


def any_claim(findings: Findings) -> bool:
    """Return whether a claim has an estimate that can be drawn."""
    return any(True for _ in _units(findings))


def _look(findings: Findings, claims: Sequence[Claim]) -> Look:
    judged = [row for claim in claims for row in claim.judged]
    told = {LETTERS[row["verdict"]] for row in judged}
    return Look(
        samples_of(findings, judged), [letter for letter in LETTERS.values() if letter in told]
    )


def _units(findings: Findings) -> Iterator[tuple[str, list[Claim]]]:
    """Yield each unit with its claims that have an estimate with a yardstick."""
    rows = claim_rows(findings)
    found = rows[rows["estimate"].notna() & rows["ci_low"].notna()]
    known = [bool(np.isfinite(yardstick(row)[0])) for row in found.to_dict("records")]
    found = found.loc[np.array(known, dtype=bool)]
    for unit, of_unit in found.groupby("unit", sort=False):
        yield sentence(retold(str(unit))), list(_claims(rows, of_unit))


def _claims(rows: pd.DataFrame, of_unit: pd.DataFrame) -> Iterator[Claim]:
    for claim, of in of_unit.groupby("claim", sort=False):
        judged = rows[rows["claim"] == claim].to_dict("records")
        yield Claim(f"{claim} {of['text'].iloc[0]}", judged, of.to_dict("records"))


# --- the sheet ---------------------------------------------------------------------------------


def _place(figure: Figure, axes: Axes, look: Look, height: float, below: float) -> None:
    """Put the axis between the words to its left and to its right, where there is room for both."""
    whole = height + below + ABOVE
    figure.set_layout_engine("none")
    place = (look.left, below / whole, 1 - look.left - look.right, height / whole)
    axes.set_position(place)
    axes.set_ylim(height, 0)
    axes.set_xlim(-FARTHEST, FARTHEST)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.axvspan(-1, 1, color="#eeeeee", linewidth=0, zorder=0)
    axes.axvline(0, color=GREY, linewidth=0.8, zorder=1)


def _across(axes: Axes) -> Transform:
    """Return where shares of the figure's width and inches of the axis lie."""
    from matplotlib.transforms import blended_transform_factory as mixed

    return mixed(axes.figure.transFigure, axes.transData)


def _heading(axes: Axes, text: str, top: float) -> None:
    look: dict[str, Any] = {"fontsize": 9, "fontweight": "bold", "va": "bottom"}
    axes.text(0.0, top + HEADING - 0.03, text, transform=_across(axes), **look)


def _columns(axes: Axes, look: Look) -> None:
    """Head the tiles, by the mark of their sample, or by the letter of which there are so many."""
    if look.in_words:
        return
    style: dict[str, Any] = {"transform": _across(axes), "clip_on": False}
    if look.marked:
        for i in range(len(look.names)):
            shape: dict[str, Any] = {"color": COLOURS[i], "marker": MARKERS[i], "markersize": 4.5}
            axes.plot([_middle(look, i)], [HEADING / 2], **shape, **style)
        return
    for i, letter in enumerate(look.letters):
        words: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8.5}
        axes.text(_middle(look, i), HEADING / 2, letter, weight="bold", **words, **style)


def _middle(look: Look, i: int) -> float:
    """Return where the i-th tile has its middle, as a share of the figure's width."""
    return 1 - look.right + (0.1 + TILE * (i + 0.5)) / WIDTH


def _legends(figure: Figure, look: Look) -> None:
    from matplotlib.lines import Line2D

    style: dict[str, Any] = {"linewidth": 1.2, "markersize": 4.5}
    handles = [
        Line2D([], [], color=COLOURS[i], marker=MARKERS[i], label=name, **style)
        for i, name in enumerate(look.names if look.marked else [])
    ]
    if not look.marked:
        told = say("Median of {n} samples, half of them (thick), all", n=len(look.names))
        handles.append(Line2D([], [], color=COLOURS[0], marker=MARKERS[0], label=told, **style))
    handles.append(
        Line2D([], [], color="black", marker="|", linestyle="", markersize=8, label=say("Claimed"))
    )
    if not look.in_words:
        tiles = tiles_explained(look.letters)
        legend(figure, tiles, [str(of.get_label()) for of in tiles], fontsize=8)
    names = [str(handle.get_label()) for handle in handles]
    foot = 0 if look.in_words else LETTERED / figure.get_size_inches()[1]
    legend(figure, handles, names, loc="lower center", bbox_to_anchor=(0.5, foot))


# --- one claim ---------------------------------------------------------------------------------


def _draw(axes: Axes, claim: Claim, top: float, findings: Findings, look: Look) -> None:
    """Draw a claim: words to the left, estimates, verdicts to the right."""
    across, middle = _across(axes), top + look.height(claim) / 2
    rule: dict[str, Any] = {"color": "#dddddd", "linewidth": 0.5, "clip_on": False, "zorder": 0}
    axes.plot([0, 1], [top, top], transform=across, **rule)
    words: dict[str, Any] = {"fontsize": 8.3, "va": "center", "linespacing": 0.95}
    axes.text(0.0, middle, look.words(claim), transform=across, **words)
    if look.in_words:
        _in_words(axes, claim, middle, findings, look)
    elif look.marked:
        _lettered(axes, claim, middle, findings, look)
    else:
        _spread(axes, claim, middle)
        _counted(axes, claim, middle, look)


def _in_words(axes: Axes, claim: Claim, middle: float, findings: Findings, look: Look) -> None:
    """Draw estimates below one another, each with its numbers and its verdict."""
    style: dict[str, Any] = {"transform": _across(axes), "fontsize": 8, "va": "center"}
    for i, row in enumerate(claim.estimates):
        y = middle + ROW * (i - (len(claim.estimates) - 1) / 2)
        _estimate(axes, row, y, look.names.index(_sample(findings, row)))
        b, error = row["estimate"], row["std_error"]
        told = f"{measured(b, error)} {measured_interval(row['ci_low'], row['ci_high'], error)}"
        axes.text(1.01 - look.right, y, told, **style)
        axes.text(1.0, y, short_verdict(row["verdict"]), ha="right", style="italic", **style)


def _lettered(axes: Axes, claim: Claim, middle: float, findings: Findings, look: Look) -> None:
    """Draw the estimates of a claim close together, in the order of the samples, and letters."""
    for row in claim.estimates:
        i = look.names.index(_sample(findings, row))
        _estimate(axes, row, middle + CLOSE * (i - (len(look.names) - 1) / 2), i)
    for row in claim.judged:
        i = look.names.index(_sample(findings, row))
        _tile(axes, look, middle, i, LETTERS[row["verdict"]])


def _tile(
    axes: Axes, look: Look, middle: float, i: int, letter: str, text: str | None = None
) -> None:
    at = (_middle(look, i) - (TILE - 0.02) / 2 / WIDTH, middle - 0.075)
    size = ((TILE - 0.02) / WIDTH, 0.15)
    tile(axes, at, size, letter, text=text, across=_across(axes))


def _counted(axes: Axes, claim: Claim, middle: float, look: Look) -> None:
    """Write on how many samples a claim has each verdict."""
    times = Counter(LETTERS[row["verdict"]] for row in claim.judged)
    for letter, n in times.items():
        _tile(axes, look, middle, look.letters.index(letter), letter, str(n))


def _sample(findings: Findings, row: Row) -> str:
    return place_of(findings, row, short=True)


def _spread(axes: Axes, claim: Claim, y: float) -> None:
    """Draw from the lowest to the highest estimate, the half between, and the one in the middle."""
    measures = [(row["estimate"] / yardstick(row)[0], yardstick(row)[1]) for row in claim.estimates]
    sizes = np.array([size for size, _ in measures])
    low, first, median, third, high = np.quantile(sizes, [0, 0.25, 0.5, 0.75, 1])
    _line(axes, (low, high), y, COLOURS[0], 1.2)
    _line(axes, (first, third), y, COLOURS[0], 2.4)
    _mark(axes, median, y, 0, filled=all(named for _, named in measures))
    _claimed(axes, claim.estimates[0], y)


def _estimate(axes: Axes, row: Row, y: float, i: int) -> None:
    """Draw an estimate with its interval, and where the literature puts it."""
    unit, named = yardstick(row)
    at, low, high = (float(row[name] / unit) for name in ("estimate", "ci_low", "ci_high"))
    _line(axes, (low, high), y, COLOURS[i], 1.2)
    reach = ninety(*(row[k] for k in ("estimate", "ci_low", "ci_high", "std_error"))) / unit
    if np.isfinite(reach):
        _line(axes, (at - reach, at + reach), y, COLOURS[i], 2.4)
    _mark(axes, at, y, i, filled=named)
    _claimed(axes, row, y)


def _line(axes: Axes, ends: tuple[float, float], y: float, colour: str, width: float) -> None:
    """Draw from one end to another; one that lies beyond the edge ends in an arrow."""
    shown = np.clip(ends, -FARTHEST, FARTHEST)
    if shown[0] == shown[1]:  # the mark says so
        return
    axes.plot(shown, [y, y], color=colour, linewidth=width, solid_capstyle="butt")
    for end, at in zip(ends, shown, strict=True):
        if abs(end) > FARTHEST:
            axes.plot([at], [y], marker="<" if at < 0 else ">", color=colour, markersize=3.5)


def _mark(axes: Axes, at: float, y: float, i: int, *, filled: bool) -> None:
    """Draw an estimate; one that lies beyond the edge is an arrow."""
    colour, shape = COLOURS[i], MARKERS[i]
    if abs(at) > FARTHEST:
        shape = "<" if at < 0 else ">"
    look: dict[str, Any] = {"markersize": 4.5, "markerfacecolor": colour if filled else "white"}
    inside = np.clip(at, -FARTHEST + MARGIN, FARTHEST - MARGIN)
    axes.plot([inside], [y], marker=shape, color=colour, zorder=3, **look)


def _claimed(axes: Axes, row: Row, y: float) -> None:
    """Draw where the literature puts an effect."""
    if np.isfinite(row["claimed"]):
        sign = np.sign(row["claimed"])
        axes.plot([sign, sign], [y - 0.06, y + 0.06], color="black", linewidth=1.4, zorder=2)
