"""A run ends with its verdicts and where to look, in ten lines."""

import pytest

from cisflow.assist.ending import ending
from cisflow.assist.screen import WIDTH
from cisflow.base.records import write_table
from cisflow.claims.verdicts import CLAIMS

SAID = {"text": "Partners help", "unit": "points of turnover", "verdict": "supported"}
FOUND = {"estimate": 5.376, "std_error": 2.475, "ci_low": 0.526, "ci_high": 10.227, "n": 367.0}


def row(claim, source="Faems 2005", wave="CIS4", country="BE", **changed):
    named = {"claim": claim, "source": source, "country": country, "wave": wave}
    return {**SAID, **FOUND, **named, **changed}


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Return a function that writes a run's verdicts; the run lies in the working folder."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results" / "run"

    def write(*rows, stamp="SYNTHETIC", published=("paper.pdf", "claims.csv")):
        (folder / "publication").mkdir(parents=True, exist_ok=True)
        table = CLAIMS.frame(rows).astype(dict.fromkeys(CLAIMS.numbers, "float64"))
        write_table(table, folder / "claims.csv", stamp)
        for name in published:
            (folder / "publication" / name).touch()
        return folder

    return write


def test_verdicts_are_counted_and_shown_with_unit_and_interval(results):
    folder = results(row("C1"), row("C1", wave="CIS2", n=221.0, verdict="inconclusive"))
    assert ending(folder).splitlines() == [
        "",
        "Verdicts [SYNTHETIC], per claim, country and wave: 1 supported, 1 inconclusive.",
        "  C1 Partners help",
        "     5.4 points of turnover [0.5, 10.2] (BE CIS4, 367 firms): supported",
        "Open results/run/publication/paper.pdf",
        "  beside it: claims.csv",
    ]


def test_further_tests_of_a_claim_are_not_counted(results):
    assert "1 supported." in ending(results(row("C1"), row("C1", verdict="contradicted")))


def test_what_is_shown_is_chosen_by_source_and_sample_never_by_what_was_found(results):
    rows = [row(f"C{i}", f"source {i // 2}", verdict="inconclusive") for i in range(8)]
    told = ending(results(*rows, row("C1", "source 0", "pooled", "pooled", n=float("nan"))))
    assert [line[2:4] for line in told.splitlines() if line.startswith("  C")] == ["C0", "C2", "C4"]


def test_the_pooled_estimate_is_shown_where_there_is_one(results):
    pooled = row("C1", wave="", country="pooled", n=float("nan"), estimate=1.0)
    assert "1.0 points of turnover [0.5, 10.2] (pooled)" in ending(results(row("C1"), pooled))


def test_ten_lines_of_a_terminals_width_are_enough(results):
    rows = [row(f"C{i}", f"source {i}", text="word " * 60) for i in range(9)]
    lines = ending(results(*rows, published=("index.html", "tables", "figures"))).splitlines()
    assert len(lines) <= 10
    assert max(map(len, lines)) <= WIDTH
    assert lines[-2].endswith("publication/index.html")


def test_real_data_has_no_mark_and_a_run_without_claims_no_verdict(results, tmp_path):
    assert "Verdicts, per" in ending(results(row("C1"), stamp="real"))
    assert ending(tmp_path / "results" / "other") == ""
