"""Files of an export, checked and written to where a run looks for its results."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cisflow.base.documents import TooDeepError, read_json
from cisflow.base.problems import CisflowError, Problem
from cisflow.base.records import Table
from cisflow.base.texts import printable
from cisflow.estimation.estimates import (
    ALL_WAVES,
    COEFFICIENT,
    ESTIMATED,
    ESTIMATES,
    FIXED,
    IN_WORDS,
    NO_ESTIMATE,
    QUANTITIES,
    WITHHELD,
)
from cisflow.panel.sample import FLOW
from cisflow.raw.printed import PRINTED
from cisflow.study.exports import AGAIN, contents_of, read_export
from cisflow.study.marks import stamp_of

TABLES = {"estimates": ESTIMATES, "sample": FLOW}
STATUSES = (ESTIMATED, FIXED, NO_ESTIMATE, IN_WORDS, WITHHELD)
# What publication takes apart of a fit's record, and of the lists in it each part.
PARTS: dict[str, type] = {
    **dict.fromkeys(("wave", "outcome", "column", "method", "note"), str),
    **dict.fromkeys(("tests", "shapes", "sensitivity", "modification_indices"), list),
    **dict.fromkeys(("balance", "curve", "effects", "fit_measures", "groups", "imputation"), dict),
    **dict.fromkeys(("merged", "not_estimable", "overlap", "r2", "readings"), dict),
}
# No estimate, count or test statistic of firms is larger, and no word of a result longer.
LARGEST, LONGEST = 1e15, 2000


def unpack(export: str, outputs: Mapping[str, Path | str]) -> None:
    """Write files of an export to where this run looks for them.

    Parameters
    ----------
    export
        The archive or the folder.
    outputs
        Where to write each file, by its name in the export.

    Raises
    ------
    CisflowError
        Files that are missing, are not as they were exported, or hold what no such file does;
        then none is written.
    """
    about, content = read_export(export).about, contents_of(export)
    taken: dict[str, bytes] = {}
    problems = []
    for name in outputs:
        if name not in about["files"]:
            problems.append(Problem(f"{name} is missing", AGAIN))
            continue
        try:
            taken[name] = content(name)
            what = dict.fromkeys(_wrong(name, taken[name], about))
        except TooDeepError:
            what = {"is nested too deep": None}
        except (ValueError, csv.Error):
            what = {"is damaged": None}
        problems += [Problem(f"{name} {text}", AGAIN) for text in what]
    if problems:
        raise CisflowError(export, problems)
    for name, out in outputs.items():
        Path(out).write_bytes(taken[name])


def _wrong(name: str, content: bytes, about: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a file holds that none of its kind does."""
    kind, country, *model = Path(name).with_suffix("").parts
    place = {"country": country, **({"model": model[0]} if model else {})}
    text = content.decode("utf-8")
    if name.endswith(".json"):
        record = read_json(text)
        if not isinstance(record, dict) or any(record.get(k, v) != v for k, v in place.items()):
            yield "is of another country or model"
        elif kind == "estimates" and not _has_fits(record):
            yield "has not the parts that diagnostics have"
        if printable(record) != record:
            yield "holds characters that cannot be printed"
        yield from _wrong_values(record)
        return
    if printable(text) != text:
        yield "holds characters that cannot be printed"
    header, *rows = csv.reader(io.StringIO(text))
    table = TABLES[kind]
    if header != [*table.columns, "data"]:
        yield f"has not the columns {', '.join(table.columns)}"
        return
    for row in rows:
        if len(row) != len(header):
            yield "has rows that are not as long as its header"
            return
        yield from _wrong_row(dict(zip(header, row, strict=True)), table, place, about)


def _has_fits(record: Mapping[str, Any]) -> bool:
    """Return whether a record's fits are a list of records, each part of which is of its kind."""
    fits = record.get("fits")
    return isinstance(fits, list) and all(isinstance(f, dict) and _has_parts(f) for f in fits)


def _has_parts(fit: Mapping[str, Any]) -> bool:
    parts = [(fit[name], kind) for name, kind in PARTS.items() if name in fit]
    inner = [one for part, _ in parts if isinstance(part, list) for one in part]
    return (
        "wave" in fit
        and all(isinstance(part, kind) for part, kind in parts)
        and all(isinstance(one, dict) for one in inner)
    )


def _wrong_row(
    row: Mapping[str, str], table: Table, place: Mapping[str, str], about: Mapping[str, Any]
) -> Iterator[str]:
    """Yield what is wrong with a row of a table; the columns are as declared."""
    if any(row[key] != value for key, value in place.items()):
        yield "is of another country or model"
    if row["wave"] not in (*about["countries"][place["country"]]["waves"], ALL_WAVES, PRINTED):
        yield "has a wave that the country has not"
    stamp = stamp_of(about["data"], about.get("unconfirmed", 0))
    if row["data"] != stamp:
        yield f"is not stamped as {stamp} data"
    if row.get("status", ESTIMATED) not in STATUSES:
        yield "has an unknown status"
    if row.get("quantity", COEFFICIENT) not in QUANTITIES:
        yield "has an unknown quantity"
    for column in table.numbers:
        if row[column] and not abs(float(row[column])) <= LARGEST:
            yield f"{column} has a number that is none, infinite or absurdly large"
    if any(len(row[column]) > LONGEST for column in table.text):
        yield "has a text that is far too long"


def _wrong_values(value: Any) -> Iterator[str]:
    """Yield what no record of cisflow's holds: long texts, absurd numbers."""
    if isinstance(value, dict | list):
        if isinstance(value, dict) and any(len(key) > LONGEST for key in value):
            yield "has a text that is far too long"
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _wrong_values(inner)
    elif isinstance(value, str) and len(value) > LONGEST:
        yield "has a text that is far too long"
    elif isinstance(value, int | float) and not abs(value) <= LARGEST:
        yield "has a number that is absurdly large"
