"""A run that failed ends with what to do about it."""

from cisflow.assist.failures import MOST_LINES, Failure, errors_told, failures_told


def failure(folder, name, text):
    log = folder / f"{name}.log"
    log.write_text(text)
    return Failure(f"Reading {name}", (log,))


def test_the_last_paragraph_of_the_log_and_the_command_end_the_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = failures_told(
        [failure(tmp_path, "NL", "noise\n\nNL: 1 problem\n  → mend it\n")], "go on"
    )
    assert told.splitlines() == [
        "",
        "The run failed: 1 step did not end. What the others made is kept.",
        "  Reading NL",
        "    NL: 1 problem",
        "      → mend it",
        "    log: NL.log",
        "Mend this, then go on with: go on",
    ]


def test_many_failures_and_long_messages_are_cut_with_their_number(tmp_path):
    long = "\n".join(f"line {i}" for i in range(MOST_LINES + 4))
    told = failures_told([failure(tmp_path, f"C{i}", long) for i in range(5)], "again")
    assert "5 steps did not end" in told
    assert told.count("… 4 more lines") == 3
    assert "and 2 more, above" in told


def test_a_step_that_said_nothing_was_ended_from_outside(tmp_path):
    told = failures_told([failure(tmp_path, "NL", "")], "again")
    assert "want of memory" in told
    assert "--cores 1" in told


def test_a_log_that_was_never_written_is_not_named(tmp_path):
    told = failures_told([Failure("Reading NL", (tmp_path / "none.log",))], "again")
    assert "log:" not in told


def test_an_error_is_told_without_the_lines_of_the_workflow_it_came_up_in():
    error = (
        'WorkflowError in file "a.smk", line 53:\nx.yaml: 1 problem\n  → mend it\n  File "a.smk"'
    )
    assert errors_told([error, error]) == "\nx.yaml: 1 problem\n  → mend it"
    assert errors_told(["Error: Directory cannot be locked."]).endswith("cannot be locked.")
    syntax = 'SyntaxError in file "Snakefile", line 3:\nunmatched'
    assert errors_told([syntax]) == f"\n{syntax}"
