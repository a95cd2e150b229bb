"""Simulated runs: whether an interval holds the truth."""

import numpy as np
import pandas as pd
import pytest

from cisflow.claims.truths import KEYS, with_truth

ROW = dict.fromkeys(KEYS, "x") | {"ci_low": 1.0, "ci_high": 2.0}


@pytest.mark.parametrize(
    ("truth", "recovered"), [(1.5, "yes"), (1.0, "yes"), (2.5, "no"), (-1.5, "no")]
)
def test_the_truth_is_in_the_interval_or_not(truth, recovered):
    table = pd.DataFrame([dict.fromkeys(KEYS, "x") | {"truth": truth, "kind": "pseudo-truth"}])
    row = with_truth([ROW], table)[0]
    assert (row["truth"], row["recovered"]) == (truth, recovered)
    assert row["truth_kind"] == "pseudo-truth"


@pytest.mark.parametrize("row", [ROW | {"term": "y"}, ROW | {"ci_low": np.nan}, {"claim": "C15"}])
def test_without_truth_or_interval_nothing_is_said(row):
    table = pd.DataFrame([dict.fromkeys(KEYS, "x") | {"truth": 1.5}])
    assert with_truth([row], table)[0]["recovered"] == ""


def test_real_data_have_no_truth():
    row = with_truth([ROW], None)[0]
    assert np.isnan(row["truth"])
    assert row["recovered"] == ""


@pytest.mark.parametrize(
    ("kind", "error", "recovered"),
    [("pseudo-truth", 0.1, "yes"), ("pseudo-truth", 0.2, ""), ("truth", 0.2, "yes")],
)
def test_what_a_population_leaves_in_doubt_is_no_truth(kind, error, recovered):
    known = {"truth": 1.5, "std_error": error, "kind": kind}
    row = ROW | {"std_error": 0.25}
    (found,) = with_truth([row], pd.DataFrame([dict.fromkeys(KEYS, "x") | known]))
    assert found["recovered"] == recovered
    assert np.isnan(found["truth"]) == (not recovered)
