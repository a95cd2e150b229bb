"""Beside the firms with every answer stand those that were asked, with answers imputed."""

import numpy as np
import pandas as pd
import pytest
from specs import model_of

from cisflow.estimation.estimates import COEFFICIENT, OBSERVED
from cisflow.estimation.evidence import EVIDENCE
from cisflow.estimation.imputed import IMPUTATION, ROWS_IMPUTED, SOME_ANSWER, parts_of
from cisflow.estimation.run import estimate
from cisflow.study.canonical import BLOCKS

IMPUTING = {
    "title": "t",
    "sample": ["manufacturing"],
    "estimator": "tobit",
    "limits": [0, 100],
    "outcomes": ["radical"],
    "columns": {"any": ["coop_any"]},
    "controls": ["rd_intensity"],
    "fixed_effects": ["industry"],
    "covariance": ["HC1", {"cluster": "industry"}],
    "missing": "impute",
    "auxiliary": ["public_funding"],
}
SETTINGS = {"country": "XX", "model": "m", "lag": 2}
DRAWS = {"draws": 100, "seed": 1, "imputations": 4}


@pytest.fixture(scope="module")
def panel():
    """Return 400 firms: 40 do not tell their R&D, 30 their outcome, 20 were not asked for it."""
    rng = np.random.default_rng(7)
    n = 400
    coop = rng.random(n) < 0.4
    rd = rng.exponential(3, n)
    radical = np.clip(-5 + 15 * coop + 3 * rd + rng.normal(0, 20, n), 0, 100)
    asked = np.arange(n) >= 20
    return pd.DataFrame(
        {
            "wave": "W1",
            "reference_year": 2004,
            "firm_id": [f"f{i}" for i in range(n)],
            "manufacturing": pd.array([True] * n, dtype="boolean"),
            "product_innovation": pd.array(asked, dtype="boolean"),
            "industry": rng.choice(["food", "steel", "cars"], n),
            "coop_any": pd.array(coop, dtype="boolean"),
            "public_funding": pd.array(rng.random(n) < 0.3 + 0.3 * coop, dtype="boolean"),
            "rd_intensity": np.where((np.arange(n) >= 60) & (np.arange(n) < 100), np.nan, rd),
            "radical": np.where(asked & (np.arange(n) >= 50), radical, np.nan),
            **{f"asked_{block}": True for block in BLOCKS},
            "asked_shares": asked,
        }
    )


def run(panel, **changes):
    spec = model_of(IMPUTING, **changes)
    return estimate(panel, spec.side_by_side(), **SETTINGS, bootstrap=DRAWS)


@pytest.fixture(scope="module")
def found(panel):
    return run(panel)


def test_what_has_no_standard_error_says_so_as_with_full_answers(found):
    """Three clusters do not tell how sure the dummies of these three clusters are."""
    gone = found.table[found.table["std_error"].isna()]
    assert set(gone["column"]) == {"any", "any: imputed"}
    notes = {name: list(of["note"]) for name, of in gone.groupby("column")}
    assert notes["any"] == notes["any: imputed"]
    assert all(notes["any"])


def fit_of(found, column):
    (record,) = [fit for fit in found.diagnostics["fits"] if fit["column"] == column]
    return record


def test_a_column_of_imputed_answers_stands_beside_that_of_full_ones(found):
    sizes = found.table.groupby("column")["n"].first().to_dict()
    assert sizes == {"any": 310, "any: imputed": 350}
    rows = found.table[found.table["column"] == "any: imputed"]
    assert (rows["status"] == "estimated").all()
    assert set(rows["quantity"]) == {COEFFICIENT, OBSERVED}
    assert set(rows["cov_type"]) == {"HC1", "cluster(industry)"}
    coop = rows.query("term == 'coop_any' and quantity == 'coefficient'").iloc[0]
    assert coop["estimate"] == pytest.approx(15, abs=4 * coop["std_error"])


def test_who_was_not_asked_is_imputed_in_no_column(found, panel):
    rows = fit_of(found, "any: imputed")[EVIDENCE]["rows"]
    assert min(rows) == 50
    assert len(rows) == 350


def test_what_is_imputed_is_said_with_its_share_and_who_is_kept_for_the_gate(found):
    record = fit_of(found, "any: imputed")
    about = record[IMPUTATION]
    assert about["draws"] == 4
    share = pytest.approx(40 / 350)
    assert about["shares"] == {SOME_ANSWER: share, "rd_intensity": share}
    assert about["auxiliary"] == ["public_funding"]
    assert 0 < about["missing_information"]["rd_intensity"] < 1
    silent = list(range(60, 100))
    assert record[ROWS_IMPUTED] == {SOME_ANSWER: silent, "rd_intensity": silent}


def test_the_column_of_full_answers_is_that_of_a_model_without_imputation(found, panel):
    keys = {key: value for key, value in IMPUTING.items() if key != "auxiliary"}
    plain = model_of(keys, missing="listwise", alternatives=[])
    alone = estimate(panel, plain, **SETTINGS, bootstrap=DRAWS).table
    beside = found.table[found.table["column"] == "any"].reset_index(drop=True)
    pd.testing.assert_frame_equal(beside, alone)


def test_the_seed_fixes_what_is_drawn(found, panel):
    pd.testing.assert_frame_equal(run(panel).table, found.table)
    other = estimate(
        panel, model_of(IMPUTING).side_by_side(), **SETTINGS, bootstrap={**DRAWS, "seed": 2}
    )
    assert not other.table["estimate"].equals(found.table["estimate"])


def test_an_auxiliary_question_that_some_were_not_asked_is_left_out(panel):
    some = panel.assign(asked_funding=np.arange(400) % 2 == 0)
    some.loc[~some["asked_funding"], "public_funding"] = pd.NA
    assert fit_of(run(some), "any: imputed")[IMPUTATION]["auxiliary"] == []


def test_what_no_firm_answered_is_a_reason_in_either_column(panel):
    table = run(panel.assign(rd_intensity=np.nan)).table
    assert dict(zip(table["column"], table["status"], strict=True)) == {
        "any": "not_estimable",
        "any: imputed": "not_estimable",
    }
    assert table["note"].str.contains("nothing measured for rd_intensity").all()


@pytest.mark.parametrize("estimator", ["ols", "fractional"])
def test_other_regressions_impute_too(panel, estimator):
    limits = {"limits": None} if estimator == "ols" else {}
    table = run(panel, estimator=estimator, **limits).table
    rows = table.query("column == 'any: imputed' and cov_type == 'HC1'")
    assert len(rows)
    assert (rows["status"] == "estimated").all()


def test_products_are_made_of_factors_and_functions_are_drawn_as_they_are():
    terms = ["coop_any:rd_intensity", "log1p(rd_intensity)", "center(log_employees)"]
    spec = model_of(IMPUTING, columns={"any": terms})
    assert parts_of(terms, spec) == [
        *("coop_any", "rd_intensity"),
        *("log1p(rd_intensity)", "log_employees"),
    ]


def test_functions_and_products_have_pooled_estimates(panel):
    terms = ["coop_any:log1p(rd_intensity)", "center(rd_intensity)"]
    table = run(panel, columns={"any": ["coop_any", *terms]}, controls=[]).table
    rows = table.query("column == 'any: imputed' and cov_type == 'HC1'")
    assert set(terms) <= set(rows["term"])
    assert (rows["status"] == "estimated").all()
