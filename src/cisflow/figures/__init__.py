"""Figures for print, drawn from what was estimated; nothing is estimated here.

Every figure is drawn at the width of the paper's text, so that letters keep their size there, in
colours that readers with a colour vision deficiency can tell apart. The same findings give the
same bytes.

A new kind of figure is a function of the findings in a module of its own, and a line in
:func:`_all_figures` that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from cisflow.figures.canvas import save_figure
from cisflow.figures.paths import path_figure, path_models
from cisflow.figures.regressions import coefficient_figure, drawn_regressions, outcome_figure
from cisflow.publication import Findings, places, waves_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figure_names", "make_figures", "save_figure"]

Settings = Mapping[str, Any]
Models = Mapping[str, dict[str, Any]]


def _all_figures(
    settings: Settings, models: Models
) -> Iterator[tuple[str, Callable[[Findings], Figure]]]:
    """Yield the name of every figure a run publishes and what draws it, in order."""
    countries = {c: list(about["waves"]) for c, about in settings["countries"].items()}
    kinds = (
        *(("outcomes", outcome_figure, model) for model in drawn_regressions(models)),
        *(("coefficients", coefficient_figure, model) for model in drawn_regressions(models)),
        *(("paths", path_figure, model) for model in path_models(models)),
    )
    for country, wave in places(countries):
        for kind, draw, model in kinds:
            if wave in waves_of(models[model], countries[country]):
                draw_it = partial(draw, country=country, wave=wave, model=model)
                yield f"{kind}_{model}_{country}_{wave}", draw_it


def figure_names(settings: Settings, models: Models) -> list[str]:
    """Return the names of all figures a run publishes; known before anything is estimated."""
    return [name for name, _ in _all_figures(settings, models)]


def make_figures(findings: Findings) -> dict[str, Figure]:
    """Draw every figure of :func:`figure_names`.

    Returns
    -------
    dict
        Figures by name, in that order; close them after use.
    """
    all_figures = _all_figures(findings.settings, findings.models)
    return {name: draw(findings) for name, draw in all_figures}
