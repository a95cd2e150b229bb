"""A page per claim, as data: what is claimed, what was measured, what was found, how sure that is.

Everything is taken from the verdicts and the estimates, the reason of a verdict too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from cisflow.publication.findings import Findings
from cisflow.publication.site.evidence import Evidence, Together, evidence_of, together_of
from cisflow.publication.site.questions import Question, Row
from cisflow.publication.site.robustness import Robustness, robustness_of
from cisflow.study import verdicts as v
from cisflow.study.claims import Claim, Claims

MEANINGS = {
    v.SUPPORTED: "The estimate is as the claim says. No single firm, no outlier and no robust "
    "alternative to the model takes that away.",
    v.CONTRADICTED: "The estimate is against the claim, and holds in the same way.",
    v.INCONCLUSIVE: "The interval holds both what the claim says and what it denies, or the result "
    "turns with single firms or outliers.",
    v.UNDECIDABLE: "No estimate from a sample of this size could have settled it.",
    v.DEPENDS: "The model's own tests reject it, and its robust alternatives do not say the same.",
    v.TOO_FEW: "Fewer firms on one side of the comparison than the rule asks for.",
    v.NOT_ESTIMABLE: "The survey, or this sample, lacks what the test needs.",
    v.NOT_RUN: "This run does not estimate the model that would test it.",
    v.NOT_MEASURABLE: "The survey does not ask about it.",
}
"""What each verdict means, in a sentence."""


@dataclass(frozen=True)
class ClaimPage:
    """Everything a run has to say of a claim.

    Attributes
    ----------
    name, text, source, note
        The claim, who makes it, and how the test stands for it.
    evidence
        Place by place, the deciding estimate before further readings.
    pooled
        Several countries together.
    curves
        By every combination of an author's choices, where the run has such a model.
    """

    name: str
    text: str
    source: str
    note: str
    evidence: tuple[Evidence, ...]
    pooled: tuple[Together, ...] = ()
    curves: tuple[Robustness, ...] = ()

    @property
    def deciding(self) -> tuple[Evidence, ...]:
        """The estimates that decide, one per place."""
        return tuple(one for one in self.evidence if one.decides)

    @property
    def further(self) -> tuple[Evidence, ...]:
        """Further readings, place by place."""
        return tuple(one for one in self.evidence if not one.decides)

    @property
    def verdicts(self) -> dict[str, int]:
        """In how many places the claim has each verdict, in the order of all verdicts."""
        counted = Counter(one.verdict for one in self.deciding)
        return {verdict: counted[verdict] for verdict in v.VERDICTS if counted[verdict]}

    @property
    def questions(self) -> tuple[Question, ...]:
        """The numbers that decide, each once; those of models that were run."""
        return _questions([*self.deciding, *(one for one in self.pooled if one.decides)])

    @property
    def further_questions(self) -> tuple[Question, ...]:
        """The numbers of further readings, each once."""
        return _questions([*self.further, *(one for one in self.pooled if not one.decides)])


def _questions(told: Iterable[Evidence | Together]) -> tuple[Question, ...]:
    found: dict[tuple[str, ...], Question] = {}
    for question in (one.question for one in told):
        key = question.model, question.outcome, question.term
        if question.title and (key not in found or (question.unit and not found[key].unit)):
            found[key] = question
    return tuple(found.values())


def claim_pages(findings: Findings, claims: Claims) -> tuple[ClaimPage, ...]:
    """Return a page per claim, in the order of the claims file.

    Parameters
    ----------
    findings
        The run's findings.
    claims
        The claims file: notes, expectations and the rule.
    """
    return tuple(
        _page(findings, str(name), rows, claims)
        for name, rows in findings.claims.groupby("claim", sort=False)
    )


def _page(findings: Findings, name: str, rows: pd.DataFrame, claims: Claims) -> ClaimPage:
    claim, rule = claims.claims.get(name), claims.rule
    records = rows.to_dict(orient="records")
    pooled = findings.pooled_claims
    together = pooled[pooled["claim"] == name].to_dict("records") if len(pooled) else []
    return ClaimPage(
        name,
        str(records[0]["text"]),
        str(records[0]["source"]),
        _note(claim),
        tuple(
            evidence_of(findings, row, claim, rule, decides=first)
            for row, first in _by_place(records)
        ),
        tuple(
            together_of(findings, row, claim, decides=first) for row, first in _by_place(together)
        ),
        tuple(robustness_of(findings, claim)),
    )


def _note(claim: Claim | None) -> str:
    """Return how the test stands for the claim, and of how many parts what is shown is one."""
    said = " ".join(claim.note.split()) if claim and claim.note else ""
    parts = len(claim.test.all_of) if claim and claim.test else 0
    weakest = "it holds if each does, and the part furthest from support is shown"
    several = f"The test has {parts} parts: {weakest}." if parts else ""
    return " ".join(filter(None, (said, several)))


def _by_place(records: Iterable[Row]) -> Iterator[tuple[Row, bool]]:
    """Yield rows with whether each is the first of its country and wave, which decides."""
    seen: set[tuple[str, str]] = set()
    for row in records:
        place = row["country"], row["wave"]
        yield row, place not in seen
        seen.add(place)
