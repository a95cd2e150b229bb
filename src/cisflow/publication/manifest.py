"""The manifest: what was published, byte for byte, and by which run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cisflow import __version__


def write_manifest(file: Path, settings: Mapping[str, Any]) -> None:
    """List the published files beside ``file`` with their SHA-256, and the run they come from.

    The report is left out: it is made afterwards and carries the time of its making.
    """
    published = sorted(p for p in file.parent.rglob("*") if p.is_file())
    files = {
        p.relative_to(file.parent).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in published
        if p != file and p.name != "report.html" and not p.name.startswith(".")
    }
    manifest = {
        "run": settings["run"],
        "title": settings["title"],
        "data": settings["data"],
        "seed": settings["seed"],
        "cisflow": __version__,
        "files": files,
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")
