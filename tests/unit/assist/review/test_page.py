"""The page, the text and the JSON of a review sheet."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from review_case import LABELS, answers, write_case

from cisflow.assist.cli import main
from cisflow.assist.review.gather import gather
from cisflow.assist.review.page import page
from cisflow.assist.review.record import review_record
from cisflow.assist.review.style import STYLE
from cisflow.assist.review.terminal import review_text

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "</style><svg/onload=alert(1)>",
    "\"' onmouseover=alert(1) x='",
    "&lt;b&gt; &#60;script&#62;",
    "]]> <!-- --> <?php ?>",
]
# Void elements have no end.
VOID = {"meta", "wbr"}


class Read(HTMLParser):
    """Reads a page: its elements, attributes and text, and whether elements are closed."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.texts, self.open = set(), set(), [], []
        self.ids, self.links = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def read(text):
    """Return a page, read; all its elements are closed."""
    found = Read()
    found.feed(text)
    assert found.open == []
    return found


def made(folder, **changes):
    return gather(write_case(folder, **changes), Path())


def test_the_page_needs_nothing_else_and_its_links_lead_somewhere(tmp_path):
    found = read(page(made(tmp_path, turnover={"name": "emp16"})))
    assert not {"script", "link", "img", "iframe", "object"} & found.tags
    assert not [name for name in found.attributes if name.startswith("on")]
    assert all(link.removeprefix("#") in found.ids for link in found.links)
    assert len(found.ids) == len(set(found.ids))
    assert not re.search(r"url\(|@import|https?:", STYLE)


def test_the_same_facts_give_the_same_page(tmp_path):
    file = write_case(tmp_path)
    assert page(gather(file, Path())) == page(gather(file, Path()))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_labels_codes_names_and_titles_are_printed_as_they_are(tmp_path, text):
    data = answers().rename(columns={"grp": text})
    labels = {k: v for k, v in LABELS.items() if k != "grp"}
    labels |= {text: ("Is the firm part of an enterprise group?", ""), "wine": (text, "")}
    entry = {"name": text, "label": text, "note": text, "source": text}
    config = {"title": text}
    sheet = made(tmp_path, data=data, labels=labels, config=config, group=entry)
    assert [c.name for w in sheet.waves for v in w.cards for c in v.columns].count(text) == 1
    found = read(page(sheet))
    assert not {"script", "img", "svg", "b onmouseover"} & found.tags
    assert not [name for name in found.attributes if name.startswith("on")]
    assert text in "".join(found.texts)
    assert text in json.loads(json.dumps(review_record(sheet)))["title"]


def test_a_label_is_printed_in_full_on_page_and_terminal(tmp_path):
    long = f"{'Did the firm, in the years from 2014 to 2016, ' * 6}take part?"
    labels = {**LABELS, "grp": (long, "1=Yes; 2=No"), "wine": (long, "")}
    sheet = made(tmp_path, labels=labels)
    assert page(sheet).count(long) >= 2
    assert " ".join(review_text(sheet).split()).count(long) >= 2


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The sheet of the survey as it is."""
    return made(tmp_path_factory.mktemp("plain"))


def test_every_column_stands_on_page_terminal_and_json(plain):
    for text in (page(plain), review_text(plain), json.dumps(review_record(plain))):
        assert all(name in text for name in LABELS)


@pytest.mark.parametrize("data", ["real", "synthetic"])
def test_synthetic_data_are_stamped(tmp_path, data):
    sheet = made(tmp_path, config={"data": data})
    for text in (page(sheet), review_text(sheet), json.dumps(review_record(sheet))):
        assert ("SYNTHETIC" in text) is (data == "synthetic")


KEYS = {
    "": {"form", "run", "title", "config", "data", "minimum", "rules", "marks", "errors", "waves"},
    "waves": {
        *("country", "name", "wave", "file", "codebook", "path", "title", "reference_year"),
        *("rows", "columns", "labels", "errors", "findings", "cards", "absent", "grids", "unused"),
    },
    "cards": {
        *("variable", "question", "needed", "state", "settled", "source", "note", "said", "read"),
        *("asked_if", "columns", "counts", "value", "against", "doubts", "remarks", "speaks_for"),
        *("turned_down", "confirm"),
    },
    "columns": {"name", "label", "codes", "before", "after", "same_stem"},
    "codes": {"code", "meaning", "read_as", "rows", "against"},
    "counts": {"valid", "not_asked", "missing", "invalid", "filtered_known"},
    "before": {"column", "label", "used_for"},
    "grids": {"title", "heads", "rows", "confirm"},
    "unused": {"stem", "columns"},
    "absent": {"variable", "question", "near"},
}


def test_the_keys_of_the_json_stay(plain):
    record = json.loads(json.dumps(review_record(plain)))
    assert record["form"] == 1
    wave = record["waves"][0]
    card = next(c for c in wave["cards"] if c["variable"] == "group")
    column = card["columns"][0]
    found = {
        "": record,
        "waves": wave,
        "cards": card,
        "columns": column,
        "codes": column["codes"][0],
        "counts": card["counts"],
        "before": column["before"][0],
        "grids": wave["grids"][0],
        "unused": wave["unused"][0],
        "absent": wave["absent"][0],
    }
    assert {part: set(told) for part, told in found.items()} == KEYS


def test_the_command_writes_the_page_below_results(tmp_path, monkeypatch, capsys):
    file = write_case(tmp_path / "case")
    monkeypatch.chdir(tmp_path)
    assert main(["review", str(file)]) == 0
    assert "results/nl/review.html" in capsys.readouterr().out
    assert "<!DOCTYPE html>" in (tmp_path / "results" / "nl" / "review.html").read_text()
    assert main(["review", str(file), "--out", "a/b.html"]) == 0
    assert (tmp_path / "a" / "b.html").is_file()


def test_the_command_prints_text_and_json_and_tells_errors_by_its_code(tmp_path, capsys):
    file = write_case(tmp_path, nace={"name": "gone"})
    assert main(["review", str(file), "--terminal"]) == 1
    assert "'gone' is not in the file" in capsys.readouterr().out
    assert main(["review", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["waves"][0]["errors"]


def test_a_run_without_a_name_needs_a_place_for_its_page(tmp_path, capsys):
    file = write_case(tmp_path, config={"run": "../../etc"})
    assert main(["review", str(file)]) == 2
    assert "--out" in capsys.readouterr().err


def _luminance(colour):
    colour = colour if len(colour) == 6 else "".join(2 * c for c in colour)
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_text_is_readable_by_day_by_night_and_on_paper():
    schemes = [
        dict(re.findall(r"--(\w+):#(\w+)", part))
        for part in re.findall(r":root\{(.*?)\}", STYLE, re.S)
    ]
    assert len(schemes) == 3
    pairs = [("ink", "paper"), ("ink", "card"), ("soft", "paper"), ("soft", "card")]
    pairs += [("bad", "badbg"), ("open", "openbg"), ("good", "goodbg"), ("link", "paper")]
    pairs += [("soft", "badbg"), ("bad", "card"), ("ink", "badbg"), ("open", "card")]
    for scheme in schemes:
        for one, other in pairs:
            dark, light = sorted(_luminance(scheme[name]) for name in (one, other))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (one, other, scheme)


def test_a_grid_tells_a_doubt_from_what_speaks_against(tmp_path):
    doubtful = LABELS | {"k1h": ("Cooperated with suppliers on training of staff at home", "")}
    sheet = gather(
        write_case(tmp_path, labels=doubtful, coop_clients_foreign={"name": "k2h"}), Path()
    )
    cells = {
        cell.variable: cell
        for grid in sheet.waves[0].grids
        for row in grid.rows
        for cell in row.cells
    }
    assert cells["coop_clients_foreign"].against
    assert cells["coop_suppliers_domestic"].doubted
    assert not cells["coop_suppliers_domestic"].against
    assert re.search(r'<td class="bad"><code>k2h</code> ✗ against', page(sheet))
    assert re.search(r'<td class="open"><code>k1h</code> \? doubt', page(sheet))


def test_short_labels_of_neighbours_keep_what_tells_them_apart(tmp_path):
    said = "Percentage of turnover in the last of the three years that came from products"
    ends = {"s_new": "new to the market", "s_firm": "new to the firm"}
    labels = LABELS | {column: (f"{said} {end}", "") for column, end in ends.items()}
    text = page(gather(write_case(tmp_path, labels=labels), Path()))
    assert all(re.search(rf"Percentage of turn[^<]* … [^<]*{end} →", text) for end in ends.values())
