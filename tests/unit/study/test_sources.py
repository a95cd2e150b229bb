"""What a run rests on has names that are the same on every machine, before and after it is made."""

import shutil
from pathlib import Path

import pytest
import yaml

from cisflow.study.run import load_run
from cisflow.study.sources import config_files, elsewhere, input_files

CONFIG = "config/config.yaml"


@pytest.fixture
def run(root, tmp_path, monkeypatch):
    """A study in a folder of its own, whose extracts are yet to be made."""
    study = tmp_path / "study"
    shutil.copytree(root / "workflow" / "project", study)
    monkeypatch.chdir(study)
    return load_run(yaml.safe_load(Path(CONFIG).read_text()), Path(), file=CONFIG)


def test_extracts_that_a_run_makes_are_known_by_the_same_names_before_and_after(run):
    assert not any(path.exists() for path in input_files(run).values())
    before = elsewhere(run, [CONFIG])
    for path in input_files(run).values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert before == elsewhere(run, [CONFIG]) == {}


def test_a_file_that_its_name_does_not_tell_of_is_told_by_its_path(run, tmp_path):
    other = tmp_path / "other" / "config.yaml"
    other.parent.mkdir()
    shutil.copy(CONFIG, other)
    files = config_files(run, [CONFIG, str(other)])
    told = elsewhere(run, [CONFIG, str(other)])
    assert files[CONFIG] == Path(CONFIG)
    assert [*told.values()] == [str(other)]


def test_what_ships_is_named_as_in_the_clone(run):
    names = config_files(run, [CONFIG])
    assert {"config/models.yaml", "config/claims.yaml", "paper/paper.typ"} <= {*names}
    assert any(name.startswith("config/codebooks/eurostat/") for name in names)
