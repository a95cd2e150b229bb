"""What a problem says, and how a job ends that has one."""

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


def test_a_job_ends_with_the_message_in_its_log_and_no_traceback(tmp_path, capsys):
    log = tmp_path / "job.log"
    with pytest.raises(SystemExit) as ended, reported(log):
        raise CisflowError("here", Problem("is wrong", "mend it"))
    assert ended.value.code == 1
    message = "here: 1 problem, nothing was written.\n  is wrong\n      → mend it"
    assert log.read_text(encoding="utf-8") == f"{message}\n"
    assert message in capsys.readouterr().err


def test_what_is_no_problem_of_the_input_keeps_its_traceback(tmp_path):
    with pytest.raises(ZeroDivisionError), reported(tmp_path / "job.log"):
        1 / 0  # noqa: B018
    assert not (tmp_path / "job.log").exists()


def test_a_job_ends_likewise_where_an_estimator_refuses(tmp_path, capsys):
    log = tmp_path / "job.log"
    with pytest.raises(SystemExit) as ended, reported(log):
        errors.refuse("Tobit of y", "is wrong", "mend it")
    assert ended.value.code == 1
    message = "Tobit of y: 1 problem, nothing was estimated.\n  is wrong\n      → mend it"
    assert log.read_text(encoding="utf-8") == f"{message}\n"
    assert message in capsys.readouterr().err
