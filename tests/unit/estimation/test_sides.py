"""On either side of a term: whom a coefficient compares."""

import numpy as np
import pytest

from cisflow.estimation.sides import of_groups, sides_of


def flags(*counts):
    """Return a yes/no variable: so many yes, so many no."""
    return np.repeat([1.0, 0.0], counts)


def test_a_yes_no_term_compares_those_with_it_to_those_without():
    sides = sides_of({"a": flags(4, 62)})
    assert (sides.with_.sum(), sides.without.sum(), sides.fewest) == (4, 62, 4)
    assert sides_of({"a": flags(62, 4)}).fewest == 4


@pytest.mark.parametrize(
    ("cells", "fewest"),
    [((1, 30, 20, 15), 1), ((30, 1, 20, 15), 1), ((9, 8, 7, 6), 6), ((0, 5, 5, 5), 0)],
)
def test_an_interaction_rests_on_the_smallest_of_four_cells(cells, fewest):
    a, b = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], cells, axis=0).T.astype(float)
    sides = sides_of({"a": a, "b": b})
    assert sides.fewest == fewest == sides.with_.sum()
    assert sides.without.sum() == sum(cells) - fewest


def test_a_number_rests_on_those_without_its_most_common_value():
    sides = sides_of({"d": np.array([0, 0, 0, 1, 2, 5.0])})
    assert (sides.with_.sum(), sides.without, sides.fewest) == (3, None, 3)
    assert sides_of({"x": np.arange(9.0)}).fewest == 8


def test_a_number_times_a_flag_needs_those_who_vary_on_either_side():
    flag, number = flags(3, 6), np.array([0, 0, 1, 0, 0, 0, 2, 3, 4.0])
    assert sides_of({"f": flag, "x": number}).fewest == 1
    assert sides_of({"f": flag[::-1], "x": number}).fewest == 1


def test_groups_are_compared_by_those_who_vary_in_each():
    within = sides_of({"d": np.array([0, 0, 0, 1, 2, 5.0])})
    firms = {"small": np.arange(6) < 4, "not small": np.arange(6) >= 4}
    pair = of_groups(["small", "not small"], firms, within)
    assert (pair.with_.sum(), pair.without.sum(), pair.fewest) == (4, 2, 1)
    assert of_groups(["small"], firms, within).fewest == 1


def test_a_product_of_numbers_rests_on_those_who_vary_in_both():
    breadth, means = np.array([0, 0, 0, 0, 1, 2, 3, 4.0]), np.array([0, 0, 0, 0, 0, 0, 2, 1.0])
    sides = sides_of({"diversity": breadth, "protection": means})
    assert (sides.with_.sum(), sides.without, sides.fewest) == (2, None, 2)
