"""Complements and substitutes: what each constellation of gains is called."""

import numpy as np
import pytest
from scipy.stats import norm

from cisflow.estimators.inequalities.complements import (
    BOTH,
    COMPLEMENTS,
    STRICT_COMPLEMENTS,
    STRICT_SUBSTITUTES,
    SUBSTITUTES,
    UNDECIDED,
    complementarity,
)


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ([3.0, 2.5], STRICT_COMPLEMENTS),
        ([3.0, 0.2], COMPLEMENTS),
        ([-3.0, -0.2], SUBSTITUTES),
        ([-3.0, -2.5], STRICT_SUBSTITUTES),
        ([-3.0, 3.0], BOTH),
        ([0.4, -0.3], UNDECIDED),
    ],
)
def test_verdicts(gains, verdict):
    assert complementarity(np.array(gains), np.eye(2)).verdict() == verdict


def test_of_two_practices_it_is_the_one_sided_test_of_their_product():
    found = complementarity(2.0, 1.0)
    assert found.p_strict_complements == pytest.approx(norm.sf(2.0))
    assert found.substitutes.p_value == pytest.approx(norm.sf(2.0), abs=1e-9)
    assert found.complements.p_value == 1.0
    assert found.verdict() == STRICT_COMPLEMENTS


def test_the_smallest_gain_is_the_one_with_the_smallest_t():
    assert complementarity(np.array([1.0, 3.0]), np.diag([0.01, 9.0])).smallest == 1


def test_strict_complements_are_found_wrongly_in_five_of_a_hundred_samples():
    rng = np.random.default_rng(20141120)
    V = np.array([[1.0, 0.4], [0.4, 1.0]])
    z = rng.standard_normal((4000, 2)) @ np.linalg.cholesky(V).T + np.array([0.0, 6.0])
    found = (z.min(axis=1) > norm.isf(0.05)).mean()
    assert 0.035 < found < 0.065
