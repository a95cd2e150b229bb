"""The YAML that ``cisflow init`` writes, with its comments."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from cisflow.assist.drafting.draft import Draft
from cisflow.assist.inspection import Look
from cisflow.study.canonical import FIRM_COLUMNS
from cisflow.study.codebook import DRAFTED

TODO = "TODO"
LOOK = "LOOK"
SEED = 20141120
WIDTH = 100
MOST_UNUSED = 120
LONGEST_LABEL = 60


class _Dumper(yaml.SafeDumper):
    """Writes yes and no, as codebooks do, for true and false."""


_Dumper.add_representer(
    bool, lambda d, v: d.represent_scalar("tag:yaml.org,2002:bool", "yes" if v else "no")
)


def flow(value: Any) -> str:
    """Return a value as one line of YAML."""
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=True,
        width=10**6,
        allow_unicode=True,
        sort_keys=False,
    ).strip()
    return text.removesuffix("...").strip()


def comments(lines: Sequence[str]) -> str:
    """Return comments, one line each: who settles one takes its line away."""
    return "".join(f"# {' '.join(line.split())}\n" for line in lines)


def codebook_text(made: Draft, seen: Look, title: str, schema: str) -> str:
    """Write a draft as YAML with comments.

    Parameters
    ----------
    seen
        The file it was drafted from.
    title
        The codebook's title.
    schema
        Path from the codebook's folder to that of the schemas.
    """
    known = f"{len(made.taken_over)} of its variables are in the file"
    lines = [
        f"yaml-language-server: $schema={schema}/codebook.schema.yaml",
        f"Drafted by `cisflow init` from {seen.path.name} (labels: {seen.legend.origin}).",
        f"Read it through and correct what is wrong. Settle each {TODO} and remove its line; "
        f"{LOOK} says what is less certain than the rest.",
        "Until each is held against the questionnaire and says `verified: confirmed` (write it, or "
        "let `cisflow confirm` do so), all that is published is marked DRAFT MAPPING.",
        *(f"{TODO}: {todo}" for todo in made.todos),
        *(f"{LOOK}: {note}" for note in made.notes),
    ]
    text = comments(lines)
    for key, value in {"title": title, "extends": made.extends, **made.head}.items():
        remark = made.remarks.get(f"{key}:", "") or (
            known if key == "extends" and made.taken_over else ""
        )
        if key == "blocks":
            text += "blocks:\n" + "".join(f"  {b}: {flow(v)}\n" for b, v in value.items())
        else:
            text += f"{key}: {flow(value)}{_aside(remark)}\n"
    text += "variables:" + ("\n" if made.variables else " {}\n")
    for variable in (v for v in FIRM_COLUMNS if v in {*made.variables, *made.near}):
        text += "".join(_variable_lines(made, seen, variable))
    return text + _unused(made, seen)


def _aside(remark: str) -> str:
    return f"    # {' '.join(remark.split())}" if remark else ""


def _variable_lines(made: Draft, seen: Look, variable: str) -> list[str]:
    lines = []
    near = made.near.get(variable, [])
    for column, why in near:
        label = seen.legend.columns.get(column, "")
        told = f"{why}: {label}" if label else why
        lines.append(f"  # {variable}: {{name: {flow(column)}}}{_aside(told)}\n")
    if variable in made.variables:
        entry = made.variables[variable]
        remark = "not in the file" if entry is None else made.remarks.get(variable, "")
        value = "null" if entry is None else flow({**entry, "verified": DRAFTED})
        lines.append(f"  {variable}: {value}{_aside(remark)}\n")
    elif not near:
        lines.append(f"  # {variable}: {{name: …}}    # no column like it was found\n")
    return lines


def _unused(made: Draft, seen: Look) -> str:
    """Return a comment that lists the columns nothing is made of."""
    used = {c for entry in made.variables.values() if entry for c in _columns_in(entry)}
    used |= {c.casefold() for c in made.known_columns}
    unused = [name for name in seen.names if name.casefold() not in used]
    if not unused:
        return ""
    more = f" and {len(unused) - MOST_UNUSED} more" if len(unused) > MOST_UNUSED else ""
    listed = [_with_label(name, seen.legend.columns.get(name, "")) for name in unused[:MOST_UNUSED]]
    told = "Columns of the file that are not used: " + ", ".join(listed) + more
    return textwrap.indent(textwrap.fill(told, WIDTH - 2, break_long_words=False), "# ") + "\n"


def _with_label(name: str, label: str) -> str:
    return f"{name} ({textwrap.shorten(label, LONGEST_LABEL, placeholder=' …')})" if label else name


def _columns_in(entry: Mapping[str, Any]) -> list[str]:
    columns = [entry["name"]] if "name" in entry else list(entry.get("any_of", []))
    columns += [entry["screen"]["name"]] if "screen" in entry else []
    return [column.casefold() for column in columns]


def config_text(
    run: str,
    names: Mapping[str, str],
    sources: Mapping[str, Mapping[str, Mapping[str, Any]]],
    accounts: Mapping[str, str],
    models: tuple[Sequence[str], Mapping[str, Mapping[str, Any]], Mapping[str, str]],
    todos: Sequence[str],
    schema: str,
) -> str:
    """Write the config as YAML with comments.

    Parameters
    ----------
    run
        Name of the run.
    names
        Per country its name.
    sources
        Per country and wave ``file``, ``codebook`` and, of a pooled file, ``select``.
    accounts
        Entry of the company accounts: ``file``, ``codebook``, perhaps ``sheet``; empty if none.
    models
        Models to estimate; what is changed in them; of the others what they lack.
    todos
        What a human has to decide.
    schema
        Path from the config's folder to that of the schemas.
    """
    listed, changes, lacking = models
    text = comments(
        [
            f"yaml-language-server: $schema={schema}/config.schema.yaml",
            "Drafted by `cisflow init`. config/README.md describes every key;",
            f"`cisflow check config/{run}.yaml` says what is still wrong.",
            *(f"{TODO}: {todo}" for todo in todos),
        ]
    )
    text += f"run: {flow(run)}{_aside(f'results go to results/{run}/')}\n"
    text += f"title: {flow('Open innovation in ' + _listed(list(names.values())))}\n"
    text += "data: real    # `synthetic` stamps every output\n"
    text += f"seed: {SEED}    # fixes every random draw\n"
    text += "countries:\n"
    for country, name in names.items():
        text += f'  "{country}":\n    name: {flow(name)}\n    waves:\n'
        for wave, source in sources[country].items():
            text += f'      "{wave}": {flow(dict(source))}\n'
        if accounts:
            text += f"    accounts: {flow(dict(accounts))}\n"
    text += "lag: 2    # years from the survey to the accounts\n" if accounts else ""
    text += "models:\n" + "".join(f"  - {model}\n" for model in listed)
    text += "".join(f"  # - {model}    # lacks {lacks}\n" for model, lacks in lacking.items())
    if changes:
        text += "model_changes:    # what the survey does not ask is left out of the models\n"
        text += "".join(f"  {model}: {flow(dict(spec))}\n" for model, spec in changes.items())
    return text


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
