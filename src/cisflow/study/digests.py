"""Digests of what results depend on: specifications and code."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
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


def file_digest(file: str | Path) -> str:
    """Return the SHA-256 of a file, which may be larger than memory."""
    with Path(file).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def remembered_digests(files: Iterable[str | Path], memory: Path) -> dict[str, str]:
    """Return the SHA-256 of each file, hashing none anew that is known to be what it was.

    A file is what it was if its size, inode, time and time of change are; a program may set back
    its time, but not the time of change. A file that is not there yet has the digest it had, or an
    empty one.

    Parameters
    ----------
    files
        Paths, which name the digests.
    memory
        A JSON file of what was hashed before; it may be absent.
    """
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    before = dict(known)
    found = {}
    for file in map(str, files):
        state, digest = known.get(file, (None, ""))
        if Path(file).is_file():
            about = Path(file).stat()
            now = [about.st_size, about.st_ino, about.st_mtime_ns, about.st_ctime_ns]
            if state != now:
                digest = file_digest(file)
                known[file] = (now, digest)
        found[file] = digest
    if known != before:
        # Jobs parse the rules at the same time: each puts a whole memory in its place.
        memory.parent.mkdir(exist_ok=True)
        with NamedTemporaryFile("w", dir=memory.parent, delete=False, encoding="utf-8") as new:
            json.dump(known, new)
        os.replace(new.name, memory)
    return found


def code_digest(script: str, root: Path) -> str:
    """Return a digest of a script and of all modules of the package it imports.

    Snakemake does not see that an imported package changed; a rule that carries this digest as
    a parameter runs again when, and only when, code it uses was edited.

    Parameters
    ----------
    script
        Name of a file below ``workflow/scripts/``, without its ending.
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


# How a module imports others of the package, one statement a line or in brackets, as the formatter
# leaves them. To parse all modules takes a second, at every start of Snakemake.
_IMPORT = re.compile(
    r"^[ \t]*(?:from (cisflow[\w.]*) import (\([^)]*\)|.*)|import (cisflow[\w.]*))", re.MULTILINE
)
_COMMENT_OR_ALIAS = re.compile(r"#.*| as \w+")


@cache
def _source_and_imports(path: Path) -> tuple[str, list[Path]]:
    text = path.read_text(encoding="utf-8")
    package = PACKAGE.parent
    found = []
    for name in sorted(_imported(text)):
        base = package.joinpath(*name.split("."))
        candidates = [base.with_suffix(".py"), base / "__init__.py"]
        found += [candidate for candidate in candidates if candidate.is_file()]
    return text, found


def _imported(text: str) -> set[str]:
    """Return what a module imports of the package: modules, and what may be one."""
    names: set[str] = set()
    for module, parts, alone in _IMPORT.findall(text):
        listed = re.findall(r"\w+", _COMMENT_OR_ALIAS.sub("", parts))
        names |= {alone} if alone else {module, *(f"{module}.{part}" for part in listed)}
    return names
