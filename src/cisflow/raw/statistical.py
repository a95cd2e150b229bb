"""SPSS, Stata and SAS files: .sav, .zsav, .por, .dta, .sas7bdat, .xpt; pyreadstat reads them.

Codes declared missing are kept apart as reasons: SPSS's user-missing values, Stata's .a to .z and
SAS's .A to .Z.
"""

from __future__ import annotations

import faulthandler
import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from cisflow.raw.opened import (
    Chunk,
    Labels,
    Opened,
    Options,
    RawFile,
    UnreadableError,
    arrow_texts,
    told_apart,
    value_text,
)

READERS = {
    ".sav": ("read_sav", "SPSS"),
    ".zsav": ("read_sav", "SPSS"),
    ".por": ("read_por", "SPSS portable"),
    ".dta": ("read_dta", "Stata"),
    ".sas7bdat": ("read_sas7bdat", "SAS"),
    ".xpt": ("read_xport", "SAS transport"),
}
# pyreadstat tells the declared missing values of these.
WITH_REASONS = (".sav", ".zsav", ".dta", ".sas7bdat")
NOT_TOLD = {
    ".por": "codes declared missing are read as values: list them under `missing:`",
    ".xpt": "the kinds of missing values, .A to .Z, are read as one",
}
# By the format of a column: since when a program counts time, and its units in a day. What shows
# months, quarters or weeks counts the same; times of day and lengths of time are no dates.
CLOCKS = (
    (
        (".sav", ".zsav", ".por"),
        re.compile(r"[EAJS]?DATE\d|DATETIME|YMDHMS|MOYR|QYR|WKYR"),
        datetime(1582, 10, 14, tzinfo=UTC),
        86_400.0,
    ),
    ((".dta",), re.compile(r"%-?(td|d)"), datetime(1960, 1, 1, tzinfo=UTC), 1.0),
    ((".dta",), re.compile(r"%-?t[cC]"), datetime(1960, 1, 1, tzinfo=UTC), 86_400_000.0),
    (
        (".sas7bdat", ".xpt"),
        re.compile(r"DATETIME|DATEAMPM|E8601DT|B8601DT", re.IGNORECASE),
        datetime(1960, 1, 1, tzinfo=UTC),
        86_400.0,
    ),
    (
        (".sas7bdat", ".xpt"),
        re.compile(
            r"(DATE|DDMMYY|MMDDYY|YYMMDD|E8601DA|B8601DA|DAY|MONYY|YYMON|JULIAN)", re.IGNORECASE
        ),
        datetime(1960, 1, 1, tzinfo=UTC),
        1.0,
    ),
)
# Values read at a time, 80 MB of numbers. pyreadstat passes over the rows before them each time, so
# there should be few pieces: 100,000 firms and a hundred columns are one.
CELLS_AT_A_TIME = 10_000_000


def open_statistical(raw: RawFile, options: Options) -> Opened:
    """Read the dictionary of a file; see :class:`~cisflow.raw.opened.Opened`."""
    source = raw.source()
    if _ends_the_process(lambda: _pyreadstat(raw, source, options, metadataonly=True)):
        raise _damaged(raw, "it ends the program that reads it")
    meta = _pyreadstat(raw, source, options, metadataonly=True)[1]
    how = [READERS[raw.suffix][1]]
    if raw.suffix in NOT_TOLD:
        how.append(NOT_TOLD[raw.suffix])
    labels = {name: label for name, label in meta.column_names_to_labels.items() if label}

    def read(names: list[str]) -> Iterator[Chunk]:
        source = raw.source()
        size = max(1, CELLS_AT_A_TIME // len(names))
        start, count = 0, size
        while count == size:
            rows = {"row_offset": start, "row_limit": size}
            frame, piece = _pyreadstat(raw, source, options, usecols=names, **rows)
            columns = {name: frame[name] for name in names}
            mixed = _mixed(piece)
            if mixed:
                as_lists = {"output_format": "dict", "usecols": mixed, **rows}
                columns |= _pyreadstat(raw, source, options, **as_lists)[0]
            count = len(frame)
            start += count
            share = start / meta.number_rows if meta.number_rows else None
            chunk = _chunk(columns, piece, share, raw.suffix)
            yield _told_apart(chunk, piece) if options.get("stored_apart") else chunk

    return Opened(
        list(meta.column_names), read, how, labels=labels, value_labels=_value_labels(raw, meta)
    )


def _value_labels(raw: RawFile, meta: Any) -> Labels:
    """Return the labels of codes; that of a tagged missing value under ``.a`` or ``.A``."""
    labels: Labels = {}
    for name, codes in meta.variable_value_labels.items():
        letters = (
            raw.suffix in (".dta", ".sas7bdat")
            and meta.readstat_variable_types.get(name) != "string"
        )
        labels[name] = {
            f".{code}" if letters and isinstance(code, str) else value_text(code) or "": str(label)
            for code, label in codes.items()
        }
    return labels


def _pyreadstat(
    raw: RawFile, source: str | BinaryIO, options: Options, **wanted: Any
) -> tuple[Any, Any]:
    """Return columns and what the file says on them."""
    import pyreadstat

    reader: Callable[..., Any] = getattr(pyreadstat, READERS[raw.suffix][0])
    if raw.suffix != ".por":
        wanted["encoding"] = options.get("encoding")
    if raw.suffix in WITH_REASONS:
        wanted["user_missing"] = True
    if not isinstance(source, str):
        source.seek(0)
    try:
        return reader(source, disable_datetime_conversion=True, **wanted)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError) as error:
        reason = str(error).strip().rstrip(".").lower()
        if "string" in reason or "encoding" in reason or isinstance(error, UnicodeDecodeError):
            raise UnreadableError(
                "text in the file is not in the encoding the file states",
                "set `file: {encoding: cp1252}` (or latin-1) in the codebook",
            ) from None
        raise _damaged(raw, reason) from None


def _damaged(raw: RawFile, reason: str) -> UnreadableError:
    return UnreadableError(
        f"damaged, truncated or not a {raw.suffix} file ({reason})",
        "copy or export it once more; compare its size with that of the original",
    )


def _ends_the_process(read: Callable[[], object]) -> bool:
    """Return whether reading would end this process by a signal, tried in a copy of it.

    A dictionary with crafted lengths makes the library, which is written in C, read where nothing
    is. Where processes cannot be copied it is not tried.
    """
    if not hasattr(os, "fork"):
        return False
    child = os.fork()
    if child == 0:
        faulthandler.disable()
        try:
            read()
        finally:
            os._exit(0)  # whatever else it says is said again by who reads it in earnest
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


Clock = tuple[datetime, float]


def _clock(suffix: str, meta: Any, name: str) -> Clock | None:
    """Return from when a column counts time and how many of its units a day has, if it is dates."""
    form = str(meta.original_variable_types.get(name) or "")
    for suffixes, pattern, begin, per_day in CLOCKS:
        if suffix in suffixes and pattern.match(form):
            return begin, per_day
    return None


def _dates(texts: pa.Array, clock: Clock) -> pa.Array:
    """Return times that a program counts from a day of its own as dates: 2016-12-31."""
    begin, per_day = clock

    def told(text: str | None) -> str | None:
        try:
            return text and (begin + timedelta(days=float(text) / per_day)).date().isoformat()
        except (OverflowError, ValueError):
            return None

    coded = texts.dictionary_encode()
    dates = [told(text) for text in coded.dictionary.to_pylist()]
    return pa.array(dates, pa.large_string()).take(coded.indices)


def _mixed(meta: Any) -> list[str]:
    """Return the columns of whole numbers with some of Stata's .a to .z among them.

    In a data frame pyreadstat (1.3.7) makes "." a number in such columns, in a dictionary not.
    """
    kinds = meta.readstat_variable_types
    return [name for name in meta.missing_user_values if kinds[name].startswith("int")]


def _chunk(columns: Mapping[str, Any], meta: Any, share: float | None, suffix: str) -> Chunk:
    texts, reasons = [], {}
    for name, values in columns.items():
        text, reason = _texts(
            values,
            meta.readstat_variable_types[name],
            meta.missing_ranges.get(name, []),
            name in meta.missing_user_values,
        )
        clock = _clock(suffix, meta, name)
        texts.append(text if clock is None else _dates(text, clock))
        if reason is not None:
            reasons[name] = reason
    return Chunk(pa.table(texts, list(columns)), reasons, share)


def _told_apart(chunk: Chunk, meta: Any) -> Chunk:
    kinds, names = meta.readstat_variable_types, chunk.text.column_names
    texts = [
        column if kinds[name] == "string" else told_apart(column)
        for name, column in zip(names, chunk.text.columns, strict=True)
    ]
    return Chunk(pa.table(texts, names), chunk.reasons, chunk.share)


def _texts(
    values: Any, kind: str, ranges: list[dict[str, Any]], tagged: bool
) -> tuple[pa.Array, pa.Array | None]:
    """Return a column as text, and the values declared missing, which it is without.

    Parameters
    ----------
    values
        The column as pyreadstat has it, shape (n,).
    kind
        How the file stores it: ``string``, ``float``, ``double`` or ``int…``. A number stored as
        ``float`` has seven digits, and its shortest form is that of these.
    ranges
        What SPSS declares missing: ``lo`` and ``hi``, the same for a single value.
    tagged
        Whether letters, kinds of missing values of Stata and SAS, stand among the numbers.
    """
    reason = None
    if tagged:
        tags = [f".{value}" if isinstance(value, str) else None for value in values]
        reason = pa.array(tags, pa.large_string())
        values = [None if isinstance(value, str) else value for value in values]
    types = {"string": pa.large_string(), "float": pa.float32(), "double": pa.float64()}
    column = pa.array(values, types.get(kind, pa.int64()), from_pandas=True)
    text = arrow_texts(column)
    if not ranges:
        return text, reason
    if kind == "string":
        codes = pa.array([bounds["lo"].strip() for bounds in ranges], text.type)
        declared = pc.is_in(text, codes)
    else:
        declared = pa.scalar(False)
        for bounds in ranges:
            within = pc.and_(
                pc.greater_equal(column, bounds["lo"]), pc.less_equal(column, bounds["hi"])
            )
            declared = pc.or_(declared, within)
    nothing = pa.scalar(None, text.type)
    return pc.if_else(declared, nothing, text), pc.if_else(declared, text, nothing)
