"""``cisflow inspect | init | check | baseline``: what to do before and after a run.

Exit codes: 0 nothing is wrong; 1 something is (a check found errors, a comparison changes); 2 the
command could not do its work (called wrongly, a file not there or unreadable, a file in the way).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cisflow.base.paths import shipped
from cisflow.base.problems import CisflowError, Problem
from cisflow.estimators.errors import EstimationError

FINE, WRONG, FAILED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        What stands behind ``cisflow``; those of the process when not given.

    Returns
    -------
    int
        The exit code.
    """
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except (CisflowError, EstimationError) as error:
        print(error, file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        sys.stderr.close()
        return FINE


def project_root() -> Path:
    """Return the project's folder: the working folder if it is one, else that of this package."""
    here = Path.cwd()
    return here if (here / "workflow" / "schemas").is_dir() else shipped()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cisflow",
        description="From extracts of the Community Innovation Survey to published results.",
        epilog="Exit codes: 0 nothing is wrong, 1 something is, 2 the command cannot do its work.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    inspect = commands.add_parser("inspect", help="say what a file is and which codebook fits it")
    inspect.add_argument("file", type=Path, metavar="FILE", help="an extract")
    inspect.add_argument("--codebook", metavar="NAME", help="hold it against this codebook")
    _add_labels(inspect)
    inspect.add_argument("--json", action="store_true", help="print JSON")
    inspect.set_defaults(command=_inspect)

    init = commands.add_parser("init", help="write a config, and a codebook where none fits")
    init.add_argument(
        "countries",
        metavar="COUNTRY",
        nargs="+",
        help="two-letter code, such as NL; several for a pooled file",
    )
    init.add_argument(
        "--wave",
        action="append",
        required=True,
        metavar="WAVE=FILE",
        type=_wave,
        help="a wave and its extract, such as 2012=data/raw/NL/cis2012.csv; once per wave",
    )
    init.add_argument("--accounts", type=Path, metavar="FILE", help="export of company accounts")
    _add_labels(init)
    init.add_argument("--run", metavar="NAME", help="name of the run (default: the codes)")
    init.add_argument("--name", metavar="TEXT", help="the country's name, for the paper")
    init.add_argument(
        "--out", type=Path, metavar="DIR", help="write below DIR/config (default: here)"
    )
    init.add_argument("--json", action="store_true", help="print JSON")
    init.set_defaults(command=_init)

    check = commands.add_parser("check", help="say all that is wrong with a config and its files")
    check.add_argument("config", type=Path, metavar="CONFIG", help="such as config/nl.yaml")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(command=_check)

    baseline = commands.add_parser(
        "baseline", help="save or compare the published numbers of a run"
    )
    actions = baseline.add_subparsers(required=True, metavar="save | compare")
    for name, text, command in (
        ("save", "write all published numbers", _baseline_save),
        ("compare", "say which published numbers changed", _baseline_compare),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("run", type=Path, metavar="RUN", help="folder results/<run>")
        action.add_argument("--file", type=Path, help="the baseline (default: baselines/<run>.csv)")
        action.set_defaults(command=command)
    actions.choices["compare"].add_argument("--rtol", type=float, help="relative tolerance (1e-4)")
    actions.choices["compare"].add_argument("--atol", type=float, help="absolute tolerance (1e-8)")
    actions.choices["compare"].add_argument("--json", action="store_true", help="print JSON")
    return parser


def _add_labels(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--labels",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="table of names and labels, or of codes and labels; may be given again",
    )


def _wave(text: str) -> tuple[str, Path]:
    wave, sign, file = text.partition("=")
    if not (wave and sign and file):
        raise argparse.ArgumentTypeError(f"'{text}' is not WAVE=FILE, such as 2012=cis2012.csv")
    return wave, Path(file)


def _inspect(options: argparse.Namespace) -> int:
    from cisflow.assist.inspection import inspect_file
    from cisflow.assist.screen import inspection_text

    found = inspect_file(
        options.file, project_root(), codebook=options.codebook, labels_files=options.labels
    )
    _show(found, options.json, inspection_text)
    return FINE


def _init(options: argparse.Namespace) -> int:
    from cisflow.assist.scaffold import initialise
    from cisflow.assist.screen import initialised_text

    waves = dict(options.wave)
    if len(waves) < len(options.wave):
        problem = Problem("a wave is given twice", "give each wave once; `file:` may list several")
        raise CisflowError("cisflow init", problem)
    done = initialise(
        options.countries,
        waves,
        project_root(),
        accounts=options.accounts,
        run=options.run,
        name=options.name,
        out=options.out,
        labels_files=options.labels,
    )
    _show(done, options.json, initialised_text)
    return FINE


def _check(options: argparse.Namespace) -> int:
    from cisflow.assist.checking import check_run
    from cisflow.assist.screen import findings_record, findings_text

    findings = findings_record(check_run(options.config, project_root()), options.config)
    _show(findings, options.json, findings_text)
    return WRONG if findings["errors"] else FINE


def _baseline_save(options: argparse.Namespace) -> int:
    from cisflow.publication.baseline import save_baseline

    file = options.file or _baseline_file(options.run)
    count = save_baseline(options.run, file)
    print(f"{file.as_posix()}: {count} published numbers, verdicts and notes saved.")
    return FINE


def _baseline_compare(options: argparse.Namespace) -> int:
    from cisflow.assist.screen import changes_record, changes_text
    from cisflow.publication.baseline import ATOL, RTOL, compare_with_baseline

    file = options.file or _baseline_file(options.run)
    rtol = RTOL if options.rtol is None else options.rtol
    atol = ATOL if options.atol is None else options.atol
    record = changes_record(compare_with_baseline(options.run, file, rtol, atol), file)
    _show(record, options.json, changes_text)
    return WRONG if record["changes"] else FINE


def _baseline_file(run: Path) -> Path:
    return Path("baselines") / f"{run.name}.csv"


def _show(record: dict[str, Any], as_json: bool, text: Any) -> None:
    print(json.dumps(record, indent=1, ensure_ascii=False) if as_json else text(record))
