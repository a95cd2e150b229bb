"""The loop of all regressions: who is tried with what, and what one failure costs."""

import numpy as np
import pandas as pd
import pytest
from specs import model_of

from cisflow.estimation.driver import attempt, each_regression, rows_of_covariance
from cisflow.estimators.errors import Count, EstimationError, Problem, Sentence

SPEC = {"outcomes": ["y", "z"], "columns": {"one": ["a"], "two": ["a", "b"]}}


def refusal(*parts):
    return EstimationError("Model", Problem(Sentence(*parts), "mend it"))


def test_every_outcome_meets_every_column_by_every_method():
    prepared = []

    def prepare(outcome, column):
        prepared.append((outcome, column))
        return f"{outcome} on {column}"

    def fit(shared, method):
        return [{"term": shared}], {"by": method}

    spec = model_of(SPEC, methods=["within", "random"])
    found = list(each_regression(spec, prepare, fit))
    assert len(found) == 8
    assert prepared == [("y", "one"), ("y", "two"), ("z", "one"), ("z", "two")]
    rows, record = found[3]
    assert rows == [{"outcome": "y", "column": "two: random", "term": "y on two"}]
    assert record == {"outcome": "y", "column": "two: random", "method": "random", "by": "random"}


def test_without_methods_the_column_keeps_its_name():
    found = list(each_regression(model_of(SPEC), lambda *_: None, lambda *_: ([{}], {})))
    assert [rows[0]["column"] for rows, _ in found] == ["one", "two"] * 2
    assert all("method" not in record for _, record in found)


def test_one_failure_is_a_row_and_the_others_go_on():
    def prepare(outcome, column):
        if (outcome, column) == ("y", "two"):
            raise refusal("only ", Count(2, "firm"))
        return outcome

    def fit(shared, method):
        if shared == "z" and method == "gmm":
            raise refusal("no instruments")
        return [{"estimate": 1.0}], {}

    spec = model_of(SPEC, methods=["ols", "gmm"])
    found = {
        rows[0]["outcome"] + " " + rows[0]["column"]: rows[0]
        for rows, _ in each_regression(spec, prepare, fit)
    }
    failed = {name: row["note"] for name, row in found.items() if row.get("status")}
    assert failed == {
        "y two: ols": "only 2 firms",
        "y two: gmm": "only 2 firms",
        "z one: gmm": "no instruments",
        "z two: gmm": "no instruments",
    }
    assert failed["y two: ols"].told(10) == "only fewer than 10 firms"


def test_what_is_no_refusal_is_not_made_a_row():
    def fit():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        attempt(fit)


def test_rows_of_a_covariance_test_with_its_degrees_of_freedom():
    class Result:
        params = pd.Series({"a": 2.0})
        std_errors = pd.Series({"a": 1.0})
        nobs = 40

    def rows(df):
        return list(
            rows_of_covariance({"cov_type": "x"}, lambda: (Result, 5, df), {"b": "constant"})
        )

    few, many = rows(4.0), rows(np.inf)
    assert few[0]["ci_high"] == pytest.approx(2 + 2.776445)
    assert many[0]["ci_high"] == pytest.approx(2 + 1.959964)
    assert (few[0]["n"], few[0]["groups"]) == (40, 5)
    assert few[1]["note"] == "constant"
    assert few[1]["status"] == "not_estimable"


def test_a_covariance_that_cannot_be_had_is_one_row():
    def estimated():
        raise refusal("one cluster only")

    (row,) = rows_of_covariance({"cov_type": "cluster(x)"}, estimated, {"b": "constant"})
    assert row == {"cov_type": "cluster(x)", "status": "not_estimable", "note": "one cluster only"}
