"""What a comparison with a baseline found, in words: on the screen and for a summary page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from cisflow.assist.screen import aligned, wrapped
from cisflow.estimation.estimates import COEFFICIENT

Record = Mapping[str, Any]
MOST_PLACES, MOST_TERMS, MOST_LETTERS = 8, 4, 60
NAMES = {"verdict": "", "verdict_literature": ", as the literature judges", "ci_low": "lower bound"}
NAMES |= {"ci_high": "upper bound", "p_value": "p-values", "q_p": "p-values"}


def baseline_text(record: Record) -> str:
    """Return the record of :func:`cisflow.publication.baseline.check_baseline` as text."""
    if record["same"]:
        return _same(record)
    lines = [f"{record['run']} differs from {record['baseline']}."]
    if record["verdicts"]:
        lines.append(f"\nVerdicts that changed: {len(record['verdicts'])}")
        lines += [wrapped(told, "  ", "      ") for told in map(_verdict, record["verdicts"])]
    for model, places in _by_model(record):
        lines.append(f"\n{model}: {_sum(places)}")
        shown = [(_where(place), _place(place)) for place in places[:MOST_PLACES]]
        lines += [aligned(shown), *_left_out(places, "  ")]
    lines += [f"\n{wrapped(told, '', '  ')}" for told in _besides(record)]
    return "\n".join(lines)


def baseline_markdown(record: Record) -> str:
    """Return the same record as Markdown, for the summary of a job."""
    if record["same"]:
        return f"### Published numbers\n\n{_same(record)}"
    lines = ["### Published numbers have moved", ""]
    lines += [f"`{record['run']}` differs from `{record['baseline']}`.", ""]
    if record["verdicts"]:
        lines += [f"**Verdicts that changed: {len(record['verdicts'])}**", ""]
        lines += [*(f"- {_verdict(verdict)}" for verdict in record["verdicts"]), ""]
    if record["models"]:
        lines += ["| model | country, wave | what moved |", "|---|---|---|"]
    for model, places in _by_model(record):
        told = [*((_where(p), _place(p)) for p in places[:MOST_PLACES])]
        told += [("", text) for text in _left_out(places, "")]
        lines += [f"| {model} | {where} | {_cell(what)} |" for where, what in told]
    return "\n".join([*lines, "", *(f"{told}\n" for told in _besides(record))]).rstrip()


def _same(record: Record) -> str:
    return f"{record['baseline']}: none of {record['rows']:,} published rows has moved."


def _by_model(record: Record) -> Iterator[tuple[str, Sequence[Record]]]:
    """Yield the models that moved, those that moved farthest first, each with its places."""
    order = list(dict.fromkeys(place["model"] for place in record["models"]))
    places = sorted(record["models"], key=lambda place: order.index(place["model"]))
    for model, of in groupby(places, key=lambda place: str(place["model"])):
        yield model, list(of)


def _sum(places: Sequence[Record]) -> str:
    differ, rows = (sum(place[key] for place in places) for key in ("differ", "rows"))
    return f"{differ:,} of {rows:,} rows differ"


def _left_out(places: Sequence[Record], indent: str) -> list[str]:
    rest = places[MOST_PLACES:]
    return [f"{indent}and in {len(rest)} more places: {_sum(rest)}, none as far"] if rest else []


def _where(place: Record) -> str:
    return " ".join(part for part in (place["country"], place["wave"]) if part)


def _place(place: Record) -> str:
    """Return in words what moved of a model in one country and wave."""
    return "; ".join(_parts(place))


def _parts(place: Record) -> Iterator[str]:
    for status in place["statuses"]:
        yield f"{_rows(status)} {status['old']} → {status['new']} ({_some(status['terms'])})"
    for rows in (*place["gone"], *place["new"]):
        yield f"{_rows(rows)} {rows['kind']} ({_some(rows['terms'])})"
    for count in place["counts"]:
        yield f"{count['number']} {_change(count)} in {_rows(count)}"
    for note in place["notes"]:
        yield f"{_rows(note)} with another reason: {_change(note)}"
    if place["moved"]:
        told = f"numbers of {place['moved']} of {place['rows']} rows moved"
        yield told + (f", farthest {_far(place['farthest'])}" if place["farthest"] else "")
    if error := place["std_errors"]:
        yield f"standard errors by up to {error['move']:+.2%} ({error['term']})"
    if place["others"]:
        yield "also " + ", ".join(dict.fromkeys(NAMES.get(name, name) for name in place["others"]))


def _verdict(verdict: Record) -> str:
    where = ", ".join(part for part in (_where(verdict), verdict["model"]) if part)
    told = f"{verdict['claim']} ({where}) was {verdict['old'] or 'nothing'}"
    told += f" and is {verdict['new'] or 'nothing'} now{NAMES[verdict['number']]}"
    return f"{told}; {_far(verdict['estimate'])}" if verdict["estimate"] else told


def _besides(record: Record) -> Iterator[str]:
    for key, of in (("claims", "on claims"), ("dummies", "of dummies")):
        if (few := record[key])["rows"]:
            kinds = {"gone": "gone", "new": "new", "status": "with another status"}
            told = [f"{few[kind]} {words}" for kind, words in kinds.items() if kind in few]
            told += [f"farthest {_far(few['farthest'])}"] if few["farthest"] else []
            yield "; ".join([f"Besides: {_rows(few)} {of}", *told])


def _far(change: Record) -> str:
    """Return how far a number moved, and which it is."""
    quantity = change["quantity"].replace(COEFFICIENT, "")
    which = [change["outcome"], change["column"], quantity, change["cov_type"]]
    of = f"{change['term']} ({', '.join(part for part in which if part)})".removesuffix(" ()")
    name = f" {NAMES[change['number']]}" if change["number"] in NAMES else ""
    return f"{of}{name} {_change(change)}, {change['move']:+.3g} standard errors"


def _change(change: Record) -> str:
    old, new = (_cut(change[key]) or "nothing" for key in ("old", "new"))
    return f"{old} → {new}"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"


def _rows(of: Record) -> str:
    return "1 row" if of["rows"] == 1 else f"{of['rows']} rows"


def _some(terms: Sequence[str]) -> str:
    told = ", ".join(term or "all terms" for term in terms[:MOST_TERMS])
    rest = len(terms) - MOST_TERMS
    return f"{told} and {rest} more" if rest > 0 else told


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
