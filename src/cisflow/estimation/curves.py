"""Specification curves: an effect by every combination of an author's choices, and all of them.

Every specification is a row of its own; in the column of the model's own name stand what the curve
says as a whole: the median effect, the shares of positive and of significant ones, the mean z, and
the joint test (:mod:`cisflow.estimators.multiverse`).

What could give a firm away is never estimated, so that the whole rests on what may be told: of two
samples that differ by fewer firms than the rules ask the first alone is taken, and a design on
which a coefficient would rest on too few firms is left out. What is left out is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cisflow.disclosure.regressions import why_not_fit, why_not_terms
from cisflow.estimation.common import Row, formula_of, not_estimable, numbers_of, numeric
from cisflow.estimation.driver import Fitted
from cisflow.estimation.estimates import JOINT, MEAN_Z, OBSERVED, SHARE_POSITIVE, SHARE_SIGNIFICANT
from cisflow.estimation.evidence import (
    COLUMNS,
    EVIDENCE,
    PER_TERM,
    TERMS,
    VARIABLES,
    merged_classes,
    of_design,
    weakest,
)
from cisflow.estimators.arrays import Floats
from cisflow.estimators.average import AverageEffect, Numbers, average_effects_of
from cisflow.estimators.distributions import NORMAL
from cisflow.estimators.errors import EstimationError
from cisflow.estimators.formula import model_frame
from cisflow.estimators.multiverse import Curve, JointTest, joint_test
from cisflow.panel.terms import evaluate
from cisflow.study.choices import CHOICES, COVARIANCE, Choices, column_of
from cisflow.study.disclosure import UNRESTRICTED, Profile
from cisflow.study.models import Model
from cisflow.study.terms import columns_of, factors_of, parse_definition, text_of
from cisflow.study.weightings import NO_WEIGHTS, NONE, SURVEY_WEIGHT, UNWEIGHTED

SIGNS = "signs"
"""What the covariance of a curve's own rows is called: from random signs of the firms."""
LEVEL = 0.05
SAME = "the same firms as in another sample"
NEAR = "differs from another sample by fewer firms than the rules ask"
EMPTY = "no firm is left"
UNKNOWN = "nothing measured for {}"
Bools = NDArray[np.bool_]
Made = dict[str, str]


def curves(
    sample: pd.DataFrame, spec: Model, bootstrap: Mapping[str, int], profile: Profile = UNRESTRICTED
) -> Iterator[Fitted]:
    """Estimate every specification of every outcome and column; yield rows, design by design.

    Parameters
    ----------
    sample
        Firms that have all that any specification asks for but the outcomes, shape (n, columns).
    spec
        The model, with ``choices``.
    bootstrap
        Its ``seed``.
    profile
        The rules, by which samples and designs are left out.

    Yields
    ------
    rows, record
        Of each design its specifications and on which firms they rest; then of each outcome and
        column the curve's own.
    """
    grid = _Grid(numeric(sample).reset_index(drop=True), spec, spec.choices or Choices(), profile)
    for outcome in spec.outcomes:
        for column in spec.columns:
            effects = list(grid.effects(outcome, column))
            yield from _of_designs(grid, outcome, column, effects)
            yield _of_curve(grid, outcome, column, effects, bootstrap["seed"])


# --- what is estimated ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Subsample:
    """Some of the firms: by which choices, their places in the whole sample, their numbers."""

    made: Made
    places: NDArray[np.intp]
    firms: pd.DataFrame

    @property
    def label(self) -> str:
        """Its choices in one text."""
        return ", ".join(self.made.values())


@dataclass(frozen=True, eq=False)
class _Design:
    """The regressors of some specifications on the same firms."""

    # X, names: as the formula makes them.
    X: Floats
    names: list[str]
    told: dict[str, str]  # term of the curve → the regressor whose effect stands for it
    label: str  # its choices in one text, and its terms where not all share it
    variables: list[str]  # the columns of the panel it is made of


@dataclass(frozen=True, eq=False)
class _Effect:
    """One effect of one term by one specification, but for its covariance; or why there is none."""

    made: Made
    term: str
    subsample: _Subsample
    design: _Design
    found: AverageEffect | str
    evidence: dict[str, Any]


@dataclass(frozen=True)
class _Grid:
    """The firms, and what of the choices they support."""

    firms: pd.DataFrame
    spec: Model
    choices: Choices
    profile: Profile
    dropped: list[dict[str, str]] = field(default_factory=list)

    # -- options and samples --

    @cached_property
    def options(self) -> dict[str, list[str]]:
        """The options of each choice that the wave has the variables for."""
        found: dict[str, list[str]] = {}
        for choice, names in self.choices.names.items():
            reasons = {name: self._why_not(choice, name) for name in names}
            found[choice] = [name for name, why in reasons.items() if not why]
            for name in (name for name in names if reasons[name]):
                self.dropped.append({"choice": choice, "option": name, "why": reasons[name]})
        return found

    def _why_not(self, choice: str, option: str) -> str:
        if choice == "weights" and option != NONE:
            known = self.firms.get(option, pd.Series(dtype=float)).notna().all()
            of_design = self.firms["design"].iloc[0] if option == SURVEY_WEIGHT else ""
            return "" if known and of_design != UNWEIGHTED else NO_WEIGHTS
        terms = {
            "outcome": [*self.choices.outcome.get(option, {}).values()],
            "regressors": [
                t for of in self.choices.regressors.get(option, {}).values() for t in of
            ],
            "controls": [*self.choices.controls.get(option, ())],
        }.get(choice, [])
        empty = [c for t in terms for c in columns_of(t) if self.firms[c].isna().all()]
        return UNKNOWN.format(", ".join(dict.fromkeys(empty))) if empty else ""

    @cached_property
    def samples(self) -> list[_Subsample]:
        """The samples that may stand side by side, in the order of the choices."""
        taken: list[tuple[Made, Bools]] = []
        for made in self._made("outcome", "sample", "outliers"):
            firms = self._firms_of(made)
            if why := self._why_no_sample(made, firms, taken):
                said = ", ".join(made.values())
                self.dropped.append({"choice": "sample", "option": said, "why": why})
            else:
                taken.append((made, firms))
        return [self._subsample(made, firms) for made, firms in taken]

    def _made(self, *names: str) -> Iterator[Made]:
        """Yield the combinations of the options there are."""
        for made in self.choices.combinations(*names):
            if all(option in self.options[choice] for choice, option in made.items()):
                yield made

    def _firms_of(self, made: Made) -> Bools:
        rules = [*self.choices.sample[made["sample"]], *self.choices.outliers[made["outliers"]]]
        outcomes = [self.outcome(made, own) for own in self.spec.outcomes]
        kept = self.firms[outcomes].notna().all(axis=1).to_numpy()
        for rule in rules:
            value = evaluate(parse_definition(rule), self.firms)
            kept = kept & (value.to_numpy(dtype=float, na_value=0.0) != 0)
        return np.asarray(kept)

    def _why_no_sample(self, made: Made, firms: Bools, taken: Sequence[tuple[Made, Bools]]) -> str:
        if not firms.any():
            return EMPTY
        for other, before in taken:
            apart = int((firms ^ before).sum())
            if apart == 0 and self._same_outcomes(made, other, firms):
                return SAME
            if 0 < apart < self.profile.minimum_cell:
                return NEAR
        return ""

    def _same_outcomes(self, made: Made, other: Made, firms: Bools) -> bool:
        of = [[self.outcome(m, own) for own in self.spec.outcomes] for m in (made, other)]
        one, two = (self.firms.loc[firms, names].to_numpy(dtype=float) for names in of)
        return bool((one == two).all())

    def _subsample(self, made: Made, kept: Bools) -> _Subsample:
        firms = self.firms[kept].reset_index(drop=True)
        classes = [
            text_of(factor)
            for terms in self.choices.controls.values()
            for term in terms
            for factor in factors_of(term)
        ]
        names = [name.removeprefix("C(").rstrip(")") for name in classes if name.startswith("C(")]
        firms, _ = merged_classes(firms, list(dict.fromkeys(names)), self.profile.support)
        return _Subsample(made, np.flatnonzero(kept), firms)

    def outcome(self, made: Mapping[str, str], own: str) -> str:
        """Return the variable behind an outcome by the choice of its definition."""
        return self.choices.outcome[made["outcome"]].get(own, own)

    # -- effects --

    def effects(self, outcome: str, column: str) -> Iterator[_Effect]:
        """Yield the effect of every term by every specification."""
        for subsample in self.samples:
            y = subsample.firms[self.outcome(subsample.made, outcome)].to_numpy(dtype=float)
            for made in self._made("regressors", "controls"):
                if self.choices.ruled_out({**subsample.made, **made}):
                    continue
                for design in self._designs(subsample, made, column):
                    yield from self._fits(subsample, made, design, y)

    def _designs(self, subsample: _Subsample, made: Made, column: str) -> Iterator[_Design]:
        """Yield the designs of a choice of regressors and controls; terms that share one together.

        A design is the same for all outcomes, so it is made once.
        """
        key = subsample.label, tuple(made.items()), column
        if key not in self._known:
            self._known[key] = list(self._made_designs(subsample, made, column))
        yield from self._known[key]

    @cached_property
    def _known(self) -> dict[Any, list[_Design]]:
        return {}

    @cached_property
    def _judged(self) -> dict[Any, dict[str, Any]]:
        return {}

    def _made_designs(self, subsample: _Subsample, made: Made, column: str) -> Iterator[_Design]:
        controls = self.choices.controls[made["controls"]]
        own, instead = self.spec.columns[column], self.choices.regressors[made["regressors"]]
        together: dict[tuple[str, ...], dict[str, str]] = {}
        for term in own:
            terms = instead.get(term, (term, *(other for other in own if other != term)))
            together.setdefault(tuple(sorted(terms)), {})[term] = terms[0]
        for terms, told in together.items():
            # The outcome plays no part: any column of numbers that all firms have would do.
            every = [*terms, *self.spec.controls, *controls]
            frame = model_frame(formula_of("one", every, ()), subsample.firms.assign(one=1.0))
            own_terms = [", ".join(told)] if len(together) > 1 else []
            label = ", ".join([*made.values(), *own_terms])
            variables = list(dict.fromkeys(name for term in every for name in columns_of(term)))
            yield _Design(frame.X, list(frame.names), told, label, variables)

    def _fits(
        self, subsample: _Subsample, made: Made, design: _Design, y: Floats
    ) -> Iterator[_Effect]:
        for weights in self.options["weights"]:
            evidence = self._evidence(subsample, design, weights)
            numbers = self._numbers(subsample, design, weights, y)
            refused = self._refused(design, evidence)
            terms = [name for term, name in design.told.items() if term not in refused]
            for estimator in self.options["estimator"]:
                further = {"estimator": estimator, "weights": weights}
                whole = {**subsample.made, **made, **further}
                if self.choices.ruled_out(whole):
                    continue
                found = average_effects_of(estimator, numbers, terms) if terms else {}
                for term, name in design.told.items():
                    effect = refused.get(term) or _usable(found[name])
                    yield _Effect(whole, term, subsample, design, effect, evidence)

    def _numbers(self, subsample: _Subsample, design: _Design, weights: str, y: Floats) -> Numbers:
        firms = subsample.firms
        w = None if weights == NONE else firms[weights].to_numpy(dtype=float)
        spread = [firms[term].to_numpy(dtype=float) for term in self.spec.variance]
        low, high = self.spec.limits or (None, None)
        limits = -np.inf if low is None else low, np.inf if high is None else high
        spread_ = np.column_stack(spread) if spread else None
        return Numbers(y, design.X, design.names, limits, w, spread_)

    def _evidence(self, subsample: _Subsample, design: _Design, weights: str) -> dict[str, Any]:
        """Return on which firms a design's effects rest, under the names of the curve's terms."""
        key = subsample.label, id(design), weights
        if key not in self._judged:
            w = None if weights == NONE else subsample.firms[weights].to_numpy(dtype=float)
            linear = all(limit is None for limit in self.spec.limits or ())
            found = of_design(design.X, design.names, subsample.firms, w, linear=linear)
            for part in PER_TERM:
                of, told = found[part], design.told.items()
                found[part] = {**of, **{term: of[name] for term, name in told if name in of}}
            self._judged[key] = found
        return self._judged[key]

    def _refused(self, design: _Design, evidence: dict[str, Any]) -> dict[str, str]:
        """Return the terms whose effect may not be told by a design, and why."""
        if why := why_not_fit(evidence, self.profile):
            return dict.fromkeys(design.told, why)
        hidden = why_not_terms(evidence, self.profile)
        return {term: hidden[term] for term in design.told if term in hidden}


def _usable(found: AverageEffect | EstimationError) -> AverageEffect | str:
    if isinstance(found, EstimationError):
        return "; ".join(str(problem.what) for problem in found.problems)
    if found.free <= 0 or not found.std_error("HC0") > 0:
        return "no firm's outcome tells how sure it is"
    return found


# --- rows ----------------------------------------------------------------------------------------


def _of_designs(
    grid: _Grid, outcome: str, column: str, effects: Sequence[_Effect]
) -> Iterator[Fitted]:
    """Yield the rows of the specifications of each design, and on which firms they rest.

    Those of one design are on the same firms and the same variables, which is what the gate holds
    against others.
    """
    by_design: dict[int, list[_Effect]] = {}
    for effect in effects:
        by_design.setdefault(id(effect.design), []).append(effect)
    for here in by_design.values():
        rows = [row for effect in here for row in _rows(grid, column, effect)]
        evidence: dict[str, Any] = {}
        for effect in here:
            if isinstance(effect.found, AverageEffect):
                evidence = weakest(evidence, effect.evidence)
        # Of a design without an estimate the number of firms is told all the same.
        evidence = evidence or here[0].evidence
        design, subsample = here[0].design, here[0].subsample
        record = {
            "outcome": outcome,
            "column": f"{column}: {subsample.label}, {design.label}",
            COLUMNS: list(dict.fromkeys(row["column"] for row in rows)),
            TERMS: list(design.told),
            VARIABLES: [grid.outcome(subsample.made, outcome), *design.variables],
            EVIDENCE: evidence,
        }
        yield [{"outcome": outcome, **row} for row in rows], record


def _rows(grid: _Grid, column: str, effect: _Effect) -> Iterator[Row]:
    """Yield the rows of one effect, one for each covariance that makes sense."""
    for kind in grid.options[COVARIANCE]:
        if grid.choices.ruled_out({**effect.made, COVARIANCE: kind}):
            continue
        about = {
            "column": column_of(column, effect.made),
            "term": effect.term,
            "quantity": OBSERVED,
            "weights": UNWEIGHTED if effect.made["weights"] == NONE else effect.made["weights"],
            "cov_type": kind,
            "n": len(effect.subsample.places),
        }
        if isinstance(effect.found, str):
            yield not_estimable(effect.found, **about)
            continue
        found = effect.found
        numbers = found.std_error(kind), found.critical(LEVEL), found.p_value(kind)
        yield {**about, **numbers_of(found.estimate, *numbers)}


def _of_curve(
    grid: _Grid, outcome: str, column: str, effects: Sequence[_Effect], seed: int
) -> Fitted:
    """Return the curve's own rows, of every term, and what it is made of."""
    rows: list[Row] = []
    record: dict[str, Any] = {"outcome": outcome, "column": column}
    evidence: dict[str, Any] = {}
    terms: dict[str, Any] = {}
    estimated = [e for e in effects if not isinstance(e.found, str)]
    everyone = sorted({row for e in estimated for row in e.evidence["rows"]})
    for term in grid.spec.columns[column]:
        mine = [e for e in effects if e.term == term and isinstance(e.found, AverageEffect)]
        about = {"outcome": outcome, "column": column, "term": term}
        if not mine:
            why = "no specification has an estimate"
            rows.append(not_estimable(why, **about, quantity=OBSERVED))
            continue
        curve = _curve(grid, mine)
        test = joint_test(curve, grid.choices.draws, [seed, *f"{outcome} {column} {term}".encode()])
        rows += [{**about, **row} for row in _summary(test, len(everyone))]
        terms[term] = _told(test, curve)
        for effect in mine:
            evidence = weakest(evidence, effect.evidence)
    record["curve"] = {"choices": grid.options, "left_out": grid.dropped, "terms": terms}
    if evidence:
        record[EVIDENCE] = {**evidence, "rows": everyone}
    return rows, record


def _curve(grid: _Grid, effects: Sequence[_Effect]) -> Curve:
    """Return the effects as numbers, the firms' influences in the rows of the whole sample."""
    influences = np.zeros((len(grid.firms), len(effects)))
    estimates, errors, critical, columns = [], [], [], []
    for j, effect in enumerate(effects):
        found = effect.found
        if isinstance(found, str):
            continue
        influences[effect.subsample.places, j] = found.without_row
        for kind in grid.options[COVARIANCE]:
            if not grid.choices.ruled_out({**effect.made, COVARIANCE: kind}):
                estimates.append(found.estimate)
                errors.append(found.std_error(kind))
                critical.append(found.critical(LEVEL))
                columns.append(j)
    bars = np.array(errors), np.array(critical)
    return Curve(np.array(estimates), *bars, influences, np.array(columns))


def _summary(test: JointTest, n: int) -> Iterator[Row]:
    """Yield the rows of what a curve says as a whole; the median has an interval."""
    about, reach = {"cov_type": SIGNS, "n": n}, float(NORMAL.ppf(1 - LEVEL / 2))
    median = numbers_of(test.median.value, test.median.spread, reach, test.median.p_value)
    yield {**about, "quantity": OBSERVED, **median}
    for quantity, value, p in (
        (SHARE_POSITIVE, test.positive, test.dominant.p_value),
        (SHARE_SIGNIFICANT, test.significant.value, test.significant.p_value),
        (MEAN_Z, test.mean_z.value, test.mean_z.p_value),
        (JOINT, test.p_value, test.p_value),
    ):
        yield {**about, "quantity": quantity, "estimate": value, "p_value": p}


def _told(test: JointTest, curve: Curve) -> dict[str, Any]:
    """Return what else is known of a curve."""
    return {
        "specifications": curve.size,
        "fits": curve.influences.shape[1],
        "sign": test.sign,
        "draws": test.draws,
        "quartiles": [float(q) for q in np.quantile(curve.estimates, (0.25, 0.75))],
    }


__all__ = ["CHOICES", "SIGNS", "curves"]
