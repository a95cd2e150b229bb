"""How what is published calls things, and how it writes numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from cisflow.base import decimals
from cisflow.base.decimals import NOT_ESTIMABLE as NOT_ESTIMABLE
from cisflow.base.decimals import decimals_of as decimals_of
from cisflow.estimators.selection.names import OF_SELECTION
from cisflow.panel.attrition import SILENCE, WEIGHT
from cisflow.panel.constructs import CONSTRUCTS
from cisflow.panel.ratios import ratio_and_lag, years_later
from cisflow.publication.language import numeral, retold, say, spoken
from cisflow.publication.term_words import OWN, made_in_words, term_in_words
from cisflow.raw.printed import PRINTED
from cisflow.study.balance_terms import EVERYONE, LESS
from cisflow.study.claims import ARROW
from cisflow.study.models import IMPUTED, Covariance
from cisflow.study.verdicts import DEPENDS, UNDECIDABLE
from cisflow.study.weightings import SURVEY_WEIGHT, UNWEIGHTED
from cisflow.survey.quality import meant

NOT_ASKED = "n.a."
WITHHELD = "c"
STARS = "* p < 0.10, ** p < 0.05, *** p < 0.01"

# What the survey asks, where the panel's name for it says too little.
ANSWERS = {
    "share_unchanged": "Turnover from unchanged products",
    "share_improved": "Turnover from improved products",
    "share_new": "Turnover from new products",
    "share_new_firm": "Turnover from products new to the firm only",
    "share_new_market": "Turnover from products new to the market",
    "rd_internal": "Expenditure on own R&D",
    "rd_external": "Expenditure on bought R&D",
    "machinery": "Expenditure on machinery",
    "other_knowledge": "Expenditure on knowledge of others",
    "innovation_spending": "Expenditure on innovation",
}
# What a reader sees for a column of the panel: in full, and short for arrows and headings.
LABELS: dict[str, str] = {
    **ANSWERS,
    **{name: construct.label for name, construct in CONSTRUCTS.items()},
    "coop_any": "Any cooperation",
    "rd_continuous": "Permanent R&D",
    "group": "Part of a group",
    "firm_id": "Firm",
    "lagged_outcome": "Outcome of the wave before",
    "Intercept": "Constant",
}
SHORT_LABELS: dict[str, str] = {
    "incremental": "Incremental",
    "radical": "Radical",
    "innovation_strength": "Innovation",
    "incremental_all": "Incremental (all innovators)",
    "radical_all": "Radical (all innovators)",
    "innovation_strength_all": "Innovation (all innovators)",
    "internal_investment": "Investment",
    "diversity": "Diversity",
    "personnel_cost_share": "Personnel costs",
    "profit_margin": "Profit margin",
    "rd_intensity": "R&D intensity",
    **{f"partners_{k}_or_more": f"{k} or more types" for k in range(2, 8)},
    "small": "Small firm",
    "large": "Large firm",
    "bought_knowledge": "Bought knowledge",
    "search_breadth": "Outside sources",
    "informal_protection": "Informal protection",
    "high_tech": "High-tech firm",
    "protection": "Protection",
}
COLUMN_LABELS = {
    "any": "Any partner",
    "grouped": "Partner groups",
    "partners": "Partner types",
    "interaction": "Interaction",
    "outside": "From outside",
    "licences": "Beside bought knowledge",
    "capacity": "Bought by own R&D",
    "strategy": "Inside and outside",
    "small_high_tech": "Small by technology",
    "place": "Place of partners",
    "place_by_size": "Place by size",
    "equal": "Size and R&D held equal",
    "alone": "Technology alone",
    "breadth": "Breadth",
    "size": "Size",
    "large": "Large firms",
    "small": "Small firms",
    "search": "Sources",
    "sequence": "Sequence",
    "kinds": "Kinds of partners",
    "suppliers_universities": "Suppliers and universities",
    "intensity": "R&D intensity",
    "permanent": "Permanent R&D",
    "exploitative": "Suppliers or clients",
    "exploratory": "Universities or public research",
}
# What weights do: in the heading of a column, and in a sentence about the sample.
WEIGHTS = {
    UNWEIGHTED: (UNWEIGHTED, UNWEIGHTED),
    SURVEY_WEIGHT: ("weighted", "weighted by the survey’s sampling weights"),
    WEIGHT: (
        "weighted against the loss",
        "weighted against the loss of firms without accounts",
    ),
}
KINDS = {name: words for name, (words, _) in WEIGHTS.items()} | {IMPUTED: "answers imputed"}
# Of a selection model, what stands beside its coefficients.
CORRECTIONS = {
    "rho": "Correlation of the errors (ρ)",
    "sigma": "Spread of the outcome’s error (σ)",
    "lambda": "Inverse Mills ratio (λ)",
}
# Verdicts where there is little room.
SHORT_VERDICTS = {UNDECIDABLE: "cannot be decided", DEPENDS: "depends on the model"}
JACKKNIFE = "jackknife"
NAMES = ("Tobit",)  # keep their capital within a sentence
COVARIANCES = {
    "nonrobust": "classical",
    "robust": "heteroskedasticity-robust",
    "HC0": "heteroskedasticity-robust (HC0)",
    "HC1": "heteroskedasticity-robust (HC1)",
    "HC3": "heteroskedasticity-robust (HC3, each firm left out in turn)",
    "bootstrap": "bootstrap",
    "driscoll_kraay": "Driscoll–Kraay",
    "bootstrap_bca": "bootstrap, bias-corrected and accelerated",
    "survey": "design-based",
    "monte_carlo": "draws from the coefficients' estimated distribution",
}


def label(term: str, *, short: bool = False) -> str:
    """Return what to call a variable or term in print.

    ``a:b`` is an interaction, ``C(industry)[T.x]`` a category; an unknown variable is called by
    its own name without underscores. A ratio of the accounts at a lag of its own says the lag.
    """
    if ARROW.strip() in term:
        return ARROW.join(label(part.strip(), short=True) for part in term.split(ARROW.strip()))
    if corrected := _corrected(term):
        return corrected
    category = re.fullmatch(r"((?:C|bins|lag)\([^\[\]]+\))\[(?:T\.)?((?:(?!\]:).)+)\]", term)
    if category:
        return f"{label(category[1], short=short)}: {retold(category[2])}"
    if words := made_in_words(term, partial(label, short=True)):
        return words
    if words := term_in_words(term, partial(label, short=short)):
        return words
    if ":" in term:
        return " × ".join(label(part, short=True) for part in term.split(":"))
    if at_lag := ratio_and_lag(term):
        return f"{label(at_lag[0], short=short)}, {retold(years_later(at_lag[1]))}"
    for ending in SILENCE:
        if term.endswith(ending):
            variable = label(term.removesuffix(ending), short=True)
            return f"{variable} {say(ending.replace('_', ' ').strip())}"
    known = {**LABELS, **SHORT_LABELS, **OWN} if short else {**LABELS, **OWN}
    return retold(known.get(term, sentence(term.removeprefix("coop_").replace("_", " "))))


def _corrected(term: str) -> str:
    """Return words for what selection models, control functions and weighting estimate."""
    if term.startswith(OF_SELECTION):
        return say("{term} (whether selected)", term=label(term.removeprefix(OF_SELECTION)))
    of = re.fullmatch(r"(treated|residual|mean)\(([^=()]+)(?:=([01]))?\)", term)
    if not of or (of[1] == "mean") != bool(of[3]):
        return say(CORRECTIONS[term]) if term in CORRECTIONS else ""
    if of[1] == "mean":
        text = "Mean if all had: {term}" if of[3] == "1" else "Mean if none had: {term}"
        return say(text, term=inline(of[2]))
    treated = of[1] == "treated"
    text = "{term} (among those that have it)" if treated else "{term} (residual)"
    return say(text, term=label(of[2]))


def inline(term: str) -> str:
    """Return a label as it stands within a sentence: small initial unless it abbreviates."""
    return in_sentence(label(term))


def in_sentence(text: str) -> str:
    """Return a text with a small letter at its beginning, unless that abbreviates or is a name."""
    keeps = text[1:2] in "&" or text[1:2].isupper() or text.split(" ")[0] in NAMES
    return text if keeps else small(text)


def column_label(column: str) -> str:
    """Return what to call a column such as ``grouped`` or ``grouped: weight`` in print."""
    name, *kinds = column.split(": ")
    text = say(COLUMN_LABELS[name]) if name in COLUMN_LABELS else label(name)
    return ", ".join([text, *(say(KINDS.get(kind, kind)) for kind in kinds)])


def unitless(term: str) -> str:
    """Return a label as it stands within a sentence, without the unit in brackets behind it."""
    return inline(term).partition(" (")[0]


def small(text: str) -> str:
    """Return the text with a small letter at its beginning."""
    return text[:1].lower() + text[1:]


def sentence(text: str) -> str:
    """Return the text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def weights_words(weights: str | None) -> str:
    """Return what weights do, as part of a sentence about a sample."""
    known = WEIGHTS.get(weights or UNWEIGHTED)
    return say(known[1]) if known else say("weighted by {weights}", weights=weights)


def group_label(group: str) -> str:
    """Return what to call a group of firms, or the difference of two, of a balance in print."""
    if group == EVERYONE:
        return say("All firms")
    if LESS in group:
        first, second = map(group_label, group.split(LESS))
        return say("{first} less {second}", first=first, second=small(second))
    if group in WEIGHTS:
        return say("All firms, {weights}", weights=say(WEIGHTS[group][0]))
    if group.startswith("not "):
        text = label(group.removeprefix("not "), short=True)
        return say("Not {group}", group=text if text[1:2].isupper() else small(text))
    variable, equals, level = group.partition("=")
    return f"{label(variable, short=True)}: {level}" if equals else label(group, short=True)


def signed(text: str) -> str:
    """Return a formatted number with a real minus sign, as the language writes numbers."""
    return numeral(text.replace("-", "−"))


def number(x: float | None, decimals: int = 3) -> str:
    """Return a number with three decimals, or two significant digits where those would be lost."""
    if x is None or not np.isfinite(x):
        return NOT_ESTIMABLE
    x = x or 0.0  # a zero has no sign
    if abs(x) >= 1000:
        return signed(f"{x:,.0f}")
    if abs(x) >= 100:
        return signed(f"{x:.{min(decimals, 1)}f}")
    if x != 0 and abs(x) < 0.5 * 10 ** (1 - decimals):
        return signed(np.format_float_positional(float(f"{x:.2g}")))
    return signed(f"{x:.{decimals}f}")


def measured(x: float | None, std_error: float | None) -> str:
    """Return a number with the decimals that its standard error warrants."""
    return numeral(decimals.measured(x, std_error))


def bound(end: float, std_error: float | None) -> str:
    """Return an end of an interval; one that is nearly zero with its side of it."""
    return numeral(decimals.bound(end, std_error))


def between(low: str, high: str, *, space: str = " ") -> str:
    """Return the ends of an interval in brackets; with decimal commas a semicolon parts them."""
    return f"[{low}{separator()}{space}{high}]"


def separator() -> str:
    """Return what parts the ends of an interval."""
    return "," if spoken().point == "." else ";"


def measured_interval(low: float | None, high: float | None, std_error: float | None = None) -> str:
    """Return an interval with the decimals of its standard error, or of a quarter of its width."""
    if low is None or high is None or not (np.isfinite(low) and np.isfinite(high)):
        return ""
    known = std_error is not None and np.isfinite(std_error) and std_error > 0
    error = std_error if known else (high - low) / 4
    return between(bound(low, error), bound(high, error))


def p_value(p: float | None) -> str:
    """Return a p-value with three decimals; nobody needs to know how far below 0.001 it is."""
    return numeral("< 0.001") if p is not None and p < 0.001 else number(p)


def count(x: float | None) -> str:
    """Return a number of firms, or that it is withheld."""
    return WITHHELD if x is None or not np.isfinite(x) else numeral(f"{int(x):,}")


def firms(fit: Mapping[str, Any], name: str = "nobs") -> str:
    """Return how many firms a fit rests on, or has at a limit; or that there is no fit."""
    return count(fit[name]) if name in fit else NOT_ESTIMABLE


def stars(p: float | None) -> str:
    """Return the stars of a p-value: 10, 5 and 1 percent."""
    if p is None or not np.isfinite(p):
        return ""
    return "*" * sum(p < level for level in (0.10, 0.05, 0.01))


def interval(low: float | None, high: float | None, decimals: int = 3) -> str:
    """Return a confidence interval in brackets, empty where there is none."""
    if low is None or high is None or not (np.isfinite(low) and np.isfinite(high)):
        return ""
    return between(number(low, decimals), number(high, decimals))


def brief_interval(low: float, high: float, *, unbroken: bool = False) -> str:
    """Return a confidence interval with two decimals, for where there is no room for more.

    ``unbroken`` keeps it on one line of a narrow column.
    """
    if not (np.isfinite(low) and np.isfinite(high)):
        return ""
    space = "\u00a0" if unbroken else " "
    return between(signed(f"{low:.2f}"), signed(f"{high:.2f}"), space=space)


def covariance_name(covariance: Covariance | str, groups: float | None = None) -> str:
    """Return what kind of standard error this is, in words: of a model, or as estimates call it."""
    kind = Covariance.model_validate(str(covariance))
    if not kind.groups:
        return say(COVARIANCES.get(str(covariance), str(covariance)))
    parts = [say("clustered by {groups}", groups=inline(kind.groups))]
    correction: str = kind.correction or ""
    if groups is not None and np.isfinite(groups):
        parts.append(say("{count} clusters", count=int(groups)))
        correction = kind.correction_at(groups)
    if correction == "CR3":
        parts += [say(JACKKNIFE), *([f"t({int(groups) - 1})"] if groups is not None else [])]
    elif kind.correction:
        parts.append(kind.correction)
    return ", ".join(parts)


def short_verdict(verdict: str) -> str:
    """Return a verdict for where there is little room."""
    return say(SHORT_VERDICTS.get(verdict, verdict))


def failed_check(entry: Mapping[str, Any]) -> str:
    """Return what a failure of a check of answers means, its variables in words."""
    return sentence(meant(entry, inline, retold(str(entry["meaning"]).rstrip("."))))


def stars_note() -> str:
    """Return what the stars behind numbers mean."""
    return numeral(STARS)


def place_name(settings: Mapping[str, Any], country: str, wave: str) -> str:
    """Return country and wave for print, the country alone where no wave is meant."""
    name = settings["countries"][country]["name"]
    return ", ".join(filter(None, (name, say("printed table") if wave == PRINTED else wave)))
