"""The reason of a verdict in words, written last and from data alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

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
TEST_WORDS = {
    "normality": "normality",
    "homoskedasticity": "homoskedasticity",
    "chi2": "the arrows left out (χ²)",
}


def reason_of(row: Mapping[str, Any], rule: Rule) -> str:
    """Return the reason of a verdict as a sentence.

    Parameters
    ----------
    row
        A row of verdicts: ``code``, the numbers it is about, ``asides``; a claim of several parts
        has their rows in ``parts``.
    """
    if parts := row.get("parts"):
        return "; ".join(
            f"{named(part['outcome'])} on {named(part['term'])}: {part['verdict']} "
            f"({part['reason']})"
            for part in parts
        )
    if note := row.get("note"):
        return str(note)
    if row["verdict"] == v.NOT_RUN:
        return f"the run does not estimate the model {row['model']} here"
    said = [text for code in row["code"].split("; ") for text in _words(code, row, rule)]
    return "; ".join([*said, *row.get("asides", [])])


def _words(code: str, row: Mapping[str, Any], rule: Rule) -> Iterator[str]:
    """Yield what a code says of a row."""
    if code in _OF_INTERVAL:
        yield _OF_INTERVAL[code].format(**_numbers(row, rule))
    elif code == v.FEW_FIRMS:
        yield _few(row, rule)
    elif code == v.WEAK:
        f = number(row["first_stage_f"])
        yield f"the instruments are weak: first-stage F {f} is below {number(rule.first_stage_f)}"
    elif code == v.ONE_FIRM:
        count = row.get("turned_by_one", np.nan)
        which = f"any one of {count:.0f} firms" if count > 1 else "a single firm"
        yield f"but leaving out {which} turns it"
    elif code == v.OUTLIERS:
        yield f"but without firms outside {named(rule.outliers or '')} it is {row['outliers']}"
    elif code in (v.REJECTED, v.NO_ALTERNATIVE):
        tests = " and ".join(TEST_WORDS[name] for name in row["rejected"].split("; "))
        other = row["alternatives"].replace("_", " ") or "no robust alternative was run"
        yield f"but the model is rejected by its test of {tests}, and {other}"


_OF_INTERVAL = {
    v.AS_EXPECTED: "{shown} lies {side} zero, as expected",
    v.AGAINST: "{shown} lies {side} zero, against expectation",
    v.HOLDS_ZERO: "{shown} holds zero",
    v.EFFECT_OUT_OF_REACH: "{shown} holds zero, and with {power} power the sample would find no "
    "effect below {mde}, more than the claim means{needed}",
    v.INSIDE: "{tested} lies inside {band}",
    v.OUTSIDE: "{shown} lies wholly beyond {band}",
    v.ACROSS: "{tested} reaches beyond {band}, and {shown} does not lie wholly outside",
    v.BAND_OUT_OF_REACH: "{tested} is wider than {band}, so that no estimate would lie inside"
    "{needed}",
}


def _numbers(row: Mapping[str, Any], rule: Rule) -> dict[str, str]:
    """Return the numbers of a row as its reason says them."""
    n = row.get("n_needed", np.nan)
    return {
        "shown": f"{percent(1 - rule.significance)} interval {bounds(*row['against_zero'])}",
        "side": "above" if row["estimate"] > 0 else "below",
        "tested": f"{percent(1 - rule.equivalence)} interval {bounds(*row['for_band'])}",
        "band": f"±{number(row['band'])}, the smallest effect of interest",
        "power": percent(rule.power),
        "mde": number(row["mde"]),
        "needed": f"; about {n:,.0f} firms could decide" if np.isfinite(n) else "",
    }


def _few(row: Mapping[str, Any], rule: Rule) -> str:
    """Return of few firms how many there are on either side, as far as that may be told."""
    counts = row["firms_with"], row["firms_without"]
    if not np.isfinite(counts).all():
        return f"fewer than {rule.minimum_firms} firms on one side of the term"
    with_, without = (f"{count:.0f}" for count in counts)
    return f"{with_} firms with and {without} without, fewer than {rule.minimum_firms} on one side"


def named(term: str) -> str:
    """Return a term, an effect or a comparison with the labels of its variables.

    Examples
    --------
    >>> named("coop_any:C(eu_size)[T.small]")
    'cooperation × size class “small”'
    >>> named("cost: through personnel_cost_share")
    'cost: through share of personnel costs in value added'
    >>> named("inverted_u(rd_intensity)")
    'an inverted U in R&D intensity (% of turnover)'
    """
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
    return f"{x:.3g}".replace("-", "−")


def bounds(low: float, high: float) -> str:
    """Return an interval."""
    return f"[{number(low)}, {number(high)}]"


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{100 * share:.3g} %"
