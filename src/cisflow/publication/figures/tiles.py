"""A verdict as a tile: its letter on its colour, which can be read without either."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from cisflow.publication.figures.canvas import GREY
from cisflow.publication.language import say
from cisflow.publication.tables.pooled import LETTERS

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

WHITE = "#FFFFFF"
# Okabe and Ito's sky blue and orange for what is decided; black letters can be read on all.
TILES = {
    "S": "#56B4E9",
    "C": "#E69F00",
    **dict.fromkeys("IUDF", "#E4E4E4"),
    **dict.fromkeys("n·–", WHITE),
}


def tile(
    axes: Axes,
    corner: tuple[float, float],
    size: tuple[float, float],
    letter: str,
    *,
    text: str | None = None,
    across: Transform | None = None,
) -> None:
    """Draw the tile of a verdict with its letter, or another text.

    Parameters
    ----------
    corner, size
        The corner where both coordinates are least, width and height, in those of the data or of
        ``across``.
    """
    from matplotlib.patches import Rectangle

    where = across or axes.transData
    edge = "#cccccc" if TILES[letter] == WHITE else "none"
    box = Rectangle(
        corner,
        *size,
        facecolor=TILES[letter],
        edgecolor=edge,
        linewidth=0.4,
        transform=where,
        clip_on=False,
    )
    axes.add_patch(box)
    axes.text(
        corner[0] + size[0] / 2,
        corner[1] + size[1] / 2,
        letter if text is None else text,
        transform=where,
        ha="center",
        va="center_baseline",
        fontsize=8,
        color=GREY if TILES[letter] == WHITE else "black",
    )


def tiles_explained(letters: Collection[str] = tuple(TILES)) -> list[Artist]:
    """Return what a legend says of the letters, all of them or some."""
    from matplotlib.patches import Patch

    return [
        Patch(facecolor=TILES[letter], edgecolor="#cccccc", label=f"{letter}  {say(verdict)}")
        for verdict, letter in LETTERS.items()
        if letter in letters
    ]
