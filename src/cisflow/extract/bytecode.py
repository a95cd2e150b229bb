"""Compressed rows of a .sav file, all at once instead of value by value.

A value is a byte of code, eight of them in a row before the values that are written out: 1 to 251
is that number less a bias, 252 the end, 253 a value written out, 254 eight blanks, 255 missing, 0
nothing. Source: PSPP developers' guide, "System file format", data record and dictionary.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from cisflow.extract.base import UnreadableError

if TYPE_CHECKING:
    import numpy as np

SEGMENT = 1 << 25  # bytes taken apart at a time
END, WRITTEN_OUT, BLANKS, MISSING = 252, 253, 254, 255
HEADER = 176
# How many of the words that hold eight codes are found in one step; see `_heads`.
STRIDE = 3


@dataclass(frozen=True)
class Packed:
    """How rows are compressed: values of eight bytes per row, number of rows, and the bias."""

    elements: int
    rows: int
    bias: float


def data_start(stream: BinaryIO) -> int | None:
    """Return where the rows of a .sav file begin, None if its dictionary has an unknown record."""
    stream.seek(HEADER)

    def numbers(count: int) -> tuple[int, ...]:
        return struct.unpack(f"<{count}i", stream.read(4 * count))

    while True:
        try:
            (kind,) = numbers(1)
            if kind == 999:
                stream.read(4)
                return stream.tell()
            if kind == 2:
                _, labelled, missing, _, _ = numbers(5)
                stream.read(8)
                if labelled:
                    stream.read(-(-numbers(1)[0] // 4) * 4)
                stream.read(8 * abs(missing))
            elif kind == 3:
                for _ in range(numbers(1)[0]):
                    stream.read(8)
                    stream.read(-(-(stream.read(1)[0] + 1) // 8) * 8 - 1)
            elif kind == 4:
                numbers(numbers(1)[0])
            elif kind == 6:
                stream.read(80 * numbers(1)[0])
            elif kind == 7:
                _, size, count = numbers(3)
                stream.read(size * count)
            else:
                return None
        except (struct.error, IndexError):
            return None


def unpacked(
    stream: BinaryIO, packed: Packed, wanted: list[int]
) -> Iterator[dict[int, np.ndarray]]:
    """Yield the rows, piece by piece.

    Parameters
    ----------
    stream
        At the first byte of the rows.
    wanted
        Which of a row's elements are needed.

    Yields
    ------
    dict
        Per element its eight bytes in every row, as an unsigned number, shape (rows,).
    """
    import numpy as np

    meanings = _meanings(packed.bias)
    codes, values = np.empty(0, np.uint8), np.empty(0, "<u8")
    left, done, ended = b"", 0, False
    while not ended and done < packed.rows:
        data = stream.read(SEGMENT)
        ended = len(data) < SEGMENT
        words = np.frombuffer(left + data, "<u8", (len(left) + len(data)) // 8)
        more_codes, more_values, used = _taken_apart(words)
        left = (left + data)[8 * used :]
        codes = np.concatenate([codes, more_codes])
        values = np.concatenate([values, more_values])
        rows = min(len(codes) // packed.elements, packed.rows - done)
        taken = codes[: rows * packed.elements]
        if rows:
            yield _columns(taken.reshape(rows, -1), values, meanings, wanted)
        done += rows
        values = values[np.count_nonzero(taken == WRITTEN_OUT) :]
        codes = codes[len(taken) :]
    if done < packed.rows:
        raise UnreadableError(
            f"damaged, truncated or not a .sav file ({done} of {packed.rows} rows are there)",
            "copy or export it once more; compare its size with that of the original",
        )


def _meanings(bias: float) -> np.ndarray:
    """Return what every code stands for, as the bits of a float64, shape (256,)."""
    import numpy as np

    numbers = np.arange(256, dtype=np.float64) - bias
    numbers[MISSING] = np.finfo(np.float64).min
    bits = numbers.view("<u8").copy()
    bits[BLANKS] = int.from_bytes(b" " * 8, "little")
    return bits


def _heads(following: np.ndarray) -> np.ndarray:
    """Return the words that hold codes; the word after word i would be ``following[i]``.

    Only a chain leads from one to the next. Chained to itself the table steps over eight of them,
    so that Python walks an eighth of the chain; those between are filled in at once.
    """
    import numpy as np

    steps = [following]
    for _ in range(STRIDE):
        steps.append(steps[-1][steps[-1]])
    far = steps[-1].data
    last = len(following) - 1
    place, heads = 0, []
    while place < last:
        heads.append(place)
        place = far[place]
    found = np.array(heads, np.int32)
    for step in reversed(steps[:-1]):
        found = np.column_stack([found, step[found]]).ravel()
    return found[found < last]


def _taken_apart(words: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Return codes, values written out, and how many words these were; the rest is incomplete."""
    import numpy as np

    count = len(words)
    bytes_of = words.view(np.uint8).reshape(-1, 8)
    # The sum of eight bytes that are 0 or 1 is the top byte of their product with 0x0101….
    flags = (bytes_of == WRITTEN_OUT).view("<u8").ravel()
    behind = ((flags * np.uint64(0x0101010101010101)) >> np.uint64(56)).astype(np.int32)
    # A word behind the end stands for all that follow; it leads to itself.
    following = np.append(np.arange(1, count + 1, dtype=np.int32) + behind, np.int32(count))
    np.minimum(following, count, out=following)
    heads = _heads(following)
    used = 0
    if len(heads):
        whole = heads + 1 + behind[heads] <= count
        heads = heads[whole]
        used = int(heads[-1] + 1 + behind[heads[-1]]) if len(heads) else 0
    values = np.ones(used, dtype=bool)
    values[heads] = False
    codes = bytes_of[heads].ravel()
    if np.count_nonzero(codes) < len(codes):
        codes = codes[codes != 0]
    ends = np.flatnonzero(codes == END)
    return (codes[: ends[0]] if len(ends) else codes), words[:used][values], used


def _columns(
    codes: np.ndarray, values: np.ndarray, meanings: np.ndarray, wanted: list[int]
) -> dict[int, np.ndarray]:
    import numpy as np

    out = codes == WRITTEN_OUT
    before = np.cumsum(out, dtype=np.int64).reshape(out.shape) - 1
    found = {}
    for element in wanted:
        column = meanings[codes[:, element]]
        here = out[:, element]
        column[here] = values[before[here, element]]
        found[element] = column
    return found
