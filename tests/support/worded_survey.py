"""Surveys with columns q1, q2 … and questions in any of 28 languages. SYNTHETIC.

The wordings stand in ``tests/support/wordings/``, written without a look at the words the project
recognises questions by (``config/words*``): whoever changes one must not look into the other. A
table has the questions by canonical variable (a list where several columns are one variable), the
words of the answers, and distractors: questions that resemble a variable and are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import unseen_survey
import yaml

from cisflow.study.canonical import BLOCKS, FLAGS

TABLES = Path(__file__).parent / "wordings"
LANGUAGES = tuple(sorted(file.stem for file in TABLES.glob("??.yaml")))
HOLDOUT = tuple(sorted(file.stem for file in TABLES.glob("holdout_??.yaml")))
# How a file writes yes and no: a legend beats what codes usually mean.
YES_NO = ((1.0, 2.0), (1.0, 0.0), (2.0, 1.0))
SIZES = {1.0: "10-49", 2.0: "50-249", 3.0: "250+"}
PER_EURO = {
    "AL": 130,
    "BG": 2,
    "CZ": 26,
    "DK": 7.5,
    "HR": 7.5,
    "HU": 310,
    "NO": 9,
    "PL": 4.3,
    "RO": 4.5,
    "RS": 120,
    "SE": 9.5,
    "TR": 3.4,
}
# Of the places of a grid, the one that the simulated firms' answers are of.
PLACE_OF = {"domestic": "home", "foreign": "europe"}


@dataclass(frozen=True)
class Worded:
    """A survey that was written.

    Attributes
    ----------
    country, wave
        Whose and when.
    extract, labels
        Its file, and tables of labels.
    columns
        Per canonical variable the columns it is made of.
    optional
        Variables that need not be found: they are parts of others.
    codes
        Per column what its codes mean: yes and no as True and False, degrees 0 to 3.
    about
        Per column what it asks: a variable, a question before it, or the kind of a distractor.
    screens
        Per variable the question that leads to it, which may be taken with it.
    parts
        Per variable columns that may be left out, as they are another variable's too.
    multiples
        Per variable by what a written value is multiplied, where that is not 1.
    """

    country: str
    wave: str
    extract: Path
    columns: dict[str, set[str]]
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)
    labels: tuple[Path, ...] = ()
    optional: frozenset[str] = frozenset()
    screens: dict[str, str] = field(default_factory=dict)
    parts: dict[str, set[str]] = field(default_factory=dict)
    multiples: dict[str, float] = field(default_factory=dict)


def table(name: str) -> dict[str, Any]:
    """Return a table of wordings."""
    return dict(yaml.safe_load((TABLES / f"{name}.yaml").read_text(encoding="utf-8")))


def yes_and_no(name: str) -> tuple[float, float]:
    """Return the codes of yes and no in a language's file."""
    return YES_NO[LANGUAGES.index(name[-2:]) % len(YES_NO)]


def legends(words: Mapping[str, Any], yes: float, no: float) -> dict[str, dict[float, str]]:
    """Return value labels by kind of question."""
    answers = words["answers"]
    return {
        "flag": {yes: answers["yes"], no: answers["no"]},
        "degree": {float(i): said for i, said in enumerate(answers["degrees"])},
        "rhythm": {yes: answers.get("continuous", ""), no: answers.get("occasional", "")},
        "size": SIZES,
    }


def legend_of(asked: str) -> str:
    """Return which value labels a question has, or nothing."""
    if asked == "rd_continuous":
        return "rhythm"
    if (asked in FLAGS and asked != "foreign_group") or asked in ("plans", "purpose"):
        return "flag"
    if asked in BLOCKS["sources"] or asked == "obstacle":
        return "degree"
    return "size" if asked == "size_class" else ""


def asked_in(words: Mapping[str, Any], year: int, country: str) -> Iterator[tuple[str, str]]:
    """Yield variable (or kind of distractor) and label of every question, in order."""
    home = words["countries"][country]
    questions = dict(words["questions"])
    if grid := words.get("grid"):  # three cells of it, as the shorter tables have
        for partner, place, where in (
            ("suppliers", "domestic", "domestic"),
            ("clients", "foreign", "europe"),
            ("universities", "domestic", "domestic"),
        ):
            questions[f"coop_{partner}_{place}"] = cell(grid, partner, where, home)
    for variable, said in {**questions, **words["distractors"]}.items():
        for label in said if isinstance(said, list) else [said]:
            yield variable, label.replace("{year}", str(year)).replace("{lag}", str(year - 2))


def cell(grid: Mapping[str, Any], partner: str, place: str, home: str) -> str:
    """Return the label of one cell of partners by places."""
    where = grid["places"][place].replace("{home}", home)
    return str(grid["text"].format(partner=grid["partners"][partner], place=where))


def write_worded(folder: Path, name: str, n: int = 240, year: int = 2016) -> Worded:
    """Write the survey of a table as an SPSS file.

    Parameters
    ----------
    folder
        Where to.
    name
        Of the table, such as ``pl``.
    n
        Number of firms.
    year
        The wave's reference year.
    """
    words = table(name)
    country = next(iter(words["countries"]))
    yes, no = yes_and_no(name)
    known = legends(words, yes, no)
    values = _Values(n, country, yes, no)
    data: dict[str, Any] = {}
    labels: list[str] = []
    value_labels: dict[str, dict[float, str]] = {}
    written = Worded(country, str(year), folder / f"{name}.sav", {})
    for asked, label in asked_in(words, year, country):
        column = f"q{len(data) + 1}"
        data[column] = values.of(asked, sum(a == asked for a in written.about.values()))
        labels.append(label)
        written.about[column] = asked
        if asked not in words["distractors"]:
            written.columns.setdefault(asked, set()).add(column)
        if kind := legend_of(asked):
            value_labels[column] = known[kind]
            written.codes[column] = read_as(kind, yes, no)
    frame = pd.DataFrame(data)
    pyreadstat.write_sav(
        frame, str(written.extract), column_labels=labels, variable_value_labels=value_labels
    )
    return written


def read_as(kind: str, yes: float, no: float) -> dict[str, Any]:
    """Return what the codes of a question mean in a codebook."""
    if kind == "degree":
        return {str(i): i for i in range(4)}
    if kind == "size":
        return {f"{code:.0f}": size for code, size in SIZES.items()}
    return {f"{yes:.0f}": True, f"{no:.0f}": False}


class _Values:
    """Answers to every question, drawn once, so that what is asked together goes together."""

    def __init__(self, n: int, country: str, yes: float, no: float) -> None:
        self.n, self.country, self.yes, self.no = n, country, yes, no
        self.rng = np.random.default_rng(11)
        self.firms = f = unseen_survey.answers(n, 12)
        self.active = (f[["goods", "services", "methods"]] == 1).any(axis=1)
        self.money = PER_EURO.get(country, 1.0)

    def of(self, asked: str, nth: int) -> Any:
        """Return the values of a question's ``nth`` column, shape (n,)."""
        f = self.firms
        plain = {
            "firm_id": np.arange(self.n) + 10001.0,
            "weight": f["weight"],
            "nace": f["division"],
            "employees": f["staff"],
            "employees_lag2": f["staff_before"],
            "turnover": np.round(f["sales"] * self.money),
            "turnover_lag2": np.round(f["sales"] * self.money * 0.93),
            "size_class": np.select([f["staff"] < 50, f["staff"] < 250], [1.0, 2.0], 3.0),
            "stratum": np.where(f["staff"] < 50, "A1", "A2"),
            "share_unchanged": f["unchanged"],
            "share_new_firm": f["new_firm"],
            "share_new_market": f["new_market"],
            "degrees": self.rng.integers(0, 90, self.n).astype(float),
            "change": self.rng.integers(-20, 30, self.n).astype(float),
            "foreign_group": self._head_office(),
        }
        if asked in plain:
            return plain[asked]
        if legend_of(asked) == "degree":
            return np.where(self.active, self.rng.integers(0, 4, self.n), np.nan)
        return self._coded(self._said(asked, nth)) if legend_of(asked) else self._spent(asked)

    def _coded(self, said: pd.Series) -> pd.Series:
        return said.map({1.0: self.yes, 0.0: self.no})

    def _head_office(self) -> Any:
        abroad = np.where(self.rng.random(self.n) < 0.3, "US", self.country)
        return np.where(self.firms["group"] == 1, abroad, "")

    def _said(self, asked: str, nth: int) -> pd.Series:
        """Return answers to a yes/no question: 1, 0, NaN."""
        f = self.firms
        if asked.startswith("coop_") and asked != "coop_any":
            partner, _, place = asked.removeprefix("coop_").rpartition("_")
            return f[f"{partner}_{PLACE_OF[place]}"]
        column = {
            "group": "group",
            "export": "abroad",
            "product_innovation": ("goods", "services")[nth % 2],
            "process_innovation": "methods",
            "coop_any": "partner",
        }.get(asked)
        if column and nth < 2:
            return f[column]
        said = pd.Series((self.rng.random(self.n) < 0.25).astype(float))
        if asked == "rd_continuous":
            return said.where(f["rd_own"] == 1)
        return said.where(self.active) if asked.startswith("fund_") else said

    def _spent(self, asked: str) -> pd.Series:
        """Return an amount: zero where nothing was spent, NaN where it was not asked."""
        f = self.firms
        own, bought = f["rd_own_spent"].fillna(0), f["rd_bought_spent"].fillna(0)
        amounts = {"rd_internal": own, "rd_external": bought, "innovation_spending": own * 2}
        spent = amounts.get(asked, own.iloc[::-1].reset_index(drop=True).round(-3))
        return np.round(spent * self.money).where(self.active)
