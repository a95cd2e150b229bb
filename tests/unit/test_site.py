"""Every link of the documentation leads somewhere; its site is built strictly, fetches nothing."""

import csv
import importlib.util
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from PIL import Image

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^ *(```+).*?^ *\1|`[^`\n]+`", re.MULTILINE | re.DOTALL)
PAGES = ("*.md", "config/*.md", "data/*.md", "docs/**/*.md", "benchmarks/**/*.md")
SITE = ("docs", "site")


def pages(root):
    return sorted({page for pattern in PAGES for page in root.glob(pattern)})


def anchors(text):
    """Return the anchors of a page's headings, as forges and the site make them."""
    heads = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", head).strip().lower() for head in heads)
    return {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain}


def loaded(root, name):
    """Return a module of the site's own."""
    spec = importlib.util.spec_from_file_location(
        f"site_{name}", root.joinpath(*SITE, f"{name}.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_link_between_pages_leads_to_a_file_and_a_heading(root):
    lost = []
    for page in pages(root):
        for groups in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
            target, _, anchor = "".join(groups).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            there = (page.parent / target).resolve() if target else page
            if not there.is_file() or (anchor and anchor not in anchors(there.read_text())):
                lost.append(f"{page.relative_to(root)}: {target}#{anchor}")
    assert lost == []


def test_the_menu_names_pages_there_are_and_the_readme_is_the_first(root):
    conf = loaded(root, "conf")
    named = [page for section in conf.MENU.values() for page in section]
    assert len(named) == len(set(named))
    assert [page for page in named if not (root / f"{page}.md").is_file()] == []
    menu = conf._menu()
    shown = re.findall(r"\bdocs/\w+(?=>?$)", menu, re.MULTILINE)
    assert sorted(shown) == sorted(f"docs/{p.stem}" for p in (root / "docs").glob("*.md"))


@pytest.mark.parametrize(
    ("caption", "title"),
    [
        (
            "All claims: estimates with 95 % intervals. Grey: small",
            "All claims",
        ),
        ("Distribution of outcomes", "Distribution of outcomes"),
    ],
)
def test_the_gallery_is_headed_by_what_is_shown(root, caption, title):
    assert loaded(root, "gallery").title_of(caption) == title


def test_the_gallery_shows_one_exhibit_of_each_kind_figures_first(root, tmp_path):
    rows = [
        {"exhibit": "t1", "kind": "table", "function": "f"},
        {"exhibit": "t2", "kind": "table", "function": "f"},
        {"exhibit": "g1", "kind": "figure", "function": "g"},
    ]
    with (tmp_path / "exhibits.csv").open("w", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert [row["exhibit"] for row in loaded(root, "gallery").exhibits(tmp_path)] == ["g1", "t1"]


def test_the_yaml_of_a_model_is_shown_as_it_was_written(root):
    block_of = loaded(root, "gallery").block_of
    text = "models:\n  one:\n    # why\n    title: One\n\n    terms: [a]\n  two:\n    title: Two\n"
    assert block_of(text, "one") == "  one:\n    # why\n    title: One\n\n    terms: [a]"
    assert block_of(text, "none") == ""


def test_the_picture_of_the_readme_is_small_and_drawn_from_a_run(root, tmp_path):
    assert "docs/claims.png" in (root / "README.md").read_text(encoding="utf-8")
    assert (root / "docs" / "claims.png").stat().st_size < 100_000
    picture = loaded(root, "picture")
    Image.new("RGB", (2 * picture.WIDTH, 500), "white").save(tmp_path / "figure.png")
    assert picture.small(tmp_path / "figure.png").size == (picture.WIDTH, 250)


class Fetched(HTMLParser):
    """What a page takes from elsewhere when it is opened, links that are followed aside."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        held = {name: value or "" for name, value in attrs}
        taken = [held.get("src", "")] + ([held.get("href", "")] if tag == "link" else [])
        self.found += [url for url in taken if url.startswith(("http:", "https:", "//"))]


@pytest.fixture(scope="module")
def site(root, tmp_path_factory):
    pytest.importorskip("sphinx", reason="`make docs` installs what builds the site")
    pytest.importorskip("myst_parser")
    folder = tmp_path_factory.mktemp("site")
    strict = ["-q", "-W", "--keep-going", "-E", "-c", root.joinpath(*SITE)]
    command = [sys.executable, "-m", "sphinx", *strict, root, folder]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_fetches_nothing(site):
    built = sorted(site.rglob("*.html"))
    assert len(built) > 30
    assert (site / "index.html").is_file()
    fetched = Fetched()
    for page in built:
        fetched.feed(page.read_text(encoding="utf-8"))
    for style in site.rglob("*.css"):
        fetched.found += re.findall(r"(?:url\(|@import)[ \"']*(https?:[^)\"']*)", style.read_text())
    assert fetched.found == []


@pytest.mark.slow
def test_formulas_and_docstrings_are_on_the_site(site):
    assert "<math" in (site / "docs" / "tobit.html").read_text(encoding="utf-8")
    api = (site / "docs" / "api.html").read_text(encoding="utf-8")
    for name in ("Tobit", "TobitResults", "PathModel", "PathResults", "FittedModel", "decompose"):
        assert f'.{name}"' in api, name
