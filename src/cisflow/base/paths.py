"""Where files lie: those that come with cisflow, and those the user names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
# In a wheel the project's own files lie inside the package, in a clone around it.
INSIDE = PACKAGE / "shipped"


def shipped(*parts: str | Path) -> Path:
    """Return where a file or folder that comes with cisflow lies, in a clone or installed."""
    return (INSIDE if INSIDE.is_dir() else PACKAGE.parents[1]).joinpath(*parts)


def places(folder: str, root: Path = Path()) -> list[Path]:
    """Return where files of one kind are looked up: the project's own folder, then ours."""
    own, ours = root / folder, shipped(folder)
    return [own] if own.resolve() == ours.resolve() else [own, ours]


def found(name: str, root: Path = Path()) -> Path:
    """Return a file by name: from the working folder or the project, else the one that ships."""
    return next((p for p in (Path(name), root / name) if p.exists()), shipped(name))


def shown(path: Path | str) -> str:
    """Return a path as the user would write it: relative to the working folder if below it."""
    return _below(path, Path.cwd()) or Path(path).as_posix()


def named(path: Path | str) -> str:
    """Return a path for what may be published, the same on every machine.

    That is as :func:`shown`, or where the file lies among those that come with cisflow; a file that
    lies elsewhere, by a machine's own path, has its bare name.
    """
    if not Path(path).is_absolute():
        return Path(path).name if ".." in Path(path).parts else Path(path).as_posix()
    return _below(path, Path.cwd()) or _below(path, shipped()) or Path(path).name


def _below(path: Path | str, folder: Path) -> str | None:
    path, folder = Path(path).resolve(), folder.resolve()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else None


Paths = str | Path | Sequence[str | Path]


def files_of(path: Paths) -> list[Path]:
    """Return the files an extract is made of."""
    return [Path(path)] if isinstance(path, str | Path) else [Path(single) for single in path]


def below(folder: Path | str, name: Path | str) -> Path | None:
    """Return where ``name`` in ``folder`` really lies; None where that is not below the folder.

    Links and ``..`` are followed first, so that neither leads out.
    """
    where = Path(folder, name).resolve()
    return where if where.is_relative_to(Path(folder).resolve()) else None
