"""In which currency and unit amounts are written."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cisflow.assist.drafting.opening import Draft, label_of
from cisflow.assist.inspection import Fit, Look, money_unit, unit_by_head
from cisflow.assist.matching import Match
from cisflow.study.canonical import MONEY, SPENDING
from cisflow.study.codebook import Money

# What labels write; the first that is found counts.
UNITS = {
    "million": r"million|millones|milioni|miljoen|\bmios?\b|\bmln\b|\bmn\b|[€£$]\s?m\b|\bm(eur|€)",
    "thousand": r"thousand|\btkr\b|\bth\b|\btsd|tausend|millier|\bmiles\b|migliaia|duizend"
    r"|\bk(eur|€|£)|\bt(eur|€)|[€£$]\s?k\b|\b1[., ]?000\b|\b000s?\b|'000",
}
CURRENCIES = {
    "EUR": r"€|\beur\b|\beuros?\b|[kmt]eur\b",
    "GBP": r"£|\bgbp\b|\bpounds?\b",
    "USD": r"\busd\b|us\$|\bdollars?\b",
    "SEK": r"\bsek\b|\bkronor\b|\btkr\b",
    "NOK": r"\bnok\b|\bkroner\b",
    "DKK": r"\bdkk\b",
    "CHF": r"\bchf\b|franken|swiss francs?",
    "PLN": r"\bpln\b|\bzl\b|zloty",
    "CZK": r"\bczk\b",
    "HUF": r"\bhuf\b|forint",
    "RON": r"\bron\b",
    "BGN": r"\bbgn\b|\bleva?\b",
    "TRY": r"\btry\b|lira",
    "HRK": r"\bhrk\b|\bkuna\b",
}
# The mean, roughly, of the firms of each size class (Eurostat's structural business statistics).
TYPICAL_HEADS = {"10-49": 20, "50-249": 100, "250+": 700}


def add_money(
    made: Draft, seen: Look, found: Mapping[str, Match], fit: Fit | None, currency: str | None
) -> None:
    """Write the currency and unit of amounts, by labels or else by turnover per head."""
    amounts = [v for v in (*MONEY, *SPENDING) if v in found]
    if not amounts:
        return
    labels = {v: label_of(seen, found[v].columns[0]).casefold() for v in amounts}
    names = {v: found[v].columns[0].casefold() for v in amounts}
    said = {v: _first(UNITS, labels[v]) for v in amounts}
    stated = fit.codebook.money if fit else Money()
    unit = said.get("turnover") or next(filter(None, said.values()), None)
    why = "the labels say so" if unit else ""
    written = _first(CURRENCIES, " ".join([*labels.values(), *_words_of(names.values())]))
    chosen = written or stated.currency or currency
    if unit is None and "turnover" in found:
        unit, why = _by_head(made, seen, found, chosen or "EUR")
        if unit not in (None, stated.unit):
            made.notes.append(f"money: {why}")
    if unit is None and fit is None:
        made.notes.append(
            f"{', '.join(amounts)}: nothing tells whether amounts are in single units, thousands "
            "or millions of the currency; single units are taken (`money:`)"
        )
    money = {"currency": chosen or "XXX", "unit": unit or stated.unit}
    if {"currency": stated.currency, "unit": stated.unit} != money:
        made.head["money"] = money
        made.remarks["money:"] = why or "no unit is stated; single units of the currency are taken"
    for variable, own in said.items():
        if own and own != money["unit"]:
            made.entry(variable).setdefault("unit", own)
    if money["currency"] == "XXX":
        made.todos.append("money: set the currency (three letters)")
    elif not written and currency and chosen != currency:
        made.notes.append(
            f"money: amounts are taken to be in {chosen}, as {made.extends} has it; if they are in "
            f"{currency}, set it"
        )


def _by_head(
    made: Draft, seen: Look, found: Mapping[str, Match], currency: str
) -> tuple[str | None, str]:
    """Return the unit that turnover per head tells; of a size class its typical firm's."""
    turnover = found["turnover"].columns[0]
    if "employees" in found:
        return money_unit(seen, turnover, found["employees"].columns[0], currency)
    codes = (made.variables.get("size_class") or {}).get("codes")
    if "size_class" not in found or codes is None:
        return None, ""
    codes = dict(zip("123", TYPICAL_HEADS, strict=True)) if codes == "size_class" else codes
    heads = {str(code): TYPICAL_HEADS.get(size) for code, size in codes.items()}
    sizes = seen.data[found["size_class"].columns[0]].map(heads).astype("float64")
    unit, why = unit_by_head(seen, turnover, sizes, currency)
    return unit, why and f"{why}, by size class"


def _first(patterns: Mapping[str, str], text: str) -> str | None:
    return next((name for name, pattern in patterns.items() if re.search(pattern, text)), None)


def _words_of(names: object) -> list[str]:
    """Return column names with their parts as words: turnover_eur has eur."""
    return [" ".join(re.split(r"[_.\W]+", str(name))) for name in names]  # type: ignore[attr-defined]
