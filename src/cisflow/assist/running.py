"""``cisflow run``: one run at a time in a folder; what another left behind is taken up again."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TextIO

import psutil

from cisflow.assist.project import LOOKS, snakemake_command
from cisflow.base.problems import CisflowError, Problem


def run(words: Sequence[str]) -> NoReturn:
    """Become Snakemake, for what follows ``cisflow run``; never returns.

    The lock of a run that was killed is taken away, and its jobs that are still at work are waited
    for. A file in ``.snakemake/`` is held locked from here until Snakemake ends, however it ends;
    the system itself takes back this lock, so that none is ever left behind.

    Raises
    ------
    CisflowError
        Another run is at work in the folder, or may be, on another host.
    """
    command = snakemake_command(words)
    if LOOKS.isdisjoint(words):
        folder = _folder(words)
        claim = _claimed(folder)
        if any((folder / ".snakemake" / "locks").glob("*")):
            _await_the_end(folder, json.loads(claim.read() or "{}"))
            subprocess.run([*command, "--unlock"], check=True, capture_output=True)
        claim.truncate(0)
        claim.seek(0)
        json.dump({"host": platform.node(), "process": os.getpid()}, claim)
        claim.flush()
        os.set_inheritable(claim.fileno(), True)
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - no shell, and nobody else's words


def _folder(words: Sequence[str]) -> Path:
    """Return the folder Snakemake will work in."""
    for option in ("--directory", "-d"):
        for i, word in enumerate(words):
            if word == option:
                return Path(words[i + 1])
            if word.startswith(f"{option}="):
                return Path(word.partition("=")[2])
    return Path()


def _claimed(folder: Path) -> TextIO:
    """Return the file that says who runs here, locked for this process."""
    file = folder / ".snakemake" / "run.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    claim = file.open("a+", encoding="utf-8")
    claim.seek(0)
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _busy(json.loads(claim.read() or "{}")) from None
    return claim


def _await_the_end(folder: Path, last: dict[str, str | int]) -> None:
    """Wait until no job of a run that was killed is at work; refuse if the run itself may be."""
    if last.get("host", platform.node()) != platform.node():
        raise _busy(last)
    here = _at_work(folder)
    if runs := [process for process, is_job in here if not is_job]:
        raise _busy({"host": platform.node(), "process": runs[0].pid})
    if here:
        print(f"Jobs of a run that was killed are still at work ({len(here)}): waiting for them.")
        psutil.wait_procs([process for process, _ in here])


def _at_work(folder: Path) -> list[tuple[psutil.Process, bool]]:
    """Return processes of Snakemake in a folder, on this host, and whether each is a job's."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            script = any("/.snakemake/scripts/" in word for word in words[1:2])
            snakemake = any(Path(word).name == "snakemake" for word in words[1:4])
            if (script or snakemake) and Path(process.cwd()) == folder.resolve():
                found.append((process, script or "--mode" in words))
        except (psutil.Error, OSError):  # ended meanwhile, or another user's
            continue
    return found


def _busy(who: dict[str, str | int]) -> CisflowError:
    host = who.get("host", platform.node())
    there = "here" if host == platform.node() else f"on {host}"
    what = f"a run is at work in this folder, process {who.get('process', 'unknown')} {there}"
    if host == platform.node():
        return CisflowError("cisflow run", Problem(what, "wait until it ends, or end it"))
    what = f"a run began {there} in this folder and was not seen to end; it may be at work still"
    remedy = f"run it again on {host}; or if it is certain to have ended, `snakemake --unlock`"
    return CisflowError("cisflow run", Problem(what, remedy))
