"""What ``cisflow run`` shows while Snakemake works: one line per step, and how the run ended.

Snakemake reports events to a plugin (``snakemake_logger_plugin_cisflow``), which hands them here.
Its own account of a run, with reasons and files, is in ``.snakemake/log/`` as ever.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from logging import LogRecord
from pathlib import Path
from typing import Any, TextIO

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from cisflow.assist.failures import Failure, errors_told, failures_told
from cisflow.base.paths import shown
from cisflow.base.problems import CisflowError

EVERY = 60.0
"""Seconds between two words on steps still at work, where lines cannot be taken back."""
MOST_NAMED = 2


@dataclass
class Screen:
    """Lines of a run; on a terminal the last one says what is at work, and is taken back."""

    stream: TextIO  # where lines go
    live: bool  # whether it is a terminal, on which a line can be taken back
    _under: bool = field(default=False, init=False)

    def say(self, line: str) -> None:
        """Print a line, above what is at work."""
        self.take_back()
        print(line, file=self.stream, flush=True)

    def show(self, line: str) -> None:
        """Show a line that the next takes back; a line for good where none can be taken back."""
        if not self.live:
            self.say(line)
            return
        self.take_back()
        width = shutil.get_terminal_size().columns - 1
        print(line[:width], end="", file=self.stream, flush=True)
        self._under = True

    def take_back(self) -> None:
        """Clear the line that :meth:`show` left."""
        if self._under:
            print("\r\x1b[K", end="", file=self.stream)
        self._under = False


@dataclass
class Steps:
    """How far a run is."""

    clock: Callable[[], float] = time.monotonic
    total: int = 0  # steps it takes, without those that only ask for what others make
    done: int = 0  # those of them that ended well
    left: int = 0  # jobs of Snakemake's that have not ended well, of all kinds
    # Of each step at work, by Snakemake's number: what it does and when it began.
    at_work: dict[int, tuple[str, float]] = field(default_factory=dict)

    def began(self, number: int, what: str) -> None:
        """Note that a step is at work."""
        self.at_work[number] = what, self.clock()

    def ended(self, number: int, *, well: bool = True) -> str:
        """Return the line on a step that ended; empty of one that was not told to begin."""
        if number not in self.at_work:
            return ""
        what, began = self.at_work.pop(number)
        self.done += well
        place = f"{self.done} of {self.total}" if well else "FAILED"
        return f"{place:>10}  {what} ({seconds(self.clock() - began)})"

    def now(self) -> str:
        """Return which steps are at work and for how long, the longest first."""
        told = [
            f"{what} ({seconds(self.clock() - began)})" for what, began in self.at_work.values()
        ]
        more = [f"{len(told) - MOST_NAMED} more"] if len(told) > MOST_NAMED else []
        return f"{'at work':>10}  {', '.join([*told[:MOST_NAMED], *more])}" if told else ""


def seconds(span: float) -> str:
    """Return a span of time in seconds, or in minutes and seconds."""
    minutes, rest = divmod(round(span), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _command() -> str:
    """Return how the command is called here: a clone has it in its environment alone."""
    beside = Path(sys.executable).with_name("cisflow")
    here = os.path.relpath(beside) if Path.cwd() in beside.parents else str(beside)
    return here if shutil.which("cisflow") is None and beside.is_file() else "cisflow"


class LogHandler(LogHandlerBase):
    """The plugin: what Snakemake reports, in a line per step, and the verdicts at the end.

    Attributes
    ----------
    run
        Name of the run, which the workflow tells as soon as it has read the config; empty before.
    """

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Begin to listen; a thread of its own says what is at work."""
        self.run = ""
        self.steps = Steps()
        self.screen = Screen(sys.stderr, sys.stderr.isatty() and os.environ.get("TERM") != "dumb")
        self.again = f"{_command()} run"
        self.failures: dict[int, Failure] = {}
        self.errors: list[str] = []
        self._turn = threading.RLock()
        self._over = threading.Event()
        threading.Thread(target=self._tick, daemon=True).start()

    def emit(self, record: LogRecord) -> None:
        """Take an event of Snakemake's."""
        try:
            with self._turn:
                self._take(record)
        except Exception:
            self.handleError(record)

    def _take(self, record: LogRecord) -> None:
        event = getattr(record, "event", None)
        about: Any = record
        if event == LogEvent.WORKFLOW_STARTED:
            configs = [shown(file) for file in getattr(record, "configfiles", None) or []]
            self.again = " ".join([_command(), "run", *configs[:1]])
        elif event == LogEvent.RUN_INFO:
            stats = about.stats
            self.steps.left = stats["total"]
            self.steps.total = stats["total"] - stats.get("all", 0)
            self._say(f"{self.run}: {self.steps.total} steps")
        elif event == LogEvent.JOB_INFO and about.output:
            self.steps.began(about.jobid, about.rule_msg or about.rule_name)
        elif event == LogEvent.JOB_FINISHED:
            self.steps.left -= 1
            self.failures.pop(about.job_id, None)  # it was tried again
            self._say(self.steps.ended(about.job_id))
        elif event == LogEvent.JOB_ERROR:
            what, _ = self.steps.at_work.get(about.jobid, (about.rule_name, 0.0))
            self.failures[about.jobid] = Failure(what, tuple(map(Path, about.log)))
            self._say(self.steps.ended(about.jobid, well=False))
        elif event == LogEvent.ERROR:
            self.errors.append(str(record.msg))
        elif event is None and record.levelname in ("WARNING", "CRITICAL"):
            self._say(str(record.msg))

    def _say(self, line: str) -> None:
        if line:
            self.screen.say(line)

    def _tick(self) -> None:
        """Say what is at work: each second where a line can be taken back, else each minute."""
        while not self._over.wait(1.0 if self.screen.live else EVERY):
            with self._turn:
                if now := self.steps.now():
                    self.screen.show(now)

    def close(self) -> None:
        """Say how the run ended, once."""
        if not self._over.is_set():
            self._over.set()
            with self._turn:
                self.screen.take_back()
                self._conclude()
        super().close()

    def _conclude(self) -> None:
        if self.failures:
            print(failures_told(list(self.failures.values()), self.again), file=sys.stderr)
        elif self.errors or self.steps.left or sys.exc_info()[0]:
            broken = self.steps.left or not self.errors
            off = [f"The run was broken off. Go on with: {self.again}"] if broken else []
            print("\n".join([errors_told(self.errors), *off]), file=sys.stderr)
        elif self.run:
            # Snakemake loads this module at every start; what reads verdicts is loaded at the end.
            from cisflow.assist.ending import ending

            if not self.steps.total:
                self.screen.say(f"{self.run}: nothing to do, all is up to date")
            try:
                print(ending(Path("results", self.run)), flush=True)
            except CisflowError as error:
                print(error, file=sys.stderr)
