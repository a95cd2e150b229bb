"""A digest is of content: neither a set-back time nor another place deceives it."""

import ast
import os

from cisflow.study import digests
from cisflow.study.digests import file_digest, remembered_digests


def test_a_file_with_its_time_set_back_has_another_digest(tmp_path):
    file, memory = tmp_path / "x.csv", tmp_path / "memory.json"
    file.write_text("a;1\n")
    before = file.stat()
    first = remembered_digests([file], memory)
    assert first == {str(file): file_digest(file)}
    file.write_text("a;2\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert remembered_digests([file], memory) != first


def test_a_file_that_did_not_change_is_not_read_again(tmp_path, monkeypatch):
    file, memory = tmp_path / "x.csv", tmp_path / "memory.json"
    file.write_text("a;1\n")
    first = remembered_digests([file], memory)
    read = []
    monkeypatch.setattr(digests, "file_digest", lambda path: read.append(path) or "new")
    assert remembered_digests([file], memory) == first
    assert read == []
    file.write_text("a;22\n")
    assert remembered_digests([file], memory) == {str(file): "new"}


def test_a_file_that_is_yet_to_come_has_no_digest_or_the_one_it_had(tmp_path):
    file, memory = tmp_path / "x.csv", tmp_path / "deeper" / "memory.json"
    assert remembered_digests([file], memory) == {str(file): ""}
    file.write_text("a;1\n")
    first = remembered_digests([file], memory)
    file.unlink()
    assert remembered_digests([file], memory) == first


def test_a_damaged_memory_is_only_forgotten(tmp_path):
    file, memory = tmp_path / "x.csv", tmp_path / "memory.json"
    file.write_text("a;1\n")
    memory.write_text('{"cut o')
    assert remembered_digests([file], memory) == {str(file): file_digest(file)}


def test_what_a_module_imports_is_what_python_reads_in_it(root):
    files = [*(root / "src").rglob("*.py"), *(root / "workflow" / "scripts").glob("*.py")]
    texts = [file.read_text(encoding="utf-8") for file in files]
    assert [digests._imported(text) for text in texts] == [_parsed(text) for text in texts]


def _parsed(text):
    """Return what a module imports of the package, by Python's own parser."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.split(".")[0] == "cisflow"}
