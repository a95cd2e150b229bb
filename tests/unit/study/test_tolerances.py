"""Tolerances are a document like the others: the file that ships says what holds without it."""

import pytest

from cisflow.base.problems import CisflowError
from cisflow.study.tolerances import BaselineSettings, load_tolerances


def test_the_file_that_ships_has_the_defaults(root):
    shipped = load_tolerances(root / "config" / "baseline.yaml")
    assert shipped == BaselineSettings()
    assert shipped.tolerances.estimate < shipped.drawn.interval


def test_the_projects_own_file_goes_first(tmp_path, monkeypatch):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "baseline.yaml").write_text("drawn: {interval: 0.5}\n")
    monkeypatch.chdir(tmp_path)
    assert load_tolerances().drawn.interval == 0.5
    assert load_tolerances().drawn.std_error == BaselineSettings().drawn.std_error


def test_keys_of_the_command_go_before_the_file(tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text("tolerances: {estimate: 0.5}\n")
    found = load_tolerances(file, ["tolerances.estimate=0.1", "keep.models=[m]", "keep.dummies=no"])
    assert found.tolerances.estimate == 0.1
    assert (found.keep.models, found.keep.dummies) == (("m",), False)
    assert load_tolerances(file).tolerances.estimate == 0.5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("tolerances.estimates=1", "did you mean `estimate`"),
        ("tolerances.estimate=-1", "below 0"),
        ("tolerances.estimate=narrow", "not a number"),
        ("keep.models=[]", "is empty"),
        ("tolerances.estimate", "is not KEY=VALUE"),
        ("tolerances.estimate.more=1", "is not KEY=VALUE"),
    ],
)
def test_what_cannot_be_is_said(change, said):
    with pytest.raises(CisflowError, match=said):
        load_tolerances(changes=[change])
