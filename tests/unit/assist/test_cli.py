"""The command `cisflow`: what it prints and exits with, in words and as JSON."""

import json
import subprocess
import sys

import pytest
import unseen_survey

import cisflow
from cisflow.assist.cli import EXAMPLES, FAILED, FINE, WRONG, main
from cisflow.assist.project import snakemake_command
from cisflow.base.problems import CisflowError


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
    assert "ready to run; all that is published will be marked DRAFT MAPPING" in out
    blocks = ("firm", "shares", "spending", "cooperation", "partners", "protection", "sources")
    for block in blocks:
        assert run(capsys, "confirm", "national/nl2016", block)[0] == FINE
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
        *("config", "accounts_sheet", "kept", "changes"),
    } == set(done)
    assert done["waves"][0]["codebook"] == "national/nl2016"
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
    for arguments in (["init", "NL"], ["init", "NL", "--wave", "2016"], ["inspect"], ["new"]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
        assert "usage: cisflow" in capsys.readouterr().err


def test_help_of_every_command(capsys):
    for command in ([], *(name.split() for name in EXAMPLES)):
        with pytest.raises(SystemExit) as stop:
            main([*command, "--help"])
        assert stop.value.code == 0
        said = capsys.readouterr().out
        assert said.startswith("usage: cisflow")
        assert f"  {EXAMPLES.get(' '.join(command), 'cisflow new study')}" in said


def test_the_bare_command_prints_the_help(capsys):
    code, out, err = run(capsys)
    assert (code, err) == (FINE, "")
    assert out.startswith("usage: cisflow")
    assert "cisflow new study" in out


def test_version_and_completion(capsys):
    for arguments, said in (
        (["--version"], f"cisflow {cisflow.__version__}"),
        (["--print-completion", "bash"], "baseline"),
        (["--print-completion", "zsh"], "#compdef cisflow"),
    ):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 0
        assert said in capsys.readouterr().out


def test_new_writes_a_project_and_never_over_another(here, capsys):
    folder, _ = here
    code, out, _ = run(capsys, "new", "study")
    assert code == FINE
    assert "study/Snakefile" in out
    written = {p.relative_to(folder / "study").as_posix() for p in (folder / "study").rglob("*")}
    assert {"Snakefile", "config/config.yaml", "data/README.md", "data/raw", "README.md"} <= written
    code, _, err = run(capsys, "new", "study")
    assert code == FAILED
    assert "study holds files" in err
    (folder / "empty").mkdir()
    assert run(capsys, "new", "empty")[0] == FINE
    (folder / "note").write_text("mine")
    code, _, err = run(capsys, "new", "note")
    assert (code, (folder / "note").read_text()) == (FAILED, "mine")
    assert "note is a file" in err


@pytest.mark.parametrize("command", ["check", "review", "power"])
def test_a_config_called_from_elsewhere_is_told_where_to_go(command, here, capsys, monkeypatch):
    folder, survey = here
    extract = survey.extract.relative_to(folder)
    (folder / "study.yaml").write_text(
        f"run: nl\ncountries: {{NL: {{waves: {{2016: {{file: [{extract}], codebook: x}}}}}}}}\n"
    )
    (folder / "deep").mkdir()
    monkeypatch.chdir(folder / "deep")
    code, _, err = run(capsys, command, folder / "study.yaml")
    assert code == FAILED
    assert f"go there first: `cd {folder}`" in " ".join(err.split())


def test_a_new_project_has_nothing_wrong(here, capsys, monkeypatch):
    folder, _ = here
    run(capsys, "new", "study")
    monkeypatch.chdir(folder / "study")
    code, out, _ = run(capsys, "check", "config/config.yaml")
    assert (code, "nothing is wrong" in out) == (FINE, True)


@pytest.mark.parametrize(
    ("words", "config", "rest"),
    [
        ([], None, []),
        (["config/nl.yaml"], "config/nl.yaml", []),
        (["config/nl.yaml", "--cores", "2", "-n"], "config/nl.yaml", ["--cores", "2", "-n"]),
        (["--cores", "2", "config/nl.yaml"], "config/nl.yaml", ["--cores", "2"]),
        (["--until", "estimate"], None, ["--until", "estimate"]),
        (["-n", "--config", "claims_file=a.yaml"], None, ["-n", "--config", "claims_file=a.yaml"]),
        (
            ["-n", "--configfile", "config/nl.yaml"],
            None,
            ["-n", "--configfile", "config/nl.yaml"],
        ),
    ],
)
def test_run_tells_the_config_from_what_is_snakemakes(here, words, config, rest):
    folder, _ = here
    (folder / "config").mkdir()
    for name in ("config", "nl"):
        (folder / "config" / f"{name}.yaml").touch()
    _, _, program, *command = snakemake_command(words)
    assert program == "snakemake"
    assert command[: len(rest)] == rest
    given = command[len(rest) :]
    assert given[: 2 if config else 0] == (["--configfile", config] if config else [])
    assert "--snakefile" in given
    assert "--workflow-profile" in given


def test_run_takes_the_snakefile_of_the_folder(here, root):
    folder, _ = here
    (folder / "mine.yaml").touch()
    assert str(root / "Snakefile") in snakemake_command(["mine.yaml"])
    assert "--snakefile" not in snakemake_command(["mine.yaml", "-s", "my.smk"])
    assert str(root / "config" / "nigeria.yaml") in snakemake_command(["config/nigeria.yaml"])
    (folder / "Snakefile").touch()
    assert "--snakefile" not in snakemake_command(["mine.yaml"])


@pytest.mark.parametrize("asked", ["--dry-run", "--quiet", "--verbose", "--logger=other"])
def test_snakemake_speaks_for_itself_where_it_is_asked_to(here, asked):
    folder, _ = here
    (folder / "mine.yaml").touch()
    assert "--logger" in snakemake_command(["mine.yaml"])
    assert "--logger" not in snakemake_command(["mine.yaml", asked])


@pytest.mark.parametrize("said", [["--workflow-profile", "slurm"], ["--workflow-profile=slurm"]])
def test_run_takes_a_profile_of_the_folder_or_else_ours(here, root, said):
    folder, _ = here
    (folder / "mine.yaml").touch()
    ours = str(root / "workflow" / "profiles" / "slurm")
    assert snakemake_command(["mine.yaml", *said])[-2:] == ["--workflow-profile", ours]
    (folder / "profiles" / "slurm").mkdir(parents=True)
    assert ours not in snakemake_command(["mine.yaml", *said])
    assert "--workflow-profile" not in snakemake_command(["mine.yaml", "--workflow-profile=none"])


def test_run_without_a_config_says_how_to_get_one(here, capsys):
    for words, name in (([], "config/config.yaml"), (["config/absent.yaml"], "config/absent.yaml")):
        code, _, err = run(capsys, "run", *words)
        assert code == FAILED
        assert f"{name} does not exist" in err
        assert "cisflow new FOLDER" in err
    with pytest.raises(CisflowError):
        snakemake_command(["nl"])


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
