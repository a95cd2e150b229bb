"""Yes and no as numbers, whatever else is in a sample."""

import numpy as np
import pandas as pd

from cisflow.estimation.common import numeric


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
