"""What a problem says, and how a job ends that has one."""

import sys
import warnings

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
    assert log.read_text(encoding="utf-8").strip() == message
    assert message in capsys.readouterr().err


def test_a_fault_is_told_by_its_place_and_its_words_stay_with_the_microdata(tmp_path, capsys):
    log = tmp_path / "results" / "run" / "logs" / "panel" / "BE.log"

    def job():
        print("reading")
        raise ValueError("could not convert '0017 Bakery Janssens' to float")

    with pytest.raises(SystemExit) as ended, reported(log):
        job()
    assert ended.value.code == 1
    told = log.read_text(encoding="utf-8")
    assert told.startswith("reading\n")
    assert "ValueError" in told
    assert "test_problems.py, line" in told
    assert told == "".join(capsys.readouterr())
    assert "Janssens" not in told
    assert str(tmp_path) not in told.replace(f"{log.parents[2]}/microdata/", "")
    kept = log.parents[2] / "microdata" / "logs" / "panel" / "BE.log"
    assert "0017 Bakery Janssens" in kept.read_text(encoding="utf-8")
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    with reported(log):
        pass
    assert not kept.exists()


def test_a_log_has_what_the_job_printed_and_so_has_the_screen(tmp_path, capsys):
    with reported(tmp_path / "job.log"):
        print("one")
        print("two", file=sys.stderr)
    assert (tmp_path / "job.log").read_text(encoding="utf-8") == "one\ntwo\n"
    assert capsys.readouterr() == ("one\n", "two\n")


def test_warnings_of_a_job_stand_in_its_log_and_not_on_the_screen(tmp_path, capsys):
    before = warnings.showwarning
    with reported(tmp_path / "job.log"), warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("only 14 clusters", errors.EstimationWarning, stacklevel=1)
    log = (tmp_path / "job.log").read_text(encoding="utf-8")
    assert log == "EstimationWarning: only 14 clusters\n"
    assert capsys.readouterr() == ("", "")
    assert warnings.showwarning is before


def test_a_job_ends_likewise_where_an_estimator_refuses(tmp_path, capsys):
    log = tmp_path / "job.log"
    with pytest.raises(SystemExit) as ended, reported(log):
        errors.refuse("Tobit of y", "is wrong", "mend it")
    assert ended.value.code == 1
    message = "Tobit of y: 1 problem, nothing was estimated.\n  is wrong\n      → mend it"
    assert log.read_text(encoding="utf-8").strip() == message
    assert message in capsys.readouterr().err
