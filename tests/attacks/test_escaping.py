"""Names, titles and labels that are markup, formulas or code are printed as they are written."""

import copy
import csv
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from xml.etree import ElementTree

import docx
import pandas as pd
import pypdf
import pytest
import yaml
from made_up_findings import ROOT, SETTINGS, make_findings, one_of_each

from cisflow.base.records import Table as Declared
from cisflow.base.records import write_table
from cisflow.base.texts import no_formula
from cisflow.publication.catalogue import FIGURE, TABLE, catalogue
from cisflow.publication.figures.canvas import save_figure
from cisflow.publication.packet import sheet
from cisflow.publication.paper.context import paper_context
from cisflow.publication.paper.render import render_paper
from cisflow.publication.paper.surveys import TOLD
from cisflow.publication.report_page import harmless
from cisflow.publication.tables.layout import Table
from cisflow.publication.tables.save import save_table

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    "\"' onmouseover=alert(1) x='",
    "javascript:alert(1)",
    "&lt;b&gt; &#60;script&#62;",
    "]]> <!-- --> <?php ?>",
    "Flanders // Brussels",
    "Flanders /* Brussels",
    "costs $5 and $x",
    "@x and @faems2014",
    '#panic(1) #read("/etc/passwd")',
    "`raw` ```raw",
    "<tab-sample_flow>",
    "*bold _italic",
    "~ -- --- -? ...",
    "= heading",
    "- item",
    "+ item",
    "1. item",
    "/ term: text",
    "\\ back \\u{41} \\",
    "[ open ( {",
    "] close ) }",
    "$\\input{/etc/passwd}$ \\write18{x}",
    "100% & ~^_#{}",
    "\\end{table} \\begin{x}",
    '=HYPERLINK("http://x","y")',
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "'=1+1",
    "{=1+1}",
    "$\\frac{$",
    "a\n\n= b",
    "a\n.. raw:: html\n\n   <script>alert(1)</script>",
    "`x <javascript:alert(1)>`_",
    "|subst| foo_ :sub:`x`",
    "{{ 7 * 7 }} {% if x %}",
    "\x00\x07\x1b[31m\x7f",
    "\u202egnp.exe\u2066",
    "\ufffe \u2028",
    "'; DROP TABLE x; --",
    "${PATH} $(touch attacked) %s {0}",
    "../../../etc/passwd",
    "Ünïcödé 中文 עברית",
]


STRAIGHT = str.maketrans("‘’“”", "''\"\"")


class Page(HTMLParser):
    """Collects what of a page would act: scripts, handlers, links that run code."""

    def __init__(self):
        super().__init__()
        self.alive, self.text = [], []

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "img", "iframe", "object", "embed", "svg", "form", "base", "link"):
            self.alive.append(tag)
        for name, value in attrs:
            links = name in ("href", "src", "action", "formaction", "data", "xlink:href", "style")
            if name.startswith("on") or (links and "script:" in (value or "").lower()):
                self.alive.append(f"{tag} {name}={value}")

    def handle_data(self, data):
        self.text.append(data)


def page_of(html):
    page = Page()
    page.feed(html)
    return page


def spoken(text):
    """Return a text as print has it: without breaks and what cannot be printed."""
    return re.sub(r"[\s\0-\x1f\x7f\u2028-\u202e\u2066-\u2069\ufffe]+", "", text)


@pytest.fixture(scope="module")
def table():
    """A table whose every part is hostile, each text once in each part."""
    columns = pd.MultiIndex.from_tuples([(f"{t}", t) for t in HOSTILE[:8]])
    rows = pd.MultiIndex.from_tuples([(f"{HOSTILE[i % 7]}", t) for i, t in enumerate(HOSTILE)])
    cells = [[HOSTILE[(i + j) % len(HOSTILE)] for j in range(8)] for i in range(len(HOSTILE))]
    frame = pd.DataFrame(cells, rows.sortlevel(0)[0], columns)
    return Table(frame, " ".join(HOSTILE), caption=" ".join(HOSTILE))


@pytest.fixture(scope="module")
def folder(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    save_table(table, folder, "hostile")
    for i, text in enumerate(HOSTILE):
        one = Table(pd.DataFrame({text: [text, "0.5***\n(0.2)"]}, [text, "b"]), text, caption=text)
        save_table(one, folder, f"one_{i}")
    return folder


NAMES = ["hostile", *(f"one_{i}" for i in range(len(HOSTILE)))]


@pytest.mark.parametrize("name", NAMES)
def test_html_has_no_live_part_and_says_all(folder, name):
    page = page_of((folder / f"{name}.html").read_text(encoding="utf-8"))
    assert page.alive == []
    if name != "hostile":
        assert spoken(HOSTILE[int(name[4:])]) in spoken("".join(page.text))


@pytest.mark.parametrize("name", NAMES)
def test_typst_sets_every_table_with_its_label(folder, name, tmp_path):
    import typst

    shutil.copy(folder / f"{name}.typ", tmp_path / "table.typ")
    main = '#set page(width: 100cm, height: 300cm)\n#include "table.typ"\n'
    (tmp_path / "main.typ").write_text(f"{main}See @tab-{name}.\n#link(<tab-{name}>)[x]\n")
    (tmp_path / "out.pdf").write_bytes(typst.compile(tmp_path / "main.typ"))
    reader = pypdf.PdfReader(tmp_path / "out.pdf")
    text = spoken("".join(page.extract_text() for page in reader.pages))
    links = [a.get_object() for page in reader.pages for a in page.get("/Annots", [])]
    assert not any("/URI" in a.get("/A", {}) for a in links)
    if name != "hostile" and HOSTILE[int(name[4:])].isascii():
        plain = re.sub("[-~]", "", spoken(HOSTILE[int(name[4:])]))
        assert plain in re.sub("[-~\u00ad\u00a0]", "", text).translate(STRAIGHT)


LATEX = re.compile(
    r"\\(?:textbackslash|textasciitilde|textasciicircum|textdagger)\{\}|\\[&%$#_{}]"
    r"|\$(?:<|>|-|\\to|\\chi|\\langle|\\rangle|\\leq|\\geq|\\times)\$|\{\[\}|\{\*\}"
)


@pytest.mark.parametrize("name", NAMES)
def test_latex_is_escaped(folder, name, tmp_path):
    whole = (folder / f"{name}.tex").read_text(encoding="utf-8")
    loaded, _, text = whole.partition("\\fi\n")  # what every table begins with, whatever is in it
    assert loaded == (folder / f"{NAMES[0]}.tex").read_text(encoding="utf-8").partition("\\fi\n")[0]
    for command in ("input", "write", "begin{x}", "back", "u{", "frac"):
        assert f"\\{command}" not in text
    # A line of ours may end in a starred break, which keeps it with the next.
    rest = LATEX.sub("", text.replace("\\\\*\n", "\\\\\n"))
    assert "$" not in rest
    assert "#" not in rest
    assert rest.count("{") == rest.count("}")
    assert not re.search(r"\\\\\s*[*\[]", rest)
    # pdflatex has letters for the languages of Europe alone.
    if shutil.which("pdflatex") and not re.search("[\u0370-\u2000\u2c00-\uffff]", text):
        (tmp_path / "x.tex").write_text(whole, encoding="utf-8")
        done = subprocess.run(["pdflatex", "-halt-on-error", "x.tex"], cwd=tmp_path, check=False)
        assert done.returncode == 0


@pytest.mark.parametrize("name", NAMES)
def test_csv_has_no_formulas(folder, name):
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        assert not re.match(r"[\s']*[=@\t\r]", cell) or cell.startswith("'")
        assert not re.match(r"[+-].*[A-Za-z|]", cell)


NUMBERS = ["-0.53", "-0.53***", "+1", "-", "-0.5 (0.2)", "-1,234.5", "−0.5", "-.5", "-0.5 [-1; 2]"]


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_stay_numbers(number):
    assert no_formula(number) == number


def test_tables_of_stages_are_neutral_on_disk_and_unchanged_when_read(tmp_path):
    told = Declared.of("name", "estimate", numbers=["estimate"])
    texts = [printable for printable in HOSTILE if printable.isprintable()]
    frame = told.frame({"name": text, "estimate": -0.5} for text in texts)
    write_table(frame, tmp_path / "x.csv", "real")
    lines = (tmp_path / "x.csv").read_text(encoding="utf-8")
    assert not re.search(r'^"?[=+@-]', lines, re.M)
    assert ",-0.5," in lines
    assert told.read([tmp_path / "x.csv"])["name"].tolist() == texts


@pytest.mark.parametrize("name", NAMES)
def test_word_files_open(folder, name):
    document = docx.Document(folder / f"{name}.docx")
    said = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    if name != "hostile":
        assert spoken(HOSTILE[int(name[4:])]) in {spoken(text) for text in said}


# --- a whole run --------------------------------------------------------------------------------


def hostile(i):
    return HOSTILE[i % len(HOSTILE)]


@pytest.fixture(scope="module")
def findings():
    """Findings of a run in which whatever a user names is hostile."""
    settings = copy.deepcopy(SETTINGS)
    settings["title"] = " ".join(HOSTILE)
    settings["countries"]["BE"]["name"] = " ".join(HOSTILE[7:15])
    labels = {
        f"mine_{i}": {"definition": text, "label": text, "unit": text, "description": text}
        for i, text in enumerate(HOSTILE)
    }
    settings["constructs"] = labels
    words = {key: " ".join(HOSTILE[i::7]) for i, key in enumerate(TOLD)}
    about = {**words, "population": {"text": " ".join(HOSTILE)}, "caveats": HOSTILE}
    settings["surveys"] = {"BE": {"CIS2": about, "CIS4": {**about, "name": hostile(3)}}}
    found = make_findings(settings, one_of_each(settings))
    models = {
        name: model.model_copy(
            update={"title": " ".join(HOSTILE[i :: len(found.models)]), "source": hostile(i + 7)}
        )
        for i, (name, model) in enumerate(found.models.items())
    }
    object.__setattr__(found, "models", models)
    for frame in (found.estimates, found.claims):
        for column in {"note", "text", "source", "reason"} & {*frame.columns}:
            frame[column] = [hostile(i) for i in range(len(frame))]
    return found


@pytest.fixture(scope="module")
def published(findings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    items = catalogue(findings.settings, findings.models)
    for item in items.of(TABLE):
        save_table(item.made(findings), folder / "tables", item.name, ["html", "typ", "csv"])
    for item in items.of(FIGURE):
        save_figure(item.made(findings), folder / "figures", item.name, ["svg"])
    return folder


def test_no_table_of_a_run_has_a_live_part(published):
    files = list((published / "tables").glob("*.html"))
    assert len(files) > 10
    for file in files:
        assert page_of(file.read_text(encoding="utf-8")).alive == [], file.name


def test_figures_of_a_run_are_pictures_alone(published):
    files = list((published / "figures").glob("*.svg"))
    assert len(files) > 5
    for file in files:
        for element in ElementTree.parse(file).iter():  # noqa: S314
            assert element.tag.rpartition("}")[2] not in ("script", "foreignObject", "image", "a")
            assert not any(name.lower().startswith("on") for name in element.attrib)


def test_names_of_files_are_plain(published):
    for file in published.rglob("*"):
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", file.name)


@pytest.mark.parametrize("name", ["paper", "supplement"])
def test_the_papers_of_a_run_are_set(findings, published, name):
    figure1 = yaml.safe_load((ROOT / "paper/figure1.yaml").read_text(encoding="utf-8"))
    rule = {"directional": " ".join(HOSTILE), "no_effect": " ".join(HOSTILE)}
    folders = published / "tables", published / "figures"
    context = paper_context(findings, *folders, figure1, rule)
    render_paper(context, published / f"{name}.pdf", ROOT / f"paper/{name}.typ")
    reader = pypdf.PdfReader(published / f"{name}.pdf")
    text = spoken("".join(page.extract_text() for page in reader.pages))
    assert "Flanders//Brussels" in text
    assert "#panic(1)" in text


# --- the sheet for the output checker -----------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_the_checkers_sheet_has_no_live_part_and_is_made_of_any_title(text):
    said = [sheet.Part(text, (text,), [(text, "b"), (text, f"{text}\n{text}")])]
    page = page_of(sheet.html(text, said))
    assert page.alive == []
    assert spoken(text) in spoken("".join(page.text))
    document = docx.Document(io.BytesIO(sheet.docx(text, said)))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert spoken(text) in {spoken(cell) for cell in cells}


# --- the report ---------------------------------------------------------------------------------


def rendered(name, **known):
    """Return a caption as Snakemake's report has it: Jinja, then reStructuredText."""
    from docutils.core import publish_parts
    from jinja2 import Environment

    text = (ROOT / f"workflow/report/{name}.rst").read_text(encoding="utf-8")
    made = Environment(autoescape=False).from_string(text).render(**known)  # noqa: S701
    quiet = {"report_level": 5}
    return publish_parts(made, writer_name="html", settings_overrides=quiet)["body"]


class Job:
    """What captions ask of a job."""

    def __init__(self, title):
        self.config = {"title": title, "data": "real"}


@pytest.mark.parametrize("text", HOSTILE)
def test_the_first_page_of_the_report_has_the_title_as_a_text(text):
    body = rendered("workflow", snakemake=Job(text))
    page = page_of(body)
    assert page.alive == []
    assert "system-message" not in body
    assert "problematic" not in body
    said = re.sub("[-–—.…]", "", spoken("".join(page.text)))
    assert re.sub("[-.]", "", spoken(text)) in said.replace("’", "'")


def test_the_data_in_a_report_ends_no_script(tmp_path):
    data = {
        "workflow_desc": "<p>x</p>",
        "results": {
            "results/x/t.html": {
                "labels": {"shows": " ".join(HOSTILE)},
                "caption": "<p>x</p>",
                "job_properties": {"params": "file: /home/me/secret/x.csv", "rule": "tables"},
            }
        },
        "categories": {text: {} for text in HOSTILE},
        "rules": {"r": {"input": ["/home/me/secret/x.csv"], "conda_env": "/home/me/env.yml"}},
    }
    scripts = [
        f'<script id="{name}">\nvar {name} = {json.dumps(of)};\n</script>'
        for name, of in data.items()
    ]
    page = harmless("<html>" + "\n".join(scripts) + "<p>var categories = </p></html>")
    assert len(re.findall("<script", page)) == len(data)
    assert "/home/me" not in page
    for name in data:
        told = json.JSONDecoder().raw_decode(
            page, page.index(f"var {name} = ") + len(f"var {name} = ")
        )
        assert set(told[0]) == set(data[name]) or name == "workflow_desc"
