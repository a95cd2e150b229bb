"""Several files of one wave as one: rows that have the same identifier are put side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cisflow.base.problems import Problem, counted


@dataclass(frozen=True)
class Part:
    """The rows read from one of several files: its name, and the column that identifies rows."""

    file: str
    key: str
    table: pa.Table


def join_parts(parts: Sequence[Part]) -> tuple[pa.Table | None, dict[str, Any], list[Problem]]:
    """Put the columns of later files beside the rows of the first.

    The first file says which firms there are. Identifiers that only one side has are counted.

    Returns
    -------
    table
        The rows of the first file with the columns of all; None if there is a problem.
    counts
        Per later file: ``rows``, ``matched``, ``without_partner`` (rows of it that the first file
        lacks) and ``not_in_it`` (rows of the first file it lacks). Ready for JSON.
    problems
        Identifiers that occur twice, or that no two files share.
    """
    problems = [problem for part in parts for problem in _repeated(part)]
    first, *others = parts
    table, counts = first.table, {}
    for part in others:
        place = pc.index_in(first.table[first.key], part.table[part.key].combine_chunks())
        blank = pc.is_null(first.table[first.key])
        place = pc.if_else(blank, None, place)  # a blank identifies nobody, not even another blank
        matched = len(place) - place.null_count
        rows = part.table.num_rows
        counts[part.file] = {
            "rows": rows,
            "matched": matched,
            "without_partner": rows - matched,
            "not_in_it": first.table.num_rows - matched,
        }
        if matched == 0 and rows and first.table.num_rows:
            problems.append(
                Problem(
                    f"join: no identifier in '{part.key}' of {part.file} is in '{first.key}' of "
                    f"{first.file}",
                    "are they written alike in both (leading zeros, prefixes, blanks)? or correct "
                    "`join:` in the config",
                )
            )
        for name in part.table.column_names:
            if name != part.key:
                table = table.append_column(name, part.table[name].take(place))
    return (None if problems else table), counts, problems


def _repeated(part: Part) -> Iterator[Problem]:
    counts = pc.value_counts(part.table[part.key].drop_null())
    several = [entry for entry in counts.field("counts").to_pylist() if entry > 1]
    if several:
        yield Problem(
            f"join: {counted(len(several), 'identifier')} occur more than once in '{part.key}' of "
            f"{part.file} ({counted(sum(several), 'row')})",
            "a firm has one row in each file to be joined: choose the rows of one country or wave "
            "with `select:`, or ask the data's owner for a corrected file",
        )
