"""What is made of a regression's terms, through the gate: tests, and curves with firms below them.

A test or a curve rests on coefficients: where one of these is withheld, so is it. The firms below
a curve are counted in classes, and each class is a set of firms of which the gate may refuse to
tell the number.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import Any

from cisflow.estimation.shapes import BINS, SHAPES
from cisflow.release.gate import Gate


def note_shapes(gate: Gate, key: Hashable, record: Mapping[str, Any], cost: float) -> None:
    """Note the firms in each class below the curves of a fit.

    Parameters
    ----------
    key
        Under which the firms of the fit are noted.
    record
        The fit's diagnostics.
    cost
        What is lost if a count is withheld.
    """
    for curve in record.get(SHAPES, ()):
        keys = []
        for place, some in _classes(key, curve):
            gate.note(place, gate.mask(some["rows"]), cost)
            keys.append(place)
        if keys:
            gate.note_parts(key, keys)


def told_shapes(
    gate: Gate,
    key: Hashable,
    record: Mapping[str, Any],
    hidden: Collection[str],
    file: str,
    place: str,
) -> list[dict[str, Any]]:
    """Return tests and curves as far as they may be told.

    Parameters
    ----------
    gate, key, record
        As in :func:`note_shapes`.
    hidden
        Terms of the fit whose coefficients are withheld.
    file, place
        Where they are published, and what the register calls the fit.
    """
    shown = [one for one in record[SHAPES] if not {*one["parts"]} & {*hidden}]
    return [_told(gate, key, one, file, place) for one in shown]


def _told(
    gate: Gate, key: Hashable, one: Mapping[str, Any], file: str, place: str
) -> dict[str, Any]:
    if BINS not in one:
        return dict(one)
    classes = []
    for of, some in _classes(key, one):
        why = gate.why(of, key)
        bounds = {name: some[name] for name in ("low", "high")}
        shown = gate.decided(
            file, f"{place}, {bounds['low']:g} to {bounds['high']:g}", "firms", why
        )
        classes.append({**bounds, "firms": len(some["rows"]) if shown else None})
    return {**one, BINS: classes}


def _classes(key: Hashable, curve: Mapping[str, Any]) -> Iterator[tuple[Hashable, dict[str, Any]]]:
    """Yield each class below a curve with the key of its firms; either quantity has the same."""
    about = tuple(curve["of"])
    for i, some in enumerate(curve.get(BINS, ())):
        yield (key, "curve", about, i), some
