"""Messages of estimators: texts that know the numbers in them."""

import copy
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators import Tobit
from cisflow.estimators.errors import (
    Alike,
    Count,
    EstimationError,
    NoEstimateWarning,
    Problem,
    Sentence,
    refuse,
    refuse_any,
    warn_no_estimate,
)


def test_a_sentence_is_text_that_tells_its_counts_exactly():
    text = Sentence("it separates ", Count(1), " from ", Count(1001, "firm"), ".")
    assert text == "it separates 1 row from 1,001 firms."
    assert isinstance(text, str)


@pytest.mark.parametrize(
    ("n", "told"),
    [(2, "fewer than 10 firms"), (10, "10 firms"), (0, "0 firms"), (1001, "1,001 firms")],
)
def test_a_small_number_is_not_told(n, told):
    assert Sentence("but only ", Count(n, "firm")).told(10) == f"but only {told}"


def test_sentences_of_sentences_keep_their_counts():
    inner = Sentence("missing in ", Count(2))
    outer = Sentence("x: ", inner, " (", Count(30), ")")
    assert outer.told(10) == "x: missing in fewer than 10 rows (30 rows)"
    several = Sentence.joined([inner, "no variation", outer])
    assert several == "missing in 2 rows; no variation; x: missing in 2 rows (30 rows)"
    assert "2 rows" not in several.told(10)
    assert Sentence.joined([]) == ""


def pickled(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_a_copy_knows_its_counts_too(copied):
    assert copied(Sentence("in ", Count(2))).told(10) == "in fewer than 10 rows"


def test_a_refusal_keeps_the_counts_of_what_is_wrong():
    with pytest.raises(EstimationError, match="missing in 2 rows") as caught:
        refuse("Tobit", Sentence("missing in ", Count(2), " of ", Count(30)), "drop them")
    (problem,) = caught.value.problems
    assert problem.what.told(3) == "missing in fewer than 3 rows of 30 rows"
    assert problem.count == 2
    assert Problem("no variation", "check the sample").count is None
    refuse_any("Tobit", [])


def test_the_message_lists_every_problem_with_its_remedy():
    with pytest.raises(EstimationError) as caught:
        refuse_any("Tobit of y", [Problem("x: missing in 2 rows", "drop them"), Problem("a", "b")])
    assert str(caught.value) == (
        "Tobit of y: 2 problems, nothing was estimated.\n"
        "  x: missing in 2 rows\n      → drop them\n  a\n      → b"
    )
    with pytest.raises(ValueError, match=r"^M: 1 problem, nothing was estimated\.\n  what"):
        refuse("M", "what", "remedy")
    refuse_any("M", [])


def test_rows_concerned_are_a_number_too():
    y, X = np.array([0, 0, 1.0, 3.0, np.nan]), np.ones(5)
    problems = []
    for build in (
        lambda: Tobit(y, X),
        lambda: Tobit(y[:4], X[:4], 0, 2),
        lambda: Tobit(y[:4], X[:4], weights=[1, -1, -1, 0]),
        lambda: Tobit(np.zeros(3), X[:3]),
        lambda: Tobit(y[:4], X[:4]).fit("cluster", {"groups": [1, 1, 2, None]}),
        lambda: Tobit(y[:4], X[:4]).fit("HC9"),
    ):
        with pytest.raises(EstimationError) as caught:
            build()
        problems += caught.value.problems
    assert [problem.count for problem in problems] == [1, 1, 2, 1, 3, 1, None]
    assert all(str(p.count) in p.what for p in problems if p.count)


def test_a_reason_tells_how_many_rows_are_separated():
    firms = pd.DataFrame({"y": [0, 0, 0, 0.5, 1, 1.5, 2.1, 0.2], "d": [1, 1, 0, 0, 0, 0, 0, 0]})
    reason = Tobit.from_formula("y ~ d", firms).fit().not_estimable["d"]
    assert "separates 2 rows" in reason
    assert "fewer than 3 rows" in reason.told(3)


def test_estimators_bring_nothing_of_the_pipeline():
    code = (
        "import sys; from cisflow.estimators import HeteroskedasticTobit, PathModel, OLS, TwoPart; "
        "print(*sorted({m.split('.')[1] for m in sys.modules if m.startswith('cisflow.')}))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["estimators"]


def test_a_warning_names_all_terms_once():
    with pytest.warns(NoEstimateWarning, match=r"^Tobit of y: no estimate of a, b; ") as told:
        warn_no_estimate("Tobit of y", {"a": "collinear in 3 rows", "b": "collinear"})
    assert len(told) == 1
    assert "3 rows" not in str(told[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_no_estimate("Tobit of y", [])


def test_a_sentence_knows_that_it_tells_how_all_rows_of_a_group_answer():
    alike = Sentence(Alike("it predicts "), Count(12), " perfectly")
    assert alike == "it predicts 12 rows perfectly"
    assert alike.alike
    assert Sentence.joined([alike, "and more"]).alike
    assert not Sentence("too few: ", Count(3)).alike
