"""`cisflow power`: which claims a run's samples can decide, told from their design alone."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cisflow.assist import power
from cisflow.assist.cli import FAILED, FINE, main
from cisflow.assist.power import NO, NOT_RUN, NOT_TOLD, TOO_FEW, UNSTATED, YES, told
from cisflow.base.documents import read_yaml
from cisflow.base.records import write_firms
from cisflow.estimation.expected import Design
from cisflow.panel.drawn import draw_panel
from cisflow.study.claims import Rule, Single
from cisflow.study.codebook_files import load_codebook
from cisflow.study.truth import load_truth

MODELS = ["faems2005", "faems2010_direct"]
KEYS = {"country", "wave", "claim", "model", "outcome", "column", "term", "quantity", "expect"}


@pytest.fixture(scope="module")
def panel(root):
    books = {w: load_codebook(f"eurostat/{w.lower()}", [root / "config/codebooks"]) for w in WAVES}
    return draw_panel(
        load_truth(root / "config/truth/flanders.yaml", root),
        books,
        np.random.default_rng(1),
        country="BE",
        with_accounts=True,
        lag=2,
        lags=[2],
        industries=read_yaml(root / "config/nace.yaml"),
    )


WAVES = ("CIS2", "CIS4")
SINGLE = {"model": "m", "outcome": "y", "column": "a", "term": "x"}
SIGN = Single(**SINGLE, expect="positive", claimed_effect=5.0)
NONE = Single(**SINGLE, expect="none", smallest_effect=3.0, because="so")
OPEN = Single(**SINGLE, expect="negative")


@pytest.fixture
def config(root, tmp_path, monkeypatch):
    """The default config with two models, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    settings = read_yaml(root / "config/config.yaml") | {"models": MODELS}
    file = tmp_path / "config" / "config.yaml"
    file.parent.mkdir()
    file.write_text(yaml.safe_dump(settings))
    return file


@pytest.fixture
def built(config, panel, tmp_path):
    folder = tmp_path / "results/flanders/microdata/BE"
    folder.mkdir(parents=True)
    write_firms(panel, folder / "panel.parquet")
    return config


def test_without_a_panel_it_says_how_to_build_one(config, capsys):
    assert main(["power", "config/config.yaml"]) == FAILED
    said = capsys.readouterr().err
    assert "its panel was not built yet" in said
    assert "`cisflow run config/config.yaml results/flanders/microdata/BE/panel.parquet`" in said


def test_every_test_of_every_claim_is_told_by_wave(built, tmp_path, capsys):
    assert main(["power", "config/config.yaml", "--json"]) == FINE
    record = json.loads(capsys.readouterr().out)
    rows = record["tests"]
    assert all(set(row) >= KEYS for row in rows)
    c2 = {row["wave"]: row for row in rows if row["claim"] == "C2" and row["model"] == "faems2005"}
    assert set(c2) == set(WAVES)
    assert (c2["CIS2"]["n"], c2["CIS4"]["n"]) == (220, 370)
    assert all(row["decidable"] == NO for row in c2.values())
    # At 3 points of the observed share hundreds of firms are too few, and some thousands enough.
    assert all(row["n"] < row["n_needed"] < 14_000 for row in c2.values())
    assert all(row["n_possible"] < row["n_needed"] for row in c2.values())
    assert {row["decidable"] for row in rows if row["claim"] == "C13"} == {NOT_RUN}


def test_what_it_says_does_not_depend_on_the_estimate(built, panel, monkeypatch):
    # Another outcome with the same spread and limits: the firms' own shares in another order.
    rng = np.random.default_rng(3)
    first = power.power_of_run(built, built.parents[1])
    mixed = panel.copy()
    for _, firms in panel[panel["radical"].notna()].groupby("wave"):
        mixed.loc[firms.index, "radical"] = rng.permutation(firms["radical"].to_numpy())
    write_firms(mixed, built.parents[1] / "results/flanders/microdata/BE/panel.parquet")
    second = power.power_of_run(built, built.parents[1])
    for one, other in zip(first["tests"], second["tests"], strict=True):
        if one["model"] == "faems2005" and one["outcome"] == "radical":
            assert one["std_error"] == pytest.approx(other["std_error"], rel=0.1)
            assert one["n"] == other["n"]


def test_as_text(built, capsys):
    assert main(["power", "config/config.yaml"]) == FINE
    said = capsys.readouterr().out
    assert "no estimate was looked at" in said
    assert "BE, CIS2" in said
    assert (
        "C2   radical on coop_exploitative (observed), faems2005: expected none within ±3" in said
    )
    assert "220 firms (" in said
    assert "Numbers of firms are rounded to multiples of 10." in said
    assert "cannot be decided with this sample" in said
    assert "are the fewest with which it is possible at all" in said
    assert "not run: this run does not estimate the model" in said


@pytest.mark.parametrize(
    ("std_error", "test", "answer"),
    [
        (1.0, SIGN, YES),
        (5.0, SIGN, NO),
        (0.9, NONE, YES),
        (1.7, NONE, NO),
        (1.0, OPEN, UNSTATED),
    ],
)
def test_the_answer_is_whether_the_effect_is_within_reach(std_error, test, answer):
    found = told(Design(300, 100, 200, 100, std_error), test, Rule(), 10)
    assert found["decidable"] == answer
    assert found["mde"] == pytest.approx(2.8016 * std_error, abs=1e-3)
    assert ("n_needed" in found) == (answer != UNSTATED)
    assert ("n_possible" in found) == (test is NONE)


def test_a_sample_without_a_design_says_why():
    assert told("nothing measured for x", SIGN, Rule(), 10) == {
        "decidable": NOT_TOLD,
        "reason": "nothing measured for x",
    }


def test_too_few_firms_by_the_rule_decide_nothing():
    found = told(Design(300, 12, 288, 12, 0.1), SIGN, Rule(minimum_firms=20), 10)
    assert found["decidable"] == TOO_FEW
    assert "fewer than 20 firms" in found["reason"]


COUNTS = st.integers(0, 40)


@given(COUNTS, COUNTS, st.sampled_from([SIGN, NONE, OPEN]), st.booleans(), st.integers(2, 15))
def test_nothing_is_told_of_fewer_firms_than_the_minimum(yes, no, test, number, minimum):
    fewest = yes if number else min(yes, no)
    found = told(Design(yes + no, yes, no, fewest, 1.0), test, Rule(), minimum)
    counts = [found[key] for key in ("n", "firms_with", "firms_without") if key in found]
    assert all(count >= minimum for count in counts)
    if fewest < minimum or yes + no < minimum:
        assert not {"std_error", "mde", "power"} & set(found)
        assert str(fewest) not in found["reason"].replace(f"fewer than {minimum}", "")
    assert all(math.isfinite(v) for v in found.values() if isinstance(v, float))


def test_a_wave_without_firms_is_not_told(built, panel):
    file = built.parents[1] / "results/flanders/microdata/BE/panel.parquet"
    write_firms(panel.assign(profit_margin=np.nan, has_accounts=False), file)
    rows = pd.DataFrame(power.power_of_run(built, built.parents[1])["tests"])
    path = rows[rows["model"] == "faems2010_direct"]
    assert set(path["decidable"]) == {NOT_TOLD}
    assert path["n"].isna().all()
