"""Yes and no as numbers, whatever else is in a sample."""

import numpy as np
import pandas as pd
import pytest

from cisflow.base.problems import CisflowError
from cisflow.estimation.common import numeric, refuse_unmeasured


def test_yes_and_no_are_one_and_zero_and_all_else_stays():
    sample = pd.DataFrame(
        {
            "name": pd.array(["a", None, "c"], dtype="string"),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "amount": [1.5, np.nan, 3.0],
            "plain": [True, False, True],
        },
        index=[7, 3, 5],
    )
    found = numeric(sample)
    assert list(found.columns) == list(sample.columns)
    assert list(found.index) == [7, 3, 5]
    assert found["flag"].dtype == found["plain"].dtype == "float64"
    np.testing.assert_array_equal(found["flag"], [1.0, np.nan, 0.0])
    np.testing.assert_array_equal(found["plain"], [1.0, 0.0, 1.0])
    pd.testing.assert_frame_equal(found[["name", "amount"]], sample[["name", "amount"]])
    assert sample["flag"].dtype == "boolean"  # the input is as it was


def test_what_a_model_lacks_is_told_by_what_it_is_about_and_made_terms_by_themselves():
    sample = pd.DataFrame({"diversity": [np.nan] * 2, "own_rd": [1.0, 0.0], "lag(own_rd)": np.nan})
    sample["diversity^2"] = np.nan
    with pytest.raises(CisflowError) as refused:
        refuse_unmeasured(sample, ["diversity", "diversity^2", "lag(own_rd)"])
    (problem,) = refused.value.problems
    assert problem.what == (
        "the survey has no answers on cooperation partners; no firm has a value of lag(own_rd)"
    )
    refuse_unmeasured(sample, ["own_rd"])
