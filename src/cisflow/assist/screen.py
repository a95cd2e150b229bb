"""What the commands print: plain text of at most 100 columns, from the same records as --json."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cisflow.assist.checking import Findings
from cisflow.base.paths import shown
from cisflow.publication.manifest import Difference
from cisflow.study.marks import draft_mapping

WIDTH = 100
WIDEST_COLUMN = 44

Record = Mapping[str, Any]


def aligned(rows: Sequence[Sequence[Any]], indent: int = 2) -> str:
    """Return rows of cells as aligned text; numbers stand right, a long last cell is wrapped."""
    if not rows:
        return ""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    last = len(cells[0]) - 1
    widths = [min(max(len(row[i]) for row in cells), WIDEST_COLUMN) for i in range(last)]
    room = max(WIDTH - indent - sum(widths) - 2 * last, 20)
    lines = []
    for row, told in zip(rows, cells, strict=True):
        start = " " * indent + "".join(
            (
                _cut(told[i], w).rjust(w)
                if isinstance(row[i], int | float)
                else _cut(told[i], w).ljust(w)
            )
            + "  "
            for i, w in enumerate(widths)
        )
        wrapped = textwrap.wrap(told[last], room) or [""]
        lines.append((start + wrapped[0]).rstrip())
        lines += [" " * len(start) + part for part in wrapped[1:]]
    return "\n".join(lines)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def wrapped(text: str, first: str, rest: str) -> str:
    """Return a text in lines, with what stands before the first and before all others."""
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=rest)


def column_text(found: Record) -> str:
    """Return what :func:`cisflow.assist.inspection.inspect_column` found, as text."""
    told = [(c, "few, withheld" if n is None else f"{n}") for c, n in found["codes"].items()]
    head = f"{found['file']}, column '{found['column']}': {found['rows']} rows"
    return "\n".join([head, aligned(told)])


def inspection_text(found: Record) -> str:
    """Return what :func:`cisflow.assist.inspection.inspect_file` found, as text."""
    return "\n".join(_inspection_lines(found))


def _inspection_lines(found: Record) -> Iterator[str]:
    yield found["file"]
    yield aligned(
        [
            (
                "format",
                f"{found['format']} ({found['read_as']})" if found["read_as"] else found["format"],
            ),
            ("size", f"{found['rows']:,} rows, {found['columns']} columns"),
            ("labels", found["labels"]),
        ]
    )
    yield "\nCodebooks, by the share of required variables whose columns are in the file"
    yield aligned(
        [
            (
                f"{row['share']:.0%}".rjust(4),
                f"{row['found']} of {row['required']}",
                row["codebook"],
                row["title"],
            )
            for row in found["codebooks"]
        ]
    )
    if not found["recognised"]:
        yield "  None of them is about this file; `cisflow init` drafts one from names and labels."
    if found["missing"]:
        name = f"Missing for {found['codebook']['codebook']}"
        yield f"\n{name if found['recognised'] else 'Not recognised'}, and what comes near"
        yield aligned(
            [
                (
                    row["variable"],
                    "; ".join(f"{n['column']} ({n['why']})" for n in row["near"]) or "nothing",
                )
                for row in found["missing"]
            ]
        )
    if found["by_words"]:
        yield "\nRecognised by the words of names and labels"
        yield aligned([(row["variable"], ", ".join(row["columns"])) for row in found["by_words"]])
    yield "\nSuspicious" + ("" if found["suspicious"] else ": nothing")
    yield from filter(
        None, [aligned([(r["variable"], r["column"], r["what"]) for r in found["suspicious"]])]
    )
    if found["codings"]:
        yield "\nCodes and how many rows have them (* withheld: too few firms)"
        yield aligned(
            [(r["variable"], r["column"], _counts(r["counts"])) for r in found["codings"]]
        )
    yield from _model_lines(found["models"])


def _counts(counts: Mapping[str, int | None]) -> str:
    return ", ".join(f"{code}: {'*' if n is None else n}" for code, n in counts.items())


def _model_lines(models: Sequence[Record]) -> Iterator[str]:
    if not models:
        return
    yield "\nModels of config/models.yaml that the file can support by itself"
    yield aligned([(row["model"], row["title"]) for row in models if row["supported"]]) or "  none"
    others: dict[str, list[str]] = {}
    for row in models:
        if not row["supported"]:
            others.setdefault(_lacks(row["lacks"]), []).append(row["model"])
    if others:
        yield "Models it cannot, and what they lack"
        for lacks, names in others.items():
            yield wrapped(", ".join(names), "  ", "  ")
            yield wrapped(lacks, "      ", "      ")


def _lacks(lacks: Mapping[str, Sequence[str]]) -> str:
    by_need: dict[str, list[str]] = {}
    for variable, parts in lacks.items():
        need = " or ".join(parts[:3]) + (" …" if len(parts) > 3 else "")
        by_need.setdefault("" if parts == [variable] else need, []).append(variable)
    return "; ".join(
        ", ".join(variables) + (f" (from {need})" if need else "")
        for need, variables in by_need.items()
    )


def initialised_text(done: Record) -> str:
    """Return what :func:`cisflow.assist.scaffold.initialise` did, as text."""
    lines = ["Written:", *(f"  {file}" for file in done["written"]), "", "Waves"]
    lines.append(aligned([(w["wave"], w["codebook"], w["how"]) for w in done["waves"]]))
    if done["accounts"]:
        sheet = f", sheet '{done['accounts_sheet']}'" if done["accounts_sheet"] else ""
        lines.append(f"Accounts: {done['accounts']}{sheet}")
    lines.append("Models: " + ", ".join(done["models"]) if done["models"] else "Models: none")
    if done["model_changes"]:
        lines.append(
            "\nModels without what the survey does not ask (`model_changes` in the config)"
        )
        lines.append(aligned([(m, c["title"]) for m, c in done["model_changes"].items()]))
    for key, title in (
        ("todo", "Left to you (marked TODO in the files)"),
        ("look", "Look these over (marked LOOK)"),
    ):
        if done[key]:
            lines.append(f"\n{title}")
            lines += [wrapped(entry, "  - ", "    ") for entry in done[key]]
    for file, changes in done["changes"].items():
        beside = ", which you have edited and which stays as it is" * (file in done["kept"])
        lines.append(f"\nThe new draft says otherwise than {file}{beside}")
        lines += [wrapped(change, "  - ", "    ") for change in changes]
    config = done["config"]
    lines.append(f"\nNext: read the files through, then `cisflow check {config}`,")
    lines.append(f"confirm what `cisflow review {config}` shows, then `cisflow run {config}`.")
    return "\n".join(lines)


def findings_record(findings: Findings, config: Path) -> dict[str, Any]:
    """Return what a check found, in plain JSON types."""

    def told(problems: Iterable[Any]) -> list[dict[str, str]]:
        return [{"where": where, "what": p.said, "remedy": p.remedy} for where, p in problems]

    return {
        "config": shown(config),
        "ok": not findings.errors,
        "errors": told(findings.errors),
        "warnings": told(findings.warnings),
        "extracts": findings.extracts,
        "models": findings.models,
        "unconfirmed": findings.unconfirmed,
    }


def findings_text(record: Record) -> str:
    """Return the record of a check as text."""
    lines = []
    if record["extracts"]:
        lines.append("Read")
        lines.append(
            aligned(
                [
                    (e["country"], e["wave"], _kept(e), e["codebook"], e["file"])
                    for e in record["extracts"]
                ]
            )
        )
    for kind, title in (("errors", "Errors"), ("warnings", "Warnings")):
        if record[kind]:
            lines.append(f"\n{title}: {len(record[kind])}")
            lines += _problems(record[kind])
    lacking = [row for row in record["models"] if not row["supported"]]
    if lacking:
        lines.append("\nModels that a wave cannot support; their rows will say why")
        lines.append(aligned([(r["wave"], r["model"], _lacks(r["lacks"])) for r in lacking]))
    lines += _unconfirmed_lines(record["unconfirmed"], record["config"])
    lines += ["", wrapped(f"{record['config']}: {_verdict(record)}", "", "  ")]
    return "\n".join(lines).lstrip("\n")


def _kept(extract: Record) -> str:
    """Return how much of a file was kept; of accounts, a year of a firm is what is kept."""
    kept, rows = (f"{extract[key]:,}" for key in ("rows_kept", "rows"))
    if extract["wave"] == "accounts":
        return f"{kept} years of firms, from {rows} rows"
    return f"{kept} of {rows} rows"


def _verdict(record: Record) -> str:
    if not record["ok"]:
        return "not ready to run."
    if mark := _mark(record["unconfirmed"]):
        return f"ready to run; all that is published will be marked {mark}."
    return "nothing is wrong."


def _mark(unconfirmed: Sequence[Record]) -> str:
    """Return what is published will be marked with, or nothing."""
    count = sum(len(extract["variables"]) for extract in unconfirmed)
    return draft_mapping(count).name if count else ""


def _unconfirmed_lines(unconfirmed: Sequence[Record], config: str) -> Iterator[str]:
    """Yield the mappings nobody has confirmed, those of which the same is known together."""
    if unconfirmed:
        yield f"\nNot confirmed, and the models need it: {_mark(unconfirmed)}"
    for extract in unconfirmed:
        yield f"  {extract['where']}"
        alike: dict[tuple[str, str], list[str]] = {}
        for about in extract["variables"]:
            alike.setdefault((about["state"], about["evidence"]), []).append(about["variable"])
        for (state, evidence), variables in alike.items():
            yield wrapped(f"{state}: {', '.join(variables)}", "    ", "      ")
            yield from [wrapped(evidence, "      (", "       ") + ")"] if evidence else []
        told = (
            f"look at `cisflow review {config}`, hold each against the questionnaire, then "
            f"`cisflow confirm {extract['confirm']} VARIABLE…`; a block's name stands for all in it"
        )
        yield wrapped(told, "        → ", "          ")


def confirmed_text(done: Record) -> str:
    """Return what :func:`cisflow.assist.confirming.confirm` did, as text."""
    count = len(done["confirmed"])
    what = "1 variable is" if count == 1 else f"{count} variables are"
    where = ", ".join(filter(None, (done["file"], done["extract"])))
    return wrapped(f"{where}: {what} confirmed: {', '.join(done['confirmed'])}.", "", "  ")


def _problems(problems: Sequence[Record]) -> Iterator[str]:
    where = None
    for problem in problems:
        if problem["where"] != where:
            where = problem["where"]
            yield f"  {where}"
        yield wrapped(problem["what"], "    ", "      ")
        yield wrapped(problem["remedy"], "        → ", "          ")


WHAT_IT_IS = {
    "inputs": "input",
    "config": "config",
    "code": "code of the script",
    "lock": "list of packages",
    "results": "result",
    "files": "published file",
}


def differences_record(differences: Iterable[Difference], run: Path) -> dict[str, Any]:
    """Return what is not as a run's manifest says, in plain JSON types."""
    return {"run": shown(run), "differences": [asdict(found) for found in differences]}


def differences_text(record: Record) -> str:
    """Return the record of a verification as a list."""
    if not (found := record["differences"]):
        return f"{record['run']}: every file is what the manifest says."
    lines = [f"  {WHAT_IT_IS[d['section']]} {d['name']} {d['how']}" for d in found]
    return "\n".join([f"{record['run']}: not what the manifest says:", *lines])
