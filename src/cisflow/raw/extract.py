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
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa

from cisflow.base.documents import did_you_mean
from cisflow.base.paths import Paths, files_of
from cisflow.base.problems import CisflowError, Problem
from cisflow.raw.joined import Part, join_parts
from cisflow.raw.opened import Labels, Options, code_key
from cisflow.raw.single import FORMATS, File, has_column, open_file, own_name, read_file, refusing

__all__ = [
    "FORMATS",
    "Extract",
    "OpenExtract",
    "code_key",
    "column_names",
    "files_of",
    "open_extract",
    "read_extract",
    "selected",
    "verify_checksum",
]


@dataclass(frozen=True)
class Extract:
    """Rows and columns of an extract, and what is to be known about them."""

    table: pd.DataFrame  # shape (rows kept, columns asked for), every column of dtype `string`
    rows: int  # number of rows of the (first) file, before any were chosen
    # How the file was read, such as `semicolon, decimal comma, Latin-1 (Windows-1252)`.
    read_as: str
    # Per column how many of the rows kept are missing for which declared reason: SPSS's
    # user-missing codes, Stata's .a to .z, SAS's .A to .Z; with the reason's label if it has one.
    reasons: dict[str, dict[str, int]] = field(default_factory=dict)
    # Per column from code to label, where the file has labels.
    value_labels: Labels = field(default_factory=dict)
    # Per column that chose rows: which values it has, in all rows; at most `MOST_VALUES`.
    found: dict[str, list[str]] = field(default_factory=dict)
    # Per further file how many rows met a partner; empty for a single file.
    joined: dict[str, Any] = field(default_factory=dict)
    # How many rows of the files were no firms, by kind: `totals`, `notes`, `headers`, `blanks`.
    left_out: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)  # what of the files was passed over, in words


class OpenExtract:
    """An extract whose columns are known and whose rows can be read; see :func:`open_extract`.

    Attributes
    ----------
    names
        Its columns, as the files write them.
    labels, value_labels
        The question's text per column; per column from code to label.
    """

    def __init__(self, files: list[File], key: str | None, heading: str):
        self._files = files
        self._key = key
        self._heading = heading
        # A column that several files have, such as the activity, is taken from the first.
        self._home: dict[str, File] = {}
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
                key = own_name(file, self._key)
                names = [key, *(name for name in names if name != key)]
            own = {own_name(file, c): v for c, v in conditions.items() if has_column(file, c)}
            with refusing(self._heading_of(file)):
                read = read_file(file, names, own, self._heading_of(file))
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
            dict(sum((Counter(file.opened.left_out) for file in self._files), Counter())),
            [remark for file in self._files for remark in file.opened.remarks],
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
        names = [name.casefold() for name in self.names]
        remedy = did_you_mean(column.casefold(), names, "correct `select:` in the config")
        raise CisflowError(
            self._heading, Problem(f"select: column '{column}' is not in the file", remedy)
        )

    def _heading_of(self, file: File) -> str:
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
        The `file:` section of a codebook: ``delimiter``, ``encoding``, ``decimal``, ``sheet``,
        ``label_row``, ``header_row``, ``all_rows``; and of the config: ``member`` (which file of a
        zip archive) and ``join`` (the column that identifies rows in all of several files).
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
        with refusing(shown):
            files.append(open_file(single, options))
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
            if not has_column(file, key)
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


def verify_checksum(path: Paths, sha256: str | Sequence[str] | None, heading: str) -> None:
    """Refuse files that are not the ones the config means; one checksum per file."""
    if sha256 is None:
        return
    files = files_of(path)
    sums = [sha256] if isinstance(sha256, str) else list(sha256)
    if len(sums) != len(files):
        what = f"sha256: {_counted(len(sums), 'checksum')} for {_counted(len(files), 'file')}"
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


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _frame(table: pa.Table, rows: int) -> pd.DataFrame:
    """Return a table as pandas has it, without copying its text."""
    frame = table.to_pandas(types_mapper={pa.large_string(): pd.StringDtype()}.get)
    return frame if table.num_columns else pd.DataFrame(index=pd.RangeIndex(rows))
