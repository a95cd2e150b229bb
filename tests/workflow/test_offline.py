"""Safe centres have no network: a bundle installs alone."""

import shutil
import subprocess

import pytest


@pytest.fixture
def install(root, tmp_path):
    """Return what `make` would run to install in a folder, once one has seen what is in it."""
    for name in ("Makefile", "requirements.lock", "requirements-slurm.lock", "pyproject.toml"):
        shutil.copy2(root / name, tmp_path)

    def commands() -> str:
        dry = ["make", "--dry-run", "-C", str(tmp_path)]
        return subprocess.run(dry, capture_output=True, text=True, check=True).stdout

    return tmp_path, commands


def test_a_bundle_installs_from_its_own_checked_wheels(install):
    folder, commands = install
    (folder / "wheels").mkdir()
    (folder / "wheels" / "SHA256SUMS").write_text("")
    said = commands()
    assert "--no-index --no-deps wheels/*.whl" in said
    assert said.index("sha256sum --check") < said.index("wheels/*.whl")
    assert "--require-hashes" not in said


def test_elsewhere_the_lock_is_installed_with_its_hashes(install):
    _, commands = install
    said = commands()
    assert "--require-hashes -r requirements.lock" in said
    assert "wheels" not in said
