"""Does the file mean what its codebook says? Signs, in the data, of names or units gone wrong.

A codebook can be right about the names of one delivery and wrong about the next. The checks here
rest on what every wave of the survey must show whatever the country: who cooperates with somebody
cooperates, shares of turnover make 100, most turnover is from unchanged products, a firm's turnover
per employee is some thousands of euro. They never change a value. Which of them stop a run, and
from which share of the firms on, is said in :mod:`cisflow.study.contradictions`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from cisflow.base.problems import Problem
from cisflow.study.canonical import BLOCKS
from cisflow.study.codebook import Codebook
from cisflow.study.contradictions import FEWEST
from cisflow.survey.contradictions import is_contradiction, told
from cisflow.survey.quality import ROUNDING, Check, check, finding

# A check is a warning if more than this share of the firms fails it: one firm may err, not many.
TOLERATED = 0.05
MOSTLY = 0.5
# Turnover per employee, EUR a year: medians of industries and countries are far inside these.
PLAUSIBLE_PER_EMPLOYEE = (5e3, 5e6)


def semantics(
    given: pd.DataFrame,
    firms: pd.DataFrame,
    codebook: Codebook,
    columns: Mapping[str, list[str]],
    excess: Mapping[str, pd.Series],
) -> dict[str, Check]:
    """Return the checks of what the columns of a wave mean.

    Parameters
    ----------
    given
        The answers as given, before filters, shape (n, columns).
    firms
        Firm records, shape (n, columns).
    columns
        Per variable the columns of the file it comes from.
    excess
        Per share whose column includes another, by how much it exceeds that one, shape (n,).
    """
    checks = {
        **_parts(excess, codebook),
        **_partners(given, codebook),
        **_size_class(firms, codebook),
        **_shares(firms, codebook, columns),
        **_weights(firms, codebook, columns),
        **turnover_per_employee(firms, codebook),
    }
    return {name: entry for name, entry in checks.items() if entry["of"] > 0}


def warnings(record: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what the checks of a quality record say that is worth a human look and stops nothing.

    What stops a run is told by :func:`cisflow.survey.contradictions.contradictions`.

    Parameters
    ----------
    record
        From :func:`cisflow.survey.ingest.ingest_wave`.
    """
    for name, entry in record["checks"].items():
        if "remedy" not in entry or not entry["failed"] or is_contradiction(name, entry):
            continue
        many = entry["of"] >= FEWEST and entry["failed"] > TOLERATED * entry["of"]
        if entry.get("whole_file") or many:
            yield Problem(told(entry), entry["remedy"])


def print_warnings(record: Mapping[str, Any], heading: str) -> None:
    """Print the warnings of a quality record on standard error, which a job's log keeps.

    Parameters
    ----------
    record
        From :func:`cisflow.survey.ingest.ingest_wave` or
        :func:`cisflow.survey.accounts.ingest.ingest_accounts`.
    heading
        Country and wave, or country and accounts.
    """
    told = [str(problem) for problem in warnings(record)]
    if told:
        count = "1 thing" if len(told) == 1 else f"{len(told)} things"
        first = f"{heading} ({record['file']}): {count} to look at; the data were read as they are."
        print("", first, *told, "", sep="\n", file=sys.stderr)


def _parts(excess: Mapping[str, pd.Series], codebook: Codebook) -> dict[str, Check]:
    checks = {}
    for variable, left in excess.items():
        part = codebook.variables[variable].includes
        checks[f"{part}_within_{variable}"] = check(
            left < -ROUNDING,
            left.notna(),
            "{part} exceeds the column of {variable}, which should include it.",
            f"if the two shares exclude each other, remove `includes: {part}` from `{variable}:` "
            f"in {codebook.path}",
            part=str(part),
            variable=variable,
        )
    return checks


def _partners(given: pd.DataFrame, codebook: Codebook) -> dict[str, Check]:
    named = given[list(BLOCKS["partners"])].any(axis=1)
    return {
        "partner_named_cooperation_answered": check(
            given["coop_any"].isna(),
            named,
            "The firm named a partner, and left open whether it cooperates.",
            f"look at `coop_any:` in {codebook.path}: its column, its codes, its `missing:`",
        )
    }


def _size_class(firms: pd.DataFrame, codebook: Codebook) -> dict[str, Check]:
    lowest = firms["size_class"].str.extract(r"^(\d+)", expand=False).astype("float64")
    highest = firms["size_class"].str.extract(r"-(\d+)$", expand=False).astype("float64")
    employees = firms["employees"]
    outside = (employees < lowest) | (employees > highest.fillna(float("inf")))
    return {
        "employees_in_size_class": check(
            outside,
            employees.notna() & lowest.notna(),
            "The number of employees lies outside the size class.",
            "`employees:` may be the column of another year or already a class, or `size_class:` "
            f"has other codes: see {codebook.path}",
        )
    }


def _shares(
    firms: pd.DataFrame, codebook: Codebook, columns: Mapping[str, list[str]]
) -> dict[str, Check]:
    whole = [*codebook.shares.sum_to_100]
    whole = whole if set(whole) <= set(columns) else []
    complete = firms.loc[firms[whole].notna().all(axis=1), whole] if whole else firms[:0]
    if len(complete) < FEWEST or "share_unchanged" not in whole:
        return {}
    return {
        "share_unchanged_is_the_large_one": _exchanged(complete, codebook, columns),
        **_nested(complete, codebook),
    }


def _exchanged(shares: pd.DataFrame, codebook: Codebook, columns: Mapping[str, list[str]]) -> Check:
    """Find a column of new products that averages like the share of unchanged ones."""
    means = shares.mean()
    named = {v: f"{v} (column {', '.join(columns[v]) or 'none'})" for v in shares}
    unchanged = named["share_unchanged"]
    other = means.drop("share_unchanged").idxmax()
    found = bool(means["share_unchanged"] < 40 and means[other] > 60)
    return finding(
        found,
        "A share of new products averages like the share of unchanged ones.",
        f"{named[other]} looks like the share of unchanged products: its mean is "
        f"{means[other]:.0f} %, that of {unchanged} {means['share_unchanged']:.0f} %.",
        f"exchange the columns of `{other}:` and `share_unchanged:` in {codebook.path}, after a "
        "look at the file description",
    )


def _nested(shares: pd.DataFrame, codebook: Codebook) -> dict[str, Check]:
    """Find a share of products new to the firm that includes those new to the market."""
    if not {"share_new_firm", "share_new_market"} <= set(shares):
        return {}
    both = shares[shares["share_new_market"] > ROUNDING]
    if len(both) < FEWEST:
        return {}
    without = (both.drop(columns="share_new_market").sum(axis=1) - 100).abs() <= ROUNDING
    return {
        "share_new_firm_excludes_new_market": finding(
            bool(without.mean() > MOSTLY),
            "The share of products new to the firm includes those new to the market.",
            "The shares make 100 without share_new_market for most firms that have products new to "
            "the market: share_new_firm seems to include it.",
            f"set `includes: share_new_market` under `share_new_firm:` in {codebook.path}",
        )
    }


def _weights(
    firms: pd.DataFrame, codebook: Codebook, columns: Mapping[str, list[str]]
) -> dict[str, Check]:
    if not columns.get("weight") or len(firms) < FEWEST:
        return {}
    mean = float(firms["weight"].mean())
    scaled = abs(mean - 1) < 1e-3 and float(firms["weight"].std()) > 1e-6
    return {
        "weights_gross_up": finding(
            mean < 1 - 1e-3 or scaled,
            "The weights stand for no population.",
            f"The weights average {mean:.2f}: together the firms stand for no more firms than the "
            "file has.",
            f"if `weight:` in {codebook.path} is the right column the weights are rescaled: "
            "weighted shares and regressions hold, totals do not",
        )
    }


def turnover_per_employee(firms: pd.DataFrame, codebook: Codebook) -> dict[str, Check]:
    """Compare turnover per employee with what it can be; amounts in other currencies are not.

    Parameters
    ----------
    firms
        With the columns turnover and employees, of firms or of firm-years.
    codebook
        Whose ``money:`` tells the currency.
    """
    ratio = (firms["turnover"] / firms["employees"])[firms["employees"] > 0].dropna()
    ratio = ratio[ratio > 0]
    if codebook.money.currency != "EUR" or len(ratio) < FEWEST:
        return {}
    low, high = PLAUSIBLE_PER_EMPLOYEE
    median = float(ratio.median())
    digits = f"{float(f'{median:.1g}'):,.0f}"
    return {
        "turnover_per_employee": finding(
            not low <= median <= high,
            "Turnover per employee is of another order of magnitude than that of firms.",
            f"The median turnover per employee is about {digits} EUR a year, which is outside "
            f"{low:,.0f} to {high:,.0f}.",
            f"set `money: {{unit: …}}` in {codebook.path} (it has `{codebook.money.unit}`), or the "
            "currency, or look at whether `employees:` is a size class",
        )
    }
