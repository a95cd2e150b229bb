"""What the page says, gathered from the findings; its layout is ``paper/page/``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cisflow import __version__
from cisflow.publication.catalogue import catalogue
from cisflow.publication.crate import versions
from cisflow.publication.families import places
from cisflow.publication.findings import Findings
from cisflow.publication.site.cards import card_of, filters_of
from cisflow.publication.site.claim_pages import MEANINGS, ClaimPage, claim_pages
from cisflow.publication.site.data import breaks_of, checks_of, codebooks_of, quality_of
from cisflow.publication.site.exhibits import exhibits_of, sections_of
from cisflow.publication.site.models import flow_notes, models_of
from cisflow.study.claims import Claims
from cisflow.study.verdicts import VERDICTS

Context = dict[str, Any]


def page_facts(
    findings: Findings,
    claims: Claims,
    tables: Path | str,
    sources: Mapping[str, Mapping[str, str]] | None = None,
    profile: Mapping[str, Any] | None = None,
) -> Context:
    """Gather what the page says.

    Parameters
    ----------
    findings
        The run's findings.
    claims
        The claims file.
    tables
        Folder with the saved tables.
    sources
        Digests of all the run rests on (:func:`cisflow.study.sources.source_digests`).
    profile
        The rules by which numbers left ``microdata/``.
    """
    items = catalogue(findings.settings, findings.models)
    pages = claim_pages(findings, claims)
    exhibits = exhibits_of(findings, items, Path(tables))
    return {
        **_run_facts(findings),
        "cards": [card_of(page, items, exhibits) for page in pages],
        "filters": filters_of(findings, pages),
        "tally": _tally(pages),
        "meanings": {v: MEANINGS[v] for v in VERDICTS if any(v in p.verdicts for p in pages)},
        "rule": claims.rule.words,
        "models": list(models_of(findings)),
        "flow_notes": flow_notes(findings),
        "known": set(findings.models),
        "quality": quality_of(findings),
        "breaks": breaks_of(findings),
        "checks": checks_of(findings),
        "codebooks": codebooks_of(findings),
        "sections": sections_of(items, exhibits),
        "versions": [f"{name} {version}" for name, version in versions().items()],
        "digests": {section: dict(of) for section, of in (sources or {}).items()},
        "disclosure": " ".join((profile or {}).get("text", "").split()),
    }


def _run_facts(findings: Findings) -> Context:
    """Return what is true of the run as a whole."""
    settings = findings.settings
    return {
        "title": settings["title"],
        "run": settings["run"],
        "seed": settings["seed"],
        "draws": settings["bootstrap"]["draws"],
        "minimum": findings.minimum,
        "version": __version__,
        "marks": findings.marks,
        "synthetic": findings.synthetic,
        "unconfirmed": settings.get("unconfirmed", 0),
        "absent": list(settings.get("absent", {}).values()),
        "places": [
            (findings.name(country), ", ".join(waves))
            for country, waves in findings.countries.items()
        ],
        "number_of_places": len(list(places(findings.countries))),
    }


def _tally(pages: Iterable[ClaimPage]) -> list[tuple[str, int]]:
    """Return how many verdicts of each kind there are, one per claim, country and wave."""
    counted = sum((Counter(page.verdicts) for page in pages), Counter())
    return [(verdict, counted[verdict]) for verdict in VERDICTS if counted[verdict]]
