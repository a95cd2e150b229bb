"""The command `cisflow`: what it prints and exits with, in words and as JSON."""

import json
import subprocess
import sys

import pytest
import unseen_survey

from cisflow.assist.cli import FAILED, FINE, WRONG, main, project_root


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder in which a user works, with a survey and its labels."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    return tmp_path, unseen_survey.words_and_commas(tmp_path / "data")


def run(capsys, *arguments):
    """Return exit code, standard output and standard error."""
    code = main(list(map(str, arguments)))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_from_extract_to_a_config_without_errors(here, capsys):
    folder, survey = here
    labels = ["--labels", survey.labels[0]]
    code, out, _ = run(capsys, "inspect", survey.extract, *labels)
    assert code == FINE
    assert "semicolon, decimal comma" in out
    assert "Recognised by the words of names and labels" in out
    code, out, _ = run(capsys, "init", "NL", "--wave", f"2016={survey.extract}", *labels)
    assert code == FINE
    assert "cisflow check config/nl.yaml" in out
    assert (folder / "config" / "nl.yaml").is_file()
    code, out, _ = run(capsys, "check", "config/nl.yaml")
    assert code == FINE
    assert "config/nl.yaml: nothing is wrong." in out


def test_json_of_every_command_is_valid_and_complete(here, capsys):
    _, survey = here
    labels = ["--labels", survey.labels[0], "--json"]
    _, out, _ = run(capsys, "inspect", survey.extract, *labels)
    found = json.loads(out)
    assert {
        *("file", "format", "read_as", "rows", "columns", "labels", "kind", "codebooks"),
        *("codebook", "recognised", "missing", "by_words", "suspicious", "codings", "models"),
    } == set(found)
    assert (found["rows"], found["columns"], found["kind"]) == (360, 41, "survey")
    _, out, _ = run(capsys, "init", "NL", "--wave", f"2016={survey.extract}", *labels)
    done = json.loads(out)
    assert {
        *("written", "waves", "accounts", "models", "model_changes", "todo", "look"),
    } == set(done)
    assert done["waves"][0]["codebook"].endswith("national/nl2016.yaml")
    _, out, _ = run(capsys, "check", "config/nl.yaml", "--json")
    checked = json.loads(out)
    assert checked["ok"]
    assert checked["extracts"][0]["rows_kept"] == 360


def test_check_that_finds_errors_exits_with_1(here, capsys):
    folder, survey = here
    run(capsys, "init", "NL", "--wave", f"2016={survey.extract}", "--labels", survey.labels[0])
    codebook = folder / "config" / "codebooks" / "national" / "nl2016.yaml"
    codebook.write_text(codebook.read_text().replace("name: coop,", "name: koop,"))
    code, out, _ = run(capsys, "check", "config/nl.yaml")
    assert code == WRONG
    assert "coop_any: column 'koop' is not in the file" in out
    assert "did you mean `coop`" in out
    code, out, _ = run(capsys, "check", "config/nl.yaml", "--json")
    assert (code, json.loads(out)["ok"]) == (WRONG, False)


def test_what_cannot_be_done_exits_with_2_and_says_why(here, capsys):
    _, survey = here
    code, out, err = run(capsys, "inspect", "data/absent.csv")
    assert (code, out) == (FAILED, "")
    assert "absent.csv" in err
    assert "→" in err
    code, _, err = run(capsys, "check", "config/absent.yaml")
    assert code == FAILED
    assert "does not exist" in err
    twice = ["--wave", f"2016={survey.extract}", "--wave", f"2016={survey.extract}"]
    code, _, err = run(capsys, "init", "NL", *twice)
    assert code == FAILED
    assert "a wave is given twice" in err
    code, _, err = run(capsys, "init", "Netherlands", "--wave", f"2016={survey.extract}")
    assert code == FAILED
    assert "'Netherlands' is no country code" in err


def test_wrong_call_is_refused_with_the_usage(here, capsys):
    for arguments in (["init", "NL"], ["init", "NL", "--wave", "2016"], ["inspect"], []):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
        assert "usage: cisflow" in capsys.readouterr().err


def test_help_of_every_command(capsys):
    for command in ([], ["inspect"], ["init"], ["check"], ["baseline"], ["baseline", "compare"]):
        with pytest.raises(SystemExit) as stop:
            main([*command, "--help"])
        assert stop.value.code == 0
        assert capsys.readouterr().out.startswith("usage: cisflow")


def test_project_is_the_working_folder_if_it_is_one(root, tmp_path, monkeypatch):
    (tmp_path / "workflow" / "schemas").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert project_root() == tmp_path
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert project_root() == root


def test_reader_of_a_pipe_may_leave(here):
    _, survey = here
    command = f"{sys.executable} -m cisflow inspect {survey.extract} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert done.stdout.strip().endswith("firms2016.csv")
    assert "Traceback" not in done.stderr


def test_accounts_are_inspected_as_such(here, capsys):
    from small_survey import accounts, write_accounts

    folder, _ = here
    file = write_accounts(accounts(), folder / "accounts.xlsx")
    code, out, _ = run(capsys, "inspect", file, "--json")
    found = json.loads(out)
    assert (code, found["kind"]) == (FINE, "accounts")
    assert found["codebook"]["codebook"] == "accounts/belfirst"
