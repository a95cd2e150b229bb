"""Published numbers are saved, and every change of one is told."""

import pandas as pd
import pytest

from cisflow.assist.cli import main
from cisflow.base.problems import CisflowError
from cisflow.estimation.estimates import ESTIMATES
from cisflow.publication.baseline import compare_with_baseline, published_numbers, save_baseline


def _results(folder, estimate=1.5, verdict="supported", extra=False):
    run = folder / "results" / "small"
    (run / "estimates" / "BE").mkdir(parents=True, exist_ok=True)
    row = dict.fromkeys(ESTIMATES.columns, "") | {
        "country": "BE",
        "wave": "2004",
        "model": "m",
        "outcome": "radical",
        "column": "any",
        "term": "coop_any",
        "estimate": estimate,
        "std_error": 0.5,
        "n": 120,
        "cov_type": "HC1",
    }
    rows = [row, row | {"term": "Intercept", "estimate": "", "note": "no accounts"}]
    rows += [row | {"term": "group"}] if extra else []
    pd.DataFrame(rows).to_csv(run / "estimates" / "BE" / "m.csv", index=False)
    claim = {"claim": "C1", "country": "BE", "wave": "2004", "model": "m", "verdict": verdict}
    pd.DataFrame([claim | {"estimate": estimate}]).to_csv(run / "claims.csv", index=False)
    return run


@pytest.fixture
def baseline(tmp_path):
    save_baseline(_results(tmp_path), tmp_path / "b.csv")
    return tmp_path / "b.csv"


def test_every_number_verdict_and_note_is_saved(tmp_path):
    numbers = published_numbers(_results(tmp_path))
    found = numbers.set_index(["claim", "term", "quantity"])["value"].to_dict()
    assert found == {
        ("", "coop_any", "estimate"): "1.5",
        ("", "coop_any", "std_error"): "0.5",
        ("", "coop_any", "n"): "120",
        ("", "Intercept", "std_error"): "0.5",
        ("", "Intercept", "n"): "120",
        ("", "Intercept", "note"): "no accounts",
        ("C1", "", "estimate"): "1.5",
        ("C1", "", "verdict"): "supported",
    }


def test_an_unchanged_run_has_no_changes(tmp_path, baseline):
    assert compare_with_baseline(_results(tmp_path), baseline).empty


def test_a_change_within_the_tolerance_is_none(tmp_path, baseline):
    run = _results(tmp_path, estimate=1.5003)
    assert compare_with_baseline(run, baseline, rtol=1e-3).empty
    changed = compare_with_baseline(run, baseline, rtol=1e-5)
    assert changed["quantity"].tolist() == ["estimate", "estimate"]
    assert changed["relative_change"].tolist() == pytest.approx([2e-4, 2e-4])


def test_a_verdict_that_turned_is_a_change(tmp_path, baseline):
    changed = compare_with_baseline(_results(tmp_path, verdict="contradicted"), baseline)
    assert changed[["claim", "quantity", "old", "new"]].to_numpy().tolist() == [
        ["C1", "verdict", "supported", "contradicted"]
    ]


def test_numbers_that_are_new_or_gone_are_changes(tmp_path, baseline):
    changed = compare_with_baseline(_results(tmp_path, extra=True), baseline)
    assert set(changed["term"]) == {"group"}
    assert set(changed["old"]) == {""}
    save_baseline(_results(tmp_path, extra=True), tmp_path / "more.csv")
    changed = compare_with_baseline(_results(tmp_path), tmp_path / "more.csv")
    assert set(changed["new"]) == {""}


def test_rows_that_nothing_tells_apart_keep_their_order(tmp_path):
    run = _results(tmp_path)
    file = run / "estimates" / "BE" / "m.csv"
    table = pd.read_csv(file)
    again = table.iloc[[0]].assign(estimate=9.0)
    pd.concat([table, again]).to_csv(file, index=False)
    numbers = published_numbers(run)
    twice = numbers[(numbers["term"] == "coop_any") & numbers["quantity"].str.startswith("est")]
    assert dict(zip(twice["quantity"], twice["value"], strict=True)) == {
        "estimate #1": "1.5",
        "estimate #2": "9",
    }


def test_the_commands_exit_codes(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = _results(tmp_path)
    assert main(["baseline", "compare", str(run)]) == 2  # no baseline yet
    assert "save one first" in capsys.readouterr().err
    assert main(["baseline", "save", str(run)]) == 0
    assert (tmp_path / "baselines" / "small.csv").is_file()
    assert main(["baseline", "compare", str(run)]) == 0
    _results(tmp_path, estimate=3.0)
    capsys.readouterr()
    assert main(["baseline", "compare", str(run)]) == 1
    said = capsys.readouterr().out
    assert "+100.00%" in said
    assert all(word in said for word in ("BE", "2004", "radical", "coop_any", "1.5"))


def test_a_folder_without_estimates_is_refused(tmp_path):
    with pytest.raises(CisflowError, match="no estimates"):
        published_numbers(tmp_path)
