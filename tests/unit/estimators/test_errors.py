"""What an estimator cannot do: its words, its numbers, and how little it knows of the pipeline."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators import Tobit
from cisflow.estimators.errors import EstimationError, Problem, Reason, refuse, refuse_any


def test_the_message_lists_every_problem_with_its_remedy():
    with pytest.raises(EstimationError) as caught:
        refuse_any(
            "Tobit of y", [Problem("x: missing in 2 rows", "drop them", 2), Problem("a", "b")]
        )
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
    assert reason.rows == 2
    again = pickle.loads(pickle.dumps(reason))  # noqa: S301 - our own
    assert (again, again.rows) == (reason, 2)
    assert Reason("no").rows is None


def test_estimators_bring_nothing_of_the_pipeline():
    code = (
        "import sys; from cisflow.estimators import HeteroskedasticTobit, PathModel, OLS, TwoPart; "
        "print(*sorted({m.split('.')[1] for m in sys.modules if m.startswith('cisflow.')}))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["estimators"]
