"""A wheel has all it needs; a study elsewhere, and another workflow, run on what it ships."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import unseen_survey
import yaml

BESIDE = ("Snakefile", "environment.yml", "data/README.md")
SOURCES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", *BESIDE)
FOLDERS = ("config", "workflow", "paper", "src")
SHIPPED = ("config", "workflow", "paper")


def build(source, kind, out):
    """Build a wheel or sdist as pip would, with what is installed here; return the file."""
    out.mkdir()
    call = f"from setuptools import build_meta; build_meta.build_{kind}({str(out)!r})"
    subprocess.run([sys.executable, "-c", call], cwd=source, check=True, capture_output=True)
    return next(out.iterdir())


def contents(wheel):
    """Return what the files of a wheel hold."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def source(root, tmp_path_factory):
    """Return a clean copy of what the package is built from."""
    folder = tmp_path_factory.mktemp("source") / "cisflow"
    for name in FOLDERS:
        clean = shutil.ignore_patterns("__pycache__", "*.egg-info", ".snakemake")
        shutil.copytree(root / name, folder / name, ignore=clean)
    for name in SOURCES:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    return build(source, "wheel", tmp_path_factory.mktemp("built") / "wheel")


@dataclass(frozen=True)
class Installed:
    """An unpacked wheel, and the folder a user works in."""

    site: Path
    folder: Path

    def cisflow(self, *arguments):
        """Run the command; return the process, output as text."""
        return subprocess.run(
            [sys.executable, "-m", "cisflow", *map(str, arguments)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.site)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def installed(wheel, tmp_path):
    """Return the wheel unpacked, and an empty folder far from the clone."""
    shutil.unpack_archive(wheel, tmp_path / "site", "zip")
    (tmp_path / "work").mkdir()
    return Installed(tmp_path / "site", tmp_path / "work")


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


@pytest.mark.slow
def test_a_copied_clone_has_nothing_to_do_and_nor_has_an_installed_package(
    new_project, installed, tmp_path
):
    project = new_project()
    project.edit_yaml("config/config.yaml", models=["faems2005_fractional"])
    done = project.snakemake()
    assert done.returncode == 0, done.stderr[-4000:]
    elsewhere = tmp_path / "else" / "where"
    # Without times, as `cp -r` copies: data and scripts are then newer than what is made of them.
    shutil.copytree(project.folder, elsewhere, copy_function=shutil.copyfile)
    copy = type(project)(elsewhere)
    assert copy.planned() == set()
    for part in ("Snakefile", "profiles", "src", "workflow", "paper", "environment.yml"):
        (shutil.rmtree if (elsewhere / part).is_dir() else os.remove)(elsewhere / part)
    dry = Installed(installed.site, elsewhere).cisflow("run", "--dry-run")
    assert "Nothing to be done" in dry.stdout + dry.stderr
    copy.edit_yaml("config/config.yaml", title="Another title")
    assert "paper" in Installed(installed.site, elsewhere).cisflow("run", "--dry-run").stdout
