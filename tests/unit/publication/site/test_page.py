"""The page stands alone, escapes what it prints, and is the same each time."""

import re
from copy import copy
from html.parser import HTMLParser

from cisflow.publication.site.facts import page_facts
from cisflow.publication.site.page import policy, render_page, write_page
from cisflow.study.claims import Claims

VOID = {"meta", "input", "line", "rect", "circle", "path"}
HOSTILE = (
    "</script><script>alert(1)</script>\"' onmouseover=alert(1) x='<img src=x onerror=alert(1)>"
)


class Read(HTMLParser):
    """Reads a page: its elements, attributes, links and whether elements are closed."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.used, self.texts = [], [], [], [], []
        self.tags, self.attributes = [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        about = dict(attrs)
        self.ids += [about["id"]] if "id" in about else []
        self.links += [about["href"]] if "href" in about else []
        for name in ("aria-labelledby", "for"):
            self.used += (about.get(name) or "").split()
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["script"], ["style"]):
            self.texts.append(data)


def read(page):
    found = Read()
    found.feed(page)
    assert found.open == []
    return found


def test_the_page_needs_nothing_else(page):
    found = read(page)
    assert not {"link", "img", "iframe", "object", "base"} & {*found.tags}
    assert not [name for name in found.attributes if name.startswith("on") or name == "style"]
    assert "src" not in found.attributes
    assert not re.search(r"url\(|@import|fetch\(|https?:", page)
    assert len(page.encode()) < 3e6


def test_its_links_lead_somewhere_and_its_names_are_its_own(page):
    found = read(page)
    inside = [link[1:] for link in found.links if link.startswith("#")]
    assert set(inside) <= {*found.ids}
    assert set(found.used) <= {*found.ids}
    assert len(found.ids) == len(set(found.ids))
    outside = [link for link in found.links if not link.startswith("#")]
    assert all(re.fullmatch(r"((tables|figures)/)?[\w.-]+", link) for link in outside)


def test_a_browser_is_told_to_run_its_one_script_alone(page):
    style = re.search(r"<style>(.*?)</style>", page, re.S)[1]
    script = re.search(r"<script>(.*?)</script>", page, re.S)[1]
    assert policy(style, script).replace("'", "&#39;") in page
    assert "unsafe" not in policy(style, script)


def test_claims_come_first_with_verdict_estimate_and_sample(page, facts):
    found = Read()
    found.feed(page.split("<main>")[1].split("</main>")[0])
    text = re.sub(r"\s+", " ", " ".join(found.texts))
    assert text.index("Cooperation with suppliers") < text.index("Models and samples")
    for card in facts["cards"]:
        for one in card.page.deciding:
            assert one.verdict in text
            assert not one.found or one.found.interval in text


def test_everything_says_synthetic_and_the_same_facts_give_the_same_bytes(facts, page, root):
    assert "SYNTHETIC" in page.split("</header>")[0]
    assert render_page(facts, root / "paper/page") == page


def test_hostile_names_and_texts_are_printed_as_they_are(synthetic, tables, root):
    found = copy(synthetic)
    settings = {**synthetic.settings, "title": HOSTILE}
    countries = {c: {**of, "name": HOSTILE} for c, of in settings["countries"].items()}
    claims = synthetic.claims.assign(text=HOSTILE, source=HOSTILE, reason=HOSTILE)
    models = {
        name: model.model_copy(update={"title": HOSTILE, "source": HOSTILE})
        for name, model in synthetic.models.items()
    }
    changes = {"settings": {**settings, "countries": countries}, "claims": claims}
    for name, value in {**changes, "models": models}.items():
        object.__setattr__(found, name, value)
    sources = {"config": {HOSTILE: HOSTILE}}
    none = Claims.model_validate({"claims": {}})
    facts = page_facts(found, none, tables, sources)
    told = read(render_page(facts, root / "paper/page"))
    assert told.tags.count("script") == 1
    assert "img" not in told.tags
    assert not [name for name in told.attributes if name.startswith("on")]
    assert HOSTILE in "".join(told.texts)


def test_the_page_is_written_with_the_same_ends_of_lines_everywhere(facts, page, root, tmp_path):
    write_page(facts, root / "paper/page", tmp_path / "index.html")
    assert (tmp_path / "index.html").read_bytes() == page.encode("utf-8")
