"""Open a raw extract, whatever its format, and read the rows and columns asked for.

Every value comes out as text, a number in its shortest form (``12``, not ``12.0``), a blank as
missing; so a codebook means the same whether the file came from SPSS, Stata or Excel, and an
identifier keeps its leading zeros. Each family of formats is a module; files may be packed in
``.gz`` or ``.zip``, and several files may be one extract.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cisflow.errors import CisflowError, Problem
from cisflow.extract.base import (
    Labels,
    Opened,
    Options,
    RawFile,
    UnreadableError,
    code_key,
)
from cisflow.extract.delimited import open_text
from cisflow.extract.joined import Part, join_parts
from cisflow.extract.packed import PACKED, raw_file
from cisflow.extract.progress import Progress
from cisflow.extract.sheets import open_parquet, open_workbook
from cisflow.extract.statistical import READERS, open_statistical
from cisflow.validation import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import pyarrow as pa

__all__ = [
    "FORMATS",
    "Extract",
    "OpenExtract",
    "code_key",
    "column_names",
    "configured",
    "files_of",
    "open_extract",
    "read_extract",
    "selected",
    "verify_checksum",
]

Paths = str | Path | Sequence[str | Path]
FORMATS: dict[str, Callable[[RawFile, Options], Opened]] = {
    **dict.fromkeys(READERS, open_statistical),
    **dict.fromkeys((".csv", ".tsv", ".txt"), open_text),
    ".xlsx": open_workbook,
    ".parquet": open_parquet,
}
# What the config may say on how to open a source, besides its codebook's `file:`.
CONFIG_KEYS = ("join", "member", "select")
# A column with more different values than this tells no countries or waves apart.
MOST_VALUES = 50


@dataclass(frozen=True)
class Extract:
    """Rows and columns of an extract, and what is to be known about them.

    Attributes
    ----------
    table
        Shape (rows kept, columns asked for), every column of dtype ``string``.
    rows
        Number of rows of the (first) file, before any were chosen.
    read_as
        How the file was read, such as ``semicolon, decimal comma, Latin-1 (Windows-1252)``.
    reasons
        Per column how many of the rows kept are missing for which declared reason: SPSS's
        user-missing codes, Stata's .a to .z, SAS's .A to .Z; with the reason's label if it has one.
    value_labels
        Per column from code to label, where the file has labels.
    found
        Per column that chose rows: which values it has, in all rows; at most ``MOST_VALUES``.
    joined
        Per further file how many rows met a partner; empty for a single file.
    """

    table: pd.DataFrame
    rows: int
    read_as: str
    reasons: dict[str, dict[str, int]] = field(default_factory=dict)
    value_labels: Labels = field(default_factory=dict)
    found: dict[str, list[str]] = field(default_factory=dict)
    joined: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _File:
    """One opened file of an extract."""

    path: Path
    raw: RawFile
    opened: Opened


class OpenExtract:
    """An extract whose columns are known and whose rows can be read; see :func:`open_extract`.

    Attributes
    ----------
    names
        Its columns, as the files write them.
    labels, value_labels
        The question's text per column; per column from code to label.
    """

    def __init__(self, files: list[_File], key: str | None, heading: str):
        self._files = files
        self._key = key
        self._heading = heading
        # A column that several files have, such as the activity, is taken from the first.
        self._home: dict[str, _File] = {}
        folded: set[str] = set()
        for file in files:
            for name in file.opened.names:
                if name.casefold() not in folded:
                    folded.add(name.casefold())
                    self._home[name] = file
        self.names = list(self._home)
        self.labels = {n: t for n, f in self._home.items() if (t := f.opened.labels.get(n))}
        self.value_labels = {
            n: codes for n, f in self._home.items() if (codes := f.opened.value_labels.get(n))
        }

    def read(
        self,
        columns: Collection[str] | Callable[[str], bool] | None = None,
        rows: Mapping[str, Collection[str]] | None = None,
    ) -> Extract:
        """Read some columns of some rows.

        Parameters
        ----------
        columns
            As for :func:`read_extract`.
        rows
            Per column (capitals do not matter) the values of the rows to keep; others are let go
            piece by piece, so that a country's rows of a pooled file need little memory. A file
            to be joined that lacks the column keeps all its rows.

        Raises
        ------
        CisflowError
            The file is damaged, or files cannot be joined.
        """
        wanted = self._chosen(columns)
        conditions = {self._named(c): {code_key(v) for v in vs} for c, vs in (rows or {}).items()}
        reasons: dict[str, dict[str, int]] = {}
        found: dict[str, list[str]] = {}
        parts, count = [], 0
        for i, file in enumerate(self._files):
            names = [name for name in wanted if self._home[name] is file]
            if self._key is not None:
                key = _own(file, self._key)
                names = [key, *(name for name in names if name != key)]
            own = {_own(file, c): values for c, values in conditions.items() if _has(file, c)}
            with _refusing(self._heading_of(file)):
                read = _read_file(file, names, own, self._heading_of(file))
            reasons |= read.labelled(file.opened.value_labels)
            found |= {name: values for name, values in read.found.items() if name not in found}
            count = count or read.rows if i == 0 else count
            parts.append(Part(file.path.name, names[0] if names else "", read.table))
        table = parts[0].table
        joined: dict[str, Any] = {}
        if len(parts) > 1:
            whole, joined, problems = join_parts(parts)
            if whole is None:
                raise CisflowError(self._heading, problems)
            table = whole
        labels = {n: codes for n, codes in self.value_labels.items() if n in wanted}
        return Extract(
            _frame(table.select(wanted), table.num_rows),
            count,
            self._read_as(),
            reasons,
            labels,
            found,
            joined,
        )

    def _chosen(self, columns: Collection[str] | Callable[[str], bool] | None) -> list[str]:
        if columns is None:
            return self.names
        if callable(columns):
            return [name for name in self.names if columns(name)]
        wanted = {column.casefold() for column in columns}
        return [name for name in self.names if name.casefold() in wanted]

    def _named(self, column: str) -> str:
        """Return a column that chooses rows, as the first file that has it writes it."""
        for name in self.names:
            if name.casefold() == column.casefold():
                return name
        near = did_you_mean(column.casefold(), [name.casefold() for name in self.names])
        remedy = f"{near}; correct `select:` in the config"
        raise CisflowError(
            self._heading, Problem(f"select: column '{column}' is not in the file", remedy)
        )

    def _heading_of(self, file: _File) -> str:
        return self._heading if len(self._files) == 1 else f"{self._heading}, {file.path.name}"

    def _read_as(self) -> str:
        said = []
        for file in self._files:
            packing = [file.raw.packing] if file.raw.packing else []
            words = ", ".join([*packing, *file.opened.how])
            said.append(words if len(self._files) == 1 else f"{file.path.name}: {words}")
        return "; ".join(said)


def open_extract(
    path: Paths, options: Options | None = None, heading: str | None = None
) -> OpenExtract:
    """Open an extract and learn its columns.

    Parameters
    ----------
    path
        A file whose ending is one of :data:`FORMATS`, perhaps packed in ``.gz`` or ``.zip``; or
        several of them, to be joined.
    options
        The `file:` section of a codebook: ``delimiter``, ``encoding``, ``decimal``, ``sheet``; and
        of the config: ``member`` (which file of a zip archive) and ``join`` (the column that
        identifies rows in all of several files).
    heading
        What to call the extract in messages; its path when not given.

    Raises
    ------
    CisflowError
        A file is absent, empty, damaged, of an unknown kind, or not in the encoding or with the
        delimiter stated; or the column to join by is not in every file.
    """
    paths = files_of(path)
    options = options or {}
    heading = heading or " + ".join(p.as_posix() for p in paths)
    files = []
    for single in paths:
        shown = heading if len(paths) == 1 else f"{heading}, {single.name}"
        with _refusing(shown):
            files.append(_open_file(single, options))
            _refuse_twins(files[-1].opened.names)
    key = options.get("join") if len(paths) > 1 else None
    if len(paths) > 1 and key is None:
        remedy = "add the column that identifies firms in all of them beside `file:`: `join: ID`"
        raise CisflowError(heading, Problem("several files and no `join:`", remedy))
    if key is not None:
        problems = [
            Problem(
                f"join: column '{key}' is not in {file.path.name}",
                did_you_mean(key.casefold(), [name.casefold() for name in file.opened.names]),
            )
            for file in files
            if not _has(file, key)
        ]
        if problems:
            raise CisflowError(heading, problems)
    return OpenExtract(files, key, heading)


def column_names(
    path: Paths, options: Options | None = None, heading: str | None = None
) -> list[str]:
    """Return the names of the columns of an extract, as the file writes them.

    Parameters
    ----------
    path, options, heading
        As for :func:`open_extract`.
    """
    return open_extract(path, options, heading).names


def read_extract(
    path: Paths,
    columns: Collection[str] | Callable[[str], bool] | None = None,
    options: Options | None = None,
    heading: str | None = None,
) -> pd.DataFrame:
    """Read an extract as text.

    Parameters
    ----------
    columns
        Which columns to read: names, of which capitals do not matter and absent ones are passed
        over, or a function of a name; all when not given.
    path, options, heading
        As for :func:`open_extract`; ``select`` among the options chooses rows.

    Returns
    -------
    pandas.DataFrame
        Shape (rows, columns asked for), every column of dtype ``string``. What SPSS, Stata or SAS
        declare as missing is missing.

    Raises
    ------
    CisflowError
        As :func:`open_extract`.
    """
    rows = selected(options or {})
    return open_extract(path, options, heading).read(columns, rows).table


def selected(options: Options) -> dict[str, list[str]]:
    """Return which values rows must have, by column, from the ``select`` of the config."""
    return {
        column: [str(value) for value in (values if isinstance(values, list) else [values])]
        for column, values in options.get("select", {}).items()
    }


def configured(codebook: dict[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a codebook whose ``file`` section also holds what the config says on opening.

    Parameters
    ----------
    source
        An entry of the config, with perhaps ``join``, ``member`` and ``select``.
    """
    stated = {key: source[key] for key in CONFIG_KEYS if key in source}
    return {**codebook, "file": {**codebook.get("file", {}), **stated}} if stated else codebook


def files_of(path: Paths) -> list[Path]:
    """Return the files an extract is made of."""
    return [Path(path)] if isinstance(path, str | Path) else [Path(single) for single in path]


def verify_checksum(path: Paths, sha256: str | Sequence[str] | None, heading: str) -> None:
    """Refuse files that are not the ones the config means; one checksum per file."""
    if sha256 is None:
        return
    files = files_of(path)
    sums = [sha256] if isinstance(sha256, str) else list(sha256)
    if len(sums) != len(files):
        what = f"sha256: {len(sums)} checksums for {len(files)} files"
        raise CisflowError(heading, Problem(what, "give one per file, in the order of `file:`"))
    for file, expected in zip(files, sums, strict=True):
        if not file.is_file():
            continue
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest != expected.lower():
            which = "the file" if len(files) == 1 else file.name
            raise CisflowError(
                heading,
                Problem(
                    f"{which} is not the one the config means: its SHA-256 differs from `sha256:`",
                    "get the file named in data/README.md, or if a newer release is meant, "
                    "correct `sha256:` in the config",
                ),
            )


# --- one file -----------------------------------------------------------------------------------


@contextmanager
def _refusing(heading: str) -> Iterator[None]:
    """Put the heading over what a reader refuses."""
    import gzip
    import zipfile
    import zlib

    try:
        yield
    except UnreadableError as error:
        raise CisflowError(heading, error.problem) from None
    except (gzip.BadGzipFile, EOFError, zlib.error, zipfile.BadZipFile):
        problem = Problem(
            "the archive is damaged or truncated",
            "copy it once more; compare its size with that of the original",
        )
        raise CisflowError(heading, problem) from None


def _open_file(path: Path, options: Options) -> _File:
    if not path.is_file():
        near = (
            [p.name for p in path.parent.glob("*") if p.is_file()] if path.parent.is_dir() else []
        )
        hint = f"; {did_you_mean(path.name, near)}" if near else ""
        raise UnreadableError(
            "the file does not exist",
            f"put it there or correct `file:` in the config (see data/README.md){hint}",
        )
    kinds = (*FORMATS, *PACKED)
    if path.suffix.lower() not in kinds:
        remedy = f"export it as {', '.join(kinds)}"
        raise UnreadableError(f"files ending in '{path.suffix}' cannot be read", remedy)
    if path.stat().st_size == 0:
        raise UnreadableError("the file is empty (0 bytes)", "copy or export it once more")
    raw = raw_file(path, options, tuple(FORMATS))
    if raw.suffix not in FORMATS:
        what = f"files ending in '{raw.suffix}' cannot be read"
        inside = "; inside .gz the name must tell the format, as in firms.csv.gz"
        raise UnreadableError(what, f"export it as {', '.join(FORMATS)}{inside}")
    return _File(path, raw, FORMATS[raw.suffix](raw, options))


def _refuse_twins(names: list[str]) -> None:
    seen = Counter(name.casefold() for name in names)
    twice = [name for name, count in seen.items() if count > 1]
    if twice:
        listed = ", ".join(repr(" ".join(name.split())) for name in twice[:5])
        raise UnreadableError(
            f"more than one column has the name {listed}",
            "rename or remove one of each; capitals do not make names different",
        )


def _has(file: _File, column: str) -> bool:
    return any(name.casefold() == column.casefold() for name in file.opened.names)


def _own(file: _File, column: str) -> str:
    """Return a column as the file writes it."""
    return next(name for name in file.opened.names if name.casefold() == column.casefold())


@dataclass
class _Rows:
    """What was read from one file."""

    table: pa.Table
    rows: int
    reasons: dict[str, Counter[str]]
    found: dict[str, list[str]]

    def labelled(self, labels: Labels) -> dict[str, dict[str, int]]:
        return {
            name: {
                f"{code} ({label})" if (label := labels.get(name, {}).get(code)) else code: n
                for code, n in sorted(counts.items())
            }
            for name, counts in self.reasons.items()
            if counts
        }


def _read_file(
    file: _File, names: list[str], conditions: dict[str, set[str]], heading: str
) -> _Rows:
    """Read the rows that meet all conditions."""
    import pyarrow as pa

    opened = file.opened
    needed = [*names, *(column for column in conditions if column not in names)]
    # Readers want at least one column to count the rows by.
    needed = needed or opened.names[:1]
    progress = Progress(heading)
    tables, count = [], 0
    reasons: dict[str, Counter[str]] = {}
    found: dict[str, set[str]] = {column: set() for column in conditions}
    for chunk in opened.read(needed):
        count += chunk.text.num_rows
        kept = _kept(chunk.text, conditions, found)
        tables.append(chunk.text if kept is None else chunk.text.filter(kept))
        for name, reason in chunk.reasons.items():
            stated = (reason if kept is None else reason.filter(kept)).drop_null()
            reasons.setdefault(name, Counter()).update(stated.to_pylist())
        progress.step(count, chunk.share)
    progress.done(count)
    empty = pa.table([pa.array([], pa.large_string()) for _ in needed], needed)
    table = pa.concat_tables([empty, *tables])
    if opened.finish is not None:
        table = opened.finish(table)
    few = {c: sorted(values) for c, values in found.items() if len(values) <= MOST_VALUES}
    return _Rows(table if not names else table.select(names), count, reasons, few)


def _kept(text: pa.Table, conditions: dict[str, set[str]], found: dict[str, set[str]]) -> Any:
    """Return which rows meet all conditions, None for all of them; note the values there are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kept = None
    for column, keys in conditions.items():
        values = text[column].combine_chunks().dictionary_encode()
        different = values.dictionary.to_pylist()
        if len(found[column]) <= MOST_VALUES:
            found[column].update(different[: MOST_VALUES + 1])
        meets = pa.array([code_key(value) in keys for value in different], pa.bool_())
        here = pc.fill_null(meets.take(values.indices), False)
        kept = here if kept is None else pc.and_(kept, here)
    return kept


def _frame(table: pa.Table, rows: int) -> pd.DataFrame:
    """Return a table as pandas has it, without copying its text."""
    import pandas as pd
    import pyarrow as pa

    frame = table.to_pandas(types_mapper={pa.large_string(): pd.StringDtype()}.get)
    return frame if table.num_columns else pd.DataFrame(index=pd.RangeIndex(rows))
