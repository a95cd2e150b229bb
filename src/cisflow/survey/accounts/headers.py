"""Headers of an accounts export: which item, unit, currency and year each column holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cisflow.base.documents import columns_told, did_you_mean
from cisflow.base.paths import shipped
from cisflow.base.patterns import matched
from cisflow.base.problems import CisflowError, Problem, Unrecognised
from cisflow.study.canonical import ACCOUNT_COLUMNS, ACCOUNT_MONEY
from cisflow.study.codebook import Codebook, Variable
from cisflow.study.codebook_files import load_codebook
from cisflow.survey.labels import one_line

ITEMS = tuple(column for column in ACCOUNT_COLUMNS if column not in ("firm_id", "year"))
# How currencies are written besides their codes; a "$" is the codebook's dollar if it has one.
CURRENCIES = {
    "€": "EUR",
    "eur": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "£": "GBP",
    "us$": "USD",
    "$": "USD",
}
# Codes that may be glued to a unit (mEUR, USDm); apart from it, three capitals are a currency.
CODES = (
    *("EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "ISK", "PLN", "CZK"),
    *("HUF", "RON", "BGN", "HRK", "RSD", "TRY", "RUB", "UAH", "JPY", "CNY"),
    *("KRW", "INR", "BRL", "ZAR", "CAD", "AUD", "NGN", "BEF", "NLG", "DEM"),
    *("FRF", "ITL", "ESP", "PTE", "ATS", "FIM", "IEP", "GRD", "LUF"),
)
# What stands between the words of a unit: in Tsd. EUR, milliers d'EUR, EUR x 1000.
BETWEEN = ("in", "en", "de", "d'", "van", "x", "of", "*", "×")
CLOSED = re.compile(r"(?P<label>.+?)[\s,;:/–—-]*[(\[](?P<unit>[^()\[\]]+)[)\]]")
YEAR_CLOSED = re.compile(r"[(\[]((?:19|20)\d\d)[)\]]")
YEAR_WITHIN = re.compile(r"[,;/ ]+((?:19|20)\d\d)[)\]]")
GLUED = re.compile(r"(?<=\))(?=\w)")
THOUSAND = re.compile(r"(?<!\d)1[.,' ]000(?!\d)")
ENDS = " ,;:/-–—"
WORDS_OF_A_UNIT = 4
CODEBOOKS = shipped("config", "codebooks")


@dataclass(frozen=True)
class Header:
    """What the header of one column says."""

    name: str  # the header as the file writes it
    label: str  # its first part, the item, in small letters
    # unit, currency: as written, if they are there; the unit in small letters.
    unit: str | None = None
    currency: str | None = None
    year: int | None = None  # the fiscal year it names
    back: int | None = None  # how many years before the last available one, where it names no year

    @property
    def dated(self) -> bool:
        """Whether the column belongs to one year."""
        return self.year is not None or self.back is not None


# From the names a codebook gives and a file's headers to the columns of these names.
Find = Callable[[Sequence[str], Sequence[Header]], list[Header]]


def _folded(name: str) -> str:
    """Return a header by which two are the same: capitals and forms of apostrophes do not count."""
    return unicodedata.normalize("NFC", one_line(name)).replace("\u2019", "'").casefold()


def read_headers(names: Iterable[str], codebook: Codebook) -> list[Header]:
    """Return what each header says, by the codebook's ``header:``."""
    pattern = codebook.header.pattern
    known = {
        label
        for variable in codebook.variables.values()
        for names_of_one in variable.alternatives
        for label in wanted_labels(names_of_one)
    }
    return [_header(name, pattern, known, codebook) for name in names]


def _header(name: str, pattern: str | None, known: set[str], codebook: Codebook) -> Header:
    line = one_line(name)
    if pattern is None:
        return Header(name, _folded(line))
    # The unit stands before the year or behind it; a label of the codebook has none.
    dated = YEAR_CLOSED.sub(r"\1", YEAR_WITHIN.sub(r") \1", GLUED.sub(" ", line)))
    dated, after = _split(dated, known, codebook)
    part: dict[str, Any] = matched(pattern, dated) or {"label": dated}
    label = (part["label"] or dated).rstrip(ENDS)
    label, before = _split(f"{label} {part.get('currency') or ''}".strip(), known, codebook)
    unit, currency = (one or other for one, other in zip(before, after, strict=True))
    unit = part.get("unit") or unit
    back = 0 if part.get("last") else part.get("back")
    return Header(
        name=name,
        label=_folded(label),
        unit=_unit(unit, codebook) or unit.casefold() if unit else None,
        currency=currency,
        year=int(part["year"]) if part.get("year") else None,
        back=int(back) if back is not None else None,
    )


_Money = tuple[str | None, str | None]


def _split(line: str, known: set[str], codebook: Codebook) -> tuple[str, _Money]:
    """Return a header without the unit and the currency at its end, and these."""
    label, unit, currency = line, None, None
    while _folded(label) not in known:
        rest, money = _last_part(label, codebook)
        if money is None or (unit and money[0]) or (currency and money[1]):
            break
        label, unit, currency = rest, unit or money[0], currency or money[1]
    return label, (unit, currency)


def _last_part(line: str, codebook: Codebook) -> tuple[str, _Money | None]:
    if closed := CLOSED.fullmatch(line):
        return closed["label"], _money(closed["unit"], codebook, unknown=True)
    words = line.split(" ")
    for count in range(min(WORDS_OF_A_UNIT, len(words) - 1), 0, -1):
        money = _money(" ".join(words[-count:]), codebook)
        label = " ".join(words[:-count]).rstrip(ENDS)
        if money and label:
            return label, money
    return line, None


def _money(text: str, codebook: Codebook, *, unknown: bool = False) -> _Money | None:
    """Return unit and currency a text consists of, None if it says something else.

    Parameters
    ----------
    unknown
        Whether a text with a currency may have a unit the codebook does not know, to be told of.
    """
    text = THOUSAND.sub("1000", text.replace("\u2019", "'")).replace("d'", "d' ")
    units, currencies, others = [], [], []
    for word in text.split():
        bare = word.strip(".,;:")
        if bare.casefold() in BETWEEN:
            continue
        unit, currency = _glued(bare, codebook) or (_unit(bare, codebook), None)
        if unit is None and currency is None:
            others.append(bare)
        units += [unit] if unit else []
        currencies += [currency] if currency else []
    if len(units) > 1 or len(currencies) > 1 or not (units or currencies):
        return None
    if others and not (unknown and currencies and not units):
        return None
    # One letter is a unit beside a currency only: elsewhere it may be anything.
    if units and not currencies and len(units[0]) == 1:
        return None
    return (units[0] if units else " ".join(others) or None), next(iter(currencies), None)


def _glued(word: str, codebook: Codebook) -> _Money | None:
    """Return unit and currency of a word such as mEUR, €000 or EUR; None if it has no currency."""
    if currency := _currency(word, codebook):
        return None, currency
    if re.fullmatch("[A-Z]{3}", word) and not _unit(word, codebook):
        return None, word
    for sign in (*CURRENCIES, *CODES, codebook.money.currency or "EUR"):
        whole = word.casefold() if sign in CURRENCIES else word
        if not whole.startswith(sign) and not whole.endswith(sign):
            continue
        rest = word[len(sign) :] if whole.startswith(sign) else word[: -len(sign)]
        if unit := _unit(rest.strip("-/"), codebook):
            return unit, _currency(sign, codebook)
    return None


def _currency(word: str, codebook: Codebook) -> str | None:
    own = codebook.money.currency
    if word == "$" and own in ("CAD", "AUD"):
        return str(own)
    code = CURRENCIES.get(word.casefold(), word)
    return code if code in (*CODES, own) else None


def _unit(word: str, codebook: Codebook) -> str | None:
    """Return a unit as the codebook writes it, None if it knows none such."""
    units = codebook.header.units
    bare = word.strip("'.")
    return next((w for w in (bare, bare.casefold()) if w in units), None)


def wanted_labels(names: Sequence[str]) -> list[str]:
    """Return the labels a codebook asks for, in small letters, in its order of preference."""
    return [_folded(name) for name in names]


def find_column(names: Sequence[str], headers: Sequence[Header]) -> Header | None:
    """Return the first column, in the codebook's order of names, that belongs to no past year.

    A header that says "last available year" of something firms have once, such as the closing
    date, counts too.
    """
    for label in wanted_labels(names):
        for header in headers:
            whole = _folded(header.name) == label
            if whole or (header.label == label and header.year is None and not header.back):
                return header
    return None


def dated_columns(names: Sequence[str], headers: Sequence[Header]) -> list[Header]:
    """Return the columns of an item, one per year.

    Those with a year of their own go before "last available year" and the years before it: an
    export that has both says the same twice.
    """
    labels = set(wanted_labels(names))
    found = [header for header in headers if header.label in labels and header.dated]
    return [header for header in found if header.year is not None] or found


def located(headers: Sequence[Header], codebook: Codebook, find: Find) -> dict[str, list[Header]]:
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
    names = {v: variable.name for v, variable in codebook.variables.items() if variable.name}
    if codebook.fiscal_year.months:
        names["months"] = codebook.fiscal_year.months
    return {v: found for v, labels in names.items() if (found := find(labels, headers))}


def currency_of(columns: Mapping[str, Sequence[Header]]) -> str | None:
    """Return the currency headers name; in a file that is accepted there is one."""
    named = (header.currency for found in columns.values() for header in found if header.currency)
    return min(named, default=None)


def unit_named(columns: Mapping[str, Sequence[Header]]) -> bool:
    """Return whether a header names the unit or the currency of amounts."""
    return any(
        h.unit or h.currency for i, found in columns.items() if i in ACCOUNT_MONEY for h in found
    )


def with_unit(item: str, header: Header, codebook: Codebook) -> Codebook:
    """Return the codebook with a header's own unit, which goes before the codebook's.

    A unit the codebook does not know is :func:`unit_problems`' to report.
    """
    variable = codebook.variables.get(item, Variable(required=False))
    if header.unit and header.unit in codebook.header.units:
        variable = variable.model_copy(update={"unit": codebook.header.units[header.unit]})
    return codebook.redefined({item: variable})


# --- what is wrong with headers -----------------------------------------------------------------


def absent_identifier(headers: Sequence[Header], codebook: Codebook) -> Problem:
    """Return how to say that no column identifies the firm."""
    names = codebook.variables["firm_id"].names
    wanted = " or ".join(f"'{name}'" for name in names)
    here = columns_told([one_line(header.name) for header in headers], 6)
    return Unrecognised(
        f"firm_id: column {wanted} is not in the file",
        f"{here}; correct `firm_id:` in {codebook.path}",
    )


def item_problems(
    item: str, found: Sequence[Header], headers: Sequence[Header], codebook: Codebook
) -> Iterator[Problem]:
    """Yield what is wrong with the columns of one item of a file with a column per year."""
    if not found and codebook.variables[item].required:
        yield _absent_item(item, headers, codebook)
    periods = [header.year if header.year is not None else header.back for header in found]
    twice = sorted({period for period in periods if periods.count(period) > 1 and period})
    twice_last = periods.count(0) > 1
    if twice or twice_last:
        listed = ", ".join(map(str, twice)) or "the last available year"
        yield Problem(
            f"{item}: more than one column for {listed}",
            f"remove one of them from the file, or name one label in {codebook.path}",
        )
    yield from unit_problems(item, found, codebook)


def _absent_item(item: str, headers: Sequence[Header], codebook: Codebook) -> Problem:
    names = codebook.variables[item].names
    dated = [header for header in headers if header.dated]
    if unknown := unit_unknown(item, dated, codebook):
        return unknown
    then = f"correct `{item}:` in {codebook.path}, or set `required: false`"
    return Unrecognised(
        f"no header '{names[0]}' with a year is in the file",
        did_you_mean(names[0].casefold(), {header.label for header in dated}, then),
        about=item,
    )


def unit_unknown(item: str, headers: Sequence[Header], codebook: Codebook) -> Problem | None:
    """Return how to say that headers would be an item's but for a unit nobody declared."""
    codes = (*CODES, *"€£$", codebook.money.currency or "EUR")
    for label in wanted_labels(codebook.variables[item].names):
        for header in headers:
            before, _, rest = header.label.rpartition(label)
            unit = rest.strip().upper()
            money = header.currency or unit.startswith(codes) or unit.endswith(codes)
            if not before and rest.startswith(" ") and money:
                return _unknown_unit(item, rest.strip(), codebook)
    return None


def _unknown_unit(item: str, unit: str, codebook: Codebook) -> Problem:
    return Unrecognised(
        f"{item}: unknown unit '{unit}' in the header",
        f"if it is a unit, a thousand or a million, add it to `header: {{units: …}}` in "
        f"{codebook.path}; otherwise export the item in one of these",
    )


def unit_problems(item: str, found: Sequence[Header], codebook: Codebook) -> Iterator[Problem]:
    """Yield units a codebook does not know, and currencies other than its own."""
    units = codebook.header.units
    for unit in sorted({header.unit for header in found if header.unit} - set(units)):
        yield _unknown_unit(item, unit, codebook)
    currency = codebook.money.currency
    if currency is None:
        return
    for other in sorted({header.currency for header in found if header.currency} - {currency}):
        yield Problem(
            f"{item}: amounts in {other}, where the codebook says {currency}",
            f"export the file in {currency}, or correct `money:` in {codebook.path}",
        )


def silent_units(columns: Mapping[str, Sequence[Header]], codebook: Codebook) -> Iterator[Problem]:
    """Yield amounts whose headers name neither unit nor currency where those of others do."""
    amounts = {item: found for item, found in columns.items() if item in ACCOUNT_MONEY and found}
    stated = [i for i in amounts if i in codebook.variables and codebook.variables[i].unit]
    silent = {
        item: [h for h in found if not h.unit and not h.currency] for item, found in amounts.items()
    }
    named = any(len(silent[item]) < len(found) for item, found in amounts.items())
    for item in (i for i, headers in silent.items() if named and headers and i not in stated):
        yield Unrecognised(
            f"{item} (column '{one_line(silent[item][0].name)}'): the header names no unit, and "
            "headers of other amounts do",
            f"state it in {codebook.path}: `{item}: {{unit: thousand}}`, or unit, or million",
        )


def currency_problems(columns: dict[str, list[Header]], codebook: Codebook) -> Iterator[Problem]:
    """Yield a mix of currencies in a file whose codebook names none."""
    if codebook.money.currency:
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
    return Unrecognised(
        f"none of the {len(headers)} headers names an item and a year",
        "expected headers such as 'Added value th EUR 2006'; choose a sheet with `file: "
        f"{{sheet: …}}` or describe the headers under `header:` in {codebook.path}",
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
    own = Path(codebook.path)
    beside = sorted(own.parent.glob("*.yaml")) if own.is_file() else []
    for path in [*beside, *sorted((CODEBOOKS / "accounts").glob("*.yaml"))]:
        if path.resolve() == own.resolve():
            continue
        below = path.resolve().is_relative_to(CODEBOOKS.resolve())
        name = path.resolve().relative_to(CODEBOOKS.resolve()) if below else path
        other = _loaded(path.resolve())
        if other and other.table == "accounts" and other.variables:
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
        not labels.isdisjoint(wanted_labels(variable.names))
        for variable in codebook.variables.values()
    )
