"""What goes wrong in a safe centre: kills, damaged files, set-back times, odd paths, masks."""

import csv
import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pypdf
import pytest
import yaml
from project_copy import Project

pytestmark = pytest.mark.slow

SMALL = {
    "run": "small",
    "title": "A small run",
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
    "models": ["faems2005_weights"],
    "bootstrap": {"draws": 100, "test_draws": 0},
}
CONFIG = "config/small.yaml"
EXTRACT = "data/raw/synthetic/NL/cis2010.sav"
RESULTS = Path("results/small")


def write_config(project, name=CONFIG, **changes):
    path = project.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    given = {key: value for key, value in {**SMALL, **changes}.items() if value is not None}
    text = yaml.safe_dump(given, sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")


def manifest(project, run="small"):
    return (project.published(run) / "manifest.json").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project(new_project):
    """Return a finished run, made under a mask that hides nothing."""
    project = new_project()
    write_config(project)
    before = os.umask(0o022)
    done = project.cisflow("run", CONFIG)
    os.umask(before)
    assert done.returncode == 0, done.stderr[-4000:]
    return project


@pytest.fixture
def kept(project):
    """Return a function that keeps a file's content, its time too; a test may break it."""
    held = {}

    def keep(name):
        path = project.folder / name
        held[path] = (path.read_bytes(), path.stat())
        return path

    yield keep
    for path, (content, about) in held.items():
        path.parent.mkdir(parents=True, exist_ok=True)  # Snakemake removes a folder left empty
        path.write_bytes(content)
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def modes(folder, kind):
    """Return the modes of the files or folders at and below a folder."""
    there = [folder, *folder.rglob("*")]
    return {oct(stat.S_IMODE(p.stat().st_mode)) for p in there if getattr(p, f"is_{kind}")()}


def test_microdata_is_its_owners_alone_whatever_the_mask(project):
    microdata = project.folder / RESULTS / "microdata"
    assert modes(microdata, "file") == {"0o600"}
    assert modes(microdata, "dir") == {"0o700"}
    assert modes(project.published("small"), "file") == {"0o644"}


def test_a_finished_run_has_nothing_to_do_and_is_what_its_manifest_says(project):
    assert project.planned(CONFIG) == set()
    done = project.cisflow("verify", RESULTS)
    assert (done.returncode, done.stdout.count("\n")) == (0, 1), done.stdout + done.stderr
    listed = json.loads(manifest(project))
    assert set(listed["inputs"]) == {EXTRACT}
    assert {CONFIG, "config/codebooks/eurostat/cis2010.yaml"} <= set(listed["config"])
    assert set(listed["lock"]) == {"environment.yml"}
    assert "estimates/NL/faems2005_weights.csv" in listed["results"]


def test_an_extract_whose_time_was_set_back_is_noticed(project, kept):
    extract = kept(EXTRACT)
    time_before = extract.stat()
    content = bytearray(extract.read_bytes())
    content[5000] ^= 1
    extract.write_bytes(content)
    os.utime(extract, ns=(time_before.st_atime_ns, time_before.st_mtime_ns))
    assert {"ingest_wave", "paper"} <= project.planned(CONFIG)
    told = project.cisflow("verify", RESULTS)
    assert told.returncode == 1
    assert f"input {EXTRACT} has changed" in told.stdout
    record = json.loads(project.cisflow("verify", RESULTS, "--json").stdout)
    assert len(record["differences"]) == told.stdout.count("\n") - 1


def test_the_list_of_packages_is_among_what_results_rest_on(project, kept):
    lock = kept("environment.yml")
    lock.write_text(lock.read_text() + "# another version\n")
    assert {"ingest_wave", "estimate", "paper"} <= project.planned(CONFIG)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (RESULTS / "publication/claims.csv", "published file claims.csv has changed"),
        (RESULTS / "estimates/NL/faems2005_weights.csv", "result estimates/NL/"),
        ("config/models.yaml", "config config/models.yaml has changed"),
        ("src/cisflow/panel/build.py", "code of the script panel has changed"),
    ],
)
def test_verify_says_what_changed(project, kept, name, told):
    path = kept(name)
    path.write_bytes(path.read_bytes() + b"\n")
    done = project.cisflow("verify", RESULTS)
    assert (done.returncode, told in done.stdout) == (1, True), done.stdout


def test_verify_fails_where_there_is_no_manifest(project):
    done = project.cisflow("verify", "results/none")
    assert done.returncode == 2
    assert "results/none/publication/manifest.json" in done.stderr


def test_a_report_that_is_gone_is_made_again_and_nothing_else(project):
    (project.published("small") / "report.html").unlink()
    assert project.planned(CONFIG) == {"report_of_run"}
    done = project.cisflow("run", CONFIG)
    assert done.returncode == 0, done.stderr[-4000:]
    assert (project.published("small") / "report.html").stat().st_size > 100_000


@pytest.mark.parametrize(
    ("deleted", "makes"),
    [
        ("paper.pdf", {"paper", "manifest", "report_of_run"}),
        ("index.html", {"page", "manifest", "report_of_run"}),
    ],
)
def test_what_a_reader_opens_is_made_again_where_it_was_deleted(project, kept, deleted, makes):
    kept(RESULTS / "publication" / deleted).unlink()
    assert project.planned(CONFIG) == makes


@pytest.mark.parametrize(
    ("damaged", "made_of_it", "how"),
    [
        ("microdata/NL/panel.parquet", "microdata/NL/estimates/faems2005_weights.csv", "cut"),
        ("estimates/NL/faems2005_weights.csv", "claims.csv", "overwritten"),
        ("estimates/NL/faems2005_weights.json", "claims.csv", "cut"),
    ],
)
def test_a_damaged_intermediate_is_named_with_what_to_do(project, kept, damaged, made_of_it, how):
    path = kept(RESULTS / damaged)
    target = kept(RESULTS / made_of_it)
    content = path.read_bytes()
    half = len(content) // 2
    path.write_bytes(content[:half] if how == "cut" else b"\0" * len(content))
    target.unlink()
    done = project.snakemake(str(RESULTS / made_of_it), "--allowed-rules", *RULES, config=CONFIG)
    assert done.returncode != 0
    told = [line for line in done.stderr.splitlines() if "nothing was written" in line]
    assert told == [f"{RESULTS / damaged}: 1 problem, nothing was written."]
    assert "delete it and run again" in done.stderr
    for trace in ("Traceback", "ArrowInvalid", "ParserError", "JSONDecodeError"):
        assert trace not in done.stderr


RULES = ("estimate_1", "judge")


def test_a_run_ends_with_its_verdicts_or_with_what_to_do(project, kept):
    done = project.cisflow("run", CONFIG)
    assert (done.returncode, "small: nothing to do" in done.stderr) == (0, True)
    assert "Verdicts [SYNTHETIC]" in done.stdout
    assert "Open results/small/publication/" in done.stdout
    panel = kept(RESULTS / "microdata/NL/panel.parquet")
    target = kept(RESULTS / "microdata/NL/estimates/faems2005_weights.csv")
    panel.write_bytes(b"\0")
    target.unlink()
    done = project.cisflow("run", CONFIG, RESULTS / target.relative_to(project.folder / RESULTS))
    ends = done.stderr.split("The run failed: 1 step did not end.")[1]
    step, _, country = ends.partition("Estimating ")[2].splitlines()[0].partition(" for ")
    assert ("faems2005_weights" in step.split(", "), country) == (True, "NL")
    assert "delete it and run again" in ends
    assert "log: results/small/logs/estimate/NL/1.log" in ends
    assert f"run {CONFIG}" in ends.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert "CalledProcessError" not in done.stderr


def test_exhibits_name_every_table_and_figure_and_what_makes_it(project):
    publication = project.published("small")
    with (publication / "exhibits.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    for kind, folder in (("table", "tables"), ("figure", "figures")):
        there = {p.stem for p in (publication / folder).iterdir() if p.name[0] != "."}
        assert {row["exhibit"] for row in rows if row["kind"] == kind} == there
    rules = (project.folder / "workflow/rules/publish.smk").read_text()
    for row in rows:
        assert f"rule {row['rule']}:" in rules
        assert (project.folder / row["script"]).is_file()
        module, _, function = row["function"].rpartition(".")
        source = project.folder / "src" / f"{module.replace('.', '/')}.py"
        assert f"def {function}(" in source.read_text()
        for name in row["estimates"].split():
            assert (project.folder / RESULTS / name).is_file()


def test_the_crate_describes_every_published_file_and_tells_no_time_or_path(project):
    publication = project.published("small")
    text = (publication / "ro-crate-metadata.json").read_text(encoding="utf-8")
    graph = {entity["@id"]: entity for entity in json.loads(text)["@graph"]}
    listed = json.loads(manifest(project))
    files = set(listed["files"]) - {"ro-crate-metadata.json"}
    for name in files:
        assert graph[name]["sha256"] == listed["files"][name], name
    made = {f["@id"] for e in graph.values() if e["@type"] == "CreateAction" for f in e["result"]}
    assert made == files
    assert graph[f"#inputs/{EXTRACT}"]["sha256"] == listed["inputs"][EXTRACT]
    assert str(project.folder) not in text
    assert "datePublished" not in text


def test_the_last_page_has_versions_and_digests(project):
    text = pypdf.PdfReader(project.published("small") / "supplement.pdf").pages[-1].extract_text()
    assert "cisflow 0." in text
    assert json.loads(manifest(project))["inputs"][EXTRACT][:16] in text


def killed(project, after, name=CONFIG):
    """Start a run and kill it, with all its jobs, after some seconds; return whether it ended."""
    run = project.started("run", name)
    try:
        run.wait(timeout=after)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        return False
    return True


def test_a_run_that_is_killed_again_and_again_ends_in_the_same_bytes(project, new_project):
    other = new_project()
    write_config(other)
    chance = random.Random(20141120)  # noqa: S311 - moments, no secrets
    kills = [killed(other, chance.uniform(4, 25)) for _ in range(3)]
    assert not all(kills)
    done = other.cisflow("run", CONFIG)
    assert done.returncode == 0, done.stderr[-4000:]
    assert manifest(other) == manifest(project)


def test_jobs_that_outlive_their_run_are_waited_for(project, new_project):
    other = new_project()
    write_config(other)
    run = other.started("run", CONFIG)
    job = other.folder / ".snakemake/scripts"
    until = time.monotonic() + 120
    while not list(job.glob("*.py")) and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(run.pid, signal.SIGKILL)  # the run alone: its job goes on
    run.wait()
    done = other.cisflow("run", CONFIG, RESULTS / "quality/NL/CIS2010.json")
    assert done.returncode == 0, done.stderr[-4000:]
    assert "waiting for them" in done.stdout


def test_a_run_that_is_alive_is_not_disturbed(new_project):
    other = new_project()
    write_config(other)
    run = other.started("run", CONFIG)
    try:
        until = time.monotonic() + 120
        while not any((other.folder / ".snakemake/locks").glob("*")):
            assert time.monotonic() < until
            time.sleep(0.05)
        refused = other.cisflow("run", CONFIG)
        assert refused.returncode == 2
        assert f"a run is at work in this folder, process {run.pid} here" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert run.poll() is None
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    elsewhere = {"host": "another-host", "process": 1}
    (other.folder / ".snakemake/run.json").write_text(json.dumps(elsewhere))
    refused = other.cisflow("run", CONFIG)
    assert refused.returncode == 2
    assert "a run began on another-host in this folder" in refused.stderr


def test_another_folder_zone_and_locale_and_one_core_give_the_same_bytes(
    project, new_project, tmp_path
):
    other = new_project()
    write_config(other)
    odd = {"TZ": "Pacific/Chatham", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    away = tmp_path / "away"
    away.mkdir()
    options = ["--snakefile", other.folder / "Snakefile", "--cores", 1]
    done = other.cisflow("run", other.folder / CONFIG, *options, cwd=away, **odd)
    assert done.returncode == 0, done.stderr[-4000:]
    there = json.loads((away / RESULTS / "publication/manifest.json").read_text(encoding="utf-8"))
    here = json.loads(manifest(project))
    moved = {"config", "code", "files", "results"}
    assert {k: v for k, v in there.items() if k not in moved} == {
        k: v for k, v in here.items() if k not in moved
    }
    assert there["results"] == here["results"]
    # These name the config, which lies elsewhere.
    told = {"index.html", "paper.pdf", "ro-crate-metadata.json"}
    assert {k: v for k, v in there["files"].items() if k not in told} == {
        k: v for k, v in here["files"].items() if k not in told
    }
    for path in (away / RESULTS / "quality").rglob("*.json"):
        assert str(other.folder) not in path.read_text(encoding="utf-8")


@pytest.fixture
def odd_paths(new_project, tmp_path):
    """Return a project in a folder with blanks and letters, and the interpreter of its own there.

    The environment's own path has a blank too: that is how Snakemake is called by make.
    """
    folder = tmp_path / "mé projét"
    other = Project(shutil.move(new_project().folder, folder))
    (folder / ".venv").symlink_to(sys.prefix)
    return other, folder / ".venv/bin/python"


def test_one_countrys_bad_file_does_not_stop_the_others_whatever_the_paths(project, odd_paths):
    other, python = odd_paths
    config = "config/mine own/smäll one.yaml"
    waves = {}
    for code in ("NL", "DE"):
        file = f"data/raw/{code}/cis 2010 é.sav"
        (other.folder / file).parent.mkdir(parents=True)
        shutil.copy(project.folder / EXTRACT, other.folder / file)
        waves[code] = {"CIS2010": {"file": file, "codebook": "eurostat/cis2010"}}
    names = {"NL": "Netherlands", "DE": "Germany"}
    countries = {code: {"name": names[code], "waves": waves[code]} for code in waves}
    write_config(other, config, simulate=None, countries=countries)
    bad = other.folder / waves["DE"]["CIS2010"]["file"]
    bad.write_bytes(bad.read_bytes()[:4000])
    done = other.cisflow("run", config, python=python)
    assert done.returncode == 1
    assert "Germany, wave CIS2010 (data/raw/DE/cis 2010 é.sav): 1 problem" in done.stderr
    pages = pypdf.PdfReader(other.published("small") / "paper.pdf").pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "Germany is absent" in text
    assert list((other.folder / RESULTS / "estimates").iterdir()) == [
        other.folder / RESULTS / "estimates/NL"
    ]
    again = other.cisflow("run", config, python=python)
    assert again.returncode == 1
    shutil.copy(project.folder / EXTRACT, bad)
    done = other.cisflow("run", config, python=python)
    assert done.returncode == 0, done.stderr[-4000:]
    pages = pypdf.PdfReader(other.published("small") / "paper.pdf").pages
    assert "is absent" not in " ".join(page.extract_text() for page in pages)
    for file in ("report.html", "manifest.json"):
        assert (other.published("small") / file).stat().st_size > 0


def test_make_quotes_the_paths_it_is_given(odd_paths):
    other, _ = odd_paths
    name = "config/mine own/smäll one.yaml"
    quoted = subprocess.run(
        ["make", "--dry-run", f"CONFIG={name}"],
        cwd=other.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f'-m cisflow run "{name}"' in quoted.stdout
    assert not [line for line in quoted.stdout.splitlines() if "bin/snakemake" in line]
