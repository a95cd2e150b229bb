"""Power and minimal effects are what repeated samples show, and go by the standard error alone."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, t

from cisflow.claims.power import (
    POWER,
    firms_for,
    minimal_effect,
    power_of_none,
    power_of_sign,
    reach_of_none,
    reach_of_sign,
)

DRAWS = 200_000


def found_with_sign(effect, std_error, level, df=math.inf):
    """Return how often repeated samples find an effect with its sign."""
    rng = np.random.default_rng(5)
    estimates = effect + std_error * rng.standard_normal(DRAWS)
    if math.isinf(df):
        return (estimates - norm.isf(level / 2) * std_error > 0).mean()
    errors = std_error * np.sqrt(rng.chisquare(df, DRAWS) / df)
    return (estimates - t.isf(level / 2, df) * errors > 0).mean()


def within(band, std_error, equivalence):
    """Return how often repeated samples of no effect keep their interval within a band."""
    estimates = std_error * np.random.default_rng(6).standard_normal(DRAWS)
    return (np.abs(estimates) + norm.isf(equivalence / 2) * std_error < band).mean()


@pytest.mark.parametrize("df", [math.inf, 4, 19])
@pytest.mark.parametrize("power", [0.5, 0.8, 0.9])
def test_a_minimal_effect_is_found_as_often_as_it_should(df, power):
    effect = minimal_effect(3.6, level=0.05, power=power, df=df)
    assert found_with_sign(effect, 3.6, 0.05, df) == pytest.approx(power, abs=0.005)


def test_a_minimal_effect_is_2_80_standard_errors():
    assert minimal_effect(1.0) == pytest.approx(2.8016, abs=1e-4)
    assert minimal_effect(1.0, df=10**7) == pytest.approx(minimal_effect(1.0), abs=1e-4)
    assert minimal_effect(1.0, df=5) > minimal_effect(1.0, df=20) > minimal_effect(1.0)


@pytest.mark.parametrize("effect", [-2.0, 0.0, 3.0, 9.0])
def test_power_of_a_sign_is_how_often_it_is_found(effect):
    assert power_of_sign(effect, 3.0) == pytest.approx(found_with_sign(effect, 3.0, 0.05), abs=4e-3)


@pytest.mark.parametrize("std_error", [0.5, 1.0, 1.5, 2.5])
def test_power_of_no_effect_is_how_often_the_interval_lies_within(std_error):
    assert power_of_none(3.0, std_error) == pytest.approx(within(3.0, std_error, 0.1), abs=4e-3)


def test_arrays_give_arrays():
    many = power_of_sign(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    assert many == pytest.approx([power_of_sign(1.0, 1.0), power_of_sign(2.0, 1.0)])
    assert isinstance(power_of_sign(1.0, 1.0), float)


# Standard errors of C1 to C4 in synthetic Flanders, points of turnover, with 367 and 221 firms.
FLANDERS = [(3.64, 367, 1460, 4600), (7.68, 221, 3920, 12400)]


@pytest.mark.parametrize(("std_error", "n", "possible", "needed"), FLANDERS)
def test_no_effect_at_three_points_asks_for_thousands_of_firms(std_error, n, possible, needed):
    reach = reach_of_none(std_error, n, 3.0)
    assert reach.power == 0
    assert reach.decidable is False
    assert reach.n_possible == pytest.approx(possible, rel=0.01)
    assert reach.n_needed == pytest.approx(needed, rel=0.01)


@pytest.mark.parametrize(("std_error", "n"), [(3.64, 367), (7.68, 221), (1.0, 5000)])
def test_no_effect_is_within_reach_from_the_firms_it_needs(std_error, n):
    reach = reach_of_none(std_error, n, 3.0)

    def power_at(firms):
        return power_of_none(3.0, std_error * math.sqrt(n / firms))

    assert power_at(reach.n_needed) >= POWER - 1e-9 > power_at(reach.n_needed - 1) - 1e-9
    assert power_at(reach.n_possible + 1) > 0 == power_at(reach.n_possible - 1)


@pytest.mark.parametrize(("std_error", "n", "effect"), [(3.64, 367, 3.0), (7.68, 221, -6.0)])
def test_a_sign_is_within_reach_from_the_firms_it_needs(std_error, n, effect):
    reach = reach_of_sign(std_error, n, effect=effect)

    def power_at(firms):
        return power_of_sign(abs(effect), std_error * math.sqrt(n / firms))

    assert power_at(reach.n_needed) >= POWER > power_at(reach.n_needed - 1)
    assert reach.power == power_at(n)
    assert math.isnan(reach.n_possible)


def test_a_sign_without_a_smallest_effect_has_a_minimal_effect_alone():
    reach = reach_of_sign(2.0, 300)
    assert reach.mde == pytest.approx(5.6032, abs=1e-3)
    assert reach.decidable is None
    assert math.isnan(reach.power)
    assert math.isnan(reach.n_needed)


sizes = st.floats(0.01, 50)


@given(sizes, st.integers(20, 10**6), sizes, st.floats(1.01, 10))
def test_more_precision_never_decides_less(std_error, n, band, better):
    rough, fine = (reach_of_none(s, n, band) for s in (std_error, std_error / better))
    assert fine.power >= rough.power
    assert fine.n_needed <= rough.n_needed
    assert fine.n_possible <= fine.n_needed
    assert fine.mde < rough.mde
    assert reach_of_sign(std_error / better, n, effect=band).power >= (
        reach_of_sign(std_error, n, effect=band).power
    )


@given(sizes, st.integers(20, 10**6), sizes, st.floats(0.001, 1000))
def test_the_unit_does_not_matter(std_error, n, band, unit):
    one, other = reach_of_none(std_error, n, band), reach_of_none(std_error * unit, n, band * unit)
    assert other.power == pytest.approx(one.power, abs=1e-9)
    assert other.n_needed == pytest.approx(one.n_needed, abs=1.1, rel=1e-9)
    assert other.mde == pytest.approx(one.mde * unit)


@given(sizes, st.integers(20, 10**6), sizes)
def test_a_claim_is_decidable_if_its_sample_has_the_firms_it_needs(std_error, n, effect):
    for reach in (reach_of_none(std_error, n, effect), reach_of_sign(std_error, n, effect=effect)):
        if abs(reach.n_needed - n) > 1:
            assert reach.decidable == (n >= reach.n_needed)


def test_firms_grow_with_the_square():
    assert firms_for(1.0, 300) == 300
    assert firms_for(2.0, 300) == 1200
    assert firms_for(0.5, 300) == 75
