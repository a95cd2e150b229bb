"""Two centres export their estimates; a third pools them with its own, and refuses what differs."""

import csv
import shutil

import pytest
import yaml

MODEL = "faems2005_weights"


def own(code, name, file):
    """Return a centre's config: one country, one wave."""
    return {
        "run": f"centre_{code.lower()}",
        "title": f"Innovation in {name}",
        "data": "synthetic",
        "seed": 1,
        "simulate": "config/truth/europe.yaml",
        "countries": {
            code: {
                "name": name,
                "waves": {
                    "CIS2010": {
                        "file": f"data/raw/synthetic/{code}/{file}",
                        "codebook": "eurostat/cis2010",
                    }
                },
            }
        },
        "models": [MODEL],
    }


CENTRES = {"NL": ("Netherlands", "cis2010.sav"), "DE": ("Germany", "cis2010.dta")}


@pytest.fixture(scope="module")
def joint(new_project):
    """Return a project with the exports of two centres and the config that pools them."""
    centre = new_project()
    project = new_project()
    sent = []
    for code, about in CENTRES.items():
        (centre.folder / f"{code}.yaml").write_text(yaml.safe_dump(own(code, *about)))
        done = centre.snakemake("export", config=f"{code}.yaml")
        assert done.returncode == 0, done.stderr[-4000:]
        export = centre.folder / f"results/centre_{code.lower()}/export.zip"
        sent.append(f"{code}.zip")
        shutil.copy(export, project.folder / sent[-1])
    settings = {**own("BE", "Belgium", "cis4.csv"), "run": "joint", "pool_from": sent}
    belgium = settings["countries"]["BE"]["waves"]
    del belgium["CIS2010"]
    belgium["CIS4"] = {"file": "data/raw/synthetic/BE/cis4.csv", "codebook": "eurostat/cis4"}
    (project.folder / "joint.yaml").write_text(yaml.safe_dump(settings))
    return project


@pytest.mark.slow
def test_estimates_of_two_centres_are_pooled_with_ones_own(joint):
    done = joint.snakemake("results/joint/publication/tables", config="joint.yaml")
    assert done.returncode == 0, done.stderr[-4000:]
    results = joint.folder / "results/joint"
    # What the jobs were told of firms is the only thing beside the own country's.
    assert {folder.name for folder in (results / "microdata").iterdir()} <= {"BE", "logs"}
    with (results / "estimates/pooled.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["estimate"]]
    assert {float(row["k"]) for row in rows} == {3.0}
    assert {row["column"] for row in rows} == {"grouped: unweighted", "grouped: weight"}
    shown = (results / f"publication/tables/pooled_{MODEL}.html").read_text(encoding="utf-8")
    # Belgium's file is of 2004, the others of 2010: the exports tell their years.
    assert "From 2008: Activities are coded in NACE Rev. 2" in shown


@pytest.mark.slow
def test_exports_that_were_made_otherwise_are_refused_before_any_job(joint):
    models = yaml.safe_load((joint.folder / "config/models.yaml").read_text(encoding="utf-8"))
    models[MODEL]["controls"] = ["group"]
    (joint.folder / "other.yaml").write_text(yaml.safe_dump(models, allow_unicode=True))
    joint.edit_yaml("joint.yaml", models_file="other.yaml", lag=3)
    done = joint.snakemake("--dry-run", config="joint.yaml")
    said = done.stdout + done.stderr
    assert done.returncode != 0
    for code in CENTRES:
        assert f"pool_from: {code}.zip: model {MODEL} was specified differently there" in said
        assert f"pool_from: {code}.zip: lag is 2 there and 3 here" in said
