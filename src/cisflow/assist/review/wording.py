"""What the words of names and labels say of columns, whatever a codebook takes them for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cisflow.assist.inspection import Look
from cisflow.assist.matching import WORTH_A_LOOK, Matches, match
from cisflow.assist.review.facts import Alternative
from cisflow.assist.review.meanings import meaning
from cisflow.assist.vocabulary import Question, Words, likeness
from cisflow.assist.weighing import other_aspect
from cisflow.study.canonical import COUNTS, MONEY, PERCENT, SPENDING

SURE = 0.5  # part of a label that is about a variable, which tells enough
BETTER = "another column fits better"
NUMBERS = (*COUNTS, *MONEY, *SPENDING, *PERCENT)
CLEARLY = 0.15  # by which another variable fits better
MOST_NEAR = 4
Scores = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Wording:
    """The words of a file's labels, held against every variable."""

    seen: Look  # the file
    matches: Matches  # what words alone would take for each variable
    # Per variable the columns whose labels have words about it, and how much of the label is, 0 to
    # 1.
    scores: Mapping[str, Mapping[str, float]]
    year: int | None  # the wave's reference year

    def rather(self, variable: str, column: str) -> str | None:
        """Return the variable that a column's label is clearly more about than about this one.

        None where matching, which weighs more than words, takes the column for this one too.
        """
        found = self.matches.get(variable)
        if found and column in found.columns:
            return None
        own = self.scores.get(variable, {}).get(column, 0.0)
        others = {v: of[column] for v, of in self.scores.items() if v != variable and column in of}
        best = max(others, key=lambda v: others[v], default=None)
        if best is None or others[best] < SURE or own + CLEARLY > others[best]:
            return None
        # A bare name that says what both are about leaves out what is told apart: coopn1.
        bare = not self.seen.legend.columns.get(column)
        return None if bare and self._is_part(best, variable) else best

    def _is_part(self, one: str, other: str) -> bool:
        """Return whether all that one variable is about is what the other one is about too."""
        signs = self.seen.words.signs
        groups = [{*group} for sign in signs if sign.variable == one for group in sign.any]
        wider = [{*group} for sign in signs if sign.variable == other for group in sign.any]
        return any(group < whole for group in groups for whole in wider)

    def turned_down(self, variable: str) -> dict[str, str]:
        """Return the columns that matching turned down for a variable, and why."""
        found = self.matches.get(variable)
        told = found.turned_down if found else self.matches.turned_down.get(variable, ())
        return dict(told)

    def doubts(self, variable: str, own: Sequence[str]) -> Iterator[str]:
        """Yield what matching found against columns that a variable is read from."""
        found, turned = self.matches.get(variable), self.turned_down(variable)
        taken = {*own} & {*found.columns} if found else set()
        for evidence in found.evidence if found else ():
            if evidence.speaks == "against" and evidence.column in taken:
                yield f"{evidence.column}: {evidence.what}"
        for column in own:
            # Which other one would fit better is told by itself.
            if turned.get(column, BETTER) != BETTER:
                yield f"{column}: {turned[column]}"
            elif column not in taken and (otherwise := self._asks_otherwise(variable, column)):
                yield f"{column}: {otherwise}"
        equal = self.matches.which.get(variable, ())
        if others := [c for c in equal if c not in own and {*own} & {*equal}]:
            yield f"{', '.join(others)} may be it as well: which one is to be used?"

    def _asks_otherwise(self, variable: str, column: str) -> str:
        """Return what a column asks for that the variable does not, if no word is about that."""
        words, asked = self.seen.words, self.seen.questions[column]
        signs = (sign for sign in words.signs if sign.variable == variable)
        told = [other_aspect(asked, sign, words) for sign in signs]
        return told[0] if told and all(told) else ""

    def speaks_for(self, variable: str, own: Sequence[str]) -> Iterator[str]:
        """Yield what matching found for columns that a variable is read from."""
        found = self.matches.get(variable)
        for evidence in found.evidence if found else ():
            if evidence.speaks == "for" and evidence.column in own:
                yield f"{evidence.column}: {evidence.what}"

    def unknown(self, variable: str, columns: Sequence[str]) -> bool:
        """Return whether columns have labels, and no word of them is known to be about this."""
        of = self.scores.get(variable)
        labelled = [c for c in columns if self.seen.legend.columns.get(c)]
        return of is not None and bool(labelled) and not any(map(of.get, columns))

    def better(self, variable: str, own: Sequence[str], used_for: Mapping[str, str]) -> list[str]:
        """Return the columns that words alone would take, and that nothing is read from.

        They are of the same kind and year, and at least as much of their labels is about it.
        """
        of, found = self.scores.get(variable, {}), self.matches.get(variable)
        if not of or found is None:
            return []
        least = max((of.get(column, 0.0) for column in own), default=0.0)
        others = [c for c in (*found.columns, *found.rivals) if c not in own and c not in used_for]
        return [c for c in dict.fromkeys(others) if of.get(c, 0.0) >= max(least, SURE)]

    def near(self, variable: str, used_for: Mapping[str, str]) -> Iterator[Alternative]:
        """Yield the columns whose labels are most about a variable, and why none of them is it."""
        of, turned = self.scores.get(variable, {}), self.turned_down(variable)
        kinds = {sign.kind for sign in self.seen.words.signs if sign.variable == variable}
        near = [c for c in sorted(of, key=lambda c: -of[c]) if of[c] >= WORTH_A_LOOK]
        for column in near[:MOST_NEAR]:
            other = self._why_not(variable, column, kinds, used_for.get(column, ""))
            label = self.seen.legend.columns.get(column, "")
            empty = self.seen.profiles[column].present == 0
            yield Alternative(column, label, other if empty else turned.get(column, other))

    def _why_not(self, variable: str, column: str, kinds: set[str], used_for: str) -> str:
        profile = self.seen.profiles[column]
        if profile.present == 0:
            return "holds no value in this wave"
        if used_for and used_for != variable:
            return f"read for {used_for}"
        if not any(profile.fits(kind) for kind in kinds):
            return "its values are of another kind"
        years = named_years(self.seen, variable, column)
        if years and self.year is not None and self.year not in years:
            return f"of {', '.join(map(str, sorted(years)))}"
        return "its words are about this too"


def scored(asked: Mapping[str, Question], words: Words) -> Scores:
    """Return per variable the columns whose labels are about it, and how much of the label is."""
    scores: Scores = {}
    for sign in words.signs:
        of = scores.setdefault(sign.variable, {})
        for column, question in asked.items():
            score = likeness(question, sign, words)
            if score > of.get(column, 0.0):
                of[column] = score
    return scores


def wording(seen: Look, scores: Scores, year: int | None) -> Wording:
    """Hold the labels of a file against all variables."""
    matches = match(seen.profiles, seen.questions, seen.words, year, data=seen.data)
    return Wording(seen, matches, scores, year)


def named_years(seen: Look, variable: str, column: str) -> set[int]:
    """Return the years in a column's name or label; two digits are one for amounts alone."""
    found = seen.questions[column].years
    if variable in NUMBERS:
        return set(found)
    text = f"{column} {seen.legend.columns.get(column, '')}"
    return {year for year in found if str(year) in text}


def about(variable: str, year: int | None) -> str:
    """Return a variable with its meaning, for a sentence."""
    return f"{variable} ({meaning(variable, year)})"
