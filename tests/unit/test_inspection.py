"""What `cisflow inspect` says of a file, and what it never says."""

import json
import sys
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from small_survey import firms
from unseen_survey import survey, write

from cisflow.codings import degree_coding, flag_coding, profile
from cisflow.errors import CisflowError
from cisflow.inspection import candidates, inspect_file, look, money_unit, rank
from cisflow.legends import read_legend
from cisflow.matching import match, near
from cisflow.vocabulary import likeness, load_words, question


@pytest.fixture(scope="module")
def words(root):
    return load_words(root, "Nigeria")


@pytest.fixture(scope="module")
def unseen(tmp_path_factory, root):
    """The record of a survey that no codebook knows."""
    extract, _ = write(tmp_path_factory.mktemp("unseen"))
    return inspect_file(extract, root)


def _names(codes):
    return dict.fromkeys(codes, 5)


@pytest.mark.parametrize(
    ("codes", "meanings", "expected"),
    [
        (["0", "1"], None, {"0": False, "1": True}),
        (["1", "2"], None, {"1": True, "2": False}),
        (["1", "2"], {"1": "No", "2": "Yes"}, {"1": False, "2": True}),
        (["Yes", "No", "Don't know"], None, {"Yes": True, "No": False}),
        (["ja", "nein"], None, {"ja": True, "nein": False}),
        (["0", "1", "9"], None, {"0": False, "1": True}),
    ],
)
def test_yes_and_no_are_recognised(words, codes, meanings, expected):
    assert dict(flag_coding(_names(codes), words, meanings).codes) == expected


@pytest.mark.parametrize("codes", [["0", "1", "2"], ["red", "green"], ["3", "4"], ["Yes", "Maybe"]])
def test_other_codes_are_no_yes_and_no(words, codes):
    assert flag_coding(_names(codes), words) is None


def test_what_stands_for_no_answer_is_kept_apart(words):
    assert flag_coding(_names(["0", "1", "9"]), words).missing == ("9",)
    assert flag_coding(_names(["Yes", "No", "Don't know"]), words).missing == ("Don't know",)
    assert flag_coding(_names(["1", "2"]), words).assumed == "1 is taken for yes and 2 for no"


def test_degrees_of_importance(words):
    said = degree_coding(_names(["Not important", "Low", "Medium", "High"]), words)
    assert dict(said.codes) == {"Not important": 0, "Low": 1, "Medium": 2, "High": 3}
    assert degree_coding(_names(["1", "2", "3", "4", "5"]), words) is None  # nobody says which is 0


def test_a_column_is_told_by_what_its_values_are(words):
    def seen(values):
        return profile("x", "", pd.Series(values, dtype="string"), words)

    assert seen(["0.25", "0.5", "1", None]).within == "0-1"
    assert seen(["0", "1", "1"]).within == "0-100"
    assert seen(["25 %", "50 %"]).signs == ("percent signs",)
    assert seen(["1,200", "2,500", "13,000"]).signs == ("separators of thousands",)
    assert seen(["a", "b", "c"]).unique
    assert not seen(["a", "b", "b"]).unique
    assert seen([None, "n/a", None]).present == 0


@pytest.mark.parametrize(
    ("name", "label", "variable"),
    [
        ("coopn2", "Cooperated with - Suppliers (Nigeria)", "coop_suppliers_domestic"),
        ("coopus6", "Cooperated with - Universities, higher ed. (US)", "coop_universities_foreign"),
        ("snmprod", "% sales from new to market goods/services", "share_new_market"),
        ("q7", "Percentage of turnover: unchanged products", "share_unchanged"),
        ("umsatz", "Umsatz 2016", "turnover"),
        ("coop_univ_dom", "", "coop_universities_domestic"),
        ("q3", "In-house R&D expenditure", "rd_internal"),
    ],
)
def test_labels_say_which_variable_it_is(words, name, label, variable):
    asked = question(name, label, words)
    scores: dict[str, float] = {}
    for sign in words.signs:
        fit = likeness(asked, sign, words)
        scores[sign.variable] = max(fit, scores.get(sign.variable, 0.0))
    best = max(scores.values())
    assert scores[variable] == best >= 0.5


def test_a_year_tells_employees_of_one_year_from_another(words):
    names = ["emp10", "emp12", "emp14"]
    values = pd.Series([str(n) for n in range(10, 40)], dtype="string")
    profiles = {n: profile(n, "", values, words) for n in names}
    questions = {n: question(n, "", words) for n in names}
    found = match(profiles, questions, words, 2012)
    assert found["employees"].columns == ("emp12",)
    assert found["employees_lag2"].columns == ("emp10",)


def test_the_harmonised_names_are_found(tmp_path, root):
    frame = firms()
    frame.to_csv(tmp_path / "x.csv", index=False)
    fits = rank(list(frame.columns), candidates(frame.columns, [root / "config" / "codebooks"]))
    assert all(fit.codebook["table"] == "firms" for fit in fits)
    best = fits[0]
    assert best.recognised
    assert {"firm_id", "nace", "product_innovation", "share_new_market"} <= set(best.found)
    assert "employees" in best.missing  # EMP, not EMP04
    words = load_words(root)
    questions = {n: question(n, "", words) for n in frame.columns}
    year = str(best.codebook["reference_year"])[2:]
    assert near("employees", best.codebook, questions, {}, words)[0] == (
        "EMP",
        f"name like EMP{year}",
    )


def test_a_survey_nobody_knows_is_recognised_by_its_labels(unseen):
    assert not unseen["recognised"]
    assert unseen["read_as"] == "semicolon, decimal comma, UTF-8"
    assert unseen["labels"] == "questions.csv, column 'question text'"
    assert (unseen["rows"], unseen["columns"]) == (400, 30)
    found = {row["variable"]: row["columns"] for row in unseen["by_words"]}
    assert found["coop_public_research_foreign"] == ["p_gov_abr"]
    assert found["rd_internal"] == ["rd_own_k"]
    assert found["firm_id"] == ["FirmNo"]


def test_suspicious_codings_are_told(unseen):
    told = {row["variable"]: row["what"] for row in unseen["suspicious"]}
    assert "fractions" in told["share_new_market"]
    assert "thousand" in told["turnover"]


def test_shares_that_do_not_make_100_and_empty_columns_are_told(tmp_path, root):
    frame = survey()[0].replace({"Yes": "1", "No": "0"})
    frame["sh_old"] = ["0,90" if value else "" for value in frame["sh_old"]]
    frame["p_gov_abr"] = ""
    extract, _ = write(tmp_path)
    frame.to_csv(extract, sep=";", index=False)
    told = " ".join(row["what"] for row in inspect_file(extract, root)["suspicious"])
    assert "the shares make 100 for" in told


def test_models_and_what_they_lack(unseen):
    models = {row["model"]: row for row in unseen["models"]}
    assert models["faems2005"]["supported"]
    assert models["firm_size"]["lacks"]["profit_margin"] == ["company accounts"]
    assert models["openness_paradox"]["lacks"] == {
        "protection": ["protect_patent", "protect_design", "protect_trademark", "protect_copyright"]
    }


def test_nothing_of_a_single_firm_is_told(tmp_path, root):
    frame, labels = survey()
    frame["FirmNo"] = [f"SECRET{i}" for i in range(len(frame))]
    frame["sales_2016"] = [str(7_000_000 + 13 * i) for i in range(len(frame))]
    frame.loc[:1, "in_group"] = "Refused"  # two firms
    frame.to_csv(tmp_path / "x.csv", index=False)
    labels.to_csv(tmp_path / "labels.csv", index=False)
    record = inspect_file(tmp_path / "x.csv", root)
    said = json.dumps(record)
    assert "SECRET" not in said
    assert "70000" not in said
    counts = {row["column"]: row["counts"] for row in record["codings"]}["in_group"]
    assert counts["Refused"] is None
    assert sum(n is None for n in counts.values()) >= 2  # nor does the total give it away


def test_spss_and_stata_labels_are_used(tmp_path, root, words):
    frame, labels = survey(60)
    coded = frame.replace({"Yes": "1", "No": "2"})[["FirmNo", "new_goods", "partner_any"]]
    coded["new_goods"] = coded["new_goods"].astype(float)
    texts = labels.set_index("item")["question text"]
    meanings = {"new_goods": {1: "Yes", 2: "No"}}
    for write_file, name in ((pyreadstat.write_sav, "x.sav"), (pyreadstat.write_dta, "x.dta")):
        write_file(
            coded,
            str(tmp_path / name),
            column_labels=[texts[c] for c in coded],
            variable_value_labels=meanings,
        )
        seen = look(tmp_path / name, root)
        assert seen.legend.origin == "the file itself"
        assert dict(seen.profiles["new_goods"].flag.codes) == {"1": True, "2": False}
        assert seen.profiles["new_goods"].flag.assumed == ""  # the labels say so


def test_a_list_of_labels_may_hold_codes(tmp_path):
    from cisflow.extract import open_extract

    (tmp_path / "x.csv").write_text("a,b\n1,2\n2,1\n")
    (tmp_path / "names.csv").write_text(
        'name,codes,description\na,"1=Yes; 2=No",Product\nb,,Process\n'
    )
    legend = read_legend(tmp_path / "x.csv", open_extract(tmp_path / "x.csv"))
    assert legend.columns == {"a": "Product", "b": "Process"}
    assert legend.codes == {"a": {"1": "Yes", "2": "No"}}


def test_a_list_that_is_not_about_the_file_is_refused(tmp_path, root):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n2,1\n")
    (tmp_path / "other.csv").write_text("name,label\nq,Product\nr,Process\n")
    with pytest.raises(CisflowError, match="no column of the table names the columns"):
        inspect_file(tmp_path / "x.csv", root, labels_file=tmp_path / "other.csv")


@pytest.mark.parametrize(
    ("per_head", "unit"), [(150_000, "unit"), (150, "thousand"), (0.15, "million")]
)
def test_the_unit_is_told_by_turnover_per_head(tmp_path, root, per_head, unit):
    rows = "\n".join(f"{n},{round(n * per_head, 3)}" for n in range(20, 60))
    (tmp_path / "x.csv").write_text(f"employees,turnover\n{rows}\n")
    assert money_unit(look(tmp_path / "x.csv", root), "turnover", "employees")[0] == unit
