"""A small run through the profile on a real Slurm: the bytes of a local run, on both nodes."""

import re
import subprocess

import pytest
import yaml

pytestmark = pytest.mark.slow

RUN = {
    "run": "small",
    "title": "A run on two nodes",
    "data": "synthetic",
    "seed": 1,
    "simulate": "config/truth/europe.yaml",
    "countries": {
        "NL": {
            "name": "Netherlands",
            "waves": {
                "CIS2010": {
                    "file": "data/raw/synthetic/NL/cis2010.sav",
                    "codebook": "eurostat/cis2010",
                }
            },
        }
    },
    # More than fit into one job.
    "models": [
        *("faems2005_weights", "firm_size", "diversity_to_investment", "investment_to_innovation"),
        *("innovation_equation_ols", "innovation_equation_fractional", "partners_abroad"),
    ],
    "bootstrap": {"draws": 100, "test_draws": 19},
}
# This Slurm keeps no accounts; and each batch of models is a job of its own, one per node.
HERE = [
    *("--slurm-no-account", "--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "3"),
    *("--group-components", "country=1", "models=1"),
]
LIMIT = ("timeout", "1800")


@pytest.fixture(scope="module")
def on_slurm(slurm, new_project, tmp_path_factory):
    """Return a project after its run on the cluster; its results lie elsewhere, behind a link."""
    project = small(new_project)
    scratch = tmp_path_factory.mktemp("scratch")
    (project.folder / "results").symlink_to(scratch, target_is_directory=True)
    done = submitted(project)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return project


def small(new_project):
    project = new_project()
    (project.folder / "small.yaml").write_text(yaml.safe_dump(RUN))
    return project


def submitted(project, *arguments):
    profile = ("--workflow-profile", "slurm", *HERE, *arguments)
    return project.snakemake(*profile, config="small.yaml", under=LIMIT)


def jobs():
    """Return what Slurm knows of every job it was given."""
    said = subprocess.run(
        ["scontrol", "show", "job", "--oneliner"], capture_output=True, text=True, check=True
    )
    return [dict(re.findall(r"(\w+)=(\S*)", line)) for line in said.stdout.splitlines()]


def published(project):
    """Return the bytes of everything published but the report, which tells times."""
    folder = project.published("small")
    files = (path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    assert files.pop("report.html")
    return {name: content for name, content in files.items() if ".snakemake" not in name}


def test_a_cluster_publishes_what_one_machine_does(on_slurm, new_project):
    local = small(new_project)
    done = local.snakemake(config="small.yaml", under=LIMIT)
    assert done.returncode == 0, done.stderr[-4000:]
    here, there = published(local), published(on_slurm)
    assert len(here) > 20
    assert sorted(here) == sorted(there)
    assert [name for name in here if here[name] != there[name]] == []


def test_short_rules_share_a_job_that_asks_for_what_they_need(on_slurm):
    asked = {
        job["Comment"]: (job["NumCPUs"], job["MinMemoryNode"], job["TimeLimit"]) for job in jobs()
    }
    assert asked == {
        "rule_simulate_simulate_NL": ("1", "1000M", "00:05:00"),
        "rule_country_ingest_wave_panel": ("1", "1000M", "00:10:00"),
        "rule_models_estimate_1": ("1", "1000M", "00:10:00"),
        "rule_models_estimate_2": ("1", "1000M", "00:10:00"),
        "rule_models_pseudo_truth": ("1", "2000M", "00:10:00"),
        "rule_publication_disclose_NL_figures_judge_page_paper_...": ("2", "2000M", "00:35:00"),
    }
    assert [job["JobState"] for job in jobs()] == ["COMPLETED"] * 6


def test_jobs_ran_on_both_nodes(on_slurm):
    assert {job["NodeList"] for job in jobs()} == {"n1", "n2"}


def test_second_run_submits_nothing(on_slurm):
    before = len(jobs())
    again = submitted(on_slurm)
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout + again.stderr
    assert len(jobs()) == before


def test_a_file_that_cannot_be_read_is_told_and_tried_again_with_more(on_slurm):
    """Last, for it spoils the run."""
    extract = on_slurm.folder / RUN["countries"]["NL"]["waves"]["CIS2010"]["file"]
    extract.write_bytes(extract.read_bytes()[:1000])
    before = len(jobs())
    wanted = "results/small/microdata/NL/CIS2010.parquet"
    done = submitted(on_slurm, "--retries", "1", wanted)
    assert done.returncode != 0
    assert [job["MinMemoryNode"] for job in jobs()[before:]] == ["1000M", "2000M"]
    log = (on_slurm.folder / "results/small/logs/ingest/NL/CIS2010.log").read_text()
    assert "nothing was written" in log
    assert "→" in log
