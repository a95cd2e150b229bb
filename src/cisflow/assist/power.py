"""What a run's samples can decide, from their design alone: ``cisflow power``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from cisflow.base.documents import read_yaml
from cisflow.base.paths import shown
from cisflow.base.problems import CisflowError, Problem
from cisflow.base.records import read_firms
from cisflow.base.thresholds import is_small
from cisflow.claims.power import Reach, reach_of_none, reach_of_sign
from cisflow.estimation.expected import Design, expected_design
from cisflow.estimation.run import samples
from cisflow.study.claims import Rule, Single
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
    root
        The project's folder.

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
            found = {w: d for (m, w, key), d in designs.items() if (m, key) == (test.model, test.key)}
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
        Fewest firms that may be told of. Of fewer neither their number nor what follows from it is.

    Returns
    -------
    dict
        ``decidable`` (yes, no, or why neither), and what is known: ``n``, ``firms_with``,
        ``firms_without``, ``std_error``, ``mde``, ``power``, ``n_possible``, ``n_needed``.
    """
    if isinstance(design, str):
        return {"decidable": NOT_TOLD, "reason": design}
    sides = {"firms_with": design.firms_with, "firms_without": design.firms_without}
    if is_small(design.n, minimum):
        return {"decidable": TOO_FEW, "reason": f"fewer than {minimum} firms"}
    if any(is_small(firms, minimum) for firms in sides.values()) and _two_sided(design):
        why = f"fewer than {minimum} firms on one side of the term"
        return {"n": design.n, "decidable": TOO_FEW, "reason": why}
    reach = reach_of(design, test, rule)
    numbers = {key: _plain(value) for key, value in asdict(reach).items() if key != "decidable"}
    verdict = {True: YES, False: NO, None: UNSTATED}[reach.decidable]
    if any(firms < rule.minimum_firms for firms in sides.values()) and _two_sided(design):
        verdict = TOO_FEW
    shown_sides = sides if _two_sided(design) else {}
    return {
        "n": design.n,
        **shown_sides,
        "std_error": design.std_error,
        **numbers,
        "decidable": verdict,
    }


def reach_of(design: Design, test: Single, rule: Rule) -> Reach:
    """Return what a sample can decide on a test by the levels of a rule."""
    levels = {"level": rule.significance, "power": rule.power, "df": design.df}
    if test.expect == "none":
        band = test.smallest_effect or math.nan
        return reach_of_none(
            design.std_error, design.n, band, equivalence=rule.equivalence, **levels
        )
    return reach_of_sign(design.std_error, design.n, effect=test.claimed_effect, **levels)
