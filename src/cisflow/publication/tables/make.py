"""Tables for print, rendered from what was estimated; nothing is estimated here.

Every table is a maketables object and is saved as LaTeX, HTML, Word, Typst and CSV. Three kinds of
empty are kept apart: ``n.e.`` (not estimable, the reason is in the note), ``n.a.`` (not asked in
this survey) and ``c`` (confidential, too few firms); a blank means that the term is not part of
the column.

A new kind of table is a function of the findings in a module of its own, and a line in
:func:`_all_tables` that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from cisflow.publication.findings import (
    Findings,
    described,
    models_of,
    path_groups,
    places,
    printed_places,
    regression_models,
    waves_of,
)
from cisflow.publication.tables.appendix import iv_table, panel_table, sensitivity_table
from cisflow.publication.tables.attrition import attrition_lags_table, attrition_table
from cisflow.publication.tables.balances import balance_table
from cisflow.publication.tables.claims import claims_table
from cisflow.publication.tables.layout import is_wide
from cisflow.publication.tables.paths import effects_table, indices_table, path_table
from cisflow.publication.tables.pooled import pooled_tables
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
from cisflow.publication.tables.save import FORMATS, save_table
from cisflow.study.run import is_pooled

if TYPE_CHECKING:
    from maketables import MTable

__all__ = ["FORMATS", "is_wide", "make_tables", "save_table", "table_names"]

Settings = Mapping[str, Any]
Models = Mapping[str, dict[str, Any]]
Table = tuple[str, Callable[[Findings], "MTable"]]


def _all_tables(settings: Settings, models: Models) -> Iterator[Table]:
    """Yield the name of every table a run publishes and what renders it, in order."""
    yield "sample_flow", flow_table
    yield "claims", claims_table
    yield "extensions", extensions_table
    at_hand = [c for c, about in settings["countries"].items() if "export" not in about]
    if at_hand:
        yield "data_quality", quality_overview
    if is_pooled(settings):
        yield from pooled_tables(settings, models)
    countries = {c: list(about["waves"]) for c, about in settings["countries"].items()}
    for country, wave in places(countries):
        if country in at_hand:
            for kind, render in (("quality", quality_table), ("cooperation", rates_table)):
                yield f"{kind}_{country}_{wave}", partial(render, country=country, wave=wave)
        yield from _tables_of_wave(models, countries, country, wave)
    for country, wave in printed_places(countries, models):
        yield from _path_tables(models, countries, country, wave)
    for country, model in product(countries, models_of(models, "panel")):
        yield f"{model}_{country}", partial(panel_table, country=country, model=model)
    if any(spec.get("sensitivity") for spec in models.values()):
        yield "sensitivity", sensitivity_table
    yield from _accounts_tables(settings, at_hand)


def _accounts_tables(settings: Settings, at_hand: Sequence[str]) -> Iterator[Table]:
    """Yield the tables about the accounts of every country that has any."""
    with_accounts = [c for c, about in settings["countries"].items() if about.get("accounts")]
    for country in with_accounts:
        yield f"attrition_{country}", partial(attrition_table, country=country)
        if len(settings.get("lags", [])) > 1:
            yield f"attrition_lags_{country}", partial(attrition_lags_table, country=country)
        if country in at_hand:
            name = f"quality_{country}_accounts"
            yield name, partial(quality_table, country=country, wave="accounts")


def _tables_of_wave(
    models: Models, countries: Mapping[str, list[str]], country: str, wave: str
) -> Iterator[Table]:
    def table(name: str, render: Callable[..., MTable], **about: Any) -> Table:
        return name, partial(render, country=country, wave=wave, **about)

    def asked(model: str) -> bool:
        return wave in waves_of(models[model], countries[country])

    ending = f"{country}_{wave}"
    for model in filter(asked, regression_models(models)):
        yield table(f"{model}_{ending}", regression_table, model=model)
        if len(models[model]["covariance"]) > 1:
            name = f"{model}_{ending}_standard_errors"
            yield table(name, covariance_table, model=model)
    yield from _path_tables(models, countries, country, wave)
    for model in filter(asked, models_of(models, "balance")):
        yield table(f"{model}_{ending}", balance_table, model=model)
    for model in filter(asked, models_of(models, "iv")):
        yield table(f"{model}_{ending}", iv_table, model=model)
    for model in described(models):
        yield table(f"descriptives_{model}_{ending}", descriptives_table, model=model)


def _path_tables(
    models: Models, countries: Mapping[str, list[str]], country: str, wave: str
) -> Iterator[Table]:
    """Yield the tables of the path models of one wave, or of a printed table."""
    kinds = (("", path_table), ("_effects", effects_table), ("_omitted", indices_table))
    for group, members in path_groups(models).items():
        if wave not in waves_of(models[members[0]], countries[country]):
            continue
        about: dict[str, Any] = {"country": country, "wave": wave, "group": group}
        for kind, render in kinds:
            yield f"{group}{kind}_{country}_{wave}", partial(render, **about, members=members)


def table_names(settings: Settings, models: Models) -> list[str]:
    """Return the names of all tables a run publishes; known before anything is estimated."""
    return [name for name, _ in _all_tables(settings, models)]


def make_tables(findings: Findings) -> dict[str, MTable]:
    """Render every table of :func:`table_names`.

    Returns
    -------
    dict
        Tables by name, in that order.
    """
    all_tables = _all_tables(findings.settings, findings.models)
    return {name: render(findings) for name, render in all_tables}
