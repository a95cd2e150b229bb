"""``cisflow confirm``: note in a codebook or a config that a person has held it against the file.

A codebook of one's own says of each variable ``verified: confirmed``. One that comes with cisflow
is not changed: the config that uses it lists under ``confirmed:`` what holds for its file. Both
note a digest of what was confirmed, so that an edit of the mapping is seen.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from cisflow.assist.scaffold_text import LOOK
from cisflow.base.documents import did_you_mean, read_yaml
from cisflow.base.paths import places, shipped, shown
from cisflow.base.problems import CisflowError, Problem
from cisflow.study.codebook import CONFIRMED, Codebook, split_seal
from cisflow.study.codebook_files import codebook_files, load_codebook
from cisflow.study.confirmation import unknown_name

ACCOUNTS = "accounts"
AS_IT_IS = 1 << 20  # columns: a line stays one line


def confirm(file: Path | str, names: Sequence[str], root: Path) -> dict[str, Any]:
    """Note that variables mean what their codebook says.

    Parameters
    ----------
    file
        A codebook, by its path or its name, or a config.
    names
        Variables and blocks; of a config the extract goes before them, as COUNTRY/WAVE, unless it
        has but one.

    Returns
    -------
    dict
        ``file`` that was written, ``extract`` (empty for a codebook), ``confirmed`` variables.

    Raises
    ------
    CisflowError
        Names that the codebook does not have, or a codebook that is not to be written.
    """
    folders = places("config/codebooks", root)
    path = Path(file) if Path(file).is_file() else codebook_files(file, folders)[0]
    if {"countries", "models"} & {*read_yaml(path)}:
        return _confirm_in_config(path, list(names), folders)
    if path.resolve().is_relative_to(shipped("config").resolve()) and not _is_own(path, root):
        what = "this codebook comes with cisflow and is not yours to change"
        remedy = "note it where it is used: `cisflow confirm CONFIG COUNTRY/WAVE VARIABLE…`"
        raise CisflowError(shown(path), Problem(what, remedy))
    codebook = load_codebook(str(path), folders)
    variables = _variables(codebook, names, shown(path))
    document = _read(path)
    written = document.setdefault("variables", CommentedMap())
    for variable in variables:
        if not isinstance(written.get(variable), CommentedMap):
            written[variable] = CommentedMap()  # taken over from another codebook
            written[variable].fa.set_flow_style()
        written[variable]["verified"] = CONFIRMED
        written[variable]["seal"] = codebook.seal(variable)
    _write(path, document, settled=variables)
    return {"file": shown(path), "extract": "", "confirmed": variables}


def _is_own(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())


def _confirm_in_config(path: Path, names: list[str], folders: list[Path]) -> dict[str, Any]:
    document = _read(path)
    extracts = dict(_extracts(document))
    place = names.pop(0) if names and "/" in names[0] else ""
    if not place and len(extracts) == 1:
        place = next(iter(extracts))
    if place not in extracts:
        what = f"there is no extract `{place}`" if place else "which of its extracts is meant?"
        remedy = f"name it before the variables, as COUNTRY/WAVE; {did_you_mean(place, extracts)}"
        raise CisflowError(shown(path), Problem(what, remedy))
    entry = extracts[place]
    codebook = load_codebook(str(entry["codebook"]), folders)
    variables = _variables(codebook, names, shown(path))
    listed = entry.setdefault("confirmed", _flow())
    before = [item for item in listed if split_seal(item)[0] not in names]
    listed[:] = [*before, *(f"{name}@{codebook.seal(name)}" for name in dict.fromkeys(names))]
    _write(path, document)
    return {"file": shown(path), "extract": place, "confirmed": variables}


def _extracts(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield the extracts of a config, by country and wave."""
    for country, about in (document.get("countries") or {}).items():
        for wave, entry in (about.get("waves") or {}).items():
            yield f"{country}/{wave}", entry
        if about.get(ACCOUNTS):
            yield f"{country}/{ACCOUNTS}", about[ACCOUNTS]


def _flow() -> CommentedSeq:
    found = CommentedSeq()
    found.fa.set_flow_style()
    return found


def _variables(codebook: Codebook, names: Sequence[str], heading: str) -> list[str]:
    """Return the variables that names stand for.

    Raises
    ------
    CisflowError
        No names, or some that are no variable or block of the codebook.
    """
    problems = [Problem(*told) for name in names for told in unknown_name(codebook, name)]
    if not names:
        remedy = "name variables, or a block such as partners; `cisflow check CONFIG` lists them"
        problems = [Problem("nothing is named that is to be confirmed", remedy)]
    if problems:
        raise CisflowError(heading, problems)
    return list(dict.fromkeys(v for name in names for v in codebook.members(name)))


def _round_trip() -> YAML:
    """Return what reads YAML and writes it with its comments, quotes and lines as they were."""
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, AS_IT_IS
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(
        type(None), lambda r, _: r.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    return yaml


def _read(path: Path) -> Any:
    return _round_trip().load(path.read_text(encoding="utf-8"))


def _write(path: Path, document: Any, settled: Sequence[str] = ()) -> None:
    """Write a document whole or not at all, without the doubts that are settled."""
    out = io.StringIO()
    _round_trip().dump(document, out)
    doubts = "|".join(map(re.escape, settled)) or "(?!)"
    text = re.sub(rf"^# {LOOK}: (?:{doubts}): .*\n", "", out.getvalue(), flags=re.M)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=".", suffix=".yaml", delete=False
    ) as new:
        new.write(text)
    os.chmod(new.name, path.stat().st_mode & 0o777)
    os.replace(new.name, path)
