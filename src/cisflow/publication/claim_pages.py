"""A page per claim, as data: what is claimed, what was measured, what was found, how sure that is.

Everything is taken from the verdicts and the estimates; the words are written last, from their
codes and numbers. The site prints these pages, and the paper may.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cisflow.claims.single import Finding
from cisflow.claims.units import LATENT, POINTS, STANDARD
from cisflow.estimation.estimates import ALL_WAVES
from cisflow.publication.curve_facts import (
    JOINT,
    NAMES,
    SHARE_POSITIVE,
    SHARE_SIGNIFICANT,
    CurveFacts,
    curves_of,
    option_name,
    options_of,
)
from cisflow.publication.families import places
from cisflow.publication.findings import Findings
from cisflow.publication.populations import flags_of, population_words
from cisflow.publication.tables.pooled import term_label
from cisflow.publication.words import (
    column_label,
    group_label,
    label,
    measured,
    p_value,
    sentence,
)
from cisflow.study import verdicts as v
from cisflow.study.balance_terms import EVERYONE, SCALES, split_column
from cisflow.study.claims import Claim, Claims, Rule, Single

Row = Mapping[str, Any]

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
ALTERNATIVES = {
    "fractional": "the fractional logit",
    "heteroskedastic": "the heteroskedastic Tobit",
}
TESTS = {
    "normality": "normality of the errors",
    "homoskedasticity": "equal variance of the errors",
    "chi2": "the arrows left out",
}
QUANTITIES = {
    "observed": "average effect",
    "latent": "average effect on the latent outcome",
    "uncensored": "average effect among firms between the limits",
    "probability": "average effect on the probability",
}
SHARE = "share"  # code of a verdict on a share of estimates
OF_ESTIMATES = "% of the estimates"
COUNTED = (POINTS, LATENT, STANDARD, OF_ESTIMATES)
"""Units of which there can be so many; of others a number is *in* them."""
ADJUSTED = {"p_holm": "Holm", "p_bh": "Benjamini–Hochberg", "p_rw": "Romano–Wolf"}


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


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval, as numbers and as print; ``band`` around no effect."""

    estimate: float
    low: float
    high: float
    band: float
    text: str
    interval: str


@dataclass(frozen=True)
class Evidence:
    """What one country and wave say of a claim.

    Attributes
    ----------
    country, wave, place
        Empty for a claim about the run as a whole.
    decides
        Whether the claim's verdict here is this one; else it is a further reading.
    question
        Which number it is.
    found
        Estimate and interval, None where there is no estimate.
    firms, with_, without
        How many firms, and how many on either side of the term; None where that is not told.
    verdict, literature
        By the rule, and by significance alone.
    why
        Reasons of the verdict, as sentences.
    changes
        What would change it, as sentences.
    p, adjusted
        p-value of the test, and adjusted for the other tests of the article; for print.
    truth
        Of a simulated run: the true number and whether the interval holds it; for print.
    """

    country: str
    wave: str
    place: str
    decides: bool
    question: Question
    found: Interval | None
    firms: float | None
    with_: float | None
    without: float | None
    verdict: str
    literature: str
    why: tuple[str, ...]
    changes: tuple[str, ...]
    p: str
    adjusted: str
    truth: str

    @property
    def sides(self) -> str:
        """How many firms it rests on, in words; empty where that is not told."""
        if self.firms is None:
            return ""
        both = self.with_ is not None and self.without is not None
        apart = f", {self.with_:,.0f} with and {self.without:,.0f} without" if both else ""
        return f"{self.firms:,.0f} firms{apart}"


@dataclass(frozen=True)
class Together:
    """What several countries together say of a claim; ``prediction`` is for a further country."""

    wave: str
    decides: bool
    question: Question
    found: Interval | None
    prediction: tuple[float, float] | None
    prediction_text: str
    countries: float | None
    i2: str
    verdict: str
    why: tuple[str, ...]


@dataclass(frozen=True)
class Specification:
    """One estimate of a specification curve, with the choices that made it, as they are called."""

    estimate: float
    low: float
    high: float
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Robustness:
    """What a specification curve says of a claim in one country and wave.

    Attributes
    ----------
    place, title, term, outcome
        Where, by which model, the effect of what on what.
    specifications
        Its estimates by size.
    options
        By choice its options, as they are called.
    told
        What it says as a whole, as sentences.
    """

    country: str
    wave: str
    place: str
    title: str
    term: str
    outcome: str
    specifications: tuple[Specification, ...]
    options: tuple[tuple[str, tuple[str, ...]], ...]
    told: tuple[str, ...]


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
    def verdicts(self) -> dict[str, int]:
        """In how many places the claim has each verdict, in the order of all verdicts."""
        counted = Counter(one.verdict for one in self.deciding)
        return {verdict: counted[verdict] for verdict in v.VERDICTS if counted[verdict]}

    @property
    def questions(self) -> tuple[Question, ...]:
        """The numbers that speak to the claim, each once; those of models that were run."""
        found: dict[tuple[str, ...], Question] = {}
        every = [one.question for one in self.evidence] + [one.question for one in self.pooled]
        for question in every:
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
    claim = claims.claims.get(name)
    records = rows.to_dict(orient="records")
    told = _by_place(records)
    pooled = findings.pooled_claims
    together = pooled[pooled["claim"] == name].to_dict("records") if len(pooled) else []
    return ClaimPage(
        name,
        str(records[0]["text"]),
        str(records[0]["source"]),
        _note(claim),
        tuple(_evidence(findings, row, first, claim, claims.rule) for row, first in told),
        tuple(
            _together(findings, row, first, claim, claims.rule)
            for row, first in _by_place(together)
        ),
        tuple(_curves(findings, claim)),
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


# --- one estimate ------------------------------------------------------------------------------


def _evidence(
    findings: Findings, row: Row, first: bool, claim: Claim | None, rule: Rule
) -> Evidence:
    country = str(row["country"])
    return Evidence(
        country=country,
        wave=str(row["wave"]),
        place=findings.place(country, row["wave"]) if country else "All countries and waves",
        decides=first,
        question=_question(findings, row, claim),
        found=_interval(row),
        firms=_told(row["n"]),
        with_=_told(row["firms_with"]),
        without=_told(row["firms_without"]),
        verdict=str(row["verdict"]),
        literature=str(row["verdict_literature"]),
        why=tuple(_why(findings, row, rule)),
        changes=tuple(_changes(findings, row, rule)),
        p=p_value(row["p_test"]) if np.isfinite(row["p_test"]) else "",
        adjusted=", ".join(_adjusted(row)),
        truth=_truth(row),
    )


def _told(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


def _interval(row: Row) -> Interval | None:
    """Return estimate and interval with as many decimals as the standard error bears."""
    if not np.isfinite([row["estimate"], row["ci_low"], row["ci_high"]]).all():
        return None
    scale = 100 if row["code"] == SHARE else 1
    estimate, low, high = (scale * float(row[n]) for n in ("estimate", "ci_low", "ci_high"))
    error = (high - low) / 4 if row["code"] == SHARE else row["std_error"]
    text, *ends = (measured(number, error) for number in (estimate, low, high))
    return Interval(estimate, low, high, float(row["band"]), text, " to ".join(ends))


def _question(findings: Findings, row: Row, claim: Claim | None) -> Question:
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
    return f"{text} ({inline_column(row['column'])})" if several and text else text


def inline_column(column: str) -> str:
    """Return a column of a table as it stands within a sentence."""
    text = column_label(column)
    return text[:1].lower() + text[1:]


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
    return unit if unit in COUNTED or not unit else f"in {unit}"


# --- words: why, and what would change it ------------------------------------------------------


def _why(findings: Findings, row: Row, rule: Rule) -> Iterator[str]:
    """Yield the reasons of a verdict as sentences."""
    if row["verdict"] == v.NOT_RUN:
        spec = findings.models.get(row["model"])
        which = f"“{spec.title}” here" if spec else "the model that would test it"
        yield f"This run does not estimate {which}."
        return
    codes = row["code"].split("; ")
    if not {*codes} <= {*_WORDS} or not np.isfinite(row["estimate"]):
        yield _full_stop(sentence(row["reason"] or row["verdict"]))
        return
    numbers = _numbers(findings, row, rule)
    for code in codes:
        yield _WORDS[code].format(**numbers)


_WORDS = {
    v.AS_EXPECTED: "The 95 % interval, {shown}, lies wholly {side} zero, as the claim expects.",
    v.AGAINST: "The 95 % interval, {shown}, lies wholly {side} zero, against the claim.",
    v.HOLDS_ZERO: "The 95 % interval, {shown}, includes zero.",
    v.EFFECT_OUT_OF_REACH: "The 95 % interval, {shown}, includes zero, and a sample like this one "
    "finds with {power} probability only effects of {mde} or more: larger than the claim means.",
    v.INSIDE: "The {level} interval{tested} lies inside ±{band}, the smallest effect of interest.",
    v.OUTSIDE: "The 95 % interval, {shown}, lies wholly beyond ±{band}, the smallest effect of "
    "interest.",
    v.ACROSS: "The {level} interval{tested} reaches beyond ±{band}, the smallest effect of "
    "interest, and does not lie wholly outside.",
    v.BAND_OUT_OF_REACH: "The {level} interval{tested} is wider than ±{band}, the smallest effect "
    "of interest, so that no estimate would have been inside.",
    v.FEW_FIRMS: "{few}.",
    v.WEAK: "The instruments are weak: the first stage hardly explains what they stand for.",
    v.ONE_FIRM: "Leaving out {firms} turns the result.",
    v.OUTLIERS: "Without {outliers} outliers (by the rule of the claims file) the result is: "
    "{without}.",
    v.REJECTED: "Tests reject the model ({tests}), and robust alternatives do not all agree: "
    "{alternatives}.",
    v.NO_ALTERNATIVE: "Tests reject the model ({tests}), and no robust alternative was run.",
}


def _numbers(findings: Findings, row: Row, rule: Rule) -> dict[str, str]:
    """Return the numbers of a row as its reasons say them."""
    se, turned, out = row["std_error"], row["turned_by_one"], row["left_out"]
    low, high = (measured(x, se) for x in Finding.of(row).plain_interval(rule.equivalence))
    return {
        "shown": f"{measured(row['ci_low'], se)} to {measured(row['ci_high'], se)}",
        "side": "above" if row["estimate"] > 0 else "below",
        "tested": "" if row["wave"] == ALL_WAVES else f", {low} to {high},",
        "level": f"{100 * (1 - rule.equivalence):.3g} %",
        "band": f"{row['band']:g}",
        "power": f"{100 * rule.power:.3g} %",
        "mde": measured(row["mde"], se),
        "few": _few(row, rule),
        "firms": f"any one of {turned:,.0f} firms" if turned > 1 else "a single firm",
        "outliers": f"{out:,.0f}" if np.isfinite(out) else "the",
        "without": str(row["outliers"]),
        "tests": _rejecting(row),
        "alternatives": _others(findings, row),
    }


def _few(row: Row, rule: Rule) -> str:
    sides = row["firms_with"], row["firms_without"]
    if not np.isfinite(sides).all():
        return f"Fewer than {rule.minimum_firms} firms stand on one side of the comparison"
    return (
        f"{sides[0]:,.0f} firms with and {sides[1]:,.0f} without: fewer than "
        f"{rule.minimum_firms} on one side"
    )


def _rejecting(row: Row) -> str:
    return ", ".join(TESTS.get(test, test) for test in str(row["rejected"]).split("; "))


def _others(findings: Findings, row: Row) -> str:
    """Return what the robust alternatives say, one by one."""
    titles = {name: f"“{spec.title}”" for name, spec in findings.models.items()} | ALTERNATIVES
    told = (part.rpartition(": ") for part in str(row["alternatives"]).split("; ") if part)
    return "; ".join(f"{titles.get(name, name)}: {said}" for name, _, said in told)


def _full_stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _changes(findings: Findings, row: Row, rule: Rule) -> Iterator[str]:
    """Yield what would change a verdict, or takes from it, beyond its reasons."""
    if not np.isfinite(row["estimate"]):
        return
    yield from _reach(row, rule)
    if row["verdict"] in v.DECIDED and row["turned_by_one"] == 0:
        yield "No single firm turns it."
    if row["rejected"] and not {v.REJECTED, v.NO_ALTERNATIVE} & {*row["code"].split("; ")}:
        others = f" Alternatives say: {_others(findings, row)}." if row["alternatives"] else ""
        yield f"Tests reject the model ({_rejecting(row)}).{others}"
    if row["p_test"] <= rule.significance < np.nanmax([0, *(row[name] for name in ADJUSTED)]):
        yield f"Among all tests on claims of the same article its p-value is {_listed(row)}."
    literal = row["verdict_literature"]
    if literal in v.DECIDED and literal != row["verdict"]:
        yield f"By significance alone, as the literature reads it, it would be {literal}."


def _reach(row: Row, rule: Rule) -> Iterator[str]:
    """Yield what a sample of this size could find, and which size could decide what is open."""
    by_size = {v.HOLDS_ZERO, v.ACROSS, v.EFFECT_OUT_OF_REACH, v.BAND_OUT_OF_REACH}
    needed = row["n_needed"]
    if by_size & {*row["code"].split("; ")} and needed > row["n"]:
        yield f"About {needed:,.0f} firms like these could decide; there are {row['n']:,.0f}."
    elif np.isfinite(row["mde"]) and v.EFFECT_OUT_OF_REACH not in row["code"]:
        size = measured(row["mde"], row["std_error"])
        power = f"{100 * rule.power:.3g} %"
        yield f"A sample like this one finds effects of {size} or more with {power} probability."


def _listed(row: Row) -> str:
    return ", ".join(_adjusted(row))


def _adjusted(row: Row) -> Iterator[str]:
    for name, method in ADJUSTED.items():
        if np.isfinite(row[name]):
            yield f"{p_value(row[name])} ({method})"


def _truth(row: Row) -> str:
    if not row["recovered"]:
        return ""
    held = "inside" if row["recovered"] == "yes" else "outside"
    return f"{measured(row['truth'], row['std_error'])}, {held} the interval"


# --- several countries -------------------------------------------------------------------------


def _together(
    findings: Findings, row: Row, first: bool, claim: Claim | None, rule: Rule
) -> Together:
    found = _pooled_row(findings, row)
    prediction = found.get("pi_low", np.nan), found.get("pi_high", np.nan)
    known = bool(np.isfinite(prediction).all())
    low, high = (measured(x, row["std_error"]) if known else "" for x in prediction)
    i2 = found.get("i2", np.nan)
    return Together(
        wave="all waves" if row["wave"] == ALL_WAVES else str(row["wave"]),
        decides=first,
        question=_question(findings, row, claim),
        found=_interval(row),
        prediction=prediction if known else None,
        prediction_text=f"{low} to {high}" if known else "",
        countries=_told(found.get("k", np.nan)),
        i2=f"{100 * i2:.0f} %" if np.isfinite(i2) else "",
        verdict=str(row["verdict"]),
        why=tuple(_why(findings, row, rule)),
    )


def _pooled_row(findings: Findings, row: Row) -> Row:
    """Return the pooled estimate behind a verdict, by the run's own method; empty if none."""
    pooled = findings.pooled
    if not len(pooled):
        return {}
    names = ("wave", "model", "outcome", "column", "term", "quantity")
    same = np.logical_and.reduce([pooled[name] == row[name] for name in names])
    return next(iter(pooled[same].to_dict(orient="records")), {})


# --- every combination of choices --------------------------------------------------------------


def _curves(findings: Findings, claim: Claim | None) -> Iterator[Robustness]:
    """Yield the claim's specification curve in each country and wave that has one."""
    about = claim.curve if claim else None
    if about is None or about.model not in findings.models:
        return
    named = about.outcome, about.column, about.term
    for country, wave in places(findings.countries):
        for curve in curves_of(findings, country, wave, about.model):
            same = (curve.outcome, curve.column, curve.term) == named
            if same and not curve.note and len(curve.rows):
                yield _robustness(findings, country, wave, about.model, curve)


def _robustness(
    findings: Findings, country: str, wave: str, model: str, curve: CurveFacts
) -> Robustness:
    options = options_of(curve)
    return Robustness(
        country,
        wave,
        findings.place(country, wave),
        findings.models[model].title,
        label(curve.term),
        label(curve.outcome),
        tuple(
            Specification(
                float(row["estimate"]),
                float(row["ci_low"]),
                float(row["ci_high"]),
                tuple((NAMES[choice], option_name(row[choice])) for choice in options),
            )
            for row in curve.rows.to_dict(orient="records")
        ),
        tuple((NAMES[c], tuple(map(option_name, names))) for c, names in options.items()),
        tuple(_told_of(curve)),
    )


def _told_of(curve: CurveFacts) -> Iterator[str]:
    """Yield what a curve says as a whole."""
    number = curve.about.get("specifications") or len(curve.rows)
    median, share = curve.median, curve.summary
    se = median["std_error"]
    ends = (median["ci_low"], median["ci_high"])
    known = bool(np.isfinite(ends).all())
    within = f" (95 % interval {' to '.join(measured(end, se) for end in ends)})" if known else ""
    effect = measured(median["estimate"], se)
    yield f"The median of {number:,.0f} specifications is {effect}{within}."
    positive, sure = (100 * share[name]["estimate"] for name in (SHARE_POSITIVE, SHARE_SIGNIFICANT))
    yield (
        f"{positive:.0f} % of them are positive; {sure:.0f} % are significant at 5 % with the sign "
        "that most have."
    )
    p = p_value(share[JOINT]["estimate"])
    yield f"If none had an effect, as much or more would be seen with probability {p}."
    if curve.withheld:
        yield f"{curve.withheld:,} further ones are withheld by the rules of disclosure."
