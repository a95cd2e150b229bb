"""Synthetic answers as an extract: a questionnaire's names, codes, labels, in a user's format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import xlsxwriter

from cisflow.base.problems import CisflowError, Problem
from cisflow.simulate.accounts import AMOUNTS
from cisflow.study.canonical import BLOCKS, MONEY, SPENDING, TEXT
from cisflow.study.codebook import ABOVE_ZERO, Codebook, Variable

FORMATS = (".sav", ".dta", ".csv", ".tsv", ".txt", ".xlsx", ".parquet")
# Files carry a date of writing; a fixed one keeps them equal byte for byte.
WRITTEN = datetime(2014, 11, 20, tzinfo=UTC)
_DEGREES: dict[float, str] = {0: "Not used", 1: "Low", 2: "Medium", 3: "High"}
_ABROAD = ("DE", "FR", "GB", "NL", "US")


@dataclass
class Extract:
    """A table as it is written."""

    title: str  # label of the file
    # Values by column, each of length n; NaN (or an empty text) is a blank.
    columns: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)  # label of each column
    # Column → {code: label}, for coded columns.
    value_labels: dict[str, dict[float, str]] = field(default_factory=dict)

    def add(self, column: str, values: Any, label: str, codes: Mapping[float, str] = {}) -> None:
        """Add a column; ``codes`` are its value labels."""
        self.columns[column], self.labels[column] = values, label
        if codes:
            self.value_labels[column] = dict(codes)

    def frame(self) -> pd.DataFrame:
        """Return the table."""
        return pd.DataFrame(self.columns)


def encode(
    firms: pd.DataFrame,
    given: pd.DataFrame,
    codebook: Codebook,
    country: str,
    rng: np.random.Generator,
) -> Extract:
    """Return a wave as its questionnaire's file would hold it.

    Parameters
    ----------
    firms
        True answers, from :func:`~cisflow.simulate.survey.draw_wave`.
    given
        Answers given, from :func:`~cisflow.simulate.survey.answers`.
    codebook
        A loaded codebook. Of alternative names the first is written; a yes to a question that
        several columns ask (``any_of``) is spread over these.
    country
        Two-letter code, for codebooks that code it.
    """
    extract = Extract(f"{codebook.title} (SYNTHETIC)")
    asked = {name: v for name, v in codebook.variables.items() if name in given}
    made = _made_of_others(asked)
    variables = {name: v for name, v in asked.items() if name not in made}
    said = _screens(firms, given, variables)
    for name, variable in variables.items():
        whole = given[name] + given[variable.includes] if variable.includes else given[name]
        values = _written(name, whole, codebook)
        if variable.screen and variable.screen.no_is_zero:
            # Whoever said no to "did you …?" was not asked "how much?".
            values = values.where(said[variable.screen.name] == 1)
        _add(extract, name, values, variable, country, rng)
    for name, variable in variables.items():
        if variable.screen and (column := variable.screen.name) not in extract.columns:
            coded, labels = _coded(said[column], codebook.yes_no, country, rng)
            extract.add(column, coded, f"{variable.label or name}: yes or no", labels)
    for name in made:
        _add_rest(extract, asked[name], _written(name, given[name], codebook))
    return extract


def _made_of_others(variables: Mapping[str, Variable]) -> list[str]:
    """Return variables that put together what the questionnaire asks one by one."""
    parts = {name: _questions(v) for name, v in variables.items()}

    def put_together(name: str) -> bool:
        smaller = [own for own in parts.values() if len(own) < len(parts[name])]
        return parts[name] <= set().union(*smaller)

    return [n for n, v in variables.items() if v.sum_of or (v.any_of and put_together(n))]


def _questions(variable: Variable) -> set[str]:
    screen = {variable.screen.name} if variable.screen else set()
    return {names[0] for names in variable.alternatives} | screen


def _add_rest(extract: Extract, variable: Variable, total: pd.Series) -> None:
    """Add the columns of a sum that no other variable has; the first of them holds the rest."""
    columns = [names[0] for names in variable.sum_of]
    known = [pd.Series(extract.columns[c]).fillna(0) for c in columns if c in extract.columns]
    rest = total - sum(known)
    for column in (c for c in columns if c not in extract.columns):
        extract.add(column, rest.clip(lower=0), variable.label or column)
        rest = rest.where(rest.isna(), 0.0)


def _screens(
    firms: pd.DataFrame, given: pd.DataFrame, variables: Mapping[str, Variable]
) -> dict[str, pd.Series]:
    """Return the answers (1, 0, NaN) to every "did you …?" that precedes another question.

    A screen is a question of its own (part of a group, before where the head office is), or belongs
    to the first amount it precedes. Of the firms that left an amount blank, those with one had said
    yes; the others said nothing.
    """
    own = {names[0]: name for name, v in variables.items() for names in v.alternatives}
    said: dict[str, pd.Series] = {}
    for name, variable in variables.items():
        if variable.screen is None or (column := variable.screen.name) in said:
            continue
        if column in own:
            said[column] = given[own[column]]
            continue
        asked = given[variable.asked_if] == 1 if variable.asked_if else True
        yes = (firms[name] > 0).astype(float)
        said[column] = yes.where(asked & (given[name].notna() | (yes == 1)))
    return said


def _written(variable: str, values: pd.Series, codebook: Codebook) -> pd.Series:
    """Return canonical values in the unit of the file, amounts in whole units."""
    factor = codebook.multiple(variable)
    if factor == 1:
        return values
    scaled = values / factor
    if variable in (*MONEY, *SPENDING):
        # A small amount is rounded up: a zero would contradict the yes before it.
        return scaled.round().where(scaled.round() > 0, np.sign(scaled))
    return scaled


def _add(
    extract: Extract,
    name: str,
    values: pd.Series,
    variable: Variable,
    country: str,
    rng: np.random.Generator,
) -> None:
    columns = [names[0] for names in variable.alternatives]
    label = variable.label or name
    if not columns:
        what = f"{name}: `constant` cannot be simulated"
        raise CisflowError(extract.title, Problem(what, "give the variable a `name`"))
    for column, part in zip(columns, _spread(values, len(columns), rng), strict=True):
        if name in BLOCKS["sources"]:
            extract.add(column, part, label, _DEGREES)
        elif variable.codes is None:
            extract.add(column, part, label)
        elif name in TEXT:
            extract.add(column, _coded_text(part, variable.codes), label)
        else:
            coded, labels = _coded(part, variable.codes, country, rng)
            extract.add(column, coded, label, labels)


def _spread(values: pd.Series, n: int, rng: np.random.Generator) -> list[pd.Series]:
    """Return ``n`` columns of 0 and 1 of which at least one is 1 where ``values`` is."""
    if n == 1:
        return [values]
    chance = np.array([0.75, 0.35, 0.25, 0.20, 0.20])[np.minimum(np.arange(n), 4)]
    yes = rng.uniform(size=(len(values), n)) < chance
    yes[~yes.any(axis=1), 0] = True
    return [values * yes[:, i] for i in range(n)]


def _coded_text(values: pd.Series, codes: Mapping[str, Any]) -> Any:
    """Return texts in the file's codes; of several codes of one text the first."""
    code_of: dict[str, str] = {}
    for raw, meaning in codes.items():
        code_of.setdefault(meaning, raw)
    return values.map(code_of).astype(object).where(values.notna(), "")


def _coded(
    values: pd.Series, codes: Mapping[str, Any], country: str, rng: np.random.Generator
) -> tuple[Any, dict[float, str]]:
    """Return yes and no (1, 0) in the file's codes, with their labels where these are numbers."""
    code_of: dict[float, str] = {}
    for raw, meaning in codes.items():
        code_of.setdefault(float(meaning), "1" if raw == ABOVE_ZERO else raw)
    numeric = all(raw.lstrip("-").isdigit() for raw in code_of.values())
    if numeric:
        numbers = {meaning: float(raw) for meaning, raw in code_of.items()}
        labels = {code: "Yes" if meaning else "No" for meaning, code in numbers.items()}
        return values.map(numbers), labels
    texts = {m: raw.replace("{country}", country) for m, raw in code_of.items()}
    text = values.map(texts).astype(object).where(values.notna(), "")
    # A codebook's `*` stands for any other code; here these are countries of head offices.
    elsewhere = [code for code in _ABROAD if code != country]
    drawn = rng.choice(elsewhere, size=len(values))
    return np.where(text == "*", drawn, text).astype(object), {}


def encode_accounts(
    accounts: pd.DataFrame, codebook: Codebook, country: str, rng: np.random.Generator
) -> Extract:
    """Return accounts as a Bel-first / Orbis export: a row per firm, a column per item and year.

    Parameters
    ----------
    accounts
        One row per firm and year, from :func:`~cisflow.simulate.accounts.draw_accounts`.
    codebook
        A loaded codebook with a ``header``; amounts are written in thousands.
    """
    variables = codebook.variables
    currency = codebook.money.currency or "EUR"
    tokens = [token for token in codebook.missing if token][:3] or [""]
    odds = np.array([0.8, 0.1, 0.1])[: len(tokens)]
    wide = accounts.pivot(index="firm_id", columns="year")  # noqa: PD010 (no aggregation wanted)
    ids = list(wide.index)
    extract = Extract(f"{codebook.title} (SYNTHETIC)")
    # The export's own row numbers have no header.
    extract.add("", [f"{i}." for i in range(1, len(ids) + 1)], "")
    extract.add("Company name\nLatin alphabet", [f"SYNTHETIC {i:05d}" for i in range(len(ids))], "")
    extract.add(variables["firm_id"].name[0], ids, "")
    extract.add("Country ISO code", [country] * len(ids), "")
    for name, variable in variables.items():
        if name == "firm_id":
            continue
        amount = name in AMOUNTS
        for year in sorted(accounts["year"].unique(), reverse=True):
            figures = wide[name, year] / (1000 if amount else 1)
            absent = rng.choice(tokens, size=len(ids), p=odds / odds.sum())
            cells = figures.round().astype(object).where(figures.notna(), absent)
            unit = f"th {currency} " if amount else ""
            extract.add(f"{variable.name[0]}\n{unit}{year}", list(cells), "")
    return extract


def write_extract(extract: Extract, path: Path, options: Mapping[str, str] = {}) -> None:
    """Write an extract in the format of the path's extension, equal byte for byte each time.

    Parameters
    ----------
    path
        A ``.sav`` (SPSS), ``.dta`` (Stata 14 and later), ``.csv``, ``.tsv``, ``.txt``, ``.xlsx`` or
        ``.parquet`` file; labels go where the format has room for them.
    options
        The `file:` section of the codebook: ``delimiter`` and ``decimal`` of text, ``encoding``,
        ``sheet`` of an ``.xlsx``.

    Raises
    ------
    CisflowError
        Another extension.
    """
    writers = {".sav": _write_sav, ".dta": _write_dta, ".parquet": _write_parquet}
    kind = path.suffix.lower()
    if kind not in FORMATS:
        what = f"synthetic extracts cannot be written as `{kind or 'a file without extension'}`"
        raise CisflowError(str(path), Problem(what, f"use one of {', '.join(FORMATS)}"))
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == ".xlsx":
        _write_xlsx(extract, path, options.get("sheet", "Results"))
    elif kind in (".csv", ".tsv", ".txt"):
        usual = "\t" if kind == ".tsv" else ","
        _write_text(extract, path, {"delimiter": usual, **options})
    else:
        writers[kind](extract, path)


def _write_sav(extract: Extract, path: Path) -> None:
    pyreadstat.write_sav(
        extract.frame(),
        path,
        file_label=extract.title[:64],
        column_labels=list(extract.labels.values()),
        variable_value_labels=extract.value_labels,
    )
    # SPSS keeps date and time of writing at a fixed place of the header; no option sets them.
    with path.open("r+b") as file:
        file.seek(92)
        file.write(WRITTEN.strftime("%d %b %y%H:%M:%S").encode("ascii"))


def _write_dta(extract: Extract, path: Path) -> None:
    extract.frame().to_stata(
        path,
        write_index=False,
        version=118,
        time_stamp=WRITTEN,
        data_label=extract.title[:80],
        variable_labels={column: label[:80] for column, label in extract.labels.items()},
        value_labels=extract.value_labels,
    )


def _write_parquet(extract: Extract, path: Path) -> None:
    extract.frame().to_parquet(path, index=False)


def _write_text(extract: Extract, path: Path, options: Mapping[str, str]) -> None:
    frame = extract.frame()
    for column in frame.select_dtypes("number"):
        if (frame[column].dropna() % 1 == 0).all():
            frame[column] = frame[column].astype("Int64")
    frame.to_csv(
        path,
        index=False,
        sep=options["delimiter"],
        decimal=options.get("decimal", "."),
        encoding=options.get("encoding", "utf-8"),
    )


def _write_xlsx(extract: Extract, path: Path, sheet: str) -> None:
    with xlsxwriter.Workbook(path, {"nan_inf_to_errors": False}) as workbook:
        workbook.set_properties({"title": extract.title, "created": WRITTEN})
        results = workbook.add_worksheet(sheet)
        wrapped = workbook.add_format({"text_wrap": True, "bold": True})
        for j, (column, values) in enumerate(extract.columns.items()):
            results.write_string(0, j, column, wrapped)
            for i, value in enumerate(values, start=1):
                if value == value:  # a NaN is a blank cell
                    results.write(i, j, value)
        strategy = workbook.add_worksheet("Search strategy")
        strategy.write_column(0, 0, ["Product name", "Export", "Firms"])
        strategy.write_column(
            0, 1, ["SYNTHETIC", extract.title, len(next(iter(extract.columns.values())))]
        )
