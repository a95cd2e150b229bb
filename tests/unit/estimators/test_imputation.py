"""Gaps are filled with answers of others, and what follows is pooled with what they leave open."""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.imputation import completed, pooled


@pytest.fixture
def firms():
    rng = np.random.default_rng(3)
    x = rng.normal(size=150)
    told = pd.DataFrame({"y": x + rng.normal(size=150), "x": x, "yes": (x > 0.3).astype(float)})
    told.loc[rng.random(150) < 0.2, "x"] = np.nan
    told.loc[rng.random(150) < 0.2, "yes"] = np.nan
    return told


def test_answers_stay_and_gaps_get_answers_that_others_gave(firms):
    for sample in completed(firms, 3, 1):
        known = firms.notna()
        assert sample[known].equals(firms[known])
        assert not sample.isna().to_numpy().any()
        assert all(set(sample[name]) <= set(firms[name].dropna()) for name in firms)


def test_the_seed_fixes_every_draw(firms):
    first, again, other = (list(completed(firms, 2, seed)) for seed in (1, 1, 2))
    assert all(a.equals(b) for a, b in zip(first, again, strict=True))
    assert not first[0].equals(other[0])
    assert not first[0].equals(first[1])


def test_rows_keep_their_index_and_the_input_its_gaps(firms):
    named = firms.set_axis(range(1000, 1150))
    gaps = int(named.isna().to_numpy().sum())
    assert list(next(completed(named, 2, 1)).index) == list(named.index)
    assert int(named.isna().to_numpy().sum()) == gaps > 0


def test_without_gaps_every_sample_is_the_sample(firms):
    whole = firms.dropna()
    assert all(sample.equals(whole) for sample in completed(whole, 2, 1))


def test_a_column_of_one_value_has_no_other(firms):
    sample = next(completed(firms.assign(same=firms["x"].where(firms["x"].isna(), 7.0)), 2, 1))
    assert set(sample["same"]) == {7.0}


def test_units_do_not_matter(firms):
    in_thousands = firms.assign(x=firms["x"] * 1e6)
    for plain, large in zip(completed(firms, 2, 1), completed(in_thousands, 2, 1), strict=True):
        np.testing.assert_allclose(plain["x"] * 1e6, large["x"])


def test_too_few_answers_are_refused(firms):
    few = firms.assign(x=firms["x"].where(firms.index < 3))
    with pytest.raises(EstimationError, match="fewer than 5 known values of x"):
        next(completed(few, 2, 1))


def test_a_row_without_any_answer_is_refused(firms):
    with pytest.raises(EstimationError, match="1 rows without any value"):
        next(completed(firms.reindex([*firms.index, 999]), 2, 1))


def test_one_sample_does_not_vary():
    with pytest.raises(EstimationError, match="1 completed samples"):
        pooled([[1.0]], [[1.0]])


def test_samples_that_agree_leave_the_variance_as_it_is():
    found = pooled([[1.0], [1.0]], [[2.0], [2.0]])
    assert found.std_error[0] == 2.0
    assert found.df[0] == np.inf
    assert found.missing[0] == 0.0


@pytest.mark.slow
def test_gaps_that_depend_on_the_outcome_leave_no_bias_and_the_coverage_they_should():
    """Of firms with every answer the slope is too flat; benchmarks/imputation.py has more."""
    rng = np.random.default_rng(11)
    slopes, listwise, covered = [], [], []
    for seed in range(100):
        x = rng.normal(size=200)
        a, y = x + rng.normal(size=200), x + rng.normal(size=200)
        gone = rng.random(200) < 1 / (1 + np.exp(1 - 1.5 * y))
        data = pd.DataFrame({"y": y, "x": np.where(gone, np.nan, x), "a": a})
        fits = [slope(sample["x"], sample["y"]) for sample in completed(data, 10, seed)]
        found = pooled(*map(np.array, zip(*fits, strict=True)), 198)
        slopes.append(found.estimate)
        listwise.append(slope(x[~gone], y[~gone])[0])
        covered.append(abs(found.estimate - 1) < 1.97 * found.std_error)
    assert abs(np.mean(slopes) - 1) < 0.03
    assert np.mean(listwise) < 0.9
    assert 0.87 < np.mean(covered) <= 1.0


def slope(x, y):
    """Return a slope and its standard error."""
    found, variance = np.polyfit(x, y, 1, cov=True)
    return found[0], np.sqrt(variance[0, 0])
