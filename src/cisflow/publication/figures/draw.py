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

from cisflow.publication.figures.balances import (
    decomposition_figure,
    groups_figure,
    lag_figure,
    steps_figure,
)
from cisflow.publication.figures.canvas import save_figure
from cisflow.publication.figures.paths import path_figure, path_models
from cisflow.publication.figures.pooled import pooled_figures
from cisflow.publication.figures.regressions import coefficient_figure, outcome_figure
from cisflow.publication.findings import (
    Findings,
    grouped_balances,
    leading_regression,
    places,
    printed_places,
    scanned_balances,
    split_balances,
    stepped_balances,
    waves_of,
)
from cisflow.study.run import is_pooled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_figures", "figure_names", "make_figures", "save_figure"]

Settings = Mapping[str, Any]
Models = Mapping[str, dict[str, Any]]


def _all_figures(
    settings: Settings, models: Models
) -> Iterator[tuple[str, Callable[[Findings], Figure]]]:
    """Yield the name of every figure a run publishes and what draws it, in order."""
    countries = {c: list(about["waves"]) for c, about in settings["countries"].items()}
    kinds = (
        *(("outcomes", outcome_figure, model) for model in leading_regression(models)),
        *(("coefficients", coefficient_figure, model) for model in leading_regression(models)),
        *(("paths", path_figure, model) for model in path_models(models)),
        *(("decomposition", decomposition_figure, model) for model in split_balances(models)),
        *(("groups", groups_figure, model) for model in grouped_balances(models)),
        *(("lags", lag_figure, model) for model in scanned_balances(models)),
        *(("steps", steps_figure, model) for model in stepped_balances(models)),
    )
    for country, wave in [*places(countries), *printed_places(countries, models)]:
        for kind, draw, model in kinds:
            if wave in waves_of(models[model], countries[country]):
                draw_it = partial(draw, country=country, wave=wave, model=model)
                yield f"{kind}_{model}_{country}_{wave}", draw_it
    if is_pooled(settings):
        yield from pooled_figures(settings, models)


def figure_names(settings: Settings, models: Models) -> list[str]:
    """Return the names of all figures a run publishes; known before anything is estimated."""
    return [name for name, _ in _all_figures(settings, models)]


def draw_figures(findings: Findings) -> Iterator[tuple[str, Figure]]:
    """Yield every figure of :func:`figure_names` with its name, drawn when it is asked for.

    Runs over many countries have more figures than memory should hold at once.
    """
    for name, draw in _all_figures(findings.settings, findings.models):
        yield name, draw(findings)


def make_figures(findings: Findings) -> dict[str, Figure]:
    """Draw every figure of :func:`figure_names`.

    Returns
    -------
    dict
        Figures by name, in that order; close them after use.
    """
    return dict(draw_figures(findings))
