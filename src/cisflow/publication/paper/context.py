"""What the paper says: its facts, gathered section by section; its prose is ``paper/paper.typ``.

Every number in the paper comes from the findings, or from the file of what figure 1 of the
review prints; the template holds prose and no numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from cisflow import __version__
from cisflow.base.texts import printable
from cisflow.panel.sample import variables_of
from cisflow.publication.catalogue import SECTIONS, Catalogue, Item, catalogue
from cisflow.publication.crate import versions
from cisflow.publication.exhibits import exhibits
from cisflow.publication.families import (
    beside,
    distinct_balances,
    further_regressions,
    leading_regression,
    models_of,
    path_groups,
    places,
    recodings,
    scanned_balances,
    stepped_balances,
)
from cisflow.publication.findings import Findings
from cisflow.publication.language import listed, one_line, retold, spoken
from cisflow.publication.paper.balances import balance_facts, balance_spreads, step_facts
from cisflow.publication.paper.claims import claim_facts
from cisflow.publication.paper.curves import curve_sentences
from cisflow.publication.paper.effects import (
    alternative_facts,
    chance_facts,
    effect_facts,
    recoding_facts,
    rejection_facts,
    single_facts,
    single_spreads,
)
from cisflow.publication.paper.figure1 import figure1_facts
from cisflow.publication.paper.instruments import instrument_facts, instrument_spreads
from cisflow.publication.paper.numbers import Context
from cisflow.publication.paper.paths import path_facts, path_spreads, system_facts
from cisflow.publication.paper.pooled import pooled_facts
from cisflow.publication.paper.printed import Printed
from cisflow.publication.paper.regressions import lead_facts, limit_facts
from cisflow.publication.paper.samples import (
    accepted_facts,
    wave_facts,
    wave_sizes,
)
from cisflow.publication.paper.surveys import survey_facts
from cisflow.publication.paper.truths import truth_facts
from cisflow.publication.paper.verdicts import verdict_facts
from cisflow.publication.tables.notes import uses_accounts
from cisflow.publication.words import count, unitless
from cisflow.study.claims import Rule
from cisflow.study.paper import Paper


def paper_context(
    findings: Findings,
    tables: Path | str,
    figures: Path | str,
    figure1: Mapping[str, Any],
    rule: Mapping[str, Any] | None = None,
    sources: Mapping[str, Mapping[str, str]] | None = None,
    profile: Mapping[str, Any] | None = None,
) -> Context:
    """Gather what the paper says.

    Parameters
    ----------
    tables, figures
        Folders with the saved tables and figures.
    figure1
        What figure 1 of the review prints, from ``paper/figure1.yaml``.
    rule
        The claims file's ``rule``; its words are printed as they stand.
    sources
        Digests of all the run rests on (:func:`cisflow.study.sources.source_digests`).
    profile
        The rules by which numbers left ``microdata/``; their words are printed too.

    Returns
    -------
    dict
        Plain JSON types; the template's only source of facts.
    """
    items = catalogue(findings.settings, findings.models)
    printed = Printed(findings, items)
    facts = {
        **_run_facts(findings),
        **_place_facts(findings, printed),
        **_result_facts(findings, items, printed, figure1),
        "truths": truth_facts(findings, figure1),
        "pooled": pooled_facts(findings),
        "sections": list(SECTIONS),
        "exhibits": _exhibits(printed.present),
        "provenance": _provenance(sources or {}),
        "rule": [retold(one_line(text)) for text in Rule.model_validate(rule or {}).words],
        "disclosure": retold(" ".join((profile or {}).get("text", "").split())),
        "claims": claim_facts(findings),
        "figure1": figure1_facts(figure1),
        "verdicts": verdict_facts(findings),
        "levels": _levels(rule or {}),
        "tables": printed.tables(Path(tables)),
        "supplement": printed.supplement(Path(tables)),
        "figures": printed.figures(),
        "files": {"tables": str(tables), "figures": str(figures)},
    }
    return {key: printable(value) for key, value in facts.items()}


def _exhibits(items: Iterable[Item]) -> list[list[str]]:
    """Return per table and figure its name, the step that makes it, and of which models.

    Those that several countries or waves have of one kind are one row, with their number.
    """
    names: dict[tuple[str, str, str], list[str]] = {}
    for e in exhibits(items):
        place = f"_{e['country']}" if e["country"] else ""
        place += f"_{e['wave']}" if e["wave"] else ""
        kind = e["exhibit"].replace(place, "_…", 1) if place else e["exhibit"]
        names.setdefault((kind, e["rule"], e["models"]), []).append(e["exhibit"])
    return [
        [of[0] if len(of) == 1 else f"{kind} ({len(of):,})", rule, models]
        for (kind, rule, models), of in names.items()
    ]


def _provenance(sources: Mapping[str, Mapping[str, str]]) -> Context:
    """Return the versions of packages and the digests of files, as they are printed."""
    told = ("inputs", "config", "lock", "code")
    return {
        "versions": [f"{name} {version}" for name, version in versions().items()],
        "digests": [
            [section, name, digest]
            for section in told
            for name, digest in sources.get(section, {}).items()
        ],
    }


def _levels(rule: Mapping[str, Any]) -> Context:
    """Return the levels of the rule as the text prints them, in percent."""
    about = Rule.model_validate(rule)
    return {
        "interval": f"{100 * (1 - about.significance):g}",
        "equivalence": f"{100 * (1 - about.equivalence):g}",
        "power": f"{100 * about.power:g}",
        "miss": f"{100 * (1 - about.power):g}",
        "firms": str(about.minimum_firms),
        "first_stage": f"{about.first_stage_f:g}",
    }


def _run_facts(findings: Findings) -> Context:
    """Return what is true of the run as a whole."""
    settings = findings.settings
    return {
        "title": settings["title"],
        "paper": Paper.model_validate(settings.get("paper", {})).model_dump(),
        "run": settings["run"],
        "language": spoken().code,
        "words": dict(spoken().texts),
        "version": __version__,
        "seed": str(settings["seed"]),
        "draws": count(settings["bootstrap"]["draws"]),
        "lag": settings["lag"],
        "minimum": findings.minimum,
        "synthetic": findings.synthetic,
        "marks": [{"name": mark.name, "told": mark.told} for mark in findings.marks],
        "absent": list(settings.get("absent", {}).values()),
        "constructs": [dict(about) for about in settings.get("constructs", {}).values()],
    }


def _place_facts(findings: Findings, printed: Printed) -> Context:
    """Return which countries and waves there are, which are printed, and who has accounts."""
    here = list(places(findings.countries))
    accounts = {c: bool(a.get("accounts")) for c, a in findings.settings["countries"].items()}
    return {
        "many": printed.many,
        "countries": [findings.name(country) for country in findings.countries],
        "subjects": _subjects(findings, many=printed.many),
        "places": [findings.place(*place) for place in here],
        "printed": [findings.place(*place) for place in printed.shown],
        "with_accounts": any(accounts.values()),
        "without_accounts": [findings.name(c) for c, known in accounts.items() if not known],
        "accepted": accepted_facts(findings),
        "waves": [wave_facts(findings, *place) for place in here],
        "wave_sizes": wave_sizes(findings),
        "surveys": survey_facts(findings),
        "flanders": list(findings.countries) == ["BE"],
    }


def _subjects(findings: Findings, *, many: bool) -> list[str]:
    """Return of whom the paper tells: countries with their waves, of many the countries alone."""
    if many:
        return [findings.name(country) for country in findings.countries]
    return [
        ", ".join(filter(None, (findings.name(country), listed(waves))))
        for country, waves in findings.countries.items()
    ]


def _effects_of(findings: Findings, printed: Printed, model: str) -> Context:
    """Return what is told in words of the leading regression, over countries and waves."""
    here = printed.told(model)
    single = single_facts(findings, model, here)
    return {
        "model": model,
        "chance": chance_facts(single),
        "told": effect_facts(findings, model, here),
        "single": single,
        "singles": single_spreads(findings, model, here),
        "alternatives": alternative_facts(findings, model, here),
        "recoded": [
            recoding_facts(findings, model, other, here)
            for other in recodings(findings.models, model)
        ],
        "rejections": rejection_facts(findings, [model], here),
    }


def _result_facts(
    findings: Findings, items: Catalogue, printed: Printed, figure1: Mapping[str, Any]
) -> Context:
    """Return what the models say, model by model and place by place."""
    models = findings.models
    lead, here = leading_regression(models), list(places(findings.countries))
    balances = [*distinct_balances(models), *scanned_balances(models)]

    def told(facts: Callable[..., Context], names: list[str]) -> list[Context]:
        return [facts(findings, items, *at, model) for model in names for at in printed.of(model)]

    paths = [
        path_facts(findings, items, *place, members, figure1)
        for members in path_groups(models).values()
        for place in printed.of(members[0])
    ]
    return {
        "lead": [lead_facts(findings, model) for model in lead],
        "variables": sorted({name for spec in models.values() for name in variables_of(spec)}),
        "models": [spec.title for spec in models.values()],
        "needs_accounts": any(map(uses_accounts, models.values())),
        "estimators": sorted({spec.estimator for spec in models.values()}),
        "fractional": [models[model].title for model in beside(models, lead)],
        "instruments": (instruments := told(instrument_facts, models_of(models, "iv"))),
        "instrument_spreads": instrument_spreads(instruments),
        "curves": [
            said
            for model in models_of(models, "curve")
            for said in curve_sentences(findings, model, printed.of(model))
        ],
        "estimated": sum(not findings.why_not(*at, lead[0]) for at in here) if lead else len(here),
        "limits": limit_facts(findings, lead, here),
        "effects": [_effects_of(findings, printed, model) for model in lead],
        "systems": [
            system_facts(findings, model, members)
            for members in path_groups(models).values()
            for model in members
        ],
        "paths": paths,
        "path_spreads": path_spreads(paths),
        "balances": (balance := told(balance_facts, balances)),
        "balance_spreads": balance_spreads(balance),
        "steps": told(step_facts, stepped_balances(models)),
        "further": len(further_regressions(models)),
        "outcomes": list(dict.fromkeys(unitless(o) for m in lead for o in models[m].outcomes)),
    }
