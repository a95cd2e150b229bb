"""One run without a network, with a firm that a reader knows, which is then copied.

Nothing of the firm stands outside ``microdata/``; nothing reaches for the network, as there is none
in safe centres; and a copy of the folder has nothing to do.
"""

import io
import os
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace

import pandas as pd
import pypdf
import pytest

pytestmark = pytest.mark.slow

FIRM = {"ID": "PLANT7319", "TURN04": 73194.628, "EMP04": 47119, "NAAM": "Zyxwvut Staal"}
# As they may be written: in thousands as delivered, in euro, with separators, as a number of a log.
TRACES = ["PLANT7319", "Zyxwvut", "73194628", "73,194,628", "73194.628", "47119", "47,119"]
# Five digits stand by chance in digests and in fractions of a second: there they are no number.
WRITTEN = {t: re.compile(rb"(?<![0-9A-Za-z.])%b(?![0-9A-Za-z])" % t.encode()) for t in TRACES}


def contents(name, data):
    """Yield name and bytes of a file, of what is packed in it, and of the text of a PDF."""
    yield name, data
    if name.endswith((".docx", ".xlsx", ".zip")):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for inner in archive.namelist():
                yield from contents(f"{name}/{inner}", archive.read(inner))
    if name.endswith(".pdf"):
        pages = pypdf.PdfReader(io.BytesIO(data)).pages
        yield f"{name} text", "".join(page.extract_text() for page in pages).encode()


ALONE = ("unshare", "--map-root-user", "--net")  # a network namespace without any route


@pytest.fixture(scope="module")
def alone():
    """Return the command that runs another where there is no network; none if it may not."""
    try:
        subprocess.run([*ALONE, "true"], check=True, capture_output=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return ()
    reached = subprocess.run([*ALONE, "ip", "route"], capture_output=True, text=True, check=False)
    assert not reached.stdout.strip()
    return ALONE


@pytest.fixture(scope="module")
def project(new_project, alone):
    project = new_project()
    folder = "data/raw/synthetic/flanders/BE"
    drawn = project.snakemake(f"{folder}/cis4.dta", under=alone)
    assert drawn.returncode == 0, drawn.stderr[-4000:]
    extract = project.folder / folder / "cis4.dta"
    firms = pd.read_stata(extract, convert_categoricals=False)
    answered = firms[firms["TURN04"].notna() & firms["CO"].eq(1)].head(1)
    planted = pd.concat([firms, answered.assign(**FIRM)], ignore_index=True)
    planted.to_csv(project.folder / "data/raw/planted.csv", index=False)
    waves = {
        "CIS2": {"file": f"{folder}/cis2.sav", "codebook": "eurostat/cis2"},
        "CIS4": {"file": "data/raw/planted.csv", "codebook": "eurostat/cis4"},
    }
    accounts = {"file": f"{folder}/accounts.xlsx", "codebook": "accounts/belfirst"}
    countries = {"BE": {"name": "Flanders", "waves": waves, "accounts": accounts}}
    changes = {"countries": countries, "models": ["faems2005_fractional"], "run": "planted"}
    project.edit_yaml("config/config.yaml", **changes, simulate=None)
    done = project.snakemake("all", "results/planted/export.zip", under=alone)
    assert done.returncode == 0, done.stderr[-4000:]
    return project


@pytest.fixture(scope="module")
def results(project):
    return project.folder / "results" / "planted"


def test_the_planted_firm_is_in_the_panel(results):
    panel = pd.read_parquet(results / "microdata" / "BE" / "panel.parquet")
    assert panel["firm_id"].eq("PLANT7319").sum() == 1


def test_no_byte_outside_microdata_tells_of_it(results):
    files = [f for f in results.rglob("*") if f.is_file()]
    outside = [f for f in files if "microdata" not in f.relative_to(results).parts]
    assert len(outside) > 30
    assert any(f.suffix == ".docx" for f in outside)
    found = [
        (name, trace)
        for file in outside
        for name, data in contents(file.relative_to(results).as_posix(), file.read_bytes())
        for trace, written in WRITTEN.items()
        if written.search(data) or trace in name
    ]
    assert found == []


def test_a_run_and_its_report_need_no_network(project, alone):
    if not alone:
        pytest.skip("this machine does not let a user make network namespaces")
    published = project.published("planted")
    for name in ("paper.pdf", "report.html", "manifest.json"):
        assert (published / name).stat().st_size > 0
    report = (published / "report.html").read_text(encoding="utf-8")
    assert '<script src="http' not in report
    assert '<link href="http' not in report


def test_a_copied_clone_has_nothing_to_do_and_nor_has_an_installed_package(
    project, installed, tmp_path
):
    elsewhere = tmp_path / "else" / "where"
    # Without times, as `cp -r` copies: data and scripts are then newer than what is made of them.
    shutil.copytree(project.folder, elsewhere, copy_function=shutil.copyfile)
    copy = type(project)(elsewhere)
    assert copy.planned() == set()
    for part in ("Snakefile", "profiles", "src", "workflow", "paper", "environment.yml"):
        (shutil.rmtree if (elsewhere / part).is_dir() else os.remove)(elsewhere / part)
    there = replace(installed, folder=elsewhere)
    dry = there.cisflow("run", "--dry-run")
    assert "Nothing to be done" in dry.stdout + dry.stderr
    copy.edit_yaml("config/config.yaml", title="Another title")
    assert "paper" in there.cisflow("run", "--dry-run").stdout
