"""The attack of a reader who knows one firm: nothing of it stands outside ``microdata/``."""

import io
import re
import zipfile

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


@pytest.fixture(scope="module")
def results(new_project):
    project = new_project()
    extract = "data/raw/synthetic/flanders/BE/cis4.dta"
    drawn = project.snakemake(extract)
    assert drawn.returncode == 0, drawn.stderr[-4000:]
    firms = pd.read_stata(project.folder / extract, convert_categoricals=False)
    answered = firms[firms["TURN04"].notna() & firms["CO"].eq(1)].head(1)
    planted = pd.concat([firms, answered.assign(**FIRM)], ignore_index=True)
    file = project.folder / "data/raw/planted.csv"
    planted.to_csv(file, index=False)
    waves = {"CIS4": {"file": "data/raw/planted.csv", "codebook": "eurostat/cis4"}}
    countries = {"BE": {"name": "Flanders", "waves": waves}}
    changes = {"countries": countries, "models": ["faems2005_fractional"], "run": "planted"}
    project.edit_yaml("config/config.yaml", **changes, simulate=None)
    done = project.snakemake("all", "results/planted/export.zip")
    assert done.returncode == 0, done.stderr[-4000:]
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
