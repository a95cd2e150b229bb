"""Specification curves: every effect in order of size, and below it which choices made it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cisflow.estimators.distributions import NORMAL
from cisflow.publication.curve_facts import (
    NAMES,
    SIGNIFICANT,
    CurveFacts,
    curves_of,
    option_name,
    options_of,
)
from cisflow.publication.figures.canvas import COLOURS, GREY, WIDTH, drawn
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.words import NOT_ESTIMABLE, label, measured, p_value, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.gridspec import GridSpec
    from matplotlib.transforms import Affine2D

NINETY = float(NORMAL.isf(0.05))
BINS = 60  # places in the order of which the choices are shown
SHADES = 6  # of how many of the specifications at a place made a choice
CURVES, ROW = 1.9, 0.13  # inches: of the upper panels, of each row of the lower
LEFT = 0.27  # share of the width for words
LETTERS = 22  # of a line of a heading


@drawn
def curve_figure(findings: Findings, country: str, wave: str, model: str) -> Figure:
    """Draw the curves of a model side by side: effects above, the choices behind them below."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    curves = list(curves_of(findings, country, wave, model))
    rows = rows_of(curves)
    height = CURVES + ROW * max(len(rows), 1) + 1.42
    figure = plt.figure(figsize=(WIDTH, height))
    ratios = [CURVES, max(ROW * len(rows), 0.2)]
    grid = figure.add_gridspec(
        2,
        len(curves),
        height_ratios=ratios,
        hspace=0.06,
        wspace=0.08,
        left=LEFT,
        right=0.99,
        top=1 - 0.82 / height,
        bottom=0.55 / height,
    )
    _mark(findings, figure, height)
    top: list[Axes] = []
    for i, curve in enumerate(curves):
        axes = figure.add_subplot(grid[0, i], sharey=top[0] if top else None)
        top.append(axes)
        _effects(axes, curve, first=i == 0)
        _choices(figure, grid, i, curve, rows)
    _legend(figure, top[0])
    return figure


def _mark(findings: Findings, figure: Figure, height: float) -> None:
    if findings.marks:
        told = ", ".join(mark.name for mark in findings.marks)
        figure.text(
            0.99,
            1 - 0.05 / height,
            told,
            ha="right",
            va="top",
            fontsize=9,
            color=GREY,
            weight="bold",
        )


def rows_of(curves: Sequence[CurveFacts]) -> list[tuple[str, str]]:
    """Return the rows of the lower panel: choice and option, a heading with no option first."""
    found: dict[str, dict[str, None]] = {}
    for curve in curves:
        for choice, names in options_of(curve).items():
            found.setdefault(choice, {}).update(dict.fromkeys(names))
    return [
        row
        for choice, names in found.items()
        for row in [(choice, ""), *((choice, name) for name in names)]
    ]


def _effects(axes: Axes, curve: CurveFacts, *, first: bool) -> None:
    """Draw the effects in order with their intervals; significant ones are filled and dark."""
    b, error = (curve.rows[name].to_numpy(dtype=float) for name in ("estimate", "std_error"))
    low, high = (curve.rows[name].to_numpy(dtype=float) for name in ("ci_low", "ci_high"))
    x = np.arange(len(b)) / max(len(b) - 1, 1)
    axes.fill_between(x, low, high, color="#e3e3e3", linewidth=0, label=say("95 % intervals"))
    axes.fill_between(
        x,
        b - NINETY * error,
        b + NINETY * error,
        color="#c4c4c4",
        linewidth=0,
        label=say("90 % intervals"),
    )
    axes.axhline(0, color=GREY, linewidth=0.8)
    sure = curve.rows["p_value"].to_numpy(dtype=float) < SIGNIFICANT
    axes.plot(x[~sure], b[~sure], ".", color=COLOURS[0], markersize=1.6, label=say("effect"))
    axes.plot(
        x[sure],
        b[sure],
        "D",
        color="black",
        markersize=2.2,
        label=say("effect significant at 5 %"),
    )
    words = textwrap.wrap(label(curve.term, short=True), LETTERS)
    axes.set_title("\n".join([f"{label(curve.outcome, short=True)}:", *words]), fontsize=8.5)
    axes.set_xticks([])
    axes.set_xlim(-0.02, 1.02)
    axes.tick_params(axis="y", labelleft=first)
    if first:
        axes.set_ylabel(say("Average effect\n({unit})", unit=retold(curve.unit)))
    _said(axes, curve)


def _said(axes: Axes, curve: CurveFacts) -> None:
    """Write the median and the joint p-value into the corner that the curve leaves free."""
    if curve.note:
        axes.text(
            0.5,
            0.5,
            f"{NOT_ESTIMABLE}: {retold(curve.note)}",
            ha="center",
            fontsize=8,
            transform=axes.transAxes,
            wrap=True,
        )
        return
    median = curve.median
    told = say("median {size}", size=measured(median["estimate"], median["std_error"]))
    p = p_value(curve.summary["joint"]["estimate"])
    sign = "" if p.startswith("<") else "= "
    axes.text(
        0.03,
        0.985,
        f"{told}\n{say('joint p {p}', p=sign + p)}",
        ha="left",
        va="top",
        fontsize=8,
        transform=axes.transAxes,
    )


def _choices(
    figure: Figure, grid: GridSpec, i: int, curve: CurveFacts, rows: Sequence[tuple[str, str]]
) -> None:
    """Draw of each option how many of the effects at a place in the order it made."""
    axes = figure.add_subplot(grid[1, i])
    shares = shares_of(curve, rows)
    _shade(axes, shares)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(len(shares) - 0.5, -0.5)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    words = [sentence(say(NAMES[c])) if not o else f"   {option_name(o)}" for c, o in rows]
    axes.set_yticks(range(len(rows)), words if i == 0 else [""] * len(rows), fontsize=8)
    for text, (_, option) in zip(axes.get_yticklabels(), rows, strict=True):
        text.set_horizontalalignment("left")
        text.set_fontweight("normal" if option else "bold")
    if i == 0:
        axes.tick_params(axis="y", pad=(LEFT - 0.01) * WIDTH * 72)
        axes.set_xlabel(
            say(
                "Specifications in the order of their effects; darker: more of them make the choice"
            ),
            fontsize=8,
            loc="left",
        )


def shares_of(curve: CurveFacts, rows: Sequence[tuple[str, str]]) -> np.ndarray:
    """Return of each option which share of the effects at a place in the order it made.

    Parameters
    ----------
    curve
        The effects, in order.
    rows
        Choice and option; a heading has no option.

    Returns
    -------
    numpy.ndarray
        Shape (rows, places).
    """
    place = np.minimum((np.arange(len(curve.rows)) * BINS) // max(len(curve.rows), 1), BINS - 1)
    at = np.bincount(place, minlength=BINS).clip(1)
    shares = np.zeros((max(len(rows), 1), BINS))
    for k, (choice, option) in enumerate(rows):
        if option:
            mine = (curve.rows[choice] == option).to_numpy(dtype=float)
            shares[k] = np.bincount(place, mine, BINS) / at
    return shares


def _shade(axes: Axes, shares: np.ndarray) -> None:
    """Draw shares as cells, darker for larger ones: one path of all cells of a shade.

    Parameters
    ----------
    axes
        Where to.
    shares
        Of each row and place, from 0, which is left white, to 1, shape (rows, places).
    """
    from matplotlib import colormaps
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    across = np.linspace(-0.02, 1.02, shares.shape[1] + 1)
    shades = np.ceil(shares * SHADES).astype(int)
    for shade in range(1, SHADES + 1):
        cells = [
            Path.unit_rectangle().transformed(_between(across[begin], across[end], row))
            for row, taken in enumerate(shades == shade)
            for begin, end in _runs(taken)
        ]
        if cells:
            colour = colormaps["Greys"](shade / SHADES)
            whole = Path.make_compound_path(*cells)
            axes.add_patch(PathPatch(whole, facecolor=colour, linewidth=0, antialiased=False))


def _between(left: float, right: float, row: int) -> Affine2D:
    from matplotlib.transforms import Affine2D

    return Affine2D().scale(right - left, 1).translate(left, row - 0.5)


def _runs(taken: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield where a row of yes and no is yes without a break, as begin and end."""
    turns = np.flatnonzero(np.diff(np.concatenate([[0], taken.astype(int), [0]])))
    yield from zip(turns[::2], turns[1::2], strict=True)


def _legend(figure: Figure, axes: Axes) -> None:
    handles, names = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        names,
        loc="lower right",
        bbox_to_anchor=(1.0, 0.0),
        ncols=4,
        frameon=False,
        fontsize=8,
        handletextpad=0.4,
        columnspacing=1.0,
        markerscale=2,
    )
