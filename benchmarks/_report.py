"""What the result tables share: Markdown, and one line on the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results"
REFERENCE = HERE.parent / "../shared/facts/reference"


def machine(*packages: str) -> str:
    """Cores, memory and versions; nothing that names the machine or the day."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{cores} cores ({platform.machine()}), {memory:.0f} GB of memory, "
        f"Python {platform.python_version()}, {versions}."
    )


def peak_memory() -> int:
    """Most bytes of memory this process has had, the interpreter included."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a Markdown table; the first column is text, the others align right."""
    lines = [headers, [":--", *["--:"] * (len(headers) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(name: str, *blocks: str) -> None:
    """Write the blocks to ``results/name`` and show them."""
    RESULTS.mkdir(exist_ok=True)
    text = "\n\n".join(blocks) + "\n"
    (RESULTS / name).write_text(text, encoding="utf-8")
    print(text)
