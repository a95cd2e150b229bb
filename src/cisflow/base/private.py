"""What only a run's owner may read: everything below ``microdata/``, whatever the umask."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = "microdata"


def private(file: Path | str) -> Path:
    """Return a file that is about to be written.

    One below ``microdata/`` is made and is its owner's alone (0600), and so is each folder from
    there on (0700): nobody else can read it, not even while it is written.
    """
    path = Path(file)
    if FOLDER in path.parts[:-1]:
        inside = len(path.parts) - path.parts[::-1].index(FOLDER)
        for depth in range(inside, len(path.parts)):
            folder = Path(*path.parts[:depth])
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        opened = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            path.chmod(0o600)
        finally:
            os.close(opened)
    return path


def private_log(log: Path | str) -> Path:
    """Return where a job keeps what its log may not tell: the same name below ``microdata/``."""
    parts = Path(log).parts
    at = len(parts) - 1 - parts[::-1].index("logs") if "logs" in parts else len(parts) - 1
    return Path(*parts[:at], FOLDER, "logs", *parts[at + ("logs" in parts) :])
