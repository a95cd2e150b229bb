"""From a formula and a table to numbers."""

import numpy as np
import pandas as pd


def test_other_models_get_every_dummy_as_a_column(industries):
    from cisflow.estimators.formula import model_frame

    frame = model_frame("y ~ a + C(g)", industries)
    assert frame.absorbed is None
    assert frame.X.shape == (900, 13)
    assert frame.names == frame.order


def test_plain_sums_are_what_the_formula_language_makes_of_them():
    from cisflow.estimators.formula import model_frame, plain_sum

    rng = np.random.default_rng(10)
    n = 200
    table = pd.DataFrame(
        {
            "y": rng.random(n),
            "x": rng.normal(size=n),
            "flag": rng.random(n) < 0.5,
            "whole": pd.array(rng.integers(0, 3, n), dtype="Int64"),
            "text": rng.choice(["low", "mid", "top"], n),
            "code": rng.integers(-3, 3, n),
            "half": rng.integers(0, 4, n) / 2,
        }
    )
    table.loc[[3, 77], "x"] = np.nan
    table.loc[5, "text"] = None
    table.loc[6, "whole"] = pd.NA
    right = "x + flag + whole + text + C(code) + C(half)"
    assert plain_sum(f"y ~ {right}") is not None
    assert plain_sum(f"y ~ 1 + {right}") is not None
    assert plain_sum(f"y ~ {right} + x:flag") is None
    assert plain_sum("y ~ x + C(x)") is None
    assert plain_sum("y ~ 0 + x") is None
    mine = model_frame(f"y ~ {right}", table)
    theirs = model_frame(f"y ~ ({right})", table)
    assert mine.names == theirs.names == mine.order
    assert mine.dropped == theirs.dropped
    assert mine.dropped["missing"] == 4
    np.testing.assert_array_equal(mine.X, theirs.X)
    np.testing.assert_array_equal(mine.rows, theirs.rows)
    new = table.dropna().head(5)
    np.testing.assert_array_equal(
        mine.spec.get_model_matrix(new.assign(text=new.text.astype("category"))).shape,
        (5, len(mine.names)),
    )
