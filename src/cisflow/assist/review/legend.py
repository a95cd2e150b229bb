"""Codes of a column: what the file says they mean, how the codebook reads them, how many rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from cisflow.assist.codings import MOST_CODES, degree_coding, flag_coding, silent_values
from cisflow.assist.review.counting import Teller
from cisflow.assist.review.facts import Code
from cisflow.assist.review.reading import NO_ANSWER, UNKNOWN, Reading
from cisflow.base.problems import CODE
from cisflow.raw.extract import code_key
from cisflow.study.canonical import TEXT
from cisflow.study.codebook import ABOVE_ZERO, Variable

OTHERS, BLANK = "(other values)", "(blank)"
# What stands in a codebook's codes for many values, and is none itself.
RULES = ("*", ABOVE_ZERO)


def codes_of(reading: Reading, variable: str, column: str, teller: Teller) -> tuple[Code, ...]:
    """Return the codes of a column that a variable is read from; none if it has no codes.

    A value that is in no list, neither the file's nor the codebook's, is told only if many rows
    have it and it is as short as a code.
    """
    asked = reading.codebook.variables[variable]
    if variable == "firm_id" or not (asked.codes or reading.labels(column)):
        return ()
    counts = {str(v): int(n) for v, n in reading.seen.data[column].value_counts().items()}
    listed = _listed(reading, variable, column)
    known = {code_key(code) for code in listed}
    strange = {v: n for v, n in counts.items() if code_key(v) not in known}
    told = _quotable(strange, teller) if asked.codes else []
    left = {v: n for v, n in strange.items() if v not in told}
    return (
        *_coded(reading, variable, column, [*listed, *told], counts, teller),
        *(_left(asked, left, teller) if asked.codes else ()),
        *_blank(reading, variable, column, teller),
    )


def _quotable(strange: Mapping[str, int], teller: Teller) -> list[str]:
    """Return the values in no list that may be quoted: few different ones, short, of many rows."""
    if len(strange) > MOST_CODES:
        return []  # amounts, or names
    return [v for v, n in strange.items() if n >= teller.minimum and CODE.fullmatch(v)]


def _coded(
    reading: Reading,
    variable: str,
    column: str,
    codes: Sequence[str],
    counts: Mapping[str, int],
    teller: Teller,
) -> Iterator[Code]:
    """Yield codes with their meaning, how they are read, and their rows."""
    labels, asked = reading.labels(column), reading.codebook.variables[variable]
    read = reading.read_as(variable, column, codes) if asked.codes else {}
    doubts = _doubts(reading, column, read)
    rows: Counter[str] = Counter()
    for value, n in counts.items():
        rows[code_key(value)] += n
    as_is = "what it says" if variable in TEXT else "a number"
    for code in codes:
        said, told = _said(read.get(code, as_is)), teller.count(rows[code_key(code)])
        yield Code(code, labels.get(code, ""), said, told, doubts.get(code, ""))


def _left(asked: Variable, left: Mapping[str, int], teller: Teller) -> Iterator[Code]:
    """Yield the values that are not told one by one, and how they are read."""
    codes, others = asked.codes or {}, sum(left.values())
    if ABOVE_ZERO in codes:
        numbers = pd.to_numeric(pd.Series(list(left), dtype="string"), errors="coerce")
        above = sum(n for n, x in zip(left.values(), numbers, strict=True) if x > 0)
        yield Code("(above 0)", "", _said(codes[ABOVE_ZERO]), teller.count(above))
        others -= above
    if others:
        how = _said(codes["*"]) if "*" in codes else UNKNOWN
        yield Code(OTHERS, "", how, teller.count(others))


def _blank(reading: Reading, variable: str, column: str, teller: Teller) -> Iterator[Code]:
    if blank := int(reading.seen.data[column].isna().sum()):
        zero = reading.codebook.variables[variable].blank_is_zero
        yield Code(BLANK, "", "no, or none" if zero else NO_ANSWER, teller.count(blank))


def _listed(reading: Reading, variable: str, column: str) -> list[str]:
    """Return the codes that file or codebook list, each once, the file's own way of writing."""
    asked, labels = reading.codebook.variables[variable], reading.labels(column)
    here = {code_key(str(v)) for v in reading.seen.data[column].dropna().unique()}
    listed = {code_key(code): code for code in labels}
    own = [c.replace("{country}", reading.country) for c in asked.codes or () if c not in RULES]
    # Where the file has a legend, of the codebook's codes only those that occur beside it.
    more = [c for c in own if not labels or code_key(c) in here]
    silent = reading.codebook.no_answer(asked) if asked.codes else []
    more += [token for token in silent if code_key(token) in here]
    for code in more:
        listed.setdefault(code_key(code), code)
    return list(listed.values())


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is True or value is False or str(value) in ("True", "False"):
        return "yes" if value else "no"
    return f"{float(value):g}"


def _doubts(reading: Reading, column: str, read: Mapping[str, Any]) -> dict[str, str]:
    """Return the codes that are read as another answer than the file's legend says."""
    labels, words = reading.labels(column), reading.seen.words
    doubts = {}
    for code, value in read.items():
        meaning = labels.get(code, "")
        if not meaning:
            continue
        says = list(_answers(code, meaning, words))
        if says and _said(value) not in says:
            doubts[code] = f"the legend says “{meaning}”, it is read as {_said(value)}"
    return doubts


def _answers(code: str, meaning: str, words: Any) -> Iterator[str]:
    """Yield what a code's meaning says by itself: yes, no, a degree, or no answer."""
    alone = {code: meaning}
    if code in silent_values([code], words, alone):
        yield NO_ANSWER
        return
    # The meaning itself as the value: what its words say, not what a bare 1 usually stands for.
    flag = flag_coding({meaning: 1}, words)
    if flag is not None and meaning in flag.codes:
        yield _said(flag.codes[meaning])
    degree = degree_coding({code: 1, meaning: 1}, words, {code: meaning, meaning: meaning})
    if degree is not None and code in degree.codes:
        yield _said(degree.codes[code])


def upside_down(read: Mapping[str, Any], legend: Mapping[str, str]) -> str:
    """Return what is odd in a yes/no coding without a legend: 0 for yes, or 1 for no beside 2."""
    if legend:
        return ""
    said = {code_key(code): _said(value) for code, value in read.items()}
    if said.get("0") == "yes" and said.get("1") == "no":
        return "0 is read as yes and 1 as no, the other way round than usual"
    if said.get("1") == "no" and said.get("2") == "yes":
        return "1 is read as no and 2 as yes, the other way round than usual"
    return ""
