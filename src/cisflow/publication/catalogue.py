"""The catalogue: every table and figure a run publishes, each declared once.

It is known before anything is estimated. The tables, the figures, the paper and the report ask it
what there is, what it is called and what it is about; nothing else puts a name together. A new
item is a function of the findings in a module of :mod:`cisflow.publication.tables` or
:mod:`cisflow.publication.figures`, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from cisflow.estimation.estimates import ALL_WAVES
from cisflow.publication.families import (
    described,
    further_regressions,
    grouped_balances,
    leading_regression,
    models_of,
    path_groups,
    path_models,
    places,
    pooled_in_paper,
    printed_places,
    regression_models,
    scanned_balances,
    split_balances,
    stepped_balances,
    told_column,
    waves_of,
)
from cisflow.publication.figures.balances import (
    decomposition_figure,
    groups_figure,
    lag_figure,
    steps_figure,
)
from cisflow.publication.figures.paths import path_figure
from cisflow.publication.figures.pooled import forest_figure, forests, matrix_figure, matrix_pages
from cisflow.publication.figures.regressions import coefficient_figure, outcome_figure
from cisflow.publication.findings import Findings
from cisflow.publication.tables.appendix import iv_table, panel_table, sensitivity_table
from cisflow.publication.tables.attrition import attrition_lags_table, attrition_table
from cisflow.publication.tables.balances import balance_table
from cisflow.publication.tables.claims import claims_table
from cisflow.publication.tables.layout import Table, union
from cisflow.publication.tables.paths import effects_table, indices_table, path_table
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
    covariance_table,
    extensions_table,
    regression_table,
)
from cisflow.publication.tables.samples import (
    descriptives_table,
    flow_table,
    quality_overview,
    quality_table,
)
from cisflow.publication.words import place_name
from cisflow.study.run import is_pooled
from cisflow.study.weightings import weightings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLE, FIGURE = "table", "figure"
Models = Mapping[str, dict[str, Any]]


class Section(NamedTuple):
    """Items of one sort: their heading, and how they are read."""

    title: str
    about: str


ESTIMATES = "standard errors in parentheses, stars at 10, 5 and 1 %"
SECTIONS = {
    "flow": Section("Samples", "How many firms each restriction leaves, wave by wave."),
    "descriptives": Section(
        "Descriptives",
        "Firms, means, standard deviations, shares of firms at the limits, and correlations of a "
        "model's variables in its sample. No minima or maxima: each is one firm's value.",
    ),
    "outcomes": Section(
        "Distributions of outcomes",
        "Share of firms at the limits of each outcome and in classes between them; c marks a class "
        "with too few firms to show.",
    ),
    "regressions": Section("Leading regression", f"Estimates by outcome; {ESTIMATES}."),
    "coefficients": Section(
        "Coefficients",
        "Coefficients by type of partner with 95 % confidence intervals, the outcomes side by "
        "side.",
    ),
    "further": Section("Further regressions", f"Estimates by outcome; {ESTIMATES}."),
    "paths": Section("Path models", f"The arrows, standardised and raw; {ESTIMATES}."),
    "diagrams": Section(
        "Diagrams of path models",
        "Standardised coefficients with stars at 10, 5 and 1 %. Blue is positive, orange negative; "
        "a dashed grey arrow is not significant at 10 %.",
    ),
    "effects": Section(
        "Effects in path models",
        "Direct, indirect and total effects, raw and standardised, with 95 % confidence intervals; "
        "the readings of the published figure side by side.",
    ),
    "omitted": Section(
        "Arrows left out", "By how much a path model would fit better with a further arrow."
    ),
    "balances": Section(
        "Cost and return", "Cost, return and balance with 95 % bootstrap intervals."
    ),
    "decomposition": Section("Cost and return by path", "Bars with 95 % bootstrap intervals."),
    "groups": Section("Cost and return by kind of firm", "In percentage points."),
    "lags": Section("Cost and return over time", "By years after the survey, with 95 % bands."),
    "steps": Section("Cost and return by step", "Of each further type of partner."),
    "extensions": Section(
        "Further models side by side",
        "Coefficients of interest of all regressions but the leading one.",
    ),
    "claims": Section(
        "Claims",
        "Which claims of the literature the data support, by country and wave, with the estimate "
        "that decides.",
    ),
    "errors": Section(
        "Standard errors compared",
        "The same coefficients with every kind of standard error the models file asks for, one "
        "below the other.",
    ),
    "quality": Section(
        "Data quality", "What was read from each extract, and how many checks found exceptions."
    ),
    "answers": Section(
        "Answers by variable",
        "Per variable of an extract: percent valid, missing (asked, no answer), filtered (not "
        "asked) and invalid.",
    ),
    "attrition": Section("Loss of firms", "Which firms are lost between survey and accounts."),
    "cooperation": Section(
        "Rates of cooperation", "Percent of innovation-active firms, as statistical offices do."
    ),
    "instruments": Section("Instrumental variables", "Methods side by side, the tests below."),
    "panels": Section("Panels", "The same firms over waves, methods side by side."),
    "sensitivity": Section(
        "Sensitivity", "How strong an omitted variable must be to overturn a coefficient."
    ),
    "pooled": Section("Pooled over countries", "Pooled estimates, and how much countries differ."),
    "forests": Section("Forest plots", "Countries, the pooled estimate, the prediction interval."),
    "pooled_checks": Section(
        "Pooling checked",
        "Other methods of pooling, one country left out, attributes of countries.",
    ),
    "matrix": Section("Verdicts of all countries", "A letter per claim, country and wave."),
    "tiles": Section("Verdicts of all countries, drawn", "A tile per claim, country and wave."),
}


@dataclass(frozen=True)
class Item:
    """A table or figure of a run.

    Attributes
    ----------
    kind
        :data:`TABLE` or :data:`FIGURE`.
    section
        A key of :data:`SECTIONS`.
    name
        File name without ending; no two items share it.
    caption
        What it shows, in words.
    make
        A function of the findings that returns the table or draws the figure.
    country, wave
        What it is about, empty for all of them.
    models
        The models it is about.
    printed
        Whether the paper has room for it; what it has not is in the folder alone.
    """

    kind: str
    section: str
    name: str
    caption: str
    make: Callable[[Findings], Table | Figure]
    country: str = ""
    wave: str = ""
    models: tuple[str, ...] = ()
    printed: bool = True

    def made(self, findings: Findings) -> Any:
        """Return the table under its caption, or the figure: the one way from findings to print."""
        made = self.make(findings)
        if isinstance(made, Table):
            return made.headed(self.caption, synthetic=findings.synthetic)
        return made


@dataclass(frozen=True)
class Catalogue:
    """The items of a run, section by section in the order of the paper."""

    items: tuple[Item, ...]

    def of(self, kind: str) -> list[Item]:
        """Return all tables, or all figures."""
        return [item for item in self.items if item.kind == kind]

    def section(self, name: str) -> list[Item]:
        """Return the items of a section."""
        return [item for item in self.items if item.section == name]

    def name(self, section: str, country: str, wave: str, model: str) -> str:
        """Return what the item about a model in one country and wave is called."""
        about = country, wave
        found = (i for i in self.section(section) if (i.country, i.wave) == about)
        return next(item.name for item in found if model in item.models)

    def __getitem__(self, name: str) -> Item:
        """Return an item by its name."""
        return next(item for item in self.items if item.name == name)


def catalogue(settings: Mapping[str, Any], models: Models) -> Catalogue:
    """Return all that a run publishes.

    Parameters
    ----------
    settings, models
        The checked config and its models.
    """
    order = list(SECTIONS)
    listed = _Listed(settings, models)
    found = [*_data(listed), *_estimates(listed), *_figures(listed), *_pooled(listed)]
    return Catalogue(tuple(sorted(found, key=lambda item: order.index(item.section))))


class _Listed(NamedTuple):
    """A run as its items are listed."""

    settings: Mapping[str, Any]
    models: Models

    @property
    def places(self) -> list[tuple[str, str]]:
        return list(places(self._waves))

    @property
    def at_hand(self) -> list[str]:
        """Countries whose extracts are at hand."""
        return [c for c, about in self.settings["countries"].items() if "export" not in about]

    @property
    def _waves(self) -> dict[str, list[str]]:
        return {c: list(about["waves"]) for c, about in self.settings["countries"].items()}

    def title(self, model: str) -> str:
        return str(self.models[model]["title"])

    def asked(self, model: str) -> list[tuple[str, str]]:
        """Return where a model is estimated, or its printed table stands."""
        waves = self._waves
        everywhere = [*self.places, *printed_places(waves, self.models)]
        return [at for at in everywhere if at[1] in waves_of(self.models[model], waves[at[0]])]

    def each(
        self,
        kind: str,
        section: str,
        name: str,
        caption: str,
        make: Callable[..., Any],
        where: Iterable[tuple[str, str]],
        *,
        printed: bool = True,
        **about: Any,
    ) -> Iterator[Item]:
        """Yield an item for each country and wave; the braces of ``name`` take both."""
        models = about.get("members") or [m for m in (about.get("model"),) if m]
        for country, wave in where:
            here = {"country": country, **({"wave": wave} if wave else {})}
            yield Item(
                kind,
                section,
                name.format("_".join(here.values())),
                f"{caption}: {place_name(self.settings, country, wave)}",
                partial(make, **here, **about),
                country,
                wave,
                tuple(models),
                printed,
            )


def _data(run: _Listed) -> Iterator[Item]:
    """Yield the tables of what was read, who is in the samples, and which claims hold."""
    each = partial(run.each, TABLE)
    yield Item(TABLE, "flow", "sample_flow", "Sample flow", flow_table)
    yield Item(TABLE, "claims", "claims", "Which claims of the literature hold", claims_table)
    for model in described(run.models):
        caption = f"Descriptives and correlations, sample of “{run.title(model)}”"
        name = f"descriptives_{model}_{{}}"
        yield from each("descriptives", name, caption, descriptives_table, run.places, model=model)
    if run.at_hand:
        yield Item(TABLE, "quality", "data_quality", "Data quality", quality_overview)
    accounts = [c for c, about in run.settings["countries"].items() if about.get("accounts")]
    waves = [at for at in run.places if at[0] in run.at_hand]
    extracts = [*waves, *((c, "accounts") for c in accounts if c in run.at_hand)]
    caption = "Answers by variable"
    yield from each("answers", "quality_{}", caption, quality_table, extracts, printed=False)
    caption = "Enterprises cooperating on innovation, % of innovation-active enterprises"
    yield from each("cooperation", "cooperation_{}", caption, rates_table, waves)
    for at in [(country, "") for country in accounts]:
        caption = "Who is lost between survey and accounts"
        yield from each("attrition", "attrition_{}", caption, attrition_table, [at])
        if len(run.settings.get("lags", [])) > 1:
            caption = "Who is lost with the years since the survey"
            yield from each("attrition", "attrition_lags_{}", caption, attrition_lags_table, [at])


def _estimates(run: _Listed) -> Iterator[Item]:
    """Yield the tables of what was estimated country by country."""
    each, models = partial(run.each, TABLE), run.models
    for model in regression_models(models):
        spec, where = models[model], run.asked(model)
        leads = model in leading_regression(models)
        yield from each(
            "regressions" if leads else "further",
            f"{model}_{{}}",
            run.title(model),
            regression_table,
            where,
            model=model,
            printed=leads or len(weightings(spec)) > 1,
        )
        if len(spec["covariance"]) > 1:
            name = f"{model}_{{}}_standard_errors"
            caption = f"{run.title(model)}, standard errors compared"
            about: dict[str, Any] = {"model": model, "printed": leads}
            yield from each("errors", name, caption, covariance_table, where, **about)
    if further := further_regressions(models):
        caption = "Further models: coefficients of interest"
        about = {"models": tuple(further)}
        yield Item(TABLE, "extensions", "extensions", caption, extensions_table, **about)
    for group, members in path_groups(models).items():
        source = models[members[0]].get("source") or ", ".join(members)
        about = {"group": group, "members": members}
        for section, name, caption, render in (
            ("paths", "{}", "Path coefficients", path_table),
            ("effects", "effects_{}", "Direct, indirect and total effects", effects_table),
            ("omitted", "omitted_{}", "Arrows left out: modification indices", indices_table),
        ):
            where = run.asked(members[0])
            caption = f"{caption} ({source})"
            yield from each(section, f"{group}_{name}", caption, render, where, **about)
    for section, estimator, render in (
        ("balances", "balance", balance_table),
        ("instruments", "iv", iv_table),
    ):
        for model in models_of(models, estimator):
            name, where = f"{model}_{{}}", run.asked(model)
            yield from each(section, name, run.title(model), render, where, model=model)
    for country, model in product(run.settings["countries"], models_of(models, "panel")):
        name, where = f"{model}_{{}}", [(country, "")]
        yield from each("panels", name, run.title(model), panel_table, where, model=model)
    if weighed := tuple(model for model, spec in models.items() if spec.get("sensitivity")):
        caption = "Sensitivity to an omitted variable"
        about = {"models": weighed}
        yield Item(TABLE, "sensitivity", "sensitivity", caption, sensitivity_table, **about)


def _figures(run: _Listed) -> Iterator[Item]:
    """Yield the figures of what was estimated country by country."""
    lead = leading_regression(run.models)
    distribution = "Distribution of innovation outcomes, with the mass at the limits"
    by_path = "What each path costs or returns, and the balance"
    by_step = "Cost, return and balance of each further type of partner"
    by_group = "Cost, return and balance by kind of firm"
    by_lag = "Cost, return and balance by years after the survey"
    for section, name, caption, draw, models in (
        ("outcomes", "outcomes", distribution, outcome_figure, lead),
        (
            "coefficients",
            "coefficients",
            "Coefficients by type of partner",
            coefficient_figure,
            lead,
        ),
        ("diagrams", "paths", "", path_figure, path_models(run.models)),
        (
            "decomposition",
            "decomposition",
            by_path,
            decomposition_figure,
            split_balances(run.models),
        ),
        ("groups", "groups", by_group, groups_figure, grouped_balances(run.models)),
        ("lags", "lags", by_lag, lag_figure, scanned_balances(run.models)),
        ("steps", "steps", by_step, steps_figure, stepped_balances(run.models)),
    ):
        for model in models:
            yield from run.each(
                FIGURE,
                section,
                f"{name}_{model}_{{}}",
                caption or run.title(model),
                draw,
                run.asked(model),
                model=model,
            )


def _pooled(run: _Listed) -> Iterator[Item]:
    """Yield the tables and figures of a run that pools its countries."""
    if not is_pooled(run.settings):
        return
    verdicts = "Verdicts by claim, country and wave"
    yield Item(TABLE, "matrix", "claims_matrix", verdicts, matrix_table)
    for i, countries in enumerate(matrix_pages(run.settings), start=1):
        name, page = ("claims_matrix", "") if i == 1 else (f"claims_matrix_{i}", f", part {i}")
        draw = partial(matrix_figure, countries=countries)
        yield Item(FIGURE, "tiles", name, f"{verdicts}{page}", draw)
    for model in union([*pooled_in_paper(run.models), *run.models]):
        yield from _pooled_tables(run, model)
    lead = leading_regression(run.models)
    for name, forest in forests(run.settings, run.models):
        spec = run.models[forest.model]
        _, column, term = forest.panels[-1]
        wave = "" if forest.wave == ALL_WAVES else f", {forest.wave}"
        yield Item(
            FIGURE,
            "forests",
            name,
            f"{term_label(spec, term)} by country ({spec['title']}){wave}",
            partial(forest_figure, forest=forest),
            models=(forest.model,),
            printed=forest.model not in lead or column == told_column(spec),
        )


def _pooled_tables(run: _Listed, model: str) -> Iterator[Item]:
    """Yield what is told of a model's pooled coefficients, and how far they hang on the method."""
    kinds: list[tuple[str, str, Callable[..., Table]]] = [
        ("pooled", "pooled over countries", pooled_table),
        ("pooled_leave_one_out", "one country left out at a time", leave_one_out_table),
        ("pooled_methods", "methods of pooling compared", methods_table),
    ]
    if run.settings["pool"]["moderators"]:
        by = "effects by attributes of the country"
        kinds.append(("pooled_moderators", by, moderators_table))
    for kind, what, render in kinds:
        told = pooled_in_paper(run.models)
        whole = kind == "pooled"
        yield Item(
            TABLE,
            "pooled" if whole else "pooled_checks",
            f"{kind}_{model}",
            f"{run.title(model)}: {what}",
            partial(render, model=model),
            models=(model,),
            printed=model in (told if whole else leading_regression(run.models)),
        )
