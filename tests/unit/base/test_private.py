"""Files below ``microdata/`` are their owner's, and no others are touched."""

import os
import stat
from pathlib import Path

import pytest

from cisflow.base.private import private, private_log


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_what_lies_below_microdata_is_for_its_owner_alone(tmp_path, mask):
    before = os.umask(mask)
    try:
        file = tmp_path / "results" / "nl" / "microdata" / "NL" / "panel.parquet"
        private(file).write_bytes(b"firms")
    finally:
        os.umask(before)
    assert mode(file) == 0o600
    assert {mode(folder) for folder in file.parents[:2]} == {0o700}
    assert mode(file.parents[2]) == 0o777 & ~mask


def test_a_file_that_all_could_read_is_closed_before_it_is_written(tmp_path):
    file = tmp_path / "microdata" / "old.parquet"
    file.parent.mkdir()
    file.write_bytes(b"")
    file.chmod(0o644)
    assert mode(private(file)) == 0o600


def test_other_files_are_left_alone(tmp_path):
    assert not private(tmp_path / "quality" / "NL.json").exists()
    file = tmp_path / "microdata"  # the name of a file, not of a folder above one
    assert not private(file).exists()


def test_the_folder_named_last_is_meant(tmp_path):
    home = tmp_path / "microdata" / "project"
    home.mkdir(parents=True)
    home.chmod(0o755)
    private(home / "results" / "nl" / "microdata" / "x").write_bytes(b"")
    assert mode(home) == 0o755


def test_a_log_has_its_private_twin():
    assert private_log("results/nl/logs/ingest/NL/2016.log") == Path(
        "results/nl/microdata/logs/ingest/NL/2016.log"
    )
    assert private_log("job.log") == Path("microdata/logs/job.log")
