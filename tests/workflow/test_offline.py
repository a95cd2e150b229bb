"""Safe centres have no network: nothing in a run may reach for it, and a bundle installs alone."""

import shutil
import subprocess

import pytest

ALONE = ["unshare", "--map-root-user", "--net"]  # a network namespace without any route


@pytest.fixture(scope="module")
def alone():
    """Return the command that runs another where there is no network."""
    try:
        subprocess.run([*ALONE, "true"], check=True, capture_output=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("this machine does not let a user make network namespaces")
    reached = subprocess.run([*ALONE, "ip", "route"], capture_output=True, text=True, check=False)
    assert not reached.stdout.strip()
    return ALONE


@pytest.mark.slow
def test_a_run_and_its_report_need_no_network(new_project, alone):
    project = new_project()
    project.edit_yaml("config/config.yaml", models=["faems2005_fractional"])
    done = project.snakemake(under=alone)
    assert done.returncode == 0, done.stderr[-4000:]
    published = project.published("flanders")
    for name in ("paper.pdf", "report.html", "manifest.json"):
        assert (published / name).stat().st_size > 0
    report = (published / "report.html").read_text(encoding="utf-8")
    assert '<script src="http' not in report
    assert '<link href="http' not in report


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
