"""What a problem says, and how a job ends that has one, whoever found it."""

import pytest

from cisflow.base.problems import CisflowError, Problem, reported
from cisflow.estimators import errors


def test_a_problem_says_what_it_is_about_and_what_to_do():
    bare = Problem("the file is empty", "export it once more")
    about = Problem("2 values below 0.", "list them", "turnover (column 'T')", 2)
    assert str(bare) == "  the file is empty\n      → export it once more"
    assert about.said == "turnover (column 'T'): 2 values below 0."
    assert str(about).splitlines()[0] == f"  {about.said}"
    assert (bare.count, about.count) == (None, 2)


@pytest.mark.parametrize(("n", "told"), [(1, "1 problem"), (3, "3 problems")])
def test_all_problems_of_an_input_stand_under_its_heading(n, told):
    problems = [Problem(f"what {i}", f"remedy {i}") for i in range(n)]
    error = CisflowError("BE, wave 2010 (x.csv)", problems[0] if n == 1 else iter(problems))
    first, *rest = str(error).splitlines()
    assert first == f"BE, wave 2010 (x.csv): {told}, nothing was written."
    assert len(rest) == 2 * n


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (CisflowError("File", Problem("what", "mend it")), "File: 1 problem, nothing was written."),
        (
            errors.EstimationError("Tobit of y", errors.Problem("what", "mend it")),
            "Tobit of y: 1 problem, nothing was estimated.",
        ),
    ],
)
def test_a_job_ends_with_the_message_and_no_traceback(tmp_path, capsys, error, message):
    log = tmp_path / "job.log"
    with pytest.raises(SystemExit) as caught, reported(log):
        raise error
    assert caught.value.code == 1
    assert caught.value.__suppress_context__
    text = f"{message}\n  what\n      → mend it\n"
    assert log.read_text(encoding="utf-8") == text
    assert capsys.readouterr().err == f"\n{text}\n"


def test_a_fault_of_the_code_keeps_its_traceback(tmp_path):
    with pytest.raises(KeyError), reported(tmp_path / "job.log"):
        raise KeyError("x")
    assert not (tmp_path / "job.log").exists()
