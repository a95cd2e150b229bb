"""Zip archives from elsewhere, looked at before anything of them is unpacked."""

from __future__ import annotations

import stat
import zipfile

MOST_MEMBERS = 20_000
# What may be unpacked whatever its size when packed, and how many times that size it may have
# beyond: tables of codes shrink to a twentieth, a text of one letter to a thousandth.
FREELY, TIMES = 1 << 28, 250
# Python bounds what these unpack to by what the archive declares; bzip2 and LZMA it does not.
BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class UnsafeArchiveError(Exception):
    """An archive that is not unpacked; says why."""


def most_unpacked(packed: int) -> int:
    """Return how many bytes may come out of so many packed ones."""
    return max(FREELY, TIMES * packed)


def files_in(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the files of an archive by name.

    Raises
    ------
    UnsafeArchiveError
        Two files have one name, or one is a link, is protected, is packed in a way whose size
        cannot be bounded, or would be far larger than it is packed; or there are too many.
    """
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > MOST_MEMBERS:
        raise UnsafeArchiveError(f"the archive holds {len(members):,} files")
    for member in members:
        if stat.S_ISLNK(member.external_attr >> 16):
            raise UnsafeArchiveError("the archive holds a link in place of a file")
        if member.flag_bits & 1:
            raise UnsafeArchiveError("the archive is protected by a password")
        if member.compress_type not in BOUNDED:
            raise UnsafeArchiveError("the archive is packed in another way than zip's usual one")
    if len({member.filename for member in members}) < len(members):
        raise UnsafeArchiveError("the archive holds two files of one name")
    size, packed = (sum(getattr(m, key) for m in members) for key in ("file_size", "compress_size"))
    if size > most_unpacked(packed):
        raise UnsafeArchiveError(f"the archive would unpack {packed:,} bytes to {size:,}")
    return {member.filename: member for member in members}
