"""What a run's samples can decide, from their design alone: ``cisflow power``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from cisflow.base.documents import read_yaml
from cisflow.base.paths import shown
from cisflow.base.problems import CisflowError, Problem
from cisflow.base.records import read_firms
from cisflow.claims.power import Reach, reach_of_none, reach_of_sign
from cisflow.estimation.expected import Design, expected_design
from cisflow.estimation.run import samples
from cisflow.study.claims import COEFFICIENT, Rule, Single
from cisflow.study.run import Run, load_run

YES, NO, UNSTATED = "yes", "no", "no effect stated"
TOO_FEW = "too few firms"
NOT_TOLD = "not told by the design"
NOT_RUN = "not run"


def power_of_run(config: Path, root: Path) -> dict[str, Any]:
    """Return which claims the samples of a run can decide, as plain types.

    Parameters
    ----------
    config
        The config; its panels must be there (``results/{run}/microdata/{country}/panel.parquet``).

    Raises
    ------
    CisflowError
        For a config with problems, and a run whose panels are not there.
    """
    run = load_run(read_yaml(config), root, file=shown(config))
    panels = {country: _panel(run, country, root, config) for country in run.at_hand}
    rule = run.claims.rule
    return {
        "run": run.name,
        "data": run.stamp,
        "significance": rule.significance,
        "power": rule.power,
        "rounded_to": run.profile.minimum_cell,
        "tests": [row for country, panel in panels.items() for row in _rows(run, country, panel)],
    }


def _panel(run: Run, country: str, root: Path, config: Path) -> pd.DataFrame:
    file = root / "results" / run.name / "microdata" / country / "panel.parquet"
    if not file.is_file():
        target = (Path("results") / run.name / "microdata" / country / file.name).as_posix()
        what = f"{run.countries[country].name}: its panel was not built yet"
        remedy = f"`cisflow run {shown(config)} {target}` builds it, and estimates nothing"
        raise CisflowError("cisflow power", Problem(what, remedy))
    return read_firms(file)


def _rows(run: Run, country: str, panel: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield what can be said of every test of every claim, wave by wave."""
    rule, minimum = run.claims.rule, run.profile.minimum_cell
    designs = {
        (name, wave, test.key): design
        for name in run.models
        for wave, test, design in _designs(run, name, panel)
    }
    for claim, about in run.claims.claims.items():
        for test in about.singles:
            named = {"country": country, "claim": claim, **_named(test)}
            found = {
                w: d for (m, w, key), d in designs.items() if (m, key) == (test.model, test.key)
            }
            if test.model not in run.models:
                yield {**named, "wave": "", "decidable": NOT_RUN}
            for wave, design in found.items():
                yield {**named, "wave": wave, **told(design, test, rule, minimum)}


def _designs(
    run: Run, name: str, panel: pd.DataFrame
) -> Iterator[tuple[str, Single, Design | str]]:
    """Yield the design of every test on a model, wave by wave, or why there is none."""
    spec, tests = run.models[name], run.claims.tests_of(name)
    if not tests:
        return
    for wave, firms, _, reason in samples(panel, spec, run.settings.lag, run.profile):
        for test in tests:
            yield wave, test, reason or expected_design(firms, spec, test)


def _named(test: Single) -> dict[str, Any]:
    keys = ("model", "outcome", "column", "term")
    effect = test.smallest_effect if test.expect == "none" else test.claimed_effect
    return {
        **{key: getattr(test, key) for key in keys},
        "quantity": test.measured,
        "expect": test.expect,
        "effect": effect,
    }


def told(design: Design | str, test: Single, rule: Rule, minimum: int) -> dict[str, Any]:
    """Return what may be said of a test's sample, and whether it can decide.

    Parameters
    ----------
    design
        Of the sample, or why there is none.
    test, rule
        Of the claims file.
    minimum
        Fewest firms that may be told of, and to whose multiples numbers are rounded. Of fewer
        neither their number nor what follows from it is told.

    Returns
    -------
    dict
        ``decidable`` (yes, no, or why neither), and what is known: ``n``, ``firms_with``,
        ``firms_without``, ``std_error``, ``mde``, ``power``, ``n_possible``, ``n_needed``.
    """
    if isinstance(design, str):
        return {"decidable": NOT_TOLD, "reason": design}
    if design.n < minimum:
        return {"decidable": TOO_FEW, "reason": f"fewer than {minimum} firms"}
    fewest, design = design.fewest, _rounded(design, minimum)
    size: dict[str, Any] = {"n": design.n}
    if fewest < minimum:
        why = f"fewer than {minimum} firms on one side of the term"
        return {**size, "decidable": TOO_FEW, "reason": why}
    sides = {"firms_with": design.firms_with, "firms_without": design.firms_without}
    size |= {side: firms for side, firms in sides.items() if firms >= minimum}
    numbers = asdict(reach_of(design, test, rule))
    answer = {True: YES, False: NO, None: UNSTATED}[numbers.pop("decidable")]
    known = {key: value for key, value in numbers.items() if math.isfinite(value)}
    found = {**size, "std_error": design.std_error, **known}
    if fewest < rule.minimum_firms:
        why = f"fewer than {rule.minimum_firms} firms on one side of the term"
        return {**found, "decidable": TOO_FEW, "reason": why}
    return {**found, "decidable": answer}


def _rounded(design: Design, minimum: int) -> Design:
    """Return a design whose numbers of firms are multiples of the minimum.

    The samples of two models may differ by few firms: exact numbers would tell these, and so would
    what follows from them.
    """

    def near(n: int) -> int:
        return minimum * ((n + minimum // 2) // minimum)

    return replace(
        design,
        n=near(design.n),
        df=design.df + near(design.n) - design.n,
        firms_with=near(design.firms_with),
        firms_without=near(design.firms_without),
    )


def reach_of(design: Design, test: Single, rule: Rule) -> Reach:
    """Return what a sample can decide on a test by the levels of a rule."""
    levels = {"level": rule.significance, "power": rule.power, "df": design.df}
    if test.expect == "none":
        band = test.smallest_effect or math.nan
        return reach_of_none(
            design.std_error, design.n, band, equivalence=rule.equivalence, **levels
        )
    return reach_of_sign(design.std_error, design.n, effect=test.claimed_effect, **levels)


# --- as text -----------------------------------------------------------------------------------

WORDS = {
    YES: "decidable",
    NO: "cannot be decided with this sample",
    UNSTATED: "the claim names no effect to hold this against",
    NOT_RUN: "not run: this run does not estimate the model",
}


def power_text(record: dict[str, Any]) -> str:
    """Return what :func:`power_of_run` found as text, a block per country and wave."""
    lines = [
        f"What the samples of {record['run']} ({record['data']}) can decide: at "
        f"{_percent(record['significance'])}, an effect counts as found with "
        f"{_percent(record['power'])} power.",
        "Standard errors are those to expect from the design alone; no estimate was looked at.",
    ]
    if (base := record["rounded_to"]) > 1:
        lines.append(f"Numbers of firms are rounded to multiples of {base}.")
    tests = record["tests"]
    for place in dict.fromkeys((row["country"], row["wave"]) for row in tests):
        here = [row for row in tests if (row["country"], row["wave"]) == place]
        lines += ["", ", ".join(filter(None, place)), *_block(here)]
    return "\n".join(lines)


def _block(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what is tested and what its sample can say; then what nothing can be said of."""
    for row in (row for row in rows if "n" in row):
        yield f"  {row['claim']:<4} {_what(row)}: expected {row['expect']}{_effect(row)}"
        yield f"       {'; '.join(_said(row))}"
    silent: dict[str, list[str]] = {}
    for row in (row for row in rows if "n" not in row):
        silent.setdefault("; ".join(_said(row)), []).append(row["claim"])
    for why, claims in silent.items():
        yield f"  {', '.join(dict.fromkeys(claims))}: {why}"


def _what(row: dict[str, Any]) -> str:
    number = "" if row["quantity"] == COEFFICIENT else f" ({row['quantity']})"
    return f"{row['outcome']} on {row['term']}{number}, {row['model']}"


def _effect(row: dict[str, Any]) -> str:
    if row["effect"] is None:
        return ""
    return f" within ±{row['effect']:g}" if row["expect"] == "none" else f", {row['effect']:g}"


def _said(row: dict[str, Any]) -> Iterator[str]:
    if "n" in row:
        sides = [
            f"{row[key]} {word}"
            for key, word in (("firms_with", "with"), ("firms_without", "without"))
            if key in row
        ]
        yield f"{row['n']} firms" + (f" ({', '.join(sides)})" if sides else "")
    if "std_error" in row:
        yield f"standard error {row['std_error']:.3g}"
        yield f"finds {row['mde']:.3g} or more"
    answer = WORDS.get(row["decidable"], row["decidable"])
    yield f"{answer}: {row['reason']}" if row.get("reason") else answer
    if row["decidable"] == NO:
        yield f"{row['n_needed']:,.0f} firms could" + (
            f", {row['n_possible']:,.0f} are the fewest with which it is possible at all"
            if "n_possible" in row
            else ""
        )


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
