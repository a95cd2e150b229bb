"""Samples of models through the gate: how they came about, and what their firms are like."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from cisflow.base.thresholds import SHARE_EDGES
from cisflow.panel.sample import FLOW, Step, restricted, steps_of, variables_of, waves_of
from cisflow.release.gate import GROUP, Bools, Floats, Gate
from cisflow.study.models import Model

# What is lost without a number: the wave's size, samples (those of the first models most), limits,
# means, then steps of the flow and classes.
WAVE, SAMPLE, LIMIT, ANSWER, STEP, CLASS = 1e6, 1e3, 20.0, 5.0, 2.0, 1.0


@dataclass(frozen=True)
class Sample:
    """The firms of a model in a wave."""

    # model, wave: names.
    model: str
    wave: str
    spec: Model  # the model
    steps: list[Step]  # how it came about; the last has its firms
    cost: float  # what is lost if its size cannot be told

    def key(self, *what: Any) -> Hashable:
        """Return the name of a set of its firms."""
        return self.model, self.wave, *what

    @property
    def size_key(self) -> Hashable:
        """The name of the set of all its firms."""
        return self.key("step", len(self.steps) - 1)

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Limits of censored outcomes."""
        return (self.spec.limits if self.spec.censored else None) or (None, None)

    @property
    def censored(self) -> tuple[str, ...]:
        """Outcomes whose distribution is told: those with two limits."""
        return tuple(self.spec.outcomes) if None not in self.limits else ()


def samples_of(panel: pd.DataFrame, models: Mapping[str, Model], lag: int) -> Iterator[Sample]:
    """Yield the sample of every model in every wave, in the order of the config."""
    for place, (name, spec) in enumerate(models.items()):
        waves = waves_of(panel, spec)
        asked = restricted(panel, [spec]) if waves else panel
        for wave in waves:
            steps, _ = steps_of(asked, spec, wave, lag=lag)
            yield Sample(name, wave, spec, steps, SAMPLE * (len(models) - place))


def told_of(spec: Model) -> list[str]:
    """Return the variables that the description of a model's sample tells of.

    None of a curve: no specification is of all its firms, and what is told of them could not be
    told of others.
    """
    return [] if spec.choices else variables_of(spec)


# --- which sets --------------------------------------------------------------------------------


def note_sample(gate: Gate, sample: Sample) -> None:
    """Note every set of firms that a sample's flow and description tell of."""
    last = len(sample.steps) - 1
    for i, step in enumerate(sample.steps):
        cost = WAVE if i == 0 else sample.cost if i == last else STEP
        gate.note(sample.key("step", i), step.firms, cost, GROUP if i == last else None)
        lost = gate.mask(sample.steps[max(i - 1, 0)].firms) & ~gate.mask(step.firms)
        if lost.any():
            gate.note(sample.key("lost", i), lost, STEP / 2)
            gate.note_parts(
                sample.key("step", i - 1), [sample.key("step", i), sample.key("lost", i)]
            )
            states = {"missing": step.missing, "filtered": step.filtered}
            for state, firms in states.items():
                gate.note(sample.key(state, i), firms, CLASS / 2)
            gate.note_parts(sample.key("lost", i), [sample.key(state, i) for state in states])
    firms = gate.mask(sample.steps[-1].firms)
    for variable in told_of(sample.spec):
        _note_variable(gate, sample, variable, firms)


def _note_variable(gate: Gate, sample: Sample, variable: str, firms: Bools) -> None:
    x = gate.values(variable)
    if x is None:
        return
    known = firms & ~np.isnan(x)
    gate.note(sample.key("n", variable), known, ANSWER, GROUP)
    if known.any() and np.isin(x[known], (0, 1)).all():
        gate.note_answers(sample.key("flag", variable), known, x == 1, ANSWER, variable)
    if variable in sample.censored:
        note_limits(gate, sample.key(variable), known, variable, sample.limits)
        names = []
        for i, (kind, low, high) in enumerate(_classes(sample.limits)):
            names.append(sample.key(variable, i))
            cost = CLASS if kind == "between" else LIMIT
            inside = known & _inside(x, kind, low, high, sample.limits)
            gate.note(names[-1], inside, cost, (variable, low, high))
        gate.note_parts(sample.key("n", variable), names)


def note_limits(
    gate: Gate, place: Hashable, firms: Bools, outcome: str, limits: Sequence[float | None]
) -> None:
    """Note how many firms are at each limit of an outcome, and how many are not."""
    x = gate.values(outcome)
    if x is None:
        return
    low, high = limits
    whole = (place, "firms")
    gate.note(whole, firms, CLASS)
    for name, limit, at in (("lower", low, np.less_equal), ("upper", high, np.greater_equal)):
        if limit is not None:
            gate.note((place, name), firms & at(x, limit), LIMIT, (outcome, limit, limit))
            gate.note_parts(whole, [(place, name)])


def _classes(limits: Sequence[float | None]) -> list[tuple[str, float, float]]:
    """Return kind and bounds of the classes of an outcome: the limits, and five between."""
    low, high = limits
    assert low is not None  # noqa: S101 - only censored outcomes have a distribution
    assert high is not None  # noqa: S101
    edges = [low + (high - low) * share / 100 for share in SHARE_EDGES]
    between = [("between", a, b) for a, b in pairwise(edges)]
    return [("lower", low, low), *between, ("upper", high, high)]


def _inside(x: Floats, kind: str, low: float, high: float, limits: Sequence[Any]) -> Bools:
    """Return who is in a class; between the limits it has its upper bound, but no limit."""
    if kind == "lower":
        return np.asarray(x <= low)
    if kind == "upper":
        return np.asarray(x >= high)
    top = np.inf if limits[1] is None else limits[1]
    return np.asarray((x > low) & (x <= high) & (x < top))


# --- the sample flow ---------------------------------------------------------------------------


def told_flow(gate: Gate, samples: Sequence[Sample], country: str, file: str) -> pd.DataFrame:
    """Return how many firms each restriction of each model leaves, as far as it may be told.

    A step that may not be told is told together with the next one; where the sample itself may
    not, its last step has no number.
    """
    gate.opened(file, "sample flow", f"firms of {country}, by wave and model")
    rows: list[dict[str, Any]] = []
    for sample in samples:
        for number, row in enumerate(_told_steps(gate, sample, file)):
            rows.append(
                {
                    "country": country,
                    "wave": sample.wave,
                    "model": sample.model,
                    "step": number,
                    **row,
                }
            )
    table = FLOW.frame(rows)
    counts = [name for name in FLOW.columns if name.startswith(("firms", "lost"))]
    return table.astype(dict.fromkeys(counts, "Int64"))


def _told_steps(gate: Gate, sample: Sample, file: str) -> Iterator[dict[str, Any]]:
    words: list[str] = []
    before, known = 0, True
    states: dict[str, int | None] = {}
    for i, step in enumerate(sample.steps):
        words.append(step.restriction)
        for state, firms in (("missing", step.missing), ("filtered", step.filtered)):
            key = sample.key(state, i)
            hidden = gate.ledger.noted(key) and gate.why(key)
            so_far = states.get(state, 0)
            states[state] = None if hidden or so_far is None else so_far + len(firms)
        why = gate.why(sample.key("step", i))
        last = i == len(sample.steps) - 1
        place = f"{sample.model}, {sample.wave}, {step.restriction}"
        if not gate.decided(file, place, "firms", why) and not last:
            continue
        n, lost = len(step.firms), (before - len(step.firms) if i else 0)
        gate.register[file]["firms"][place] = None if why else n
        yield {
            "restriction": "; ".join(words),
            "firms": None if why else n,
            "lost": None if why or not known else lost,
            **{f"lost_{s}": None if why or not known else count for s, count in states.items()},
        }
        words, states, before, known = [], {}, n, True


# --- descriptions ------------------------------------------------------------------------------


def told_samples(gate: Gate, samples: Sequence[Sample], file: str) -> list[dict[str, Any]]:
    """Describe the sample of every model in every wave, as far as it may be told."""
    return [_described(gate, sample, file) for sample in samples]


def _described(gate: Gate, sample: Sample, file: str) -> dict[str, Any]:
    weights = sample.spec.weightings[0]
    firms = gate.mask(sample.steps[-1].firms)
    w = gate.values(weights) if weights else None
    w = np.ones(len(firms)) if w is None else w
    variables = [v for v in told_of(sample.spec) if gate.values(v) is not None]
    rows = [_variable(gate, sample, v, firms, w, file) for v in variables]
    # Means and correlations are what regressions of these variables rest on.
    gate.tell("fit", firms, (row["variable"] for row in rows if row["mean"] is not None))
    hidden = gate.why(sample.size_key)
    size = int(firms.sum())
    if size:
        place = f"{sample.model}, {sample.wave}"
        gate.register[file]["firms"][place] = None if hidden else size
    return {
        "wave": sample.wave,
        "model": sample.model,
        "weights": weights or "unweighted",
        "population": [*sample.spec.sample, *(step.filter for step in sample.steps if step.filter)],
        "n": None if hidden else size,
        **({"why_not": hidden} if hidden else {}),
        "variables": rows,
        "correlations": _correlations(gate, sample, rows, firms, w, file),
        "distributions": {
            outcome: _distribution(gate, sample, outcome, firms, file)
            for outcome in sample.censored
        },
    }


def _variable(
    gate: Gate, sample: Sample, variable: str, firms: Bools, w: Floats, file: str
) -> dict[str, Any]:
    """Return the aggregates of one variable, and why others are withheld."""
    x = gate.values(variable)
    assert x is not None  # noqa: S101 - only numbers are described
    known = firms & ~np.isnan(x)
    x, w = x[known], w[known]
    place = f"{sample.model}, {sample.wave}, {variable}"
    row: dict[str, Any] = {"variable": variable, "n": len(x), "state": "value", "withheld": []}
    row |= dict.fromkeys(("mean", "sd", "at_lower", "at_upper"))
    if len(x) == 0:
        return row | {"state": "not asked"}

    def shown(name: str, why: str) -> bool:
        if not gate.decided(file, place, name, why):
            row["withheld"].append(name)
            return False
        return True

    size = gate.why(sample.key("n", variable))
    if not shown("n", size):
        gate.decided(file, place, "mean, sd", size)
        return row | {"n": None, "state": "withheld", "withheld": ["n", "mean", "sd"]}
    flag = sample.key("flag", variable)
    is_flag = gate.ledger.noted((flag, "all"))
    why = gate.why_answers(flag, w) if is_flag else gate.why_magnitude(x, w)
    why = why or gate.why_near("mean", known, [variable]) or gate.why_many(known, variable)
    if shown("mean", why):
        mean = float(np.average(x, weights=w))
        # Deviations are of the firms at hand; of one there is none.
        spread = float(np.average((x - mean) ** 2, weights=w)) * len(x) / max(len(x) - 1, 1)
        row |= {"mean": mean, "sd": spread**0.5}
    else:
        row["withheld"].append("sd")
    if variable not in sample.spec.outcomes:
        return row
    for name, limit in zip(("lower", "upper"), sample.limits, strict=True):
        if limit is None:
            continue
        at = (x <= limit) if name == "lower" else (x >= limit)
        why = gate.why((sample.key(variable), name), (sample.key(variable), "firms"))
        if shown(f"at_{name}", why or gate.why_weights(w)):
            row[f"at_{name}"] = float(np.average(at, weights=w))
    return row


def _correlations(
    gate: Gate,
    sample: Sample,
    rows: Sequence[Mapping[str, Any]],
    firms: Bools,
    w: Floats,
    file: str,
) -> list[list[float | None]]:
    """Return Pearson correlations over firms with both values, null where withheld."""
    columns = [gate.values(row["variable"]) for row in rows]
    told = [row["mean"] is not None for row in rows]
    found: list[list[float | None]] = [[None] * len(rows) for _ in rows]
    for i, a in enumerate(columns):
        for j, b in enumerate(columns[: i + 1]):
            if a is None or b is None or not (told[i] and told[j]):
                continue
            both = firms & ~np.isnan(a) & ~np.isnan(b)
            x, y, weight = a[both], b[both], w[both]
            names = rows[i]["variable"], rows[j]["variable"]
            place = ", ".join((sample.model, sample.wave, *names))
            if both.sum() < max(gate.profile.minimum_cell, 3):
                continue
            why = ""
            if i != j:
                why = gate.why_together(x, y, weight) or gate.why_cells(both, *names)
            if gate.decided(file, place, "correlation", why):
                found[i][j] = found[j][i] = _correlation(x, y, weight)
    return found


def _correlation(x: Floats, y: Floats, w: Floats) -> float | None:
    covariance = np.cov(x, y, aweights=w)
    scale = float(np.sqrt(covariance[0, 0] * covariance[1, 1]))
    return float(covariance[0, 1] / scale) if scale > 0 else None


def _distribution(
    gate: Gate, sample: Sample, outcome: str, firms: Bools, file: str
) -> list[dict[str, Any]]:
    """Return how many firms are at each limit of an outcome and in classes between."""
    x = gate.values(outcome)
    if x is None or not (known := firms & ~np.isnan(x)).any():
        return []
    cells = []
    for i, (kind, low, high) in enumerate(_classes(sample.limits)):
        why = gate.why(sample.key(outcome, i))
        place = f"{sample.model}, {sample.wave}, {outcome}, {kind} {low:g} to {high:g}"
        shown = gate.decided(file, place, "firms", why)
        count = int((known & _inside(x, kind, low, high, sample.limits)).sum())
        cells.append(
            {
                "class": kind,
                "above": low,
                "up_to": high,
                "firms": count if shown else None,
                "suppressed": not shown,
            }
        )
    return cells
