"""The code blocks of a page of docs/: Python is run, commands of `cisflow` are given.

A block of text directly below Python is what it prints. In a ``console`` block the lines behind a
command (``$ cisflow …``) are what it prints; a line ``…`` stands for any lines.
"""

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANY_LINES = "…"


@dataclass(frozen=True)
class Block:
    """A block to run, the page's line above it, and what is to be printed (None: anything)."""

    language: str
    line: int
    source: str
    shown: str | None = None


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a page that can be run, in order."""
    found = list(FENCE.finditer(text))
    for block, after in zip(found, [*found, None][1:], strict=True):
        line = text.count("\n", 0, block.start(2))
        if block[1] == "python":
            shown = after is not None and after[1] == "text"
            shown = shown and not text[block.end() : after.start()].strip()
            yield Block("python", line, block[2], after[2] if shown else None)
        elif block[1] == "console":
            for given in re.split(r"^(?=\$ )", block[2], flags=re.MULTILINE):
                command, _, printed = given.partition("\n")
                if command.startswith("$ cisflow "):
                    yield Block("console", line, command.removeprefix("$ cisflow "), printed)


def run_page(page: Path) -> None:
    """Run a page in the working folder, and compare what it prints with what it shows."""
    namespace = {"__name__": page.stem}
    for block in blocks(page.read_text(encoding="utf-8")):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            if block.language == "console":
                from cisflow.assist.cli import main

                main(shlex.split(block.source))
            else:
                code = compile("\n" * block.line + block.source, str(page), "exec")
                exec(code, namespace)  # noqa: S102 - the project's own pages
        if block.shown is not None:
            where = f"{page.name}, line {block.line + 1}: {block.source.splitlines()[0]}"
            assert matches(printed.getvalue(), block.shown), (
                f"{where}\n--- shown\n{block.shown}\n--- printed\n{printed.getvalue()}"
            )


def matches(printed: str, shown: str) -> bool:
    """Return whether a text is what a page shows, where ``…`` stands for any lines."""
    told, pieces = _lines(printed), [[]]
    for line in _lines(shown):
        if line.strip() == ANY_LINES:
            pieces.append([])
        else:
            pieces[-1].append(line)
    first, *others = pieces
    if told[: len(first)] != first or (not others and len(told) != len(first)):
        return False
    at = len(first)
    for i, piece in enumerate(others):
        if i == len(others) - 1:  # the last piece ends the text
            return len(told) - len(piece) >= at and told[len(told) - len(piece) :] == piece
        starts = range(at, len(told) - len(piece) + 1)
        start = next((s for s in starts if told[s : s + len(piece)] == piece), None)
        if start is None:
            return False
        at = start + len(piece)
    return True


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").split("\n")]
