"""Questions are recognised by the words of their names and labels; no match beats a wrong one."""

import pandas as pd
import pytest

from cisflow.assist.codings import profile
from cisflow.assist.matching import match, misspelt, named_answers, near, screens
from cisflow.assist.vocabulary import load_words, questions
from cisflow.study.codebook import Codebook, Variable

YES_NO = ["1", "0"] * 30
AMOUNT = [str(v) for v in range(1000, 1060)]
SHARE = [str(v) for v in range(60)]
# A file in which seven languages ask.
LANGUAGES = [
    "Did your enterprise introduce any new or improved services?",
    "Umsatzanteil mit nur unerheblich veränderten Produkten",
    "Part du chiffre d'affaires : produits nouveaux pour l'entreprise",
    "Porcentaje de la cifra de negocios: productos que no han variado",
    "Quota di fatturato: prodotti che sono una novità per il mercato",
    "Percentagem do volume de negócios: produtos novos para a empresa",
    "Aandeel in de omzet van producten die nieuw zijn voor de markt",
]


@pytest.fixture(scope="module")
def words(root):
    return load_words(root, "NL", "Netherlands", LANGUAGES)


def matched(words, labels, values, year=None):
    """Return the columns of each variable that is recognised in labels (or bare names)."""
    texts = {name: "" if label == name else label for name, label in labels.items()}
    asked = questions(texts, texts, words)
    profiles = {
        name: profile(name, texts[name], pd.Series(values, dtype="string"), words) for name in texts
    }
    return {v: set(m.columns) for v, m in match(profiles, asked, words, year).items()}


@pytest.mark.parametrize(
    ("label", "variable"),
    [
        ("Introduced onto the market a new or significantly improved good", "product_innovation"),
        ("Did your enterprise introduce any new or improved services?", "product_innovation"),
        ("New or improved logistics, delivery or distribution methods", "process_innovation"),
        ("Innovation activities still on-going at the end of 2016", "ongoing"),
        ("Did you co-operate on innovation with other enterprises or institutions?", "coop_any"),
        ("Is this business part of an enterprise group?", "group"),
        ("Sold goods or services in other EU countries", "export"),
        ("Received public financial support from central government", "fund_national"),
        ("Soutien financier public des collectivités locales ou régionales", "fund_local"),
        ("Kooperationspartner: Zulieferer (Niederlande)", "coop_suppliers_domestic"),
        ("Cooperación con clientes en otros países de Europa", "coop_clients_foreign"),
        ("Samenwerkingspartner: universiteiten - Nederland", "coop_universities_domestic"),
        ("Cooperazione con fornitori: altri paesi europei", "coop_suppliers_foreign"),
        ("Cooperation partner: Government or public research institutes, national",
         "coop_public_research_domestic"),
        ("Cooperation partner: Consultants, commercial labs or private research institutes, abroad",
         "coop_consultants_foreign"),
        ("Cooperation with: competitors", "coop_competitors_domestic"),
        ("Cooperación con proveedores en Estados Unidos", "coop_suppliers_foreign"),
        ("Coopération avec des concurrents aux États-Unis", "coop_competitors_foreign"),
        ("coop_suppliers_nat", "coop_suppliers_domestic"),
        ("coop_group_other", "coop_group_foreign"),
    ],
)  # fmt: skip
def test_yes_no_question(label, variable, words):
    name = label if " " not in label else "q"
    assert matched(words, {name: label}, YES_NO) == {variable: {name}}


@pytest.mark.parametrize(
    "label",
    [
        "Who mainly developed these product innovations",
        "New to the market goods or services",
        "Factors hampering innovation: lack of qualified personnel",
        "New marketing methods for product packaging",
        "Most valuable cooperation partner",
        "Sells services",
        "Effect of innovation: entered new markets",
        "Location of the head office",
        "International standard",
    ],
)
def test_question_about_something_else(label, words):
    assert matched(words, {"q": label}, YES_NO) == {}


@pytest.mark.parametrize(
    ("label", "variable"),
    [
        ("Expenditure in intramural R&D (thousand EUR)", "rd_internal"),
        ("Ausgaben für interne FuE (Mio. Euro)", "rd_internal"),
        ("Gasto en I+D externa", "rd_external"),
        ("Spesa per R&S interna", "rd_internal"),
        ("Total R&D expenditure in thousand euro", "rd_internal"),
        ("Total turnover of the enterprise (in national currency)", "turnover"),
        ("Average number of employees", "employees"),
        ("Expenditure on acquisition of machinery, equipment and software", "machinery"),
    ],
)
def test_amount(label, variable, words):
    assert matched(words, {"q": label}, AMOUNT) == {variable: {"q"}}


@pytest.mark.parametrize(
    "label",
    ["Employees with a university degree", "Turnover from exports", "Turnover from new products",
     "R&D employees", "Expenditure on training for innovation"],
)  # fmt: skip
def test_amount_of_something_else(label, words):
    assert matched(words, {"q": label}, AMOUNT) == {}


@pytest.mark.parametrize(
    ("label", "variable"),
    [
        ("% of turnover from products that were new to the market", "share_new_market"),
        ("Share of turnover: products new to the firm but not to the market", "share_new_firm"),
        ("Umsatzanteil mit nur unerheblich veränderten Produkten", "share_unchanged"),
        ("Part du chiffre d'affaires: produits nouveaux pour l'entreprise", "share_new_firm"),
        ("% de la cifra de negocios: novedad para el mercado", "share_new_market"),
        ("% de las ventas debido a productos novedosos sólo para la empresa", "share_new_firm"),
        ("% de la cifra de negocios: productos que no han variado", "share_unchanged"),
        ("Quota di fatturato: prodotti che sono una novità per il mercato", "share_new_market"),
        ("Percentagem do volume de negócios: produtos novos para a empresa", "share_new_firm"),
        ("Part du chiffre d'affaires: nouveautés pour le marché", "share_new_market"),
        ("sh_newmkt", "share_new_market"),
        ("R&D expenditure as a percentage of turnover", "rd_internal"),
        ("R&D intensity", "rd_internal"),
    ],
)  # fmt: skip
def test_share(label, variable, words):
    name = label if " " not in label else "q"
    assert matched(words, {name: label}, SHARE) == {variable: {name}}


def test_name_that_is_a_sentence_is_no_abbreviation(words):
    name = "Cooperación con organismos públicos de investigación en Holanda"
    found = matched(words, {name: name}, YES_NO)
    assert found == {"coop_public_research_domestic": {name}}  # and not R&D done *con*tinuously


def test_years_tell_employees_apart(words):
    labels = {"a": "Employees in 2014", "b": "Employees in 2012", "c": "Employees in 2013"}
    found = matched(words, labels, AMOUNT, year=2014)
    assert found == {"employees": {"a"}, "employees_lag2": {"b"}}


def test_words_all_columns_share_do_not_blur_a_label(words):
    stem = "How important to your business in the last three years were these sources of ideas"
    who = ("Clients or customers", "Suppliers of equipment", "Universities", "Competitors")
    labels = {f"q{i}": f"{stem}: {w}" for i, w in enumerate(who)}
    found = matched(words, labels, list("0123") * 15)
    assert found["source_clients"] == {"q0"}
    assert found["source_universities"] == {"q2"}


def test_the_country_is_at_home_even_where_its_name_has_a_continent(root):
    words = load_words(root, "ZA", "South Africa")
    labels = {
        "a": "Collaboration partner: Suppliers - South Africa",
        "b": "Collaboration partner: Suppliers - Rest of Africa",
    }
    found = matched(words, labels, YES_NO)
    assert found == {"coop_suppliers_domestic": {"a"}, "coop_suppliers_foreign": {"b"}}


def test_yes_no_question_before_an_amount(words):
    labels = {
        "did": "Did your enterprise perform in-house R&D?",
        "spent": "Expenditure on in-house R&D",
    }
    asked = questions(labels, labels, words)
    values = {"did": YES_NO, "spent": AMOUNT}
    profiles = {
        n: profile(n, labels[n], pd.Series(values[n], dtype="string"), words) for n in labels
    }
    found = match(profiles, asked, words, None)
    assert screens(found, profiles, asked, words) == {"rd_internal": "did"}


@pytest.mark.parametrize(
    ("names", "column"),
    [
        (["TURNMAR"], "TURNMRA"),  # neighbours exchanged
        (["EMP12"], "EMPL12"),  # a letter too many
        (["TURN12"], "TRN12"),  # a letter too few
        (["CO21"], "C021"),  # a digit for a letter
        (["INPDGD"], "INPDGT"),  # another letter
    ],
)
def test_slip_of_the_pen(names, column):
    assert misspelt(names, [column, "REGION"]) == column


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (["TURN12"], ["TURN10"]),  # another year
        (["CO21"], ["CO22"]),  # another partner
        (["CO"], ["CX"]),  # too short to tell
        (["TURNMAR"], ["TURNMRA", "TURNMAX"]),  # two that may be it
        (["RRDINX"], ["RRDEXX"]),  # two letters
    ],
)
def test_no_slip(names, columns):
    assert misspelt(names, columns) is None


def test_what_comes_near_by_name_label_and_words(words, root):
    turnover = Variable(name=("TURN12",), label="Total turnover in 2012")
    codebook = Codebook(title="t", variables={"turnover": turnover})
    labels = {"TRN12": "", "x": "Total turnover in 2013", "y": "Sales of the firm", "z": "Region"}
    asked = questions(labels, labels, words)
    found = dict(near("turnover", codebook, asked, labels, words))
    assert found == {
        "TRN12": "name like TURN12",
        "x": "words of its label",
        "y": "words of its label",
    }


@pytest.mark.parametrize(
    ("legend", "codes"),
    [
        ({"1": "Continuously", "2": "Occasionally"}, {"1": True, "2": False}),
        ({"1": "now and then", "2": "on a continuous basis"}, {"1": False, "2": True}),
        ({"1": "a lot", "2": "a little"}, None),  # neither names what is asked
        ({"1": "continuously, in one lab", "2": "continuously, in several"}, None),  # both do
        ({"1": "Continuously", "2": "Occasionally", "3": "It varies"}, None),
    ],
)
def test_of_two_answers_the_one_that_names_what_is_asked_is_yes(words, legend, codes):
    label = "Was in-house R&D continuous or occasional?"
    values = pd.Series([*legend] * 20, dtype="string")
    profiles = {"q": profile("q", label, values, words, legend)}
    asked = questions(["q"], {"q": label}, words)
    read = named_answers(profiles, asked, words)["q"].flag
    assert (read and dict(read.codes)) == codes
    if codes:
        assert "is taken for yes" in read.assumed
        found = match({"q": named_answers(profiles, asked, words)["q"]}, asked, words, 2016)
        assert "rd_continuous" in found


@pytest.mark.parametrize(
    "label",
    [
        "Change in the share of turnover from unchanged products",
        "Increase in the share of sales from unchanged or marginally modified products since 2014",
        "Change in the percentage of turnover due to products new to the market",
        "Decline in the share of turnover from products new to the firm (percentage points)",
        "Growth in the share of turnover of products that have not changed",
        "Difference in the share of sales from unchanged goods between 2014 and 2016",
    ],
)
def test_a_change_of_a_share_is_no_share(label, words):
    assert matched(words, {"q1": label}, SHARE) == {}


@pytest.mark.parametrize(
    "label",
    [
        "Share of turnover from products without significant change",
        "Percentage of turnover: products that were not changed",
        "Share of turnover from unchanged products",
        "Porcentaje de la cifra de negocios: productos sin cambio",
        "Umsatzanteil mit unveränderten Produkten",
    ],
)
def test_a_share_of_products_without_change_is_one(label, words):
    assert matched(words, {"q1": label}, SHARE) == {"share_unchanged": {"q1"}}


@pytest.mark.parametrize(
    "label",
    [
        "Source of information on prices: customers",
        "Sources of finance: customers",
        "Source of information about export markets: competitors",
        "Source of raw materials: suppliers",
        "Source of information regarding regulations: associations",
        "Source of complaints: customers",
    ],
)
def test_a_source_about_another_object_is_no_source_of_innovation(label, words):
    assert matched(words, {"q1": label}, ["0", "1", "2", "3"] * 15) == {}


@pytest.mark.parametrize(
    ("label", "variable"),
    [
        ("Source of information on innovation: customers", "source_clients"),
        ("Sources of information for new ideas: suppliers", "source_suppliers"),
        ("Importance of information sources: competitors", "source_competitors"),
    ],
)
def test_a_source_of_innovation_is_one(label, variable, words):
    assert matched(words, {"q1": label}, ["0", "1", "2", "3"] * 15) == {variable: {"q1"}}


def test_private_research_institutes_are_no_consultants(words):
    labels = {
        "q1": "Innovation cooperation: consultants or commercial labs",
        "q2": "Innovation cooperation: private research institutes",
        "q3": "Innovation cooperation: public research institutes",
        "q4": "Innovation cooperation: universities",
    }
    found = matched(words, labels, YES_NO)
    assert {v: c for v, c in found.items() if v != "coop_any"} == {
        "coop_consultants_domestic": {"q1"},
        "coop_private_research_domestic": {"q2"},
        "coop_public_research_domestic": {"q3"},
        "coop_universities_domestic": {"q4"},
    }


@pytest.mark.parametrize(
    "values",
    [
        ["NL", "US", "DE", "NL"] * 15,
        ["Netherlands", "United States", "Germany", "Netherlands"] * 15,
    ],
)
def test_country_of_the_head_office_tells_a_foreign_group(values, words):
    label = "In which country is the head office of your group located?"
    assert matched(words, {"q1": label}, values) == {"foreign_group": {"q1"}}
    assert matched(words, {"q1": "In which country is your main market?"}, values) == {}


@pytest.mark.parametrize(
    ("label", "doubted"),
    [
        ("Einkaufskooperation mit Zulieferern", True),
        ("Innovationskooperation mit Zulieferern", False),
        ("Kooperation mit Zulieferern", False),
    ],
)
def test_what_no_list_knows_in_front_of_a_compound_is_a_doubt(label, doubted, words):
    texts = {"x": label}
    seen = {"x": profile("x", label, pd.Series(YES_NO, dtype="string"), words)}
    found = match(seen, questions(texts, texts, words), words, None)
    told = [what for one in found.values() for what in one.doubts]
    assert any("einkaufs-" in what for what in told) == doubted


@pytest.mark.parametrize(
    "label", ["Cooperation with competitors failed", "La coopération avec les concurrents a échoué"]
)
def test_what_failed_was_not_done(label, words):
    assert "coop_competitors_domestic" not in matched(words, {"x": label}, YES_NO)
