"""Open a raw extract, whatever its format, and read the columns asked for.

Every value comes out as text, a number in its shortest form (``12``, not ``12.0``), a blank as
missing; so a codebook means the same whether the file came from SPSS, Stata or Excel, and an
identifier keeps its leading zeros.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cisflow.errors import CisflowError, Problem
from cisflow.validation import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
Options = dict[str, Any]


class _UnreadableError(Exception):
    """A file its reader cannot make sense of; carries what is wrong and the remedy."""

    def __init__(self, what: str, remedy: str):
        super().__init__(what)
        self.problem = Problem(what, remedy)


def column_names(
    path: str | Path, options: Options | None = None, heading: str | None = None
) -> list[str]:
    """Return the names of the columns of an extract, as the file writes them.

    Parameters
    ----------
    path, options, heading
        As for :func:`read_extract`.
    """
    path = Path(path)
    heading = heading or path.as_posix()
    return _names(path, _format_of(path, heading), options or {}, heading)


def read_extract(
    path: str | Path,
    columns: Collection[str] | Callable[[str], bool] | None = None,
    options: Options | None = None,
    heading: str | None = None,
) -> pd.DataFrame:
    """Read an extract as text.

    Parameters
    ----------
    path
        A file ending in .sav, .zsav, .dta, .sas7bdat, .csv, .tsv, .txt, .xlsx or .parquet.
    columns
        Which columns to read: names, of which capitals do not matter and absent ones are passed
        over, or a function of a name; all when not given.
    options
        The `file:` section of a codebook: ``delimiter``, ``encoding``, ``sheet``.
    heading
        What to call the file in messages; its path when not given.

    Returns
    -------
    pandas.DataFrame
        Shape (rows, columns asked for), every column of dtype ``string``. Codes that SPSS or Stata
        declare as user-missing are missing.

    Raises
    ------
    CisflowError
        The file is absent, empty, damaged, of an unknown kind, or not in the encoding or with the
        delimiter stated.
    """
    path = Path(path)
    options = options or {}
    heading = heading or path.as_posix()
    form = _format_of(path, heading)
    names = _names(path, form, options, heading)
    if columns is None:
        chosen = names
    elif callable(columns):
        chosen = [name for name in names if columns(name)]
    else:
        wanted = {column.casefold() for column in columns}
        chosen = [name for name in names if name.casefold() in wanted]
    try:
        frame = form.read(path, chosen, options)
    except _UnreadableError as error:
        raise CisflowError(heading, error.problem) from None
    return _as_text(frame)


def verify_checksum(path: str | Path, sha256: str | None, heading: str) -> None:
    """Refuse a file that is not the one the config means."""
    if sha256 is None or not Path(path).is_file():
        return
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != sha256.lower():
        raise CisflowError(
            heading,
            Problem(
                "the file is not the one the config means: its SHA-256 differs from `sha256:`",
                "get the file named in data/README.md, or if a newer release is meant, "
                "correct `sha256:` in the config",
            ),
        )


@dataclass(frozen=True)
class _Format:
    """How to list the columns of a kind of file, and how to read some of them."""

    names: Callable[[Path, Options], list[str]]
    read: Callable[[Path, list[str], Options], pd.DataFrame]


def _format_of(path: Path, heading: str) -> _Format:
    if not path.is_file():
        near = (
            [p.name for p in path.parent.glob("*") if p.is_file()] if path.parent.is_dir() else []
        )
        hint = f"; {did_you_mean(path.name, near)}" if near else ""
        remedy = f"put it there or correct `file:` in the config (see data/README.md){hint}"
        raise CisflowError(heading, Problem("the file does not exist", remedy))
    if path.suffix.lower() not in FORMATS:
        what = f"files ending in '{path.suffix}' cannot be read"
        raise CisflowError(heading, Problem(what, f"export it as {', '.join(FORMATS)}"))
    if path.stat().st_size == 0:
        raise CisflowError(
            heading, Problem("the file is empty (0 bytes)", "copy or export it once more")
        )
    return FORMATS[path.suffix.lower()]


def _names(path: Path, form: _Format, options: Options, heading: str) -> list[str]:
    try:
        names = form.names(path, options)
    except _UnreadableError as error:
        raise CisflowError(heading, error.problem) from None
    seen: dict[str, int] = {}
    for name in names:
        seen[name.casefold()] = seen.get(name.casefold(), 0) + 1
    twice = [name for name, count in seen.items() if count > 1]
    if twice:
        listed = ", ".join(repr(" ".join(name.split())) for name in twice[:5])
        what = f"more than one column has the name {listed}"
        remedy = "rename or remove one of each; capitals do not make names different"
        raise CisflowError(heading, Problem(what, remedy))
    return names


# --- SPSS, Stata, SAS ---------------------------------------------------------------------------


def _statistical(path: Path, options: Options, **wanted: Any) -> tuple[pd.DataFrame, Any]:
    import pyreadstat

    readers: dict[str, Callable[..., Any]] = {
        ".sav": pyreadstat.read_sav,
        ".zsav": pyreadstat.read_sav,
        ".dta": pyreadstat.read_dta,
        ".sas7bdat": pyreadstat.read_sas7bdat,
    }
    encoding = options.get("encoding")
    try:
        return readers[path.suffix.lower()](
            str(path), disable_datetime_conversion=True, encoding=encoding, **wanted
        )
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError) as error:
        reason = str(error).strip().rstrip(".").lower()
        if "string" in reason or "encoding" in reason or isinstance(error, UnicodeDecodeError):
            raise _UnreadableError(
                "text in the file is not in the encoding the file states",
                "set `file: {encoding: cp1252}` (or latin-1) in the codebook",
            ) from None
        raise _UnreadableError(
            f"damaged, truncated or not a {path.suffix} file ({reason})",
            "copy or export it once more; compare its size with that of the original",
        ) from None


def _statistical_names(path: Path, options: Options) -> list[str]:
    return list(_statistical(path, options, metadataonly=True)[1].column_names)


def _read_statistical(path: Path, names: list[str], options: Options) -> pd.DataFrame:
    frame, meta = _statistical(path, options, usecols=names)
    if meta.number_rows is not None and meta.number_rows != len(frame):
        raise _UnreadableError(
            f"truncated: {len(frame)} of {meta.number_rows} rows are there",
            "copy or export it once more; compare its size with that of the original",
        )
    return frame[names]


# --- text ---------------------------------------------------------------------------------------


def _decoded(path: Path, options: Options) -> str:
    """Return the text of a file: in the encoding stated, else in UTF-16 or UTF-8."""
    raw = path.read_bytes()
    encoding = options.get("encoding") or _unicode(raw)
    try:
        text = raw.decode(encoding)
    except LookupError:
        raise _UnreadableError(
            f"file.encoding: there is no encoding '{encoding}'", "use utf-8, cp1252 or latin-1"
        ) from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _UnreadableError(
            f"line {line} is not {encoding.removesuffix('-sig').upper()} text",
            "set `file: {encoding: cp1252}` (or latin-1) in the codebook, or save it as UTF-8",
        ) from None
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise _UnreadableError("the file holds nothing but blanks", "copy or export it once more")
    return text


def _unicode(raw: bytes) -> str:
    """Return which Unicode encoding a text is in, by its byte-order mark or its zero bytes."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    start = raw[:200]
    # Western headers in UTF-16 have a zero beside every letter; UTF-8 text has none at all.
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    return "utf-16-be" if start[::2].count(0) > len(start) // 4 else "utf-8-sig"


def _header(text: str, delimiter: str) -> list[str]:
    return [name.strip() for name in next(csv.reader(io.StringIO(text), delimiter=delimiter))]


def _delimiter(text: str, options: Options) -> str:
    """Return the delimiter stated, else the one that splits the header into most columns."""
    columns = {delimiter: len(_header(text, delimiter)) for delimiter in DELIMITERS}
    best = max(columns, key=lambda delimiter: columns[delimiter])
    stated = options.get("delimiter")
    if stated is None and columns[best] > 1:
        return best
    if stated is not None and len(_header(text, stated)) > 1:
        return stated
    used = DELIMITERS.get(stated, repr(stated)) if stated else "comma, semicolon, tab or bar"
    if columns[best] > 1:
        remedy = (
            f"the header looks separated by {DELIMITERS[best]}: set `file: {{delimiter: {best!r}}}`"
        )
    else:
        remedy = "set `file: {delimiter: …}` in the codebook to what separates its columns"
    raise _UnreadableError(f"only one column when separated by {used}", remedy)


def _text_names(path: Path, options: Options) -> list[str]:
    text = _decoded(path, options)
    return _header(text, _delimiter(text, options))


def _read_text(path: Path, names: list[str], options: Options) -> pd.DataFrame:
    import pandas as pd

    text = _decoded(path, options)
    rows = csv.reader(io.StringIO(text), delimiter=_delimiter(text, options))
    header = [name.strip() for name in next(rows)]
    places = [header.index(name) for name in names]
    kept: list[list[str]] = []
    # Lines and not rows are counted, because that is what an editor shows.
    unfit: list[int] = []
    try:
        for row in rows:
            # Some programs end each row with one delimiter more than they end the header.
            if len(row) >= len(header) and not any(row[len(header) :]):
                kept.append([row[place] for place in places])
            elif any(row):
                unfit.append(rows.line_num)
    except csv.Error as error:
        raise _UnreadableError(
            f"line {rows.line_num} cannot be taken apart ({error})",
            "is a quotation mark left open?",
        ) from None
    if unfit:
        count = "1 row does" if len(unfit) == 1 else f"{len(unfit)} rows do"
        raise _UnreadableError(
            f"{count} not have the {len(header)} cells of the header, first in line {unfit[0]}",
            "look at that line: is the delimiter inside a text without quotes, or the end cut off?",
        )
    return pd.DataFrame(kept, columns=names, dtype="string")


# --- Excel and Parquet --------------------------------------------------------------------------


def _sheet(path: Path, options: Options) -> list[list[Any]]:
    """Return the rows of the sheet asked for, the header first."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(str(path))
    except CalamineError:
        raise _UnreadableError(
            "damaged, truncated or not an Excel workbook", "open it in Excel and save it once more"
        ) from None
    name = options.get("sheet", workbook.sheet_names[0])
    if name not in workbook.sheet_names:
        sheets = ", ".join(f"'{sheet}'" for sheet in workbook.sheet_names)
        raise _UnreadableError(
            f"there is no sheet '{name}'; the file has {sheets}",
            "set `file: {sheet: …}` in the codebook to one of these",
        )
    rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=True)
    if not rows:
        raise _UnreadableError(
            f"the sheet '{name}' is empty", "set `file: {sheet: …}` to another one"
        )
    return rows


def _sheet_names(path: Path, options: Options) -> list[str]:
    # A column without a header, such as the row counter of an Orbis export, is nobody's.
    return [str(cell).strip() for cell in _sheet(path, options)[0] if str(cell).strip()]


def _read_sheet(path: Path, names: list[str], options: Options) -> pd.DataFrame:
    import pandas as pd

    header, *rows = _sheet(path, options)
    place = {str(cell).strip(): i for i, cell in enumerate(header)}
    return pd.DataFrame(
        {name: pd.Series([row[place[name]] for row in rows], dtype=object) for name in names}
    )


def _parquet_names(path: Path, options: Options) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowInvalid, OSError):
        raise _UnreadableError(
            "damaged, truncated or not a Parquet file", "copy or export it once more"
        ) from None


def _read_parquet(path: Path, names: list[str], options: Options) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(path, columns=names)


_STATISTICAL = _Format(_statistical_names, _read_statistical)
_TEXT = _Format(_text_names, _read_text)
FORMATS: dict[str, _Format] = {
    ".sav": _STATISTICAL,
    ".zsav": _STATISTICAL,
    ".dta": _STATISTICAL,
    ".sas7bdat": _STATISTICAL,
    ".csv": _TEXT,
    ".tsv": _TEXT,
    ".txt": _TEXT,
    ".xlsx": _Format(_sheet_names, _read_sheet),
    ".parquet": _Format(_parquet_names, _read_parquet),
}


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    columns = {}
    for name in frame.columns:
        column = frame[name]
        if isinstance(column.dtype, pd.StringDtype):
            stripped = column.str.strip()
            columns[name] = stripped.mask(stripped == "")
        else:
            columns[name] = column.map(_text_of, na_action="ignore")
    return pd.DataFrame(columns, index=frame.index).astype("string")


def _text_of(value: Any) -> str | None:
    """Return a value as text: numbers in their shortest form, yes/no as 1/0, blanks as None."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
