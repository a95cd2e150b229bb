"""From the YAML of a codebook, and of those it extends, to a :class:`Codebook`.

What a user writes is found, checked, merged and completed as plain mappings; the type is built
last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from cisflow.base.documents import did_you_mean, read_yaml, validated
from cisflow.base.paths import named, shipped, shown
from cisflow.base.patterns import groups_of
from cisflow.base.problems import CisflowError, Problem
from cisflow.study.canonical import (
    ACCOUNT_COLUMNS,
    ASKED,
    FIRM_COLUMNS,
    FLAGS,
    MONEY,
    PERCENT,
    SPENDING,
)
from cisflow.study.codebook import (
    CONFIRMED,
    DRAFTED,
    SETTLED,
    TOTAL_OF,
    UNSEALED,
    Codebook,
    block_of,
)
from cisflow.study.contradictions import WHOLE_FILE, compared_by, names_about, share_of

Written = dict[str, Any]

SOURCES = ("name", "any_of", "sum_of", "constant", "row_number")
# Set by the ingest itself; a codebook has nothing to say about them.
SET_BY_INGEST = ("country", "wave", "reference_year", "section", *ASKED)
# Sections of which a codebook that extends another restates only what differs.
MERGED = (
    "money",
    "file",
    "codes",
    "nace",
    "survey",
    "shares",
    "header",
    "consolidation",
    "fiscal_year",
    "accepts",
)
SCHEMA = shipped("workflow", "schemas", "codebook.schema.yaml")


def codebook_files(name: str | Path, folders: Iterable[str | Path]) -> list[Path]:
    """Return the files a codebook is made of: itself, then what it extends, and so on.

    Parameters
    ----------
    name
        Path below a folder, without ``.yaml`` (``"eurostat/cis4"``), or the path of a file.
    folders
        Where names are looked up, first match wins.

    Raises
    ------
    CisflowError
        A codebook that does not exist, is not YAML, or extends itself.
    """
    places = [Path(folder) for folder in folders]
    files = [_find(name, places, wanted_by=None)]
    while parent := read_yaml(files[-1]).get("extends"):
        path = _find(str(parent), places, wanted_by=files[-1])
        if path in files:
            chain = " → ".join(shown(file) for file in [*files, path])
            problem = Problem(
                f"extends: goes round in a circle: {chain}", "remove one of these `extends:`"
            )
            raise CisflowError(shown(files[0]), problem)
        files.append(path)
    return files


def load_codebook(name: str | Path, folders: Iterable[str | Path]) -> Codebook:
    """Read, merge and check a codebook.

    Parameters
    ----------
    name, folders
        As for :func:`codebook_files`.

    Returns
    -------
    Codebook
        Every variable carries what its block shares (``asked_if``, ``codes``, ``verified``,
        ``source``, ``note``) and its codes written out as raw text → canonical value.

    Raises
    ------
    CisflowError
        Everything that is wrong with the file asked for and those it extends.
    """
    places = [Path(folder) for folder in folders]
    files = codebook_files(name, places)
    merged: Written = {}
    for path in reversed(files):
        document = dict(_checked(path, path.read_bytes()))
        earlier = merged
        if suffix := document.pop("column_suffix", None):
            merged = _suffixed(merged, suffix)
        merged = _merged(merged, document)
        merged["accepts"] = dict(_accepted(merged, document, earlier))
    merged.setdefault("table", "firms")
    problems = list(_contradictions(merged))
    if problems:
        raise CisflowError(shown(files[0]), problems)
    merged["variables"] = {v: _completed(v, s, merged) for v, s in merged["variables"].items()}
    merged |= {"id": named(name).removesuffix(".yaml"), "path": named(files[0])}
    return Codebook(**merged, files=tuple(map(shown, files))).held()


def canonical_columns(table: str) -> list[str]:
    """Return the variables a codebook for ``table`` (``firms`` or ``accounts``) may map."""
    columns = FIRM_COLUMNS if table == "firms" else ACCOUNT_COLUMNS
    return [column for column in columns if column not in SET_BY_INGEST]


def _find(name: str | Path, folders: list[Path], wanted_by: Path | None) -> Path:
    file = f"{str(name).removesuffix('.yaml')}.yaml"
    candidates = [folder / file for folder in folders]
    if str(name).endswith(".yaml"):
        candidates.append(Path(name))
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    known = [
        path.relative_to(folder).with_suffix("").as_posix()
        for folder in folders
        for path in folder.rglob("*.yaml")
    ]
    remedy = did_you_mean(str(name), known)
    if wanted_by is None:
        raise CisflowError("codebooks", Problem(f"there is no codebook `{name}`", remedy))
    problem = Problem(f"extends: there is no codebook `{name}`", remedy)
    raise CisflowError(shown(wanted_by), problem)


@lru_cache(maxsize=256)
def _checked(path: Path, _: bytes) -> Written:
    """Return a file held against the schema, once per content: many extend the same few."""
    return validated(_with_text_keys(read_yaml(path), shown(path)), SCHEMA, shown(path))


def _with_text_keys(value: Any, heading: str) -> Any:
    """Return ``value`` with keys as text: YAML reads ``1:`` as a number and ``no:`` as false."""
    if isinstance(value, list):
        return [_with_text_keys(item, heading) for item in value]
    if not isinstance(value, dict):
        return value
    if any(isinstance(key, bool) for key in value):
        problem = Problem(
            "a key is written yes, no, on, off or their like, which YAML takes for true and false",
            'put it in quotes: "NO"',
        )
        raise CisflowError(heading, problem)
    return {str(key): _with_text_keys(item, heading) for key, item in value.items()}


def _merged(parent: Written, child: Written) -> Written:
    """Return ``parent`` overlaid with ``child``; see `extends` in the schema."""
    merged = {**parent, **child}
    for key in MERGED:
        if key in merged:
            merged[key] = {**parent.get(key, {}), **child.get(key, {})}
    for key, part in (("header", "units"), ("consolidation", "codes")):
        if part in merged.get(key, {}):
            both = {**parent.get(key, {}).get(part, {}), **merged[key][part]}
            merged[key][part] = {name: value for name, value in both.items() if value is not None}
    if "prefer" in (own := child.get("consolidation", {})) and "note" not in own:
        merged["consolidation"].pop("note", None)  # it told why another kind goes first
    merged["missing"] = list(dict.fromkeys([*parent.get("missing", []), *child.get("missing", [])]))
    old, new = parent.get("blocks", {}), child.get("blocks", {})
    merged["blocks"] = {b: {**old.get(b, {}), **new.get(b, {})} for b in {**old, **new}}
    variables = dict(parent.get("variables", {}))
    for variable, spec in child.get("variables", {}).items():
        if spec is None:
            variables.pop(variable, None)
            continue
        taken_over = variables.get(variable, {})
        if any(source in spec for source in SOURCES):
            taken_over = {k: v for k, v in taken_over.items() if k not in SOURCES}
        variables[variable] = {**taken_over, **spec}
    own = child.get("variables", {})
    merged["variables"] = {v: dict(spec) for v, spec in variables.items()}
    for variable, spec in merged["variables"].items():
        block = block_of(variable)
        said = own.get(variable) or {}
        spec.update(_vouched(spec, said, new.get(block, {}), old.get(block, {})))
    return merged


def _accepted(merged: Written, own: Written, earlier: Written) -> Iterator[tuple[str, str]]:
    """Yield the contradictions that a codebook accepts: by its own words, or by what it extends.

    An acceptance that is taken over is one of how variables were read when it was given, and ends
    where one of them is read from another column, by other codes or in another unit.
    """
    for check, reason in merged.get("accepts", {}).items():
        same = (_read_as(v, merged) == _read_as(v, earlier) for v in compared_by(check))
        if check in own.get("accepts", {}) or all(same):
            yield check, reason


def _read_as(variable: str, codebook: Written) -> Written | None:
    """Return what says how a variable is read, or None where it is not."""
    spec = codebook.get("variables", {}).get(variable)
    if spec is None:
        return None
    read = {**codebook["blocks"].get(block_of(variable), {}), **spec}
    sets, named = codebook.get("codes", {}), read.get("codes", "yes_no")
    if variable in FLAGS or "codes" in read:
        read["codes"] = sets.get(named) if isinstance(named, str) else named
    if variable in (*MONEY, *SPENDING):
        read["money"] = codebook.get("money")
    return {key: value for key, value in read.items() if key not in UNSEALED}


def _vouched(spec: Written, own: Written, block: Written, earlier: Written) -> Written:
    """Return what a file's words on how sure it is change in an entry as merged.

    A person who confirms a block speaks of all in it, those taken over among them, unless the file
    says of a variable that it is another thing than drafted. And what another file calls sourced
    or confirmed is its own column, never one that this file names.

    Parameters
    ----------
    spec
        The entry, with what was taken over.
    own, block
        What the file itself says of the variable and of its block.
    earlier
        Blocks of the codebook taken over.
    """
    if block.get("verified") == CONFIRMED and own.get("verified") in (None, DRAFTED):
        return {"verified": CONFIRMED}
    names_a_column = any(source in own for source in SOURCES)
    if not names_a_column or "verified" in own or "verified" in block:
        return {}
    taken_over = spec.get("verified") or earlier.get("verified")
    return {"verified": None, "source": own.get("source")} if taken_over in SETTLED else {}


def _suffixed(codebook: Written, suffix: str) -> Written:
    """Return ``codebook`` with every column its variables name written with ``suffix``."""

    def column(name: Any) -> Any:
        return [column(part) for part in name] if isinstance(name, list) else name + suffix

    def renamed(spec: dict[str, Any]) -> dict[str, Any]:
        columns: dict[str, Any] = {
            k: column(spec[k]) for k in ("name", "any_of", "sum_of") if k in spec
        }
        if "screen" in spec:
            columns["screen"] = {**spec["screen"], "name": column(spec["screen"]["name"])}
        return {**spec, **columns}

    changed: Written = {
        "variables": {v: renamed(s) for v, s in codebook.get("variables", {}).items()}
    }
    if "unexpected" in codebook:
        signs = codebook["unexpected"]
        changed["unexpected"] = [{**sign, "columns": column(sign["columns"])} for sign in signs]
    return {**codebook, **changed}


def _completed(variable: str, spec: dict[str, Any], codebook: Written) -> dict[str, Any]:
    """Return ``spec`` with what its block shares and with its codes written out."""
    block = codebook["blocks"].get(block_of(variable), {})
    # A source says nothing about a mapping that states another degree of certainty.
    if spec.get("verified", block.get("verified")) != block.get("verified"):
        block = {k: v for k, v in block.items() if k != "source"}
    complete = {**block, **spec}
    sets = codebook.get("codes", {})
    default = "yes_no" if variable in FLAGS and "constant" not in spec else None
    codes = complete.pop("codes", default)
    if isinstance(codes, str):
        codes = sets[codes]
    if codes is not None:
        complete["codes"] = codes
    return complete


def _contradictions(codebook: Written) -> Iterator[Problem]:
    """Yield what the schema cannot see: names and keys that do not go together."""
    known = canonical_columns(codebook["table"])
    for variable, spec in codebook["variables"].items():
        if variable not in known:
            remedy = did_you_mean(variable, known)
            yield Problem(f"variables: unknown variable `{variable}`", remedy)
        else:
            yield from _contradictions_of(variable, spec, codebook)
    yield from _contradictions_of_blocks(codebook)
    for check in (c for c in codebook.get("accepts", {}) if share_of(c) is None):
        what = f"accepts: no check that stops a run is called `{check}`"
        yield Problem(what, did_you_mean(check, names_about(codebook["variables"])))
    for check, said in codebook.get("accepts", {}).items():
        if isinstance(said, dict) and "up_to" in said and share_of(check) == WHOLE_FILE:
            what = f"accepts: {check}.up_to: it is about the file as a whole, not a share of firms"
            yield Problem(what, "give the reason alone")
    if not codebook["variables"]:
        return
    if "firm_id" not in codebook["variables"]:
        yield Problem("variables: `firm_id` is not mapped", "say which column identifies the firm")
    if codebook["table"] == "firms":
        yield from _contradictions_of_firms(codebook)
    else:
        yield from _contradictions_of_accounts(codebook)


def _contradictions_of(variable: str, spec: dict[str, Any], codebook: Written) -> Iterator[Problem]:
    given = [source for source in SOURCES if source in spec]
    if len(given) != 1:
        what = " and ".join(f"`{g}`" for g in given) or "no source"
        remedy = "give exactly one of `name`, `any_of`, `sum_of` and `constant`"
        yield Problem(f"variables.{variable}: has {what}", remedy)
    if "row_number" in spec and variable != "firm_id":
        what = f"variables.{variable}: `row_number` although it is not firm_id"
        yield Problem(what, "name the column it is in, or remove it")
    if "any_of" in spec and variable not in FLAGS:
        remedy = "use `name`, or `sum_of` for amounts"
        yield Problem(f"variables.{variable}: `any_of` although it is no yes/no variable", remedy)
    block = codebook["blocks"].get(block_of(variable), {})
    codes = spec.get("codes", block.get("codes", "yes_no" if variable in FLAGS else None))
    sets = codebook.get("codes", {})
    if isinstance(codes, str) and codes not in sets and "constant" not in spec:
        remedy = did_you_mean(codes, list(sets))
        yield Problem(f"variables.{variable}.codes: there is no set `{codes}`", remedy)
    elif isinstance(codes, dict) and variable in FLAGS:
        wrong = sorted({str(v) for v in codes.values() if not isinstance(v, bool)})
        if wrong:
            what = f"variables.{variable}.codes: {', '.join(wrong)} for a yes/no variable"
            yield Problem(what, "write yes or no, without quotes")
    if "includes" in spec and not {variable, spec["includes"]} <= set(PERCENT):
        what = f"variables.{variable}.includes: `{spec['includes']}` is not one of the shares"
        yield Problem(what, did_you_mean(spec["includes"], list(PERCENT)))
    elif "includes" in spec and spec["includes"] not in codebook["variables"]:
        what = f"variables.{variable}.includes: `{spec['includes']}` is not mapped"
        yield Problem(what, "map it, since it is subtracted, or remove `includes`")
    yield from _contradictions_of_unit(variable, spec, codebook)


def _contradictions_of_unit(
    variable: str, spec: dict[str, Any], codebook: Written
) -> Iterator[Problem]:
    if total := TOTAL_OF.get(spec.get("unit", "")):
        if variable not in SPENDING or variable == total:
            what = f"variables.{variable}.unit: {spec['unit']} although it is no spending"
            yield Problem(what, "use it for rd_internal and the like alone")
        elif total not in codebook["variables"]:
            what = f"variables.{variable}.unit: {spec['unit']}, but `{total}` is not mapped"
            yield Problem(what, "map it, since amounts are made of it")
    elif "unit" in spec and (spec["unit"] in ("percent", "fraction")) != (variable in PERCENT):
        allowed = "percent or fraction" if variable in PERCENT else "unit, thousand or million"
        yield Problem(f"variables.{variable}.unit: {spec['unit']} does not fit", f"use {allowed}")


def _contradictions_of_blocks(codebook: Written) -> Iterator[Problem]:
    for block, shared in codebook["blocks"].items():
        flag = shared.get("asked_if")
        if flag and flag not in FLAGS:
            yield Problem(
                f"blocks.{block}.asked_if: `{flag}` is no yes/no variable",
                did_you_mean(flag, list(FLAGS)),
            )
        if flag and block == "firm":
            yield Problem(
                "blocks.firm.asked_if: these questions have no filter",
                "remove it; a variable with a filter belongs to another block",
            )


def _contradictions_of_firms(codebook: Written) -> Iterator[Problem]:
    if "thousands" in codebook.get("file", {}):
        what = "file: `thousands` although this is no codebook of accounts"
        yield Problem(what, "remove it; thousands of a survey's file are not separated")
    if "reference_year" not in codebook:
        yield Problem("`reference_year` is missing", "add the last year of the survey's period")
    if "nace" in codebook["variables"] and "nace" not in codebook:
        what = "variables.nace is mapped but `nace:` does not say which classification it is"
        yield Problem(what, 'add `nace: {revision: "1.1"}`, `"2"` or `isic3`')
    for share in codebook.get("shares", {}).get("sum_to_100", []):
        if share not in codebook["variables"] or share not in PERCENT:
            what = f"shares.sum_to_100: `{share}` is not a share this codebook maps"
            yield Problem(what, did_you_mean(share, list(PERCENT)))


def _contradictions_of_accounts(codebook: Written) -> Iterator[Problem]:
    lacking = [k for k in ("name", "prefer") if k not in codebook.get("consolidation", {})]
    if "consolidation" in codebook and lacking:
        what = " and ".join(f"`{key}`" for key in lacking)
        remedy = "say which column tells the kind of accounts, and which kinds are kept"
        yield Problem(f"consolidation: {what} is missing", remedy)
    marks = codebook.get("file", {})
    if "decimal" in marks and marks["decimal"] == marks.get("thousands"):
        what = f"file: `decimal` and `thousands` are both '{marks['decimal']}'"
        yield Problem(what, "correct one of them")
    pattern = codebook.get("header", {}).get("pattern")
    if pattern is None and "year" not in codebook["variables"]:
        yield Problem(
            "neither `header:` nor variables.year is given",
            "describe the headers of a file with one column per year, or map the year's column",
        )
    if pattern is None:
        return
    try:
        groups = groups_of(pattern)
    except ValueError as error:
        what = f"header.pattern: `{pattern[:60]}` is not a pattern that is read: {error}"
        remedy = "correct it; every group is (?:…) or (?P<name>…), and none looks ahead or behind"
        yield Problem(what, remedy)
        return
    if not {"label", "year"} <= groups:
        yield Problem(
            "header.pattern: lacks the named group `label` or `year`",
            "write them as (?P<label>…) and (?P<year>…)",
        )
