"""An SVG in fewer bytes that looks the same: coordinates to a tenth of a point, styles said once.

A specification curve has thousands of points; as matplotlib writes them, each takes a hundred
bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

DECIMALS = 1  # of coordinates in points: what is rounded away is below 0.02 millimetres

_PATH = re.compile(r'(?<= d=")[^"]*(?=")')
_TOKEN = re.compile(r"[MLQCZz]|-?[\d.]+(?:e-?\d+)?")
_PLACE = re.compile(r'(?<= [xy]=")-?[\d.]+(?=")')
_USES = re.compile(r'<g( clip-path="[^"]*")?>\s*((?:<use [^>]*style="([^"]*)"/>\s*){2,})</g>')
_NAME = re.compile(r'(?<= id=")[^"]*|(?<=xlink:href="#)[^"]*|(?<=url\(#)[^)]*')
_REFERRED = re.compile(r'(?:xlink:href="#|url\(#)([^")]*)')
_COMMENT, _BREAK = re.compile(r"<!--[^>]*-->"), re.compile(r"\s*\n\s*")


def lean(svg: str) -> str:
    """Return an SVG of matplotlib with what is drawn unchanged, in fewer bytes.

    Paths go from point to point instead of from the origin; what points of one series have in
    common is said once for all of them.
    """
    svg = _PATH.sub(lambda found: _relative(found[0]), svg)
    svg = _PLACE.sub(lambda found: _short(round(float(found[0]), DECIMALS)), svg)
    svg = _COMMENT.sub("", _USES.sub(_said_once, svg))
    return _renamed(_BREAK.sub("\n", svg)).replace("/>\n<use", "/><use")


def _said_once(found: re.Match[str]) -> str:
    """Return a group of marks with their style on the group, if they have the same."""
    clip, uses, style = found[1] or "", found[2], f' style="{found[3]}"'
    if uses.count(style) != uses.count("<use "):
        return found[0]
    return f"<g{clip}{style}>\n{uses.replace(style, '')}</g>"


def _renamed(svg: str) -> str:
    """Return an SVG that calls what it refers to by numbers, in the order they occur."""
    names = {name: f"i{i}" for i, name in enumerate(dict.fromkeys(_REFERRED.findall(svg)))}
    return _NAME.sub(lambda found: names.get(found[0], found[0]), svg)


def _relative(path: str) -> str:
    """Return a path with coordinates relative to the point before, rounded without drift.

    Examples
    --------
    >>> _relative("M 10 20.126 L 12.5 20.126 L 12.5 22.04 L 10 20.126 z")
    'M10 20.1h2.5v1.9z'
    """
    return "".join(_steps(list(_commands(path))))


def _steps(commands: Sequence[tuple[str, list[float]]]) -> Iterator[str]:
    here = start = (0.0, 0.0)
    said = ""
    for (letter, numbers), following in zip(commands, [*commands[1:], ("", [])], strict=True):
        if letter in "Zz":
            here, said = start, "z"
            yield said
            continue
        if letter == "L" and following[0] in ("Z", "z") and tuple(numbers) == start:
            continue  # closing it draws the same line
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        step = [(x - here[0], y - here[1]) for x, y in points]
        here = points[-1]
        if letter == "M":
            start, first, said = here, said == "", "m"
            yield f"M{_joined(numbers)}" if first else f"m{_joined(step[0])}"
        elif letter == "L" and 0 in (round(step[0][0], DECIMALS), round(step[0][1], DECIMALS)):
            flat = round(step[0][1], DECIMALS) == 0
            said = "h" if flat else "v"
            yield said + _short(step[0][0] if flat else step[0][1])
        else:
            text = _joined([number for of in step for number in of])
            small = letter.lower()
            yield (("" if text.startswith("-") else " ") if said == small else small) + text
            said = small


def _commands(path: str) -> Iterator[tuple[str, list[float]]]:
    """Yield the letters of a path with their numbers, rounded."""
    letter = ""
    numbers: list[float] = []
    for token in _TOKEN.findall(path):
        if token.isalpha():
            if letter:
                yield letter, numbers
            letter, numbers = token, []
        else:
            numbers.append(round(float(token), DECIMALS))
    if letter:
        yield letter, numbers


def _joined(numbers: Sequence[float]) -> str:
    """Return numbers one behind the other, a space between them unless a minus is there."""
    text = " ".join(map(_short, numbers))
    return text.replace(" -", "-")


def _short(number: float) -> str:
    text = f"{number:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return re.sub(r"^(-?)0(?=\.)", r"\1", text) if text not in ("", "-0") else "0"
