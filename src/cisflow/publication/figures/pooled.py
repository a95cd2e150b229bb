"""Forest plots over countries, and the matrix of verdicts as tiles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.estimation.estimates import ALL_WAVES
from cisflow.publication.families import (
    balance_of,
    leading_regression,
    path_models,
    places,
    split_balances,
)
from cisflow.publication.figures.canvas import COLOURS, GREY, canvas, drawn, rule
from cisflow.publication.figures.tiles import tile, tiles_explained
from cisflow.publication.findings import Findings
from cisflow.publication.language import say
from cisflow.publication.tables.pooled import (
    ALL_COUNTRIES,
    TERM,
    main_rows,
    pooled_terms,
    pooled_waves,
    quantity_of,
    term_label,
    verdict_letters,
)
from cisflow.publication.words import NOT_ESTIMABLE, label, number
from cisflow.study.balance_terms import BALANCE, COST, RETURN
from cisflow.study.models import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS = 48
MOST_LEVEL = 20  # claims whose names stand beside one another
ROW = 0.135  # inches of a tile's height, room for letters of eight points


@dataclass(frozen=True)
class Forest:
    """One figure: the panels that stand side by side, each ``(outcome, column, term)``."""

    model: str
    wave: str
    panels: tuple[tuple[str, str, str], ...]


# --- forest plots ------------------------------------------------------------------------------


def forests(
    settings: Mapping[str, Any], models: Mapping[str, Model]
) -> Iterator[tuple[str, Forest]]:
    """Yield name and panels of every forest plot of a run that pools.

    Drawn are the coefficients of the leading regression, outcomes side by side; direct, indirect
    and total effects of path models; cost, return and balance of balances at the run's own lag.
    """
    waves = [ALL_WAVES]
    if settings["pool"]["by"] == "wave":
        waves = list(dict.fromkeys(w for c in settings["countries"].values() for w in c["waves"]))
    taken: Counter[str] = Counter()
    for wave in waves:
        ending = "" if wave == ALL_WAVES else f"_{wave}"
        for name, model, panels in _panels(models):
            safe = f"forest_{re.sub(r'[^A-Za-z0-9]+', '_', name)[:100]}{ending}"
            taken[safe] += 1
            again = f"_{taken[safe]}" if taken[safe] > 1 else ""
            yield f"{safe}{again}", Forest(model, wave, panels)


def _panels(
    models: Mapping[str, Model],
) -> Iterator[tuple[str, str, tuple[tuple[str, str, str], ...]]]:
    for model in leading_regression(models):
        spec = models[model]
        for column, terms in spec.columns.items():
            for term in terms:
                panels = tuple((outcome, column, term) for outcome in spec.outcomes)
                yield f"{model}_{column}_{term}", model, panels
    for model in path_models(models):
        for source, target in models[model].effects:
            kinds = [f"{kind}({source})" for kind in ("direct", "indirect", "total")]
            panels = tuple((target, "standardised", kind) for kind in kinds)
            yield f"{model}_{source}_{target}", model, panels
    for model in split_balances(models):
        target = balance_of(models[model]).target
        panels = tuple((target, "standardised", part) for part in (COST, RETURN, BALANCE))
        yield f"{model}_{target}", model, panels


@drawn
def forest_figure(findings: Findings, forest: Forest) -> Figure:
    """Draw each country's estimate, the pooled one and the prediction interval."""
    known = {tuple(t[key] for key in TERM): t for t in pooled_terms(findings, forest.model)}
    main = main_rows(findings, forest.model).set_index(TERM)
    countries, quantity = list(findings.countries), quantity_of(findings, forest.model)
    height = 1.7 + 0.21 * (len(countries) + 1)
    figure, axes = canvas(findings, height, columns=len(forest.panels))
    for panel, (outcome, column, term) in zip(axes, forest.panels, strict=True):
        key = (forest.wave, forest.model, outcome, column, term, quantity)
        panel.set_title(_title(findings, forest, outcome, term), loc="left")
        panel.axvline(0, color=GREY, linewidth=0.8, zorder=0)
        if key in known:
            _countries(panel, known[key]["countries"], countries)
            panel.locator_params(axis="x", nbins=8 // len(forest.panels) + 1)
            _pooled(panel, main.loc[key], len(countries) + 0.3)
            panel.set_xlabel(_heterogeneity(main.loc[key]))
        else:
            panel.text(0.5, 0.5, NOT_ESTIMABLE, ha="center", transform=panel.transAxes)
    names = [*(findings.name(c) for c in countries), say("Pooled")]
    axes[0].set_yticks([*range(len(countries)), len(countries) + 0.3], names)
    axes[0].get_yticklabels()[-1].set_fontweight("bold")
    axes[0].set_ylim(len(countries) + 0.9, -0.6)
    figure.supxlabel(
        say(
            "Squares: countries with 95 % intervals, larger for more weight. Diamond: pooled "
            "estimate,\nas wide as its 95 % interval; the line through it: prediction interval for "
            "a further country."
        ),
        fontsize=8,
        color=GREY,
    )
    return figure


def _title(findings: Findings, forest: Forest, outcome: str, term: str) -> str:
    spec = findings.models[forest.model]
    text = term_label(spec, term)
    if spec.outcomes:
        return f"{label(outcome, short=True)}:\n{text}" + _wave(forest)
    short = text.removesuffix(f" of {text.split(' of ')[-1]}") if " effect of " in text else text
    return f"{short}{_wave(forest)}"


def _wave(forest: Forest) -> str:
    return "" if forest.wave == ALL_WAVES else f", {forest.wave}"


def _countries(axes: Axes, found: Sequence[Mapping[str, Any]], order: Sequence[str]) -> None:
    """Draw the countries' estimates; those without one carry a sign."""
    most = max(c["weight"] for c in found)
    for about in found:
        y = order.index(about["country"])
        axes.plot([about["ci_low"], about["ci_high"]], [y, y], color=COLOURS[0], linewidth=1.1)
        size = 2.2 + 4.3 * np.sqrt(about["weight"] / most)
        axes.plot(about["estimate"], y, "s", color=COLOURS[0], markersize=size)
    for country in set(order) - {c["country"] for c in found}:
        axes.annotate(
            NOT_ESTIMABLE,
            (0.02, order.index(country)),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
            color=GREY,
        )
    rule(axes)


def _pooled(axes: Axes, row: Any, y: float) -> None:
    """Draw the pooled estimate as a diamond on its prediction interval."""
    axes.axhline(y - 0.65, color="#bbbbbb", linewidth=0.6)
    axes.axvline(row["estimate"], color=COLOURS[1], linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    if np.isfinite(row["pi_low"]):
        axes.plot([row["pi_low"], row["pi_high"]], [y, y], color=COLOURS[1], linewidth=1.3)
    corners = [
        (row["ci_low"], y),
        (row["estimate"], y - 0.27),
        (row["ci_high"], y),
        (row["estimate"], y + 0.27),
    ]
    axes.fill(*zip(*corners, strict=True), color=COLOURS[1], linewidth=0)


def _heterogeneity(row: Any) -> str:
    tau = number(float(np.sqrt(row["tau2"])))
    return f"{say('Pooled')} {number(row['estimate'])}\nτ = {tau}, I² = {100 * row['i2']:.0f} %"


# --- the matrix of verdicts --------------------------------------------------------------------


def matrix_pages(settings: Mapping[str, Any]) -> list[list[str]]:
    """Return the countries of each figure: as many as can be read on a page."""
    waves = {country: len(about["waves"]) for country, about in settings["countries"].items()}
    total = sum(waves.values())
    most = ceil(total / ceil(total / MOST_ROWS))
    pages: list[list[str]] = [[]]
    for country, rows in waves.items():
        if pages[-1] and sum(waves[c] for c in pages[-1]) + rows > most:
            pages.append([])
        pages[-1].append(country)
    return pages


@drawn
def matrix_figure(findings: Findings, countries: Sequence[str]) -> Figure:
    """Draw a tile per claim, country and wave, with the letter of its verdict."""
    letters = verdict_letters(findings)
    claims = list(findings.claims.drop_duplicates("claim")["claim"])
    rows = [("", wave) for wave in pooled_waves(findings)]
    rows += list(places({c: findings.countries[c] for c in countries}))
    groups = len(dict.fromkeys(country for country, _ in rows))
    figure, (axes,) = canvas(findings, 0.85 + ROW * (len(rows) + 0.45 * groups))
    y, ticks = -1.0, []
    for i, (country, wave) in enumerate(rows):
        new = not i or rows[i - 1][0] != country
        y += 1.45 if new else 1.0
        for x, claim in enumerate(claims):
            if letter := letters.get((claim, country, wave)):
                tile(axes, (x - 0.46, y - 0.45), (0.92, 0.9), letter)
        if new:
            name = findings.name(country) if country else say(ALL_COUNTRIES)
            _name(axes, name, y, bold=not country)
        ticks.append((y, say("pooled") if wave == ALL_WAVES else wave))
    axes.set_xlim(-0.5, len(claims) - 0.5)
    axes.set_ylim(y + 0.6, -0.3)
    axes.set_yticks([at for at, _ in ticks], [wave for _, wave in ticks], fontsize=8)
    axes.xaxis.tick_top()
    upright = len(claims) > MOST_LEVEL
    axes.set_xticks(range(len(claims)), claims, fontsize=8, rotation=90 if upright else 0)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    figure.legend(
        handles=tiles_explained(),
        loc="outside lower center",
        ncols=3,
        frameon=False,
        fontsize=8,
    )
    return figure


def _name(axes: Axes, name: str, y: float, *, bold: bool) -> None:
    """Write a country's name left of its first wave."""
    axes.annotate(
        name,
        (0, y),
        (-58, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=8,
        weight="bold" if bold else "normal",
    )
