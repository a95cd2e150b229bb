"""The three lists of versions say the same, and the lock embeds no address."""

import re
import tomllib

import yaml

PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9_.-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>.+?))? \\$", re.M
)


def locked(root):
    """Return the versions the lock gives Python 3.11 on Linux."""
    pins = {}
    for pin in PIN.finditer((root / "requirements.lock").read_text()):
        if not re.search(r"python_full_version >= '3\.1[2-9]'", pin["marker"] or ""):
            pins[pin["name"].lower()] = pin["version"]
    return pins


def conda_pins(root):
    pins = {}
    for entry in yaml.safe_load((root / "environment.yml").read_text())["dependencies"]:
        for spec in entry["pip"] if isinstance(entry, dict) else [entry]:
            name, _, version = spec.replace("==", "=").partition("=")
            pins[name] = version
    return pins


def direct_dependencies(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return {name.lower() for name in project["dependencies"]}


def test_environment_has_the_versions_of_the_lock(root):
    lock = locked(root)
    pins = {n: v for n, v in conda_pins(root).items() if n not in {"python", "pip"}}
    assert pins == {name: lock[name.lower()] for name in pins}


def test_environment_has_every_direct_dependency(root):
    assert direct_dependencies(root) <= set(conda_pins(root))


def test_lock_has_hashes_and_no_address(root):
    text = (root / "requirements.lock").read_text()
    assert not re.search(r"://|--index|--find-links", text)
    blocks = [block for block in re.split(r"\n(?=\S)", text.strip()) if not block.startswith("#")]
    assert len(blocks) > 100
    assert [b.split()[0] for b in blocks if "--hash=sha256:" not in b] == []
