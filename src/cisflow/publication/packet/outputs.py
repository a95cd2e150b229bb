"""What is meant to leave, output by output, each with what the gate wrote down of it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cisflow.base.problems import CisflowError, Problem
from cisflow.base.records import read_record
from cisflow.publication.catalogue import TABLE
from cisflow.publication.crate import EXHIBITS
from cisflow.publication.manifest import MANIFEST
from cisflow.publication.words import label, small
from cisflow.study.disclosure import Profile

PAPER, SUPPLEMENT, PAGE, CLAIMS = "paper.pdf", "supplement.pdf", "index.html", "claims.csv"
REPEATS = (
    "its numbers are those of the tables and figures of this packet; its drawings are vectors, of "
    "these numbers alone"
)
NOBODY = "no firms: nothing could be counted or estimated"
# Which aggregates an exhibit is made from, by the function that makes it; all others estimates.
MADE_FROM = {
    "flow_table": "sample",
    "flow_figure": "sample",
    "descriptives_table": "description",
    "outcome_figure": "description",
    "attrition_table": "description",
    "attrition_lags_table": "description",
    "quality_overview": "quality",
    "quality_table": "quality",
    "rates_table": "rates",
}
# What of an aggregate an exhibit shows, where it does not show all: the subjects of the places in
# the gate's register, and whether its numbers are counts of classes alone, or all others alone.
LOSSES = ("accounts", "logit of having accounts")
SUBJECTS = {"attrition_table": LOSSES, "attrition_lags_table": LOSSES}
COUNTS = {"outcome_figure": True, "descriptives_table": False}
WITH_MEANS = frozenset({"descriptives_table", "description of samples"})
# What compares the means of two groups, beside its estimates.
OF_GROUPS = "doubly_robust"
RULES = {
    "A": "At least {minimum_cell} firms, unweighted, in every group that is counted; no number of "
    "which it is not known what firms it counts.",
    "B": "At least {minimum_cell} firms in the difference of any two such groups of this run, "
    "whatever they stand in, and of earlier packets; in what is left of a sample by up to four "
    "others together, and in that of two and two; and no group of fewer in samples, however many, "
    "whose sums can be solved for it.",
    "C": "Nothing withheld follows from a total and its other parts (secondary suppression).",
    "D": "Means, deviations and differences of groups: the {firms} largest firms hold at most "
    "{share:g} % of the total, weighted or not; p % rule with p = {p_percent:g}; no value that all "
    "firms give, or all but fewer than {minimum_cell}. No minima, maxima, medians, quantiles.",
    "E": "Shares: nothing where all firms of a group, or none, answer alike.",
    "F": "Weighted shares: the {firms} largest firms have at most {share:g} % of the weight.",
    "G": "Coefficients: at least {support} firms on either side of a dummy, in an interaction or "
    "a treated cell, who do not all answer alike, and {minimum_cell} where the model lets their "
    "number and mean be solved for; the {largest} largest firms make at most {share:g} % of it.",
    "H": "Models: at least {residual_df} observations beyond the coefficients; leverage of one "
    "firm at most {leverage:g}; no standard error or fit measure that tells a number of firms "
    "which is withheld. No residuals or fitted values of firms.",
    "I": "Counts of answers: rounded to multiples of {minimum_cell}, the largest of the parts of "
    "all rows to what the others leave.",
}
HELD = {
    "sample": "ABC",
    "description": "ABCDEF",
    "rates": "ABCEF",
    "estimates": "ABCGH",
    "quality": "I",
}
LOW = "low support"
MOST = 12  # terms, places and files named on the sheet; register.json names all


@dataclass(frozen=True)
class Output:
    """Something that is meant to leave."""

    # name, kind, caption: what it is called and is.
    name: str
    kind: str
    caption: str
    files: dict[str, str]  # by their name in the packet, where they lie below the run's folder
    population: str  # which firms, in words
    # Numbers of firms of the groups behind it, None where withheld.
    firms: list[int | None] = field(default_factory=list)
    rules: str = ""  # letters of RULES
    # How many numbers behind it were withheld, by reason.
    withheld: dict[str, int] = field(default_factory=dict)
    explain: list[str] = field(default_factory=list)  # what the researcher must explain
    low: bool = False  # whether few firms, or little beside them, support something of it

    @property
    def size(self) -> str:
        """Its numbers of firms in words."""
        known = sorted({n for n in self.firms if n is not None})
        ends = " to ".join(f"{n:,}" for n in dict.fromkeys((*known[:1], *known[-1:])))
        hidden = self.firms.count(None)
        told = filter(None, (ends and f"n = {ends}", f"{hidden} withheld" if hidden else ""))
        return ", ".join(told) or (NOBODY if "A" in self.rules else "")


@dataclass(frozen=True)
class Registers:
    """What a run's folder says of its public files."""

    run: Path  # the folder `results/{run}`

    def record(self, name: str) -> dict[str, Any]:
        """Return a JSON file of the run.

        Raises
        ------
        CisflowError
            It is not there.
        """
        file = self.run / name
        if not file.is_file():
            what = f"{name} is not there: the run is not finished, or of an earlier cisflow"
            raise CisflowError(self.run.as_posix(), Problem(what, "run it with `cisflow run`"))
        return read_record(file)

    @cached_property
    def about(self) -> dict[str, Any]:
        """The manifest: title, kind of data, and more."""
        return self.record(f"publication/{MANIFEST}")

    @cached_property
    def countries(self) -> dict[str, dict[str, Any]]:
        """The gate's register of every country whose data are here."""
        files = sorted((self.run / "register").glob("[A-Z][A-Z].json"))
        return {file.stem: self.record(f"register/{file.name}") for file in files}

    @cached_property
    def profile(self) -> Profile:
        """The rules the numbers were held against."""
        return Profile.model_validate(next(iter(self.countries.values()))["rules"])

    @cached_property
    def files(self) -> dict[str, dict[str, Any]]:
        """The gate's entry of every public file."""
        return {
            name: of for record in self.countries.values() for name, of in record["files"].items()
        }

    @property
    def rules(self) -> dict[str, str]:
        """The rules in words, by letter."""
        profile = self.profile.as_params()
        profile |= {**profile["dominance"], "largest": self.profile.largest_of_coefficient}
        return {k: text.format(**profile) for k, text in RULES.items()}

    @property
    def withheld(self) -> dict[str, int]:
        """How many numbers of all files were withheld, by reason."""
        reasons = (w["why"] for entry in self.files.values() for w in entry["withheld"])
        return dict(sorted(Counter(reasons).items()))

    def outputs(self) -> Iterator[Output]:
        """Yield all that is meant to leave: tables, figures, the paper, then the aggregates."""
        with (self.run / "publication" / EXHIBITS).open(encoding="utf-8", newline="") as rows:
            yield from (self._item(row["exhibit"], row) for row in csv.DictReader(rows))
        yield from self._made_of_all()
        for file, entry in self.files.items():
            whole = self._told({file: entry}, self._here("", ()))
            whole["explain"] += _means(entry["kind"])
            name, kind = _name(file), entry["kind"].replace("_", " ")
            yield Output(name, kind, name, {name: file}, entry["population"], **whole)
        for pooled in sorted(self.run.glob("estimates/pooled.*")):
            yield Output(
                f"estimates_{pooled.name}",
                "pooled estimates",
                "Pooled over countries",
                {f"estimates_{pooled.name}": f"estimates/{pooled.name}"},
                "all countries",
                rules="G",
                explain=["made from estimates of single countries that may leave"],
            )

    def _made_of_all(self) -> Iterator[Output]:
        """Yield what repeats numbers of all other outputs, with what was withheld of these."""
        everyone = f"firms of {', '.join(self.countries)}"
        title = self.about["title"]
        repeated = {
            PAPER: ("paper", title, REPEATS),
            SUPPLEMENT: ("supplement", f"{title}: online supplement", REPEATS),
            PAGE: ("page", f"{title}: the co-author's page", REPEATS),
            CLAIMS: ("verdicts", "Verdicts on claims", "made from estimates of this packet alone"),
        }
        for file, (kind, caption, why) in repeated.items():
            entries = {
                name: entry
                for name, entry in self.files.items()
                if file != CLAIMS or name.startswith("estimates/")
            }
            told = self._told(entries, self._here("", ())) | {"explain": [why], "low": False}
            yield Output(kind, kind, caption, {file: f"publication/{file}"}, everyone, **told)

    def _item(self, name: str, item: Mapping[str, Any]) -> Output:
        kind, models = item["kind"], tuple(item["models"].split())
        endings = ("csv", "docx") if kind == TABLE else ("png",)
        files = {f"{kind}_{name}.{e}": f"publication/{kind}s/{name}.{e}" for e in endings}
        function = item["function"].split(".")[-1]
        source = MADE_FROM.get(function, "estimates")
        countries = [item["country"]] if item["country"] else [*self.countries]
        entries = {
            file: entry
            for file, entry in self.files.items()
            if file.startswith(f"{source}/")
            and _country(file) in countries
            and (source != "estimates" or not models or Path(file).stem in models)
        }
        here = self._here(item["wave"], SUBJECTS.get(function, models))
        told = self._told(entries, here, COUNTS.get(function))
        told["explain"] += _means(function)
        about = ", ".join(filter(None, (" and ".join(countries), item["wave"])))
        told["explain"] += _linked(entries)
        told["explain"] += [
            f"{country}: estimates that another centre let out"
            for country in countries
            if country not in self.countries
        ]
        return Output(name, kind, item["caption"], files, f"firms of {about}", **told)

    @staticmethod
    def _here(wave: str, subjects: Sequence[str]) -> Callable[[str], bool]:
        """Return whether a place of the register is of a wave and of some subjects, if named."""

        def here(place: str) -> bool:
            parts = place.split(", ")
            return (not subjects or parts[0] in subjects) and (not wave or wave in parts)

        return here

    def _told(
        self,
        entries: Mapping[str, Mapping[str, Any]],
        here: Callable[[str], bool],
        counts: bool | None = None,
    ) -> dict[str, Any]:
        """Return what the gate wrote down of some files and places: of counts alone, or without."""
        # A fit's firms stand in its estimates and its diagnostics, and are one group.
        groups = {
            (_country(file), place): n
            for file, e in entries.items()
            for place, n in e["firms"].items()
            if here(place)
        }
        firms = [*groups.values()]
        withheld = [
            w["why"]
            for e in entries.values()
            for w in e["withheld"]
            if here(w["place"]) and counts in (None, w["statistic"] == "firms")
        ]
        near = [x for e in entries.values() for x in e["explain"] if here(x["place"])]
        sources = {file.split("/")[0] for file in entries}
        held = [HELD[source] for source in sources]
        held += ["D" for entry in entries.values() if entry["kind"].startswith(OF_GROUPS)]
        explain = [*self._small(firms), *_grouped(near)]
        return {
            "firms": firms,
            "rules": "".join(sorted({*"".join(held)})),
            "withheld": dict(sorted(Counter(withheld).items())),
            "explain": explain,
            "low": bool(explain),
        }

    def _small(self, firms: Iterable[int | None]) -> Iterator[str]:
        twice = 2 * self.profile.minimum_cell
        small = sum(n is not None and n < twice for n in firms)
        if small and self.profile.minimum_cell > 1:
            yield f"{LOW}: {small} of its groups have fewer than {twice} firms"


def _country(file: str) -> str:
    """Return whose aggregates a public file has."""
    return Path(file).parts[1].partition(".")[0]


def _grouped(near: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Yield in one sentence each what is near a threshold for the same reason.

    Terms are named with the number of fits they stand in, places where it is no term.
    """
    by: dict[str, Counter[str]] = {}
    for one in near:
        by.setdefault(one["what"], Counter())[_called(one["of"]) or one["place"]] += 1
    for what, counted in by.items():
        told = [f"{name}, {n} fits" if n > 1 else name for name, n in counted.items()]
        more = f"; and {len(told) - MOST} more" if len(told) > MOST else ""
        yield f"{LOW}: {what} ({'; '.join(told[:MOST])}{more})"


def _called(term: str) -> str:
    """Return a term in words; the levels of a class together, as "dummies of industry"."""
    named = re.sub(r"\[T\.[^]]*\]", "", term)
    return label(term) if named == term else f"dummies of {small(label(named))}"


def _linked(entries: Mapping[str, Any]) -> Iterator[str]:
    """Yield why an output is not to be judged alone, by the names files have in the packet."""
    names = sorted(_name(file) for file in entries)
    if len(names) > MOST:
        kinds = sorted({name.split("_")[0] for name in names})
        yield f"linked: tells the same numbers as the {len(names)} files {'_*, '.join(kinds)}_*"
    elif names:
        yield f"linked: tells the same numbers as {', '.join(names)}"


def _name(file: str) -> str:
    """Return what an aggregate's file is called in the packet."""
    return file.replace("/", "_")


def _means(kind: str) -> Iterator[str]:
    if kind in WITH_MEANS:
        yield (
            "means and deviations: dominance (rule D) was held on the values they are of; say "
            "whether it holds on the money or persons behind shares, ratios and logarithms too"
        )
