"""What tests of whole runs share: a baseline to hold them against, and a wheel of the project."""

from __future__ import annotations

from pathlib import Path

import pytest
from built_wheel import build, clean_source, unpacked

from cisflow.assist.cli import main


@pytest.fixture
def unmoved(root, capsys):
    """Return a function that holds a run against its baseline, and says what moved."""

    def hold(results: Path) -> None:
        file = root / "tests" / "baselines" / f"{results.name}.csv"
        kept = file.with_suffix(".yaml")
        about = ["--file", str(file), "--tolerances", str(kept)]
        code = main(["baseline", "check", str(results), *about])
        said = capsys.readouterr()
        assert code == 0, f"{said.out}{said.err}\nmeant? then `make baselines`"

    return hold


@pytest.fixture(scope="module")
def source(root, tmp_path_factory):
    """Return a clean copy of what the package is built from."""
    return clean_source(root, tmp_path_factory.mktemp("source") / "cisflow")


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    return build(source, "wheel", tmp_path_factory.mktemp("built") / "wheel")


@pytest.fixture
def installed(wheel, tmp_path):
    """Return the wheel unpacked, and an empty folder far from the clone."""
    return unpacked(wheel, tmp_path)
