"""Write a packet, once, and remember which firms its numbers are about."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cisflow.base.private import private
from cisflow.base.problems import CisflowError, Problem
from cisflow.publication.manifest import verify
from cisflow.publication.packet import sheet
from cisflow.publication.packet.acro import results, risk_profile, write_checksums
from cisflow.publication.packet.outputs import Output, Registers
from cisflow.release.earlier import Sets
from cisflow.study.marks import marks_of, stamp_of

TITLE = "Sheet for the output checker"


@dataclass(frozen=True)
class Packet:
    """A packet that was written: its folder, its number, and what is in it."""

    folder: Path
    number: int
    outputs: list[Output]


def write_packet(run: Path, out: Path | None = None, date: str = "") -> Packet:
    """Gather what is meant to leave a centre, and remember it as released.

    Parameters
    ----------
    run
        The folder ``results/{run}`` of a finished run.
    out
        Where packets are written, each below its number; ``{run}/release`` when not given.
    date
        Year-month-day, for the sheet; empty to be filled in by hand.

    Raises
    ------
    CisflowError
        The run is not finished, holds none of this centre's data, was changed by hand, or was made
        before the gate knew of an earlier packet. Nothing is written then.
    """
    registers = Registers(run)
    outputs = _checked(registers)
    out = out or run / "release"
    number = 1 + max(_numbers(out), default=0)
    number = max(number, 1 + max(map(int, _earlier(run)), default=0))
    folder, making = out / str(number), out / f".{number}"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    for output in outputs:
        for name, file in output.files.items():
            shutil.copyfile(run / file, making / name)
    _write_about(registers, outputs, making, number, date)
    # First what was released is remembered, then the packet is there: never the other way round.
    for country in registers.countries:
        _remember(run / "microdata" / country, number)
    making.rename(folder)
    return Packet(folder, number, outputs)


def _numbers(folder: Path) -> list[int]:
    return [int(path.stem) for path in folder.glob("[0-9]*") if path.stem.isdecimal()]


def _earlier(run: Path) -> list[str]:
    """Return the numbers of the packets whose sets of firms are kept."""
    kept = {n for folder in run.glob("microdata/*/released") for n in _numbers(folder)}
    return [str(number) for number in sorted(kept)]


def _remember(folder: Path, number: int) -> None:
    shutil.copyfile(folder / "sets.npz", private(folder / "released" / f"{number}.npz"))


def _checked(registers: Registers) -> list[Output]:
    """Return the outputs of a run, if they are what the gate let through."""
    run, about = registers.run, registers.about
    changed = [found for found in verify(run) if found.section in ("files", "results")]
    if not about or not (registers.countries or changed):
        what = "no country's data are in this run, only what others exported"
        raise CisflowError(run.as_posix(), Problem(what, "release it where the data are"))
    remedy = "run it again: what leaves is what the gate let through"
    problems = [
        Problem(f"{found.name} {found.how} since the run wrote it", remedy) for found in changed
    ]
    if problems:
        raise CisflowError(run.as_posix(), problems)
    outputs = list(registers.outputs())
    problems += [
        Problem(f"{file} is not there", remedy)
        for output in outputs
        for file in output.files.values()
        if not (run / file).is_file()
    ]
    for country, register in registers.countries.items():
        Sets.read(run / "microdata" / country / "sets.npz")  # or what leaves is not remembered
        if _unknown_to_gate(run / "microdata" / country, register["earlier"]):
            what = f"{country}: numbers were not held against what an earlier packet released"
            problems.append(Problem(what, "run it again with `cisflow run`, then release it"))
    if problems:
        raise CisflowError(run.as_posix(), problems)
    return outputs


def _unknown_to_gate(folder: Path, known: Sequence[str]) -> bool:
    """Return whether there are earlier packets of other sets than the gate knew of."""
    now = (folder / "sets.npz").read_bytes()
    kept = {file.stem: file for file in (folder / "released").glob("*.npz")}
    return any(kept[n].read_bytes() != now for n in {*kept} - {*known})


def _write_about(
    registers: Registers, outputs: list[Output], folder: Path, number: int, date: str
) -> None:
    """Write what is said of the files: the sheet, our register, and acro's."""
    about, profile, rules = registers.about, registers.profile, registers.rules
    unconfirmed = about.get("unconfirmed", 0)
    stamp = stamp_of(about["data"], unconfirmed)
    marks = ", ".join(mark.name for mark in marks_of(about["data"], unconfirmed))
    earlier = {country: of["earlier"] for country, of in registers.countries.items()}
    facts = {
        "Study": about["title"],
        "Run, cisflow": f"{about['run']}, version {about['cisflow']}",
        "Packet": f"{number}{f', {date}' if date else ''}",
        "Data": f"{marks or 'real data'}, {', '.join(registers.countries)}",
        "Extracts, SHA-256": "\n".join(f"{n}: {d}" for n, d in about["inputs"].items()),
        "Rules of the provider": f"{profile.title}. {profile.text}",
        "Held against earlier packets": ", ".join(
            f"{country}: {' '.join(numbers) or 'none'}" for country, numbers in earlier.items()
        ),
        "Outputs, files": f"{len(outputs)}, {sum(len(o.files) for o in outputs)}",
        "Numbers shown, withheld": f"{_sum(registers, 'shown'):,}, {_sum(registers, 'withheld'):,}",
    }
    title = f"{TITLE}: {marks}" if marks else TITLE
    said = sheet.parts(facts, rules, registers.withheld, outputs)
    (folder / "sheet.html").write_text(sheet.html(title, said), encoding="utf-8")
    (folder / "sheet.docx").write_bytes(sheet.docx(title, said))
    ours = {
        "data": stamp,
        "run": about["run"],
        "packet": number,
        "date": date,
        "profile": profile.as_params(),
        "rules": rules,
        "earlier": earlier,
        "withheld": registers.withheld,
        "outputs": [asdict(output) for output in outputs],
        "files": registers.files,
    }
    _write_json(ours, folder / "register.json")
    _write_json(results(outputs, folder, date, marks), folder / "results.json")
    _write_json(risk_profile(profile), folder / "config.json")
    write_checksums(folder)


def _sum(registers: Registers, what: str) -> int:
    return sum(register[what] for register in registers.countries.values())


def _write_json(record: dict[str, Any], file: Path) -> None:
    file.write_text(json.dumps(record, indent=4, ensure_ascii=False), encoding="utf-8")
