"""R's .rds and .RData; rdata takes them apart, and what haven says of its columns is kept.

Only data are looked at: functions and environments in a file are never run, nor made into anything.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rdata.parser import DEFAULT_ALTREP_MAP, CharFlags, RObject, RObjectType, parse_data

from cisflow.base.archives import most_unpacked
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

# Every text of a file becomes an object of its own, so that memory is a multiple of this.
MOST_BYTES, MOST_VALUES, PIECE = 1 << 29, 1 << 28, 1 << 22
UNPACKED: Mapping[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}
# What a damaged file makes rdata raise; its checks are assertions.
BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    lzma.LZMAError,
)
COPY_AGAIN = "copy it once more, or save the data frame anew with saveRDS()"
ANOTHER_FORMAT = "save the data frame as .sav (haven::write_sav) or as Parquet"
# In the lower half of R's NA is the year 1954; haven's tagged ones have a letter in the upper half.
NA_YEAR, TAG_PLACE = 1954, 32


def open_r(raw: RawFile, options: Options) -> Opened:
    """Open the data frame of a file of R's; see :class:`~cisflow.raw.opened.Opened`."""
    data = _unpacked(raw)
    try:
        parsed = parse_data(
            data,
            altrep_constructor_dict=_bounded_constructors(),
            extension=".rda" if data.startswith(b"RD") else ".rds",
        )
        encoding = options.get("encoding") or _text(parsed.extra.encoding, "ascii") or "utf-8"
        name, frame = _chosen(dict(_frames(parsed.object, encoding)), options)
        columns = _columns(frame, encoding)
    except UnreadableError:
        raise
    except RecursionError:
        what = "it holds more objects, or deeper ones, than can be read"
        raise UnreadableError(what, "save the data frame alone with saveRDS()") from None
    except BROKEN:
        raise UnreadableError("damaged, truncated or not a file of R's", COPY_AGAIN) from None
    lists = [column for column, entry in columns.items() if entry is None]
    known = {column: entry for column, entry in columns.items() if entry is not None}
    if not known:
        raise UnreadableError("the data frame has no columns", COPY_AGAIN)
    if len({len(entry.text) for entry in known.values()}) > 1:
        raise UnreadableError("its columns are not of one length: truncated?", COPY_AGAIN)

    def read(names: list[str]) -> Iterator[Chunk]:
        apart = told_apart if options.get("stored_apart") else lambda texts: texts
        texts = [apart(known[n].text) if known[n].numeric else known[n].text for n in names]
        reasons = {n: r for n in names if (r := known[n].reasons) is not None}
        yield Chunk(pa.table(texts, names), reasons)

    remarks = [f"columns of lists passed over: {len(lists)}"] if lists else []
    how = ["R" if name is None else f"R, data frame '{name}'", *remarks]
    labels = {n: entry.label for n, entry in known.items() if entry.label}
    codes: Labels = {n: entry.codes for n, entry in known.items() if entry.codes}
    return Opened(list(known), read, how, None, labels, codes, {}, remarks)


# --- bytes --------------------------------------------------------------------------------------


def _unpacked(raw: RawFile) -> bytes:
    """Return the bytes of a file, unpacked, as far as they are of a size that can be read."""
    with raw.stream() as stream:
        packed = _bounded_read(stream, MOST_BYTES)
    for signature, opener in UNPACKED.items():
        if packed.startswith(signature):
            most = min(MOST_BYTES, most_unpacked(len(packed)))
            try:
                with opener(io.BytesIO(packed)) as unpacked:
                    return _bounded_read(unpacked, most)
            except (OSError, EOFError, lzma.LZMAError, MemoryError):
                what = "damaged or truncated: it cannot be unpacked"
                raise UnreadableError(what, COPY_AGAIN) from None
    return packed


def _bounded_read(stream: IO[bytes], most: int) -> bytes:
    pieces, size = [], 0
    while piece := stream.read(PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise UnreadableError(f"it has more than {most:,} bytes when unpacked", ANOTHER_FORMAT)
    return b"".join(pieces)


def _bounded_constructors() -> dict[bytes, Any]:
    """Return how numbers that R notes as "1 to n" are written out, for an n that fits."""

    def bounded(constructor: Callable[[RObject], Any]) -> Callable[[RObject], Any]:
        def build(state: RObject) -> Any:
            if float(state.value[0]) > MOST_VALUES:
                raise ValueError("a column of more values than any survey has")
            return constructor(state)

        return build

    sequences = (b"compact_intseq", b"compact_realseq")
    return {
        name: bounded(constructor) if name in sequences else constructor
        for name, constructor in DEFAULT_ALTREP_MAP.items()
    }


# --- objects ------------------------------------------------------------------------------------


def _resolved(thing: RObject) -> RObject:
    while thing.info.type == RObjectType.REF and thing.referenced_object is not None:
        thing = thing.referenced_object
    return thing


def _pairs(thing: RObject | None, encoding: str) -> Iterator[tuple[str, RObject]]:
    """Yield names and objects of a pair list."""
    while thing is not None and thing.info.type == RObjectType.LIST:
        if thing.tag is not None:
            yield _text(_resolved(thing.tag).value, encoding) or "", thing.value[0]
        thing = thing.value[1]


def _text(thing: Any, encoding: str) -> str | None:
    """Return a text of R's: bytes, or the object that holds them and says how they are written."""
    flags = 0
    if isinstance(thing, RObject):
        flags, thing = int(thing.info.gp), thing.value
    if not isinstance(thing, bytes):
        return thing if isinstance(thing, str) else None
    known = (
        "utf-8" if flags & CharFlags.UTF8 else "cp1252" if flags & CharFlags.LATIN1 else encoding
    )
    try:
        return thing.decode(known)
    except (UnicodeDecodeError, LookupError):
        return thing.decode("cp1252", "replace")


def _texts(thing: RObject | None, encoding: str) -> list[str | None]:
    if thing is None or thing.info.type != RObjectType.STR:
        return []
    return [_text(_resolved(part), encoding) for part in thing.value]


def _frames(thing: RObject, encoding: str) -> Iterator[tuple[str | None, RObject]]:
    """Yield the data frames of a file by name; None is that of one that holds nothing else."""
    if thing.info.type == RObjectType.LIST:
        for name, part in _pairs(thing, encoding):
            if _is_frame(part, encoding):
                yield name, part
    elif _is_frame(thing, encoding):
        yield None, thing


def _is_frame(thing: RObject, encoding: str) -> bool:
    if thing.info.type != RObjectType.VEC:
        return False
    about = dict(_pairs(thing.attributes, encoding))
    return "data.frame" in _texts(about.get("class"), encoding)


def _chosen(frames: Mapping[str | None, RObject], options: Options) -> tuple[str | None, RObject]:
    wanted = options.get("sheet")
    if None in frames:
        return None, frames[None]
    if wanted in frames:
        return wanted, frames[wanted]
    listed = ", ".join(f"'{name}'" for name in list(frames)[:10])
    if not frames:
        what = "it holds no data frame"
        raise UnreadableError(what, "save the one with the data with saveRDS()")
    if wanted is not None:
        what = f"there is no data frame '{wanted}'; the file has {listed}"
        raise UnreadableError(what, "set `sheet:` in the config to one of these")
    if len(frames) > 1:
        what = f"it holds several data frames: {listed}"
        raise UnreadableError(what, "say which one is meant: `sheet:` in the config names it")
    return next(iter(frames.items()))


# --- columns ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Column:
    """A column: its values, and what haven says of it."""

    text: Any
    numeric: bool = True
    reasons: Any = None
    label: str = ""
    codes: dict[str, str] = field(default_factory=dict)


def _columns(frame: RObject, encoding: str) -> dict[str, _Column | None]:
    """Return the columns of a data frame; None for what is no column of values."""
    about = dict(_pairs(frame.attributes, encoding))
    names = [name or "" for name in _texts(about.get("names"), encoding)]
    if len(names) != len(frame.value):
        raise ValueError("as many names as columns")
    parts = zip(names, frame.value, strict=True)
    return {name: _column(_resolved(part), encoding) for name, part in parts}


def _column(thing: RObject, encoding: str) -> _Column | None:
    about = dict(_pairs(thing.attributes, encoding))
    kinds = _texts(about.get("class"), encoding)
    label = next(iter(_texts(about.get("label"), encoding)), "") or ""
    if thing.info.type == RObjectType.STR:
        text = arrow_texts(pa.array(_texts(thing, encoding), pa.large_string()))
        return _Column(text, numeric=False, label=label, codes=_codes(about, encoding))
    if thing.info.type not in (RObjectType.INT, RObjectType.REAL, RObjectType.LGL):
        return None
    values = np.ma.asarray(thing.value)
    if "factor" in kinds:
        return _Column(_levels(values, about, encoding), numeric=False, label=label)
    if {"Date", "POSIXct"} & set(kinds):
        return _Column(_dates(values, per_day=1 if "Date" in kinds else 86_400), False, label=label)
    numbers, tags = _numbers(values)
    text, declared = _without_declared(numbers, arrow_texts(numbers), about)
    reasons = [part for part in (tags, declared) if part is not None]
    reason = pc.coalesce(*reasons) if reasons else None
    return _Column(text, True, reason, label, _codes(about, encoding))


def _numbers(values: Any) -> tuple[Any, Any]:
    """Return numbers, and the letters of haven's tagged missing values where there are any."""
    mask = np.ma.getmaskarray(values)
    plain = np.ma.getdata(values)
    if plain.dtype != np.float64:
        whole = plain.astype(np.int64)
        return pa.array(whole, mask=mask | (whole == np.iinfo(np.int32).min)), None
    bits = plain.view(np.uint64)
    letters = (bits >> np.uint64(TAG_PLACE)) & np.uint64(0xFF)
    tagged = np.isnan(plain) & ((bits & np.uint64(0xFFFFFFFF)) == NA_YEAR) & (letters > 0)
    numbers = pa.array(plain, mask=mask | np.isnan(plain))
    if not tagged.any():
        return numbers, None
    tags = [f".{chr(int(c))}" if t else None for t, c in zip(tagged, letters, strict=True)]
    return numbers, pa.array(tags, pa.large_string())


def _without_declared(numbers: Any, text: Any, about: Mapping[str, RObject]) -> tuple[Any, Any]:
    """Return texts without the values SPSS declared missing, and these."""
    declared = pa.scalar(False)
    if "na_values" in about:
        listed = pa.array(np.asarray(about["na_values"].value, float))
        declared = pc.is_in(numbers.cast(pa.float64()), listed)
    if "na_range" in about:
        low, high = (float(v) for v in np.asarray(about["na_range"].value)[:2])
        within = pc.and_(pc.greater_equal(numbers, low), pc.less_equal(numbers, high))
        declared = pc.or_(declared, pc.fill_null(within, False))
    if isinstance(declared, pa.Scalar):
        return text, None
    nothing = pa.scalar(None, text.type)
    return pc.if_else(declared, nothing, text), pc.if_else(declared, text, nothing)


def _codes(about: Mapping[str, RObject], encoding: str) -> dict[str, str]:
    """Return the labels of codes as haven keeps them."""
    labels = about.get("labels")
    if labels is None:
        return {}
    names = _texts(dict(_pairs(labels.attributes, encoding)).get("names"), encoding)
    if labels.info.type == RObjectType.STR:
        codes = _texts(labels, encoding)
    else:
        numbers, tags = _numbers(np.ma.asarray(labels.value))
        codes = arrow_texts(numbers).to_pylist()
        codes = [t or c for t, c in zip(tags.to_pylist(), codes, strict=True)] if tags else codes
    pairs = zip(codes, names, strict=True)
    return {value_text(c) or "": n for c, n in pairs if c is not None and n}


def _levels(values: Any, about: Mapping[str, RObject], encoding: str) -> Any:
    levels = pa.array(_texts(about.get("levels"), encoding), pa.large_string())
    numbers = np.ma.getdata(values).astype(np.int64)
    outside = np.ma.getmaskarray(values) | (numbers < 1) | (numbers > len(levels))
    return arrow_texts(levels.take(pa.array(numbers - 1, mask=outside)))


def _dates(values: Any, per_day: int) -> Any:
    """Return days (or seconds) since 1970 as dates."""
    numbers = np.ma.filled(np.ma.asarray(values, float), np.nan) / per_day
    told = [_day(number) for number in numbers.tolist()]
    return pa.array(told, pa.large_string())


def _day(days: float) -> str | None:
    if days != days:
        return None
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days)).date().isoformat()
    except OverflowError:
        return None
