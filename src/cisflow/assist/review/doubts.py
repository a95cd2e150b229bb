"""What speaks against a mapping: in its words, in its codes, in the answers, in its battery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
from rapidfuzz import fuzz

from cisflow.assist.review.counting import Teller
from cisflow.assist.review.legend import RULES, upside_down
from cisflow.assist.review.reading import Reading
from cisflow.assist.review.wording import Wording, about, named_years
from cisflow.assist.vocabulary import has_concept, plain
from cisflow.study.canonical import (
    BLOCK_OF,
    BLOCKS,
    COUNTS,
    FLAGS,
    MONEY,
    PARTNERS,
    PLACES,
    SPENDING,
    TEXT,
)

FEWEST = 30  # firms whose answers speak for or against anything
MOSTLY = 0.75
SOME = 0.2
SAME_TEXT, NEARER = 85, 15  # likeness of two labels, 0 to 100
# Batteries whose questions differ in nothing but the item.
ALIKE_ASKED = ("partners", "funding", "protection", "sources")
BATTERY = 4  # members that make a rule
LAG = {"employees": "employees_lag2", "turnover": "turnover_lag2"}
# Which variables a check of the answers is about, beside those its name begins with.
ABOUT = {
    "no_partner_without_cooperation": ("coop_any",),
    "partner_named_cooperation_answered": ("coop_any",),
    "cooperation_names_a_partner": ("coop_any",),
    "employees_in_size_class": ("employees", "size_class"),
    "share_unchanged_is_the_large_one": ("share_unchanged",),
    "share_new_firm_excludes_new_market": ("share_new_firm",),
    "shares_sum_to_100": BLOCKS["shares"],
    "spending_within_turnover": ("turnover", "innovation_spending", "rd_internal"),
    "turnover_per_employee": ("turnover", "employees"),
    "weights_gross_up": ("weight",),
}


@dataclass(frozen=True)
class Doubts:
    """Looks at the mappings of one wave."""

    # reading, words, teller: the wave as read; its labels held against all variables; what may be
    # told.
    reading: Reading
    words: Wording
    teller: Teller
    failed: Mapping[str, str]  # per check of the answers that many firms fail, what it says

    def against(self, variable: str) -> tuple[str, ...]:
        """Return what speaks against the mapping of a variable, the gravest first."""
        return _all_of(
            variable,
            self._other_words,
            self._other_label,
            self._place,
            self._years,
            self._twice,
            self._codes,
            self._unread,
            self._one_answer,
            self._kind,
            self._size,
            self._same_answers,
            self._endings,
            self._checks,
        )

    def doubtful(self, variable: str) -> tuple[str, ...]:
        """Return what leaves a doubt: words that are not known, others that fit as well."""
        return _all_of(
            variable, self._matching, self._unknown_words, self._better, self._stem_of_others
        )

    def _columns(self, variable: str) -> list[str]:
        return list(self.reading.columns.get(variable, ()))

    def _label(self, column: str) -> str:
        return self.reading.seen.legend.columns.get(column, "")

    def _named(self, column: str) -> str:
        """Return a column with its label, if it has one."""
        return f"{column} (“{label}”)" if (label := self._label(column)) else column

    def _other_words(self, variable: str) -> Iterator[str]:
        """Say that the words of its label are about another variable."""
        for column in self._columns(variable):
            if rather := self.words.rather(variable, column):
                yield f"the words of {column} are about {about(rather, self.words.year)}"

    def _matching(self, variable: str) -> Iterator[str]:
        """Say what the matcher has against it."""
        yield from self.words.doubts(variable, self._columns(variable))

    @cached_property
    def words_known(self) -> bool:
        """Whether the words of this file's labels are mostly understood."""
        known = [
            not self.words.unknown(variable, columns)
            for variable, columns in self.reading.columns.items()
            if any(map(self._label, columns))
        ]
        return sum(known) > MOSTLY * len(known)

    def _unknown_words(self, variable: str) -> Iterator[str]:
        """Say that no word of its label is about it, where the file's words are understood."""
        if self.words_known and self.words.unknown(variable, self._columns(variable)):
            yield "no word of its label is known to be about this"

    def _better(self, variable: str) -> Iterator[str]:
        """Say that another column, which nothing is read from, says as much."""
        own = self._columns(variable)
        better = self.words.better(variable, own, self.reading.used_for)
        if better:
            named = ", ".join(map(self._named, better))
            yield f"nothing is read from {named}, whose words fit as well"

    def _other_label(self, variable: str) -> Iterator[str]:
        """Say that another column's label is what the codebook calls the variable."""
        said = plain(self.reading.codebook.variables[variable].label or "")
        own = [plain(self._label(c)) for c in self._columns(variable) if self._label(c)]
        if not said or not own:
            return
        here = max(fuzz.token_set_ratio(said, label) for label in own)
        others = {
            c: fuzz.token_set_ratio(said, plain(label))
            for c, label in self.reading.seen.legend.columns.items()
            if c not in self._columns(variable) and c in self.reading.seen.profiles
        }
        best = max(others, key=lambda c: others[c], default=None)
        if best is not None and others[best] >= SAME_TEXT and others[best] - here > NEARER:
            yield f"the label of {self._named(best)} is nearer to what the codebook says"

    @cached_property
    def _places_named(self) -> bool:
        """Whether labels of partners say where these are."""
        partners = [c for v in BLOCKS["partners"] for c in self._columns(v)]
        return any(self._says(column, place) for column in partners for place in PLACES)

    def _says(self, column: str, place: str) -> bool:
        seen = self.reading.seen
        return has_concept(seen.questions[column], place, seen.words)

    def _place(self, variable: str) -> Iterator[str]:
        """Say that its label has the partner, or the market, elsewhere than the variable."""
        if variable == "export":
            yield from self._market(self._columns(variable))
        if BLOCK_OF.get(variable) != "partners" or not self._places_named:
            return
        place = variable.rpartition("_")[2]
        other = next(p for p in PLACES if p != place)
        columns = [c for c in self._columns(variable) if not self.reading.seen.profiles[c].places]
        elsewhere = [c for c in columns if self._says(c, other) and not self._says(c, place)]
        silent = [c for c in columns if not self._says(c, other) and not self._says(c, place)]
        nowhere = [c for c in silent if self._label(c)]  # a bare name need not say all
        if elsewhere:
            yield f"the label of {', '.join(elsewhere)} says {other}, not {place}"
        # Abroad has many names, "other" among them; the own country has few.
        if nowhere and place == PLACES[0]:
            yield f"no word in the label of {', '.join(nowhere)} is known to say {place}"

    def _market(self, columns: Sequence[str]) -> Iterator[str]:
        """Say that of several markets abroad one is at home."""
        abroad = [column for column in columns if self._says(column, "foreign")]
        home = [c for c in columns if self._says(c, "domestic") and c not in abroad]
        if abroad and home:
            yield f"the label of {', '.join(home)} says domestic, not foreign"

    def _years(self, variable: str) -> Iterator[str]:
        """Say that its name or label has another year."""
        year = self.reading.codebook.reference_year
        if year is None or variable in TEXT:  # a classification has a year of its own
            return
        wanted = year - 2 if variable.endswith("_lag2") else year
        for column in self._columns(variable):
            named = named_years(self.reading.seen, variable, column)
            dated = variable in (*COUNTS, *MONEY, *SPENDING)
            period = {wanted} if dated else {*range(year - 2, year + 1)}
            if named and not named & period:
                yield f"{column} is of {', '.join(map(str, sorted(named)))}, not of {wanted}"

    def _twice(self, variable: str) -> Iterator[str]:
        """Say that another variable is read from the same column in the same way."""
        book = self.reading.codebook.variables
        for other, columns in self.reading.columns.items():
            shared = sorted(set(columns) & set(self._columns(variable)))
            alike = book[other].codes == book[variable].codes
            if other != variable and shared and alike:
                yield f"{', '.join(shared)} is read for {other} too"

    def _codes(self, variable: str) -> Iterator[str]:
        """Say that codes are read the other way round than usual."""
        asked = self.reading.codebook.variables[variable]
        for column in self._columns(variable) if asked.codes else ():
            codes = [c for c in asked.codes or {} if c not in RULES]
            read = self.reading.read_as(variable, column, codes)
            if odd := upside_down(read, self.reading.labels(column)):
                yield odd

    def _unread(self, variable: str) -> Iterator[str]:
        """Say which values the codebook cannot read."""
        if self.reading.quality is not None:
            return  # then there are none: a file that has any is refused
        answers = self.reading.answers.get(variable)
        if answers is not None:
            yield from (p.what.rstrip(".") for p in answers.problems)

    def _values(self, variable: str) -> pd.Series | None:
        values = self.reading.values(variable)
        if values is None or variable in TEXT:
            return None
        return values.astype("float64")

    def _one_answer(self, variable: str) -> Iterator[str]:
        """Say that nobody says no."""
        values = self._values(variable)
        if variable not in FLAGS or values is None or values.notna().sum() < FEWEST:
            return
        if self.reading.codebook.variables[variable].made:
            return
        few = self.teller.minimum
        if (values == 0).sum() < few:
            yield f"fewer than {few} firms, or none, say no"
        elif (values == 1).sum() < few and values.notna().sum() > few * FEWEST:
            yield f"fewer than {few} firms, or none, say yes"

    def _kind(self, variable: str) -> Iterator[str]:
        """Say that its values are codes where an amount is meant."""
        for column in self._columns(variable):
            profile = self.reading.seen.profiles[column]
            amount = variable in (*COUNTS, *MONEY, *SPENDING)
            if amount and (profile.scale or 0 < profile.distinct <= 2):
                yield f"{column} holds a few codes, not amounts"
            elif amount and self.reading.labels(column) and profile.flag is not None:
                yield f"{column} has a legend of answers, not amounts"

    def _size(self, variable: str) -> Iterator[str]:
        """Say that it is larger or smaller than what it belongs to."""
        for one, other, what in self._pairs(variable):
            small, large = self._values(one), self._values(other)
            if small is None or large is None:
                continue
            both = small.notna() & large.notna() & (small != large)
            beyond = (small > large)[both]
            if both.sum() >= FEWEST and beyond.mean() > what[0]:
                part = _part(beyond.mean())
                yield f"{one} is larger than {other} for {part} of the firms{what[1]}"

    def _pairs(self, variable: str) -> Iterator[tuple[str, str, tuple[float, str]]]:
        """Yield pairs of which the first is smaller for most firms, with how many may differ."""
        for now, before in LAG.items():
            if variable in (now, before):
                yield before, now, (MOSTLY, ": are the years exchanged?")
        if variable in ("employees", "turnover"):
            yield "employees", "turnover", (0.5, "")
        for part in SPENDING[:-1]:
            if variable in (part, "innovation_spending"):
                yield part, "innovation_spending", (SOME, ", whose part it is")

    @cached_property
    def _answers_alike(self) -> dict[str, list[str]]:
        """Per variable those whose answers are the same for all firms."""
        seen: dict[bytes, list[str]] = {}
        for variable in self.reading.columns:
            values = self._values(variable)
            if values is None or values.notna().sum() < FEWEST or values.nunique() < 2:
                continue
            seen.setdefault(values.to_numpy().tobytes(), []).append(variable)
        return {v: [o for o in of if o != v] for of in seen.values() for v in of if len(of) > 1}

    def _same_answers(self, variable: str) -> Iterator[str]:
        for other in self._answers_alike.get(variable, ()):
            yield f"every firm answers as it does to {other}: is one question read twice?"

    def _stem_of_others(self, variable: str) -> Iterator[str]:
        """Say that the others of its battery have names of another form."""
        block = BLOCK_OF.get(variable, "")
        if block not in ALIKE_ASKED:
            return
        fellows = BLOCKS.get(block, ())
        if block == "partners":  # those of the same place
            fellows = tuple(
                v for v in fellows if v.rpartition("_")[2] == variable.rpartition("_")[2]
            )
        one = {v: self.reading.stems[c[0]] for v in fellows if len(c := self._columns(v)) == 1}
        if variable not in one:
            return
        others = Counter(stem for v, stem in one.items() if v != variable and stem)
        common, n = others.most_common(1)[0] if others else ("", 0)
        if n >= BATTERY and n == sum(others.values()) and one[variable] != common:
            yield f"the others of its battery are {common}…, this one is not"

    def _endings(self, variable: str) -> Iterator[str]:
        """Say that its numbers differ, where partners stand by number (coopn3, coope3)."""
        if BLOCK_OF.get(variable) != "partners":
            return
        ends = {p: e for p in PARTNERS if (e := self._partner_endings(p)) and all(e)}
        alike = [p for p, (home, away) in ends.items() if home == away]
        partner = variable.removeprefix("coop_").rpartition("_")[0]
        if len(alike) >= BATTERY and partner in ends and partner not in alike:
            home, away = (", ".join(sorted(part)) for part in ends[partner])
            yield (
                f"its columns end in {home} at home and in {away} abroad; those of the other "
                "partners end alike"
            )

    def _partner_endings(self, partner: str) -> tuple[set[str], ...]:
        return tuple(
            {
                column.casefold().removeprefix(self.reading.stems[column])
                for column in self._columns(f"coop_{partner}_{place}")
                if self.reading.stems[column]
            }
            for place in PLACES
        )

    def _checks(self, variable: str) -> Iterator[str]:
        """Say which checks of the answers fail that are about it."""
        for name, what in self.failed.items():
            block = name.removeprefix("filter_")
            filters = block != name and self.reading.codebook.asked_if(block) == variable
            parts = name.split("_within_") if "_within_" in name else []
            named = {*ABOUT.get(name, ()), *parts, name.removesuffix("_implies_yes")}
            if filters or variable in named:
                yield what


def _all_of(variable: str, *looks: Callable[[str], Iterator[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(what for look in looks for what in look(variable)))


def _part(share: float) -> str:
    return "nearly all" if share > 0.95 else f"{100 * share:.0f} %"
