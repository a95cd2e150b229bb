"""Which columns of an unknown file may be which canonical variables."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from cisflow.assist.batteries import kindred, of_block, strangers
from cisflow.assist.codings import Coding, Profile
from cisflow.assist.grids import places_by_row
from cisflow.assist.triples import TRIPLES, Whole, whole_of_three
from cisflow.assist.vocabulary import (
    Question,
    Sign,
    Words,
    aspects_of,
    contrary,
    has_concept,
    likeness,
    plain,
)
from cisflow.assist.weighing import SURE, Evidence, Weighed, other_aspect, sure, weigh
from cisflow.study.canonical import PARTNERS, PLACES
from cisflow.study.codebook import Codebook, Variable

__all__ = [
    "SURE",
    "Evidence",
    "Match",
    "Matches",
    "match",
    "misspelt",
    "named_answers",
    "near",
    "screens",
]

WORTH_A_LOOK = 0.25
ALIKE = 0.75
SHORTEST_NAME = 4
LOOK_ALIKE = str.maketrans("oil", "011")
# A column that fits nearly as well as the one that was taken leaves a doubt.
AS_WELL = 0.9
ABROAD = ("export", *(f"coop_{partner}_foreign" for partner in PARTNERS))
FEWEST_TOGETHER = 3  # columns of a variable that are a block
PARTNER = re.compile(r"coop_(\w+)_(domestic|foreign)")
BY_ITS_ROW = "its label ends before the place, which is that of the rows of other partners"
BY_PLACE = (*PLACES, "elsewhere")
UNKNOWN_PLACE = "it asks the same of a place that no word tells, and was not taken"
SHARES = tuple(dict.fromkeys(share for triple in TRIPLES for share in triple))


@dataclass(frozen=True)
class Match:
    """The columns that are taken for one variable."""

    variable: str  # its canonical name
    columns: tuple[str, ...]  # columns of the file
    likeness: float  # share of the words of the best label that are about the variable, 0 to 1
    coding: Coding | None = None  # how codes are read, for yes/no variables and degrees
    screen: str | None = None  # the yes/no question that leads to it, if the file has one
    # Columns that fit about as well and were not taken.
    rivals: tuple[str, ...] = field(default_factory=tuple)
    named: bool = False  # whether a codebook names the columns, so that words did not decide
    # What speaks for the columns and what against them; what speaks against is a doubt.
    evidence: tuple[Evidence, ...] = ()
    # Columns that might have been the variable and are not, each with why.
    turned_down: tuple[tuple[str, str], ...] = ()

    @property
    def doubts(self) -> list[str]:
        """What speaks against its columns, in words."""
        against = (e for e in self.evidence if e.speaks == "against")
        return [f"{e.column}: {e.what}" for e in against]


class Matches(dict[str, Match]):
    """The variables that were found.

    Attributes
    ----------
    turned_down
        Per variable that was not found, columns that might have been it, each with why.
    strangers
        Per variable of a block, the columns that belong to the block and were not understood.
    which
        Per variable, columns that fit equally well, so that somebody has to say which it is.
    """

    def __init__(self, found: Mapping[str, Match] | None = None) -> None:
        super().__init__(found or {})
        self.turned_down: dict[str, tuple[tuple[str, str], ...]] = {}
        self.strangers: dict[str, tuple[str, ...]] = {}
        self.which: dict[str, tuple[str, ...]] = {}


@dataclass
class _Taken:
    """Columns taken for a variable so far, the best first, and those that were not."""

    fits: list[Weighed] = field(default_factory=list)
    rivals: list[Weighed] = field(default_factory=list)


def match(
    profiles: Mapping[str, Profile],
    questions: Mapping[str, Question],
    words: Words,
    year: int | None,
    taken: Collection[str] = (),
    settled: Collection[str] = (),
    data: pd.DataFrame | None = None,
) -> Matches:
    """Match columns with variables by the words in their names and labels, and their values.

    Parameters
    ----------
    profiles, questions
        Per column what its values look like and what it is about.
    year
        The survey's reference year, which tells employees of one year from those of another.
    taken, settled
        Columns and variables that are matched already.
    data
        The file as text, whose shares of turnover show which of them make a whole.
    """
    weighed = [
        found
        for sign in words.signs
        if sign.variable not in settled
        for column, profile in profiles.items()
        if column not in taken and (found := weigh(sign, profile, questions[column], words, year))
    ]
    fits = [found for found in weighed if not found.refused]
    unknown = strangers(weighed, profiles, words)
    apart = {column for columns in unknown.values() for column in columns}
    chosen = _assigned([f for f in fits if f.column not in apart], profiles, questions)
    matches = Matches({v: _match(v, found, profiles, words) for v, found in chosen.items()})
    matches.strangers = unknown
    _complete_grid(matches, weighed, profiles, questions, words)
    _ask_which(matches, weighed, questions)
    _tell_shared_doubts(matches, fits, questions, words)
    _tell_left_over(matches, profiles, questions, words)
    _tell_unknown_places(matches, weighed, profiles, questions, words)
    if data is not None and set(SHARES).isdisjoint(settled):
        _take_whole(matches, profiles, questions, words, data, taken)
    _tell_turned_down(matches, weighed)
    return matches


def _assigned(
    fits: Iterable[Weighed], profiles: Mapping[str, Profile], questions: Mapping[str, Question]
) -> dict[str, _Taken]:
    """Give every column to the variable it is likeliest, the likeliest column first.

    Of equal ones it is the one of more concepts, or that explains more words: of private research
    institutes two words rather than one.
    """
    order = sorted(
        enumerate(fits),
        key=lambda fit: (fit[1].likeness, fit[1].concepts, fit[1].words, -fit[0]),
        reverse=True,
    )
    used: set[str] = set()
    found: dict[str, _Taken] = {}
    for _, fit in order:
        if fit.column in used:
            continue
        here = found.setdefault(fit.sign.variable, _Taken())
        if not here.fits or _joins(fit, here.fits, profiles, questions):
            here.fits.append(fit)
            used.add(fit.column)
        else:
            here.rivals.append(fit)
    for here in found.values():
        here.rivals = [rival for rival in here.rivals if rival.column not in used]
    return found


def _joins(
    fit: Weighed,
    others: Sequence[Weighed],
    profiles: Mapping[str, Profile],
    questions: Mapping[str, Question],
) -> bool:
    """Return whether a column asks the same of another thing, as columns of one variable do.

    Columns found by different signs, with and without a place say, are not one question; nor does
    a box that follows a question, and is blank where its answer is no, belong to the question.
    """
    best = others[0]
    if not fit.sign.together or best.sign is not fit.sign:
        return False
    if profiles[fit.column].ticked != profiles[best.column].ticked:
        return False
    return any(kindred(fit.column, other.column, questions) for other in others)


def _match(variable: str, found: _Taken, profiles: Mapping[str, Profile], words: Words) -> Match:
    order = list(profiles)
    best = found.fits[0]
    rivals = [r for r in found.rivals if r.likeness >= AS_WELL * best.likeness]
    return Match(
        variable,
        tuple(sorted((fit.column for fit in found.fits), key=order.index)),
        best.likeness,
        _coding_of(variable, profiles[best.column], words),
        rivals=tuple(dict.fromkeys(rival.column for rival in rivals)),
        evidence=tuple(e for fit in found.fits for e in fit.evidence),
    )


def _complete_grid(
    matches: Matches,
    weighed: Iterable[Weighed],
    profiles: Mapping[str, Profile],
    questions: Mapping[str, Question],
    words: Words,
) -> None:
    """Put the columns of partners whose labels end before the place where their rows have them."""
    named = _partners(weighed)
    partners = {column: named[column] for column in profiles if column in named}
    told = _places_told(matches, questions, words)
    cut = {column for column in partners if questions[column].cut}
    found = places_by_row(partners, told, cut)
    for partner, place in dict.fromkeys((partners[c], place) for c, place in found.items()):
        variable = f"coop_{partner}_{place}"
        before = matches.get(variable)
        here = tuple(c for c, p in found.items() if (partners[c], p) == (partner, place))
        here += tuple(c for c in (before.columns if before else ()) if c not in found)
        evidence = tuple(e for e in before.evidence if e.column in here) if before else ()
        evidence += tuple(Evidence(c, "against", BY_ITS_ROW) for c in here if c not in told)
        likeness = before.likeness if before else 0.0
        coding = profiles[here[0]].flag
        matches[variable] = Match(variable, here, likeness, coding, evidence=evidence)
    strangers = {
        f: tuple(c for c in here if c not in found) for f, here in matches.strangers.items()
    }
    matches.strangers = {family: here for family, here in strangers.items() if here}


def _partners(weighed: Iterable[Weighed]) -> dict[str, str]:
    """Return per column the partner that most of its label is about, wherever that is."""
    best: dict[str, Weighed] = {}
    for one in weighed:
        if PARTNER.fullmatch(one.sign.variable) and (one.short or not one.refused):
            known = best.get(one.column)
            if known is None or (one.likeness, one.words) > (known.likeness, known.words):
                best[one.column] = one
    return {c: PARTNER.sub(r"\1", one.sign.variable) for c, one in best.items()}


def _places_told(
    matches: Mapping[str, Match], questions: Mapping[str, Question], words: Words
) -> dict[str, str]:
    """Return the places of the columns of partners whose labels or names tell them."""
    concepts = {"domestic": ("domestic",), "foreign": ("foreign", "elsewhere")}
    return {
        column: found[2]
        for variable, match in matches.items()
        if (found := PARTNER.fullmatch(variable))
        for column in match.columns
        if any(has_concept(questions[column], c, words) for c in concepts[found[2]])
    }


def _ask_which(
    matches: Matches, weighed: Iterable[Weighed], questions: Mapping[str, Question]
) -> None:
    """Leave open which of several weights is meant, if they differ by what is said of each.

    One weight is taken whatever else its label says; the unqualified one of several with a doubt.
    """
    used = {c for v, m in matches.items() if v != "weight" for c in m.columns}
    fits = [
        w
        for w in weighed
        if w.sign.variable == "weight" and (w.short or not w.refused) and w.column not in used
    ]
    fits.sort(key=lambda w: -w.likeness)
    if not fits:
        return
    best = fits[0]
    said = {w.column: set(questions[w.column].said) for w in fits}
    equal = list(said) if not all(said[best.column] <= other for other in said.values()) else []
    if equal:
        matches.pop("weight", None)
        matches.which["weight"] = tuple(sorted(equal, key=list(questions).index))
    elif "weight" not in matches:
        against = Evidence(best.column, "against", best.refused)
        matches["weight"] = Match("weight", (best.column,), best.likeness, evidence=(against,))
    else:
        others = tuple(dict.fromkeys(w.column for w in fits[1:]))
        matches["weight"] = replace(matches["weight"], rivals=others)


def _take_whole(
    matches: Matches,
    profiles: Mapping[str, Profile],
    questions: Mapping[str, Question],
    words: Words,
    data: pd.DataFrame,
    taken: Collection[str],
) -> None:
    """Take three shares that make the whole as three, whatever each of them was taken for."""
    used = {c for v, m in matches.items() if v not in SHARES for c in m.columns}
    free = [c for c in profiles if c not in used and c not in taken]
    whole = whole_of_three(free, profiles, questions, words, data)
    if whole is None:
        return
    for share in SHARES:
        found = matches.get(share)
        if found and (share in whole.columns or set(found.columns) & set(whole.columns.values())):
            del matches[share]
    for share, column in whole.columns.items():
        matches[share] = _of_whole(share, column, whole, questions, words)


def _of_whole(
    share: str, column: str, whole: Whole, questions: Mapping[str, Question], words: Words
) -> Match:
    signs = [sign for sign in words.signs if sign.variable == share]
    said = max(likeness(questions[column], sign, words) for sign in signs)
    told = f"with its two neighbours it makes the whole for {whole.part:.0%} of the firms"
    evidence = [Evidence(column, "for", told)]
    if share == whole.guessed:
        evidence.append(Evidence(column, "against", "it is what remains: no word of it tells"))
    return Match(share, (column,), said, evidence=tuple(evidence))


def _doubt(matches: Matches, variable: str, column: str, what: str) -> None:
    """Add a doubt to a variable, once."""
    found, doubt = matches[variable], Evidence(column, "against", what)
    if doubt not in found.evidence:
        matches[variable] = replace(found, evidence=(*found.evidence, doubt))


def _tell_shared_doubts(
    matches: Matches, fits: Iterable[Weighed], questions: Mapping[str, Question], words: Words
) -> None:
    """Tell every variable that a column may belong to of what its label leaves open.

    "State" support is the country's or that of a part of it: a doubt about both variables.
    """
    for fit in fits:
        for aspect in aspects_of(questions[fit.column], fit.sign, words):
            stage = words.stages[aspect]
            for variable in (v for v in stage.of if v in matches):
                _doubt(matches, variable, fit.column, f"it asks for {stage.told}")


def _tell_left_over(
    matches: Matches,
    profiles: Mapping[str, Profile],
    questions: Mapping[str, Question],
    words: Words,
) -> None:
    """Tell a variable of several columns of the members of their block that were not taken."""
    used = {column for found in matches.values() for column in found.columns}
    free = [c for c, p in profiles.items() if c not in used and p.flag is not None and p.present]
    for variable, found in list(matches.items()):
        if len(found.columns) < FEWEST_TOGETHER or found.coding is None:
            continue
        for column in (c for c in free if of_block(c, found.columns, questions)):
            if variable in ABROAD and has_concept(questions[column], "domestic", words):
                continue  # the block's own contrary
            _doubt(matches, variable, column, "it stands in the same block, and was not taken")


def _tell_unknown_places(
    matches: Matches,
    weighed: Iterable[Weighed],
    profiles: Mapping[str, Profile],
    questions: Mapping[str, Question],
    words: Words,
) -> None:
    """Tell a partner's variables of columns about the same partner in a place no word tells."""
    used = {column for found in matches.values() for column in found.columns}
    free = [
        w
        for w in weighed
        if w.column not in used
        and profiles[w.column].fits("flag")
        and (w.short or not w.refused or contrary(questions[w.column], w.sign, words) in BY_PLACE)
    ]
    for column, partner in _partners([replace(w, refused="") for w in free]).items():
        for place in PLACES:
            variable = f"coop_{partner}_{place}"
            own = matches[variable].columns if variable in matches else ()
            if any(kindred(column, other, questions) for other in own):
                _doubt(matches, variable, column, UNKNOWN_PLACE)


def _tell_turned_down(matches: Matches, weighed: Iterable[Weighed]) -> None:
    """Note per variable the columns that might have been it, and why they are not."""
    used = {column for found in matches.values() for column in found.columns}
    told: dict[str, dict[str, str]] = {}
    for found in weighed:
        if found.column in used or found.likeness < WORTH_A_LOOK:
            continue
        why = found.refused or "another column fits better"
        told.setdefault(found.sign.variable, {}).setdefault(found.column, why)
    for variable, columns in told.items():
        listed = tuple(columns.items())
        if variable in matches:
            matches[variable] = replace(matches[variable], turned_down=listed)
        else:
            matches.turned_down[variable] = listed


def named_answers(
    profiles: Mapping[str, Profile], questions: Mapping[str, Question], words: Words
) -> dict[str, Profile]:
    """Read as yes the one of two answers that names what is asked: continuous or occasional R&D.

    That holds for a yes/no variable all of whose concepts the label has; it is assumed, and told.
    """
    signs = [sign for sign in words.signs if sign.kind == "flag"]
    read = dict(profiles)
    for column, p in profiles.items():
        if p.flag is not None or len(p.meanings) != 2 or set(p.answered) != set(p.meanings):
            continue
        asked = (s for s in signs if likeness(questions[column], s, words) >= sure(s))
        flags = (_named_answer(p, sign, words) for sign in asked)
        if flag := next(filter(None, flags), None):
            read[column] = replace(p, flag=flag)
    return read


def _named_answer(p: Profile, sign: Sign, words: Words) -> Coding | None:
    """Return the coding by which the one answer that names a concept of the variable is yes."""
    concepts = [words.concepts[concept] for group in sign.any for concept in group]
    said = {code: tuple(plain(meaning).split()) for code, meaning in p.meanings.items()}
    named = [code for code, text in said.items() if any(c.found(text) for c in concepts)]
    if len(named) != 1:
        return None
    codes = {code: code == named[0] for code in said}
    return Coding(codes, assumed=f"{named[0]} ({p.meanings[named[0]]}) is taken for yes")


def _coding_of(variable: str, column: Profile, words: Words) -> Coding | None:
    kind = next(sign.kind for sign in words.signs if sign.variable == variable)
    return {"flag": column.flag or column.countries, "degree": column.degree}.get(kind)


def screens(
    matches: Mapping[str, Match],
    profiles: Mapping[str, Profile],
    questions: Mapping[str, Question],
    words: Words,
) -> dict[str, str]:
    """Return per amount the yes/no question about the same thing ("Did you …? How much?")."""
    used = {column for found in matches.values() for column in found.columns}
    result = {}
    for sign in words.signs:
        if sign.kind != "amount" or sign.variable not in matches or sign.year is not None:
            continue
        if sign.variable in result:
            continue
        asked = {
            column: likeness(questions[column], sign, words)
            for column, seen in profiles.items()
            if seen.flag is not None
            and seen.present
            and column not in used
            # "Did you …?" leads to how much; "do you plan to …?" does not.
            and not other_aspect(questions[column], replace(sign, kind="flag"), words)
        }
        asked = {c: said for c, said in asked.items() if said >= _most_about(questions[c], words)}
        best = max(asked, key=lambda column: asked[column], default=None)
        if best is not None and asked[best] >= sure(sign):
            result[sign.variable] = best
            used.add(best)
    return result


def _most_about(asked: Question, words: Words) -> float:
    """Return how much of a yes/no question is about the variable of that kind it is likeliest."""
    flags = (sign for sign in words.signs if sign.kind == "flag")
    return max((likeness(asked, sign, words) for sign in flags), default=0.0)


def near(
    variable: str,
    codebook: Codebook | None,
    questions: Mapping[str, Question],
    labels: Mapping[str, str],
    words: Words,
    most: int = 3,
) -> list[tuple[str, str]]:
    """Return columns that may be a variable nobody found, each with why.

    By the name (edit distance to the codebook's names), by the label (its likeness to the
    codebook's label), and by the words of the question.
    """
    known = codebook.variables.get(variable) if codebook else None
    known = known or Variable()
    wanted = [name.casefold() for names in known.alternatives for name in names]
    by_key = {column.casefold(): column for column in questions}
    found: dict[str, str] = {}
    for name in wanted:
        for key in difflib.get_close_matches(name, by_key, n=most, cutoff=ALIKE):
            found.setdefault(by_key[key], f"name like {name.upper()}")
    signs = [sign for sign in words.signs if sign.variable == variable]
    scored = {c: _nearness(asked, signs, words) for c, asked in questions.items()} if signs else {}
    for column in sorted(scored, key=lambda c: -scored[c])[: most + len(found)]:
        if scored[column] >= WORTH_A_LOOK:
            found.setdefault(
                column, "words of its label" if labels.get(column) else "words of its name"
            )
    label = plain(known.label or "")
    if label:
        texts = {plain(labels[c]): c for c in questions if labels.get(c)}
        for text in difflib.get_close_matches(label, texts, n=most, cutoff=ALIKE):
            found.setdefault(texts[text], "label like the codebook's")
    return list(found.items())[:most]


def _nearness(asked: Question, signs: Sequence[Sign], words: Words) -> float:
    """Return how near a column is to a variable, all or only some of whose concepts it has."""
    whole = max(likeness(asked, sign, words) for sign in signs)
    parts = [
        likeness(asked, replace(sign, any=((concept,),)), words) / len(group)
        for sign in signs
        for group in sign.any
        for concept in group
    ]
    return max([whole, *parts])


def misspelt(names: Collection[str], columns: Collection[str]) -> str | None:
    """Return the one column whose name differs from one of several by a slip of the pen.

    A letter too many, too few, another or exchanged with its neighbour, or a digit for the letter
    it looks like (``C021``). Names of other digits (``TURN10``) are other questions, and names of
    three letters are too short to tell.
    """
    found = [c for c in columns if any(_slip(name.casefold(), c.casefold()) for name in names)]
    return found[0] if len(found) == 1 else None


def _slip(name: str, written: str) -> bool:
    if min(len(name), len(written)) < SHORTEST_NAME or name == written:
        return False
    if name.translate(LOOK_ALIKE) == written.translate(LOOK_ALIKE):
        return True
    if re.sub(r"\D", "", name) != re.sub(r"\D", "", written):
        return False
    start = next((i for i, (a, b) in enumerate(zip(name, written, strict=False)) if a != b), None)
    start = min(len(name), len(written)) if start is None else start
    rest, other = name[start:], written[start:]
    exchanged = rest[:2] == other[1::-1] and rest[2:] == other[2:] and len(rest) > 1
    return exchanged or rest[1:] == other[1:] or rest[1:] == other or rest == other[1:]
