"""The sheet all figures are drawn on: width, typeface, colours, stamp, and how it is saved."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import wraps
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import brentq

from cisflow.estimators.distributions import NORMAL, Student
from cisflow.publication.figures.svg import lean
from cisflow.publication.findings import Findings
from cisflow.publication.language import numeral, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 6.3  # inches, the width of the paper's text
TALL = 8.9  # inches, the height that a page has for a figure above its caption
# How each is written: without what differs from one run to the next.
FORMATS: dict[str, dict[str, Any]] = {
    "png": {"dpi": 200, "metadata": {"Software": None}},
    "svg": {"metadata": {"Date": None, "Creator": None}},
}


# Okabe & Ito's colours: blue, vermillion, and two more for further outcomes.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
MARKERS = ("o", "s", "^", "D")
GREY = "#595959"

BELOW: dict[str, Any] = {"loc": "outside lower center", "frameon": False}

# The typeface of the paper, which matplotlib brings along.
TYPEFACE = "STIXGeneral"
STYLE: dict[Any, Any] = {
    "font.family": [TYPEFACE, "DejaVu Sans"],  # the second for letters that the first lacks
    "font.size": 9.5,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "cisflow",
    "svg.fonttype": "path",
    "text.parse_math": False,  # a `$` in a name is a `$`
}


def canvas(
    findings: Findings,
    height: float,
    columns: int = 1,
    rows: int = 1,
    *,
    title: str = "",
    share: bool = True,
    heights: Sequence[float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels row by row, its title and the marks of the run above them.

    ``title`` is what is true of all panels, such as their country; ``share`` is whether all have
    the same vertical axis; ``heights`` are those of the rows in proportion, if they differ.
    """
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(WIDTH, height),
        squeeze=False,
        layout="constrained",
        sharey=share,
        height_ratios=heights,
    )
    _head(figure, title, ", ".join(mark.name for mark in findings.marks))
    return figure, list(axes.ravel())


def _head(figure: Figure, title: str, marks: str) -> None:
    """Write the marks to the right, and a title in as many lines as it needs to their left."""
    whole = figure.bbox
    look: dict[str, Any] = {"y": 1 - 0.04 * figure.dpi / whole.height, "va": "top"}
    told = figure.text(0.99, s=marks, ha="right", fontsize=9, color=GREY, weight="bold", **look)
    text = figure.text(0.01, s=title, fontsize=9.5, **look)
    room = 0.97 * whole.width - told.get_window_extent().width
    words = len(title)
    while text.get_window_extent().width > room and words > 1:
        words -= 1
        text.set_text("\n".join(textwrap.wrap(title, words)))
    if marks or title:
        leave(figure, above=0.06 * figure.dpi + max(_heights(figure)))


def _heights(figure: Figure) -> Iterator[float]:
    return (text.get_window_extent().height for text in figure.texts)


def leave(figure: Figure, *, above: float = 0.0, below: float = 0.0) -> float:
    """Keep so many dots above or below the panels free, and return the height they end at."""
    engine: Any = figure.get_layout_engine()
    x, y, width, height = engine.get()["rect"]
    y, height = y + below / figure.bbox.height, height - (above + below) / figure.bbox.height
    engine.set(rect=(x, y, width, height))
    return float(y + height)


def headings(findings: Findings, country: str, waves: Sequence[str]) -> tuple[str, list[str]]:
    """Return what stands above a figure of a country, and what above the part of each wave."""
    if len(waves) == 1:
        return findings.place(country, waves[0]), [""]
    return findings.name(country), list(waves)


def panels_of(number: int, most: int) -> tuple[int, int]:
    """Return in how many columns and rows panels stand, no more than ``most`` side by side.

    Examples
    --------
    >>> panels_of(4, most=4), panels_of(6, most=4)
    ((4, 1), (3, 2))
    """
    rows = max(-(-number // most), 1)
    return max(-(-number // rows), 1), rows


def legend(figure: Figure, handles: Sequence[Any], names: Sequence[str], **look: Any) -> None:
    """Draw a legend below the panels, in as many columns as the page is wide."""
    for columns in range(len(names), 0, -1):
        tried = figure.legend(handles, names, ncols=columns, **{**BELOW, **look})
        if columns == 1 or tried.get_window_extent().width <= figure.bbox.width:
            return
        tried.remove()


def legend_above(figure: Figure, axes: Axes) -> None:
    """Draw a panel's legend above all of them, below the title and the marks."""
    handles, names = axes.get_legend_handles_labels()
    at = (0.0, leave(figure))
    legend(figure, handles, names, loc="upper left", bbox_to_anchor=at, borderaxespad=0.1)
    leave(figure, above=figure.legends[-1].get_window_extent().height)


def drawn(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Have a figure drawn in the style all of them share."""

    @wraps(draw)
    def styled(*args: Any, **about: Any) -> Figure:
        import matplotlib as mpl

        with mpl.rc_context(STYLE):
            figure = draw(*args, **about)
            _write_numerals(figure)
            return figure

    return styled


def _write_numerals(figure: Figure) -> None:
    """Have the numbers along the axes written as the language writes them."""
    from matplotlib.ticker import ScalarFormatter

    class Numerals(ScalarFormatter):
        """Numbers as matplotlib writes them, with the language's point."""

        def __call__(self, x: float, pos: int | None = None) -> str:
            return numeral(super().__call__(x, pos))

    if numeral("0.1") == "0.1":
        return
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if type(axis.get_major_formatter()) is ScalarFormatter:
            axis.set_major_formatter(Numerals())


def points(
    axes: Axes,
    b: np.ndarray,
    bounds: np.ndarray,
    y: np.ndarray,
    i: int,
    errors: np.ndarray | None = None,
    **style: Any,
) -> None:
    """Draw the known of some estimates with their bounds, in the marker and colour of the i-th.

    Parameters
    ----------
    axes
        Where to.
    b, y
        Estimates and their heights, shape (k,).
    bounds
        Ends of their 95 % intervals, shape (2, k).
    i
        Which of several series it is.
    errors
        Standard errors, shape (k,), with which the 90 % interval is drawn as a thicker line.
    style
        Of the markers and lines, as matplotlib's ``errorbar`` takes it.
    """
    known = np.isfinite(b)
    look = {"color": COLOURS[i % 4], "markersize": 4.5, "linewidth": 1.0, "capsize": 2, **style}
    error = np.abs(bounds - b)[:, known]
    axes.errorbar(b[known], y[known], xerr=error, fmt=MARKERS[i % 4], **look)
    if errors is None:
        return
    half = [ninety(*of) for of in zip(b, *bounds, errors, strict=True)]
    thick = {"color": look["color"], "linewidth": 2.6, "solid_capstyle": "butt"}
    for at, reach, height in zip(b, half, y, strict=True):
        if np.isfinite(reach):
            axes.plot([at - reach, at + reach], [height, height], **thick)


def ninety(b: float, low: float, high: float, error: float) -> float:
    """Return half the width of the 90 % interval that goes with a symmetric one of 95 %.

    The law, normal or t, is the one by which the 95 % interval is as wide as it is; NaN for an
    interval that is not symmetric, as those of resampling are, and for one without a standard
    error.
    """
    half = (high - low) / 2
    if not (np.isfinite([b, half, error]).all() and error > 0):
        return np.nan
    if abs((high + low) / 2 - b) > 1e-6 * half:
        return np.nan
    quantile = half / error
    if quantile <= NORMAL.isf(0.025) + 1e-3:
        return float(NORMAL.isf(0.05) * error)
    if quantile >= Student(1).isf(0.025):
        return np.nan
    df = brentq(lambda df: Student(df).isf(0.025) - quantile, 1, 1e6)
    return float(Student(df).isf(0.05) * error)


def rule(axes: Axes) -> None:
    """Draw light lines behind what is read along the x-axis."""
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def save_figure(
    figure: Figure,
    folder: Path | str,
    name: str,
    formats: Collection[str] = tuple(FORMATS),
    caption: str = "",
) -> None:
    """Write a figure as ``{name}.png`` (200 dots per inch) and ``{name}.svg``, and close it.

    The SVG has the caption as its title, and a description of axes and series, for those who
    cannot see it.
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    told = described(figure)
    with mpl.rc_context(STYLE):
        for ending in formats:
            figure.savefig(folder / f"{name}.{ending}", **FORMATS[ending])
    plt.close(figure)
    if "svg" in formats:
        _tell(folder / f"{name}.svg", caption or name, told)


def described(figure: Figure) -> str:
    """Return in words what a figure shows: its marks and notes, its panels and axes, the series."""
    parts = [f"{' '.join(text.get_text().split())}." for text in figure.texts if text.get_text()]
    for axes in figure.axes:
        titles = (axes.get_title(loc) for loc in ("left", "center"))
        ticks = [tick.get_text() for tick in axes.get_yticklabels()] if axes.axison else []
        named = [text for text in ticks if text.strip("−-.,0123456789")]
        about = {
            "Panel": next(filter(None, titles), ""),
            "horizontal axis": axes.get_xlabel(),
            "vertical axis": axes.get_ylabel() or ", ".join(named),
            "text": "; ".join(text.get_text() for text in axes.texts),
        }
        parts += [f"{say(what)}: {' '.join(text.split())}." for what, text in about.items() if text]
    legends = [axes.get_legend() for axes in figure.axes]
    shown = [*figure.legends, *filter(None, legends)]
    series = [text.get_text() for of in shown for text in of.texts]
    parts += [f"{say('Series')}: {', '.join(series)}."] if series else []
    return " ".join(dict.fromkeys(parts))


def _tell(file: Path, title: str, description: str) -> None:
    """Put title and description into an SVG, where readers of screens look for them."""
    text = file.read_text(encoding="utf-8")
    head, start, rest = text.partition("<svg ")
    attributes, end, body = rest.partition(">")
    told = f"\n <title>{escape(title)}</title>\n <desc>{escape(description)}</desc>"
    whole = f'{head}{start}role="img" {attributes}{end}{told}{lean(body)}'
    file.write_text(whole, encoding="utf-8")
