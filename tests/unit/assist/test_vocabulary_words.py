"""Lists of words: every language knows every concept, and asks its own short survey."""

import time
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest
import yaml

from cisflow.assist.codings import profile
from cisflow.assist.countries import currency_of, languages_of, name_of, names_of
from cisflow.assist.languages import language, listed, spoken
from cisflow.assist.letters import plain, tokens
from cisflow.assist.matching import match
from cisflow.assist.vocabulary import load_words, question, questions
from cisflow.assist.wordforms import forms_of
from cisflow.base.problems import CisflowError
from cisflow.study.canonical import PARTNERS, PLACES, PROTECTION, SOURCES

ROOT = Path(__file__).parents[3]
# All but English, which is in words.yaml itself.
LANGUAGES = [
    *("bg", "cs", "da", "de", "el", "es", "et", "fi", "fr", "ga", "hr", "hu", "it", "lt"),
    *("lv", "mt", "nl", "no", "pl", "pt", "ro", "sk", "sl", "sq", "sr", "sv", "tr"),
]
ASKED = yaml.safe_load((ROOT / "tests/support/questionnaires.yaml").read_text("utf-8"))
COUNTRIES = [
    *(
        "AL",
        "AT",
        "BE",
        "BG",
        "BR",
        "CH",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
    ),
    *(
        "HU",
        "IE",
        "IT",
        "LT",
        "LV",
        "MT",
        "NL",
        "NO",
        "PE",
        "PL",
        "PT",
        "RO",
        "RS",
        "SE",
        "SI",
        "TR",
    ),
]
DISTRACTORS = ("plans", "obstacle")
AMOUNTS = ("employees", "turnover", "rd_internal", "rd_external", "machinery")
VALUES = {
    "amount": [str(v) for v in range(1000, 1060)],
    "share": [str(v) for v in range(60)],
    "flag": ["1", "0"] * 30,
}
# Concepts that say what a label is not about may have words of any other; of the rest, these do.
CONTRARY = ("about_", "effects", "not_rd", "part_of_staff", "marketing")
MAY_SHARE = """
    percentage share, share turnover, share sold, sold turnover, group part_of_group, improved new,
    innovation new, europe foreign, elsewhere foreign, external foreign, domestic local_authority,
    domestic government, domestic region_of, domestic country_of, domestic internal,
    local_authority region_of, country_of government, country_of local_authority,
    country_of public_research, government public_research, continuous ongoing, process support,
    associations cooperation
"""
ALLOWED = {frozenset(pair.split()) for pair in MAY_SHARE.split(",")}


@pytest.fixture(scope="module")
def needed():
    """Return the concepts by which variables are recognised."""
    variables = yaml.safe_load((ROOT / "config/words.yaml").read_text("utf-8"))["variables"]
    slots = {"partner": PARTNERS, "place": PLACES, "means": PROTECTION, "source": SOURCES}
    found = {c for spec in variables.values() for group in spec["any"] for c in group}
    found |= {c for spec in variables.values() for c in spec.get("not", ())}
    named = {c for c in found if "{" in c}
    return (found - named) | {value for c in named for value in slots[c.strip("{}")]}


def matched(labels, country):
    """Return per label the variables it is taken for."""
    words = load_words(ROOT, country, "", labels)
    named = {f"q{i}": label for i, label in enumerate(labels)}
    asked = questions(named, named, words)
    profiles = {
        name: profile(name, label, pd.Series(VALUES[kind], dtype="string"), words)
        for (name, label), kind in zip(named.items(), map(_kind, ASKED["asked"]), strict=True)
    }
    found = match(profiles, asked, words, 2016)
    return {
        label: [v for v, one in found.items() if name in one.columns]
        for name, label in named.items()
    }


def _kind(variable):
    if variable in AMOUNTS:
        return "amount"
    return "share" if variable.startswith("share") else "flag"


def test_all_languages_are_listed():
    assert sorted(listed(ROOT)) == LANGUAGES
    assert sorted(key for key in ASKED if key != "asked") == LANGUAGES


@pytest.mark.parametrize("code", LANGUAGES)
def test_language_has_every_concept(code, needed):
    concepts = language(listed(ROOT)[code])["concepts"]
    assert needed - set(concepts) == set()
    assert all(concepts.values())


@pytest.mark.parametrize("code", LANGUAGES)
def test_concepts_differ(code):
    concepts = language(listed(ROOT)[code])["concepts"]
    own = {c: set(map(plain, w)) for c, w in concepts.items() if not c.startswith(CONTRARY)}
    shared = {
        (one, other): own[one] & own[other]
        for one, other in combinations(own, 2)
        if frozenset((one, other)) not in ALLOWED and own[one] & own[other]
    }
    assert shared == {}


@pytest.mark.parametrize("code", LANGUAGES)
def test_fillers_are_single_words_that_leave_phrases_whole(code):
    own = language(listed(ROOT)[code])
    fillers = [filler for filler in own["fillers"] if filler != "a-t-elle"]
    assert [filler for filler in fillers if len(plain(filler).split()) > 1] == []
    # "new" alone is not new to the firm: phrases of two concepts keep both their words.
    for concept in ("new_to_firm", "new_to_market", "foreign_owner"):
        left = [[w for w in plain(p).split() if w not in map(plain, fillers)]
                for p in own["concepts"][concept] if " " in p]  # fmt: skip
        assert [words for words in left if len(words) < 2] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_short_survey_is_recognised_and_distractors_are_not(code):
    own = ASKED[code]
    found = matched(own["labels"], own["country"])
    wanted = {
        label: [] if variable in DISTRACTORS else [variable]
        for label, variable in zip(own["labels"], ASKED["asked"], strict=True)
    }
    assert found == wanted


@pytest.mark.parametrize("code", LANGUAGES)
def test_file_is_in_its_language_and_at_most_a_near_one(code):
    near = [{"cs", "sk"}, {"hr", "sr", "sl"}, {"da", "no", "sv"}, {"fi", "sv"}, {"es", "pt"}]
    found = spoken(ASKED[code]["labels"], "", ROOT)
    assert code in found
    assert all(any({code, other} <= group for group in near) for other in found if other != code)


def test_english_file_needs_no_other_language():
    labels = ["Number of employees in 2016", "Total turnover of the enterprise", "Export"]
    assert spoken(labels, "NG", ROOT) == ()
    assert spoken([], "BE", ROOT) == ("nl", "fr", "de")


def test_list_may_hold_nothing_else(tmp_path):
    text = (ROOT / "config/words/pl.yaml").read_text("utf-8")
    file = tmp_path / "pl.yaml"
    file.write_text(f"{text}\nconcept: {{}}\n", encoding="utf-8")
    with pytest.raises(CisflowError, match="concept"):
        language(file)


def test_words_load_in_half_a_second():
    load_words(ROOT, "FI")
    start = time.process_time()
    load_words(ROOT, "FI", "", ASKED["fi"]["labels"])
    assert time.process_time() - start < 0.5


def test_letters_of_three_alphabets():
    assert plain("Сарадња са добављачима") == plain("Saradnja sa dobavljačima")
    assert plain("Δαπάνες για Ε&Α") == "δαπανεσ για ε+α"
    assert tokens("Nakłady na B+R w 2016") == ("naklady", "na", "b+r", "w", "2016")
    assert plain("İşbirliği") == "isbirligi"


def test_other_forms_of_a_word():
    forms = forms_of(["universi", "tiekėj", "=ab", "cooperat"], ["en"])
    assert forms.known("univresities") == "universi"
    assert forms.known("coperation") == "cooperat"
    assert forms.known("abroad") == "abroad"  # a whole word is no beginning
    assert forms.known("unit") == "unit"
    # What goes on long behind a beginning that is nearly another's is a word of its own.
    assert forms_of(["process"], ["en"]).known("professional") == "professional"
    assert forms_of(["process"], ["en"]).known("proccesses") == "process"


def test_irish_words_begin_in_other_ways():
    words = load_words(ROOT, "IE", "", ASKED["ga"]["labels"])
    for label in ("ngrúpa", "ghrúpa", "grúpa"):
        asked = question("q", label, words)
        assert words.concepts["group"].found(asked.words) == {0}


@pytest.mark.parametrize(
    ("country", "languages", "name"),
    [("PE", (), "Perú"), ("EL", ("el",), "Ελλάδα"), ("RS", (), "Србија"), ("NO", (), "Norge"),
     ("DE", ("it",), "Germania"), ("UK", ("de",), "Vereinigtes Königreich")],
)  # fmt: skip
def test_country_is_called_in_its_and_the_files_languages(country, languages, name):
    assert name in names_of(country, languages)


def test_country_of_peru_is_at_home_in_peru():
    words = load_words(ROOT, "PE")
    asked = question("q", "Cooperation with suppliers. Location: Peru", words)
    assert words.concepts["domestic"].found(asked.words)
    assert not words.concepts["domestic"].found(question("q", "Location: Chile", words).words)


def test_facts_about_countries():
    assert name_of("EL") == "Greece"
    assert name_of("XX") == ""
    assert languages_of("NO") == ("no",)
    assert languages_of("RS") == ("sr",)
    assert currency_of("SI", 2004) == "SIT"
    assert currency_of("SI", 2012) == "EUR"
    assert currency_of("") == ""


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_country_is_at_home_in_a_whole_language(code):
    listed_here = language(listed(ROOT)[code])["concepts"]["domestic"]
    domestic = {plain(word) for word in listed_here if word[0] not in "={"}
    names = {plain(name) for c in COUNTRIES for name in names_of(c, (code,))}
    assert {name for name in names if any(name.startswith(w) for w in domestic)} == set()
