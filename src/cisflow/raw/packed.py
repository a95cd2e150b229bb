"""Find the data file inside ``.gz`` and ``.zip``; nothing is unpacked to disk."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, cast

from cisflow.base.archives import UnsafeArchiveError, files_in, most_unpacked
from cisflow.base.documents import did_you_mean
from cisflow.raw.opened import Options, RawFile, UnreadableError

PACKED = (".gz", ".zip")


def raw_file(path: Path, options: Options, formats: tuple[str, ...]) -> RawFile:
    """Return the data file in ``path``, which may be packed.

    Parameters
    ----------
    path
        The file as delivered.
    options
        ``member``: which file of a zip archive is meant.
    formats
        Endings of data files.
    """
    ending = path.suffix.lower()
    if ending == ".gz":
        _verify_gzip(path)
        inner = Path(path.stem).suffix.lower()
        return RawFile(path, inner, lambda: io.BufferedReader(_Bounded(path)), "gzip")
    if ending == ".zip":
        return _member(path, options.get("member"), formats)
    return RawFile(path, ending, lambda: path.open("rb"), size=path.stat().st_size)


class _Bounded(io.RawIOBase):
    """The bytes in a gzip file; as many as a file of its size may hold."""

    def __init__(self, path: Path):
        self._inner = gzip.open(path)  # noqa: SIM115 - closed with this
        self._most, self._passed = most_unpacked(path.stat().st_size), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._inner.read(len(buffer))
        buffer[: len(data)] = data
        self._passed += len(data)
        if self._passed > self._most:
            what = f"the archive would unpack to more than {self._most:,} bytes"
            raise UnreadableError(what, "is this the file you mean?")
        return len(data)

    def close(self) -> None:
        self._inner.close()
        super().close()


def _verify_gzip(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            raise UnreadableError(
                "not a gzip file", "take `.gz` off its name, or copy it once more"
            )


def _member(path: Path, wanted: str | None, formats: tuple[str, ...]) -> RawFile:
    try:
        with zipfile.ZipFile(path) as archive:
            members = files_in(archive)
    except (zipfile.BadZipFile, NotImplementedError):
        raise UnreadableError(
            "damaged, truncated or not a zip archive", "copy or pack it once more"
        ) from None
    except UnsafeArchiveError as error:
        remedy = "unpack it, and name the unpacked file; or pack it once more as a plain zip"
        raise UnreadableError(str(error), remedy) from None
    # Macintosh archives hold a hidden twin of every file.
    shown = [name for name in members if not name.startswith("__MACOSX/")]
    data = [name for name in shown if name.lower().endswith(formats)]
    if wanted is not None and wanted not in members:
        raise UnreadableError(
            f"the archive has no member '{wanted}'",
            f"correct `member:` in the config; {did_you_mean(wanted, shown)}",
        )
    if wanted is None and not data:
        listed = ", ".join(f"'{name}'" for name in shown[:10]) or "nothing"
        raise UnreadableError(
            f"the archive holds no data file; it has {listed}",
            f"pack a file ending in {', '.join(formats)}",
        )
    if wanted is None and len(data) > 1:
        listed = ", ".join(f"'{name}'" for name in data[:10])
        more = f" and {len(data) - 10} more" if len(data) > 10 else ""
        raise UnreadableError(
            f"the archive holds {len(data)} data files: {listed}{more}",
            f"say which one is meant beside `file:` in the config: `member: {data[0]}`",
        )
    name = wanted or data[0]
    return RawFile(
        path,
        Path(name).suffix.lower(),
        lambda: _open(path, name),
        f"zip: {name}",
        members[name].file_size,
    )


def _open(path: Path, name: str) -> BinaryIO:
    # The member keeps the archive open for as long as it is open itself.
    with zipfile.ZipFile(path) as archive:
        return cast(BinaryIO, archive.open(name))
