from dataclasses import replace

import pypdf
import pytest
import typst

from cisflow.publication.paper.render import render_paper
from cisflow.publication.paper.surveys import survey_facts
from cisflow.publication.paper.verdicts import verdict_facts
from cisflow.study.marks import marks_of
from cisflow.study.verdicts import NOT_RUN

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
    template = (root / "paper/common.typ").read_text(encoding="utf-8")
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
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    # Where a line ends a word may be parted; elsewhere the same sign is a hyphen.
    return text.replace("\N{SOFT HYPHEN} ", "").replace("\N{SOFT HYPHEN}", "-")


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
        ({"least": "24", "most": "48", "many": True}, "which is why a model with limits is needed"),
        ({"least": "5", "most": "10", "many": False}, "Between 5 % and 10 % of the firms"),
        ({"least": "5", "most": "5", "many": False}, "5 % of the firms of a sample stand exactly"),
    ],
)
def test_how_many_firms_are_at_a_limit_is_said_as_it_is(real_paper, root, tmp_path, limits, told):
    text = _text({**real_paper, "limits": limits}, root, tmp_path)
    assert told in text
    assert ("why a model with limits is needed" in text) == limits["many"]


def test_nothing_is_said_of_firms_at_a_limit_where_nothing_may_be(real_paper, root, tmp_path):
    limits = {"least": "", "most": "", "many": False}
    assert "stand exactly at a limit" not in _text({**real_paper, "limits": limits}, root, tmp_path)


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


# --- runs of other kinds: sentences depend on the facts they state ------------------------------


def _restricted(findings, waves, models):
    """Return the findings of a run with some of the waves and models alone."""
    settings = {**findings.settings, "countries": {}}
    for country, about in findings.settings["countries"].items():
        kept = {wave: of for wave, of in about["waves"].items() if wave in waves}
        settings["countries"][country] = {**about, "waves": kept}
    here = {
        name: table[table["wave"].isin(waves)]
        for name in ("estimates", "flow", "claims")
        if len(table := getattr(findings, name))
    }
    chosen = {name: findings.models[name] for name in models}
    return replace(findings, settings=settings, models=chosen, **here)


def test_a_run_of_path_models_speaks_of_these_alone(synthetic, publish, root, tmp_path):
    models = ("faems2010_direct", "portfolio_breadth", "investment_to_innovation")
    findings = _restricted(synthetic, ["CIS4"], models)
    context = publish(findings, tmp_path, root)
    text = _text(context, root, tmp_path)
    for words in (
        *("Does a diverse portfolio of partners pay?", "the second of these models"),
        "We estimate whether a diverse alliance portfolio pays within 2 years",
        *("Innovation strength is their sum;", "counts the distinct types in a firm"),
        "Of 6 steps",
        "Two readings fit the words of the review. The stars",
    ):
        assert words in text, words
    for words in (
        *("relates to incremental", "Partner types", "beside the Tobit", "R&D intensity is"),
        *("both models", "is instrumented", "at zero", "both are kept as models"),
    ):
        assert words not in text, words


def test_a_run_of_one_regression_of_something_else_is_headed_by_it(real, publish, root, tmp_path):
    other = real.models["faems2005"].model_copy(
        update={
            "title": "Own research and innovation",
            "outcomes": ("radical",),
            "columns": {"equation": ("internal_investment",)},
            "limits": (0.0, None),
        }
    )
    spec = {**real.models, "own_research": other}
    e = real.estimates
    renamed = e.assign(model=e["model"].replace("faems2005", "own_research"))
    renamed = renamed[renamed["column"] != "any"].assign(column="equation")
    renamed["term"] = renamed["term"].replace("coop_exploitative", "internal_investment")
    diagnostics = [
        {**record, "model": "own_research"} if record["model"] == "faems2005" else record
        for record in real.diagnostics
    ]
    found = replace(real, models=spec, estimates=renamed, diagnostics=diagnostics)
    context = publish(_restricted(found, ["2010"], ["own_research"]), tmp_path, root)
    text = _text(context, root, tmp_path)
    for words in (
        *(
            "We estimate “Own research",
            "one way:",
        ),
        *("Own research and innovation: a two-limit Tobit", "cannot fall below 0, and"),
        "Internal investment is own R&D expenditure",
    ):
        assert words in text, words
    for words in (
        "Partner types",
        "Coefficients by type of partner",
        "no company accounts",
        "performance cannot",
        "diversity counts",
        "prints 7 coefficients",
    ):
        assert words not in text, words


def test_weak_instruments_are_told_in_the_text(synthetic_paper, root, tmp_path):
    weak = {
        "outcome": "profit margin",
        "f": "2.3",
        "weak": True,
        "estimate": "",
        "unit": "points of profit margin",
        "interval": "(−∞, ∞)",
        "unbounded": True,
        "p": "= 0.410",
    }
    about = {"place": "Flanders, CIS4", "why_not": "", "endogenous": ["diversity"]}
    facts = {**about, "threshold": "10", "results": [weak], "claims": []}
    text = _text(
        {**synthetic_paper, "instruments": [facts], "instrument_spreads": []}, root, tmp_path
    )
    for words in (
        "first-stage F is 2.3, below 10: the instruments are weak",
        "(−∞, ∞)",  # a page may end anywhere in the sentence
        "p = 0.410",
        "leaves the effect unbounded",
        "No verdict on a claim rests on these estimates.",
    ):
        assert words in text, words
    strong = {**weak, "weak": False, "f": "31.0", "unbounded": False, "interval": "[0.1, 0.2]"}
    text = _text(
        {
            **synthetic_paper,
            "instruments": [{**facts, "results": [strong]}],
            "instrument_spreads": [],
        },
        root,
        tmp_path,
    )
    assert "first-stage F is 31.0. The Anderson–Rubin interval, which holds whatever" in text
    assert "are weak" not in text


def test_firms_that_were_not_asked_are_told_with_the_other_coding(synthetic_paper, root, tmp_path):
    text = _text(synthetic_paper, root, tmp_path)
    for words in (
        "own sample: product innovators among manufacturing firms",
        "72 firms were not asked all of its questions",
    ):
        assert words in text, words


def test_claims_whose_model_the_run_lacks_are_not_counted(real):
    counted = verdict_facts(real)["number"]
    claims = real.claims.copy()
    claims.loc[claims["claim"] == "C1", "verdict"] = NOT_RUN
    assert verdict_facts(replace(real, claims=claims))["number"] == counted - 1


def test_a_run_of_many_countries_tells_of_what_was_pooled(real_paper, root, tmp_path):
    pooled = {"how": "By hand.", "results": [], "verdicts": {}, "exports": ["Utopia"]}
    context = {**real_paper, "many": True, "pooled": pooled, "instruments": []}
    text = _text(context, root, tmp_path)
    for words in (
        "By hand. Of Utopia only estimates were available",
        "from the extracts or, for Utopia, from exported estimates",
    ):
        assert words in text, words
    assert "Left for estimation" not in text


def test_pooled_effects_are_told_with_how_far_countries_differ(real_paper, root, tmp_path):
    row = {"term": "suppliers", "partners": True, "outcome": "radical innovation", "wave": ""}
    row |= {"estimate": "5.9", "low": "3.7", "high": "8.2", "countries": "12", "i2": "77"}
    results = [
        {**row, "tau": "3.1", "least": "−1.8", "most": "13.7"},
        {**row, "term": "breadth", "partners": False, "tau": "", "least": "5.8", "most": "6.0"},
    ]
    pooled = {"how": "By hand.", "results": results, "verdicts": {}, "exports": []}
    verdicts = {**real_paper["verdicts"], "pooled": True}
    context = {**real_paper, "many": True, "pooled": pooled, "verdicts": verdicts}
    text = _text({**context, "instruments": []}, root, tmp_path)
    for words in (
        "Pooled over 12 countries, in points of turnover with 95 % intervals, cooperation with "
        "suppliers goes with 5.9 (3.7 to 8.2) for radical innovation",
        "one unit more of breadth goes with 5.9",
        "Firms that cooperate with suppliers differ from comparable firms in their turnover from "
        "radical innovation by 5.9 points (95 % interval 3.7 to 8.2) over 12 countries.",
        "a standard deviation of 3.1 points, 77 % of what the estimates vary by; in a further "
        "country an effect from −1.8 to 13.7 is expected.",
        "Between countries the effect differs by no more than chance makes it.",
        "Over all countries together, of",
    ):
        assert words in text, words
    assert "in at least one sample" not in text


# --- the title page, the abstract, the supplement -----------------------------------------------

TITLE_PAGE = {
    "subtitle": "Of #panic(1) & others",
    "authors": [
        {"name": "A. Author", "affiliation": "Somewhere", "orcid": "0000-0002-1825-0097"},
        {"name": "B. Author", "email": "b@example.org"},
    ],
    "keywords": ["open innovation", "equivalence"],
    "acknowledgement": "We thank *everyone*.",
}


def _titled(context, **about):
    return {**context, "paper": {**context["paper"], **TITLE_PAGE, **about}}


def test_the_title_page_says_what_the_config_says(real_paper, root, tmp_path):
    text = _text(_titled(real_paper), root, tmp_path)
    for words in (
        "Of #panic(1) & others",
        "A. Author (ORCID 0000-0002-1825-0097), Somewhere",
        "b@example.org",
        "Keywords: open innovation; equivalence",
        "We thank *everyone*.",
    ):
        assert words in text, words


def test_a_paper_under_review_names_nobody(real_paper, root, tmp_path):
    about = {"anonymous": True, "spacing": "double", "line_numbers": True, "page": "us-letter"}
    text = _text(_titled(real_paper, **about), root, tmp_path)
    for words in ("A. Author", "example.org", "We thank"):
        assert words not in text, words
    box = pypdf.PdfReader(tmp_path / "paper.pdf").pages[0].mediabox
    assert (float(box.width), float(box.height)) == (612, 792)


@pytest.mark.parametrize("run", ["synthetic_paper", "real_paper"])
def test_the_abstract_has_150_words_at_most(run, request, root, tmp_path):
    text = _text(request.getfixturevalue(run), root, tmp_path)
    abstract = text.partition("Abstract.")[2].partition("1 Introduction")[0]
    assert 20 < len(abstract.split()) <= 150


@pytest.mark.parametrize("run", ["synthetic_paper", "real_paper"])
def test_the_supplement_has_what_the_paper_has_no_room_for(run, request, root, tmp_path):
    context = request.getfixturevalue(run)
    render_paper(context, tmp_path / "supplement.pdf", root / "paper/supplement.typ")
    pages = pypdf.PdfReader(tmp_path / "supplement.pdf").pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    for table in context["supplement"]["tables"]:
        assert f"Table S{table['number']}:" in text
    in_paper = {t["name"] for of in context["tables"].values() for t in of}
    assert in_paper.isdisjoint(t["name"] for t in context["supplement"]["tables"])
    assert "How claims are judged" in text


@pytest.mark.parametrize("run", ["synthetic_paper", "real_paper"])
def test_works_are_listed_with_where_they_are_found(run, request, root, tmp_path):
    listed = _text(request.getfixturevalue(run), root, tmp_path).partition("References")[2]
    assert "Faems, D. (2014)" in listed
    assert "doi.org/10.1111/j.0737-6782.2005.00120.x" in listed.replace(" ", "")
