"""The catalogue: every table and figure a run publishes, each kind declared once.

It is known before anything is estimated. The tables, the figures, the paper and the report ask it
what there is, what it is called and what it is about; nothing else puts a name together. A new
kind is a function of the findings in a module of :mod:`cisflow.publication.tables` or
:mod:`cisflow.publication.figures`, and a line in :data:`TABLES` or
:data:`FIGURES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from cisflow.estimation.estimates import ALL_WAVES
from cisflow.publication.families import (
    about_partners,
    compared_regressions,
    curved,
    described,
    distinct_balances,
    further_regressions,
    grouped_balances,
    leading_regression,
    limited,
    models_of,
    path_groups,
    path_models,
    places,
    pooled_in_paper,
    pooled_models,
    printed_places,
    profiled,
    robust,
    scanned_balances,
    sensitive,
    shared_name,
    stepped_balances,
    told_column,
    waves_of,
    weighed_regressions,
    with_practices,
)
from cisflow.publication.figures.balances import (
    decomposition_figure,
    groups_figure,
    lag_figure,
    steps_figure,
)
from cisflow.publication.figures.claims import MARKED, any_claim, claims_figure
from cisflow.publication.figures.curves import curve_figure
from cisflow.publication.figures.flow import flow_figure
from cisflow.publication.figures.overlap import overlap_figure
from cisflow.publication.figures.paths import path_figure
from cisflow.publication.figures.pooled import forest_figure, forests, matrix_figure, matrix_pages
from cisflow.publication.figures.regressions import coefficient_figure, outcome_figure
from cisflow.publication.figures.shapes import profile_figure
from cisflow.publication.findings import Findings
from cisflow.publication.language import say
from cisflow.publication.tables.appendix import iv_table, panel_table, sensitivity_table
from cisflow.publication.tables.attrition import attrition_lags_table, attrition_table
from cisflow.publication.tables.balances import balance_table
from cisflow.publication.tables.claims import MOST_PLACES, claims_table
from cisflow.publication.tables.corrections import (
    control_function_table,
    selection_table,
    weighted_table,
)
from cisflow.publication.tables.curves import curve_table
from cisflow.publication.tables.main import main_table, verdict_table
from cisflow.publication.tables.paths import effects_table as path_effects_table
from cisflow.publication.tables.paths import indices_table, path_table
from cisflow.publication.tables.pooled import (
    leave_one_out_table,
    matrix_table,
    methods_table,
    moderators_table,
    pooled_table,
    term_label,
)
from cisflow.publication.tables.rates import rates_table
from cisflow.publication.tables.regressions import (
    alternatives_table,
    covariance_table,
    effects_table,
    extensions_table,
    regression_table,
)
from cisflow.publication.tables.samples import (
    descriptives_table,
    flow_table,
    quality_overview,
    quality_table,
)
from cisflow.publication.tables.shapes import complements_table, thirds_table, u_shape_table
from cisflow.publication.tables.table import Table
from cisflow.publication.tables.truths import truth_table
from cisflow.publication.words import place_name
from cisflow.study.models import Model
from cisflow.study.run import is_pooled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLE, FIGURE = "table", "figure"


@dataclass(frozen=True)
class Item:
    """A table or figure of a run."""

    kind: str  # TABLE or FIGURE
    section: str  # A key of SECTIONS
    name: str  # file name without ending; no two items share it
    caption: str  # what it shows, in words
    # A function of the findings that returns the table or draws the figure.
    make: Callable[[Findings], Table | Figure]
    # country, wave, models: what it is about, empty for all of them.
    country: str = ""
    wave: str = ""
    models: tuple[str, ...] = ()
    # Whether the paper has room for it; what it has not is in the folder alone.
    printed: bool = True

    @property
    def heading(self) -> str:
        """Title of its section."""
        return say(SECTIONS[self.section])

    def made(self, findings: Findings) -> Any:
        """Return the table under its caption, or the figure: the one way from findings to print."""
        made = self.make(findings)
        if isinstance(made, Table):
            return made.headed(self.caption, findings.marks, findings.stamp)
        return made


@dataclass(frozen=True)
class Catalogue:
    """The items of a run, section by section in the order of the paper."""

    items: tuple[Item, ...]

    def of(self, kind: str) -> list[Item]:
        """Return all tables, or all figures."""
        return [item for item in self.items if item.kind == kind]

    def present(self, findings: Findings) -> list[Item]:
        """Return the items that have something to show: a figure without an estimate is none.

        A table without estimates stays, as it says why there are none.
        """
        return [i for i in self.items if i.kind == TABLE or not _is_empty(i, findings)]

    def name(self, section: str, country: str, wave: str, model: str) -> str:
        """Return what the item about a model in one country and wave is called."""
        about = section, country, wave
        found = (i for i in self.items if (i.section, i.country, i.wave) == about)
        return next(item.name for item in found if model in item.models)

    def __getitem__(self, name: str) -> Item:
        """Return an item by its name."""
        return next(item for item in self.items if item.name == name)


def _is_empty(item: Item, findings: Findings) -> bool:
    """Return whether a figure has nothing to draw where it is about: no claim, no estimate."""
    if item.section == "glance":
        return not any_claim(findings)
    if not item.models or item.section in DRAWN_OF_SAMPLES or not item.country:
        return False
    waves = [item.wave] if item.wave else findings.countries[item.country]
    return all(findings.why_not(item.country, w, m) for w in waves for m in item.models)


# --- what there may be, and where --------------------------------------------------------------


class Run(NamedTuple):
    """A run as its items are listed: the checked config and its models."""

    settings: Mapping[str, Any]
    models: Mapping[str, Model]

    @property
    def countries(self) -> Mapping[str, Mapping[str, Any]]:
        """What the config says of each country."""
        return self.settings["countries"]

    @property
    def waves(self) -> dict[str, list[str]]:
        """Waves by country."""
        return {country: list(about["waves"]) for country, about in self.countries.items()}

    def title(self, model: str) -> str:
        """Return the title of a model."""
        return str(self.models[model].title)


About = Mapping[str, Any]  # what an item is told: `model`, or the `members` of a group
Place = tuple[str, str]  # country and wave, either empty for all of them


def whole(run: Run) -> list[About]:
    """Return that there is one item about all models."""
    return [{}]


def each(of: Callable[..., Iterable[str]], *further: str) -> Callable[[Run], list[About]]:
    """Return that there is an item about each of some models."""
    return lambda run: [{"model": model} for model in of(run.models, *further)]


def groups(run: Run) -> list[About]:
    """Return that there is an item about each group of path models."""
    return [{"members": members} for members in path_groups(run.models).values()]


def if_any(of: Callable[..., Iterable[str]]) -> Callable[[Run], list[About]]:
    """Return that there is one item if there are any such models."""
    return lambda run: [{}] if of(run.models) else []


def never(models: Mapping[str, Any]) -> list[str]:
    """Return no models: items that stand in the folder alone."""
    return []


def once(run: Run, about: About) -> list[Place]:
    """Return that an item is about all countries and waves."""
    return [("", "")]


def asked(run: Run, about: About) -> list[Place]:
    """Return where a model is estimated, or its printed table stands."""
    spec = run.models[models_in(about)[0]]
    everywhere = [*places(run.waves), *printed_places(run.waves, run.models)]
    return [at for at in everywhere if at[1] in waves_of(spec, run.waves[at[0]])]


def every_wave(run: Run, about: About) -> list[Place]:
    """Return every country and wave."""
    return list(places(run.waves))


def waves_read(run: Run, about: About) -> list[Place]:
    """Return every country and wave whose extract is at hand."""
    return [at for at in places(run.waves) if "export" not in run.countries[at[0]]]


def extracts(run: Run, about: About) -> list[Place]:
    """Return every extract at hand, those of accounts last."""
    accounts = [(c, "accounts") for c, _ in with_accounts(run, about)]
    return [
        *waves_read(run, about),
        *(at for at in accounts if "export" not in run.countries[at[0]]),
    ]


def if_read(run: Run, about: About) -> list[Place]:
    """Return all countries, if any extract is at hand."""
    return [("", "")] if waves_read(run, about) else []


def if_simulated(run: Run, about: About) -> list[Place]:
    """Return all countries, if their extracts are made from a truth."""
    return if_read(run, about) if run.settings.get("simulate") else []


def each_country(run: Run, about: About) -> list[Place]:
    """Return every country, all its waves together."""
    return [(country, "") for country in run.countries]


def with_accounts(run: Run, about: About) -> list[Place]:
    """Return every country that has accounts."""
    return [(c, "") for c, of in run.countries.items() if of.get("accounts")]


def with_lags(run: Run, about: About) -> list[Place]:
    """Return every country that has accounts, in a run that looks at several lags."""
    return with_accounts(run, about) if len(run.settings.get("lags", [])) > 1 else []


def pooling(run: Run, about: About) -> list[Place]:
    """Return all countries, in a run that pools them."""
    return [("", "")] if is_pooled(run.settings) else []


def few_samples(run: Run, about: About) -> list[Place]:
    """Return all countries, if the claims are judged on so few samples that each is drawn."""
    return once(run, about) if _samples(run) <= MARKED else []


def many_samples(run: Run, about: About) -> list[Place]:
    """Return all countries, if of the samples only the spread is drawn."""
    return [] if few_samples(run, about) else once(run, about)


def _samples(run: Run) -> int:
    """Return on how many samples the claims that are drawn are judged: of many, the pooled ones."""
    number = len(list(places(run.waves)))
    if number <= MOST_PLACES or not is_pooled(run.settings):
        return number
    by_wave = run.settings["pool"]["by"] == "wave"
    return len({wave for waves in run.waves.values() for wave in waves}) if by_wave else 1


def moderated(run: Run, about: About) -> list[Place]:
    """Return all countries, in a run that explains how they differ."""
    return pooling(run, about) if run.settings.get("pool", {}).get("moderators") else []


def models_in(about: About) -> tuple[str, ...]:
    """Return the models an item is about."""
    return tuple(about["members"]) if "members" in about else tuple(about.values())


class Kind(NamedTuple):
    """Items of one kind: what they are called, who makes them, of what and where there is one.

    ``name``, a key of :data:`CAPTIONS`, may take ``model``, ``group`` and ``here``, its caption
    also ``title``, ``source`` and ``place``; ``printed`` names the models that the paper has room
    for, None for all.
    """

    section: str
    name: str
    make: Callable[..., Any]
    about: Callable[[Run], list[About]] = whole
    where: Callable[[Run, About], list[Place]] = once
    printed: Callable[..., Iterable[str]] | None = None

    def items(self, kind: str, run: Run) -> Iterator[Item]:
        """Yield the items of this kind that a run has."""
        for about in self.about(run):
            models = models_in(about)
            words = {"model": models[0], "title": run.title(models[0])} if models else {}
            if models:
                censored = run.models[models[0]].censored
                partners = about_partners(run.models[models[0]])
                words["drawn"] = say(DRAWN[bool(censored), bool(partners)])
            if "members" in about:
                words["group"] = shared_name(models)
                words["source"] = run.models[models[0]].source or ", ".join(models)
            room = self.printed is None or not {*models[:1]}.isdisjoint(self.printed(run.models))
            for country, wave in self.where(run, about):
                at = {k: v for k, v in (("country", country), ("wave", wave)) if v}
                words["here"] = "_".join(at.values())
                words["place"] = place_name(run.settings, country, wave) if country else ""
                yield Item(
                    kind,
                    self.section,
                    self.name.format(**words),
                    say(CAPTIONS[self.name]).format(**words),
                    partial(self.make, **at, **about),
                    country,
                    wave,
                    models,
                    room,
                )


DRAWN = {
    (True, True): "Effects by type of partner",
    (True, False): "Effects by term",
    (False, True): "Coefficients by type of partner",
    (False, False): "Coefficients by term",
}
"""What is drawn of a regression: effects on what is observed or coefficients, of whom."""
SECTIONS = {
    "glance": "All claims at a glance",
    "flow": "Samples",
    "flows": "Samples, drawn",
    "descriptives": "Descriptives",
    "outcomes": "Distributions of outcomes",
    "main": "Main effects",
    "regressions": "Leading regression",
    "coefficients": "Effects by type of partner",
    "robust": "Robust alternatives",
    "latent": "Coefficients of regressions with limits",
    "further": "Further regressions",
    "paths": "Path models",
    "diagrams": "Diagrams of path models",
    "effects": "Effects in path models",
    "omitted": "Arrows left out",
    "balances": "Cost and return",
    "decomposition": "Cost and return by path",
    "groups": "Cost and return by kind of firm",
    "lags": "Cost and return over time",
    "steps": "Cost and return by step",
    "complements": "Complements and substitutes",
    "u_shapes": "In moderation: inverted U",
    "thirds": "Effects by thirds",
    "profiles": "Effects over a range",
    "extensions": "Further models side by side",
    "curves": "Specification curves",
    "curves_drawn": "Specification curves, drawn",
    "verdicts": "Verdicts",
    "claims": "Claims",
    "truths": "What was simulated",
    "errors": "Standard errors compared",
    "quality": "Data quality",
    "answers": "Answers by variable",
    "attrition": "Loss of firms",
    "cooperation": "Rates of cooperation",
    "instruments": "Instrumental variables",
    "selection": "Corrected for selection",
    "endogenous": "Endogenous cooperation",
    "weighted": "Doubly robust effects",
    "overlap": "Balance and overlap",
    "panels": "Panels",
    "sensitivity": "Sensitivity to an omitted variable",
    "pooled": "Pooled over countries",
    "forests": "Forest plots",
    "pooled_checks": "Pooling checked",
    "matrix": "Verdicts of all countries",
    "tiles": "Verdicts of all countries, drawn",
}
HERE = "{model}_{here}"
VERDICTS = "Verdicts by claim, country and wave"
CAPTIONS = {
    HERE: "{title}: {place}",
    f"{HERE}_standard_errors": "{title}, standard errors compared: {place}",
    f"coefficients_{HERE}": "{drawn}, with 90 % (thick) and 95 % (thin) intervals: {place}",
    f"{HERE}_alternatives": "{title}, the Tobit and robust alternatives: {place}",
    f"{HERE}_coefficients": "{title}, coefficients: {place}",
    f"curve_{HERE}": "{title}: effects in order of size, with 90 % and 95 % intervals, and which "
    "choices made them: {place}",
    "curve_{model}": "{title}: what all of them say",
    f"decomposition_{HERE}": "What each path costs or returns, and the balance: {place}",
    f"descriptives_{HERE}": "Descriptives and correlations, sample of “{title}”: {place}",
    f"groups_{HERE}": "Cost, return and balance by kind of firm: {place}",
    f"lags_{HERE}": "Cost, return and balance by years after the survey: {place}",
    f"outcomes_{HERE}": "Distribution of innovation outcomes, with the mass at the limits: {place}",
    f"overlap_{HERE}": "Balance and overlap of firms with and without cooperation: {place}",
    f"paths_{HERE}": "{title}: {place}",
    f"steps_{HERE}": "Cost, return and balance of each further type of partner: {place}",
    f"complements_{HERE}": "{title}: {place}",
    "inverted_u_{here}": "Slopes at both ends, turning point and two lines: {place}",
    f"thirds_{HERE}": "{title}, by thirds of the firms: {place}",
    f"profile_{HERE}": "{title}: {place}",
    "attrition_{here}": "Who is lost between survey and accounts: {place}",
    "attrition_lags_{here}": "Who is lost with the years since the survey: {place}",
    "claims": "Which claims of the literature hold",
    "claims_at_a_glance": "All claims at a glance: estimates with 90 % (thick) and 95 % (thin) "
    "intervals, in multiples of the smallest effect of interest of a claim of no effect and of the "
    "effect that the literature reports for any other. Grey: smaller than that. Black tick: the "
    "literature’s effect. Arrow: beyond the edge. Hollow: the claim names no size; measured by the "
    "smallest effect that the sample detects",
    "claims_spread": "All claims at a glance: the estimates of all samples, from the lowest to the "
    "highest (thin), half of them (thick) and their median (mark), in multiples of the smallest "
    "effect of interest of a claim of no effect and of the effect that the literature reports for "
    "any other. Grey: smaller than that. Black tick: the literature’s effect. Hollow: "
    "the claim names no size; measured by the smallest effect that a sample detects. Numbers: how "
    "many samples have each verdict",
    "verdicts": "What decides each claim",
    "flow_{model}_{here}": "From the survey to the sample of “{title}”: {place}. Firms dropped, "
    "as far as the rules of disclosure let it be told (c: confidential, too few firms), by whether "
    "they were not asked, did not answer, are not linked to accounts or are not eligible",
    "main_{model}_{here}": "{title}: average effects, waves side by side, {place}",
    "claims_matrix": VERDICTS,
    "truths": "What was simulated and what was found",
    "cooperation_{here}": "Enterprises cooperating on innovation, % of innovation-active "
    "enterprises: {place}",
    "data_quality": "Data quality",
    "extensions": "Further models: coefficients of interest",
    "pooled_leave_one_out_{model}": "{title}: one country left out at a time",
    "pooled_methods_{model}": "{title}: methods of pooling compared",
    "pooled_moderators_{model}": "{title}: effects by attributes of the country",
    "pooled_{model}": "{title}: pooled over countries",
    "quality_{here}": "Answers by variable: {place}",
    "sample_flow": "Sample flow",
    "sensitivity": "Sensitivity to an omitted variable",
    "{group}_effects_{here}": "Direct, indirect and total effects ({source}): {place}",
    "{group}_omitted_{here}": "Arrows left out: modification indices ({source}): {place}",
    "{group}_{here}": "Path coefficients ({source}): {place}",
}
# Figures of firms rather than estimates.
DRAWN_OF_SAMPLES = ("flows", "outcomes")
in_paper = leading_regression
LEAD, FURTHER = each(leading_regression), each(further_regressions)
BALANCES, SPLIT = each(models_of, "balance"), each(distinct_balances)
PRACTICES = each(with_practices)
WEIGHED = each(models_of, "doubly_robust")
ALL, POOLED = each(list), each(pooled_models)
TABLES = (
    Kind("flow", "sample_flow", flow_table),
    Kind("verdicts", "verdicts", verdict_table),
    Kind("main", "main_{model}_{here}", main_table, LEAD, each_country),
    Kind("claims", "claims", claims_table),
    Kind("truths", "truths", truth_table, where=if_simulated),
    Kind("descriptives", f"descriptives_{HERE}", descriptives_table, each(described), every_wave),
    Kind("quality", "data_quality", quality_overview, where=if_read),
    Kind("answers", "quality_{here}", quality_table, whole, extracts, printed=never),
    Kind("cooperation", "cooperation_{here}", rates_table, whole, waves_read),
    Kind("attrition", "attrition_{here}", attrition_table, whole, with_accounts),
    Kind("attrition", "attrition_lags_{here}", attrition_lags_table, whole, with_lags),
    Kind("regressions", HERE, effects_table, LEAD, asked),
    Kind("robust", f"{HERE}_alternatives", alternatives_table, each(robust), asked, in_paper),
    Kind("latent", f"{HERE}_coefficients", regression_table, each(limited), asked, in_paper),
    Kind("further", HERE, effects_table, FURTHER, asked, weighed_regressions),
    Kind(
        "errors",
        f"{HERE}_standard_errors",
        covariance_table,
        each(compared_regressions),
        asked,
        leading_regression,
    ),
    Kind("complements", f"complements_{HERE}", complements_table, PRACTICES, each_country),
    Kind("u_shapes", "inverted_u_{here}", u_shape_table, if_any(curved), each_country),
    Kind("thirds", f"thirds_{HERE}", thirds_table, each(profiled), each_country, never),
    Kind("extensions", "extensions", extensions_table, if_any(further_regressions)),
    Kind("curves", "curve_{model}", curve_table, each(models_of, "curve")),
    Kind("paths", "{group}_{here}", path_table, groups, asked),
    Kind("effects", "{group}_effects_{here}", path_effects_table, groups, asked),
    Kind("omitted", "{group}_omitted_{here}", indices_table, groups, asked),
    Kind("balances", HERE, balance_table, BALANCES, asked),
    Kind("instruments", HERE, iv_table, each(models_of, "iv"), asked),
    Kind("selection", HERE, selection_table, each(models_of, "selection"), asked),
    Kind("endogenous", HERE, control_function_table, each(models_of, "control_function"), asked),
    Kind("weighted", HERE, weighted_table, WEIGHED, asked),
    Kind("panels", HERE, panel_table, each(models_of, "panel"), each_country),
    Kind("sensitivity", "sensitivity", sensitivity_table, if_any(sensitive)),
    Kind("matrix", "claims_matrix", matrix_table, whole, pooling),
    Kind("pooled", "pooled_{model}", pooled_table, POOLED, pooling, pooled_in_paper),
    *(
        Kind("pooled_checks", f"pooled_{what}_{{model}}", render, ALL, where, leading_regression)
        for what, render, where in (
            ("leave_one_out", leave_one_out_table, pooling),
            ("methods", methods_table, pooling),
            ("moderators", moderators_table, moderated),
        )
    ),
)
FIGURES = (
    Kind("glance", "claims_at_a_glance", claims_figure, where=few_samples),
    Kind("glance", "claims_spread", claims_figure, where=many_samples),
    Kind("flows", "flow_{model}_{here}", flow_figure, each(described), each_country),
    Kind("outcomes", f"outcomes_{HERE}", outcome_figure, LEAD, each_country),
    Kind("coefficients", f"coefficients_{HERE}", coefficient_figure, LEAD, each_country),
    Kind("profiles", f"profile_{HERE}", profile_figure, each(profiled), each_country),
    Kind("diagrams", f"paths_{HERE}", path_figure, each(path_models), asked),
    Kind("curves_drawn", f"curve_{HERE}", curve_figure, each(models_of, "curve"), asked),
    Kind("decomposition", f"decomposition_{HERE}", decomposition_figure, SPLIT, asked),
    Kind("groups", f"groups_{HERE}", groups_figure, each(grouped_balances), asked),
    Kind("lags", f"lags_{HERE}", lag_figure, each(scanned_balances), asked),
    Kind("steps", f"steps_{HERE}", steps_figure, each(stepped_balances), asked),
    Kind("overlap", f"overlap_{HERE}", overlap_figure, WEIGHED, asked),
)


def catalogue(settings: Mapping[str, Any], models: Mapping[str, Model]) -> Catalogue:
    """Return all that a run publishes.

    Parameters
    ----------
    settings, models
        The checked config and its models.
    """
    run, order = Run(settings, models), list(SECTIONS)
    found = [item for kind in TABLES for item in kind.items(TABLE, run)]
    found += [item for kind in FIGURES for item in kind.items(FIGURE, run)]
    if is_pooled(settings):
        found += [*_tiles(run), *_forests(run)]
    return Catalogue(tuple(sorted(found, key=lambda item: order.index(item.section))))


def _tiles(run: Run) -> Iterator[Item]:
    """Yield the verdicts as tiles, on as many pages as they need."""
    for i, countries in enumerate(matrix_pages(run.settings), start=1):
        name, page = (
            ("claims_matrix", "") if i == 1 else (f"claims_matrix_{i}", say(", part {i}", i=i))
        )
        draw = partial(matrix_figure, countries=countries)
        yield Item(FIGURE, "tiles", name, f"{say(VERDICTS)}{page}", draw)


def _forests(run: Run) -> Iterator[Item]:
    """Yield the forest plots; of the leading regression the paper prints the column it tells of."""
    lead = leading_regression(run.models)
    for name, forest in forests(run.settings, run.models):
        spec = run.models[forest.model]
        _, column, term = forest.panels[-1]
        wave = "" if forest.wave == ALL_WAVES else f", {forest.wave}"
        yield Item(
            FIGURE,
            "forests",
            name,
            say("{term} by country ({title}){wave}").format(
                term=term_label(spec, term), title=spec.title, wave=wave
            ),
            partial(forest_figure, forest=forest),
            models=(forest.model,),
            printed=forest.model not in lead or column == told_column(spec),
        )
