"""Another language: every text has its Dutch, with the same names, and the paper is in it."""

import ast
import re

import pypdf
import pytest
import yaml
from made_up_findings import SETTINGS, make_findings

from cisflow.publication.catalogue import CAPTIONS, SECTIONS
from cisflow.publication.language import (
    TOLD_BEFORE,
    messages_of,
    numeral,
    one_line,
    read_language,
    retold,
    say,
    speak,
    speaking,
    spoken,
)
from cisflow.publication.paper.render import render_paper
from cisflow.publication.words import brief_interval, label, p_value, stars_note
from cisflow.study.claims import Rule
from cisflow.study.languages import FOLDERS, language_files
from cisflow.study.verdicts import VERDICTS

TEMPLATES = ("common", "paper", "supplement")


@pytest.fixture(autouse=True)
def english():
    yield
    speak()


@pytest.fixture(scope="module")
def dutch():
    return read_language("nl")


def template_texts(root):
    """Return every text of the templates, in English."""
    for name in TEMPLATES:
        code = (root / f"paper/{name}.typ").read_text(encoding="utf-8")
        for text in re.findall(r"say\(\s*`([^`]*)`", code):
            yield re.sub(r"\s+", " ", text).strip()


def python_texts(root):
    """Return every text that the code says as it stands there, in English."""
    for file in sorted((root / "src/cisflow/publication").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield first.value


def names_in(text):
    """Return the names a message is filled in with: `{name}`, `#name`, and of its choices."""
    choices = re.findall(r"#(?:if (?:not )?)?([a-z_]\w*)", text)
    return {*re.findall(r"\{(\w+)\}", text), *choices} - {"if", "plural", "cite"}


def test_every_text_of_the_templates_has_its_dutch(root, dutch):
    texts = set(template_texts(root))
    assert len(texts) > 200
    assert sorted(texts - set(dutch.texts)) == []


def test_every_text_of_the_code_has_its_dutch(root, dutch):
    known = {*VERDICTS, *SECTIONS.values(), *CAPTIONS.values(), *python_texts(root)}
    assert len(known) > 250
    assert sorted(known - set(dutch.texts)) == []


def test_titles_and_claims_that_ship_have_their_dutch(root, dutch):
    models = yaml.safe_load((root / "config/models.yaml").read_text(encoding="utf-8"))
    claims = yaml.safe_load((root / "config/claims.yaml").read_text(encoding="utf-8"))
    told = {one_line(spec["title"]) for spec in models.values()}
    told |= {one_line(claim["text"]) for claim in claims["claims"].values()}
    told |= {one_line(text) for text in Rule.model_validate(claims["rule"]).words}
    assert sorted(told - set(dutch.texts)) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_names_in_a_text_are_those_of_its_english(root, folder):
    for file in sorted((root / folder).glob("*.po")):
        for context, english, text in messages_of(file):
            assert names_in(text) == names_in(english), english
            assert context in ("", TOLD_BEFORE)


def test_a_text_without_a_catalogue_stays_english_and_is_noted():
    with speaking("nl"):
        assert say("A text that nobody has put down") == "A text that nobody has put down"
        assert spoken().missed == {"A text that nobody has put down"}
    assert say("Firms") == "Firms"


def test_numbers_have_the_languages_comma():
    assert numeral("1,234.5") == "1,234.5"
    with speaking("nl"):
        assert numeral("−1,234.5") == "−1.234,5"
        assert p_value(0.0001) == "< 0,001"
        assert brief_interval(-0.5, 1.25) == "[−0,50; 1,25]"
        assert stars_note() == "* p < 0,10, ** p < 0,05, *** p < 0,01"


def test_what_was_told_before_is_known_by_its_form():
    english = "no firm is left after “accounts 2 years later”"
    assert retold(english) == english
    with speaking("nl"):
        assert retold(english) == "er blijft geen bedrijf over na “jaarrekening 2 jaar later”"
        assert retold("0.25") == "0,25"
        assert label("coop_universities:radical") == ("Universiteiten × Radicaal")


def test_a_user_may_add_words(tmp_path, monkeypatch):
    own = tmp_path / "config/languages/nl.po"
    own.parent.mkdir(parents=True)
    own.write_text('msgid ""\nmsgstr "Language: nl\\n"\n\nmsgid "Mine"\nmsgstr "Van mij"\n')
    monkeypatch.chdir(tmp_path)
    assert language_files("nl")[-1].resolve() == own
    with speaking("nl"):
        assert say("Mine") == "Van mij"
        assert say("Firms") == "Bedrijven"


def test_the_dutch_paper_has_no_english_sentence(root, tmp_path, publish):
    with speaking("nl"):
        findings = make_findings({**SETTINGS, "language": "nl"})
        context = publish(findings, tmp_path, root)
    render_paper(context, tmp_path / "paper.pdf", root / "paper/paper.typ")
    pages = pypdf.PdfReader(tmp_path / "paper.pdf").pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "Wanneer een stelling standhoudt" in text
    for english in template_texts(root):
        longest = max(re.split(r"[#$@\[\]]", english), key=len).strip()
        if len(longest) > 25:
            assert longest not in text, english
