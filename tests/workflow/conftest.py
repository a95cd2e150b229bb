"""A whole run is held against its baseline."""

from __future__ import annotations

from pathlib import Path

import pytest

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
