"""What every test may use: the project's root and the public material beside it."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import settings
from project_copy import Project, copy_project

from cisflow.base.problems import CisflowError

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"

# an example that takes long on a busy machine is no fault of what it tests
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole runs come first: they are long, and short tests fill up the processes at the end."""
    items.sort(key=lambda item: {"workflow", "cluster"}.isdisjoint(item.path.parts))


@pytest.fixture(autouse=True)
def _in_the_project():
    """Begin in the project's folder, wherever an earlier test of the process ended."""
    os.chdir(ROOT)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared_path():
    """Return a function from a name under ../shared to its path; absent data skips the test."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip("data not present")
        return path

    return find


@pytest.fixture(scope="session")
def new_project(root, tmp_path_factory):
    """Return a function that makes a fresh copy of the project."""

    def make() -> Project:
        return copy_project(root, tmp_path_factory.mktemp("project"))

    return make


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record-messages",
        action="store_true",
        help="write what tests of `messages_stay` say on record, in one process (-n0)",
    )


@pytest.fixture
def messages_stay(request, monkeypatch, tmp_path):
    """Hold every message a test looks at against those on record beside its module."""
    messages: dict[str, None] = {}
    in_words = CisflowError.__str__

    def remembered(self) -> str:
        text = in_words(self)
        messages[text.replace(str(tmp_path), "TMP").replace(f"{ROOT}/", "")] = None
        return text

    monkeypatch.setattr(CisflowError, "__str__", remembered)
    yield
    said = [line for message in messages for line in message.splitlines()]
    file = request.path.parent / "messages" / f"{request.path.stem}.json"
    record = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if request.config.getoption("--record-messages"):
        record = {name: lines for name, lines in record.items() if name != request.node.name}
        record |= {request.node.name: said} if said else {}
        file.parent.mkdir(exist_ok=True)
        text = json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True)
        file.write_text(f"{text}\n", encoding="utf-8")
        return
    assert said == record.get(request.node.name, [])
