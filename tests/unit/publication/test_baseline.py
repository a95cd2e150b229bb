"""What is published is saved, and every move beyond its tolerance is told where it belongs."""

import pandas as pd
import pytest
from small_results import BALANCE, DUMMIES, REGRESSION, make_results

from cisflow.base.problems import CisflowError
from cisflow.publication.baseline import (
    check_baseline,
    published_rows,
    read_baseline,
    save_baseline,
)
from cisflow.study.tolerances import BaselineSettings, Kept

AT = {"wave": "CIS4", "term": "coop_any"}
BE, BE_BALANCE = f"estimates/BE/{REGRESSION}.csv", f"estimates/BE/{BALANCE}.csv"
USUAL = BaselineSettings()


@pytest.fixture
def run(tmp_path):
    run = make_results(tmp_path)
    save_baseline(run.folder, tmp_path / "b.csv")
    return run


def checked(run, settings=USUAL):
    return check_baseline(run.folder, run.folder.parents[1] / "b.csv", settings)


def only_place(report):
    (place,) = report["models"]
    return place


def told(report):
    return [(change["kind"], change["number"]) for change in report["changes"]]


def times(factor):
    return lambda value: value * factor


def plus(step):
    return lambda value: value + step


# What is kept


def test_an_unchanged_run_is_the_same(run):
    report = checked(run)
    assert report["same"]
    assert report["changes"] == []
    assert report["rows"] == 2 * 2 * (24 + 3) + 2 + 4


def test_every_number_verdict_status_and_reason_is_saved(run):
    rows = published_rows(run.folder)
    of = rows[(rows["country"] == "BE") & (rows["wave"] == "CIS4")].set_index("term")
    assert of.loc["coop_rivals", ["status", "note", "estimate", "n"]].tolist() == [
        "not_estimable",
        "no firm has it",
        "",
        "221",
    ]
    pooled = rows[rows["country"] == "pooled"]
    assert pooled["method"].tolist() == ["fixed", "paule-mandel"]
    assert set(pooled["k"]) == {"2"}
    assert set(pooled["tau2"]) == {"0"}
    assert rows.loc[rows["claim"] == "C1", "verdict"].tolist() == ["supported"] * 4


def test_a_saved_baseline_reads_as_it_was_published(run, tmp_path):
    pd.testing.assert_frame_equal(read_baseline(tmp_path / "b.csv"), published_rows(run.folder))
    assert "groups" not in (tmp_path / "b.csv").read_text().splitlines()[0]  # no row has any


def test_counts_of_millions_are_kept_to_the_last_firm(run):
    run.change(BE, AT, n="12345678")
    assert "12345678" in set(published_rows(run.folder)["n"])


def test_what_is_kept_can_be_less(run, tmp_path):
    keep = {"dummies": False, "countries": ["BE", "pooled"]}
    less = BaselineSettings(keep=keep)
    rows = published_rows(run.folder, less.keep)
    assert not rows["term"].str.startswith("C(").any()
    assert set(rows.loc[rows["claim"] == "", "country"]) == {"BE", "pooled"}
    assert (rows["claim"] == "C1").sum() == 4  # verdicts always are
    run.change(f"estimates/NL/{REGRESSION}.csv", AT, estimate=plus(1))
    assert checked(run, less)["same"]  # also of a baseline that has more
    assert not checked(run)["same"]


def test_one_kind_of_standard_errors_can_be_kept(run):
    rows = published_rows(run.folder, BaselineSettings(keep={"cov_types": ["HC1"]}).keep)
    assert set(rows["cov_type"]) == {"HC1", ""}  # pooled estimates and claims have none
    assert {"faems2005"} == set(rows["model"])


# Tolerances, kind by kind: the first value is within, the second beyond


@pytest.mark.parametrize(
    ("file", "rows", "quantity", "within", "beyond"),
    [
        (BE, AT, "estimate", plus(0.0018), plus(0.0022)),  # standard error 2
        (BE, AT, "ci_low", plus(-0.0018), plus(-0.0022)),
        (BE, AT, "std_error", times(1.0009), times(1.0012)),
        (BE, AT, "p_value", plus(0.0009), plus(0.0011)),
        (BE_BALANCE, {"wave": "CIS4", "term": "balance"}, "estimate", plus(4e-4), plus(6e-4)),
        (BE_BALANCE, {"wave": "CIS4", "term": "balance"}, "ci_high", plus(0.009), plus(0.011)),
        (BE_BALANCE, {"wave": "CIS4", "term": "balance"}, "std_error", times(1.009), times(1.02)),
        (BE_BALANCE, {"wave": "CIS4", "term": "balance"}, "p_value", plus(0.009), plus(0.011)),
        (
            BE_BALANCE,
            {"wave": "CIS4", "term": "P(cost > return)"},
            "estimate",
            plus(-0.009),
            plus(-0.011),
        ),
        ("estimates/pooled.csv", {"method": "fixed"}, "tau2", plus(2e-4), plus(3e-4)),
        ("estimates/pooled.csv", {"method": "fixed"}, "q", plus(9e-4), plus(11e-4)),
    ],
)
def test_a_number_moves_beyond_its_tolerance(run, file, rows, quantity, within, beyond):
    path = run.folder / file
    before = path.read_text()
    run.change(file, rows, **{quantity: within})
    assert checked(run)["same"]
    path.write_text(before)
    run.change(file, rows, **{quantity: beyond})
    assert told(checked(run)) == [("number", quantity)]


@pytest.mark.parametrize("quantity", ["n", "n_lower", "n_upper"])
def test_counts_are_exact(run, quantity):
    run.change(BE, AT, **{quantity: plus(1)})
    assert told(checked(run)) == [("count", quantity)]
    (count,) = only_place(checked(run))["counts"]
    assert (count["rows"], count["terms"]) == (1, ["coop_any"])


def test_zero_that_the_model_fixed_stays_zero(run):
    run.change(BE_BALANCE, {"wave": "CIS4", "term": "direct"}, estimate=plus(0.02))
    assert told(checked(run)) == [("number", "estimate")]


def test_tolerances_are_those_asked_for(run):
    run.change(BE, AT, estimate=plus(0.5))
    assert not checked(run)["same"]
    assert checked(run, BaselineSettings(tolerances={"estimate": 0.3}))["same"]
    run.change(BE, AT, estimate=plus(0.2))
    assert not checked(run, BaselineSettings(tolerances={"estimate": 0.3}))["same"]


def test_moves_are_measured_in_standard_errors(run):
    run.change(BE, AT, estimate=plus(0.5), std_error=times(1.1))
    place = only_place(checked(run))
    assert place["farthest"]["term"] == "coop_any"
    assert place["farthest"]["move"] == pytest.approx(0.25, rel=1e-4)
    assert place["std_errors"]["move"] == pytest.approx(0.1)
    assert (place["moved"], place["differ"], place["rows"]) == (1, 1, 24)


def test_a_number_that_appears_or_vanishes_is_told(run):
    run.change(BE, AT, ci_low="")
    run.change(BE, {"wave": "2010", "term": "coop_rivals"}, estimate="1.5")
    assert sorted(told(checked(run))) == [("number", "ci_low"), ("number", "estimate")]


# What is no number


def test_a_verdict_that_turned_comes_with_the_estimate_it_rests_on(run):
    at = {"country": "NL", "wave": "2010"}
    run.change("claims.csv", at, verdict="contradicted", estimate=plus(-9))
    report = checked(run)
    (verdict,) = report["verdicts"]
    assert (verdict["claim"], verdict["country"], verdict["wave"]) == ("C1", "NL", "2010")
    assert (verdict["old"], verdict["new"]) == ("supported", "contradicted")
    assert verdict["estimate"]["move"] == pytest.approx(-4.5)
    assert report["claims"]["rows"] == 1


def test_the_verdict_of_the_literature_is_one_too(run):
    run.change("claims.csv", {"country": "NL", "wave": "2010"}, verdict_literature="inconclusive")
    (verdict,) = checked(run)["verdicts"]
    assert verdict["number"] == "verdict_literature"
    assert verdict["estimate"] is None


def test_a_changed_status_says_so_once_and_not_for_each_number_it_empties(run):
    empty = dict.fromkeys(("estimate", "std_error", "p_value", "ci_low", "ci_high", "n"), "")
    for term in ("coop_any", "group"):
        run.change(BE, {**AT, "term": term}, status="withheld", note="too few", **empty)
    report = checked(run)
    assert told(report) == [("status", "status")] * 2
    (status,) = only_place(report)["statuses"]
    assert (status["old"], status["new"], status["rows"]) == ("estimated", "withheld", 2)
    assert status["terms"] == ["coop_any", "group"]


def test_another_reason_is_told(run):
    run.change(BE, {"wave": "CIS4", "term": "coop_rivals"}, note="another")
    (note,) = only_place(checked(run))["notes"]
    assert (note["old"], note["new"], note["rows"]) == ("no firm has it", "another", 1)


def test_rows_that_are_new_or_gone_are_told(run):
    run.edit(BE, lambda table: table[table["term"] != "group"])
    run.edit(BE, lambda t: pd.concat([t, t[t["term"] == "coop_any"].assign(term="coop_new")]))
    places = checked(run)["models"]
    assert [(p["gone"][0]["terms"], p["new"][0]["terms"]) for p in places] == [
        (["group"], ["coop_new"])
    ] * 2


def test_rows_that_nothing_tells_apart_keep_their_order(run, tmp_path):
    run.edit(BE, lambda t: pd.concat([t, t[t["term"] == "group"].assign(estimate="99")]))
    save_baseline(run.folder, tmp_path / "b.csv")
    assert checked(run)["same"]
    run.change(BE, {"wave": "CIS4", "estimate": "99"}, estimate="98")
    assert [(c["old"], c["new"]) for c in checked(run)["changes"]] == [("99", "98")]


# Nothing floods


def test_dummies_are_counted_together(run):
    for term in DUMMIES:
        run.change(BE, {"term": term}, estimate=plus(1))
    run.change(BE, {"wave": "CIS4", "term": DUMMIES[3]}, estimate=plus(6))
    report = checked(run)
    assert report["models"] == []
    assert report["dummies"]["rows"] == 40
    assert report["dummies"]["farthest"]["move"] == pytest.approx(3.5, rel=1e-4)
    assert len(report["changes"]) == 40


def test_an_interaction_with_a_category_is_no_dummy(run, tmp_path):
    run.change(BE, AT, term="C(size)[T.small]:coop_any")
    save_baseline(run.folder, tmp_path / "b.csv")
    run.change(BE, {"term": "C(size)[T.small]:coop_any"}, estimate=plus(1))
    assert only_place(checked(run))["farthest"]["term"] == "C(size)[T.small]:coop_any"


def test_models_that_moved_farthest_come_first(run):
    run.change(f"estimates/NL/{REGRESSION}.csv", AT, estimate=plus(0.1))
    run.change(BE_BALANCE, {"wave": "2010", "term": "balance"}, estimate=plus(4))
    run.change(BE, AT, estimate=plus(8))
    report = checked(run)
    assert [(place["model"], place["country"]) for place in report["models"]] == [
        (BALANCE, "BE"),
        (REGRESSION, "BE"),
        (REGRESSION, "NL"),
    ]


# What is no baseline


def test_a_folder_without_estimates_is_refused(tmp_path):
    with pytest.raises(CisflowError, match="no estimates"):
        published_rows(tmp_path)


def test_a_table_that_is_no_baseline_is_refused(run, tmp_path):
    (tmp_path / "b.csv").write_text("country,quantity,value\nBE,estimate,1\n")
    with pytest.raises(CisflowError, match="not a baseline of this version"):
        checked(run)
    (tmp_path / "b.csv").unlink()
    with pytest.raises(CisflowError, match="save one first"):
        checked(run)


def test_further_readings_of_claims_can_be_left_out(run, tmp_path):
    def twice(claims):
        second = claims.assign(model="another", estimate="9")
        return pd.concat([claims, second], ignore_index=True)

    run.edit("claims.csv", twice)
    both, first = published_rows(run.folder), published_rows(run.folder, Kept(further=False))
    assert "another" in set(both["model"])
    assert "another" not in set(first["model"])
    assert len(first[first["claim"] != ""]) * 2 == len(both[both["claim"] != ""])
    file = tmp_path / "less.csv"
    save_baseline(run.folder, file, Kept(further=False))
    pd.testing.assert_frame_equal(read_baseline(file, Kept(further=False)), first)


def test_single_specifications_of_a_curve_are_kept_where_asked_for(tmp_path):
    folder = tmp_path / "estimates" / "BE"
    folder.mkdir(parents=True)
    one = "curve: as asked | all | all | alone | size | tobit | none"
    rows = [{"model": "c", "column": column, "estimate": "1"} for column in ("curve", one)]
    pd.DataFrame(rows).to_csv(folder / "c.csv", index=False)
    assert list(published_rows(tmp_path)["column"]) == ["curve"]
    assert len(published_rows(tmp_path, Kept(specifications=True))) == 2
