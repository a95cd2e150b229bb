"""Research variables: definitions by hand, and the three states of an answer kept apart."""

import math

import numpy as np
import pandas as pd
import pytest
import small_survey
from hypothesis import given, settings
from hypothesis import strategies as st

from cisflow.base.documents import read_yaml, validated
from cisflow.base.problems import CisflowError
from cisflow.panel import constructs, indicators
from cisflow.panel.constructs import CONSTRUCTS, add_constructs
from cisflow.panel.ratios import account_ratios
from cisflow.study.canonical import ASKED, FIRM_COLUMNS, PARTNERS, PLACES
from cisflow.study.codebook_files import load_codebook
from cisflow.survey import activities as nace
from cisflow.survey.ingest import ingest_wave
from cisflow.survey.schema import dtype_of

EMPTY = {
    "revision_2_from": 2008,
    "groups": [],
    "technology": {"levels": {}},
}
YES_NO_NULL = st.sampled_from([True, False, None])


def firms(n=1, **columns):
    """Return firm records of one wave in canonical types; what is not given is null, all asked."""
    base = {name: [None] * n for name in FIRM_COLUMNS}
    base |= {"country": ["XX"] * n, "wave": ["W"] * n, "reference_year": [2004] * n}
    base |= {"firm_id": [f"f{i}" for i in range(n)], "weight": [1.0] * n}
    base |= {name: [True] * n for name in ASKED}
    return pd.DataFrame(
        {name: pd.array(v, dtype=dtype_of(name)) for name, v in {**base, **columns}.items()}
    )


def portfolio(coop_any, cells=None, n=None):
    """Return firms whose partner cells are no (null without cooperation) except those given."""
    n = n or len(coop_any)
    grid = {
        f"coop_{p}_{place}": [False if c is True else None for c in coop_any]
        for p in PARTNERS
        for place in PLACES
    }
    return firms(n, coop_any=coop_any, **{**grid, **(cells or {})})


@pytest.fixture(scope="module")
def industries(root):
    return read_yaml(root / "config/nace.yaml")


def value(frame, name, row=0):
    return constructs.CONSTRUCTS[name].function(frame).iloc[row]


# --- cooperation -------------------------------------------------------------------------------


def test_partner_type_is_one_of_both_places(industries):
    frame = portfolio(
        [True, True, True],
        {
            "coop_suppliers_domestic": [True, False, False],
            "coop_suppliers_foreign": [False, True, False],
        },
    )
    assert add_constructs(frame, industries)["coop_suppliers"].tolist() == [True, True, False]


def test_no_cooperation_is_no_and_filtered_or_missing_stay_null(industries):
    frame = portfolio([True, False, None, None], {"coop_clients_foreign": [True, None, None, None]})
    frame.loc[3, "asked_cooperation"] = False
    made = add_constructs(frame, industries)
    for name in ("coop_clients", "coop_exploitative"):
        assert made[name].tolist() == [True, False, pd.NA, pd.NA]
        assert made[name].dtype == "boolean"
    assert made["coop_universities"].tolist() == [False, False, pd.NA, pd.NA]
    for name, no in (("diversity", 0.0), ("diversity_blau", 0.0)):
        assert made[name].iloc[1] == no
        assert made[name].iloc[2:].isna().all()


def test_yes_beside_an_unanswered_cell_is_yes_but_no_beside_it_is_unknown(industries):
    frame = portfolio(
        [True, True],
        {
            "coop_suppliers_domestic": [True, False],
            "coop_suppliers_foreign": [None, None],
            "coop_clients_foreign": [False, True],
        },
    )
    frame.loc[:, "coop_suppliers_foreign"] = pd.array([None, None], dtype="boolean")
    # One firm of the wave answered the cell: it is in the questionnaire.
    frame = pd.concat([frame, portfolio([True])], ignore_index=True)
    made = add_constructs(frame, industries)
    assert made["coop_suppliers"].tolist() == [True, pd.NA, False]
    assert made["coop_exploitative"].tolist() == [True, True, False]
    assert math.isnan(made["diversity"].iloc[1])


def test_partner_type_that_was_not_asked_is_null_and_does_not_make_others_null(industries):
    frame = portfolio(
        [True, False],
        {
            "coop_clients_domestic": [None, None],
            "coop_clients_foreign": [None, None],
            "coop_suppliers_domestic": [True, None],
        },
    )
    made = add_constructs(frame, industries)
    assert made["coop_clients"].isna().all()
    assert made["coop_exploitative"].tolist() == [True, False]
    assert made["diversity"].tolist() == [1.0, 0.0]


def test_questionnaire_without_the_place_of_partners(industries):
    cells = {f"coop_{p}_foreign": [None, None] for p in PARTNERS}
    frame = portfolio([True, True], {**cells, "coop_group_domestic": [True, False]})
    made = add_constructs(frame, industries)
    assert made["coop_group"].tolist() == [True, False]
    assert made["diversity"].tolist() == [1.0, 0.0]


@settings(max_examples=40)
@given(st.lists(st.booleans(), min_size=14, max_size=14))
def test_diversity_counts_types_and_blau_follows_the_ties(ticks):
    cells = [f"coop_{p}_{place}" for p in PARTNERS for place in PLACES]
    frame = portfolio([True], {c: [t] for c, t in zip(cells, ticks, strict=True)})
    for partner in PARTNERS:
        frame[f"coop_{partner}"] = indicators.partner_type(frame, partner)
    ties = np.array(ticks).reshape(7, 2).sum(axis=1)
    assert value(frame, "diversity") == (ties > 0).sum()
    expected = 1 - ((ties / ties.sum()) ** 2).sum() if ties.sum() else 0
    assert value(frame, "diversity_blau") == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60)
@given(st.lists(st.tuples(YES_NO_NULL, YES_NO_NULL, YES_NO_NULL), min_size=1, max_size=6))
def test_partner_type_never_turns_unknown_into_no(answers):
    coop, home, away = (list(column) for column in zip(*answers, strict=True))
    frame = portfolio(
        coop, {"coop_group_domestic": home, "coop_group_foreign": away}, n=len(answers)
    )
    asked = [c for c in (home, away) if any(x is not None for x in c)]
    made = indicators.partner_type(frame, "group").tolist()
    for i, (any_, result) in enumerate(zip(coop, made, strict=True)):
        cells = [column[i] for column in asked]
        if not asked:
            assert result is pd.NA
        elif any_ is False or (cells and all(c is False for c in cells)):
            assert result is False
        elif True in cells:
            assert result is True
        else:
            assert result is pd.NA


# --- innovation --------------------------------------------------------------------------------


def test_wave_decides_by_its_columns_what_is_incremental_and_radical(industries):
    cis2 = firms(2, share_improved=[30, 0], share_new=[10, None], share_unchanged=[60, None])
    cis4 = firms(2, share_new_firm=[25, 5], share_new_market=[0, 15])
    assert add_constructs(cis2, industries)["incremental"].tolist() == [30, 0]
    made = add_constructs(cis4, industries)
    assert made["incremental"].tolist() == [25, 5]
    assert made["radical"].tolist() == [0, 15]
    assert made["innovation_strength"].tolist() == [25, 20]


def test_innovation_strength_needs_both_shares(industries):
    frame = firms(2, share_improved=[30, 0], share_new=[10, None])
    made = add_constructs(frame, industries)
    assert made["innovation_strength"].iloc[0] == 40
    assert math.isnan(made["innovation_strength"].iloc[1])


def test_shares_that_make_more_than_the_whole_are_no_answer(industries):
    frame = firms(4, share_new_firm=[60, 60, 60.4, 90], share_new_market=[40, 80, 40, None])
    made = add_constructs(frame, industries)["innovation_strength"]
    np.testing.assert_equal(made.to_numpy(), [100, np.nan, 100, np.nan])


def test_firms_not_asked_for_want_of_a_new_product_count_with_zero(industries):
    product = [True, True, False, False, None, None]
    asked = [True, True, False, True, False, True]  # the fourth was asked although it said no
    share = [30, None, None, None, None, 5]
    made = add_constructs(
        firms(6, product_innovation=product, asked_shares=asked, share_new_firm=share), industries
    )
    # An answer that is missing stays missing, and so does what an unknown filter hides.
    np.testing.assert_equal(made["incremental_all"].to_numpy(), [30, np.nan, 0, *[np.nan] * 2, 5])
    np.testing.assert_equal(made["incremental"].to_numpy(), [30, *[np.nan] * 4, 5])


def test_a_share_the_wave_does_not_ask_is_not_zero(industries):
    made = add_constructs(
        firms(2, product_innovation=[False, True], asked_shares=[False, True]), industries
    )
    assert made[["incremental_all", "radical_all", "innovation_strength_all"]].isna().all(axis=None)


def test_wave_without_the_question_has_null_shares(industries):
    made = add_constructs(firms(3), industries)
    assert made[["incremental", "radical", "innovation_strength"]].isna().all(axis=None)


def test_rd_intensity_takes_no_answer_for_zero_but_not_a_question_that_was_not_put():
    frame = firms(
        5,
        rd_internal=[10, 10, 0, None, 10],
        rd_external=[5, None, None, 5, 5],
        turnover=[200, 200, 200, 200, 0],
    )
    rd_intensity = CONSTRUCTS["rd_intensity"].function
    assert rd_intensity(frame).iloc[0] == 7.5
    assert rd_intensity(frame).iloc[1:].isna().all()
    assert rd_intensity(frame.assign(rd_external=None)).tolist()[:3] == [5.0, 5.0, 0.0]
    assert CONSTRUCTS["internal_investment"].function(frame).tolist()[:3] == [5.0, 5.0, 0.0]
    assert CONSTRUCTS["internal_investment"].function(frame).iloc[3:].isna().all()


def test_protection_counts_the_formal_means_the_wave_asks_for():
    cis2 = firms(3, protect_patent=[True, False, None], protect_secrecy=[True, True, True])
    assert CONSTRUCTS["protection"].function(cis2).tolist()[:2] == [1.0, 0.0]
    assert math.isnan(value(cis2, "protection", 2))
    cis4 = firms(
        2,
        protect_patent=[True, True],
        protect_design=[True, False],
        protect_trademark=[True, None],
        protect_copyright=[True, True],
    )
    assert value(cis4, "protection", 0) == 4
    assert math.isnan(value(cis4, "protection", 1))


def test_informal_means_are_counted_apart():
    frame = firms(3, protect_secrecy=[True, False, None], protect_lead_time=[True, False, True])
    frame = frame.assign(protect_patent=pd.array([True] * 3, dtype="boolean"))
    assert CONSTRUCTS["informal_protection"].function(frame).tolist()[:2] == [2.0, 0.0]
    assert math.isnan(value(frame, "informal_protection", 2))
    assert CONSTRUCTS["informal_protection"].function(firms(2)).isna().all()


def test_breadth_of_search_counts_sources_outside_at_any_importance():
    frame = firms(
        3,
        source_internal=[3, 3, 3],
        source_suppliers=[1, 0, 2],
        source_clients=[3, 0, None],
    )
    assert CONSTRUCTS["search_breadth"].function(frame).tolist()[:2] == [2.0, 0.0]
    assert math.isnan(value(frame, "search_breadth", 2))


def test_spending_is_yes_no_or_unknown():
    frame = firms(4, rd_internal=[5, 0, None, 1], rd_external=[0, 1, 1, None])
    assert CONSTRUCTS["own_rd"].function(frame).tolist() == [True, False, pd.NA, True]
    assert CONSTRUCTS["bought_rd"].function(frame).tolist() == [False, True, True, pd.NA]
    assert CONSTRUCTS["bought_knowledge"].function(frame).isna().all()


def test_where_knowledge_comes_from(industries):
    frame = portfolio([True, False, True, False, False, None, None])
    frame["rd_internal"] = pd.array([1, 1, 0, 0, 0, 0, 1], dtype="float64")
    frame["rd_external"] = pd.array([0, 0, 0, 2, 0, 3, 0], dtype="float64")
    assert add_constructs(frame, industries)["knowledge_strategy"].tolist() == [
        "both",
        "inside only",
        "outside only",
        "outside only",
        "neither",
        "outside only",  # whether it cooperates or not
        pd.NA,
    ]


def test_places_of_partners(industries):
    frame = portfolio(
        [True, True, True, False, True, None],
        {
            "coop_suppliers_domestic": [True, True, False, None, False, None],
            "coop_clients_foreign": [False, True, True, None, None, None],
        },
    )
    made = add_constructs(frame, industries)
    assert made["coop_domestic"].tolist() == [True, True, False, False, False, pd.NA]
    assert made["coop_foreign"].tolist() == [False, True, True, False, pd.NA, pd.NA]
    assert made["coop_only_domestic"].tolist() == [True, False, False, False, False, pd.NA]


# --- firms and accounts ------------------------------------------------------------------------


def test_size_classes_of_the_eu():
    frame = firms(
        6, employees=[9, 10, 50, 250, None, None], size_class=[None] * 4 + ["250+", "10+"]
    )
    assert CONSTRUCTS["eu_size"].function(frame).tolist() == [
        *("micro", "small", "medium", "large", "large"),
        pd.NA,
    ]
    assert CONSTRUCTS["large"].function(frame).tolist() == [*[False] * 3, True, True, pd.NA]


def test_size_and_its_unknowns():
    frame = firms(4, employees=[49, 50, 0, None])
    assert CONSTRUCTS["small"].function(frame).tolist() == [True, False, True, pd.NA]
    classes = ["250+", "10-49", "10-49", "10-249"]  # a number, where there is one, comes first
    by_class = firms(4, employees=[49, None, None, None], size_class=classes)
    assert CONSTRUCTS["small"].function(by_class).tolist() == [True, True, True, pd.NA]
    logs = CONSTRUCTS["log_employees"].function(frame)
    assert logs.iloc[1] == pytest.approx(math.log(50))
    assert logs.iloc[2:].isna().all()


def test_account_ratios_need_a_positive_denominator():
    accounts = pd.DataFrame(
        {
            "firm_id": list("abcd"),
            "year": [2006] * 4,
            "turnover": [100.0, 100.0, 0.0, -5.0],
            "value_added": [40.0, -1.0, 0.0, 20.0],
            "personnel_costs": [30.0, 30.0, 30.0, 30.0],
            "profit_before_tax": [-5.0, 0.0, 5.0, 5.0],
            "total_assets": [50.0, 0.0, -1.0, None],
            "employees": [8.0, 8.0, 8.0, 0.0],
        }
    )
    ratios = account_ratios(accounts)
    assert ratios["return_on_assets"].iloc[0] == -10
    assert ratios["return_on_assets"].iloc[1:].isna().all()
    assert ratios["labour_productivity"].iloc[0] == 0.005  # 5 a head, in thousands
    assert ratios["labour_productivity"].iloc[1:].isna().all()
    assert ratios["profit_margin"].tolist()[:2] == [-5, 0]
    assert ratios["profit_margin"].iloc[2:].isna().all()
    assert ratios["personnel_cost_share"].iloc[0] == 75
    assert ratios["personnel_cost_share"].iloc[1:3].isna().all()
    assert ratios["personnel_cost_share"].iloc[3] == 150


def books(n=100, year=2006):
    """Return accounts of n firms whose profit is 1 to n, turnover and assets 100, five staff."""
    frame = pd.DataFrame({"firm_id": [f"f{i}" for i in range(n)], "year": year})
    profit = np.arange(1.0, n + 1)
    return frame.assign(
        turnover=100.0,
        value_added=5000.0,
        personnel_costs=50.0,
        profit_before_tax=profit,
        total_assets=100.0,
        employees=5.0,
    )


def test_winsorising_sets_each_years_tails_to_its_own_percentiles():
    both = pd.concat([books(101), books(11, 2007)], ignore_index=True)
    raw, drawn_in = account_ratios(both), account_ratios(both, winsorise=0.1)
    in_2006 = drawn_in["year"] == 2006
    assert drawn_in.loc[in_2006, "profit_margin"].agg(["min", "max"]).tolist() == [11, 91]
    assert drawn_in.loc[~in_2006, "profit_margin"].agg(["min", "max"]).tolist() == [2, 10]
    inner = raw["profit_margin"].between(11, 91) & in_2006
    assert (raw.loc[inner, "profit_margin"] == drawn_in.loc[inner, "profit_margin"]).all()
    assert drawn_in["firm_id"].equals(raw["firm_id"])


def test_winsorising_leaves_what_is_unknown_unknown():
    frame = books(20)
    frame.loc[3, "profit_before_tax"] = None
    assert account_ratios(frame, winsorise=0.05)["profit_margin"].isna().sum() == 1


def test_a_deflator_changes_productivity_and_no_other_ratio():
    both = pd.concat([books(3), books(3, 2007)], ignore_index=True)
    nominal, real = account_ratios(both), account_ratios(both, deflator={2006: 1.0, 2007: 1.25})
    assert nominal["labour_productivity"].tolist() == [1.0] * 6
    assert real["labour_productivity"].tolist() == [1.0] * 3 + [0.8] * 3
    for name in ("profit_margin", "personnel_cost_share", "return_on_assets"):
        np.testing.assert_allclose(real[name], nominal[name])


def test_a_year_without_a_price_level_is_refused():
    with pytest.raises(CisflowError, match="no index for 2006, of which there are accounts"):
        account_ratios(books(3), deflator={2007: 1.0})


def test_a_deflator_is_read_relative_to_its_base_year(tmp_path):
    from cisflow.survey.accounts.deflator import read_deflator

    (tmp_path / "prices.csv").write_text("Year;Index\n2005;80\n2006;100\n2007;125\n")
    assert read_deflator(tmp_path / "prices.csv", 2006) == {2005: 0.8, 2006: 1.0, 2007: 1.25}


# --- industries --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "section", "year", "expected"),
    [
        ("15", "D", 2004, "Food, beverages, tobacco"),
        ("15.11", "D", 2004, "Food, beverages, tobacco"),
        ("DA15", "D", 2004, "Food, beverages, tobacco"),
        ("C10-C12", "C", 2012, "Food, beverages, tobacco"),
        ("15_16", "D", 2004, "Food, beverages, tobacco"),
        ("C25T28", "C", 2012, None),  # spans metal products, electronics and machinery
        ("35", "D", 2004, "Transport equipment"),
        ("24", "C", 2012, "Basic metals"),
        ("24", "D", 2004, "Chemicals, pharmaceuticals, petroleum"),
        ("24", "D", 2010, "Chemicals, pharmaceuticals, petroleum"),  # Rev. 1.1 used after 2008
        ("24", None, 2010, "Basic metals"),
        ("24", None, 2004, "Chemicals, pharmaceuticals, petroleum"),
        ("3", None, 2004, None),
        (None, None, 2004, None),
    ],
)
def test_industry_of_codes_as_surveys_write_them(industries, code, section, year, expected):
    # A firm of textiles (division 17 or 13) tells the revision where a single code cannot.
    sibling = ("17", "D") if section == "D" else ("13", "C") if section == "C" else (None, None)
    frame = firms(
        2, nace=[code, sibling[0]], section=[section, sibling[1]], reference_year=[year] * 2
    )
    found = nace.industry(frame, industries).iloc[0]
    assert (None if found is pd.NA else found) == expected


def test_every_division_of_manufacturing_has_one_industry_and_they_are_no_services(industries):
    from cisflow.survey.activities import section

    for revision, manufacturing in (("1.1", "D"), ("2", "C")):
        groups = nace.division_groups(industries, revision)
        makers = {d for d in range(1, 100) if section(f"{d:02d}", revision) == manufacturing}
        assert makers <= set(groups)
        others = {groups[d] for d in groups if d not in makers}
        assert not {groups[d] for d in makers} & others
        assert 12 <= len({groups[d] for d in makers}) <= 20


def test_division_in_two_groups_is_refused(industries):
    twice = {**industries, "groups": [*industries["groups"][:1], *industries["groups"][:1]]}
    with pytest.raises(CisflowError, match=r"division 15 is in two groups"):
        nace.division_groups(twice, "1.1")


@pytest.mark.parametrize(
    ("code", "section", "level"),
    [
        ("30", "D", "high"),
        ("33.1", "D", "high"),
        ("24", "D", "medium-high"),  # chemicals in Rev. 1.1 …
        ("24", "C", "medium-low"),  # … and basic metals in Rev. 2
        ("21", "C", "high"),
        ("21", "D", "low"),
        ("C10-C12", "C", "low"),
        ("20_21", "C", None),  # chemicals and pharmaceuticals: two levels
        ("30-32", "D", None),  # both ends are high, 31 between them is not
        ("31-33", "C", None),
        ("72", "K", None),
        (None, None, None),
    ],
)
def test_technology_level_of_an_industry(industries, code, section, level):
    sibling = ("17", "D") if section in ("D", "K") else ("25", "C")
    frame = firms(2, nace=[code, sibling[0]], section=[section, sibling[1]])
    made = add_constructs(frame, industries)
    assert made["technology"].fillna("").iloc[0] == (level or "")
    high = made["high_tech"].iloc[0]
    assert high is pd.NA if level is None else high == (level in ("high", "medium-high"))


def test_every_division_of_manufacturing_has_one_technology_level(industries):
    for revision, (first, last) in {"1.1": (15, 37), "2": (10, 33)}.items():
        levels = [d[revision] for d in industries["technology"]["levels"].values()]
        assert sorted(n for level in levels for n in level) == list(range(first, last + 1))


def test_industry_file_fits_its_schema_and_typos_do_not(root, industries):
    schema = root / "workflow/schemas/nace.schema.yaml"
    assert validated(industries, schema, "nace.yaml")["groups"] == industries["groups"]
    typo = {**industries, "groups": [{"lable": "Food", "divisions": {"1.1": [15]}}]}
    with pytest.raises(CisflowError, match="did you mean `label`"):
        validated(typo, schema, "nace.yaml")


# --- breadth, support, peers -------------------------------------------------------------------


def test_breadth_of_a_portfolio():
    types = ["suppliers", "clients", "universities"]
    cells = {f"coop_{p}_domestic": [True, None, None] for p in types[:2]}
    frame = portfolio([True, False, None], cells)
    made = add_constructs(frame, EMPTY)
    assert made["partners_2_or_more"].tolist() == [True, False, pd.NA]
    assert made["partners_3_or_more"].tolist() == [False, False, pd.NA]
    assert made["partners_7_or_more"].tolist() == [False, False, pd.NA]


def test_no_portfolio_is_wider_than_the_questionnaire():
    frame = portfolio([True, False])
    for place in PLACES:  # six types are asked
        frame[f"coop_competitors_{place}"] = pd.array([None, None], dtype="boolean")
    made = add_constructs(frame, EMPTY)
    assert made["partners_6_or_more"].notna().all()
    assert made["partners_7_or_more"].isna().all()


def test_public_support_of_any_kind():
    frame = firms(4, fund_local=[True, False, False, None], fund_eu=[False, False, None, True])
    assert value(frame, "public_funding", 0)
    assert not value(frame, "public_funding", 1)
    assert value(frame, "public_funding", 2) is pd.NA
    assert value(frame, "public_funding", 3)


def test_peers_are_the_others_of_an_industry(industries):
    frame = firms(
        6,
        nace=["15", "15", "15", "15", "29", None],
        coop_any=[True, False, False, None, True, True],
    )
    peers = add_constructs(frame, industries)["peer_cooperation"]
    # The fourth did not answer: nobody's peer, but it has three; the fifth has none.
    np.testing.assert_allclose(peers, [0, 1 / 2, 1 / 2, 1 / 3, np.nan, np.nan])


def test_peers_are_of_the_region_where_the_wave_tells_it(industries):
    frame = firms(
        5,
        nace=["15"] * 5,
        region=["BE21", "BE21", "BE22", "BE22", None],
        coop_any=[True, False, True, True, True],
    )
    peers = add_constructs(frame, industries)["peer_cooperation"]
    np.testing.assert_allclose(peers, [0, 1, 1, 1, np.nan])


def test_diversity_of_peers_is_a_mean_over_the_others():
    frame = firms(3).assign(industry="a", diversity=[0.0, 3.0, 6.0])
    assert value(frame, "peer_diversity", 0) == 4.5
    assert value(frame, "peer_diversity", 2) == 1.5


def test_region_is_read_as_text_where_a_codebook_maps_it(tmp_path, root):
    codebook = small_survey.CODEBOOK + "  region: {name: NUTS}\n"
    folders = small_survey.codebook_folders(tmp_path, root, codebook)
    raw = small_survey.firms().assign(NUTS=["021", "021", "022", "", "021", "022"])
    raw.to_csv(tmp_path / "small.csv", index=False)
    clean, quality = ingest_wave(
        tmp_path / "small.csv", load_codebook("small", folders), "BE", "CIS4"
    )
    assert clean["region"].tolist() == ["021", "021", "022", pd.NA, "021", "022"]
    assert quality["variables"]["region"]["missing"] == 1


# --- the registry ------------------------------------------------------------------------------


def test_every_construct_is_made_and_none_changes_its_input(industries):
    frame = portfolio([True, False, None])
    before = frame.copy(deep=True)
    made = add_constructs(frame, industries)
    pd.testing.assert_frame_equal(frame, before)
    from_survey = [n for n, c in CONSTRUCTS.items() if c.table != "accounts"]
    assert list(made.columns) == [*FIRM_COLUMNS, *from_survey]
    kinds = {name: str(made[name].dtype) for name in from_survey}
    yes_no = {n for n in kinds if n.startswith(("coop_", "partners_"))}
    yes_no |= {"small", "large", "high_tech", "public_funding"}
    yes_no |= {"own_rd", "bought_rd", "bought_knowledge"}
    expected = {n: "boolean" if n in yes_no else "float64" for n in kinds}
    classes = ("industry", "technology", "eu_size", "knowledge_strategy")
    expected |= dict.fromkeys(classes, "string")
    assert kinds == expected


def test_definitions_are_sentences():
    for name, construct in CONSTRUCTS.items():
        assert construct.definition.endswith("."), name
        assert construct.label, name
        assert construct.function.__doc__, name
