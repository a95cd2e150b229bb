"""Set the paper as PDF."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from cisflow.publication.paper.numbers import Context

SHARED = ("common.typ", "references.bib")


def typefaces() -> Path:
    """Return the folder of matplotlib's typefaces, so that paper and figures have the same."""
    import matplotlib as mpl

    return Path(mpl.get_data_path(), "fonts", "ttf")


def render_paper(context: Context, out: Path | str, template: Path | str) -> None:
    """Set the paper and write it as PDF; the same context gives the same bytes.

    Parameters
    ----------
    context
        From :func:`paper_context`.
    out
        The PDF.
    template
        ``paper/paper.typ`` or ``paper/supplement.typ``; what they share lies beside them.
    """
    import typst

    template = Path(template)
    with tempfile.TemporaryDirectory() as scratch:
        room = Path(scratch)
        for file in (template, *(template.with_name(name) for name in SHARED)):
            shutil.copy(file, room)
        for kind, ending in (("tables", "typ"), ("figures", "svg")):
            (room / kind).mkdir()
            for file in sorted(Path(context["files"][kind]).glob(f"*.{ending}")):
                shutil.copy(file, room / kind)
        facts = {key: value for key, value in context.items() if key != "files"}
        (room / "context.json").write_text(json.dumps(facts), encoding="utf-8")
        pdf = typst.compile(
            room / template.name,
            root=room,
            ignore_system_fonts=True,
            font_paths=[typefaces()],
            sys_inputs={"context": "context.json"},
            timestamp=0,
        )
    Path(out).write_bytes(pdf)
