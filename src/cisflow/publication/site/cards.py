"""A claim on the page: its page, its estimates drawn, and the tables and figures behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cisflow.publication.catalogue import Catalogue
from cisflow.publication.findings import Findings
from cisflow.publication.site.charts import CurveChart, Forest, Mark, curve_chart, forest
from cisflow.publication.site.claim_pages import ClaimPage
from cisflow.publication.site.evidence import Evidence, Together
from cisflow.publication.site.exhibits import MOST_PLACES, Exhibit
from cisflow.publication.site.robustness import Robustness
from cisflow.publication.words import in_sentence, sentence
from cisflow.study.verdicts import VERDICTS


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


def card_of(page: ClaimPage, items: Catalogue, exhibits: Mapping[str, Exhibit]) -> Card:
    """Return a claim with its charts and with what is printed of its models."""
    asked = (*page.questions, *page.further_questions)
    models = {model for question in asked for model in question.model.split(", ")}
    about = (item.name for item in items.items if models & {*item.models})
    few = len(page.deciding) <= MOST_PLACES
    related = [exhibits[name] for name in about] if few else []
    alone = len({curve.country for curve in page.curves}) == 1
    curves = ((curve, _curve_chart(curve, alone=alone)) for curve in page.curves if few)
    return Card(page, tuple(_charts(page)), tuple(curves), tuple(related))


def _curve_chart(curve: Robustness, *, alone: bool) -> CurveChart:
    return curve_chart(
        f"{curve.wave if alone else curve.place}: {curve.term} on {in_sentence(curve.outcome)}",
        f"Average effect, {curve.unit}",
        f"{len(curve.specifications):,} estimates in the order of their size.",
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


def filters_of(findings: Findings, pages: Sequence[ClaimPage]) -> dict[str, list[tuple[str, str]]]:
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
