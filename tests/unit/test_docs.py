"""The code blocks of docs/*.md run, in order, and print what the page shows below them."""

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text):
    """Python blocks with their first line, and the text block directly below each or None."""
    found = list(FENCE.finditer(text))
    for block, after in zip(found, [*found[1:], None], strict=True):
        if block[1] == "python":
            shown = after is not None and after[1] == "text"
            shown = shown and not text[block.end() : after.start()].strip()
            yield text.count("\n", 0, block.start(2)), block[2], after[2] if shown else None


def lines(printed):
    return [line.rstrip() for line in printed.strip("\n").split("\n")]


def test_blocks_are_found_with_their_output():
    page = "```python\na = 1\n```\n\n```python\nprint(a)\n```\n\n```text\n1\n```\n\nwords\n"
    assert list(blocks(page)) == [(1, "a = 1\n", None), (5, "print(a)\n", "1\n")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_runs_and_prints_what_it_shows(page):
    namespace = {"__name__": page.stem}
    for line, source, shown in blocks(page.read_text(encoding="utf-8")):
        code = compile("\n" * line + source, str(page), "exec")  # errors name the page's line
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, namespace)  # noqa: S102 - the project's own pages
        if shown is not None:
            assert lines(printed.getvalue()) == lines(shown), f"{page.name}, line {line + 1}"
