"""``cisflow new | run | inspect | init | review | confirm | check | …``: all of a study.

Exit codes: 0 nothing is wrong; 1 something is (a check found errors, or numbers that moved); 2 the
command could not do its work (called wrongly, a file not there or unreadable, a file in the way).
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import shtab

from cisflow import __version__
from cisflow.assist.project import config_of, new_project
from cisflow.base.paths import shown
from cisflow.base.problems import CisflowError, Problem
from cisflow.base.texts import printable
from cisflow.estimators.errors import EstimationError

FINE, WRONG, FAILED = 0, 1, 2
# Commands work on the project in the working folder.
HERE = Path()
Command = Callable[[argparse.Namespace], int]


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
    words = sys.argv[1:] if arguments is None else list(arguments)
    # What follows `run` is Snakemake's to read, but for the request for help.
    runs = words[:1] == ["run"] and not {"-h", "--help"} & set(words)
    try:
        options = _parser().parse_args(words[:1] if runs else words)
        options.words = words[1:]
        return options.command(options) or FINE
    except (CisflowError, EstimationError) as error:
        print(error, file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        sys.stderr.close()
        return FINE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cisflow",
        description="From extracts of the Community Innovation Survey to published results.",
        epilog="A study begins so:\n  cisflow new study && cd study && cisflow run\n\n"
        "Exit codes: 0 nothing is wrong, 1 something is, 2 the command cannot do its work.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=lambda _: print(parser.format_help(), end=""))
    parser.add_argument("--version", action="version", version=f"cisflow {__version__}")
    shtab.add_argument_to(parser, "--print-completion")
    commands = parser.add_subparsers(metavar="COMMAND")

    new = _command(commands, "new", "begin a study: a folder with a project that runs", _new)
    new.add_argument("folder", type=Path, metavar="FOLDER", help="not there yet, or empty")

    run = _command(commands, "run", "run a config, from extracts to the paper", _run)
    run.usage = "cisflow run [CONFIG] [--cores N] [SNAKEMAKE OPTIONS]"
    _add_file(run, "config", "CONFIG", "such as config/nl.yaml (default: config/config.yaml)", "?")
    run.add_argument("--cores", metavar="N", help="how many jobs at once (default: all cores)")

    inspect = _command(commands, "inspect", "say what a file is, which codebook fits it", _inspect)
    _add_file(inspect, "file", "FILE", "an extract")
    inspect.add_argument("--codebook", metavar="NAME", help="hold it against this codebook")
    inspect.add_argument("--column", metavar="NAME", help="list the codes of one column")
    _add_labels(inspect)
    inspect.add_argument("--json", action="store_true", help="print JSON")

    init = _command(commands, "init", "write a config, and a codebook where none fits", _init)
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
    _add_file(init, "--accounts", "FILE", "export of company accounts")
    _add_labels(init)
    init.add_argument("--run", metavar="NAME", help="name of the run (default: the codes)")
    init.add_argument("--name", metavar="TEXT", help="the country's name, for the paper")
    init.add_argument(
        "--out", type=Path, metavar="DIR", help="write below DIR/config (default: here)"
    )
    init.add_argument("--json", action="store_true", help="print JSON")

    check = _command(commands, "check", "say all that is wrong with a config and its files", _check)
    _add_file(check, "config", "CONFIG", "such as config/nl.yaml")
    check.add_argument("--json", action="store_true", help="print JSON")

    text = "say from the design alone which claims a run's samples can decide"
    power = _command(commands, "power", text, _power)
    _add_file(power, "config", "CONFIG", "such as config/nl.yaml; its panels must have been built")
    power.add_argument("--json", action="store_true", help="print JSON")

    text = "write the sheet by which a person confirms what the columns mean"
    review = _command(commands, "review", text, _review)
    _add_file(review, "config", "CONFIG", "such as config/nl.yaml")
    _add_labels(review)
    text = "the page (default: results/<run>/review.html)"
    review.add_argument("--out", type=Path, metavar="FILE", help=text)
    forms = review.add_mutually_exclusive_group()
    forms.add_argument("--terminal", action="store_true", help="print it as text")
    forms.add_argument("--json", action="store_true", help="print JSON")

    text = "note that variables mean what their codebook says: you held them against the file"
    confirm = _command(commands, "confirm", text, _confirm)
    help_ = "codebook of your own, or config that uses one which comes with cisflow"
    _add_file(confirm, "file", "FILE", help_)
    confirm.add_argument(
        "names",
        metavar="VARIABLE",
        nargs="+",
        help="variable or block, such as turnover or partners; of a config its COUNTRY/WAVE first",
    )
    confirm.add_argument("--json", action="store_true", help="print JSON")

    text = "gather what is meant to leave the centre, for its output checker"
    release = _command(commands, "release", text, _release)
    release.add_argument("run", type=Path, metavar="RUN", help="folder results/<run>")
    release.add_argument("--out", type=Path, metavar="DIR", help="packets (default: RUN/release)")
    release.add_argument(
        "--date", type=_date, metavar="DATE", help="for the sheet, such as 2026-11-28"
    )

    text = "say which files of a run, or that it rests on, are not what its manifest says"
    verified = _command(commands, "verify", text, _verify)
    verified.add_argument("run", type=Path, metavar="RUN", help="folder results/<run>")
    verified.add_argument("--json", action="store_true", help="print JSON")

    text = "keep the published numbers of a run, and say later what moved"
    baseline = _command(commands, "baseline", text, None)
    actions = baseline.add_subparsers(required=True, metavar="save | check")
    for name, text, command in (
        ("save", "write what is published now", _baseline_save),
        ("check", "say what moved since it was saved", _baseline_check),
    ):
        action = _command(actions, name, text, command, of="baseline ")
        action.add_argument("run", type=Path, metavar="RUN", help="folder results/<run>")
        _add_file(action, "--file", "FILE", "the baseline (default: baselines/<run>.csv)")
        text = "what to keep, how far numbers may move (default: config/baseline.yaml)"
        _add_file(action, "--tolerances", "FILE", text)
        text = "a key of that file, such as tolerances.estimate=0.01; may be given again"
        action.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=text)
    forms = actions.choices["check"].add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="print JSON")
    forms.add_argument("--markdown", action="store_true", help="print Markdown")
    return parser


EXAMPLES = {
    "new": "cisflow new study",
    "run": "cisflow run config/nl.yaml --cores 4\n  cisflow run --dry-run",
    "inspect": "cisflow inspect data/raw/NL/cis2016.csv",
    "init": "cisflow init NL --wave 2016=data/raw/NL/cis2016.csv",
    "check": "cisflow check config/nl.yaml\n\n"
    "What nobody has confirmed is listed and is no error: the run goes through, and all it\n"
    "publishes is marked DRAFT MAPPING. With `record: true` in the config it is one.",
    "power": "cisflow power config/nl.yaml",
    "review": "cisflow review config/nl.yaml",
    "confirm": "cisflow confirm config/codebooks/national/nl2016.yaml turnover partners\n"
    "  cisflow confirm config/nl.yaml NL/2016 turnover partners",
    "release": "cisflow release results/nl --date 2026-11-28",
    "verify": "cisflow verify results/nl",
    "baseline": "cisflow baseline save results/nl",
    "baseline save": "cisflow baseline save results/nl",
    "baseline check": "cisflow baseline check results/nl --set tolerances.estimate=0.01",
}


def _command(
    commands: Any, name: str, text: str, command: Command | None, of: str = ""
) -> argparse.ArgumentParser:
    """Add a command; its help ends with an example."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=f"example:\n  {EXAMPLES[of + name]}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if command:
        parser.set_defaults(command=command)
    return parser


def _add_file(
    command: argparse.ArgumentParser, name: str, metavar: str, text: str, nargs: str | None = None
) -> None:
    """Add an argument that names a file, which a shell can complete."""
    argument = command.add_argument(name, type=Path, metavar=metavar, help=text, nargs=nargs)
    argument.complete = shtab.FILE  # type: ignore[attr-defined]


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


def _new(options: argparse.Namespace) -> int:
    print("Written:", *new_project(options.folder), sep="\n  ")
    print(f"\nNext: `cd {options.folder}`, then `cisflow run`; README.md says what goes where.")
    return FINE


def _run(options: argparse.Namespace) -> int:
    from cisflow.assist.running import run

    return run(options.words)


def _inspect(options: argparse.Namespace) -> int:
    from cisflow.assist.inspection import inspect_column, inspect_file
    from cisflow.assist.screen import column_text, inspection_text

    if options.column:
        _show(inspect_column(options.file, options.column), options.json, column_text)
        return FINE
    found = inspect_file(options.file, HERE, codebook=options.codebook, labels_files=options.labels)
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
        HERE,
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
    from cisflow.assist.review.gather import confirmed_against
    from cisflow.assist.screen import findings_record, findings_text

    config = config_of(options.config)
    found = check_run(config, HERE)
    if not found.errors:
        found.warnings += confirmed_against(config, HERE)
    findings = findings_record(found, config)
    _show(findings, options.json, findings_text)
    return WRONG if findings["errors"] else FINE


def _power(options: argparse.Namespace) -> int:
    from cisflow.assist.power import power_of_run, power_text

    _show(power_of_run(config_of(options.config), HERE), options.json, power_text)
    return FINE


def _review(options: argparse.Namespace) -> int:
    from cisflow.assist.review.gather import gather
    from cisflow.assist.review.page import write_page
    from cisflow.assist.review.record import review_record
    from cisflow.assist.review.terminal import review_text

    sheet = gather(config_of(options.config), HERE, options.labels)
    if options.json:
        _show(review_record(sheet), True, None)
    elif options.terminal:
        print(printable(review_text(sheet)))
    else:
        print(write_page(sheet, options.out))
    return WRONG if sheet.wrong else FINE


def _release(options: argparse.Namespace) -> int:
    from cisflow.publication.packet.write import write_packet

    packet = write_packet(options.run, options.out, options.date or "")
    print(f"{packet.folder.as_posix()}: {len(packet.outputs)} outputs; read sheet.html first.")
    return FINE


def _confirm(options: argparse.Namespace) -> int:
    from cisflow.assist.confirming import confirm
    from cisflow.assist.screen import confirmed_text

    _show(confirm(options.file, options.names, HERE), options.json, confirmed_text)
    return FINE


def _date(text: str) -> str:
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no date such as 2026-11-28") from None


def _verify(options: argparse.Namespace) -> int:
    from cisflow.assist.screen import differences_record, differences_text
    from cisflow.publication.manifest import verify

    record = differences_record(verify(options.run), options.run)
    _show(record, options.json, differences_text)
    return WRONG if record["differences"] else FINE


def _baseline_save(options: argparse.Namespace) -> int:
    from cisflow.publication.baseline import save_baseline
    from cisflow.study.tolerances import load_tolerances

    file = options.file or _baseline_file(options.run)
    settings = load_tolerances(options.tolerances, options.set)
    count = save_baseline(options.run, file, settings.keep)
    print(f"{file.as_posix()}: {count} published rows saved.")
    return FINE


def _baseline_check(options: argparse.Namespace) -> int:
    from cisflow.assist.moved import baseline_markdown, baseline_text
    from cisflow.publication.baseline import check_baseline
    from cisflow.study.tolerances import load_tolerances

    file = options.file or _baseline_file(options.run)
    settings = load_tolerances(options.tolerances, options.set)
    names = {"run": shown(options.run), "baseline": shown(file)}
    record = names | check_baseline(options.run, file, settings)
    _show(record, options.json, baseline_markdown if options.markdown else baseline_text)
    return FINE if record["same"] else WRONG


def _baseline_file(run: Path) -> Path:
    return Path("baselines") / f"{run.name}.csv"


def _show(record: dict[str, Any], as_json: bool, text: Any) -> None:
    # Names and labels of a file may hold what a terminal obeys.
    print(printable(json.dumps(record, indent=1, ensure_ascii=False) if as_json else text(record)))
