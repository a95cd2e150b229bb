"""SPSS, Stata and SAS files: .sav, .zsav, .por, .dta, .sas7bdat, .xpt.

pyreadstat reads all of them. Where rows of a .sav or .dta file are of one width, only the bytes of
the columns asked for are read instead (:mod:`cisflow.extract.fixed_width`), which is far quicker.
Codes declared missing are kept apart as reasons: SPSS's user-missing values, Stata's .a to .z and
SAS's .A to .Z.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from cisflow.extract.base import (
    ROWS_AT_A_TIME,
    Chunk,
    Labels,
    Opened,
    Options,
    RawFile,
    UnreadableError,
    arrow_texts,
    number_texts,
    value_text,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

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


def open_statistical(raw: RawFile, options: Options) -> Opened:
    """Read the dictionary of a file; see :class:`~cisflow.extract.base.Opened`."""
    meta = _pyreadstat(raw, options, metadataonly=True)[1]
    how = [READERS[raw.suffix][1]]
    if raw.suffix in NOT_TOLD:
        how.append(NOT_TOLD[raw.suffix])
    labels = {name: label for name, label in meta.column_names_to_labels.items() if label}

    def read(names: list[str]) -> Iterator[Chunk]:
        from cisflow.extract.fixed_width import record_layout

        layout = record_layout(raw, meta, options)
        if layout is not None:
            yield from layout.chunks(names, _ranges(meta, names))
        else:
            yield from _chunks(raw, options, names)

    return Opened(
        list(meta.column_names), read, how, labels=labels, value_labels=_value_labels(raw, meta)
    )


def _ranges(meta: Any, names: list[str]) -> dict[str, list[dict[str, Any]]]:
    return {name: meta.missing_ranges[name] for name in names if meta.missing_ranges.get(name)}


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


def _pyreadstat(raw: RawFile, options: Options, **wanted: Any) -> tuple[pd.DataFrame, Any]:
    import pyreadstat

    reader: Callable[..., Any] = getattr(pyreadstat, READERS[raw.suffix][0])
    if raw.suffix != ".por":
        wanted["encoding"] = options.get("encoding")
    if raw.suffix in WITH_REASONS:
        wanted.setdefault("user_missing", True)
    try:
        return reader(raw.source(), disable_datetime_conversion=True, **wanted)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError) as error:
        reason = str(error).strip().rstrip(".").lower()
        if "string" in reason or "encoding" in reason or isinstance(error, UnicodeDecodeError):
            raise wrong_text() from None
        raise UnreadableError(
            f"damaged, truncated or not a {raw.suffix} file ({reason})",
            "copy or export it once more; compare its size with that of the original",
        ) from None


def wrong_text() -> UnreadableError:
    """Return the refusal of a file whose texts are not in the encoding it states."""
    return UnreadableError(
        "text in the file is not in the encoding the file states",
        "set `file: {encoding: cp1252}` (or latin-1) in the codebook",
    )


def _chunks(raw: RawFile, options: Options, names: list[str]) -> Iterator[Chunk]:
    frame, meta = _pyreadstat(raw, options, usecols=names)
    if meta.number_rows is not None and meta.number_rows not in (-1, len(frame)):
        raise UnreadableError(
            f"truncated: {len(frame)} of {meta.number_rows} rows are there",
            "copy or export it once more; compare its size with that of the original",
        )
    _without_false_zeros(frame, raw, options, meta)
    for start in range(0, max(len(frame), 1), ROWS_AT_A_TIME):
        part = frame.iloc[start : start + ROWS_AT_A_TIME]
        yield _chunk(part, names, _ranges(meta, names), meta)


def _without_false_zeros(frame: pd.DataFrame, raw: RawFile, options: Options, meta: Any) -> None:
    """Make Stata's plain missing value missing in columns of whole numbers.

    Asked for tagged missing values, pyreadstat (1.3.7) makes "." a 0 in such columns if they have
    any; asked for none it does not.
    """
    mixed = [
        name
        for name in frame.columns
        if frame[name].dtype == object and meta.readstat_variable_types[name].startswith("int")
    ]
    if raw.suffix == ".dta" and mixed:
        plain = _pyreadstat(raw, options, usecols=mixed, user_missing=False)[0]
        for name in mixed:
            letters = frame[name].map(lambda value: isinstance(value, str)).astype(bool)
            frame[name] = plain[name].astype(object).where(~letters, frame[name])


def _chunk(
    frame: pd.DataFrame, names: list[str], ranges: dict[str, list[dict[str, Any]]], meta: Any
) -> Chunk:
    import pyarrow as pa

    texts, reasons = [], {}
    for name in names:
        column = frame[name]
        is_text = meta.readstat_variable_types[name] == "string"
        if is_text:
            text = arrow_texts(pa.array(column, pa.large_string(), from_pandas=True))
            text, reason = without_declared(text, None, ranges.get(name))
        else:
            text, reason = _numbers(column, ranges.get(name))
        texts.append(text)
        if reason is not None:
            reasons[name] = reason
    return Chunk(pa.table(texts, names), reasons)


def without_declared(
    text: pa.Array, values: np.ndarray | None, ranges: list[dict[str, Any]] | None
) -> tuple[pa.Array, pa.Array | None]:
    """Return a column without the values SPSS declares missing, and these alone.

    Parameters
    ----------
    text, values
        The column as text, and as numbers if it is one of numbers.
    ranges
        What is declared missing: ``lo`` and ``hi``, the same for a single value.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not ranges:
        return text, None
    if values is None:
        codes = {str(bounds["lo"]).strip() for bounds in ranges}
        declared = pc.fill_null(pc.is_in(text, pa.array(sorted(codes), text.type)), False)
    else:
        within = [(values >= bounds["lo"]) & (values <= bounds["hi"]) for bounds in ranges]
        declared = pa.array(np.logical_or.reduce(within))
    nothing = pa.scalar(None, text.type)
    return pc.if_else(declared, nothing, text), pc.if_else(declared, text, nothing)


def _numbers(
    column: pd.Series, ranges: list[dict[str, Any]] | None
) -> tuple[pa.Array, pa.Array | None]:
    """Return numbers as text, and the letters among them as reasons."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    if column.dtype != object:
        values = column.to_numpy()
        return without_declared(number_texts(values), values, ranges)
    letters = column.map(lambda value: isinstance(value, str)).to_numpy(dtype=bool)
    values = pd.to_numeric(column.mask(letters), errors="raise").to_numpy(dtype=np.float64)
    reason = pa.array(
        [f".{value}" if letter else None for value, letter in zip(column, letters, strict=True)],
        pa.large_string(),
    )
    return number_texts(values), reason if letters.any() else None
