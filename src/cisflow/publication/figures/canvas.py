"""The sheet all figures are drawn on: width, colours, stamp, and how it is saved."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.publication.findings import Findings

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


STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5,
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
            return draw(*args, **about)

    return styled


def points(
    axes: Axes, b: np.ndarray, bounds: np.ndarray, y: np.ndarray, i: int, **style: Any
) -> None:
    """Draw the known of some estimates with their bounds, in the marker and colour of the i-th."""
    known = np.isfinite(b)
    look = {"color": COLOURS[i % 4], "markersize": 5, "linewidth": 1.3, "capsize": 2.5}
    error = np.abs(bounds - b)[:, known]
    axes.errorbar(b[known], y[known], xerr=error, fmt=MARKERS[i % 4], **{**look, **style})


def rule(axes: Axes) -> None:
    """Draw light lines behind what is read along the x-axis."""
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def save_figure(
    figure: Figure, folder: Path | str, name: str, formats: Collection[str] = tuple(FORMATS)
) -> None:
    """Write a figure as ``{name}.png`` (200 dots per inch) and ``{name}.svg``, and close it."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(STYLE):
        for ending in formats:
            figure.savefig(folder / f"{name}.{ending}", **FORMATS[ending])
    plt.close(figure)
