"""How results are written: text files with the digits that are meant, stamped when synthetic."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

# More digits than any survey carries, fewer than processors disagree on.
FLOAT_FORMAT = "%.8g"
STAMP = {"synthetic": "SYNTHETIC", "real": "real"}


def write_table(table: pd.DataFrame, file: Path | str, data: str) -> None:
    """Write a table as CSV; its last column says in every row what kind of data it rests on.

    Parameters
    ----------
    table
        Aggregates, any shape.
    file
        The CSV.
    data
        ``synthetic`` or ``real``, as in the config.
    """
    table.assign(data=STAMP[data]).to_csv(
        file, index=False, float_format=FLOAT_FORMAT, lineterminator="\n", encoding="utf-8"
    )


def read_tables(files: Iterable[Path | str], words: Collection[str]) -> pd.DataFrame:
    """Read and stack tables of :func:`write_table`.

    Parameters
    ----------
    files
        CSV tables of the same columns.
    words
        Columns of text, in which an empty cell is empty text: wave 2010 is a name, and NA is
        Namibia. All others but the stamp are numbers.
    """
    words = {*words, "data"}
    tables = []
    for file in files:
        numbers = [c for c in pd.read_csv(file, nrows=0).columns if c not in words]
        tables.append(
            pd.read_csv(
                file,
                dtype=dict.fromkeys(words, str),
                keep_default_na=False,
                na_values={column: [""] for column in numbers},
            )
        )
    return pd.concat(tables, ignore_index=True)


def write_record(record: Mapping[str, Any], file: Path | str, data: str) -> None:
    """Write a record as JSON; its key ``data`` says what kind of data it rests on."""
    text = json.dumps(rounded({**record, "data": STAMP[data]}), indent=1, ensure_ascii=False)
    Path(file).write_text(text + "\n", encoding="utf-8")


def rounded(value: Any) -> Any:
    """Return ``value`` in JSON types, numbers with the digits of :data:`FLOAT_FORMAT`."""
    if isinstance(value, Mapping):
        return {str(k): rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(FLOAT_FORMAT % value) if np.isfinite(value) else None
    return value if value is None else str(value)
