"""A real survey goes the same way; its counts are those of the file itself."""

import shutil

import pandas as pd
import pytest
from printed_numbers import compared_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def extract(shared_path):
    return shared_path("data/nigeria/nigeria-innovation.csv")


@pytest.fixture(scope="module")
def project(new_project, extract):
    project = new_project()
    raw = project.folder / "data" / "raw" / "NG"
    raw.mkdir(parents=True)
    shutil.copy2(extract, raw)
    done = project.snakemake(config="config/nigeria.yaml")
    assert done.returncode == 0, done.stderr[-4000:]
    return project


@pytest.fixture(scope="module")
def answers(extract):
    """Return the file as text, blanks as empty strings."""
    frame = pd.read_csv(extract, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    return frame.apply(lambda column: column.str.strip())


def test_numbers_of_the_paper_are_those_of_the_estimates(project):
    found, missing = compared_run(project.folder / "results/nigeria", "NG", ["2007", "2010"])
    assert missing == []
    assert found >= 30


def flow_of(project, wave, model):
    """Return the firms after each restriction that is told alone."""
    flow = pd.read_csv(project.folder / "results/nigeria/sample/NG.csv", dtype={"wave": str})
    rows = flow[(flow["wave"] == wave) & (flow["model"] == model)]
    return dict(zip(rows["restriction"], rows["firms"], strict=True))


@pytest.mark.parametrize(("wave", "collected"), [("2007", "2008"), ("2010", "2011")])
def test_sample_flow_agrees_with_a_direct_count(project, answers, wave, collected):
    firms = answers[answers["year"] == collected]
    sector = pd.to_numeric(firms["sector"], errors="coerce")  # three firms have none
    manufacturing = firms[sector.between(15, 37)]
    said_yes = manufacturing[
        ["iprod1", "iprod2", "iproc1", "iproc2", "iproc3", "abandoned_iact", "ongoing_iact"]
    ].eq("1")
    active = manufacturing[said_yes.any(axis=1)]
    counted = {
        "all firms of the wave": len(firms),
        "manufacturing": len(manufacturing),
        "innovation-active": len(active),
    }
    told = flow_of(project, wave, "faems2005")
    # A step is told together with the next where another model's firms differ from its by few.
    together = [step for step in told if step.startswith("innovation-active; ")]
    assert set(counted) - set(told) <= {"innovation-active" for _ in together}
    assert {step: told[step] for step in counted if step in told} == {
        step: number for step, number in counted.items() if step in told
    }


def test_every_claim_has_a_verdict_or_a_stated_reason(project):
    claims = pd.read_csv(project.published("nigeria") / "claims.csv", dtype={"wave": str})
    assert set(claims["claim"]) == {f"C{i}" for i in range(1, 31)}
    assert claims["reason"].notna().all()
    path = claims[claims["claim"] == "C9"]
    assert set(path["verdict"]) == {"not estimable"}
    assert path["reason"].str.contains("accounts").all()


def test_published_numbers_are_those_of_the_baseline(project, unmoved):
    unmoved(project.folder / "results" / "nigeria")


def test_nothing_says_synthetic(project):
    published = project.published("nigeria")
    files = [*published.glob("tables/*.csv"), *published.glob("figures/*.svg")]
    assert len(files) > 4
    assert [p.name for p in files if "SYNTHETIC" in p.read_text(encoding="utf-8")] == []


def test_raw_file_is_untouched(project, extract):
    copy = project.folder / "data" / "raw" / "NG" / extract.name
    assert copy.read_bytes() == extract.read_bytes()
    assert [p.name for p in copy.parent.iterdir()] == [extract.name]


def test_another_file_than_the_configured_one_is_refused(new_project, extract):
    project = new_project()
    raw = project.folder / "data" / "raw" / "NG"
    raw.mkdir(parents=True)
    (raw / extract.name).write_bytes(extract.read_bytes() + b"\n")
    failed = project.snakemake(config="config/nigeria.yaml")
    assert failed.returncode != 0
    assert "sha256" in failed.stderr
    assert "Traceback" not in failed.stderr
