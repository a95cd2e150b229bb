"""Which number speaks to a claim: what it is of, of whom, in which unit, and what is expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cisflow.claims.units import OF_ESTIMATES, STANDARD
from cisflow.publication.findings import Findings
from cisflow.publication.populations import flags_of, population_words
from cisflow.publication.tables.pooled import term_label
from cisflow.publication.words import column_label, group_label, in_sentence, label, small
from cisflow.study.balance_terms import EVERYONE, SCALES, split_column
from cisflow.study.claims import Claim, Single

Row = Mapping[str, Any]

QUANTITIES = {
    "observed": "average effect",
    "latent": "average effect on the latent outcome",
    "uncensored": "average effect among firms between the limits",
    "probability": "average effect on the probability",
}
SHARE = "share"  # code of a verdict on a share of estimates
COUNTED = (STANDARD, OF_ESTIMATES)
"""Units of which there can be so many; of others a number is *in* them."""


@dataclass(frozen=True)
class Question:
    """Which number speaks to a claim.

    Attributes
    ----------
    model, title
        Name of the model, and its title for print: empty of a model that the run lacks.
    outcome, term, unit
        What is explained, by what, and in which unit the effect is.
    number
        What kind of number it is, such as an average effect.
    population
        Of which firms, in words.
    expects
        What the claim expects of the number.
    """

    model: str
    title: str
    outcome: str
    term: str
    unit: str
    number: str
    population: str
    expects: str

    @property
    def counted(self) -> str:
        """The unit as it stands behind a number."""
        return _counted(self.unit)

    @property
    def about(self) -> str:
        """The effect of what on what."""
        return " on ".join(filter(None, (self.term, in_sentence(self.outcome))))


def question_of(findings: Findings, row: Row, claim: Claim | None) -> Question:
    """Return which number a row of verdicts rests on."""
    spec = findings.models.get(row["model"])
    if spec is None or row["code"] == SHARE:
        return _of_several(findings, row)
    country = row["country"] if row["country"] in findings.countries else None
    places = [country] if country else list(findings.countries)
    flags = [flag for c in places for flag in flags_of(findings, c, [row["wave"]], row["model"])]
    return Question(
        str(row["model"]),
        spec.title,
        label(row["outcome"]) if row["outcome"] else "",
        _term(findings, row),
        str(row["unit"]),
        QUANTITIES.get(row["quantity"], "coefficient"),
        population_words(flags),
        _expects(row, _single(row, claim)),
    )


def _of_several(findings: Findings, row: Row) -> Question:
    """Return the question of a row about several models together, or about none of the run."""
    names = str(row["model"])
    run = [findings.models[name] for name in names.split(", ") if name in findings.models]
    if not run:
        return Question(names, "", "", "", "", "", "", "")
    titles = ", ".join(spec.title for spec in run)
    term = "Share of estimates that are significant and have the expected sign"
    return Question(names, titles, "", term, OF_ESTIMATES, "count", "", "")


def _term(findings: Findings, row: Row) -> str:
    """Return what the effect is of, with the firms it is of where these are some of the sample."""
    spec = findings.models[row["model"]]
    text = term_label(spec, row["term"]) if row["term"] else ""
    scale, group = split_column(row["column"])
    if group != EVERYONE:
        return f"{text}, {group_label(group)}"
    several = len(spec.columns) > 1 and scale not in SCALES
    column = small(column_label(row["column"]))
    return f"{text} ({column})" if several and text and column != text.lower() else text


def _single(row: Row, claim: Claim | None) -> Single | None:
    """Return the test of the claims file that a row is of."""
    names = ("model", "outcome", "column", "term")
    tests = claim.singles if claim else ()
    return next((t for t in tests if all(getattr(t, n) == row[n] for n in names)), None)


def _expects(row: Row, single: Single | None) -> str:
    unit = _counted(row["unit"])
    if row["expect"] == "none":
        return f"no effect: none as large as {row['band']:g} {unit}"
    if row["expect"] not in ("positive", "negative"):
        return ""
    claimed = single.claimed_effect if single else None
    size = f" of up to {claimed:g} {unit}" if claimed else ""
    return f"a {row['expect']} effect{size}"


def _counted(unit: str) -> str:
    counted = unit in COUNTED or unit.startswith("points of ")
    return unit if counted or not unit else f"in {unit}"
