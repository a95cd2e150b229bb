"""Answers of a wave that contradict one another, or what their codebook takes them for.

Each check here is about a kind of mistake that leaves every single value plausible: a question read
from the boxes that follow it, percentages of another total, a scale that runs the other way. They
never change a value. From which share of the firms on they stop a run is said in
:mod:`cisflow.study.contradictions`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pandas as pd

from cisflow.base.problems import CisflowError, Problem
from cisflow.study.canonical import BLOCKS, FLAGS, PARTNERS, PLACES, SPENDING
from cisflow.study.codebook import ABOVE_ZERO, TOTAL_OF, Codebook
from cisflow.study.contradictions import FEWEST, WHOLE_FILE, share_of
from cisflow.survey.quality import ROUNDING, Check, check, finding, meant

# A column of at least so many different numbers, the largest above 10, holds amounts, not codes.
MANY_NUMBERS = 10
# Spending above this part of turnover is that of few firms.
MUCH_OF_TURNOVER = 0.5
# Of many firms' amounts not one is above 100 only if they are percentages.
PER_CENT = 100
LARGE_TURNOVER = 1000
# How far below zero a correlation must be, in itself and in standard errors.
BELOW_ZERO, SURELY = -0.05, -3.0
ALIKE = 0.95
WHOLE_PORTFOLIO = 3
ACTIVE_FLAGS = ("product_innovation", "process_innovation", "ongoing", "abandoned")
ACTIVE_AMOUNTS = ("rd_internal", "rd_external", "innovation_spending", "share_new_market")
NEW = (("share_new_firm", "share_new_market"), ("share_improved", "share_new"))

Columns = Mapping[str, list[str]]


def contradictory(
    raw: pd.DataFrame,
    given: pd.DataFrame,
    firms: pd.DataFrame,
    invalid: Mapping[str, pd.Series],
    codebook: Codebook,
    columns: Columns,
) -> dict[str, Check]:
    """Return the checks of a wave's answers against one another and against their columns.

    Parameters
    ----------
    raw
        The columns as text, shape (n, columns).
    given
        The answers as given, before filters, shape (n, columns).
    firms
        Firm records, shape (n, columns).
    invalid
        Per variable which values do not fit and were made missing, shape (n,).
    columns
        Per variable the columns of the file it comes from.
    """
    mapped = {v: of for v, of in columns.items() if of and v in codebook.variables}
    checks = {
        **_unknown_values(raw, invalid, codebook, mapped),
        **_amounts_as_flags(raw, given, codebook, mapped),
        **_without_a_no(firms, codebook, mapped),
        **_activity(given, codebook, columns),
        **_per_cent_of_another_total(given, codebook, mapped),
        **_scale(given, codebook, mapped),
        **_partners_alike(given, codebook, mapped),
    }
    return {name: entry for name, entry in checks.items() if entry["of"] > 0}


def is_contradiction(name: str, entry: Check) -> bool:
    """Return whether more firms fail a check than may be."""
    share = share_of(name)
    if share is None or not entry["failed"]:
        return False
    if share == WHOLE_FILE:
        return True
    return bool(entry["of"] >= FEWEST and entry["failed"] > share * entry["of"])


def accepted(checks: Mapping[str, Check], codebook: Codebook) -> dict[str, str]:
    """Return the contradictions there are and that the codebook accepts, each with its reason."""
    gone = outgrown(checks, codebook)
    return {
        name: codebook.accepts[name].reason
        for name, entry in checks.items()
        if is_contradiction(name, entry) and name in codebook.accepts and name not in gone
    }


def outgrown(checks: Mapping[str, Check], codebook: Codebook) -> dict[str, float]:
    """Return the contradictions of more firms than the codebook accepts, each with its bound."""
    bounds = {name: said.up_to for name, said in codebook.accepts.items() if said.up_to}
    return {
        name: bounds[name]
        for name, entry in checks.items()
        if name in bounds and is_contradiction(name, entry) and _percent(entry) > bounds[name]
    }


def without_bound(record: Mapping[str, Any], codebook: Codebook) -> Iterator[Problem]:
    """Yield which accepted contradictions are accepted whatever a later delivery holds."""
    for name in record["accepted"]:
        entry = record["checks"][name]
        if not entry.get("whole_file") and codebook.accepts[name].up_to is None:
            what = f"accepts: {name}: {told(entry)} More would be accepted as well, unseen"
            remedy = f"say up to which share it holds: {_accept(name, entry)} in {codebook.path}"
            yield Problem(what, remedy)


def contradictions(record: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what of a quality record contradicts itself and is not accepted.

    Parameters
    ----------
    record
        From :func:`cisflow.survey.ingest.ingest_wave`.
    """
    for name, entry in record["checks"].items():
        if not is_contradiction(name, entry) or name in record.get("accepted", {}):
            continue
        bound = record.get("outgrown", {}).get(name)
        more = "" if bound is None else f" The codebook accepts it up to {bound:g} %."
        accept = f"accept it with a reason: {_accept(name, entry)} in the codebook"
        yield Problem(told(entry) + more, f"{entry['remedy']}; or, if it is so, {accept}")


def _accept(name: str, entry: Check) -> str:
    """Return what accepts a contradiction as large as it is."""
    bound = "" if entry.get("whole_file") else f", up_to: {math.ceil(_percent(entry))}"
    return f"`accepts: {{{name}: {{reason: …{bound}}}}}`"


def _percent(entry: Check) -> float:
    return float(100 * entry["failed"] / entry["of"])


def refuse_contradictions(record: Mapping[str, Any], heading: str) -> None:
    """Refuse a wave whose answers contradict one another.

    Raises
    ------
    CisflowError
        All contradictions that the codebook does not accept.
    """
    problems = list(contradictions(record))
    if problems:
        raise CisflowError(f"{heading} ({record['file']})", problems)


def told(entry: Check) -> str:
    """Return what a failed check says, with the share of firms that fail it."""
    if entry.get("whole_file"):
        return str(entry["seen"])
    share = f"{_percent(entry):.0f} % of those concerned"
    return f"{meant(entry)}: {share}."


def _named(variable: str, columns: list[str]) -> str:
    listed = ", ".join(f"'{column}'" for column in columns)
    return f"{variable} (column {listed})"


# --- columns and what they are taken for -------------------------------------------------------


def _unknown_values(
    raw: pd.DataFrame, invalid: Mapping[str, pd.Series], codebook: Codebook, columns: Columns
) -> dict[str, Check]:
    """Count the values that `invalid: missing` takes for no answer: many are another coding."""
    return {
        f"{variable}_values_are_known": check(
            invalid[variable],
            raw[columns[variable]].notna().any(axis=1),
            f"{_named('{variable}', columns[variable])} has values outside its codes or range, "
            "which `invalid: missing` takes for no answer.",
            f"correct codes, unit or column of `{variable}:` in {codebook.path}",
            variable=variable,
        )
        for variable in columns
        if codebook.variables[variable].invalid == "missing" and variable in invalid
    }


def _amounts_as_flags(
    raw: pd.DataFrame, given: pd.DataFrame, codebook: Codebook, columns: Columns
) -> dict[str, Check]:
    """Find yes/no variables read from amounts or percentages by something else than > 0."""
    checks = {}
    for variable in (v for v in columns if v in FLAGS and len(columns[v]) == 1):
        numbers = pd.to_numeric(raw[columns[variable][0]], errors="coerce")
        codes = codebook.variables[variable].codes or {}
        others = codes.get("*")
        many = numbers.nunique() >= MANY_NUMBERS and numbers.max() > MANY_NUMBERS
        if others is None or ABOVE_ZERO in codes or not many:
            continue
        # Codes of places or kinds have many numbers too, and one of them is at home: then zero
        # means nothing, and what all others mean is left to the codebook.
        wrong = given[variable] if others else ~given[variable]
        checks[f"{variable}_is_no_amount"] = check(
            wrong & (numbers.le(0) if others else numbers.gt(0)),
            numbers.notna() & given[variable].notna(),
            f"{_named('{variable}', columns[variable])} holds amounts or percentages, and a yes is "
            "read from something else than being above zero.",
            f'set `codes: {{"0": no, "{ABOVE_ZERO}": yes}}` under `{variable}:` in '
            f"{codebook.path}, or name the column of the yes/no question",
            variable=variable,
        )
    return checks


def _without_a_no(firms: pd.DataFrame, codebook: Codebook, columns: Columns) -> dict[str, Check]:
    """Find yes/no questions that every firm answers with yes: a box that follows, say.

    That all firms are innovation-active contradicts nothing: a file may hold no others.
    """
    checks = {}
    for variable in (v for v in columns if v in FLAGS and v != "innovation_active"):
        answers = firms[variable].dropna()
        if len(answers) < FEWEST:
            continue
        checks[f"{variable}_has_a_no"] = finding(
            bool(answers.all()),
            "No firm answers a yes/no question with no.",
            f"{_named(variable, columns[variable])}: every firm that answered says yes.",
            f"look at `{variable}:` in {codebook.path}: tick boxes that follow a question are not "
            "the question; where a blank box means no, set `blank_is_zero: true`",
        )
    return checks


# --- answers that should agree -----------------------------------------------------------------


def _activity(given: pd.DataFrame, codebook: Codebook, columns: Columns) -> dict[str, Check]:
    """Compare who is innovation-active with who answers that it innovates or does R&D."""
    flags = [given[v].fillna(value=False).astype(bool) for v in ACTIVE_FLAGS if columns.get(v)]
    amounts = [given[v].gt(0).fillna(value=False) for v in ACTIVE_AMOUNTS if columns.get(v)]
    if not flags and not amounts:
        return {}
    active = pd.concat([*flags, *amounts], axis=1).any(axis=1)
    return {
        "innovation_active_covers_activities": check(
            ~given["innovation_active"],
            active & given["innovation_active"].notna(),
            "The firm is not innovation-active, and has R&D, innovation expenditure or an "
            "innovation.",
            f"name all that makes a firm innovation-active in {codebook.path}: "
            "`innovation_active: {any_of: […]}`, R&D among it",
        )
    }


def _per_cent_of_another_total(
    given: pd.DataFrame, codebook: Codebook, columns: Columns
) -> dict[str, Check]:
    """Find percentages of something else than turnover, and such that are read as amounts."""
    spending = [v for v in columns if v in SPENDING and "turnover" in columns]
    totals = {v: TOTAL_OF.get(codebook.variables[v].unit or "") for v in spending}
    stated = [v for v in spending if totals[v] == "turnover"]
    checks = {v: e for v in stated for v, e in _much_of_turnover(v, given, codebook, columns)}
    parts = [v for v in stated if v != "innovation_spending"]
    if len(parts) > 1:
        total = given[parts].sum(axis=1) / given["turnover"].where(given["turnover"] > 0)
        checks["percentages_are_of_turnover"] = check(
            (total - 1).abs() <= ROUNDING / 100,
            total > 0,
            "Kinds of spending make up the whole turnover together.",
            "they are percentages of all innovation expenditure: set `unit: "
            f"percent_of_innovation_spending` under {', '.join(parts)} in {codebook.path}",
        )
    for variable in (v for v in spending if totals[v] is None):
        checks |= _percentages_as_amounts(variable, given, codebook, columns)
    return {**checks, **_only_new_products(given, codebook, columns)}


def _much_of_turnover(
    variable: str, given: pd.DataFrame, codebook: Codebook, columns: Columns
) -> Iterator[tuple[str, Check]]:
    yield (
        f"{variable}_is_part_of_turnover",
        check(
            given[variable] > MUCH_OF_TURNOVER * given["turnover"],
            given[variable].gt(0) & given["turnover"].gt(0),
            f"{_named('{variable}', columns[variable])} is more than half of the turnover it is "
            "said to be a percentage of.",
            "it may be one of all innovation spending: set `unit: percent_of_innovation_spending` "
            f"under `{variable}:` in {codebook.path}",
            variable=variable,
        ),
    )


def _percentages_as_amounts(
    variable: str, given: pd.DataFrame, codebook: Codebook, columns: Columns
) -> dict[str, Check]:
    amounts = given[variable] / codebook.multiple(variable)
    turnover = given["turnover"] / codebook.multiple("turnover")
    positive = amounts[(amounts > 0).fillna(value=False)]
    if len(positive) < FEWEST:
        return {}
    found = positive.max() <= PER_CENT and turnover.median() >= LARGE_TURNOVER
    return {
        f"{variable}_is_an_amount": finding(
            bool(found),
            "Amounts are no larger than percentages.",
            f"{_named(variable, columns[variable])}: not one of the amounts is above {PER_CENT}, "
            "while turnover is in thousands and more: they look like percentages.",
            f"set `unit: percent_of_turnover` under `{variable}:` in {codebook.path}, or "
            "`percent_of_innovation_spending`, by what they are percentages of",
        )
    }


def _only_new_products(
    given: pd.DataFrame, codebook: Codebook, columns: Columns
) -> dict[str, Check]:
    """Find shares that make 100 without the share of unchanged products."""
    pair = next((p for p in NEW if set(p) <= set(columns)), None)
    if pair is None or "share_unchanged" in columns:
        return {}
    total = given[list(pair)].sum(axis=1, skipna=False)
    return {
        "new_products_are_not_all_turnover": check(
            (total - 100).abs() <= ROUNDING,
            total > 0,
            "The shares of new products make up the whole turnover.",
            f"they are percentages of the turnover from new products: {' and '.join(pair)} must be "
            f"of all turnover, see {codebook.path}",
        )
    }


def _scale(given: pd.DataFrame, codebook: Codebook, columns: Columns) -> dict[str, Check]:
    """Find importances that fall where use rises: a scale whose 1 is high."""
    evidence = [_z(rated, used) for rated, used in _rated_and_used(given, columns)]
    known = [(r, z) for r, z in evidence if not math.isnan(z)]
    if not known:
        return {}
    mean = sum(r for r, _ in known) / len(known)
    together = sum(z for _, z in known) / math.sqrt(len(known))
    return {
        "sources_run_upwards": finding(
            mean < BELOW_ZERO and together < SURELY,
            "Sources of information are the less important the more they are used.",
            "source_*: firms rate a source lower where they cooperate with it than where they do "
            "not: the scale seems to run from high to low.",
            f"turn the codes of the sources round in {codebook.path}: 3 is high, 0 not used",
        )
    }


def _rated_and_used(given: pd.DataFrame, columns: Columns) -> Iterator[tuple[pd.Series, pd.Series]]:
    """Yield ratings of a source with whether it is a partner; without partners, all with R&D."""
    rated = [v for v in BLOCKS["sources"] if v in columns]
    pairs = 0
    for partner in PARTNERS:
        cells = [c for place in PLACES if (c := f"coop_{partner}_{place}") in columns]
        if f"source_{partner}" in rated and cells:
            pairs += 1
            yield given[f"source_{partner}"], _partner(given, cells)
    if rated and not pairs:
        mean = given[rated].astype("Float64").mean(axis=1)
        if "coop_any" in columns:
            yield mean, given["coop_any"]
        if "rd_internal" in columns:
            yield mean, given["rd_internal"].gt(0)


def _partner(given: pd.DataFrame, cells: Collection[str]) -> pd.Series:
    """Return whether a firm cooperates with a partner; who does not cooperate at all does not."""
    named = given[list(cells)].any(axis=1).astype("boolean")
    return named.where(given[list(cells)].notna().any(axis=1) | ~given["coop_any"].fillna(True))


def _z(rated: pd.Series, used: pd.Series) -> tuple[float, float]:
    """Return a correlation and how many standard errors it is from zero; NaN without one."""
    both = pd.DataFrame({"rated": rated, "used": used}).astype("Float64").dropna().astype("float64")
    if len(both) < FEWEST or both.nunique().min() < 2:
        return math.nan, math.nan
    r = float(both["rated"].corr(both["used"]))
    return r, math.atanh(max(min(r, 0.999), -0.999)) * math.sqrt(len(both) - 3)


def _partners_alike(given: pd.DataFrame, codebook: Codebook, columns: Columns) -> dict[str, Check]:
    """Find types of partners that all firms name together: one column read as several."""
    types = {
        partner: _partner(given, cells)
        for partner in PARTNERS
        if (cells := [c for place in PLACES if (c := f"coop_{partner}_{place}") in columns])
    }
    if len(types) < WHOLE_PORTFOLIO:
        return {}
    named = pd.DataFrame(types)
    named = named[named.any(axis=1) & named.notna().all(axis=1)]
    if len(named) < FEWEST:
        return {}
    return {
        "partners_differ": finding(
            bool(named.all(axis=1).mean() >= ALIKE),
            "Firms name all types of partners or none.",
            "coop_*: nearly every firm that cooperates does so with every type of partner.",
            f"look at the partners in {codebook.path}: each has a column of its own",
        )
    }
