"""Questions that only resemble those of the survey: nothing is taken from one without a doubt."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from drafts_scored import drafted
from worded_survey import Worded

TABLE = Path(__file__).parents[2] / "support" / "near_misses.yaml"
LANGUAGES = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
FIRMS = 300


def values(kind, rng):
    """Return answers of a kind as text, shape (FIRMS,)."""
    drawn = {
        "flag": rng.integers(1, 3, FIRMS),
        "degree": rng.integers(0, 4, FIRMS),
        "share": rng.integers(0, 100, FIRMS),
        "amount": np.round(np.exp(rng.normal(8, 1.2, FIRMS))).astype(int),
    }
    return drawn[kind].astype(str)


def written(folder, name):
    """Write a file of near misses behind an identifier, with a list of labels and codes."""
    asked, rng = LANGUAGES[name], np.random.default_rng(3)
    said = asked["answers"]
    codes = {
        "flag": f"1={said['yes']}; 2={said['no']}",
        "degree": "; ".join(f"{i}={degree}" for i, degree in enumerate(said["degrees"])),
    }
    data = {"q0": [str(5000 + i) for i in range(FIRMS)]}
    rows, about = [("q0", "ID", "")], {}
    for kind, labels in asked["questions"].items():
        for label in labels:
            column = f"q{len(data)}"
            data[column], about[column] = values(kind, rng), label
            rows.append((column, label, codes.get(kind, "")))
    extract, labels_file = folder / "f.csv", folder / "labels.csv"
    pd.DataFrame(data).to_csv(extract, index=False)
    pd.DataFrame(rows, columns=["variable", "label", "codes"]).to_csv(labels_file, index=False)
    columns = {"firm_id": {"q0"}}
    return Worded(asked["country"], "2016", extract, columns, about=about, labels=(labels_file,))


@pytest.mark.parametrize("name", LANGUAGES)
def test_nothing_is_taken_from_near_misses_in_silence(name, tmp_path):
    score = drafted(written(tmp_path, name), tmp_path / "project")
    assert not score.wrong, score.told()
    assert score.right == ["firm_id"]
