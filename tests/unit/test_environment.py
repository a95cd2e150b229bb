"""The lists of versions say the same, and the locks embed no address."""

import re
import tomllib

import pytest
import yaml
from packaging.markers import Marker
from packaging.utils import canonicalize_name

PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9_.-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>.+?))? \\$", re.M
)

WANTED_BY = re.compile(
    r"^(?P<name>[A-Za-z0-9_.-]+)==.*?# via(?P<users>.*?)(?=\n\S|\Z)", re.M | re.S
)

LINUX = {
    "python_version": "3.11",
    "python_full_version": "3.11.9",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "os_name": "posix",
    "platform_python_implementation": "CPython",
}


def locked(root):
    """Return the versions the lock gives Python 3.11 on Linux."""
    pins = {}
    for pin in PIN.finditer((root / "requirements.lock").read_text()):
        if Marker(pin["marker"] or "python_version > '3'").evaluate(LINUX):
            pins[pin["name"].lower()] = pin["version"]
    return pins


def run_by(root, wanted):
    """Return the packages of the lock that running ``wanted`` takes, by its own `# via`."""
    users = {}
    for found in WANTED_BY.finditer((root / "requirements.lock").read_text()):
        names = re.findall(r"(?<=#)\s+([A-Za-z0-9_.-]+)", found["users"])
        users.setdefault(found["name"], set()).update(names or found["users"].split())
    taken = set(wanted)
    while more := {name for name, by in users.items() if by & taken} - taken:
        taken |= more
    return taken


def conda_pins(root):
    """Return the versions of environment.yml."""
    pins = {}
    for entry in yaml.safe_load((root / "environment.yml").read_text())["dependencies"]:
        for spec in entry["pip"] if isinstance(entry, dict) else [entry]:
            name, _, version = spec.replace("==", "=").partition("=")
            pins[name] = version
    return pins


def direct_dependencies(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return {canonicalize_name(name) for name in project["dependencies"]}


def test_environment_has_all_of_the_lock_that_a_run_takes(root):
    lock = locked(root)
    taken = run_by(root, direct_dependencies(root))
    assert len(taken) > 90
    assert not taken & {"pytest", "mypy", "ruff", "semopy", "import-linter"}
    pins = {n: v for n, v in conda_pins(root).items() if n not in {"python", "pip"}}
    assert pins == {name: lock[name] for name in taken & set(lock)}


def test_what_submits_to_slurm_has_a_lock_of_its_own(root):
    pins = set(PIN.findall((root / "requirements-slurm.lock").read_text()))
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extra = set(project["optional-dependencies"]["slurm"])
    names = {name for name, _, _ in pins}
    assert extra <= names
    assert not names & set(locked(root))


def test_what_builds_the_documentation_has_a_lock_that_agrees_with_the_first(root):
    pins = PIN.findall((root / "requirements-docs.lock").read_text())
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert set(project["optional-dependencies"]["docs"]) <= {name for name, _, _ in pins}
    lock = locked(root)
    both = {name: version for name, version, marker in pins if name in lock and not marker}
    assert len(both) > 10
    assert both == {name: lock[name] for name in both}


@pytest.mark.parametrize(
    ("lock", "least"),
    [("requirements.lock", 100), ("requirements-slurm.lock", 1), ("requirements-docs.lock", 20)],
)
def test_lock_has_hashes_and_no_address(root, lock, least):
    text = (root / lock).read_text()
    assert not re.search(r"://|--index|--find-links", text)
    blocks = [block for block in re.split(r"\n(?=\S)", text.strip()) if not block.startswith("#")]
    assert len(blocks) > least
    assert [b.split()[0] for b in blocks if "--hash=sha256:" not in b] == []
