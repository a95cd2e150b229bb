from dataclasses import replace

import pypdf
import pytest
import typst

from cisflow.publication.paper.render import render_paper
from cisflow.publication.paper.surveys import survey_facts
from cisflow.study.marks import marks_of

WAVE = {
    "name": "Survey of Workshops",
    "collector": "the Office",
    "fieldwork": "2011",
    "population": {"employees_from": 5},
    "citation": "Office (2012).",
    "access": "Ask the Office.",
    "caveats": ["Zeros were left blank."],
}
WAVES = [{**WAVE, "years": "2005-2007"}, {**WAVE, "years": "2008-2010"}]


@pytest.mark.parametrize("run", ["synthetic_paper", "real_paper"])
def test_the_paper_is_set_and_the_same_again(run, request, root, tmp_path):
    context = request.getfixturevalue(run)
    for name in ("one.pdf", "two.pdf"):
        render_paper(context, tmp_path / name, root / "paper/paper.typ")
    one, two = ((tmp_path / name).read_bytes() for name in ("one.pdf", "two.pdf"))
    assert one.startswith(b"%PDF")
    assert one == two


def test_every_page_carries_every_mark_of_its_run(real_paper, root, tmp_path):
    marks = [{"name": m.name, "told": m.told} for m in marks_of("synthetic", 12)]
    for name, context in {"bare": real_paper, "marked": {**real_paper, "marks": marks}}.items():
        render_paper(context, tmp_path / f"{name}.pdf", root / "paper/paper.typ")
        pages = [p.extract_text() for p in pypdf.PdfReader(tmp_path / f"{name}.pdf").pages]
        for words in ("SYNTHETIC data", "DRAFT MAPPING (12 variables unconfirmed)"):
            assert {words in page for page in pages} == {name == "marked"}


@pytest.mark.parametrize(("rows", "pages"), [(20, 1), (150, 4)])
def test_a_table_taller_than_a_page_runs_over(root, tmp_path, rows, pages):
    template = (root / "paper/paper.typ").read_text(encoding="utf-8")
    begin = template.index("#let print-table(t)")
    code = template[begin : template.index("#let print-tables(")]
    (tmp_path / "tables").mkdir()
    lines = ", ".join(f"[{i}], [x]" for i in range(rows))
    table = f"#figure([#table(columns: 2, {lines})], caption: [c], kind: table)"
    (tmp_path / "tables/long.typ").write_text(table)
    (tmp_path / "page.typ").write_text(
        '#set page(paper: "a4", margin: 2.5cm)\n#set text(size: 9pt)\n'
        f'#set figure(placement: auto)\n{code}\n#print-table((name: "long"))'
    )
    drawn = typst.compile(tmp_path / "page.typ", root=tmp_path, format="png", ppi=10)
    assert (len(drawn) if isinstance(drawn, list) else 1) == pages


def _text(context, root, folder):
    render_paper(context, folder / "paper.pdf", root / "paper/paper.typ")
    pages = pypdf.PdfReader(folder / "paper.pdf").pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_without_accounts_the_paper_does_not_ask_whether_it_pays(real_paper, root, tmp_path):
    text = _text(real_paper, root, tmp_path)
    assert "make firms more innovative?" in text
    for words in (
        *("does it pay", "pays within", "Cost and benefit of diversity", "both models to"),
        *("Diversity, innovation and profit", "published figure", "profit margin relates"),
        "Firms without accounts",
    ):
        assert words not in text
    assert "For Nigeria there are no company accounts" in text  # no silent gap


def test_with_accounts_it_does(synthetic_paper, root, tmp_path):
    text = _text(synthetic_paper, root, tmp_path)
    for words in ("does it pay?", "Cost and benefit of diversity", "both models to"):
        assert words in text
    assert "What can be compared with the published figure" in text


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"least": "24", "most": "48", "many": True}, "a large part of the firms stands exactly"),
        ({"least": "5", "most": "10", "many": False}, "between 5 % and 10 % of the firms"),
        ({"least": "5", "most": "5", "many": False}, "distributed: 5 % of the firms"),
        ({"least": "", "most": "", "many": False}, "how the outcomes are distributed."),
    ],
)
def test_how_many_firms_are_at_a_limit_is_said_as_it_is(real_paper, root, tmp_path, limits, told):
    text = _text({**real_paper, "limits": limits}, root, tmp_path)
    assert told in text
    assert ("a large part of the firms" in text) == limits["many"]


def test_the_paper_speaks_of_its_own_survey(real, real_paper, root, tmp_path):
    settings = {**real.settings, "surveys": {"NG": dict(zip(("2007", "2010"), WAVES, strict=True))}}
    context = {**real_paper, "surveys": survey_facts(replace(real, settings=settings))}
    text = _text(context, root, tmp_path)
    for words in (
        "The data are those of the Survey of Workshops, collected by the Office, about the years",
        "years 2005-2007 (wave 2007) and 2008-2010 (wave 2010); firms were asked in 2011.",
        "Firms belong to its population from 5 employees on.",
        "Zeros were left blank.",
        "The data are to be cited as: Office (2012).",
        "Like the Community Innovation Survey (CIS), it asks firms",
        "not part of the project. Ask the Office.",
    ):
        assert words in text, words
