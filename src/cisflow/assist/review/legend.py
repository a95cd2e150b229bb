"""Codes of a column: what the file says they mean, how the codebook reads them, how many rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from cisflow.assist.codings import degree_coding, flag_coding, silent_values
from cisflow.assist.review.counting import Teller
from cisflow.assist.review.facts import Code
from cisflow.assist.review.reading import NO_ANSWER, UNKNOWN, Reading
from cisflow.base.problems import CODE
from cisflow.raw.extract import code_key
from cisflow.study.canonical import TEXT

OTHERS, BLANK = "(other values)", "(blank)"


def codes_of(reading: Reading, variable: str, column: str, teller: Teller) -> tuple[Code, ...]:
    """Return the codes of a column that a variable is read from; none if it has no codes.

    A value that is in no list, neither the file's nor the codebook's, is told only if many rows
    have it and it is as short as a code.
    """
    asked = reading.codebook.variables[variable]
    labels = reading.labels(column)
    values = reading.seen.data[column]
    if variable == "firm_id" or (asked.codes is None and not labels):
        return ()
    counts = {str(v): int(n) for v, n in values.value_counts().items()}
    listed = _listed(reading, variable, column)
    known = {code_key(code) for code in listed}
    strange = {v: n for v, n in counts.items() if code_key(v) not in known}
    told = {v: n for v, n in strange.items() if n >= teller.minimum and CODE.fullmatch(v)}
    if asked.codes is None:
        told = {}  # the values of an amount are nobody's business
    rows = pd.Series(counts, dtype="int64").groupby(code_key).sum() if counts else {}
    codes = [*listed, *told]
    read = reading.read_as(variable, column, codes) if asked.codes else {}
    doubts = _doubts(reading, column, read)
    made = [
        Code(
            code,
            labels.get(code, ""),
            _said(read.get(code, "what it says" if variable in TEXT else "a number")),
            teller.count(rows.get(code_key(code), 0)),
            doubts.get(code, ""),
        )
        for code in codes
    ]
    others = sum(strange.values()) - sum(told.values())
    if others and asked.codes:
        how = "as the codebook says for all others" if "*" in asked.codes else UNKNOWN
        made.append(Code(OTHERS, "", how, teller.count(others)))
    if blank := int(values.isna().sum()):
        how = "no, or none" if asked.blank_is_zero else NO_ANSWER
        made.append(Code(BLANK, "", how, teller.count(blank)))
    return tuple(made)


def _listed(reading: Reading, variable: str, column: str) -> list[str]:
    """Return the codes that file or codebook list, each once, the file's own way of writing."""
    asked = reading.codebook.variables[variable]
    here = {code_key(v): str(v) for v in reading.seen.data[column].dropna().unique()}
    labels = reading.labels(column)
    by_key: dict[str, str] = {code_key(code): code for code in labels}
    if asked.codes:
        own = [c.replace("{country}", reading.country) for c in asked.codes if c != "*"]
        # Of codes that the file's legend lacks those that occur, of any set those written for it.
        more = [c for c in own if code_key(c) in here or not labels]
        by_key |= {code_key(c): c for c in more if code_key(c) not in by_key}
        silent = reading.codebook.no_answer(asked)
        by_key |= {k: t for t in silent if (k := code_key(t)) in here and k not in by_key}
    return list(by_key.values())


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
    if code in silent_values(pd.Series([code], dtype="string"), words, alone):
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
