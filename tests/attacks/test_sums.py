"""Attacks by equations: sums and differences of any samples that have a solution for few firms."""

from itertools import pairwise

import numpy as np
import pytest
from disclosed import OLS, RULES, flags, released, sample_of, survey, variable_of

TOLD_ALL = RULES.model_copy(update={"minimum_cell": 1})
BY = {**OLS, "columns": {"any": ["diversity"]}}
MARGIN = "profit_margin"


def with_samples(**members):
    """Return a survey with a yes/no for each set of firms, and a model of each."""
    panel = survey()
    for name, firms in members.items():
        panel[name] = flags(np.isin(np.arange(len(panel)), [*firms]))
    return panel, {name: {**BY, "sample": ["manufacturing", name]} for name in members}


def told(out, models, variable=None):
    """Return number, or sum of a variable, of each model's sample; None where it is withheld."""

    def of(model):
        n = sample_of(out, model)["n"]
        mean = variable_of(out, model, variable)["mean"] if variable and n else 1
        return None if n is None or mean is None else n * mean

    return [of(model) for model in models]


def crossed(few):
    """Samples of all, and of manufacturing, with and without those of much R&D: few others have."""
    return with_samples(
        everyone=range(300),
        of_little=[*range(260 - few), *range(280 - few, 300 - few)],
        makers=range(200, 300 - few),
        makers_of_little=[*range(200, 260 - few), *range(280 - few, 300 - few)],
    )


@pytest.mark.parametrize("few", [1, 4, 9])
def test_two_and_two_samples_do_not_tell_a_cell_of_few(few):
    panel, models = crossed(few)
    signs = [1, -1, -1, 1]
    open_ = released(panel, TOLD_ALL, **models)
    assert np.dot(signs, told(open_, models)) == few
    values = panel.loc[300 - few : 299, MARGIN]
    assert np.dot(signs, told(open_, models, MARGIN)) == pytest.approx(values.sum())
    assert None in told(released(panel, **models), models, MARGIN)


def test_two_and_two_that_tell_of_enough_are_told():
    panel, models = crossed(12)
    assert None not in told(released(panel, **models), models)


def pieces(sizes):
    """Return consecutive ranges of firms, of so many each."""
    ends = np.cumsum([0, *sizes])
    return [range(a, b) for a, b in pairwise(ends)]


def in_a_ring():
    """Seven samples, each of two of seven groups; half their sum with signs is one group of 3."""
    groups = pieces([3, 20, 21, 22, 23, 24, 25])
    ring = {f"f{i}": [*groups[i], *groups[(i + 1) % 7]] for i in range(7)}
    return with_samples(**ring)


def test_an_equation_of_seven_samples_does_not_tell_a_group_of_three():
    panel, models = in_a_ring()
    signs = [0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5]
    open_ = released(panel, TOLD_ALL, **models)
    assert np.dot(signs, told(open_, models)) == 3
    assert np.dot(signs, told(open_, models, MARGIN)) == pytest.approx(panel[MARGIN][:3].sum())
    out = told(released(panel, **models), models, MARGIN)
    assert out.count(None) == 1  # without one of them nothing follows


def test_nor_the_sum_of_two_groups_that_are_few_together():
    """Either is unknown: firms 0-1 and 2-3 are always one in, one out, but for where both are."""
    a, b, *groups = pieces([2, 2, 40, 41, 42])
    panel, models = with_samples(
        f0=[*a, *groups[0], *groups[1]],
        f1=[*b, *groups[1], *groups[2]],
        f2=[*groups[0], *groups[2]],
        f3=groups[1],
    )
    signs = [1, 1, -1, -2]
    open_ = released(panel, TOLD_ALL, **models)
    assert np.dot(signs, told(open_, models)) == 4
    assert np.dot(signs, told(open_, models, MARGIN)) == pytest.approx(panel[MARGIN][:4].sum())
    assert None in told(released(panel, **models), models, MARGIN)
