"""Score tests of the arrows that are not drawn."""

import numpy as np
import pandas as pd
import pytest
from path_samples import CHAIN

from cisflow.estimators.path.model import PathModel


@pytest.mark.parametrize("controls", [[], ["C(industry)"]])
def test_an_index_is_n_r_squared_of_the_residual(firms, controls):
    """With complete sources an index is n R² of the residual on all sources (Engle 1984)."""
    equations = {"i": ["d"], "m": ["d"]}
    fit = PathModel(equations, firms, controls).fit()
    table = fit.modification_indices().set_index(["target", "source"])
    dummies = pd.get_dummies(firms["industry"], dtype=float).iloc[:, 1:] if controls else None
    X = np.column_stack([np.ones(400), firms["d"], *([dummies] if controls else [])])
    residual = firms["m"] - X @ np.linalg.lstsq(X, firms["m"], rcond=None)[0]
    wide = np.column_stack([X, firms["i"]])
    coef = np.linalg.lstsq(wide, residual, rcond=None)[0]
    r2 = 1 - ((residual - wide @ coef) ** 2).sum() / (residual**2).sum()
    row = table.loc[("m", "i")]
    assert row["mi"] == pytest.approx(400 * r2, rel=1e-9)
    assert row["expected_change"] == pytest.approx(coef[-1], rel=1e-9)


def test_absorbed_effects_leave_the_indices(firms):
    absorbed = PathModel(CHAIN, firms, fixed_effects=["industry"]).fit().modification_indices()
    spelled = PathModel(CHAIN, firms, ["C(industry)"]).fit().modification_indices()
    spelled = spelled[~spelled["source"].str.startswith("industry")]
    pd.testing.assert_frame_equal(absorbed, spelled, rtol=1e-8)


@pytest.mark.parametrize("cov_type", ["nonrobust", "robust", "cluster"])
def test_an_index_is_near_the_squared_z_of_the_arrow_once_drawn(firms, cov_type):
    """Score and Wald tests agree for a small effect, whatever the covariance."""
    kwds = {"groups": np.arange(400) // 5} if cov_type == "cluster" else None
    data = firms.assign(m=firms["m"] - 0.05 * firms["i"])
    found = PathModel(CHAIN, data).fit(cov_type, kwds).modification_indices()
    index = found.set_index(["target", "source"]).loc[("m", "i")]
    drawn = PathModel({**CHAIN, "m": ["p", "i"]}, data).fit(cov_type, kwds).edges
    row = drawn[(drawn["target"] == "m") & (drawn["source"] == "i")].iloc[0]
    assert index["mi"] == pytest.approx(row["statistic"] ** 2, rel=0.08, abs=0.05)
    assert index["expected_change"] == pytest.approx(row["estimate"], rel=0.08, abs=0.01)


def test_arrows_that_close_a_circle_are_listed_only(firms):
    table = PathModel(CHAIN, firms).fit().modification_indices()
    circles = table[table["mi"].isna()].set_index(["target", "source"])["note"]
    assert circles["i", "m"] == "would close a circle: i → p → m → i"
    assert set(circles.index) == {("i", "p"), ("i", "m"), ("p", "m")}
    assert len(table) == 6
    assert table["mi"].dropna().is_monotonic_decreasing


def test_a_source_without_anything_of_its_own_has_no_index(firms):
    data = firms.assign(twice=2 * firms["d"])
    table = PathModel({"i": ["d"], "p": ["i", "twice"]}, data).fit().modification_indices()
    row = table[(table["target"] == "i") & (table["source"] == "twice")].iloc[0]
    assert np.isnan(row["mi"])
    assert row["note"] == "a combination of the sources the outcome already has"


def test_a_saturated_model_omits_nothing_it_could_draw(firms):
    table = PathModel({"i": ["d"], "p": ["d", "i"]}, firms).fit().modification_indices()
    assert table["note"].tolist() == ["would close a circle: i → p → i"]
    assert PathModel({"i": ["d"]}, firms).fit().modification_indices().empty
