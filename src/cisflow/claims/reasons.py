"""The reason of a verdict in words, written last and from data alone.

These are the only words for it: the table of claims has them, and page and paper print that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from cisflow.base.decimals import bound, measured, signed
from cisflow.panel.constructs import CONSTRUCTS
from cisflow.panel.ratios import ratio_and_lag, years_later
from cisflow.study import verdicts as v
from cisflow.study.claims import Rule
from cisflow.study.shapes import (
    COMPLEMENTS,
    EFFECT,
    INVERTED_U,
    LINE_ABOVE,
    LINE_BELOW,
    SLOPE_HIGH,
    SLOPE_LOW,
    STRATEGY,
    TWO_LINES,
)
from cisflow.study.terms import IN_TEXT

WORDS = {
    "coop_any": "cooperation",
    "group": "part of a group",
    "abandoned": "abandoned projects",
    "ongoing": "ongoing projects",
}
MADE = {
    COMPLEMENTS: "{} together beyond each alone",
    STRATEGY: "{}, against none",
    INVERTED_U: "an inverted U in {}",
    TWO_LINES: "an inverted U in {} by two lines",
    SLOPE_LOW: "the slope at the low end of {}",
    SLOPE_HIGH: "the slope at the high end of {}",
    LINE_BELOW: "the slope below the breakpoint of {}",
    LINE_ABOVE: "the slope above the breakpoint of {}",
    EFFECT: "the effect of {}",
}
"""What numbers made of several terms are called, with the variables they are about."""
TESTS = {
    "normality": "normality of the errors",
    "homoskedasticity": "equal variance of the errors",
    "chi2": "the arrows left out",
}
ALTERNATIVES = {
    "fractional": "the fractional logit",
    "heteroskedastic": "the heteroskedastic Tobit",
    "two_part": "the two-part model",
}
WIDER = "the model with further arrows"


def reason_of(row: Mapping[str, Any], rule: Rule) -> str:
    """Return the reason of a verdict as one sentence or more.

    Parameters
    ----------
    row
        A row of verdicts: ``code`` and the numbers it is about; a claim of several parts has their
        rows in ``parts``.
    """
    if parts := row.get("parts"):
        return _of_parts(parts)
    if note := row.get("note"):
        return in_full(_terms_in_words(str(note)))
    if row["verdict"] == v.NOT_RUN:
        return "This run does not estimate the model that would test it."
    numbers = _numbers(row, rule)
    told = [_WORDS[code].format(**numbers) for code in row["code"].split("; ")]
    return " ".join([*told, *_overstated(row, numbers), *_enough(row)])


def _of_parts(parts: Sequence[Mapping[str, Any]]) -> str:
    """Return what parts of a claim say: what is missing first and why, then the others."""
    missing = [part for part in parts if part.get("note")]
    if not missing:
        return " ".join(f"{in_full(_part(part))} {part['reason']}" for part in parts)
    told = [f"{_part(part)} ({_terms_in_words(part['note'])})" for part in missing]
    told += [_part(part) for part in parts if not part.get("note")]
    return in_full("; ".join(told))


def _part(part: Mapping[str, Any]) -> str:
    return f"{part_in_words(part)}: {part['verdict']}"


def part_in_words(part: Mapping[str, Any]) -> str:
    """Return what a part of a claim is about: an outcome on a term."""
    return f"{named(part['outcome'])} on {named(part['term'])}"


def _terms_in_words(note: str) -> str:
    """Return a note with its terms in words."""
    return IN_TEXT.sub(lambda found: named(found[0]), note)


def in_full(text: str) -> str:
    """Return a text as a sentence, with a capital and a full stop.

    Examples
    --------
    >>> in_full("no firm is left")
    'No firm is left.'
    """
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


_WORDS = {
    v.AS_EXPECTED: "The {against} interval, {shown}, lies wholly {side} zero, as the claim "
    "expects.",
    v.AGAINST: "The {against} interval, {shown}, lies wholly {side} zero, against the claim.",
    v.HOLDS_ZERO: "The {against} interval, {shown}, includes zero.",
    v.EFFECT_OUT_OF_REACH: "The {against} interval, {shown}, includes zero, and a sample like this "
    "one finds with {power} probability only effects of {mde} or more: larger than the claim "
    "means.",
    v.INSIDE: "The {within} interval, {tested}, lies inside {band}.",
    v.OUTSIDE: "The {against} interval, {shown}, lies wholly beyond {band}.",
    v.ACROSS: "The {within} interval, {tested}, reaches beyond {band}, and the {against} interval "
    "does not lie wholly outside.",
    v.BAND_OUT_OF_REACH: "The {within} interval, {tested}, is wider than {band}, so that no "
    "estimate would have been inside.",
    v.FEW_FIRMS: "{few}.",
    v.WEAK: "The instruments are weak: the F of their first stage, {f}, is below {least_f}.",
    v.ONE_FIRM: "Leaving out {firms} turns the result.",
    v.ONE_COUNTRY: "Leaving out one country turns the result ({countries}).",
    v.OUTLIERS: "Among firms with {outliers} alone the result is: {without}.",
    v.REJECTED: "Tests reject the model ({tests}), and robust alternatives do not all agree: "
    "{alternatives}.",
    v.NO_ALTERNATIVE: "Tests reject the model ({tests}), and no robust alternative has this "
    "number.",
}


def _numbers(row: Mapping[str, Any], rule: Rule) -> dict[str, str]:
    """Return the numbers of a row as its reasons say them."""
    error, turned = row["std_error"], row.get("turned_by_one", np.nan)
    return {
        "shown": to(row["against_zero"], error),
        "tested": to(row["for_band"], error),
        "against": percent(1 - rule.significance),
        "within": percent(1 - rule.equivalence),
        "side": "above" if row["estimate"] > 0 else "below",
        "band": f"±{number(row['band'])}, the smallest effect of interest",
        "power": percent(rule.power),
        "mde": measured(row["mde"], error),
        "few": _few(row, rule),
        "f": number(row.get("first_stage_f", np.nan)),
        "least_f": number(rule.first_stage_f),
        "firms": f"any one of {turned:,.0f} firms" if turned > 1 else "a single firm",
        "countries": str(row.get("countries", "")),
        "outliers": named(rule.outliers or "").replace("<=", "≤").replace(">=", "≥"),
        "without": str(row.get("outliers", "")),
        "tests": tests_in_words(row["rejected"]),
        "alternatives": alternatives_in_words(row["alternatives"]),
    }


def _few(row: Mapping[str, Any], rule: Rule) -> str:
    """Return of few firms how many there are on either side, as far as that may be told."""
    counts = row["firms_with"], row["firms_without"]
    if not np.isfinite(counts).all():
        return f"Fewer than {rule.minimum_firms} firms stand on one side of the comparison"
    if min(counts) >= rule.minimum_firms:  # on either side of it, but not in each group of both
        return f"Fewer than {rule.minimum_firms} firms stand in one of the groups that it compares"
    with_, without = (f"{count:,.0f}" for count in counts)
    side = f"fewer than {rule.minimum_firms} on one side"
    return f"{with_} firms with and {without} without: {side}"


_BY_SIZE = {v.HOLDS_ZERO, v.ACROSS, v.EFFECT_OUT_OF_REACH, v.BAND_OUT_OF_REACH}


def _overstated(row: Mapping[str, Any], numbers: Mapping[str, str]) -> Iterator[str]:
    """Yield that an effect is likely overstated where a sample finds large ones alone.

    Of estimates around a small effect those that are significant are the largest (Gelman & Carlin
    2014, Perspectives on Psychological Science 9:641–651).
    """
    small = abs(row.get("claimed", np.nan)) < row.get("mde", np.nan)
    if small and {v.AS_EXPECTED, v.AGAINST} & {*row["code"].split("; ")}:
        yield (
            "Its size is likely overstated: with {power} probability a sample like this one finds "
            "only effects of {mde} or more."
        ).format(**numbers)


def _enough(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield how many firms could decide what is open for want of firms."""
    needed = row.get("n_needed", np.nan)
    if _BY_SIZE & {*row["code"].split("; ")} and needed > row["n"]:
        yield f"About {needed:,.0f} firms like these could decide; there are {row['n']:,.0f}."


def tests_in_words(rejected: str) -> str:
    """Return which tests reject a model, from a cell of the table of claims."""
    return ", ".join(TESTS.get(test, test) for test in rejected.split("; "))


def alternatives_in_words(cell: str) -> str:
    """Return what the robust alternatives say, from a cell of the table of claims."""
    told = (part.rpartition(": ") for part in cell.split("; ") if part)
    return "; ".join(f"{ALTERNATIVES.get(name, WIDER)}: {said}" for name, _, said in told)


def beside_of(asides: Iterable[str]) -> str:
    """Return what else a reader is told, as sentences."""
    return " ".join(map(in_full, asides))


def to(ends: tuple[float, float], std_error: float) -> str:
    """Return an interval with the decimals that the standard error bears."""
    return " to ".join(bound(end, std_error) for end in ends)


def named(term: str) -> str:
    """Return a term, an effect or a comparison with the labels of its variables.

    Examples
    --------
    >>> named("coop_any:C(eu_size)[T.small]")
    'cooperation × size class “small”'
    >>> named("cost: through personnel_cost_share")
    'cost: through share of personnel costs in value added'
    >>> named("total(diversity)")
    'total effect of diversity of technology alliance portfolio'
    >>> named("inverted_u(rd_intensity)")
    'an inverted U in R&D intensity (% of turnover)'
    """
    if effect := re.fullmatch(r"(direct|indirect|total)\((.+)\)", term):
        return f"{effect[1]} effect of {named(effect[2])}"
    made = re.fullmatch(rf"({'|'.join(MADE)})\((.+)\)", term)
    if made:
        return MADE[made[1]].format(named(made[2]))
    levels = re.sub(r"C\((\w+)\)\[(?:T\.)?([^\]]+)\]", r"\1 “\2”", term)
    products = re.sub(r":(?! )", " × ", levels).replace("^2", " squared")
    quoted = products.split("“")
    first = [_of_variables(quoted[0])]
    return "“".join([*first, *(_after(part) for part in quoted[1:])])


def _after(part: str) -> str:
    """Return the text that begins within quotation marks; what is in them stays."""
    inside, end, rest = part.partition("”")
    return inside + end + _of_variables(rest)


def _of_variables(text: str) -> str:
    return re.sub(r"[a-z]\w*", lambda found: _label(found[0]), text)


def _label(name: str) -> str:
    at_lag = ratio_and_lag(name)
    if at_lag:
        return f"{_label(at_lag[0])} {years_later(at_lag[1])}"
    label = CONSTRUCTS[name].label if name in CONSTRUCTS else WORDS.get(name, name)
    return label if label[1:2] in "&" or label[1:2].isupper() else label[:1].lower() + label[1:]


def number(x: float) -> str:
    """Return a number in three digits."""
    return signed(f"{x:.3g}")


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{100 * share:.3g} %"
