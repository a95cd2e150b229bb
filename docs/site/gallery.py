"""The gallery: one table or figure of each kind that a run published, with the YAML behind it."""

import csv
import re
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive

ROOT = Path(__file__).resolve().parents[2]
STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
EMPTY = re.compile(r"<th\b([^>]*)></th>")  # a heading of nothing is a cell
SIDEWAYS = "overflow-x:auto;overflow-y:auto;"  # what goes sideways is reached by keyboard, once
MOST_MODELS = 2
NONE = "No run lies in {run}: `make docs` makes the default run first, and fills this page from it."


def exhibits(publication: Path) -> list[dict[str, str]]:
    """Return the first exhibit of each kind (function that renders it), figures before tables."""
    with (publication / "exhibits.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    first = {row["function"]: row for row in reversed(rows)}
    order = [row for row in rows if first[row["function"]] is row]
    return sorted(order, key=lambda row: row["kind"] != "figure")


def title_of(caption: str) -> str:
    """Return the beginning of a caption, which says what is shown; the rest is how to read it."""
    return re.split(r"[:.] ", caption)[0]


def block_of(text: str, name: str) -> str:
    """Return the lines of a YAML mapping under a name, as they were written, comments included."""
    found = re.search(rf"^( *){re.escape(name)}:.*\n(?:(?:\1 +.*)?\n)*", text, re.MULTILINE)
    return found[0].rstrip() if found else ""


class Gallery(Directive):
    """The gallery of the run that `gallery_run` names."""

    def run(self) -> list[nodes.Node]:
        """Return a section per exhibit."""
        env = self.state.document.settings.env
        run = Path(env.config.gallery_run)
        publication = ROOT / run / "publication"
        if not (publication / "exhibits.csv").is_file():
            return [nodes.note("", nodes.paragraph(text=NONE.format(run=run.as_posix())))]
        env.note_dependency(str(publication / "exhibits.csv"))
        specs = (ROOT / "config" / "models.yaml").read_text(encoding="utf-8")
        shown: dict[str, str] = {}
        return [_section(row, run, specs, shown) for row in exhibits(publication)]


def _section(row: dict[str, str], run: Path, specs: str, shown: dict[str, str]) -> nodes.section:
    """Return an exhibit and its models; those that were shown before are pointed to."""
    anchor = nodes.make_id(row["exhibit"])
    section = nodes.section("", nodes.title(text=title_of(row["caption"])), ids=[anchor])
    section += nodes.paragraph(text=row["caption"])
    section += _shown(row, run)
    told = nodes.paragraph(text="Published as ")
    told += nodes.literal(text=f"{row['kind']}s/{row['exhibit']}")
    told += nodes.Text(f", rendered by {row['function']}.")
    section += told
    for model in row["models"].split()[:MOST_MODELS]:
        section += _model(model, specs, shown)
        shown.setdefault(model, anchor)
    return section


def _model(name: str, specs: str, shown: dict[str, str]) -> nodes.Node:
    if name in shown:
        pointer = nodes.paragraph(text="The model is shown above: ")
        pointer += nodes.reference("", name, refid=shown[name], internal=True)
        return pointer
    yaml = block_of(specs, name)
    return nodes.literal_block(yaml, yaml, language="yaml")


def _shown(row: dict[str, str], run: Path) -> nodes.Node:
    publication = run / "publication"
    if row["kind"] == "figure":
        uri = f"/{(publication / 'figures' / row['exhibit']).as_posix()}.svg"
        return nodes.image(uri=uri, alt=row["caption"], classes=["exhibit"])
    table = (ROOT / publication / "tables" / f"{row['exhibit']}.html").read_text(encoding="utf-8")
    table = EMPTY.sub(r"<td\1></td>", STYLE.sub("", table)).replace(SIDEWAYS, "")
    label = escape(row["caption"])
    about = f'class="exhibit" tabindex="0" role="region" aria-label="{label}"'
    return nodes.raw("", f"<div {about}>{table}</div>", format="html")


def setup(app) -> dict[str, bool]:
    """Register the directive and which run it shows."""
    app.add_config_value("gallery_run", "results/flanders", "env")
    app.add_directive("gallery", Gallery)
    return {"parallel_read_safe": True}
