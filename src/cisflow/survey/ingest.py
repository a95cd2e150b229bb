"""One wave of a survey: from the raw extract to canonical firm records and a quality report."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pandas as pd

from cisflow.base.paths import Paths, files_of, named, shown
from cisflow.base.problems import CisflowError, Problem, counted, lists_values, values_told
from cisflow.raw.extract import verify_checksum
from cisflow.study.canonical import BLOCK_OF, BLOCKS, FIRM_COLUMNS, FLAGS, OTHER_PARTNERS
from cisflow.study.codebook import TOTAL_OF, Codebook, Variable
from cisflow.survey.accounts.ingest import ingest_accounts
from cisflow.survey.activities import MANUFACTURING, sections
from cisflow.survey.answers import (
    Answers,
    Delivery,
    any_yes,
    duplicates,
    read_answers,
    read_flag,
    read_rows,
    weightless,
)
from cisflow.survey.contradictions import accepted, contradictory, outgrown
from cisflow.survey.identifiers import in_format
from cisflow.survey.labels import one_line
from cisflow.survey.quality import (
    ROUNDING,
    Check,
    check,
    consistency,
    cooperation,
    counts,
    finding,
    notes,
)
from cisflow.survey.schema import conforming, dtype_of, firm_schema
from cisflow.survey.semantics import semantics
from cisflow.survey.zeros import with_zeros

__all__ = ["ingest_accounts", "ingest_wave", "records_of"]

# With the share of unchanged products, what the rounds of the survey ask for makes the whole.
WHOLES = (
    ("share_unchanged", "share_new_firm", "share_new_market"),
    ("share_unchanged", "share_improved", "share_new"),
)
# A firm is innovation-active if it has one of these (Oslo Manual; the filter of CIS4 to CIS2016).
ACTIVITIES = ("product_innovation", "process_innovation", "ongoing", "abandoned")

# Questions of few questionnaires, of which the others need not say that they lack them.
FINER = {v for v in BLOCKS["partners"] if v.startswith(tuple(f"coop_{p}_" for p in OTHER_PARTNERS))}


def ingest_wave(
    path: Paths,
    codebook: Codebook,
    country: str,
    wave: str,
    *,
    name: str | None = None,
    sha256: str | Sequence[str] | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read one wave of one country and apply its codebook.

    Parameters
    ----------
    path
        The extract as delivered, one file or several to be joined.
    codebook
        With what the config says on opening the file (:meth:`Codebook.configured`).
    country, wave
        Two-letter code, and name of the wave.
    name
        What to call the country in messages.
    sha256
        Checksum the file must have; one per file.

    Returns
    -------
    firms
        Shape (firms, ``schema.FIRM_COLUMNS``), conforming to
        :func:`cisflow.survey.schema.firm_schema`.
    quality
        Counts of rows, answers and failed checks, ready for JSON. Holds no value of a firm.

    Raises
    ------
    CisflowError
        All that is wrong with the file at once; nothing is returned then.
    """
    file = " + ".join(shown(single) for single in files_of(path))
    heading = f"{name or country}, wave {wave} ({file})"
    verify_checksum(path, sha256, heading)
    delivery = read_rows(path, codebook, heading)
    raw = delivery.raw
    screening = {
        variable: read_flag(column, raw[column], codebook, screen)
        for variable, column in delivery.screens.items()
        if (screen := codebook.variables[variable].screen)
    }
    none = _none_of(delivery, screening, codebook)
    answers = {
        variable: read_answers(
            variable, columns, _summands(variable, columns, raw, none, codebook), codebook, country
        )
        for variable, columns in delivery.columns.items()
    }
    if "firm_id" in answers:
        answers["firm_id"] = in_format(answers["firm_id"], codebook)
    read = [*answers.values(), *screening.values()]
    problems = [*delivery.problems, *(problem for answer in read for problem in answer.problems)]
    problems += duplicates(answers.get("firm_id"), codebook)
    problems += weightless(answers.get("weight"), codebook)
    # Boxes that were not ticked. What was left blank is another thing than an answer that is none.
    blanks = {
        variable: raw[columns].isna().all(axis=1)
        for variable, columns in delivery.columns.items()
        if codebook.variables[variable].blank_is_zero
    }
    for variable in (v for v in blanks if v not in BLOCK_OF):
        values = answers[variable].values
        answers[variable].values = values.mask(blanks[variable], _zero(variable))
    excess = _net_of_parts(answers, codebook)
    _times_total(answers, codebook)
    given = _table(answers, raw.index)
    problems += _derive(given, answers, codebook)
    asked = _asked(given, answers, codebook)
    problems += _unanswered(given, answers, asked, codebook)
    if problems:
        # Two variables may share a screening question; what is wrong with it is told once.
        raise CisflowError(heading, dict.fromkeys(problems))

    screens = {variable: answer.values for variable, answer in screening.items()}
    # Without one of them, the others make no whole.
    whole = [*codebook.shares.sum_to_100] if set(codebook.shares.sum_to_100) <= set(answers) else []
    firms = _filtered(given, asked)
    _fill_screened(firms, asked, screens, codebook)
    for variable in (v for v in blanks if v in BLOCK_OF):
        firms.loc[blanks[variable] & asked[BLOCK_OF[variable]], variable] = _zero(variable)
    if codebook.shares.complete_blanks:
        _complete_shares(firms, whole, asked["shares"])
    firms = _as_records(firms, asked, codebook, country, wave)
    firms = conforming(firms, firm_schema(), heading)
    checks = {
        **cooperation(given, codebook.path),
        **_filter_checks(given, asked, codebook),
        **_screen_checks(given, screens, codebook),
        **_absent_screens(delivery, codebook),
        **consistency(firms, _whole_shares(codebook, answers), codebook.path),
        **semantics(given, firms, codebook, delivery.columns, excess),
        **contradictory(
            raw,
            given,
            firms.set_index(given.index),
            {variable: answer.invalid for variable, answer in answers.items()},
            codebook,
            delivery.columns,
        ),
    }
    quality = {
        "country": country,
        "wave": wave,
        "file": " + ".join(map(named, files_of(path))),
        "read_as": delivery.read_as,
        "joined": delivery.joined,
        "left_out": delivery.left_out,
        "codebook": codebook.id,
        "title": codebook.title,
        "reference_year": codebook.reference_year,
        "rows": delivery.rows,
        "rows_kept": len(firms),
        "duplicate_ids": 0,  # a file that has any is refused
        "notes": list(notes(codebook)),
        "breaks": [entry.model_dump(by_alias=True) for entry in codebook.breaks],
        "checks": checks,
        "accepted": accepted(checks, codebook),
        "variables": _variables(firms, answers, codebook, delivery.reasons),
    }
    if more := outgrown(checks, codebook):
        quality["outgrown"] = more
    return firms, quality


def records_of(answered: pd.DataFrame, codebook: Codebook, country: str, wave: str) -> pd.DataFrame:
    """Return answers that are canonical already as firm records of a questionnaire.

    What it does not ask is missing, what it does not put to a firm is filtered, and what follows
    from the answers (activity, section, manufacturing) is added, as :func:`ingest_wave` does.

    Parameters
    ----------
    answered
        Canonical variables, one row per firm; yes and no as 1 and 0, NaN where left blank.
    codebook
        Its variables are what the questionnaire asks.
    country, wave
        Two-letter code, and name of the wave.
    """
    asks = [variable for variable in codebook.variables if variable in answered]
    answers = {v: Answers(answered[v], answered[v].isna() & False, []) for v in asks}
    given = _table(answers, answered.index)
    if problems := _derive(given, answers, codebook):
        raise CisflowError(f"{country}, wave {wave}", problems)
    asked = _asked(given, answers, codebook)
    return _as_records(_filtered(given, asked), asked, codebook, country, wave)


def _as_records(
    firms: pd.DataFrame, asked: dict[str, pd.Series], codebook: Codebook, country: str, wave: str
) -> pd.DataFrame:
    """Return filtered answers with who was asked what, in the columns and types of firm records."""
    firms = firms.assign(
        country=country,
        wave=wave,
        reference_year=codebook.reference_year,
        **{f"asked_{block}": flags for block, flags in asked.items()},
    )
    firms = firms[list(FIRM_COLUMNS)].astype({c: dtype_of(c) for c in FIRM_COLUMNS})
    return firms.reset_index(drop=True)


def _whole_shares(codebook: Codebook, answers: Collection[str]) -> list[str]:
    """Return the shares that make the whole turnover: as declared, else those that always do.

    If the file lacks one of them the others make no whole.
    """
    declared = codebook.shares.sum_to_100
    wholes = (declared,) if declared else WHOLES
    return next((list(whole) for whole in wholes if set(whole) <= set(answers)), [])


def _none_of(
    delivery: Delivery, screening: dict[str, Answers], codebook: Codebook
) -> dict[str, pd.Series]:
    """Return per column which firms said before that there was none (`no_is_zero`), shape (n,)."""
    none: dict[str, pd.Series] = {}
    for variable, answer in screening.items():
        screen = codebook.variables[variable].screen
        if screen and screen.no_is_zero:
            said = (~answer.values).fillna(value=False).astype(bool)
            none |= dict.fromkeys(delivery.columns.get(variable, []), said)
    return none


def _summands(
    variable: str,
    columns: list[str],
    raw: pd.DataFrame,
    none: dict[str, pd.Series],
    codebook: Codebook,
) -> pd.DataFrame:
    """Return the extract with 0 for parts of a sum of which the firm said that there was none."""
    parts = [c for c in columns if c in none] if codebook.variables[variable].sum_of else []
    return raw.assign(**{c: raw[c].mask(raw[c].isna() & none[c], "0") for c in parts})


def _table(answers: dict[str, Answers], index: pd.Index) -> pd.DataFrame:
    """Return all answers as one table; what was not asked is missing."""
    variables = [c for c in FIRM_COLUMNS if not c.startswith("asked_")]
    empty = {v: pd.Series(pd.NA, index=index, dtype="string") for v in variables}
    columns = {v: answers[v].values if v in answers else empty[v] for v in variables}
    kinds = {v: dtype_of(v) for v in variables if v != "reference_year"}
    return pd.DataFrame(columns, index=index).astype(kinds)


def _net_of_parts(answers: dict[str, Answers], codebook: Codebook) -> dict[str, pd.Series]:
    """Subtract from every share the share its column includes (`includes` of a codebook).

    A part above its whole is a contradiction: the difference is then missing and counts as invalid.
    Returns per variable that has a part by how much the whole exceeds it, shape (n,).
    """
    excess = {}
    for variable, asked in codebook.variables.items():
        part = asked.includes
        if part in answers and variable in answers:
            whole = answers[variable]
            excess[variable] = whole.values - answers[part].values
            beyond = (excess[variable] < -ROUNDING).fillna(value=False)
            whole.values = excess[variable].mask(beyond).clip(lower=0)
            whole.invalid = whole.invalid | beyond
    return excess


def _times_total(answers: dict[str, Answers], codebook: Codebook) -> None:
    """Turn spending that is stated in relation to another amount into amounts.

    What is stated in relation to turnover comes first: it may be the total of other spending.
    """
    stated = {v: TOTAL_OF.get(s.unit or "", "") for v, s in codebook.variables.items()}
    for variable, total in sorted(stated.items(), key=lambda pair: pair[1] != "turnover"):
        if total in answers and variable in answers:
            answers[variable].values = answers[variable].values * answers[total].values


def _derive(given: pd.DataFrame, answers: dict[str, Answers], codebook: Codebook) -> list[Problem]:
    """Fill in what follows from the answers: activity, section, manufacturing, weight."""
    problems: list[Problem] = []
    activities = [given[a] for a in ACTIVITIES if a in answers]
    if "innovation_active" not in answers and activities:
        given["innovation_active"] = any_yes(activities)
        columns = [c for a in ACTIVITIES if a in answers for c in answers[a].columns]
        answers["innovation_active"] = _derived(given["innovation_active"], columns)
    if "weight" not in answers:
        given["weight"] = 1.0
    if "nace" in answers and codebook.nace:
        revision = codebook.nace.revision
        if answers["nace"].columns and codebook.variables["nace"].codes is None:
            column = one_line(answers["nace"].columns[0])
            given["nace"], unclear = with_zeros(given["nace"], column, codebook)
            problems += [unclear] if unclear else []
        given["section"] = sections(given["nace"], revision)
        unknown = given["nace"].notna() & given["section"].isna()
        answers["nace"].invalid = unknown
        if unknown.any() and codebook.variables["nace"].invalid != "missing":
            problems.append(_unknown_activities(given.loc[unknown, "nace"], answers, codebook))
        given.loc[unknown, "nace"] = None
        if "manufacturing" not in answers:
            manufacturing = given["section"] == MANUFACTURING[revision]
            given["manufacturing"] = manufacturing.astype("boolean")
            answers["manufacturing"] = _derived(given["manufacturing"], answers["nace"].columns)
    return problems


def _derived(values: pd.Series, columns: list[str]) -> Answers:
    return Answers(values, values.isna() & False, columns)


def _unknown_activities(
    codes: pd.Series, answers: dict[str, Answers], codebook: Codebook
) -> Problem:
    column = answers["nace"].columns[0] if answers["nace"].columns else "nace"
    revision = codebook.nace.revision if codebook.nace else ""
    # Activities are many, and every one that many rows have may be told.
    found = values_told(codes.value_counts().to_dict(), most=1000)
    return Problem(
        f"nace (column '{column}'): codes that classification {revision} does not have: {found}.",
        f"correct `nace: {{revision: …}}` in {codebook.path}, list codes for no answer under "
        "`missing:`, or let `invalid: missing` take them for no answer; "
        f"{lists_values(column)}",
    )


def _asked(
    given: pd.DataFrame, answers: dict[str, Answers], codebook: Codebook
) -> dict[str, pd.Series]:
    """Return per block whether its questions were put to the firm, shape (n,), dtype bool.

    A firm of which the filter's variable is unknown was asked if it answered one of the questions.
    """
    asked: dict[str, pd.Series] = {}
    for block, variables in BLOCKS.items():
        mapped = [v for v in variables if v in answers]
        condition = codebook.asked_if(block)
        if not mapped or condition is None:
            asked[block] = pd.Series(bool(mapped), index=given.index)
            continue
        flag = given[condition]
        before = BLOCK_OF.get(condition)
        if before in asked:
            # The filter is a filtered question itself: whether a firm cooperates leads to partners.
            flag = flag.where(asked[before], False)
        answered = given[mapped].notna().any(axis=1)
        asked[block] = flag.fillna(answered).astype(bool)
    return asked


def _unanswered(
    given: pd.DataFrame,
    answers: dict[str, Answers],
    asked: dict[str, pd.Series],
    codebook: Codebook,
) -> Iterator[Problem]:
    """Yield the required variables that nobody answered although somebody was asked."""
    for variable, answer in answers.items():
        asks = codebook.variables.get(variable)
        block = BLOCK_OF.get(variable)
        concerned = int(asked[block].sum()) if block else len(given)
        if asks is None or not asks.required or answer.problems or concerned == 0:
            continue
        if variable != "firm_id" and given[variable].isna().all():
            columns = ", ".join(f"'{column}'" for column in answer.columns)
            yield Problem(
                f"{variable} (column {columns}): no usable answer from any of the firms "
                f"that were asked ({counted(concerned, 'firm')}).",
                f"name the right column under `{variable}:` in {codebook.path}, or if the "
                "question was not asked set `required: false` or remove the variable with `null`",
            )


def _screen_checks(
    given: pd.DataFrame, screens: dict[str, pd.Series], codebook: Codebook
) -> dict[str, Check]:
    checks = {}
    for variable, screen in screens.items():
        flag = variable in FLAGS
        checks[f"{variable}_implies_yes"] = check(
            ~screen,
            (given[variable] if flag else given[variable] > 0) & screen.notna(),
            f"{{variable}} is {'yes' if flag else 'above 0'} although the firm answered no to the "
            "question that leads to it.",
            f"look at `screen:` under `{variable}:` in {codebook.path}: another column, or its "
            "codes are exchanged",
            variable=variable,
        )
    return {name: entry for name, entry in checks.items() if entry["of"] > 0}


def _absent_screens(delivery: Delivery, codebook: Codebook) -> dict[str, Check]:
    """Tell of screening questions that the codebook names and the file has not."""
    checks = {}
    for variable in delivery.columns:
        screen = codebook.variables[variable].screen
        if screen is None or variable in delivery.screens:
            continue
        lost = ", so that firms without it count as missing" if screen.no_is_zero else ""
        checks[f"{variable}_screen_found"] = finding(
            True,
            f"The file lacks the question that leads to {variable}.",
            f"column '{screen.name}', which leads to {variable}, is not in the file{lost}.",
            f"name the file's column under `{variable}: {{screen: …}}` in {codebook.path}, or "
            "write `screen: null` there if it was not asked",
        )
    return checks


def _filter_checks(
    given: pd.DataFrame, asked: dict[str, pd.Series], codebook: Codebook
) -> dict[str, Check]:
    checks = {}
    for block, flags in asked.items():
        condition = codebook.asked_if(block)
        if condition:
            checks[f"filter_{block}"] = check(
                given[list(BLOCKS[block])].notna().any(axis=1),
                ~flags,
                f"The firm answered questions on {block} although they are only for firms with "
                f"{condition}; these answers were left out.",
                f"if this file asks more firms, set another `asked_if` under blocks.{block} in "
                f"{codebook.path}, or remove it there",
            )
    return {name: entry for name, entry in checks.items() if entry["of"] > 0}


def _filtered(given: pd.DataFrame, asked: dict[str, pd.Series]) -> pd.DataFrame:
    """Return the answers without those to questions that were not put to the firm."""
    firms = given.copy()
    for block, variables in BLOCKS.items():
        for variable in variables:
            firms[variable] = given[variable].where(asked[block])
    return firms


def _fill_screened(
    firms: pd.DataFrame,
    asked: dict[str, pd.Series],
    screens: dict[str, pd.Series],
    codebook: Codebook,
) -> None:
    """Set blanks to zero (or no) where the screening question was answered with no."""
    for variable, screen in screens.items():
        leading = codebook.variables[variable].screen
        if leading is None or not leading.no_is_zero:
            continue
        no = firms[variable].isna() & (~screen).fillna(value=False)
        block = BLOCK_OF.get(variable)
        if block:
            no &= asked[block]
        firms.loc[no.astype(bool), variable] = _zero(variable)


def _zero(variable: str) -> bool | float:
    return False if variable in FLAGS else 0.0


def _complete_shares(firms: pd.DataFrame, whole: list[str], asked: pd.Series) -> None:
    """Set blank shares to zero where the shares present already make the whole turnover."""
    complete = asked & ((firms[whole].sum(axis=1) - 100).abs() < 1e-6)
    for share in whole:
        firms.loc[complete & firms[share].isna(), share] = 0.0


def _variables(
    firms: pd.DataFrame,
    answers: dict[str, Answers],
    codebook: Codebook,
    reasons: dict[str, dict[str, int]],
) -> dict[str, dict[str, Any]]:
    """Return the quality report's entry of every variable a questionnaire may ask."""
    nobody = firms["firm_id"].isna()
    report = {}
    for variable in FIRM_COLUMNS:
        answer = answers.get(variable)
        if answer is None and (variable not in BLOCK_OF and variable not in FLAGS):
            continue
        if answer is None and variable in FINER:
            continue
        invalid = answer.invalid.reset_index(drop=True) if answer else nobody
        columns = answer.columns if answer else []
        entry = codebook.variables.get(variable) if answer else None
        report[variable] = counts(firms, variable, columns, invalid, entry or Variable())
        # What SPSS, Stata or SAS declares missing, by reason and column.
        declared = {column: reasons[column] for column in columns if column in reasons}
        report[variable]["missing_reasons"] = declared
    return report
