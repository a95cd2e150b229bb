"""Everything has its room, arrows go one way, and the papers of the house tell the truth."""

import ast
import re
import shutil
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
PACKAGE = SOURCE / "cisflow"
LINTER = Path(sys.executable).with_name("lint-imports")

HOUSE = [PACKAGE, *(p.parent for p in sorted(PACKAGE.rglob("__init__.py")) if p.parent != PACKAGE)]
ROOMS = [folder for folder in HOUSE if folder.parent == PACKAGE]
FOLDERS = [folder.relative_to(PACKAGE).as_posix() for folder in HOUSE[1:]]


def modules(folder):
    return {p.stem for p in folder.glob("*.py") if p.stem != "__init__"}


# Rooms


def test_nothing_lies_loose_at_the_top():
    assert modules(PACKAGE) == {"__main__"}
    assert len(ROOMS) > 5


def test_every_folder_with_modules_is_a_package():
    assert {p.parent for p in PACKAGE.rglob("*.py")} == set(HOUSE)


@pytest.mark.parametrize("folder", FOLDERS)
def test_faces_of_folders_say_what_is_in_them(folder):
    assert (PACKAGE / folder / "__init__.py").read_text().startswith(('"""', 'r"""'))


@pytest.mark.parametrize("room", [room.name for room in ROOMS])
def test_every_room_has_its_tests(room, root):
    assert list((root / "tests" / "unit" / room).rglob("test_*.py"))


def test_tests_lie_where_their_modules_lie(root):
    """A file of tests is called after a module of the same folder, maybe with more behind it."""
    unit = root / "tests" / "unit"
    astray = [
        path.relative_to(unit).as_posix()
        for path in unit.rglob("*/test_*.py")
        if not path.stem.removeprefix("test_").startswith(
            tuple(modules(PACKAGE / path.parent.relative_to(unit)))
        )
    ]
    assert astray == []


# Arrows


def linted(folder):
    """Return what import-linter says of the package in a folder, and whether all is well."""
    done = subprocess.run(
        [LINTER, "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "NO_COLOR": "1", "COLUMNS": "500"},
        capture_output=True,
        text=True,
    )
    assert "Contracts" in done.stdout, done.stderr + done.stdout
    return done.stdout, done.returncode == 0


@pytest.fixture
def copy(root, tmp_path):
    shutil.copytree(SOURCE, tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*egg*"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_kept(root):
    said, kept = linted(root)
    assert kept, said


@pytest.mark.parametrize(
    ("room", "uses"),
    [
        ("base", "assist"),
        ("base", "estimators"),
        ("estimators", "base"),
        ("study", "panel"),
        ("simulate", "survey"),
        ("estimation", "publication"),
    ],
)
def test_a_planted_back_arrow_breaks_a_contract(copy, room, uses):
    before, _ = linted(copy)
    (copy / "src/cisflow" / room / "planted.py").write_text(f"import cisflow.{uses}.found\n")
    (copy / "src/cisflow" / uses / "found.py").write_text("")
    said, kept = linted(copy)
    arrow = f"cisflow.{room}.planted -> cisflow.{uses}.found"
    assert not kept
    assert arrow in said
    assert arrow not in before


def test_a_planted_circle_breaks_a_contract(copy):
    room = copy / "src/cisflow/base"
    (room / "egg.py").write_text("import cisflow.base.hen\n")
    (room / "hen.py").write_text("def lay():\n    import cisflow.base.egg\n")
    said, kept = linted(copy)
    assert not kept
    assert re.search(r"No cycles are allowed in cisflow\.base\b", said)


def test_a_room_nobody_has_placed_breaks_a_contract(copy):
    (copy / "src/cisflow/attic").mkdir()
    (copy / "src/cisflow/attic/__init__.py").write_text("")
    said, kept = linted(copy)
    assert not kept
    assert "attic" in said


def test_what_the_snakefile_imports_brings_no_heavy_library():
    """Snakemake parses the rules again in every job."""
    heavy = "{'pandas', 'numpy', 'scipy', 'pyarrow', 'matplotlib', 'statsmodels'}"
    command = f"import sys, cisflow.study.run as _; print({heavy} & {{*sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", command],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "set()", done.stderr


SLOW = {"scipy.stats", "statsmodels", "linearmodels", "matplotlib", "seaborn", "rdata", "typst"}
OF_EVERY_RUN = ("estimate", "disclose", "judge", "tables", "figures", "page", "paper", "panel")


@pytest.mark.parametrize("script", OF_EVERY_RUN)
def test_jobs_load_what_takes_long_where_it_is_used(script, root):
    """A run has dozens of jobs that are done in a second; loading scipy.stats takes another."""
    job = ast.parse((root / "workflow" / "scripts" / f"{script}.py").read_text())
    imports = [
        ast.unparse(node) for node in ast.walk(job) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    command = "\n".join([*imports, "import sys", f"print(sorted({SLOW} & {{*sys.modules}}))"])
    done = subprocess.run(
        [sys.executable, "-c", command],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[]", done.stderr


# Papers


def picture(text):
    """Yield every path that the picture under “How it is built” shows."""
    block = text.split("## How it is built")[1].split("```")[1]
    above = []
    for line in block.strip("\n").splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        if depth > 5:  # the text of the line before goes on
            continue
        names = re.split(r"\s{2,}", line.strip())[0].split()
        above[depth:] = [names[0]]
        yield from ("".join([*above[:depth], name]) for name in names if name != "…")


def test_the_picture_is_read_as_it_is_drawn():
    lines = [
        "a.md     x",
        "b/       y",
        "  c/     z",
        "    d/   …",
        "  e/ f/  … g",
        "             more",
        "h",
    ]
    text = "\n".join(["## How it is built", "```", *lines, "```"])
    assert list(picture(text)) == ["a.md", "b/", "b/c/", "b/c/d/", "b/e/", "b/f/", "h"]


def test_readme_shows_every_room_and_only_what_there_is(root):
    shown = list(picture((root / "README.md").read_text()))
    assert [path for path in shown if not (root / path).exists()] == []
    rooms = {
        p.removeprefix("src/cisflow/").strip("/") for p in shown if p.startswith("src/cisflow/")
    }
    assert rooms - {""} == set(FOLDERS)


def pages(root):
    folders = ("docs", "config", "benchmarks", "data")
    below = chain.from_iterable((root / folder).rglob("*.md") for folder in folders)
    return [*sorted(root.glob("*.md")), *sorted(below)]


NAMED = re.compile(r"`((?:src|tests|config|workflow|docs|benchmarks|paper)/[\w./-]+)`")
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(?:#[^)]*)?\)")


def test_pages_name_and_link_only_what_there_is(root):
    """Results of benchmarks tell the past; what users are to write themselves is not there yet."""
    gone = [
        f"{page.relative_to(root)}: {name}"
        for page in pages(root)
        for named, base in ((NAMED, root), (LINK, page.parent))
        for name in named.findall(page.read_text())
        if not (base / name).exists() and not _is_an_example(name)
    ]
    assert gone == []


def _is_an_example(name):
    config = name.startswith("config/") and name.endswith((".yaml", ".yml"))
    return config or name.endswith("/languages/xx.po")


def test_every_linter_runs_before_a_commit(root):
    recipe = (root / "Makefile").read_text().split("lint: $(STAMP)\n")[1].split("\n\n")[0]
    hooks = (root / ".pre-commit-config.yaml").read_text()
    linters = re.findall(
        r"\$\(BIN\)/(python (?:-m \S+(?: (?:check|format|--lint))?|-c .+))", recipe
    )
    assert len(linters) == len(recipe.splitlines()) > 4
    assert [linter for linter in linters if f".venv/bin/{linter}" not in hooks] == []
    assert "repo: local" in hooks
    assert "://" not in hooks


def test_no_page_names_a_module_that_is_gone(root):
    """The changelog tells the past too."""
    named = re.compile(r"\bcisflow((?:\.[a-z_]+)+)")
    gone = [
        f"{page.relative_to(root)}: cisflow{dotted}"
        for page in pages(root)
        if page.name != "CHANGELOG.md"
        for dotted in named.findall(page.read_text())
        if not _is_there(PACKAGE, dotted.split(".")[1:])
    ]
    assert gone == []


def _is_there(folder, names):
    """Return whether names lead to a folder, a module, something in it, or on a folder's face."""
    if not names:
        return True
    first, *rest = names
    if (folder / first).is_dir():
        return _is_there(folder / first, rest)
    return (folder / f"{first}.py").is_file() or first in (folder / "__init__.py").read_text()


def test_equals_are_sorted_alike_on_every_processor(root):
    """Other sorts than stable ones order equals by the instructions a processor has."""
    unstable = []
    for file in sorted((root / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            several = node.args and isinstance(node.args[0], ast.List)  # of which pandas sorts so
            stable = any(ast.unparse(of) == "kind='stable'" for of in node.keywords)
            if node.func.attr in ("argsort", "sort_values") and not (stable or several):
                unstable.append(f"{file.relative_to(root)}:{node.lineno}")
    assert unstable == []
