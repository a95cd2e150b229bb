"""The co-author's page as one file: no network, no library; it works without its script too."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2

from cisflow.base.texts import printable
from cisflow.publication.site.facts import Context

TEMPLATE, STYLE, SCRIPT = "page.html", "page.css", "page.js"


def render_page(facts: Context, folder: Path | str) -> str:
    """Return the page as HTML; the same facts give the same bytes.

    Whatever is printed is escaped, and the page's own policy lets a browser run the one script and
    the one style that it comes with, and nothing that a title or a label may have smuggled in.

    Parameters
    ----------
    facts
        From :func:`cisflow.publication.site.facts.page_facts`.
    folder
        ``paper/page``: template, style and script.
    """
    folder = Path(folder)
    style, script = (folder.joinpath(name).read_text(encoding="utf-8") for name in (STYLE, SCRIPT))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    return environment.get_template(TEMPLATE).render(
        **facts, style=style, script=script, policy=policy(style, script)
    )


def _printable(value: Any) -> Any:
    """Return a value without what cannot be printed; what the template calls safe as it is."""
    return value if hasattr(value, "__html__") else printable(value)


def policy(style: str, script: str) -> str:
    """Return the Content-Security-Policy under which one style and one script alone count."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def write_page(facts: Context, folder: Path | str, file: Path | str) -> None:
    """Write the page of :func:`render_page`."""
    Path(file).write_text(render_page(facts, folder), encoding="utf-8", newline="\n")
