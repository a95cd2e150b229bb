"""Headers of an accounts export: which item, unit, currency and year each column holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cisflow.codebook import Codebook, alternatives, load_codebook
from cisflow.errors import CisflowError, Problem
from cisflow.schema import ACCOUNT_COLUMNS
from cisflow.validation import did_you_mean, hinted

ITEMS = tuple(column for column in ACCOUNT_COLUMNS if column not in ("firm_id", "year"))
CODEBOOKS = Path(__file__).parents[3] / "config" / "codebooks"


@dataclass(frozen=True)
class Header:
    """What the header of one column says.

    Attributes
    ----------
    name
        The header as the file writes it.
    label
        Its first part, the item, in small letters.
    unit, currency
        As written, if they are there; the unit in small letters.
    year
        The fiscal year it names.
    back
        How many years before the last available one, where it names no year.
    """

    name: str
    label: str
    unit: str | None = None
    currency: str | None = None
    year: int | None = None
    back: int | None = None

    @property
    def dated(self) -> bool:
        """Whether the column belongs to one year."""
        return self.year is not None or self.back is not None


def one_line(name: str) -> str:
    """Return a header with every run of blanks and newlines made one blank."""
    return " ".join(name.split())


def read_headers(names: Iterable[str], codebook: Codebook) -> list[Header]:
    """Return what each header says, by the codebook's ``header:``."""
    rule = codebook.get("header", {})
    pattern = re.compile(rule["pattern"]) if "pattern" in rule else None
    units = {unit.casefold() for unit in _units(codebook)}
    return [_header(name, pattern, units) for name in names]


def _units(codebook: Codebook) -> dict[str, str]:
    """Return the units a codebook's headers may have, as written there."""
    return codebook.get("header", {}).get("units", {})


def _header(name: str, pattern: re.Pattern[str] | None, units: set[str]) -> Header:
    line = one_line(name)
    match = pattern.match(line) if pattern else None
    if match is None:
        return Header(name, line.casefold())
    part: dict[str, Any] = match.groupdict()
    label, unit = part["label"].casefold(), part.get("unit")
    *words, last = label.split()
    if unit is None and words and last.rstrip(".") in units:
        label, unit = " ".join(words), last.rstrip(".")
    back = 0 if part.get("last") else part.get("back")
    return Header(
        name=name,
        label=label,
        unit=unit.casefold() if unit else None,
        currency=part.get("currency"),
        year=int(part["year"]) if part.get("year") else None,
        back=int(back) if back is not None else None,
    )


def wanted_labels(names: str | Sequence[str]) -> list[str]:
    """Return the labels a codebook asks for, in small letters, in its order of preference."""
    listed = [names] if isinstance(names, str) else names
    return [one_line(name).casefold() for name in listed]


def find_column(names: str | Sequence[str], headers: Sequence[Header]) -> Header | None:
    """Return the first column, in the codebook's order of names, that belongs to no past year.

    A header that says "last available year" of something firms have once, such as the closing
    date, counts too.
    """
    for label in wanted_labels(names):
        for header in headers:
            whole = one_line(header.name).casefold() == label
            if whole or (header.label == label and header.year is None and not header.back):
                return header
    return None


def dated_columns(names: str | Sequence[str], headers: Sequence[Header]) -> list[Header]:
    """Return the columns of an item, one per year.

    Those with a year of their own go before "last available year" and the years before it: an
    export that has both says the same twice.
    """
    labels = set(wanted_labels(names))
    found = [header for header in headers if header.label in labels and header.dated]
    return [header for header in found if header.year is not None] or found


def located(
    headers: Sequence[Header],
    codebook: Codebook,
    find: Callable[[Sequence[str], Sequence[Header]], list[Header]],
) -> dict[str, list[Header]]:
    """Return, by variable, the columns the file has of it.

    Parameters
    ----------
    headers
        Of the file.
    codebook
        Whose variables with a name are sought, and the months of the fiscal year.
    find
        From names in small letters and the headers to the columns of these names.
    """
    variables = codebook["variables"].items()
    names = {v: alternatives(spec)[0] for v, spec in variables if "name" in spec}
    if months := codebook.get("fiscal_year", {}).get("months"):
        names["months"] = wanted_labels(months)
    return {v: found for v, labels in names.items() if (found := find(labels, headers))}


def currency_of(columns: Mapping[str, Sequence[Header]]) -> str | None:
    """Return the currency headers name; in a file that is accepted there is one."""
    named = (header.currency for found in columns.values() for header in found if header.currency)
    return min(named, default=None)


def with_unit(item: str, header: Header, codebook: Codebook) -> Codebook:
    """Return the codebook with a header's own unit, which goes before the codebook's.

    A unit the codebook does not know is :func:`unit_problems`' to report.
    """
    spec = codebook["variables"].get(item, {})
    units = {u.casefold(): meaning for u, meaning in _units(codebook).items()}
    if header.unit in units:
        spec = {**spec, "unit": units[header.unit]}
    return {**codebook, "variables": {**codebook["variables"], item: spec}}


# --- what is wrong with headers -----------------------------------------------------------------


def absent_identifier(headers: Sequence[Header], codebook: Codebook) -> Problem:
    """Return how to say that no column identifies the firm."""
    names = alternatives(codebook["variables"]["firm_id"])[0]
    wanted = " or ".join(f"'{name}'" for name in names)
    here = ", ".join(f"'{one_line(header.name)}'" for header in headers[:6])
    return Problem(
        f"firm_id: column {wanted} is not in the file",
        f"the file has {here} …; correct `firm_id:` in {codebook['path']}",
    )


def item_problems(
    item: str, found: Sequence[Header], headers: Sequence[Header], codebook: Codebook
) -> Iterator[Problem]:
    """Yield what is wrong with the columns of one item of a file with a column per year."""
    spec = codebook["variables"][item]
    if not found and spec.get("required", True):
        yield _absent_item(item, headers, codebook)
    periods = [header.year if header.year is not None else header.back for header in found]
    twice = sorted({period for period in periods if periods.count(period) > 1 and period})
    twice_last = periods.count(0) > 1
    if twice or twice_last:
        listed = ", ".join(map(str, twice)) or "the last available year"
        yield Problem(
            f"{item}: more than one column for {listed}",
            f"remove one of them from the file, or name one label in {codebook['path']}",
        )
    yield from unit_problems(item, found, codebook)


def _absent_item(item: str, headers: Sequence[Header], codebook: Codebook) -> Problem:
    names = alternatives(codebook["variables"][item])[0]
    dated = [header for header in headers if header.dated]
    for label in wanted_labels(names):
        extra = {
            header.label.removeprefix(f"{label} ")
            for header in dated
            if header.currency and header.label.startswith(f"{label} ")
        }
        if extra:
            return _unknown_unit(item, min(extra), codebook)
    near = did_you_mean(names[0].casefold(), {header.label for header in dated})
    return Problem(
        f"{item}: no header '{names[0]}' with a year is in the file",
        hinted(near, f"correct `{item}:` in {codebook['path']}, or set `required: false`"),
    )


def _unknown_unit(item: str, unit: str, codebook: Codebook) -> Problem:
    return Problem(
        f"{item}: unknown unit '{unit}' in the header",
        f"add it to `header: {{units: …}}` in {codebook['path']}: unit, thousand or million",
    )


def unit_problems(item: str, found: Sequence[Header], codebook: Codebook) -> Iterator[Problem]:
    """Yield units a codebook does not know, and currencies other than its own."""
    units = {unit.casefold() for unit in _units(codebook)}
    for unit in sorted({header.unit for header in found if header.unit} - units):
        yield _unknown_unit(item, unit, codebook)
    currency = codebook.get("money", {}).get("currency")
    if currency is None:
        return
    for other in sorted({header.currency for header in found if header.currency} - {currency}):
        yield Problem(
            f"{item}: amounts in {other}, where the codebook says {currency}",
            f"export the file in {currency}, or correct `money:` in {codebook['path']}",
        )


def currency_problems(columns: dict[str, list[Header]], codebook: Codebook) -> Iterator[Problem]:
    """Yield a mix of currencies in a file whose codebook names none."""
    if codebook.get("money", {}).get("currency"):
        return
    items: dict[str, list[str]] = {}
    for item, found in columns.items():
        for currency in sorted({header.currency for header in found if header.currency}):
            items.setdefault(currency, []).append(item)
    if len(items) > 1:
        listed = " and ".join(f"{c} ({', '.join(names)})" for c, names in sorted(items.items()))
        yield Problem(
            f"amounts in more than one currency: {listed}",
            "export the file once more with all amounts in one currency",
        )


def no_years(headers: Sequence[Header], codebook: Codebook) -> Problem:
    """Return how to say that no header names an item and a year."""
    return Problem(
        f"none of the {len(headers)} headers names an item and a year",
        "expected headers such as 'Added value th EUR 2006'; choose a sheet with `file: "
        f"{{sheet: …}}` or describe the headers under `header:` in {codebook['path']}",
    )


# --- another language ---------------------------------------------------------------------------


def better_codebook(names: Sequence[str], codebook: Codebook) -> str | None:
    """Return the accounts codebook that knows most of a file's headers, if it is another one."""
    best, most = None, _known(names, codebook)
    for name, other in _other_codebooks(codebook):
        known = _known(names, other)
        if known > most:
            best, most = name, known
    return best


def _other_codebooks(codebook: Codebook) -> Iterator[tuple[str, Codebook]]:
    own = Path(codebook["path"])
    beside = sorted(own.parent.glob("*.yaml")) if own.is_file() else []
    for path in [*beside, *sorted((CODEBOOKS / "accounts").glob("*.yaml"))]:
        if path.resolve() == own.resolve():
            continue
        below = path.resolve().is_relative_to(CODEBOOKS.resolve())
        name = path.resolve().relative_to(CODEBOOKS.resolve()) if below else path
        other = _loaded(path.resolve())
        if other and other["table"] == "accounts" and other["variables"]:
            yield name.as_posix().removesuffix(".yaml") if below else str(path), other


@cache
def _loaded(path: Path) -> Codebook | None:
    try:
        return load_codebook(path, [CODEBOOKS])
    except CisflowError:
        return None  # one that is itself in the making is no suggestion


def _known(names: Sequence[str], codebook: Codebook) -> int:
    labels = {header.label for header in read_headers(names, codebook)}
    return sum(
        not labels.isdisjoint(wanted_labels(alternatives(spec)[0]))
        for spec in codebook["variables"].values()
        if alternatives(spec)
    )
