"""The documentation site: the repository's own Markdown, read where it lies, and a gallery.

The source folder is the repository, so that every link between pages is the one that works there.
Nothing is fetched: formulas become MathML, and fonts and scripts are those of the theme's package.
"""

import re
import shutil
import sys
from importlib import import_module
from inspect import isclass, signature
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(Path(__file__).parent)]

import cisflow  # noqa: E402
import cisflow.estimators  # noqa: E402

project, release, html_title = "cisflow", cisflow.__version__, "cisflow"
author = project_copyright = "The cisflow authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "mathml", "gallery"]

root_doc = "README"
PAGES = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "config/README.md", "data/README.md"]
include_patterns = [*PAGES, "docs/**.md", "benchmarks/**.md"]
exclude_patterns = [".*", "results", "src", "tests", "build", "dist", "workflow", "paper"]

IMPORTED = re.compile(r"^from (cisflow\.estimators[\w.]*) import ([\w, ]+)$", re.MULTILINE)

# The menu. A page of docs/ that is named nowhere stands with the estimators, under its own title.
MENU = {
    "Begin": {
        "docs/commands": "From a file to a paper",
        "docs/review": "The review sheet",
        "docs/running": "Ways to run it",
        "docs/gallery": "Gallery",
        "docs/care": "What it takes care of",
        "docs/citing": "How to cite",
    },
    "Set": {
        "config/README": "The manual",
        "docs/settings": "Every setting",
        "data/README": "Data",
        "docs/pooling": "Several countries",
    },
    "Estimate": {
        "docs/tobit": "Tobit",
        "docs/path": "Path models",
        "docs/panels": "Panels, instruments, sensitivity",
        "docs/api": "API",
    },
    "Behind closed doors": {
        "docs/centres": "Safe centres",
        "docs/disclosure": "What may leave",
        "docs/release": "The packet for the checker",
        "docs/cluster": "On a cluster",
    },
    "Keep": {
        "docs/recovery": "When something failed",
        "docs/baselines": "Baselines",
        "CHANGELOG": "Changelog",
    },
    "Build": {
        "CONTRIBUTING": "Contributing",
        "docs/decisions/README": "Why it is built so",
        "benchmarks/README": "Benchmarks",
    },
}
OTHERS = "Estimate"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
highlight_language = "text"
# Pages begin with the heading they have; fields of several results have the same name.
suppress_warnings = ["myst.header", "ref.python"]
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings have them, with shapes and units
napoleon_use_rtype = False

html_theme = "pydata_sphinx_theme"
html_static_path = ["static"]
html_css_files = ["site.css"]
templates_path = ["templates"]
html_sidebars = {"**": ["menu.html"]}
html_show_sourcelink = html_copy_source = False
html_theme_options = {
    "navbar_center": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def _menu() -> str:
    """Return the tables of contents, which the repository's own pages do not have."""
    lines = {
        caption: [f"{title} <{page}>" for page, title in pages.items()]
        for caption, pages in MENU.items()
    }
    named = {page for pages in MENU.values() for page in pages}
    others = (f"docs/{file.stem}" for file in sorted((ROOT / "docs").glob("*.md")))
    lines[OTHERS][-1:-1] = [page for page in others if page not in named]
    return "\n\n" + "\n".join(
        f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```\n"
        for caption, pages in lines.items()
    )


def _below(folder: str) -> str:
    """Return a hidden table of contents of all pages of a folder but its first."""
    pages = sorted(file.stem for file in (ROOT / folder).glob("*.md") if file.stem != "README")
    return "\n\n```{toctree}\n:hidden:\n\n" + "\n".join(pages) + "\n```\n"


def _api() -> str:
    """Return what pages show how to import, with what fitting it returns, a section each."""
    shown: dict[str, str] = {}
    for file in sorted((ROOT / "docs").glob("*.md")):
        for module, names in IMPORTED.findall(file.read_text(encoding="utf-8")):
            shown.update(dict.fromkeys(map(str.strip, names.split(",")), module))
    shown = {**dict.fromkeys(cisflow.estimators.__all__, "cisflow.estimators"), **shown}
    found = [getattr(import_module(shown[name]), name) for name in shown]
    parts = [part for what in found for part in (what, _results(what)) if part is not None]
    return "".join(
        f"\n\n## `{part.__name__}`\n\n```{{eval-rst}}\n.. {_directive(part)}\n```\n"
        for part in dict.fromkeys(parts)
    )


def _directive(part) -> str:
    name = f"{part.__module__}.{part.__qualname__}"
    options = "\n   :members:\n   :inherited-members: Exception"
    return f"autoclass:: {name}{options}" if isclass(part) else f"autofunction:: {name}"


def _results(model: type) -> type | None:
    """Return the class of what `fit` returns."""
    fit = getattr(model, "fit", None)
    told = signature(fit).return_annotation if fit else None
    return vars(sys.modules[fit.__module__]).get(told) if isinstance(told, str) else None


ADDED = {
    "README": _menu,
    "docs/decisions/README": lambda: _below("docs/decisions"),
    "benchmarks/README": lambda: "\n\n```{toctree}\n:hidden:\n:glob:\n\nresults/*\n```\n",
    "docs/api": _api,
}


def _add(_app, page: str, source: list[str]) -> None:
    source[0] += ADDED.get(page, lambda: "")()


def _front(app, failed: Exception | None) -> None:
    """Give the first page the name that a browser opens of a folder."""
    if not failed and app.builder.name == "html":
        shutil.copy(app.outdir / "README.html", app.outdir / "index.html")


def setup(app) -> None:
    """Connect the above to Sphinx."""
    app.connect("source-read", _add)
    app.connect("build-finished", _front)
