"""The sheet all figures are drawn on: width, typeface, colours, stamp, and how it is saved."""

from __future__ import annotations

from collections.abc import Callable, Collection
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
# How each is written: without what differs from one run to the next.
FORMATS: dict[str, dict[str, Any]] = {
    "png": {"dpi": 200, "metadata": {"Software": None}},
    "svg": {"metadata": {"Date": None, "Creator": None}},
}


# Okabe & Ito's colours: blue, vermillion, and two more for further outcomes.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
MARKERS = ("o", "s", "^", "D")
GREY = "#595959"


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
    findings: Findings, height: float, columns: int = 1, rows: int = 1, *, share: bool = True
) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels row by row, with the marks of the run above them.

    ``share`` is whether all have the same vertical axis.
    """
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, height), squeeze=False, layout="constrained", sharey=share
    )
    if findings.marks:
        told = ", ".join(mark.name for mark in findings.marks)
        figure.suptitle(told, x=0.99, ha="right", fontsize=9, color=GREY, weight="bold")
    return figure, list(axes.ravel())


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
