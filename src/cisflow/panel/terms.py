"""The terms of models and the definitions of constructs, evaluated on firms.

Values follow the panel: numbers are floats with NaN, yes/no is nullable, classes are categories.
What has no value, such as the logarithm of zero, is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from cisflow.panel.constructs import block_of
from cisflow.panel.indicators import filled_with_zero
from cisflow.study.models import Model
from cisflow.study.terms import (
    CENTRED,
    COMPARISONS,
    Call,
    Name,
    Node,
    Number,
    Operation,
    factors_of,
    is_column,
    names_in,
    nodes_of,
    parse_term,
    text_of,
)

MANY = 30  # levels: in a sample of few firms fewer prove nothing


# --- the columns a model needs besides the panel's ----------------------------------------------


def term_columns(spec: Model) -> dict[str, Node]:
    """Return what a model's terms need besides columns of the panel, by its text.

    A fixed effect is there under its own text and as ``C`` of it, as estimators ask for either.
    """
    made = [n for term in [*spec.terms, *spec.by] for n in factors_of(term)]
    for effect in map(parse_term, spec.fixed_effects):
        made += [Call("C", (effect,))] if not isinstance(effect, Name) else []
    return {text_of(node): node for node in made if not is_column(node)}


def add_terms(sample: pd.DataFrame, spec: Model) -> pd.DataFrame:
    """Return the firms of an estimation sample with a column for each of :func:`term_columns`.

    Means and standard deviations of ``center`` and ``standardise`` are of these firms.
    """
    made = {text: evaluate(node, sample) for text, node in term_columns(spec).items()}
    return sample.assign(**made) if made else sample


def settled(spec: Model) -> dict[str, Node]:
    """Return the parts of a model's terms that do not depend on the sample, by their text.

    Who lacks a value of these cannot be in the sample; ``center`` and ``standardise`` of them
    are known once it is.
    """

    def parts(node: Node) -> Iterator[Node]:
        if isinstance(node, Name | Number):
            return
        if not any(isinstance(n, Call) and n.function in CENTRED for n in nodes_of(node)):
            yield node
            return
        for part in node.arguments if isinstance(node, Call) else node.parts:
            yield from parts(part)

    return {text_of(n): n for node in term_columns(spec).values() for n in parts(node)}


def nearly_unique(sample: pd.DataFrame, spec: Model) -> list[str]:
    """Return the classes of a model that tell most firms of its sample apart: names, not levels."""
    names = {
        node.name
        for term in [*spec.regressors, *spec.fixed_effects]
        for factor in factors_of(term)
        for node in nodes_of(factor)
        if isinstance(node, Name) and node.name in sample
    }
    texts = [n for n in sorted(names) if not is_numeric_dtype(sample[n])]
    return [name for name in texts if sample[name].nunique() > max(MANY, len(sample) / 2)]


# --- values ------------------------------------------------------------------------------------


def evaluate(node: Node, frame: pd.DataFrame) -> pd.Series:
    """Return the values of a node.

    Parameters
    ----------
    node
        A term, one of its factors, or a definition.
    frame
        Firm × wave, shape (n, columns), with ``firm_id``, ``wave`` and ``reference_year`` where
        the node has a ``lag``. A column called as the node is taken for it.

    Returns
    -------
    pandas.Series
        Shape (n,), in the order of the frame.
    """
    text = text_of(node)
    if text in frame.columns:
        return frame[text]
    if isinstance(node, Number):
        return pd.Series(node.value, index=frame.index)
    if isinstance(node, Name):
        raise KeyError(node.name)
    if isinstance(node, Operation):
        return _operation(node, frame)
    return CALLS[node.function](node, frame)


def _numbers(node: Node, frame: pd.DataFrame) -> pd.Series:
    values = evaluate(node, frame)
    return pd.Series(values.to_numpy(dtype=float, na_value=np.nan), index=frame.index)


def _finite(values: pd.Series) -> pd.Series:
    return values.where(np.isfinite(values))


def _operation(node: Operation, frame: pd.DataFrame) -> pd.Series:
    left, *others = (_numbers(part, frame) for part in node.parts)
    with np.errstate(all="ignore"):  # what has no value is missing, below
        if node.sign in COMPARISONS:
            known = left.notna() & others[0].notna()
            return SIGNS[node.sign](left, others[0]).astype("boolean").where(known)
        return _finite(reduce(SIGNS[node.sign], others, left))


SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "^": lambda a, b: a**b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def _by(function: Callable[[pd.Series], Any]) -> Callable[[Call, pd.DataFrame], pd.Series]:
    """Return a function of numbers as one of nodes; what has no finite value is missing."""

    def call(node: Call, frame: pd.DataFrame) -> pd.Series:
        with np.errstate(all="ignore"):
            return _finite(function(_numbers(node.arguments[0], frame)))

    return call


def _bins(node: Call, frame: pd.DataFrame) -> pd.Series:
    """Return the class of each number; a bound belongs to the class above it."""
    bounds = [part.value for part in node.arguments[1:] if isinstance(part, Number)]
    said = [text_of(Number(bound)) for bound in bounds]
    between = [f"{low} to below {high}" for low, high in pairwise(said)]
    words = [f"below {said[0]}", *between, f"{said[-1]} or more"]
    edges = [-np.inf, *bounds, np.inf]
    return pd.cut(_numbers(node.arguments[0], frame), edges, right=False, labels=words)


def _levels(node: Call, frame: pd.DataFrame) -> pd.Series:
    return evaluate(node.arguments[0], frame).astype("category")


def _lag(node: Call, frame: pd.DataFrame) -> pd.Series:
    """Return the firm's value in the wave before, missing where it was not in it."""
    years = frame.groupby("wave")["reference_year"].max().sort_values(kind="stable")
    number = frame["wave"].map({wave: i for i, wave in enumerate(years.index)})
    values = evaluate(node.arguments[0], frame)
    known = values.set_axis(pd.MultiIndex.from_arrays([frame["firm_id"], number]))
    before = pd.MultiIndex.from_arrays([frame["firm_id"], number - 1])
    return known.reindex(before).set_axis(frame.index)


# --- of several variables ----------------------------------------------------------------------


def _several(node: Call, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the values of the arguments as numbers, and which of them the wave asked for.

    A variable that no firm of a wave has was not in its questionnaire and does not enter, as in
    the research variables of :mod:`cisflow.panel.constructs`.
    """
    values = pd.DataFrame({i: _numbers(part, frame) for i, part in enumerate(node.arguments)})
    return values, values.notna().groupby(frame["wave"]).transform("any")


def _over(
    function: Callable[[pd.DataFrame], pd.Series],
) -> Callable[[Call, pd.DataFrame], pd.Series]:
    """Return a function over several numbers: missing where one that was asked for is."""

    def call(node: Call, frame: pd.DataFrame) -> pd.Series:
        values, asked = _several(node, frame)
        known = (values.notna() | ~asked).all(axis=1) & asked.any(axis=1)
        return function(values).where(known)

    return call


def _decided(by: float) -> Callable[[Call, pd.DataFrame], pd.Series]:
    """Return a function over yes/no: one answer ``by`` decides, else all must be known."""

    def call(node: Call, frame: pd.DataFrame) -> pd.Series:
        values, asked = _several(node, frame)
        decided = values.eq(by).any(axis=1)
        known = decided | ((values.notna() | ~asked).all(axis=1) & asked.any(axis=1))
        return (decided == bool(by)).astype("boolean").where(known)

    return call


def _zero_if_not(node: Call, frame: pd.DataFrame) -> pd.Series:
    """Return a variable, and 0 for who was not asked for it and says no to the flag, by wave."""
    variable, flag = node.arguments
    blocks = {block for name in names_in(variable) if (block := block_of(name))}
    unasked = pd.Series(False, index=frame.index)
    for block in sorted(blocks):
        unasked |= ~frame[f"asked_{block}"].astype(bool)
    values = _numbers(variable, frame)
    parts = [
        filled_with_zero(values[of.index], evaluate(flag, frame)[of.index], unasked[of.index])
        for _, of in frame.groupby("wave", sort=False)
    ]
    return pd.concat(parts).reindex(frame.index) if parts else values


CALLS: dict[str, Callable[[Call, pd.DataFrame], pd.Series]] = {
    "C": _levels,
    "bins": _bins,
    "log": _by(np.log),
    "log1p": _by(np.log1p),
    "sqrt": _by(np.sqrt),
    "lag": _lag,
    "center": _by(lambda a: a - a.mean()),
    "standardise": _by(lambda a: (a - a.mean()) / a.std()),
    "zero_if_not": _zero_if_not,
    "any": _decided(by=1.0),
    "all": _decided(by=0.0),
    "sum": _over(lambda values: values.sum(axis=1)),
    "mean": _over(lambda values: values.mean(axis=1)),
    "max": _over(lambda values: values.max(axis=1)),
    "min": _over(lambda values: values.min(axis=1)),
}
