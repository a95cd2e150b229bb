"""Truth files: one that states everything, and others that state what differs from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cisflow.base.documents import read_yaml, validated
from cisflow.base.paths import found, shipped
from cisflow.base.problems import CisflowError, Problem

Truth = Mapping[str, Any]
SCHEMA = shipped("workflow", "schemas", "truth.schema.yaml")


def load_truth(path: Path | str, root: Path | str, country: str | None = None) -> dict[str, Any]:
    """Read and check a truth file.

    Parameters
    ----------
    country
        Two-letter code, for what is true in that country; in none of them in particular when not
        given.

    Raises
    ------
    CisflowError
        Every unknown or missing key and every value of the wrong kind.
    """
    document = validated(read_yaml(Path(path)), SCHEMA, str(path))
    return truth_of(document, country, root)


def truth_of(truth: Truth, country: str | None, root: Path | str) -> dict[str, Any]:
    """Return what is true in a country.

    The file named by ``extends`` is overlaid with ``changes``, and the result with the country's
    entry under ``countries``. Overlaying goes key by key down to what is no mapping (a number, a
    list, a text), which is replaced.

    Parameters
    ----------
    truth
        The content of a truth file.
    country
        Two-letter code, or None.

    Raises
    ------
    CisflowError
        Unknown or missing keys in the result, and a file that extends itself.
    """
    merged = _whole(truth, Path(root), ())
    heading = f"{truth['title']}, {country}" if country else str(truth["title"])
    changes = truth.get("countries", {}).get(country, {})
    return validated(_overlaid(merged, changes), SCHEMA, heading)


def _whole(truth: Truth, root: Path, seen: tuple[str, ...]) -> dict[str, Any]:
    """Return a truth with all that it extends, without its countries."""
    own = {key: value for key, value in truth.items() if key != "countries"}
    name = own.pop("extends", None)
    if name is None:
        return own
    if name in seen:
        problem = Problem(f"extends: {name} extends itself", "remove one of these `extends:`")
        raise CisflowError(str(truth["title"]), problem)
    base = _whole(read_yaml(found(name, root)), root, (*seen, name))
    return {**_overlaid(base, own.get("changes", {})), "title": truth["title"]}


def _overlaid(base: dict[str, Any], changes: Truth) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[key] = _overlaid(old, value)
        else:
            merged[key] = value
    return merged
