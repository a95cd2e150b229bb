"""Files that were misread, and others of the same kinds: what is not understood stays open.

"Open" is not mapped, or mapped with a doubt that names the variable.
"""

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import unseen_survey
import yaml

from cisflow.assist.drafting.draft import draft
from cisflow.assist.inspection import look
from cisflow.assist.scaffold import initialise


@dataclass
class Drafted:
    """What a draft made of a file."""

    columns: dict[str, list[str]]
    entries: dict[str, dict] = field(default_factory=dict)
    told: str = ""
    head: dict = field(default_factory=dict)

    def doubted(self, variable: str) -> bool:
        """Return whether a line of what is left to do or to look over is about a variable."""
        return re.search(rf"(?m)^(\d+: )?{variable}:", self.told) is not None

    def open(self, variable: str) -> bool:
        return variable not in self.columns or self.doubted(variable)


def columns_of(entries: dict) -> dict[str, list[str]]:
    """Return the columns of every variable of a codebook."""
    named = {v: e for v, e in entries.items() if e}
    return {v: [e["name"]] if "name" in e else e.get("any_of", []) for v, e in named.items()}


# The cases of entrance.md, through `cisflow init`.


@pytest.fixture(scope="module")
def entrance(shared_path, root, tmp_path_factory):
    """Return a function from a case to what init drafts of it."""
    maker = shared_path("cases/make_entrance.py")
    folder = tmp_path_factory.mktemp("entrance")
    subprocess.run([sys.executable, maker, folder], check=True, capture_output=True)

    def init(case: str, country: str = "NL", wave: str = "2016", file: str = "x.csv") -> Drafted:
        out = folder / case / "o"
        done = initialise([country], {wave: folder / case / file}, root, out=out)
        entries = yaml.safe_load(Path(done["written"][0]).read_text("utf-8"))["variables"] or {}
        told = "\n".join(done["todo"] + done["look"])
        return Drafted(columns_of(entries), entries, told)

    return init


def test_ratio_is_not_a_level(entrance):
    assert entrance("E01").open("employees")


def test_change_is_not_a_level(entrance):
    found = entrance("E02")
    assert found.columns["employees"] == ["emp"]
    assert "employees_lag2" not in found.columns


@pytest.mark.parametrize(("case", "variable"), [("E03", "foreign_group"), ("E04", "fund_national")])
def test_other_verb_and_object_is_not_mapped(case, variable, entrance):
    found = entrance(case)
    assert variable not in found.columns
    assert all("v" not in columns for columns in found.columns.values())


def test_own_size_classes_are_not_the_usual_ones(entrance):
    found = entrance("E05")
    assert "size_class" not in found.columns
    assert found.doubted("size_class")


def test_sectors_with_a_legend_of_their_own_are_no_codes_of_a_classification(entrance):
    assert entrance("E06").columns["nace"] == ["ciiu2"]


def test_the_reference_year_goes_before_others(entrance):
    found = entrance("E09")
    assert found.columns["rd_internal"] == ["rd2016"]
    assert found.columns["turnover"] == ["turn"]


def test_share_of_another_total_is_not_one_of_turnover(entrance):
    found = entrance("E10")
    assert found.open("rd_internal")
    assert "percent_of_turnover" not in str(found.entries)


def test_of_two_weights_somebody_says_which(entrance):
    found = entrance("E11")
    assert "weight" not in found.columns
    assert re.search(r"weight: wmed .*; wstr .*which one", found.told)


def test_legend_of_one_code_beats_a_guess(entrance):
    found = entrance("E15", "PE", "2014", "f.csv")
    entry = found.entries["coop_suppliers_foreign"]
    assert (entry["codes"], entry["blank_is_zero"]) == ({"2": True}, True)
    assert found.columns["coop_suppliers_domestic"] == ["c_dom"]


def test_partner_nobody_understood_is_a_partner(entrance):
    found = entrance("E16", "PE", "2014", "f.csv")
    members = [f"v2_{letter}" for letter in "abceg"]
    assert found.columns["coop_any"] == members
    assert found.columns["coop_suppliers_domestic"] == ["v2_c"]
    assert [v for v, columns in found.columns.items() if "v2_g" in columns] == ["coop_any"]
    assert "v2_g" in found.told


def test_three_shares_that_make_the_whole_are_mapped_as_three(entrance):
    found = entrance("E17", "PE", "2014", "f.csv")
    assert {v: c for v, c in found.columns.items() if v.startswith("share")} == {
        "share_new_market": ["s_market"],
        "share_new_firm": ["s_firm"],
        "share_unchanged": ["s_same"],
    }


def test_boxes_beneath_a_question_are_not_the_question(entrance):
    found = entrance("E18", "PE", "2014", "f.csv")
    assert {v: c for v, c in found.columns.items() if v != "firm_id"} == {
        "product_innovation": ["prd"],
        "process_innovation": ["prc"],
        "protect_trademark": ["tm"],
    }


def test_places_by_their_names_and_purposes_by_none(entrance):
    found = entrance("E19", "PE", "2014", "f.csv")
    assert {v: c for v, c in found.columns.items() if v.startswith("coop")} == {
        "coop_any": ["co"],
        "coop_suppliers_domestic": ["k1"],
        "coop_suppliers_foreign": ["k2", "k3", "k7"],
    }


# Other files of the same kinds.

N = 240
RNG = np.random.default_rng(5)
AMOUNT = np.round(np.exp(RNG.normal(8, 1, N)))
HEADS = 10 + np.round(np.exp(RNG.normal(3, 1, N)))
SHARE = RNG.integers(0, 101, N)
CHANGE = RNG.integers(-30, 31, N)
YES_NO = RNG.integers(0, 2, N)
BOX = np.where(RNG.random(N) < 0.4, 1, np.nan)
DEGREE = RNG.integers(0, 4, N)
DIVISION = RNG.choice(["10", "13", "20", "25", "46"], N)
WEIGHT = np.round(RNG.uniform(1, 5, N), 2)
OF = {
    "amount": AMOUNT,
    "heads": HEADS,
    "share": SHARE,
    "change": CHANGE,
    "yes": YES_NO,
    "box": BOX,
    "degree": DEGREE,
    "division": DIVISION,
    "weight": WEIGHT,
}


@pytest.fixture
def read(tmp_path, root):
    """Return a function from columns (name, kind or values, label, legend) to their draft."""

    def drafted(*columns, country: str = "NL", year: int = 2016) -> Drafted:
        data = {"unit": np.arange(N) + 1}
        data |= {c[0]: OF[c[1]] if isinstance(c[1], str) else c[1] for c in columns}
        pd.DataFrame(data).convert_dtypes().to_csv(tmp_path / "f.csv", index=False)
        labels = [(c[0], c[2], c[3] if len(c) > 3 else "") for c in columns]
        listed = pd.DataFrame(labels, columns=["variable", "label", "codes"])
        listed.to_csv(tmp_path / "labels.csv", index=False)
        seen = look(tmp_path / "f.csv", root, country=country)
        made = draft(seen, None, year, {}, "EUR")
        entries = {v: e for v, e in made.variables.items() if e and v != "firm_id"}
        return Drafted(columns_of(entries), entries, "\n".join(made.todos + made.notes), made.head)

    return drafted


def test_file_of_plain_questions_leaves_no_doubt(read):
    found = read(
        ("q1", "division", "NACE division"),
        ("q2", "heads", "Number of employees in 2016"),
        ("q3", "amount", "Turnover in 2016 (EUR)"),
        ("q4", "yes", "Did you introduce new or improved goods or services?"),
        ("q5", "yes", "Did you cooperate on innovation?"),
        ("q6", "amount", "Expenditure on in-house R&D in 2016 (EUR)"),
    )
    assert found.columns == {
        "nace": ["q1"],
        "employees": ["q2"],
        "turnover": ["q3"],
        "product_innovation": ["q4"],
        "coop_any": ["q5"],
        "rd_internal": ["q6"],
    }
    assert not any(map(found.doubted, found.columns))


@pytest.mark.parametrize(
    ("kind", "label", "variable"),
    [
        ("amount", "Sales per employee", "turnover"),
        ("amount", "Umsatz je Beschäftigten 2016", "turnover"),
        ("amount", "Gasto en I+D interna por trabajador", "rd_internal"),
        ("amount", "In-house R&D expenditure divided by number of projects", "rd_internal"),
        ("change", "Growth of turnover since 2014", "turnover"),
        ("change", "Increase in staff between 2014 and 2016", "employees"),
        ("change", "Variación del personal ocupado 2014-2016", "employees_lag2"),
        ("change", "Croissance du chiffre d'affaires 2014-2016", "turnover"),
        ("amount", "Turnover of the enterprise group", "turnover"),
        ("heads", "Worldwide number of employees", "employees"),
        ("heads", "Number of seasonal employees", "employees"),
        ("amount", "Sales three years ago", "turnover"),
        ("amount", "Expected turnover next year", "turnover"),
        ("amount", "Total wages of employees", "employees"),
        ("amount", "Value added in 2016", "turnover"),
        ("share", "Share of in-house R&D in total costs", "rd_internal"),
        ("share", "Porcentaje de la I+D interna en el gasto total de innovación", "rd_internal"),
        ("share", "Percentage of employees who make products new to the market",
         "share_new_market"),
        ("share", "Proportion of exports in new products", "share_new"),
    ],
)  # fmt: skip
def test_amount_of_another_kind_time_firm_or_total_is_open(kind, label, variable, read):
    assert read(("v", kind, label)).open(variable)


@pytest.mark.parametrize(
    ("label", "variable"),
    [
        ("Does the firm rent machinery from a foreign-owned group?", "foreign_group"),
        ("Is the production process certified by a foreign-owned body?", "foreign_group"),
        ("Are financial accounts of the firm audited by the state?", "fund_national"),
        ("¿Los estados financieros son auditados?", "fund_national"),
        ("Did your competitor's new products reach the market?", "product_innovation"),
        ("Do you plan to introduce new or improved products?", "product_innovation"),
        ("¿Tiene previsto introducir productos nuevos?", "product_innovation"),
        ("Are you aware of public support from the central government?", "fund_national"),
        ("¿Conoce los apoyos financieros del gobierno nacional?", "fund_national"),
        ("Lack of cooperation on innovation", "coop_any"),
        ("Obstacle: difficult to find partners for cooperation with universities",
         "coop_universities_domestic"),
        ("Reason for cooperation with suppliers", "coop_suppliers_domestic"),
        ("Finalidad de la cooperación con clientes: capacitación", "coop_clients_domestic"),
        ("Effect of the cooperation on innovation", "coop_any"),
        ("Who developed the new or improved products?", "product_innovation"),
        ("Do you lease a patent?", "protect_patent"),
        ("Were the firm's staff trained in new processes?", "process_innovation"),
    ],
)  # fmt: skip
def test_other_verb_or_object_is_open(label, variable, read):
    assert read(("v", "yes", label)).open(variable)


@pytest.mark.parametrize(
    ("names", "variable", "right"),
    [
        ({"m14": "Spending on machinery 2014", "m16": "Spending on machinery 2016"},
         "machinery", "m16"),
        ({"x1": "Gasto en I+D externa 2015", "x2": "Gasto en I+D externa 2016"},
         "rd_external", "x2"),
        ({"s12": "Turnover", "s16": "Turnover"}, "turnover", "s16"),
    ],
)  # fmt: skip
def test_the_wave_s_own_year_is_taken(names, variable, right, read):
    # Names of one letter and two digits are numbers of questions; longer ones tell years.
    columns = [(n.replace("s", "sales"), "amount", label) for n, label in names.items()]
    assert read(*columns).columns[variable] == [right.replace("s", "sales")]


def test_amount_of_another_year_alone_is_doubted(read):
    found = read(("v", "amount", "Spending on external R&D in 2013"))
    assert found.doubted("rd_external")


def test_number_of_a_question_is_no_year(read):
    assert read(("q14", "heads", "Number of employees")).columns == {"employees": ["q14"]}


@pytest.mark.parametrize(
    ("legend", "values"),
    [
        ("1=1-9; 2=10-29; 3=30-99; 4=100+", RNG.integers(1, 5, N)),
        ("1=Small (up to 19); 2=Medium (20-199); 3=Large (200 and more)", RNG.integers(1, 4, N)),
        ("1=Klein; 2=Mittel; 3=Groß", RNG.integers(1, 4, N)),
    ],
)
def test_other_classes_of_employees_stay_open(legend, values, read):
    found = read(("cl", values, "Size class of the firm", legend))
    assert "size_class" not in found.columns
    assert found.doubted("size_class")


def test_the_usual_classes_are_taken(read):
    legend = "1=10-49; 2=50-249; 3=250 and more"
    found = read(("cl", RNG.integers(1, 4, N), "Size class of the firm", legend))
    assert found.entries["size_class"]["codes"] == {"1": "10-49", "2": "50-249", "3": "250+"}


def test_smaller_firms_than_ten_are_no_size_class(read):
    legend = "1=1-9; 2=10-49; 3=50-249; 4=250+"
    entry = read(("cl", RNG.integers(1, 5, N), "Size class", legend)).entries["size_class"]
    assert set(entry["codes"]) == {"2", "3", "4"}
    assert entry["invalid"] == "missing"


@pytest.mark.parametrize(
    "legend",
    ["1=Industry; 2=Construction; 3=Trade; 4=Other", "1=Food; 2=Textiles; 3=Chemicals; 4=Metals"],
)
def test_a_list_of_activities_of_its_own_is_read_by_its_words(legend, read):
    found = read(("branch", RNG.integers(1, 5, N), "Branch of activity", legend))
    codes = found.entries["nace"]["codes"]
    assert set(codes) == set("1234")
    assert not set(codes.values()) & set("1234")
    with_class = read(
        ("branch", RNG.integers(1, 5, N), "Branch of activity", legend),
        ("isic", "division", "ISIC Rev. 4 division"),
    )
    assert with_class.columns["nace"] == ["isic"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Grossing factor (firms)", "Grossing factor (employees)"),
        ("Factor de expansión ajustado por no respuesta", "Factor de expansión de turnover"),
    ],
)
def test_weights_that_differ_by_a_qualifier_are_asked_for(one, other, read):
    found = read(("f1", "weight", one), ("f2", "weight", other))
    assert "weight" not in found.columns
    assert "weight: f1" in found.told


def test_one_weight_is_taken_whatever_it_says_besides(read):
    assert read(("w", "weight", "Weight after calibration")).columns["weight"] == ["w"]


@pytest.mark.parametrize(
    ("values", "legend", "codes"),
    [
        (np.where(YES_NO, 1, 2), "1=No; 2=Yes", {"1": False, "2": True}),
        (np.where(YES_NO, 5, np.nan), "5=Ja", {"5": True}),
        (np.where(YES_NO, 1, 2), "1=sold abroad; 2=not sold abroad", {"1": True, "2": False}),
        (np.where(YES_NO, 1, 0), "1=Sí", {"0": False, "1": True}),
    ],
)
def test_the_legend_says_which_code_is_yes(values, legend, codes, read):
    found = read(("c", values, "Did you export goods?", legend))
    entry = found.entries["export"]
    assert found.columns["export"] == ["c"]
    usual = found.head.get("codes", {}).get("yes_no", {"0": False, "1": True})
    assert entry.get("codes", usual) == codes
    assert entry.get("blank_is_zero", False) is bool(pd.isna(values).any())


def test_codes_whose_legend_says_neither_yes_nor_no_are_no_answer_to_yes_or_no(read):
    found = read(("c", np.where(YES_NO, 1, 2), "Exports of goods", "1=Africa; 2=Asia"))
    assert "export" not in found.columns


def test_a_question_nobody_answered_with_no_is_no_box(read):
    found = read(("c", np.where(YES_NO, 1, np.nan), "Did you export goods?", "1=yes; 2=no"))
    assert "blank_is_zero" not in found.entries["export"]


@pytest.mark.parametrize(
    ("frame", "things", "stranger"),
    [
        ("Innovation partners - {}", ("suppliers", "customers", "universities"), "makerspaces"),
        ("Cooperación con {}", ("clientes", "proveedores", "competidores"), "gremios"),
        ("Kooperation bei Innovationen: {}", ("Kunden", "Lieferanten", "Wettbewerber"), "Kammern"),
    ],
)
def test_member_of_a_block_is_never_another_question(frame, things, stranger, read):
    columns = [(f"x{i}", "yes", frame.format(t)) for i, t in enumerate((*things, stranger))]
    columns = [(n, RNG.integers(0, 2, N), label) for n, _, label in columns]
    found = read(*columns)
    assert found.columns["coop_any"] == ["x0", "x1", "x2", "x3"]
    assert [v for v, c in found.columns.items() if "x3" in c] == ["coop_any"]
    assert "x3" in found.told


def test_question_before_its_block_is_no_member(read):
    found = read(
        ("c", "yes", "Cooperation for innovation"),
        *((f"c{i}", "yes", f"Cooperation with {who}")
          for i, who in enumerate(("suppliers", "customers", "universities"))),
    )  # fmt: skip
    assert found.columns["coop_any"] == ["c"]


@pytest.mark.parametrize(
    "labels",
    [
        ("% of sales: products for the market", "% of sales: products for the firm",
         "% of sales: same products as before"),
        ("Sales share of innovations: new on market", "Sales share of innovations: new in company",
         "Sales share of innovations: nothing altered"),
    ],
)  # fmt: skip
def test_triple_is_told_by_its_sum_and_its_words(labels, read):
    market, firm = RNG.integers(0, 30, N), RNG.integers(0, 50, N)
    values = (market, firm, 100 - market - firm)
    found = read(*((f"s{i}", v, w) for i, (v, w) in enumerate(zip(values, labels, strict=True))))
    assert {v: c for v, c in found.columns.items() if v.startswith("share")} == {
        "share_new_market": ["s0"],
        "share_new_firm": ["s1"],
        "share_unchanged": ["s2"],
    }


def test_shares_that_do_not_make_the_whole_are_no_triple(read):
    found = read(
        ("s0", "share", "% of sales: products for the market"),
        ("s1", RNG.integers(0, 101, N), "% of sales: products for the firm"),
        ("s2", RNG.integers(0, 101, N), "% of sales: same products as before"),
    )
    assert "share_new_firm" not in found.columns or found.doubted("share_new_firm")


@pytest.mark.parametrize(
    ("question", "box", "variable"),
    [
        ("Introduced new or improved goods", "New or improved goods: new in the region",
         "product_innovation"),
        ("New or improved methods of production", "New or improved methods: developed elsewhere",
         "process_innovation"),
        ("Did you export goods?", "Exports of goods to Asia", "export"),
    ],
)  # fmt: skip
def test_tick_box_never_joins_a_question(question, box, variable, read):
    follows = np.where((YES_NO == 1) & (RNG.random(N) < 0.5), 1, np.nan)
    found = read(("q", "yes", question), ("b", follows, box))
    assert found.columns[variable] == ["q"]


@pytest.mark.parametrize(
    ("country", "home", "abroad"),
    [
        ("CO", "Colombia", ("Brasil", "Estados Unidos", "Oceanía")),
        ("EE", "Eesti", ("Soome", "Läti", "Hiina")),
        ("SN", "Sénégal", ("Mali", "France", "Asie")),
    ],
)
def test_countries_and_continents_by_their_names(country, home, abroad, read):
    labels = {f"p{i}": f"Cooperation with customers: {w}" for i, w in enumerate((home, *abroad))}
    found = read(*((n, "yes", label) for n, label in labels.items()), country=country)
    assert found.columns["coop_clients_domestic"] == ["p0"]
    assert found.columns["coop_clients_foreign"] == ["p1", "p2", "p3"]


@pytest.mark.parametrize(
    ("country", "home", "abroad", "unknown"),
    [
        ("IE", "Ireland", ("Northern Ireland", "Other EU or EFTA country", "elsewhere"), ""),
        ("NO", "i Norge", ("i Norden", "i andre land"), ""),
        ("NL", "in the Netherlands", ("abroad",), "in the Euregio"),
    ],
)  # fmt: skip
def test_a_place_no_word_tells_is_told(country, home, abroad, unknown, read):
    places = [home, *abroad, *filter(None, [unknown])]
    frame = "Samarbeid med leverandører {}" if country == "NO" else "Cooperation with suppliers {}"
    columns = [(f"p{i}", RNG.integers(0, 2, N), frame.format(w)) for i, w in enumerate(places)]
    found = read(*columns, country=country)
    assert found.columns["coop_suppliers_domestic"] == ["p0"]
    assert found.columns["coop_suppliers_foreign"] == [f"p{i + 1}" for i in range(len(abroad))]
    for variable in ("coop_suppliers_domestic", "coop_suppliers_foreign"):
        assert found.doubted(variable) == bool(unknown)


@pytest.mark.parametrize(
    ("label", "variable"),
    [
        ("Did the firm stop cooperation on innovation?", "coop_any"),
        ("Was the firm asked by others to cooperate on innovation?", "coop_any"),
        ("Would the firm like to cooperate on innovation?", "coop_any"),
        ("Co-operation with other enterprises on any other business activities", "coop_any"),
        ("Innovation activities completed in 2014-2016", "innovation_active"),
    ],
)
def test_what_was_ended_wished_or_something_else_is_open(label, variable, read):
    assert read(("q", "yes", label)).open(variable)


@pytest.mark.parametrize(
    ("label", "variable"),
    [
        ("Co-operative arrangements for the purpose of innovation", "coop_any"),
        ("Co-operation on R&D or other innovation activities", "coop_any"),
        ("In the last 2 financial years, any new or improved products", "product_innovation"),
    ],
)
def test_words_that_only_look_like_something_else(label, variable, read):
    found = read(("q", "yes", label))
    assert found.columns[variable] == ["q"]
    assert not found.doubted(variable)


def test_a_ratio_per_employee_is_none_in_any_language_of_the_country(read):
    assert read(("v", "amount", "Turnover per employee in 2016")).columns == {}


def test_the_name_of_a_classification_is_enough_but_not_of_another_one(read):
    found = read(("c", "division", "Código CIIU Rev. 4 A.C. a cuatro dígitos"), country="CO")
    assert found.columns["nace"] == ["c"]
    assert read(("c", "division", "NAICS, two digits")).doubted("nace")


def test_two_shares_of_market_novelties_are_told_by_what_one_says_besides(read):
    market, firm = RNG.integers(0, 30, N), RNG.integers(0, 50, N)
    found = read(
        ("a", firm, "Umsatzanteil mit Produktneuheiten, die keine Marktneuheiten sind"),
        ("b", market, "Umsatzanteil mit Marktneuheiten"),
        ("c", 100 - market - firm, "Umsatzanteil mit unveränderten Produkten"),
        country="DE",
    )
    assert found.columns["share_new_firm"] == ["a"]
    assert found.columns["share_new_market"] == ["b"]
    assert found.doubted("share_new_firm")


def test_where_a_partner_is_leaves_open_whether_there_was_cooperation(read):
    legend = "1=Brasil; 2=Outros países"
    places = RNG.integers(1, 3, N)
    found = read(("k", places, "Localização do parceiro: fornecedores", legend), country="BR")
    assert found.columns["coop_suppliers_foreign"] == ["k"]
    assert found.doubted("coop_suppliers_foreign")


def test_cooperation_is_made_of_partners_coded_by_place(read):
    legend = "0=none; 1=in New Zealand; 2=overseas; 3=both"
    columns = [
        (f"k{i}", RNG.integers(0, 4, N), f"Cooperation with {who}", legend)
        for i, who in enumerate(("suppliers", "customers", "universities"))
    ]
    found = read(*columns, country="NZ")
    assert found.entries["coop_any"]["any_of"] == ["k0", "k1", "k2"]
    codes = {str(code): said for code, said in found.entries["coop_any"]["codes"].items()}
    assert codes == {"0": False, "1": True, "2": True, "3": True}


def test_a_column_name_that_is_a_sentence_belongs_to_its_block(read):
    columns = [(f"Partner: {who}", RNG.integers(0, 2, N), "")
               for who in ("suppliers", "customers", "universities", "makerspaces")]  # fmt: skip
    found = read(*columns)
    assert "Partner: makerspaces" in found.columns["coop_any"]


def test_an_amount_is_led_by_no_question_about_a_partner(read):
    found = read(
        ("fou", "amount", "Utgifter til FoU"),
        ("s1", "yes", "Samarbeid med offentlige forskningsinstitutter i Euregio"),
        ("s2", "yes", "Samarbeid med offentlige forskningsinstitutter i Norge"),
        country="NO",
    )
    assert "screen" not in found.entries["rd_internal"]


# A survey whose right codebook is known, drafted from its list of labels alone.


@pytest.mark.parametrize("year", ["2007", "2010"])
def test_nigerian_survey_has_no_silent_error(year, shared_path, root, tmp_path, monkeypatch):
    from cisflow.assist import scaffold
    from cisflow.study.codebook_files import load_codebook

    folder = shared_path("data/nigeria")
    firms = pd.read_csv(folder / "nigeria-innovation.csv", dtype=str, encoding="utf-8-sig")
    wave = firms[firms["year"].str.strip() == str(int(year) + 1)].drop(columns="year")
    wave.apply(lambda c: c.str.strip()).to_csv(tmp_path / "firms.csv", index=False)
    labels = pd.read_csv(folder / "codebook.csv", dtype=str, encoding="utf-8-sig")
    labels[["variable", "label"]].to_csv(tmp_path / "labels.csv", index=False)
    monkeypatch.setattr(scaffold, "settled_codebooks", lambda folders: [])
    done = initialise(["NG"], {year: tmp_path / "firms.csv"}, root, out=tmp_path)
    entries = yaml.safe_load(Path(done["written"][0]).read_text("utf-8"))["variables"]
    found = Drafted(columns_of(entries), entries, "\n".join(done["todo"] + done["look"]))
    right = load_codebook(f"national/ng{year}", [root / "config" / "codebooks"]).variables
    wanted = {v: {n for names in s.alternatives for n in names} for v, s in right.items()}
    wrong = {v for v in found.columns if set(found.columns[v]) != wanted.get(v, set())}
    assert {v for v in wrong if not found.doubted(v)} <= {"firm_id"}
    good = [v for v in wanted if (v in found.columns and v not in wrong) or found.doubted(v)]
    assert len(good) >= 0.85 * len(wanted)


def test_a_harmonised_name_with_another_label_is_doubted_and_no_longer_vouched_for(tmp_path, root):
    survey = unseen_survey.harmonised(tmp_path)
    told = {"TURN12": "Turnover from exports in 2012", "GP": "Is it part of an enterprise group?"}
    rows = list(told.items())
    labels = tmp_path / "labels.csv"
    pd.DataFrame(rows, columns=["variable", "label"]).to_csv(labels, index=False)
    waves = {"2012": survey.extract}
    done = initialise(["SE"], waves, root, out=tmp_path / "o", labels_files=[labels])
    entries = yaml.safe_load(Path(done["written"][0]).read_text("utf-8"))["variables"]
    assert entries["turnover"] == {"name": "TURN12", "verified": "drafted"}
    assert "group" not in entries
    (doubt,) = [line for line in done["look"] if "turnover: TURN12" in line]
    assert "by its label it is about export" in doubt


def test_a_codebook_of_another_round_is_told(tmp_path, root):
    survey = unseen_survey.harmonised(tmp_path)
    done = initialise(["SE"], {"2014": survey.extract}, root, out=tmp_path / "o")
    assert any("eurostat/cis2012 is of 2012, the wave of 2014" in line for line in done["look"])
