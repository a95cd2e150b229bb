"""What speaks for a column being a variable, and what against: stage by stage."""

from __future__ import annotations

from dataclasses import dataclass

from cisflow.assist.codings import Profile
from cisflow.assist.vocabulary import (
    Likeness,
    Question,
    Sign,
    Words,
    alike,
    aspects_in,
    aspects_of,
    concepts_in,
    contrary,
    fronts,
    has_concept,
    heads,
)

SURE = 0.5
# The more concepts a variable has, the less of the label need be about them.
LESS_PER_CONCEPT = 0.1
# A label of whose words a smaller share is about the variable leaves a doubt.
CLEAR = 0.7
# A doubt makes one of two columns that say as much the less likely one.
DOUBTED = 0.8
MOST_TOLD = 4  # words of a label that nothing explains
WHERE = "place_of"  # the aspect of labels that ask where something is
# Kinds whose answers are of one year rather than of the whole period.
OF_A_YEAR = ("amount", "share", "class", "weight")
KINDS = {
    "id": "a value of its own for every firm",
    "text": "codes of many classes",
    "class": "a few classes",
    "weight": "numbers",
    "flag": "yes and no",
    "places": "codes of places",
    "countries": "countries",
    "amount": "amounts",
    "share": "shares",
    "degree": "degrees of importance",
}


@dataclass(frozen=True)
class Evidence:
    """What a column says for, or against, being a variable.

    Attributes
    ----------
    column
        The column.
    speaks
        ``"for"`` or ``"against"``.
    what
        What it is, in words.
    """

    column: str
    speaks: str
    what: str


@dataclass(frozen=True)
class Weighed:
    """A column, weighed as one variable.

    Attributes
    ----------
    sign
        How the variable would be recognised.
    column
        The column.
    likeness
        Share of its words that are about the variable, 0 to 1, less for every doubt.
    evidence
        What speaks for it, and what against.
    refused
        Why it is turned down; empty if it may be taken.
    short
        Whether nothing but the little that is about the variable speaks against it.
    words, concepts
        How many of its words are about the variable, and of how many concepts.
    """

    sign: Sign
    column: str
    likeness: float
    evidence: tuple[Evidence, ...] = ()
    refused: str = ""
    short: bool = False
    words: int = 0
    concepts: int = 0

    @property
    def doubts(self) -> tuple[Evidence, ...]:
        """What speaks against it."""
        return tuple(e for e in self.evidence if e.speaks == "against")


def sure(sign: Sign) -> float:
    """Return how much of a label is about a variable, at least, if it is to be taken for it."""
    return SURE - LESS_PER_CONCEPT * (min(map(len, sign.any)) - 1)


def weigh(
    sign: Sign, profile: Profile, asked: Question, words: Words, year: int | None
) -> Weighed | None:
    """Weigh a column as a variable; None if nothing of its text is about it.

    Parameters
    ----------
    sign
        How the variable is recognised.
    profile, asked
        What the column's values look like and what it is about.
    words
        The project's words.
    year
        The survey's reference year.
    """
    found = alike(asked, sign, words)
    if found.share == 0:
        return None
    refused = (
        _other_object(asked, sign, words)
        or _other_kind(profile, sign)
        or other_aspect(asked, sign, words)
        or _other_year(asked, sign, year)
    )
    little = "" if _is_enough(asked, sign, words) else _too_little(found, sign)
    if refused or little:
        why = refused or little
        return Weighed(sign, profile.name, found.share, refused=why, short=not refused)
    against = [
        *_own_list(profile, sign),
        *_soft(asked, sign, words),
        *_where_alone(asked, sign, words),
        *_of_another_time(asked, sign, year),
        *(_also_about(found, sign, words) or _unclear(found)),
        *_compound(asked, sign, words),
        *_cut_off(asked),
    ]
    score = found.share * DOUBTED ** len(against)
    against += _unknown(found, asked) if not against else []
    told = (_for(profile.name, found, asked), *(_against(profile.name, w) for w in against))
    return Weighed(sign, profile.name, score, told, words=found.words, concepts=found.concepts)


def _for(column: str, found: Likeness, asked: Question) -> Evidence:
    where = "name" if asked.abbreviated else "label"
    return Evidence(column, "for", f"{found.share:.0%} of its {where} is about it")


def _against(column: str, what: str) -> Evidence:
    return Evidence(column, "against", what)


def asks_another_thing(asked: Question, variable: str, words: Words) -> str:
    """Return why a label is about something else, however a variable may be worded, or nothing."""
    signs = (sign for sign in words.signs if sign.variable == variable)
    told = [_other_object(asked, s, words) or other_aspect(asked, s, words) for s in signs]
    return told[0] if told and all(told) else ""


def _other_object(asked: Question, sign: Sign, words: Words) -> str:
    """Say of what else it is: a concept that the variable's question does not have."""
    concept = contrary(asked, sign, words)
    return f"it is about {concept.replace('_', ' ').removeprefix('about ')}" if concept else ""


def _other_kind(profile: Profile, sign: Sign) -> str:
    """Say what is measured instead, as the values show it."""
    return "" if profile.fits(sign.kind) else f"its values are not {KINDS[sign.kind]}"


def other_aspect(asked: Question, sign: Sign, words: Words) -> str:
    """Return what else is measured or asked, of which total, when or about whom, by the label."""
    found = (words.stages[aspect] for aspect in aspects_of(asked, sign, words))
    return next((f"it asks for {stage.told}" for stage in found if not stage.soft), "")


def _other_year(asked: Question, sign: Sign, year: int | None) -> str:
    """Say of which other year it is, of a variable that is asked for several."""
    if sign.year is None or (sign.year == 0 and (year is None or not asked.years)):
        return ""
    if year is None or not asked.years:
        return "no year tells it from that of the reference year"
    if year + sign.year in asked.years:
        return ""
    return f"it is of {_listed(asked)}, not of {year + sign.year}"


def _too_little(found: Likeness, sign: Sign) -> str:
    if found.share >= sure(sign):
        return ""
    return f"most of its label is about something else ({_some(found)})"


def _is_enough(asked: Question, sign: Sign, words: Words) -> bool:
    """Return whether a label has what tells the variable: the name of a classification."""
    return bool(sign.enough) and has_concept(asked, sign.enough, words)


def _where_alone(asked: Question, sign: Sign, words: Words) -> list[str]:
    """Return that places stand for cooperation, of a column that asks for the place alone."""
    if sign.kind != "places" or WHERE not in aspects_in(asked, words):
        return []
    return ["it asks where the partner is; that firms with an answer cooperated is assumed"]


def _soft(asked: Question, sign: Sign, words: Words) -> list[str]:
    stages = (words.stages[aspect] for aspect in aspects_of(asked, sign, words))
    return [f"it asks for {stage.told}" for stage in stages]


def _of_another_time(asked: Question, sign: Sign, year: int | None) -> list[str]:
    """Return that amounts and shares are of another year than the survey's, if they are."""
    if year is None or sign.year is not None or sign.kind not in OF_A_YEAR or not asked.years:
        return []
    # "2012 to 2014" is a period that has the year in it.
    if min(asked.years) <= year <= max(asked.years):
        return []
    return [f"it is of {_listed(asked)}, not of {year}"]


def _own_list(profile: Profile, sign: Sign) -> list[str]:
    """Return that codes of activities are a list of the survey's own, if a legend says so."""
    if sign.variable != "nace" or not profile.own_list:
        return []
    return ["its legend lists classes of the survey's own"]


def _also_about(found: Likeness, sign: Sign, words: Words) -> list[str]:
    """Return what else a label is about, of what other variables are about."""
    own = {concept for group in sign.any for concept in group}
    others = concepts_in(found.others, words) - own if found.others else set()
    if not others:
        return []
    told = ", ".join(sorted(c.replace("_", " ") for c in others)[:MOST_TOLD])
    return [f"it is also about {told} ({_some(found)})"]


def _unclear(found: Likeness) -> list[str]:
    if found.share >= CLEAR or not found.others:
        return []
    return [f"its label also says {_some(found)}"]


def _unknown(found: Likeness, asked: Question) -> list[str]:
    """Return which words of a label nothing explains, though most of it is about the variable.

    One such word may turn all others round: *refused* public support, the *profit* from new
    products. It does not make another column the likelier one.
    """
    if asked.abbreviated or not found.others:
        return []
    return [f"its label also says {_some(found)}"]


def _compound(asked: Question, sign: Sign, words: Words) -> list[str]:
    """Return that compounds have in front or at their end what no list knows.

    It may be cooperation in *buying*, or a turnover *tax*.
    """
    if asked.abbreviated:
        return []
    front, head = fronts(asked, sign, words), heads(asked, sign, words)
    told = [f"no list knows what {', '.join(f'{one}-' for one in front)} says"] if front else []
    return told + ([f"no list knows what {', '.join(head)} ends with"] if head else [])


def _cut_off(asked: Question) -> list[str]:
    return ["its label is cut off where the file's format ends it"] if asked.cut else []


def _some(found: Likeness) -> str:
    return " ".join(found.others[:MOST_TOLD]) + " …" * (len(found.others) > MOST_TOLD)


def _listed(asked: Question) -> str:
    return ", ".join(map(str, sorted(asked.years)))
