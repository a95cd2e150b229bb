"""What the page says, gathered from the findings; its layout is ``paper/page/``."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cisflow import __version__
from cisflow.base.texts import as_written
from cisflow.publication.catalogue import TABLE, Catalogue, Item, catalogue
from cisflow.publication.claim_pages import (
    MEANINGS,
    ClaimPage,
    Evidence,
    Robustness,
    Together,
    claim_pages,
)
from cisflow.publication.families import places
from cisflow.publication.findings import Findings
from cisflow.publication.populations import flags_of, population_words
from cisflow.publication.provenance import versions
from cisflow.publication.site.charts import CurveChart, Forest, Mark, curve_chart, forest
from cisflow.publication.tables.layout import Table
from cisflow.publication.tables.samples import flow_table, quality_overview
from cisflow.publication.words import column_label, covariance_name, label, sentence
from cisflow.study.claims import Claims
from cisflow.study.codebook import SETTLED
from cisflow.study.confirmation import UNSAID
from cisflow.study.models import Model
from cisflow.study.series import breaks_crossed
from cisflow.study.verdicts import VERDICTS

Context = dict[str, Any]

# With more places than this a claim is summed up, and tables are in their files alone.
MOST_PLACES = 6
ESTIMATORS = {
    "tobit": "Tobit with two limits",
    "heteroskedastic_tobit": "Tobit with unequal variance",
    "fractional": "Fractional logit",
    "ols": "Least squares",
    "iv": "Instrumental variables",
    "path": "Path model",
    "balance": "Path model, its total effect split into cost and return",
    "two_part": "Two-part model",
    "panel": "Panel of firms in several waves",
    "curve": "Every combination of the choices of an author",
    "selection": "Selection model",
    "control_function": "Tobit with a control function",
    "doubly_robust": "Comparison among firms alike, doubly robust",
}
STATES = {
    "confirmed": "confirmed against the questionnaire",
    "sourced": "from a public document",
    "inferred": "deduced from a public document",
    "general": "general knowledge",
    "template": "template, to be confirmed",
    "drafted": "drafted by a machine",
    UNSAID: "not said",
}


@dataclass(frozen=True)
class Grid:
    """A table as the page prints it: headings of columns, and rows that begin with theirs."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: str = ""


@dataclass(frozen=True)
class Exhibit:
    """A table or figure among the run's files, and its cells where the page has room for them."""

    name: str
    kind: str
    caption: str
    files: tuple[tuple[str, str], ...]
    grid: Grid | None = None


@dataclass(frozen=True)
class Card:
    """A claim on the page.

    Attributes
    ----------
    page
        What there is to say of it.
    charts
        Its estimates, a chart per outcome and unit.
    curves
        Its specification curves, drawn in a run of few places.
    exhibits
        Tables and figures of the models that it rests on, in a run of few places.
    """

    page: ClaimPage
    charts: tuple[Forest, ...]
    curves: tuple[tuple[Robustness, CurveChart], ...]
    exhibits: tuple[Exhibit, ...]

    @property
    def alike(self) -> Evidence | None:
        """What stands for every place where none has an estimate, all for one reason."""
        said = {(one.verdict, one.why) for one in self.page.deciding}
        found = any(one.found for one in self.page.deciding)
        return self.page.deciding[0] if len(said) == 1 and not found else None

    @property
    def brief(self) -> tuple[Evidence, ...]:
        """The deciding estimates, if they are few enough to be told one by one."""
        deciding = self.page.deciding
        return deciding if len(deciding) <= MOST_PLACES else ()


@dataclass(frozen=True)
class Described:
    """A model on the page: what it explains by what, of whom, and whom its sample lost."""

    name: str
    facts: tuple[tuple[str, str], ...]
    title: str
    flow: Grid | None
    same_as: str


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
    exhibits = _exhibits(findings, items, Path(tables))
    return {
        **_run_facts(findings),
        "cards": [_card(page, items, exhibits) for page in pages],
        "filters": _filters(findings, pages),
        "meanings": {v: MEANINGS[v] for v in VERDICTS if any(v in p.verdicts for p in pages)},
        "rule": claims.rule.words,
        "models": list(_models(findings)),
        "known": set(findings.models),
        "quality": _quality(findings),
        "breaks": _breaks(findings),
        "checks": _checks(findings),
        "codebooks": _codebooks(findings),
        "sections": _sections(items, exhibits),
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


# --- claims ------------------------------------------------------------------------------------


def _card(page: ClaimPage, items: Catalogue, exhibits: Mapping[str, Exhibit]) -> Card:
    models = {model for q in page.questions for model in q.model.split(", ")}
    about = (item.name for item in items.items if models & {*item.models})
    few = len(page.deciding) <= MOST_PLACES
    related = [exhibits[name] for name in about] if few else []
    alone = len({curve.country for curve in page.curves}) == 1
    curves = ((curve, _curve_chart(curve, alone=alone)) for curve in page.curves if few)
    return Card(page, tuple(_charts(page)), tuple(curves), tuple(related))


def _curve_chart(curve: Robustness, *, alone: bool) -> CurveChart:
    return curve_chart(
        f"{curve.wave if alone else curve.place}: {curve.term} on {curve.outcome}",
        "Average effect, points",
        " ".join(curve.told),
        [(one.estimate, one.low, one.high) for one in curve.specifications],
        [dict(one.choices) for one in curve.specifications],
        curve.options,
    )


def _charts(page: ClaimPage) -> Iterator[Forest]:
    """Yield a chart per outcome and unit, further readings below what decides."""
    alone = len({one.country for one in page.evidence}) == 1
    dense = len(page.deciding) > MOST_PLACES
    shown = page.deciding if dense else page.evidence
    asked: dict[tuple[str, str, str], list[Evidence | Together]] = {}
    every: list[Evidence | Together] = [*page.pooled, *shown]
    for one in every:
        if one.found:
            question = one.question
            key = question.outcome, question.unit, question.number
            asked.setdefault(key, []).append(one)
    for (outcome, unit, number), found in asked.items():
        named = _readings(found)
        groups = list(dict.fromkeys(named))
        pairs = sorted(zip(found, named, strict=True), key=lambda pair: groups.index(pair[1]))
        bands = (one.found.band for one in found if one.found and one.found.band > 0)
        several = len(groups) > 1
        about = [] if several else groups
        yield forest(
            ": ".join(filter(None, (outcome, *about))) or groups[0],
            ", ".join(filter(None, (sentence(number), unit))),
            [_mark(one, group if several else "", alone=alone) for one, group in pairs],
            next(bands, None),
            dense=dense,
        )


def _readings(found: Sequence[Evidence | Together]) -> list[str]:
    """Return what each effect is of, or its model where several models have the same term."""
    models: dict[str, set[str]] = {}
    for one in found:
        models.setdefault(one.question.term, set()).add(one.question.title)
    return [
        one.question.term if len(models[one.question.term]) == 1 else one.question.title
        for one in found
    ]


def _place(one: Evidence | Together, *, alone: bool) -> str:
    if isinstance(one, Together):
        return f"Together, {one.wave}"
    return one.wave if alone and one.wave else one.place


def _mark(one: Evidence | Together, group: str, *, alone: bool) -> Mark:
    found = one.found
    assert found is not None  # noqa: S101 - the caller has looked
    return Mark(
        _place(one, alone=alone),
        f"{found.text} ({found.interval})",
        found.estimate,
        found.low,
        found.high,
        group,
        one.decides,
        one.prediction if isinstance(one, Together) else None,
    )


def _filters(findings: Findings, pages: Sequence[ClaimPage]) -> dict[str, list[tuple[str, str]]]:
    """Return what may be chosen, as value and words; nothing where there is no choice."""
    rows = [one for page in pages for one in page.evidence]
    models = dict.fromkeys(one.question.model for one in rows if one.question.title)
    waves = dict.fromkeys(one.wave for one in rows if one.wave)
    found = {
        "country": [(c, findings.name(c)) for c in findings.countries],
        "wave": [(wave, wave) for wave in waves],
        "model": [(m, findings.models[m].title) for m in models if m in findings.models],
        "verdict": [(v, sentence(v)) for v in VERDICTS if any(one.verdict == v for one in rows)],
    }
    return {name: options for name, options in found.items() if len(options) > 1}


# --- models and samples ------------------------------------------------------------------------


def _models(findings: Findings) -> Iterator[Described]:
    """Yield every model with its sample flow, which is shown once where several share it."""
    shown: dict[tuple[tuple[str, ...], ...], str] = {}
    for name, spec in findings.models.items():
        grid = None if spec.printed else _flow(findings, name)
        first = shown.setdefault(grid.rows, name) if grid else name
        yield Described(
            name,
            tuple(_about(findings, name, spec)),
            spec.title,
            grid if first == name else None,
            findings.models[first].title if first != name else "",
        )


def _flow(findings: Findings, model: str) -> Grid:
    """Return a model's sample flow; several countries have their rows one below the other."""
    table, title = flow_table(findings, [model]), findings.models[model].title
    frame = table.frame.rename(index=lambda words: words.removeprefix(f"{title}, "), level=0)
    return _grid(replace(table, frame=frame))


def _about(findings: Findings, name: str, spec: Model) -> Iterator[tuple[str, str]]:
    """Yield what a model is, as pairs of a heading and words."""
    estimator = ESTIMATORS.get(spec.estimator, sentence(spec.estimator.replace("_", " ")))
    if spec.source:
        yield "After", spec.source
    yield "Estimator", estimator
    flags = [
        f for c, waves in findings.countries.items() for f in flags_of(findings, c, waves, name)
    ]
    yield "Firms", population_words(dict.fromkeys(flags))
    if spec.equations:
        for target, terms in spec.equations.items():
            yield label(target), f"explained by {_listed(terms)}"
    else:
        yield "Explains", _listed(spec.outcomes)
        for column, terms in spec.columns.items():
            yield f"By ({column_label(column).lower()})", _listed(terms)
    if spec.controls:
        yield "Held equal", _listed(spec.controls)
    if spec.fixed_effects:
        yield "Dummies for", _listed(spec.fixed_effects)
    yield "Standard errors", "; ".join(covariance_name(c) for c in spec.covariance)


def _listed(terms: Iterable[str]) -> str:
    return "; ".join(label(term) for term in terms)


# --- data --------------------------------------------------------------------------------------


def _quality(findings: Findings) -> Grid | None:
    return replace(_grid(quality_overview(findings)), notes="") if findings.quality else None


def _breaks(findings: Findings) -> list[tuple[str, str, str]]:
    """Return the breaks that lie between the waves: country, first year after it, and what."""
    return [
        (findings.name(country), str(entry["from"]), entry["text"])
        for country, series in findings.series.items()
        for entry in breaks_crossed(series)
    ]


def _checks(findings: Findings) -> list[tuple[str, str, str]]:
    """Return what some firms answered against other answers of theirs: where, what, how many."""
    return [
        (findings.place(record["country"], record["wave"]), check["meaning"].rstrip("."), told)
        for record in findings.quality
        for check in (record.get("checks") or {}).values()
        if check["failed"] and (told := _failed(check))
    ]


def _failed(check: Mapping[str, Any]) -> str:
    if check.get("whole_file"):
        return str(check.get("seen", "the file as a whole"))
    return f"{check['failed']:,} of {check['of']:,}"


def _codebooks(findings: Findings) -> Grid | None:
    """Return how sure the mappings of each extract are: how many variables in which state."""
    counted = {
        (findings.place(record["country"], record["wave"]), _title(record)): Counter(
            about.get("verified") or UNSAID
            for about in record["variables"].values()
            if about.get("in_questionnaire", True)
        )
        for record in findings.quality
    }
    states = list(dict.fromkeys([*STATES, *(state for of in counted.values() for state in of)]))
    shown = [state for state in states if any(of[state] for of in counted.values())]
    rows = tuple(
        (place, codebook, *(f"{of[state]:,}" if of[state] else "–" for state in shown))
        for (place, codebook), of in counted.items()
    )
    heads = ("Extract", "Codebook", *(sentence(STATES.get(state, state)) for state in shown))
    sure = " and ".join(STATES[state] for state in SETTLED)
    notes = f"Number of variables. Settled are those {sure}."
    return Grid("Review state of the codebooks", heads, rows, notes) if rows else None


def _title(record: Mapping[str, Any]) -> str:
    return str(record.get("title") or record["codebook"])


# --- tables and figures ------------------------------------------------------------------------


def _exhibits(findings: Findings, items: Catalogue, tables: Path) -> dict[str, Exhibit]:
    """Return every table and figure by name; of few places, printed tables with their cells."""
    few = len(list(places(findings.countries))) <= MOST_PLACES
    return {
        item.name: Exhibit(
            item.name,
            item.kind,
            item.caption,
            tuple(_files(item)),
            _read(item, tables) if few and item.printed and item.kind == TABLE else None,
        )
        for item in items.items
    }


def _files(item: Item) -> Iterator[tuple[str, str]]:
    folder, endings = ("tables", TABLES) if item.kind == TABLE else ("figures", FIGURES)
    for ending, words in endings.items():
        yield words, f"{folder}/{item.name}.{ending}"


TABLES = {"html": "web page", "docx": "Word", "tex": "LaTeX", "csv": "CSV"}
FIGURES = {"svg": "SVG", "png": "PNG"}


def _read(item: Item, folder: Path) -> Grid | None:
    """Return a saved table's cells; the column that stamps every row is left to the page's head."""
    file = folder / f"{item.name}.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        head, *rows = ([as_written(cell) for cell in row] for row in csv.reader(lines))
    stamped = head[-1:] == ["data"]
    grouped = head[0] == "group"
    width = len(head) - stamped
    told = [_row(row[:width], grouped) for row in rows]
    heads = tuple(head[1 + grouped : width])
    return Grid(item.caption, ("", *heads), tuple(told))


def _row(cells: Sequence[str], grouped: bool) -> tuple[str, ...]:
    if not grouped:
        return tuple(cells)
    return (f"{cells[0]}: {cells[1]}" if cells[0] else cells[1], *cells[2:])


def _sections(items: Catalogue, exhibits: Mapping[str, Exhibit]) -> list[tuple[str, list[Exhibit]]]:
    """Return the headings of the catalogue with their tables and figures."""
    found: dict[str, list[Exhibit]] = {}
    for item in items.items:
        found.setdefault(item.heading, []).append(exhibits[item.name])
    return list(found.items())


def _grid(table: Table) -> Grid:
    """Return a table as the page prints it."""
    flat = table.flat()
    grouped = flat.columns[0] == "group" and flat["group"].nunique() > 1
    flat = flat if grouped else flat.drop(columns="group", errors="ignore")
    rows = (tuple(map(str, row)) for row in flat.itertuples(index=False, name=None))
    heads = [{"row": "", "group": ""}.get(str(name), str(name)) for name in flat.columns]
    return Grid(table.caption, tuple(heads), tuple(rows), table.notes)
