"""The rule of one estimate: what it may say, and what it never says."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cisflow.study.verdicts import (
    CONTRADICTED,
    DECIDED,
    INCONCLUSIVE,
    SUPPORTED,
    UNDECIDABLE,
    Expected,
    Levels,
    Reading,
    intervals_of,
    normal_shape,
    read,
    turned,
    within_reach,
)

LEVELS = Levels()
POSITIVE, NEGATIVE, NONE = Expected(1), Expected(-1), Expected(0, band=3.0)
numbers = st.floats(-20, 20)
errors = st.floats(0.01, 10)


def said(expected, estimate, se):
    return read(expected, *intervals_of(normal_shape(LEVELS), estimate, se)).verdict


@pytest.mark.parametrize(
    ("expected", "interval", "verdict"),
    [
        (POSITIVE, (0.1, 4.0), SUPPORTED),
        (POSITIVE, (-4.0, -0.1), CONTRADICTED),
        (POSITIVE, (-0.1, 4.0), INCONCLUSIVE),
        (POSITIVE, (0.0, 4.0), INCONCLUSIVE),
        (NEGATIVE, (-4.0, -0.1), SUPPORTED),
        (NONE, (3.0, 9.0), CONTRADICTED),
        (NONE, (-14.7, -0.23), INCONCLUSIVE),  # V5: it overlaps the band
        (NONE, (-9.0, -3.0), CONTRADICTED),
        (NONE, (0.5, 2.9), SUPPORTED),  # not zero, and too small to matter
    ],
)
def test_intervals_are_held_against_what_is_expected(expected, interval, verdict):
    assert read(expected, interval, interval).verdict == verdict


@given(numbers, errors)
def test_no_effect_is_contradicted_only_wholly_outside_the_band(estimate, se):
    (low, high), _ = intervals_of(normal_shape(LEVELS), estimate, se)
    assert (said(NONE, estimate, se) == CONTRADICTED) == (low >= 3 or high <= -3)


@given(numbers, errors, st.floats(0, 10))
def test_support_for_a_sign_does_not_go_when_the_estimate_moves_that_way(estimate, se, more):
    assume(said(POSITIVE, estimate, se) == SUPPORTED)
    assert said(POSITIVE, estimate + more, se) == SUPPORTED


@given(numbers, errors, st.floats(0.01, 1))
def test_precision_never_takes_a_decided_sign_away(estimate, se, share):
    verdict = said(POSITIVE, estimate, se)
    assume(verdict in DECIDED)
    assert said(POSITIVE, estimate, se * share) == verdict


@given(numbers, errors)
def test_opposite_signs_are_never_both_supported(estimate, se):
    both = {said(POSITIVE, estimate, se), said(NEGATIVE, estimate, se)}
    assert both in ({SUPPORTED, CONTRADICTED}, {INCONCLUSIVE})


@given(st.floats(-2.9, 2.9), st.floats(0.01, 2), st.floats(0.1, 10))
def test_a_wider_band_never_loses_support_for_no_effect(estimate, se, more):
    assume(said(NONE, estimate, se) == SUPPORTED)
    assert said(Expected(0, band=3 + more), estimate, se) == SUPPORTED


# --- what a sample cannot decide ---------------------------------------------------------------


@given(errors)
def test_a_band_is_out_of_reach_if_even_zero_would_be_no_support(se):
    _, band = intervals_of(normal_shape(LEVELS), 0.0, se)
    reached = within_reach(Reading(INCONCLUSIVE, ""), NONE, band, math.nan).verdict
    assert (reached == INCONCLUSIVE) == (said(NONE, 0.0, se) == SUPPORTED)


@pytest.mark.parametrize(
    ("claimed", "detectable", "verdict"),
    [(7, 6.9, INCONCLUSIVE), (7, 7.1, UNDECIDABLE), (None, 100, INCONCLUSIVE)],
)
def test_an_effect_is_out_of_reach_if_less_than_what_could_be_found(claimed, detectable, verdict):
    expected = Expected(1, claimed=claimed)
    reading = read(expected, (-1, 2), (-1, 2))
    assert within_reach(reading, expected, (-1, 2), detectable).verdict == verdict


@pytest.mark.parametrize("verdict", sorted(DECIDED))
def test_what_is_decided_is_within_reach(verdict):
    reading = Reading(verdict, "")
    assert within_reach(reading, Expected(1, claimed=1), (0, 9), 99.0) is reading


# --- what turns a verdict ----------------------------------------------------------------------


def test_estimates_that_give_another_verdict_are_counted():
    without = np.array([2.0, 1.9, 2.0, -3.0]), np.array([1.0, 1.0, 1.1, 1.0])
    found = turned(POSITIVE, (2.0, 1.0), without, normal_shape(LEVELS))
    assert found.tolist() == [False, True, True, True]


@pytest.mark.parametrize("expected", [POSITIVE, NEGATIVE, NONE])
def test_no_estimate_without_a_firm_is_another_verdict(expected):
    gone = np.array([math.nan, 5.0]), np.array([1.0, math.nan])
    assert turned(expected, (5.0, 1.0), gone, normal_shape(LEVELS)).all()


def test_intervals_keep_the_shape_of_the_full_one():
    lopsided = ((1.0, 3.0), (1.0, 1.0))
    one = np.array([1.5]), np.array([1.0])
    assert not turned(POSITIVE, (2.0, 1.0), one, lopsided).any()
    assert turned(POSITIVE, (2.0, 1.0), one, normal_shape(LEVELS)).all()


def test_claims_that_differ_in_size_alone_ask_the_same():
    assert Expected(1, claimed=7).asked == Expected(1).asked
    assert len({Expected(1).asked, Expected(-1).asked, NONE.asked, Expected(0, band=2).asked}) == 4
