"""A job that cannot go on ends with words, whoever found the problems."""

import pytest

from cisflow.base.problems import CisflowError, Problem, reported
from cisflow.estimators import errors


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
