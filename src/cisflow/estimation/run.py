"""Estimate a model as it stands in the models file, in one country.

The model says what to estimate; :data:`ESTIMATORS` knows how. Adding a model needs no code here; a
new estimator is a function in a module of its own and a line in :data:`ESTIMATORS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from cisflow import __version__
from cisflow.estimation.balances import balances
from cisflow.estimation.common import Row, not_estimable, without_few
from cisflow.estimation.control_functions import control_functions
from cisflow.estimation.curves import curves
from cisflow.estimation.driver import Fitted
from cisflow.estimation.estimates import ALL_WAVES, ESTIMATED, ESTIMATES, Estimates
from cisflow.estimation.evidence import ROW, merged_classes
from cisflow.estimation.holding import Watch, with_tests
from cisflow.estimation.imputed import imputed_regressions
from cisflow.estimation.instruments import instrumental
from cisflow.estimation.panels import panels
from cisflow.estimation.paths import path_model
from cisflow.estimation.regressions import regressions
from cisflow.estimation.selections import selections
from cisflow.estimation.weighting import weighted_effects
from cisflow.panel.design import survey_design
from cisflow.panel.sample import (
    restricted,
    select_sample,
    variables_of,
    waves_of,
    why_unmeasured,
    with_gaps,
)
from cisflow.panel.terms import add_terms, nearly_unique
from cisflow.raw.printed import PRINTED
from cisflow.study.claims import Rule, Single
from cisflow.study.digests import spec_digest
from cisflow.study.disclosure import UNRESTRICTED, Profile
from cisflow.study.models import REGRESSIONS, Model
from cisflow.study.terms import factors_of, text_of
from cisflow.study.weightings import NO_WEIGHTS, SURVEY_WEIGHT, UNWEIGHTED

RULE = Rule()


@dataclass(frozen=True)
class Estimator:
    """How one kind of model is estimated."""

    # From a sample, a specification and the bootstrap's settings to tidy rows and diagnostics of
    # one fit after another. The rows lack country, wave and model, which estimate adds.
    fit: Callable[..., Iterator[Fitted]]
    # Whether it takes the firms of all waves at once; its rows have the wave `"all"`.
    pooled: bool = False
    # Whether it is told the rules of disclosure, as `profile`: what may not be told is then no part
    # of numbers that may.
    by_rules: bool = False


ESTIMATORS = {
    **dict.fromkeys(REGRESSIONS, Estimator(regressions)),
    "path": Estimator(path_model),
    "balance": Estimator(balances),
    "iv": Estimator(instrumental),
    "panel": Estimator(panels, pooled=True),
    "curve": Estimator(curves, by_rules=True),
    "selection": Estimator(selections),
    "control_function": Estimator(control_functions),
    "doubly_robust": Estimator(weighted_effects),
}


def estimate(
    panel: pd.DataFrame,
    spec: Model,
    *,
    country: str,
    model: str,
    lag: int,
    bootstrap: dict[str, int],
    profile: Profile = UNRESTRICTED,
    tests: Sequence[Single] = (),
    rule: Rule = RULE,
) -> Estimates:
    """Estimate one model on every wave of one country.

    Parameters
    ----------
    panel
        Firm × wave, with research variables.
    country, model
        Names for the rows.
    lag
        Years between survey and accounts, for the wording of the sample.
    bootstrap
        ``{"draws": …, "seed": …}`` for path effects; ``test_draws`` simulated samples for the
        p-values of the Tobit's specification tests, 0 for the χ² distribution.
    profile
        Reasons for what cannot be estimated tell no number of firms below its ``minimum_cell``;
        levels of fixed effects with fewer firms than its ``support`` are merged.
    tests, rule
        The claims' tests on the model, and their rule: of these the diagnostics say on how many
        firms they rest (:mod:`cisflow.estimation.holding`).

    Returns
    -------
    Estimates
        As they were found, for the gate: its diagnostics say on which firms each fit rests.

    Notes
    -----
    A wave that cannot support the model gives one row that says why, and the others go on.
    """
    rows: list[Row] = []
    fits: list[dict[str, Any]] = []
    estimator = ESTIMATORS[spec.estimator]
    few = max(rule.minimum_firms, profile.minimum_cell)
    watch = Watch(tuple(tests), rule, few)
    if not spec.printed:
        panel = restricted(panel, [spec], rule.of_outliers)
    for wave, firms, merged, reason in samples(panel, spec, lag, profile):
        label = {"country": country, "wave": wave, "model": model}
        if reason:
            rows.append(not_estimable(reason, **label))
            continue
        rules = {"profile": profile} if estimator.by_rules else {}
        listwise = spec.only(imputed=False)
        fits_here = list(estimator.fit(firms, listwise, bootstrap, **rules))
        if tests:
            fits_here = with_tests(fits_here, firms, listwise, estimator.fit, watch)
        if spec.missing == "impute":
            asked = _with_gaps(panel, spec, wave, lag, profile)
            fits_here += imputed_regressions(asked, spec.only(imputed=True), bootstrap)
        for fitted, diagnostics in fits_here:
            rows += [{**label, **row} for row in fitted]
            about = {"wave": wave, **({"merged": merged} if merged else {})}
            fits.append({**about, **diagnostics})
    minimum = profile.minimum_cell
    table = ESTIMATES.frame(without_few(rows, minimum), status=ESTIMATED)
    about = {key: getattr(spec, key) for key in ("title", "source", "estimator")}
    about |= {"spec": spec_digest(spec.as_params()), "cisflow": __version__}
    return Estimates(
        table, {"country": country, "model": model, **about, "fits": without_few(fits, minimum)}
    )


def samples(
    panel: pd.DataFrame, spec: Model, lag: int, profile: Profile = UNRESTRICTED
) -> Iterator[tuple[str, pd.DataFrame, dict[str, list[str]], str]]:
    """Yield wave by wave the firms a model is estimated on, with its terms as columns.

    Parameters
    ----------
    panel, spec, lag, profile
        As for :func:`estimate`.

    Yields
    ------
    wave
        ``"all"`` for a model of all waves together.
    firms
        One row per firm; levels with few firms are merged.
    merged
        Which levels were, by column.
    reason
        Why the wave cannot support the model; empty if it can.
    """
    found = _samples(panel, spec, lag, pooled=ESTIMATORS[spec.estimator].pooled)
    if spec.printed:
        found = iter([(PRINTED, panel.head(0), "")])
    for wave, sample, reason in found:
        if reason:
            yield wave, sample, {}, reason
            continue
        firms = add_terms(sample, spec)
        yield wave, *merged_classes(firms, _classes(firms, spec), profile.support), ""


def _samples(
    panel: pd.DataFrame, spec: Model, lag: int, *, pooled: bool
) -> Iterator[tuple[str, pd.DataFrame, str]]:
    """Yield wave, its firms and why they cannot support the model (empty if they can)."""
    parts = []
    panel = panel.assign(**{ROW: range(len(panel))})
    for wave in waves_of(panel, spec):
        sample, flow = select_sample(panel, spec, wave, lag=lag)
        if spec.uses_design:
            sample = _with_design(sample, panel[panel["wave"] == wave])
        parts.append((wave, sample, flow))
    reasons = [_why_not(sample, flow, spec) for _, sample, flow in parts]
    if not pooled:
        for (wave, sample, _), reason in zip(parts, reasons, strict=True):
            yield wave, sample, reason
        return
    usable = [sample for (_, sample, _), why in zip(parts, reasons, strict=True) if not why]
    if usable:
        yield ALL_WAVES, pd.concat(usable, ignore_index=True), ""
    elif parts:
        each = "; ".join(f"{part[0]}: {why}" for part, why in zip(parts, reasons, strict=True))
        yield ALL_WAVES, parts[0][1], each


def _with_gaps(
    panel: pd.DataFrame, spec: Model, wave: str, lag: int, profile: Profile
) -> pd.DataFrame:
    """Return the firms that a model with imputed answers is estimated on, gaps and all."""
    panel = panel.assign(**{ROW: range(len(panel))})
    firms = with_gaps(panel, spec, wave, lag=lag)
    if spec.uses_design:
        firms = _with_design(firms, panel[panel["wave"] == wave])
    return merged_classes(firms, _classes(firms, spec), profile.support)[0]


def _with_design(sample: pd.DataFrame, wave: pd.DataFrame) -> pd.DataFrame:
    """Add how the wave was drawn: firms outside the sample are firms of their stratum too."""
    design = pd.DataFrame(survey_design(wave).columns(), index=wave.index)
    return sample.join(design)


def _why_not(sample: pd.DataFrame, flow: pd.DataFrame, spec: Model) -> str:
    """Return why a wave cannot support a model: where the sample flow runs dry."""
    if len(sample) == 0:
        empty = flow.loc[flow["firms"] == 0]
        return f"no firm is left after “{empty['restriction'].iloc[0]}”"
    if set(spec.weightings) == {SURVEY_WEIGHT} and sample["design"].iloc[0] == UNWEIGHTED:
        return NO_WEIGHTS
    needed = [v for v in variables_of(spec) if v not in spec.sample]
    unmeasured = [v for v in needed if sample[v].isna().all()]
    if unmeasured and spec.estimator == "path":
        return why_unmeasured(unmeasured)
    if unique := nearly_unique(sample, spec):
        return f"{', '.join(unique)} tells nearly every firm apart and has no levels"
    return ""


def _classes(firms: pd.DataFrame, spec: Model) -> list[str]:
    """Return the columns of a sample that enter a model level by level."""
    factors = [
        text_of(f) for term in [*spec.regressors, *spec.fixed_effects] for f in factors_of(term)
    ]
    wanted = [name for text in factors for name in (text, f"C({text})")]
    return [n for n in dict.fromkeys(wanted) if n in firms and not is_numeric_dtype(firms[n])]
