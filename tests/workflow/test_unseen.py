"""Surveys nobody has described: set up by `cisflow init`, they run, and one to its paper."""

from pathlib import Path

import pandas as pd
import pypdf
import pytest
import unseen_survey
from docs_page import run_page

from cisflow.assist.checking import check_run
from cisflow.assist.scaffold import initialise
from cisflow.study.verdicts import NOT_ESTIMABLE, NOT_MEASURABLE, NOT_RUN

pytestmark = pytest.mark.slow

RULES = {"ingest_wave", "panel", "estimate", "judge", "tables", "figures", "paper"}

MODELS = ["faems2005", "absorptive_capacity"]


@pytest.fixture(scope="module")
def project(new_project):
    return new_project()


@pytest.mark.parametrize(
    ("write", "options"),
    [
        (unseen_survey.harmonised, {}),
        (unseen_survey.harmonised, {"yes": "Yes", "no": "No"}),
        (unseen_survey.words_and_commas, {}),
        (unseen_survey.classes_in_stata, {}),
    ],
    ids=["harmonised", "own codes", "own names", "size classes"],
)
def test_what_init_writes_is_planned_without_a_word(write, options, project, monkeypatch, request):
    monkeypatch.chdir(project.folder)
    raw = Path("data", "raw", request.node.callspec.id.replace(" ", "_"))
    raw.mkdir(parents=True)
    survey = write(raw, **options)
    run = raw.name
    waves = {survey.wave: survey.extract}
    done = initialise([survey.country], waves, project.folder, run=run, labels_files=survey.labels)
    assert done["todo"] == []
    assert check_run(Path("config", f"{run}.yaml"), project.folder).errors == []
    assert project.planned(f"config/{run}.yaml") >= RULES


@pytest.fixture(scope="module")
def paper(project, root):
    """What the worked example of docs/commands.md publishes, with fewer models and draws."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.folder)
        run_page(root / "docs" / "commands.md")
    small = {"bootstrap": {"draws": 100, "test_draws": 0}, "models": MODELS}
    project.edit_yaml("config/nl.yaml", **small)
    done = project.snakemake(config="config/nl.yaml")
    assert done.returncode == 0, done.stderr[-4000:]
    return project.published("nl")


def test_worked_example_ends_in_a_paper(paper, project):
    pages = pypdf.PdfReader(paper / "paper.pdf").pages
    text = " ".join("\n".join(page.extract_text() for page in pages).split())
    assert "Open innovation in Netherlands" in text
    assert "SYNTHETIC" in text
    assert "without coop_group" in text
    estimates = project.folder / "results" / "nl" / "estimates" / "NL"
    for model in MODELS:
        table = pd.read_csv(estimates / f"{model}.csv")
        assert table["estimate"].notna().mean() > 0.9, model
    claims = pd.read_csv(paper / "claims.csv")
    judged = claims[claims["claim"].isin(["C1", "C2", "C3", "C4"])]
    assert not set(judged["verdict"]) & {NOT_ESTIMABLE, NOT_MEASURABLE, NOT_RUN}


def test_firms_of_the_example_are_counted_as_in_the_extract(paper, project):
    extract = pd.read_csv(project.folder / "data/raw/NL/innovation2016.csv", sep=";", dtype=str)
    maker = extract["sbi"] != "4690"
    innovator = maker & ((extract["prd"] == "ja") | (extract["prc"] == "ja"))
    complete = innovator & extract["s1"].notna() & extract["co"].notna()
    flow = pd.read_csv(project.folder / "results/nl/sample/NL.csv")
    firms = flow[flow["model"] == "faems2005"].sort_values("step")["firms"].tolist()
    assert firms[:3] == [len(extract), int(maker.sum()), int(innovator.sum())]
    assert firms[-1] == int(complete.sum())
