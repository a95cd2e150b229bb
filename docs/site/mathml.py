"""Formulas as MathML, which browsers draw by themselves: no script, no font, no network."""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert


def _inline(translator, node) -> None:
    translator.body.append(convert(node.astext()))
    raise SkipNode


def _display(translator, node) -> None:
    translator.body.append(f"<p>{convert(node.astext(), display='block')}</p>")
    raise SkipNode


def setup(app) -> dict[str, bool]:
    """Register the renderer; there is no other, so Sphinx takes it."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    return {"parallel_read_safe": True}
