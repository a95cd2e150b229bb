"""The code blocks of docs/*.md run, in order, and print what the page shows below them."""

import shutil
from pathlib import Path

import pytest
from docs_page import Block, blocks, matches, run_page

PAGES = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))


def test_blocks_are_found_with_their_output():
    page = "```python\na = 1\n```\n\n```python\nprint(a)\n```\n\n```text\n1\n```\n\nwords\n"
    assert list(blocks(page)) == [
        Block("python", 1, "a = 1\n"),
        Block("python", 5, "print(a)\n", "1\n"),
    ]


def test_commands_are_found_with_their_output():
    page = "```console\n$ cisflow check a.yaml\none\ntwo\n$ make\n$ cisflow inspect b\n```\n"
    assert list(blocks(page)) == [
        Block("console", 1, "check a.yaml", "one\ntwo\n"),
        Block("console", 1, "inspect b", ""),
    ]


@pytest.mark.parametrize(
    ("shown", "same"),
    [
        ("a\nb\nc\nd", True),
        ("a\n…\nd", True),
        ("…\nb\n…\nd", True),
        ("…", True),
        ("a\nb", False),
        ("a\n…\nc", False),
        ("b\n…", False),
        ("a\n…\nx\n…", False),
    ],
)
def test_dots_stand_for_any_lines(shown, same):
    assert matches("a\nb\nc\nd\n", shown) is same


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_runs_and_prints_what_it_shows(page, root, tmp_path, monkeypatch):
    for folder in ("config", "workflow"):  # where commands are given, and what they write goes
        shutil.copytree(root / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    run_page(page)
