"""What a truth file itself says of a coefficient: the number its firms are drawn from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from cisflow.simulate.population import RATIOS
from cisflow.study.claims import ARROW, COEFFICIENT, Single
from cisflow.study.models import Model
from cisflow.study.shapes import made_of
from cisflow.study.truth import Truth

LATENT = "latent"
Equations = Mapping[str, Mapping[str, float]]

# Keys of a Tobit's equation that are no terms of it.
NO_TERMS = ("intercept", "sigma", "industry")


def structural(truth: Truth, model: Model, test: Single, *, by_tobit: bool) -> float:
    """Return the truth file's own number for what is tested, NaN where it has none.

    It has one where the model holds all that the firms are drawn from: a coefficient that is then
    not among the truth's is zero. Where the model leaves something out, or has another form, its
    coefficients in the population are others, and no number in the file tells them. Of an average
    effect the file has the number only where it is zero, or the effect on the latent outcome.

    Parameters
    ----------
    truth
        What is true in the country.
    model, test
        A model and a test on it.
    by_tobit
        Whether the wave's shares of turnover are drawn from the truth's ``tobit``
        (:func:`cisflow.simulate.survey.drawn_by_tobit`); else the path's variables are drawn first.
    """
    if model.weightings[0] or test.term in made_of(model, test.column):
        return math.nan
    if model.estimator == "tobit" and by_tobit:
        return _average(_of_tobit(truth, model, test), model, test)
    if (
        test.measured == COEFFICIENT
        and model.estimator == "path"
        and test.column == "standardised"
        and not by_tobit
    ):
        return _of_path(truth, model, test)
    return math.nan


def _average(coefficient: float, model: Model, test: Single) -> float:
    """Return a coefficient as the quantity that is tested, where the two are one number."""
    if test.measured == COEFFICIENT:
        return coefficient
    terms = (*model.columns[test.column], *model.controls)
    moves_alone = not any(test.term in term.split(":") for term in terms if term != test.term)
    if ":" in test.term or not moves_alone:
        return math.nan
    return coefficient if test.measured == LATENT or coefficient == 0 else math.nan


def _of_tobit(truth: Truth, model: Model, test: Single) -> float:
    equation = truth["tobit"].get(test.outcome)
    if equation is None:
        return math.nan
    has = {*model.columns.get(test.column, ()), *model.controls}
    draws = {term for term, value in equation.items() if term not in NO_TERMS and value}
    if not draws <= has or (equation.get("industry") and "industry" not in model.fixed_effects):
        return math.nan
    return float(equation.get(test.term, 0.0))


def _of_path(truth: Truth, model: Model, test: Single) -> float:
    path: Equations = truth["path"]
    # Ratios of firms that are followed come about year by year, not by the path's equations.
    drawn = {to: of for to, of in path.items() if "panel" not in truth or to not in RATIOS}
    if model.controls or model.fixed_effects or test.outcome not in drawn:
        return math.nan
    if test.term in model.equations.get(test.outcome, ()):
        nested = set(drawn[test.outcome]) <= set(model.equations[test.outcome])
        return float(drawn[test.outcome].get(test.term, 0.0)) if nested else math.nan
    if any(not set(drawn.get(to, ())) <= set(of) for to, of in model.equations.items()):
        return math.nan
    return _effect(drawn, test.term, test.outcome)


def _effect(path: Equations, term: str, outcome: str) -> float:
    """Return an effect along arrows: of one path, or total, direct or indirect."""
    nodes = term.split(ARROW)
    if len(nodes) > 1:
        return math.prod(path.get(to, {}).get(origin, 0.0) for origin, to in pairwise(nodes))
    kind, _, origin = term.rstrip(")").partition("(")
    direct = path.get(outcome, {}).get(origin, 0.0)
    effects = {"direct": direct, "total": _total(path, origin, outcome)}
    effects["indirect"] = effects["total"] - direct
    return effects.get(kind, math.nan)


def _total(path: Equations, origin: str, outcome: str) -> float:
    """Return the sum over all paths from one variable to another of their arrows' products."""
    if origin == outcome:
        return 1.0
    into = path.get(outcome, {}).items()
    return sum(arrow * _total(path, origin, source) for source, arrow in into)
