"""Mistakes in what a user edits end in a message, before any job starts."""

import os
import subprocess
import sys

import pytest
import yaml


@pytest.fixture
def refused(root, tmp_path):
    """Return a function that runs a changed default config and returns what it said."""

    def run(change, *, source="config.yaml"):
        config = yaml.safe_load((root / "config" / source).read_text())
        change(config)
        (tmp_path / "mine.yaml").write_text(yaml.safe_dump(config))
        command = [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            str(root / "Snakefile"),
        ]
        command += ["--directory", str(tmp_path), "--configfile", "mine.yaml", "--dry-run"]
        done = subprocess.run(
            command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode != 0
        assert "Traceback" not in said
        assert "→" in said
        assert not (tmp_path / "results").exists()
        return said

    return run


def test_typo_in_a_key(refused):
    said = refused(lambda c: c.update(sed=c.pop("seed")))
    assert "mine.yaml" in said
    assert "unknown key `sed`" in said
    assert "`seed` is missing" in said


def test_unknown_model(refused):
    said = refused(lambda c: c.update(models=["faems2005b"]))
    assert "`faems2005b` is not in config/models.yaml" in said
    assert "did you mean `faems2005`" in said


def test_unknown_codebook(refused):
    said = refused(lambda c: c["countries"]["BE"]["waves"]["CIS4"].update(codebook="eurostat/cis5"))
    assert "eurostat/cis5" in said
    assert "countries.BE.CIS4" in said


def test_missing_extract_says_how_to_get_it(refused):
    said = refused(lambda c: None, source="nigeria.yaml")
    assert (
        "Nigeria, wave 2007 (data/raw/NG/nigeria-innovation.csv): the file does not exist" in said
    )
    assert "data/README.md" in said


def test_mistake_in_a_models_file(refused, root, tmp_path):
    models = yaml.safe_load((root / "config" / "models.yaml").read_text())
    models["faems2005"]["estimater"] = models["faems2005"].pop("estimator")
    (tmp_path / "models.yaml").write_text(yaml.safe_dump(models))
    said = refused(lambda c: c.update(models_file="models.yaml"))
    assert "models.yaml" in said
    assert "faems2005: unknown key `estimater`" in said
