"""A wheel has all it needs; a study elsewhere, and another workflow, run on what it ships."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest
import unseen_survey
import yaml
from built_wheel import BESIDE, Installed, build

SHIPPED = ("config", "workflow", "paper")


def contents(wheel):
    """Return what the files of a wheel hold."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_wheel_ships_every_file_of_workflow_config_and_paper(source, wheel):
    inside = {n for n in contents(wheel) if n.startswith("cisflow/shipped/")}
    files = [path for part in SHIPPED for path in (source / part).rglob("*") if path.is_file()]
    files += [source / name for name in BESIDE]
    assert inside == {f"cisflow/shipped/{p.relative_to(source).as_posix()}" for p in files}
    assert len(inside) > 100


def test_source_distribution_builds_the_same_wheel(source, wheel, tmp_path):
    with tarfile.open(build(source, "sdist", tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = next(tmp_path.glob("cisflow-*"))
    assert contents(build(unpacked, "wheel", tmp_path / "wheel")) == contents(wheel)


def test_a_new_study_would_run_from_simulation_to_paper(installed):
    done = installed.cisflow("new", "study")
    assert done.returncode == 0, done.stderr
    study = Installed(installed.site, installed.folder / "study")
    dry = study.cisflow("run", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    rules = {line.split()[0] for line in dry.stdout.splitlines() if line[-1:].isdigit()}
    assert {"simulate_BE", "ingest_wave", "panel", "estimate_1", "judge", "paper"} <= rules
    assert study.cisflow("check", "config/config.yaml").returncode == 0


def test_a_config_alone_runs_too_and_its_own_files_go_first(installed):
    folder = installed.folder
    shutil.copytree(installed.site / "cisflow/shipped/workflow/project/config", folder / "config")
    (folder / "config" / "codebooks" / "eurostat").mkdir(parents=True)
    dry = installed.cisflow("run", "-n", "--cores", "1")
    assert dry.returncode == 0, dry.stderr
    (folder / "config" / "codebooks" / "eurostat" / "cis4.yaml").write_text("titel: mine\n")
    refused = installed.cisflow("run", "config/config.yaml", "-n")
    assert refused.returncode != 0
    assert "titel" in refused.stdout + refused.stderr


def test_commands_on_a_survey_nobody_knows(installed):
    (installed.folder / "data").mkdir()
    survey = unseen_survey.words_and_commas(installed.folder / "data")
    labels = ["--labels", survey.labels[0]]
    assert "semicolon" in installed.cisflow("inspect", survey.extract, *labels).stdout
    done = installed.cisflow("init", "NL", "--wave", f"2016={survey.extract}", *labels)
    assert done.returncode == 0, done.stderr
    config = yaml.safe_load((installed.folder / "config" / "nl.yaml").read_text())
    assert config["countries"]["NL"]["waves"]["2016"]["codebook"] == "national/nl2016"
    done = installed.cisflow("check", "config/nl.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    dry = installed.cisflow("run", "config/nl.yaml", "--dry-run")
    assert dry.returncode == 0, dry.stderr


OUTER = """
configfile: "outer.yaml"


module innovation:
    snakefile:
        {snakefile!r}
    config:
        config["innovation"]


rule mine:
    input:
        "results/first/quality/BE/CIS4.json",
    output:
        "mine.json",
    shell:
        "cp {{input}} {{output}}"


use rule * from innovation as innovation_*
"""


@pytest.mark.slow
def test_another_workflow_takes_ours_as_a_module(root, tmp_path):
    settings = yaml.safe_load((root / "workflow/project/config/config.yaml").read_text())
    (tmp_path / "outer.yaml").write_text(yaml.safe_dump({"innovation": settings}))
    snakefile = str(root / "Snakefile")
    (tmp_path / "Snakefile").write_text(OUTER.format(snakefile=snakefile))

    def snakemake(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", "1", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(root / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout + done.stderr

    said = snakemake("--dry-run", "innovation_all")
    assert "innovation_simulate_BE" in said
    assert "innovation_estimate" in said
    snakemake("mine.json")
    assert '"rows_kept"' in (tmp_path / "mine.json").read_text()
