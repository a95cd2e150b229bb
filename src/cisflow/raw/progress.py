"""Say how far a long read has come, on standard error."""

from __future__ import annotations

import sys
import time


class Progress:
    """Say nothing for two seconds, then how much of a file has been read.

    On a terminal one line is rewritten; elsewhere, as in a log, a line is added now and then.

    Parameters
    ----------
    what
        What is being read, usually the heading of its messages.
    """

    SILENT = 2.0
    BETWEEN_LINES = 10.0

    def __init__(self, what: str):
        self.what = what
        self.start = time.monotonic()
        self.last = self.start + self.SILENT - self.BETWEEN_LINES
        self.terminal = sys.stderr.isatty()

    def step(self, rows: int, share: float | None) -> None:
        """Note that ``rows`` rows, a ``share`` (0 to 1) of the file, have been read."""
        now = time.monotonic()
        wait = 0.5 if self.terminal else self.BETWEEN_LINES
        if now - self.start < self.SILENT or now - self.last < wait:
            return
        self.last = now
        part = "" if share is None else f", {share:.0%}"
        line = f"Reading {self.what}: {rows:,} rows{part}, {now - self.start:.0f} s"
        if self.terminal:
            print(f"\r{line}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def done(self, rows: int) -> None:
        """Note that all rows have been read."""
        taken = time.monotonic() - self.start
        if taken >= self.SILENT:
            begin = "\r" if self.terminal else ""
            print(f"{begin}Read {self.what}: {rows:,} rows in {taken:.0f} s", file=sys.stderr)
