"""Waves linked, accounts merged at the lag, and a sample flow that adds up."""

import numpy as np
import pandas as pd
import pytest
from disclosed import gate_of, selectivity_of
from hypothesis import given, settings
from hypothesis import strategies as st
from specs import model_of

from cisflow.base.documents import read_yaml, validated
from cisflow.base.problems import CisflowError
from cisflow.panel.attrition import (
    JOINT,
    SELECTIVITY_COLUMNS,
    attrition,
)
from cisflow.panel.build import PANEL_COLUMNS, build_panel
from cisflow.panel.ratios import RATIOS
from cisflow.panel.sample import EVERYONE, FLOW, select_sample, variables_of
from cisflow.release.samples import note_sample, samples_of, told_flow
from cisflow.study.canonical import ASKED, FIRM_COLUMNS, lagged
from cisflow.study.models import expanded
from cisflow.survey.schema import dtype_of

TOBIT = {
    "title": "t",
    "sample": ["manufacturing", "innovation_active"],
    "estimator": "tobit",
    "outcomes": ["incremental", "radical"],
    "columns": {"any": ["coop_any"]},
    "controls": ["log_employees", "group"],
    "fixed_effects": [],
    "covariance": ["HC1"],
    "weights": None,
}


def firms(ids, wave="CIS4", year=2004, **columns):
    """Return firm records: manufacturers, innovative, every needed question answered."""
    n = len(ids)
    base = {name: [None] * n for name in FIRM_COLUMNS}
    base |= {"country": ["BE"] * n, "wave": [wave] * n, "reference_year": [year] * n}
    base |= {"firm_id": list(ids), "weight": [1.0] * n, "nace": ["15"] * n, "section": ["D"] * n}
    base |= {name: [True] * n for name in (*ASKED, "manufacturing", "innovation_active", "group")}
    base |= {"employees": [60.0] * n, "turnover": [1e6] * n, "rd_internal": [1e4] * n}
    base |= {"share_new_firm": [20.0] * n, "share_new_market": [10.0] * n}
    base |= {"coop_any": [True] * n}
    return pd.DataFrame(
        {name: pd.array(v, dtype=dtype_of(name)) for name, v in {**base, **columns}.items()}
    )


def accounts(rows):
    """Return accounts from (firm, year, profit) with turnover 100 and value added 50."""
    frame = pd.DataFrame(rows, columns=["firm_id", "year", "profit_before_tax"])
    frame["firm_id"] = frame["firm_id"].astype("string")
    return frame.assign(
        turnover=100.0, value_added=50.0, personnel_costs=30.0, total_assets=1.0, employees=5.0
    )


@pytest.fixture(scope="module")
def industries(root):
    return read_yaml(root / "config/nace.yaml")


@pytest.fixture(scope="module")
def models(root):
    schema = root / "workflow/schemas/models.schema.yaml"
    return expanded(validated(read_yaml(root / "config/models.yaml"), schema, "models.yaml"))[0]


def flow_of(panel, spec=TOBIT, wave="CIS4"):
    return select_sample(panel, model_of(spec), wave, lag=2)[1].set_index("restriction")


# --- the panel ---------------------------------------------------------------------------------


def test_waves_are_stacked_in_order_of_time_and_firms_linked(industries):
    early = firms(["a", "b"], wave="CIS2", year=1996)
    middle = firms(["c"], wave="CIS3", year=2000)
    late = firms(["b", "c", "d"])
    panel = build_panel([late, early, middle], None, 2, industries)
    assert tuple(panel.columns) == PANEL_COLUMNS
    assert panel["wave"].tolist() == ["CIS2", "CIS2", "CIS3", "CIS4", "CIS4", "CIS4"]
    assert panel["n_waves"].tolist() == [1, 2, 2, 2, 2, 1]
    # b is not in the wave just before CIS4.
    assert panel["in_previous_wave"].tolist() == [False, False, False, False, True, False]
    assert not panel["has_accounts"].any()
    assert panel["profit_margin"].isna().all()


@pytest.mark.parametrize(("lag", "margins"), [(0, [1, np.nan]), (2, [3, 8]), (3, [4, np.nan])])
def test_accounts_are_those_of_the_lag_after_each_waves_own_year(industries, lag, margins):
    books = accounts(
        [("a", 1996, 1.0), ("a", 1998, 3.0), ("a", 1999, 4.0), ("a", 2006, 8.0), ("z", 2006, 9.0)]
    )
    waves = [firms(["a"], wave="CIS2", year=1996), firms(["a"])]
    panel = build_panel(waves, books, lag, industries)
    np.testing.assert_allclose(panel["profit_margin"], margins)
    assert panel["has_accounts"].tolist() == [not np.isnan(m) for m in margins]
    assert len(panel) == 2


def test_has_accounts_needs_both_ratios(industries):
    books = accounts([("a", 2006, 5.0), ("b", 2006, 5.0), ("c", 2006, None)])
    books.loc[1, "value_added"] = -1.0
    panel = build_panel([firms(["a", "b", "c", "d"])], books, 2, industries)
    assert panel["has_accounts"].tolist() == [True, False, False, False]
    assert panel["profit_margin"].notna().tolist() == [True, True, False, False]
    assert panel["has_accounts"].dtype == bool


@pytest.mark.parametrize(
    ("lag", "average", "margin"), [(2, 1, 8), (2, 2, 6), (2, 3, 5), (1, 2, 3.5)]
)
def test_accounts_may_be_averaged_over_the_years_up_to_the_lag(industries, lag, average, margin):
    books = accounts([("a", 2004, 3.0), ("a", 2005, 4.0), ("a", 2006, 8.0)])
    panel = build_panel([firms(["a"])], books, lag, industries, average=average)
    np.testing.assert_allclose(panel["profit_margin"], [margin])
    assert panel["personnel_cost_share"].tolist() == pytest.approx([60])


def test_an_average_needs_every_year(industries):
    books = accounts([("a", 2005, None), ("a", 2006, 8.0), ("b", 2006, 8.0)])
    panel = build_panel([firms(["a", "b"])], books, 2, industries, average=2)
    assert panel["profit_margin"].isna().all()
    assert panel["personnel_cost_share"].notna().tolist() == [True, False]
    assert not panel["has_accounts"].any()


@pytest.mark.parametrize(("lag", "average"), [(2, 4), (0, 2), (2, 0)])
def test_an_average_never_reaches_back_before_the_survey(industries, lag, average):
    books = accounts([("a", 2006, 8.0)])
    with pytest.raises(CisflowError, match=f"set `lag_average` to between 1 and {lag + 1}"):
        build_panel([firms(["a"])], books, lag, industries, average=average)


def test_every_lag_has_columns_of_its_own_year(industries):
    books = accounts([("a", 2004, 3.0), ("a", 2005, 4.0), ("a", 2006, 8.0), ("b", 2009, 5.0)])
    panel = build_panel(
        [firms(["a", "b"])], books, 2, industries, lags=[0, 1, 2, 5], average=2, winsorise=0.01
    )
    assert tuple(panel.columns) == (
        *PANEL_COLUMNS,
        *(lagged(r, k) for k in (0, 1, 2, 5) for r in RATIOS),
    )
    assert panel.loc[0, "profit_margin"] == 6  # the mean of the first and second year
    at = [panel.loc[0, lagged("profit_margin", k)] for k in (0, 1, 2)]
    np.testing.assert_allclose(at, [3, 4, 8])
    assert panel["profit_margin_lag5"].isna().tolist() == [True, False]
    assert panel["has_accounts"].tolist() == [True, False]  # that of the main lag
    assert panel["labour_productivity_lag5"].dtype == float


def test_lags_without_accounts_are_columns_without_values(industries):
    panel = build_panel([firms(["a"])], None, 2, industries, lags=[3])
    assert panel["personnel_cost_share_lag3"].isna().all()


def test_the_sample_flow_says_which_years_accounts_a_firm_lacks(industries):
    books = accounts([("a", 2006, 3.0), ("a", 2007, 4.0), ("b", 2006, 3.0)])
    panel = build_panel([firms(["a", "b"])], books, 2, industries, lags=[3])
    spec = {**TOBIT, "sample": ["has_accounts"], "outcomes": ["profit_margin_lag3"]}
    sample, flow = select_sample(panel, model_of(spec), "CIS4", lag=2)
    assert sample["firm_id"].tolist() == ["a"]
    steps = flow.set_index("restriction")["firms"]
    assert steps["accounts 2 years later"] == 2
    assert steps["complete answers: accounts 3 years later"] == 1


def test_settings_of_the_outcomes_reach_the_panel(industries):
    books = accounts([(f"f{i}", 2006, float(i)) for i in range(101)])
    wave = firms(["f0", "f50", "f100"])
    panel = build_panel([wave], books, 2, industries, winsorise=0.1, deflator={2006: 2.0})
    np.testing.assert_allclose(panel["profit_margin"], [10, 50, 90])
    np.testing.assert_allclose(panel["labour_productivity"], 50 / 2 / 5 / 1000)


def test_constructs_are_made_wave_by_wave(industries):
    cis2 = firms(
        ["a"],
        wave="CIS2",
        year=1996,
        share_improved=[40],
        share_new=[5],
        share_new_firm=[None],
        share_new_market=[None],
    )
    panel = build_panel([cis2, firms(["a"])], None, 2, industries)
    assert panel["incremental"].tolist() == [40, 20]
    assert panel["radical"].tolist() == [5, 10]


def test_duplicates_and_mixed_countries_are_refused_together_without_an_id(industries):
    twice = firms(["secret-1", "secret-1", "b"])
    foreign = firms(["x"], wave="W2", country=["NL"])
    books = accounts([("secret-1", 2006, 1.0), ("secret-1", 2006, 2.0)])
    with pytest.raises(CisflowError) as caught:
        build_panel([twice, foreign], books, 2, industries)
    message = str(caught.value)
    assert len(caught.value.problems) == 3
    assert "wave CIS4, firm_id: 1 row of a firm that is there already" in message
    assert "accounts, firm_id and year: 1 row" in message
    assert "several countries" in message
    assert "secret" not in message


def test_two_waves_of_one_name_and_no_wave_at_all_are_refused(industries):
    with pytest.raises(CisflowError, match="given more than once"):
        build_panel([firms(["a"]), firms(["b"], year=2006)], None, 2, industries)
    with pytest.raises(CisflowError, match="no firm in any wave"):
        build_panel([firms([])], None, 2, industries)


def test_panel_survives_the_file_between_stages(industries, tmp_path):
    panel = build_panel([firms(["a", "b"])], accounts([("a", 2006, 1.0)]), 2, industries)
    panel.to_parquet(tmp_path / "panel.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "panel.parquet"), panel)


# --- attrition ---------------------------------------------------------------------------------


def selective(industries, n=3000, slope=1.0, lost_industry=None):
    """Return a panel in which large firms have accounts more often, by a logit with a slope."""
    rng = np.random.default_rng(20041120)
    size = np.exp(rng.normal(4, 1, n))
    chance = 1 / (1 + np.exp(-slope * (np.log(size) - 4)))
    has = rng.uniform(size=n) < chance
    nace = np.where(rng.uniform(size=n) < 0.5, "15", "29")
    if lost_industry:
        nace[:40], has[:40] = lost_industry, False
    ids = [f"f{i}" for i in range(n)]
    spent = rng.uniform(0, 1e5, n)
    wave = firms(ids, employees=size, nace=nace, group=rng.uniform(size=n) < 0.4, rd_internal=spent)
    kept = accounts([(firm, 2006, 1.0) for firm, there in zip(ids, has, strict=True) if there])
    return build_panel([wave], kept, 2, industries, weigh_attrition=True)


def test_attrition_counts_firms_and_those_with_accounts(industries):
    wave = firms(list("abcd"), employees=[10.0, 60.0, 300.0, None], nace=["15", "15", "29", None])
    shares = list(attrition(build_panel([wave], accounts([("a", 2006, 1.0)]), 2, industries)))
    counts = {share.group: [len(share.firms), len(share.kept)] for share in shares}
    assert counts == {
        "all firms": [4, 1],
        "fewer than 50": [1, 1],
        "50 to 249": [1, 0],
        "250 and more": [1, 0],
        "size unknown": [1, 0],
        "Food, beverages, tobacco": [2, 1],
        "Machinery": [1, 0],
        "industry unknown": [1, 0],
    }
    for by in ("all", "size", "industry"):
        assert sum(len(share.firms) for share in shares if share.by == by) == 4


def test_selective_loss_is_found_and_its_direction_right(industries):
    table = selectivity_of(selective(industries)).set_index("term")
    assert tuple(table.reset_index().columns[1:2]) == ("wave",)
    assert (
        abs(table.loc["log_employees", "estimate"] - 1)
        < 3 * table.loc["log_employees", "std_error"]
    )
    assert table.loc[JOINT, "p_value"] < 1e-10
    assert table.loc[JOINT, "df"] == 4  # size, R&D, group, one of two industries
    assert table["n"].eq(3000).all()


def test_random_loss_is_not_called_selective(industries):
    table = selectivity_of(selective(industries, slope=0.0)).set_index("term")
    assert table.loc[JOINT, "p_value"] > 0.05


def test_weights_restore_the_composition_of_the_survey(industries):
    panel = selective(industries)
    kept = panel[panel["has_accounts"]]
    everyone = panel["log_employees"].mean()
    naive = kept["log_employees"].mean()
    weighted = np.average(kept["log_employees"], weights=kept["accounts_weight"])
    assert naive - everyone > 0.3
    assert abs(weighted - everyone) < 0.05
    assert kept["accounts_weight"].mean() == pytest.approx(1, abs=0.05)
    assert panel.loc[~panel["has_accounts"], "accounts_weight"].isna().all()


def test_each_lag_has_weights_for_its_own_loss(industries):
    ids = [f"f{i}" for i in range(400)]
    size = np.exp(np.linspace(2.5, 6, 400))
    chance = 1 / (1 + np.exp(4.25 - np.log(size)))
    wave = firms(ids, employees=size, rd_internal=np.full(400, 10.0), group=[True, False] * 200)
    rng = np.random.default_rng(1)
    books = accounts(
        [(firm, 2006, 1.0) for firm in ids[::2]]
        + [(f, 2008, 1.0) for f, c in zip(ids, chance, strict=True) if rng.uniform() < c]
    )
    panel = build_panel([wave], books, 2, industries, lags=[2, 4], weigh_attrition=True)
    assert panel["accounts_weight_lag2"].equals(panel["accounts_weight"].rename(None))
    late = panel["profit_margin_lag4"].notna()
    weights = panel["accounts_weight_lag4"]
    assert weights.notna().equals(late)
    weighted = np.average(panel["log_employees"][late], weights=weights[late])
    everyone = panel["log_employees"].mean()
    assert abs(weighted - everyone) < 0.05 < panel["log_employees"][late].mean() - everyone


def test_an_industry_without_any_accounts_is_taken_together_with_others(industries):
    panel = selective(industries, n=1000, lost_industry="20")
    table = selectivity_of(panel)
    assert not table["term"].str.contains("Wood").any()
    assert table["term"].str.contains("other industries").sum() == 0  # separated: no coefficient
    assert panel.loc[panel["has_accounts"], "accounts_weight"].between(0.1, 20).all()


def test_attrition_that_cannot_be_studied_says_why(industries):
    nobody = build_panel([firms(list("abc"))], None, 2, industries, weigh_attrition=True)
    table = selectivity_of(nobody)
    assert tuple(table.columns) == SELECTIVITY_COLUMNS
    assert table["note"].tolist() == ["no firm of the wave has accounts"]
    assert table["estimate"].isna().all()
    assert nobody["accounts_weight"].isna().all()
    books = accounts([("a", 2006, 1.0), ("b", 2006, 1.0)])
    everybody = build_panel([firms(list("ab"))], books, 2, industries, weigh_attrition=True)
    assert everybody["accounts_weight"].tolist() == [1.0, 1.0]


def test_a_model_may_be_weighted_for_the_loss(industries):
    panel = selective(industries, n=300)
    spec = {**TOBIT, "sample": ["has_accounts"], "weights": "accounts_weight"}
    sample, flow = select_sample(panel, model_of(spec), "CIS4", lag=2)
    assert sample["accounts_weight"].notna().all()
    assert flow["restriction"].str.contains("weight for the loss").sum() == 1


def test_weights_that_were_not_estimated_are_not_taken_for_weights_without_values(industries):
    panel = build_panel([firms(["a"])], accounts([("a", 2006, 1.0)]), 2, industries)
    spec = {**TOBIT, "weights": "accounts_weight"}
    with pytest.raises(CisflowError, match="`accounts_weight` was not estimated for this panel"):
        select_sample(panel, model_of(spec), "CIS4", lag=2)


# --- samples -----------------------------------------------------------------------------------


def test_variables_of_a_model_in_its_order():
    spec = {
        **TOBIT,
        "columns": {"x": ["coop_any", "coop_any:rd_intensity", "C(section)"]},
        "covariance": ["HC1", {"cluster": "industry"}],
        "weights": "weight",
    }
    regressors = ["coop_any", "rd_intensity", "section", "log_employees", "group"]
    assert variables_of(model_of(spec)) == [
        "incremental",
        "radical",
        *regressors,
        "industry",
        "weight",
    ]
    path = {"equations": {"m": ["d", "i"], "i": ["d"]}, "controls": ["d:g"]}
    assert variables_of(model_of(path)) == ["m", "d", "i", "g"]


def test_flow_tells_restrictions_missing_and_filtered_apart(industries):
    wave = firms(
        list("abcdefgh"),
        manufacturing=[True] * 6 + [False, None],
        innovation_active=[True] * 5 + [False, True, True],
        share_new_market=[10, 10, None, None, 10, 10, 10, 10],
        asked_shares=[True, True, True, False, True, True, True, True],
        coop_any=[True, False, True, True, None, True, True, True],
    )
    panel = build_panel([wave], None, 2, industries)
    sample, _ = select_sample(panel, model_of(TOBIT), "CIS4", lag=2)
    flow = flow_of(panel)
    assert sample["firm_id"].tolist() == ["a", "b"]
    counts = flow[["firms", "lost", "lost_missing", "lost_filtered"]]
    assert counts.to_dict(orient="index") == {
        EVERYONE: {"firms": 8, "lost": 0, "lost_missing": 0, "lost_filtered": 0},
        "manufacturing": {"firms": 6, "lost": 2, "lost_missing": 1, "lost_filtered": 0},
        "innovation-active": {"firms": 5, "lost": 1, "lost_missing": 0, "lost_filtered": 0},
        "asked about turnover from new products": {
            "firms": 4,
            "lost": 1,
            "lost_missing": 0,
            "lost_filtered": 1,
        },
        "complete answers: turnover from new products": {
            "firms": 3,
            "lost": 1,
            "lost_missing": 1,
            "lost_filtered": 0,
        },
        "complete answers: cooperation partners": {
            "firms": 2,
            "lost": 1,
            "lost_missing": 1,
            "lost_filtered": 0,
        },
        "complete answers: number of employees": {
            "firms": 2,
            "lost": 0,
            "lost_missing": 0,
            "lost_filtered": 0,
        },
        "complete answers: enterprise group": {
            "firms": 2,
            "lost": 0,
            "lost_missing": 0,
            "lost_filtered": 0,
        },
    }


def test_zero_is_an_answer(industries):
    wave = firms(["a", "b"], share_new_market=[0, 10], rd_internal=[0, None])
    panel = build_panel([wave], None, 2, industries)
    spec = {**TOBIT, "controls": ["rd_intensity"]}
    sample, _ = select_sample(panel, model_of(spec), "CIS4", lag=2)
    assert sample["firm_id"].tolist() == ["a"]


def test_partner_answers_that_a_cooperator_left_blank_are_missing_not_filtered(industries):
    wave = firms(
        ["a", "b", "c"],
        coop_any=[True, True, False],
        coop_suppliers_domestic=[True, None, None],
        asked_partners=[True, True, False],
    )
    panel = build_panel([wave], None, 2, industries)
    flow = flow_of(panel, {**TOBIT, "columns": {"partners": ["coop_suppliers"]}})
    step = flow.loc["complete answers: cooperation partners"]
    assert step[["firms", "lost_missing", "lost_filtered"]].tolist() == [2, 1, 0]


def test_variable_the_questionnaire_lacks_costs_no_firm(industries):
    wave = firms(["a", "b"], share_new_market=[None, None])
    panel = build_panel([wave], None, 2, industries)
    sample, flow = select_sample(panel, model_of(TOBIT), "CIS4", lag=2)
    assert len(sample) == 2
    assert sample["radical"].isna().all()
    assert flow["firms"].iloc[-1] == 2


@pytest.mark.parametrize(
    ("lag", "words"), [(0, "in the same year"), (1, "1 year later"), (5, "5 years later")]
)
def test_sample_that_runs_dry_says_where(industries, lag, words):
    panel = build_panel([firms(["a", "b"])], None, lag, industries)
    spec = {**TOBIT, "sample": ["manufacturing", "has_accounts"]}
    sample, flow = select_sample(panel, model_of(spec), "CIS4", lag=lag)
    assert len(sample) == 0
    dry = flow[flow["firms"] == 0].iloc[0]
    assert dry["restriction"] == f"accounts {words}"
    assert flow["lost"].sum() == 2


def test_unknown_variables_and_flags_are_refused_with_the_nearest_name(industries):
    panel = build_panel([firms(["a"])], None, 2, industries)
    spec = {**TOBIT, "sample": ["manufacturng", "employees"], "controls": ["log_employes"]}
    with pytest.raises(CisflowError) as caught:
        select_sample(panel, model_of(spec), "CIS4", lag=2)
    message = str(caught.value)
    assert "did you mean `manufacturing`" in message
    assert "did you mean `log_employees`" in message
    assert "`employees` is not a yes/no variable" in message


def test_sample_flow_covers_every_model_and_wave_it_is_meant_for(industries, models):
    waves = [firms(["a", "b"], wave="CIS2", year=1996), firms(["b", "c"])]
    panel = build_panel(waves, accounts([("b", 2006, 1.0)]), 2, industries)
    chosen = {
        "faems2005": models["faems2005"].model_copy(update={"waves": ("CIS4",)}),
        "faems2010_direct": models["faems2010_direct"],
    }
    gate = gate_of(panel, 1)
    samples = list(samples_of(gate.panel, chosen, 2))
    for sample in samples:
        note_sample(gate, sample)
    flow = told_flow(gate, samples, "BE", "sample")
    assert tuple(flow.columns) == FLOW.columns
    pairs = flow[["model", "wave"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [
        ["faems2005", "CIS4"],
        ["faems2010_direct", "CIS2"],
        ["faems2010_direct", "CIS4"],
    ]
    assert set(flow["country"]) == {"BE"}
    for (model, wave), steps in flow.groupby(["model", "wave"]):
        sample, _ = select_sample(panel, chosen[model], wave, lag=2)
        assert steps["firms"].iloc[-1] == len(sample)


NULLABLE = st.sampled_from([True, True, False, None])


@settings(max_examples=40)
@given(st.lists(st.tuples(NULLABLE, NULLABLE, NULLABLE, st.booleans()), min_size=1, max_size=12))
def test_flow_always_adds_up(industries, answers):
    makes, active, coop, asked = (list(column) for column in zip(*answers, strict=True))
    wave = firms(
        [f"f{i}" for i in range(len(answers))],
        manufacturing=makes,
        innovation_active=active,
        coop_any=[c if a else None for c, a in zip(coop, asked, strict=True)],
        asked_cooperation=asked,
    )
    panel = build_panel([wave], None, 2, industries)
    sample, flow = select_sample(panel, model_of(TOBIT), "CIS4", lag=2)
    assert flow["firms"].iloc[0] == len(answers)
    assert (flow["firms"].shift().iloc[1:] - flow["lost"].iloc[1:] == flow["firms"].iloc[1:]).all()
    assert flow["firms"].iloc[-1] == len(sample)
    assert (flow["lost_missing"] + flow["lost_filtered"] <= flow["lost"]).all()
    listwise = flow[flow["restriction"].str.startswith(("asked", "complete"))]
    assert (listwise["lost_missing"] + listwise["lost_filtered"] == listwise["lost"]).all()
    by_hand = [
        m and i and (c is not None and a)
        for m, i, c, a in zip(makes, active, coop, asked, strict=True)
    ]
    measured = any(c is not None and a for c, a in zip(coop, asked, strict=True))
    expected = (
        sum(map(bool, by_hand))
        if measured
        else sum(bool(m and i) for m, i in zip(makes, active, strict=True))
    )
    assert len(sample) == expected


@pytest.mark.slow
def test_nigerian_samples_agree_with_a_count_on_the_file(shared_path, root, industries, models):
    from cisflow.study.codebook_files import load_codebook
    from cisflow.survey.ingest import ingest_wave

    path = shared_path("data/nigeria/nigeria-innovation.csv")
    raw = pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    raw = raw.apply(lambda column: column.str.strip())
    waves = [
        ingest_wave(
            path,
            load_codebook(f"national/ng{wave}", [root / "config/codebooks"]),
            country="NG",
            wave=wave,
            name="Nigeria",
        )[0]
        for wave in ("2007", "2010")
    ]
    panel = build_panel(waves, None, 2, industries)
    active = ["iprod1", "iprod2", "iproc1", "iproc2", "iproc3", "abandoned_iact", "ongoing_iact"]
    for wave, year in (("2007", "2008"), ("2010", "2011")):
        rows = raw[(raw["year"] == year)]
        makers = rows[pd.to_numeric(rows["sector"]).between(15, 37)]
        innovators = makers[makers[active].eq("1").any(axis=1)]
        firms_left = select_sample(panel, models["faems2005"], wave, lag=2)[1]["firms"].tolist()
        assert firms_left[:3] == [len(rows), len(makers), len(innovators)]
        food = panel[(panel["wave"] == wave) & (panel["industry"] == "Food, beverages, tobacco")]
        assert len(food) == rows["sector"].isin(["15", "16"]).sum()
