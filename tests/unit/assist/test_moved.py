"""The report of a check is short whatever moved, begins with verdicts, and sets the exit code."""

import json

import pandas as pd
import pytest
from small_results import BALANCE, DUMMIES, REGRESSION, make_results

from cisflow.assist.cli import main

AT = {"wave": "CIS4", "term": "coop_any"}
BE = f"estimates/BE/{REGRESSION}.csv"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = make_results(tmp_path)
    assert main(["baseline", "save", str(run.folder)]) == 0
    return run


def check(capsys, *options):
    capsys.readouterr()
    code = main(["baseline", "check", "results/small", *options])
    said = capsys.readouterr()
    return code, said.out + said.err


def plus(step):
    return lambda value: value + step


def test_exit_codes_and_where_a_baseline_lies(run, tmp_path, capsys):
    assert (tmp_path / "baselines" / "small.csv").is_file()
    code, said = check(capsys)
    assert (code, said.count("\n")) == (0, 1)
    assert "none of 114 published rows has moved" in said
    assert check(capsys, "--file", "elsewhere.csv")[0] == 2
    assert check(capsys, "--set", "tolerances.nothing=1")[0] == 2
    run.change(BE, AT, estimate=plus(1))
    assert check(capsys)[0] == check(capsys, "--json")[0] == check(capsys, "--markdown")[0] == 1
    assert check(capsys, "--set", "tolerances.estimate=2")[0] == 0


def test_each_kind_of_change_is_said_in_words(run, capsys):
    run.change("claims.csv", {"country": "NL", "wave": "2010"}, verdict="contradicted")
    run.change(BE, AT, estimate="3", std_error=lambda value: value * 1.1, n="220")
    run.change(BE, {"wave": "CIS4", "term": "group"}, status="withheld", estimate="", n="")
    run.edit(BE, lambda table: table[table["term"] != "Intercept"])
    said = " ".join(check(capsys)[1].split())
    for words in (
        f"C1 (NL 2010, {REGRESSION}) was supported and is contradicted now",
        f"{REGRESSION}: 4 of 48 rows differ",
        "1 row estimated → withheld (group)",
        "1 row gone (Intercept)",
        "n 221 → 220 in 1 row",
        "farthest coop_any (radical, any, HC1)",
        "→ 3, -",
        "standard errors by up to +10.00% (coop_any)",
    ):
        assert words in said, said
    assert said.index("Verdicts") < said.index(f"{REGRESSION}: ")


def test_markdown_is_a_table_that_a_bar_does_not_break(run, capsys):
    run.change(f"estimates/NL/{BALANCE}.csv", {"term": "balance"}, column="raw | small")
    main(["baseline", "save", "results/small"])
    run.change(f"estimates/NL/{BALANCE}.csv", {"term": "balance"}, estimate=plus(1))
    said = check(capsys, "--markdown")[1]
    table = [line.replace("\\|", "") for line in said.splitlines() if line.startswith("|")]
    assert len(table) == 4
    assert {line.count("|") for line in table} == {4}
    assert "raw \\| small" in said


def test_json_has_every_change(run, capsys):
    run.change(BE, {"wave": "CIS4"}, std_error=lambda value: value * 2)
    record = json.loads(check(capsys, "--json")[1])
    assert (record["run"], record["baseline"]) == ("results/small", "baselines/small.csv")
    assert len(record["changes"]) == 23
    assert {change["move"] for change in record["changes"]} == {1.0}


@pytest.mark.parametrize("form", ["--markdown", None])
def test_a_run_in_which_all_moves_does_not_flood(run, capsys, form):
    """Thirty countries, each with four waves, every number of them another."""
    tables = [pd.read_csv(run.folder / BE, dtype=str, keep_default_na=False)]
    for i in range(30):
        folder = run.folder / "estimates" / f"C{i}"
        folder.mkdir()
        waves = [tables[0].assign(country=f"C{i}", wave=wave) for wave in "abcd"]
        pd.concat(waves).drop_duplicates().to_csv(folder / f"{REGRESSION}.csv", index=False)
    main(["baseline", "save", "results/small"])
    for file in run.folder.glob(f"estimates/C*/{REGRESSION}.csv"):
        name = file.relative_to(run.folder).as_posix()
        run.change(name, {"status": "estimated"}, estimate=plus(7), std_error=plus(1), n=plus(1))
    code, said = check(capsys, *([form] if form else []))
    assert code == 1
    assert len(said.splitlines()) < 60
    assert "and in 112 more places: " in said
    assert f"{30 * 4 * len(DUMMIES)} rows of dummies" in said
    assert said.count("C(industry)") == 1
