"""Digests of what results depend on: specifications and code."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cisflow.base.paths import PACKAGE


def spec_digest(spec: Mapping[str, Any]) -> str:
    """Return a digest of all in a model's specification that its estimates depend on.

    Estimates of several centres are pooled only if it is the same in all.
    """
    looks = ("title", "source", "note", "layout", "labels")
    numbers = {key: value for key, value in spec.items() if key not in looks}
    text = json.dumps(numbers, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def content_digest(files: Iterable[str | Path]) -> str:
    """Return a digest of what files hold, which is the same wherever they lie."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(Path(file).read_bytes()).digest())
    return digest.hexdigest()[:16]


def code_digest(script: str, root: Path) -> str:
    """Return a digest of a script and of all modules of the package it imports.

    Snakemake does not see that an imported package changed; a rule that carries this digest as
    a parameter runs again when, and only when, code it uses was edited.

    Parameters
    ----------
    script
        Name of a file below ``workflow/scripts/``, without its ending.
    root
        The project's folder.
    """
    start = root / "workflow" / "scripts" / f"{script}.py"
    seen: dict[Path, str] = {}
    queue = [start]
    while queue:
        path = queue.pop()
        if path in seen:
            continue
        text, imported = _source_and_imports(path)
        seen[path] = text
        queue += imported
    digest = hashlib.sha256()
    for text in sorted(seen.values()):  # by content: an installed package lies in another order
        digest.update(text.encode())
    return digest.hexdigest()[:16]


@cache
def _source_and_imports(path: Path) -> tuple[str, list[Path]]:
    text = path.read_text(encoding="utf-8")
    package = PACKAGE.parent
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    found = []
    for name in sorted(n for n in names if n.split(".")[0] == "cisflow"):
        base = package.joinpath(*name.split("."))
        candidates = [base.with_suffix(".py"), base / "__init__.py"]
        found += [candidate for candidate in candidates if candidate.is_file()]
    return text, found
