"""The default run, whole: what it leaves, that it leaves the same twice, and what reruns."""

import json
import re
import shutil
import zipfile

import pandas as pd
import pypdf
import pytest
from printed_numbers import compared_run

from cisflow.base.problems import CisflowError
from cisflow.publication.manifest import verify
from cisflow.study.verdicts import VERDICTS

pytestmark = pytest.mark.slow

TEXT = {".csv", ".json", ".html", ".tex", ".svg", ".log", ".txt", ".tsv"}


RUN = "results/flanders"
MADE = (RUN, "data/raw/synthetic/flanders", ".snakemake/metadata")


def is_as_it_would_be_made(run):
    """Return whether a run is there, made of the code, config and data of now, and of no packet.

    The register of a run tells what earlier packets let out.
    """
    try:
        return verify(run) == [] and not [*run.glob("microdata/*/released")]
    except CisflowError:
        return False


@pytest.fixture(scope="module")
def project(root, new_project):
    """The default run; the one that `make docs` has shown is not made again."""
    project = new_project()
    if is_as_it_would_be_made(root / RUN):
        for made in MADE:
            shutil.copytree(root / made, project.folder / made)
    done = project.snakemake()
    assert done.returncode == 0, done.stderr[-4000:]
    return project


@pytest.fixture(scope="module")
def publication(project):
    return project.published("flanders")


def files_in(folder):
    """Return the files of a folder, without the time stamp Snakemake leaves there."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def text_of(path):
    if path.suffix == ".docx":
        return zipfile.ZipFile(path).read("word/document.xml").decode()
    return path.read_text(encoding="utf-8")


def test_everything_promised_is_there(publication):
    wanted = ("index.html", "paper.pdf", "supplement.pdf", "report.html", "claims.csv")
    for name in (*wanted, "manifest.json"):
        assert (publication / name).stat().st_size > 0, name
    for stem in {path.stem for path in files_in(publication / "tables")}:
        for suffix in (".tex", ".html", ".docx", ".csv"):
            assert (publication / "tables" / f"{stem}{suffix}").stat().st_size > 0, (stem, suffix)
    for stem in {path.stem for path in files_in(publication / "figures")}:
        for suffix in (".png", ".svg"):
            assert (publication / "figures" / f"{stem}{suffix}").stat().st_size > 0


def test_every_table_figure_and_page_says_synthetic(publication):
    files = [*files_in(publication / "tables"), *(publication / "figures").glob("*.svg")]
    assert len(files) > 20
    assert [p.name for p in files if "SYNTHETIC" not in text_of(p)] == []
    assert "SYNTHETIC" in text_of(publication / "index.html").split("</header>")[0]
    pages = pypdf.PdfReader(publication / "paper.pdf").pages
    assert [i for i, page in enumerate(pages, 1) if "SYNTHETIC" not in page.extract_text()] == []


def test_numbers_of_the_paper_are_those_of_the_estimates(project):
    found, missing = compared_run(project.folder / RUN, "BE", ["CIS2", "CIS4"])
    assert missing == []
    assert found >= 30


def test_every_result_file_says_synthetic(project):
    results = project.folder / RUN
    folders = ("estimates", "sample", "description", "quality")
    files = [p for folder in folders for p in (results / folder).rglob("*.*")]
    assert len(files) > 20
    silent = [p.name for p in [*files, results / "claims.csv"] if "SYNTHETIC" not in p.read_text()]
    assert silent == []


def last_firms(project, model, wave):
    flow = pd.read_csv(project.folder / "results/flanders/sample/BE.csv", dtype={"wave": str})
    steps = flow[(flow["model"] == model) & (flow["wave"] == wave)]
    return int(steps.sort_values("step")["firms"].iloc[-1])


def test_samples_have_the_published_sizes(project):
    assert last_firms(project, "faems2005", "CIS2") == 221
    assert last_firms(project, "faems2010_direct", "CIS4") == 305


def test_estimates_rest_on_the_firms_of_the_sample_flow(project):
    for model, wave in [("faems2005", "CIS2"), ("faems2010_direct", "CIS4")]:
        table = pd.read_csv(project.folder / f"results/flanders/estimates/BE/{model}.csv")
        used = table.loc[(table["wave"] == wave) & table["estimate"].notna(), "n"]
        assert set(used) == {last_firms(project, model, wave)}


def test_every_claim_has_a_verdict_or_a_reason(publication):
    claims = pd.read_csv(publication / "claims.csv")
    assert set(claims["claim"]) == {f"C{i}" for i in range(1, 31)}
    assert set(claims["verdict"]) <= set(VERDICTS)
    assert claims["reason"].notna().all()


def test_no_firm_id_leaves_the_microdata_folder(project):
    results = project.folder / RUN
    panel = pd.read_parquet(results / "microdata" / "BE" / "panel.parquet")
    ids = re.compile("|".join(map(re.escape, panel["firm_id"].unique())))
    others = [p for p in results.rglob("*") if p.suffix in TEXT and "microdata" not in p.parts]
    assert len(others) > 30
    assert [p.name for p in others if ids.search(p.read_text(encoding="utf-8"))] == []


def test_published_numbers_are_those_of_the_baseline(project, unmoved):
    unmoved(project.folder / RUN)


def test_second_run_starts_no_job(project):
    again = project.snakemake()
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout + again.stderr


def test_one_core_gives_the_same_bytes(project, publication, new_project):
    other = new_project()
    done = other.snakemake(cores=1)
    assert done.returncode == 0, done.stderr[-4000:]
    manifest = "manifest.json"
    here = json.loads((publication / manifest).read_text())
    there = json.loads((other.published("flanders") / manifest).read_text())
    assert here == there
    assert len(here["files"]) > 30


def test_editing_one_model_reruns_what_depends_on_it(project):
    path = project.folder / "config" / "models.yaml"
    before = path.read_text()
    path.write_text(before.replace("controls: [rd_intensity, group]", "controls: [group]"))
    dry = project.snakemake("--dry-run")
    path.write_text(before)
    estimated = set(re.findall(r"Estimating (.+) for", dry.stdout + dry.stderr))
    assert len(estimated) == 1
    beside = estimated.pop().split(", ")
    assert "firm_size_gains" in beside
    assert len(beside) <= 8  # so many a job estimates
    assert "Linking waves" not in dry.stdout + dry.stderr


@pytest.mark.parametrize(
    ("module", "reruns", "spares"),
    [
        ("estimators/path/model.py", {"estimate"}, {"ingest_wave", "panel"}),
        ("claims/verdicts.py", {"judge"}, {"ingest_wave", "panel", "estimate"}),
        ("survey/ingest.py", {"ingest_wave", "ingest_accounts"}, {"simulate"}),
    ],
)
def test_editing_a_module_reruns_the_rules_that_use_it(project, module, reruns, spares):
    path = project.folder / "src" / "cisflow" / module
    before = path.read_text()
    path.write_text(before + "\n# edited\n")
    planned = project.planned()
    path.write_text(before)
    assert reruns <= planned
    assert not spares & planned
    assert project.planned() == set()
