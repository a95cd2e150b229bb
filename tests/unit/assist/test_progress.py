"""What `cisflow run` shows of Snakemake's events."""

import contextlib
import io
import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

from cisflow.assist.progress import LogHandler, Screen, Steps, seconds


def record(event, **about):
    level = about.pop("level", logging.INFO)
    made = logging.LogRecord("snakemake", level, "", 0, about.pop("msg", ""), (), None)
    vars(made).update(about, **({"event": event} if event else {}))
    return made


@pytest.fixture
def handler(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = LogHandler(SimpleNamespace(), None)
    made.screen = Screen(io.StringIO(), live=False)
    yield made
    made.close()


def run_of_two(handler):
    handler.run = "small"
    handler.emit(record(LogEvent.WORKFLOW_STARTED, configfiles=["config/small.yaml"]))
    handler.emit(record(LogEvent.RUN_INFO, stats={"a": 2, "all": 1, "total": 3}))
    handler.emit(record(LogEvent.JOB_INFO, jobid=1, rule_msg="Reading NL", output=["a"]))
    handler.emit(record(LogEvent.JOB_INFO, jobid=2, rule_msg="Reading BE", output=["b"]))
    handler.emit(record(LogEvent.JOB_INFO, jobid=0, rule_msg=None, output=[]))
    handler.emit(record(LogEvent.JOB_FINISHED, job_id=1))
    handler.emit(record(LogEvent.JOB_FINISHED, job_id=0))


def test_snakemake_finds_the_plugin_by_its_name():
    assert LoggerPluginRegistry().get_plugin("cisflow").log_handler is LogHandler


def test_a_line_per_step_and_no_word_of_snakemakes_own(handler):
    handler.emit(record(None, msg="Building DAG of jobs..."))
    run_of_two(handler)
    lines = handler.screen.stream.getvalue().splitlines()
    assert lines == ["small: 2 steps", "    1 of 2  Reading NL (0 s)"]


def test_warnings_are_told(handler):
    handler.emit(record(None, msg="the disk is slow", level=logging.WARNING))
    assert handler.screen.stream.getvalue() == "the disk is slow\n"


def test_a_failed_run_ends_with_the_log_and_the_command_and_once(handler, tmp_path, capsys):
    run_of_two(handler)
    (tmp_path / "be.log").write_text("a trace\n\nBE: 1 problem, nothing was written.\n")
    handler.emit(record(LogEvent.JOB_ERROR, jobid=2, rule_name="ingest", log=["be.log"]))
    handler.emit(record(LogEvent.ERROR, msg="RuleException: …", level=logging.ERROR))
    handler.close()
    handler.close()
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("Reading BE\n    BE: 1 problem, nothing was written.") == 1
    assert said.err.rstrip().endswith("run config/small.yaml")
    assert "RuleException" not in said.err + handler.screen.stream.getvalue()
    assert "FAILED  Reading BE" in handler.screen.stream.getvalue()


def test_a_step_that_was_tried_again_with_success_has_not_failed(handler, capsys):
    run_of_two(handler)
    handler.emit(record(LogEvent.JOB_ERROR, jobid=2, rule_name="ingest", log=[]))
    handler.emit(record(LogEvent.JOB_INFO, jobid=2, rule_msg="Reading BE", output=["b"]))
    handler.emit(record(LogEvent.JOB_FINISHED, job_id=2))
    handler.close()
    assert handler.failures == {}
    assert capsys.readouterr().err == ""


def test_a_run_that_is_broken_off_says_how_to_go_on(handler, capsys):
    run_of_two(handler)
    handler.close()
    said = capsys.readouterr()
    assert said.out == ""
    assert "broken off" in said.err
    assert said.err.endswith("run config/small.yaml\n")


def test_what_snakemake_says_of_an_interruption_stands_above(handler, capsys):
    run_of_two(handler)
    handler.emit(record(LogEvent.ERROR, msg="WorkflowError:\nAt least one job did not complete."))
    handler.close()
    told = capsys.readouterr().err.splitlines()
    assert told[1] == "At least one job did not complete."
    assert "broken off" in told[2]


def test_an_interruption_while_the_config_is_read_is_no_run_with_nothing_to_do(handler, capsys):
    handler.run = "small"
    with pytest.raises(KeyboardInterrupt), contextlib.closing(handler):
        raise KeyboardInterrupt
    assert "broken off" in capsys.readouterr().err
    assert handler.screen.stream.getvalue() == ""


def test_an_error_before_any_step_is_told(handler, capsys):
    handler.emit(
        record(LogEvent.ERROR, msg='WorkflowError in file "x", line 1:\nx.yaml: 1 problem')
    )
    handler.close()
    assert capsys.readouterr().err == "\nx.yaml: 1 problem\n"


def test_a_run_with_nothing_to_do_says_so(handler):
    handler.run = "small"
    handler.close()
    assert handler.screen.stream.getvalue() == "small: nothing to do, all is up to date\n"


def test_an_event_that_cannot_be_read_stops_nothing(handler, monkeypatch):
    seen = []
    monkeypatch.setattr(handler, "handleError", seen.append)
    handler.emit(record(LogEvent.JOB_FINISHED))
    assert len(seen) == 1


def test_steps_at_work_are_named_with_their_time():
    now = iter([0.0, 10.0, 20.0, 61.0, 61.0, 61.0])
    steps = Steps(lambda: next(now))
    for number in range(3):
        steps.began(number, f"step {number}")
    assert steps.now() == "   at work  step 0 (1 min 1 s), step 1 (51 s), 1 more"
    assert Steps().now() == Steps().ended(7) == ""
    assert seconds(59.6) == "1 min 0 s"


def test_only_a_terminals_line_is_taken_back():
    plain, live = Screen(io.StringIO(), live=False), Screen(io.StringIO(), live=True)
    for screen in (plain, live):
        screen.show("at work")
        screen.say("done")
    assert plain.stream.getvalue() == "at work\ndone\n"
    assert live.stream.getvalue() == "at work\r\x1b[Kdone\n"


def test_the_plugin_loads_without_what_only_the_end_needs():
    code = "import sys, snakemake_logger_plugin_cisflow; print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
