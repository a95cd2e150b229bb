"""Gather what a review sheet tells, wave by wave; what cannot be read is told as an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from cisflow.assist.checking import Source, sources
from cisflow.assist.inspection import ESSENTIAL
from cisflow.assist.review import confirming
from cisflow.assist.review.batteries import grids, placed, unused
from cisflow.assist.review.counting import Teller, counted
from cisflow.assist.review.doubts import Doubts
from cisflow.assist.review.facts import Absent, Card, Column, Counts, Sheet, Told, WaveSheet
from cisflow.assist.review.legend import codes_of
from cisflow.assist.review.meanings import meaning
from cisflow.assist.review.reading import Reading, read_wave
from cisflow.assist.review.wording import Wording, wording
from cisflow.base.documents import read_yaml
from cisflow.base.paths import files_of, places, shown
from cisflow.base.problems import CisflowError, Problem
from cisflow.study.canonical import FIRM_COLUMNS, FLAGS, PERCENT, TEXT
from cisflow.study.codebook import CONFIRMED, Codebook, Variable
from cisflow.study.codebook_files import load_codebook
from cisflow.study.disclosure import Profile
from cisflow.study.marks import marks_of
from cisflow.study.run import Run, load_run
from cisflow.survey.quality import meant
from cisflow.survey.semantics import FEWEST, TOLERATED

# Where the rules of a config cannot be read, those that tell least.
STRICTEST = Profile(title="Default rules, because the config's could not be read", text="")


def gather(config_file: Path, root: Path, labels_files: Sequence[Path] = ()) -> Sheet:
    """Gather all that a person needs to confirm the mappings of a run.

    Parameters
    ----------
    labels_files
        Tables of labels; those in the extracts, or beside them, when not given.

    Raises
    ------
    CisflowError
        The config is not there or no YAML.
    """
    document = read_yaml(config_file)
    errors: list[Told] = []
    run: Run | None = None
    try:
        run = load_run(document, root, file=shown(config_file))
    except CisflowError as error:
        errors += _told(error)
    teller = Teller(run.profile if run else STRICTEST)
    waves = [
        _wave(source, run, root, teller, labels_files, config_file)
        for source in sources(document)
        if source.wave != "accounts"
    ]
    data = "synthetic" if document.get("data") == "synthetic" else "real"
    open_ones = sum(card.needed and not card.settled for wave in waves for card in wave.cards)
    return Sheet(
        str(document.get("run", "")),
        str(document.get("title", "")),
        shown(config_file),
        data,
        teller.minimum,
        teller.profile.title,
        marks_of(data, run.settings.unconfirmed if run else open_ones),
        tuple(errors),
        tuple(waves),
    )


def confirmed_against(config_file: Path, root: Path) -> Iterator[tuple[str, Problem]]:
    """Yield what speaks against mappings that somebody confirmed, by the heading of the wave.

    What the answers contradict is left out: every check of a run tells it.
    """
    teller = Teller(STRICTEST)
    for source in sources(read_yaml(config_file)):
        if source.wave == "accounts" or not _has_confirmed(source, root):
            continue
        wave = _wave(source, None, root, teller, (), config_file)
        known = {told.what for told in wave.findings}
        for card in (c for c in wave.cards if c.state == CONFIRMED):
            if against := [one for one in card.against if one not in known]:
                remedy = f"look at it in `cisflow review {shown(config_file)}`"
                yield source.heading, Problem(f"{card.variable}: {against[0]}", remedy)


def _has_confirmed(source: Source, root: Path) -> bool:
    try:
        codebook = load_codebook(source.entry["codebook"], places("config/codebooks", root))
        entries = codebook.configured(source.entry).variables.values()
    except CisflowError:
        return False  # which is told as an error
    return any(entry.verified == CONFIRMED for entry in entries)


def _told(error: CisflowError) -> list[Told]:
    return [Told(error.heading, p.said, p.remedy) for p in error.problems]


def _wave(
    source: Source,
    run: Run | None,
    root: Path,
    teller: Teller,
    labels_files: Sequence[Path],
    config_file: Path,
) -> WaveSheet:
    """Return the sheet of one wave."""
    blank = WaveSheet(
        source.country,
        source.name,
        source.wave,
        " + ".join(shown(file) for file in files_of(source.entry["file"])),
        str(source.entry["codebook"]),
        path="",
        title="",
        reference_year=None,
    )
    try:
        codebook = load_codebook(source.entry["codebook"], places("config/codebooks", root))
    except CisflowError as error:
        return replace(blank, errors=tuple(_told(error)))
    codebook = codebook.configured(source.entry)
    blank = replace(
        blank,
        path=shown(codebook.path),
        title=codebook.title,
        reference_year=codebook.reference_year,
    )
    try:
        reading, wrong = read_wave(
            source.entry,
            codebook,
            source.country,
            source.wave,
            source.name,
            root,
            source.heading,
            labels_files,
        )
    except CisflowError as error:
        return replace(blank, errors=tuple(_told(error)))
    writer = confirming.Writer(source, codebook, root, config_file)
    return _filled(blank, reading, wrong, teller, run, writer)


def _filled(
    blank: WaveSheet,
    reading: Reading,
    wrong: Sequence[CisflowError],
    teller: Teller,
    run: Run | None,
    writer: confirming.Writer,
) -> WaveSheet:
    states = confirming.states(reading.codebook, run)
    year = reading.codebook.reference_year
    words = wording(reading.seen, reading.scores, year)
    failed = _failed(reading.quality)
    doubts = Doubts(reading, words, teller, {name: said for name, (said, _) in failed.items()})
    cards = [_card(v, doubts, states[v], writer) for v in reading.columns]
    cards.sort(key=_urgency)
    labels = reading.seen.legend.columns
    names = reading.seen.names
    return replace(
        blank,
        rows=teller.count(len(reading.seen.data)),
        columns=len(names),
        labels=reading.seen.legend.origin,
        errors=tuple(told for error in wrong for told in _told(error)),
        findings=tuple(
            Told(blank.path, said, remedy) for said, remedy in failed.values() if remedy
        ),
        cards=tuple(cards),
        absent=tuple(_absent(confirming.unread(reading.codebook, run), reading, words)),
        grids=tuple(grids(cards, names, writer.said)),
        unused=unused(names, labels, reading.used_for, reading.stems),
    )


def _urgency(card: Card) -> tuple[Any, ...]:
    """Return what is to be confirmed first, of that what is needed, of that what is doubted."""
    order = FIRM_COLUMNS.index(card.variable)
    later = card.settled or not card.needed
    return card.settled, later, not card.against, not card.doubts, order


def _failed(quality: Mapping[str, Any] | None) -> dict[str, tuple[str, str]]:
    """Return the checks of the answers that many firms fail: what they say, and what to do."""
    failed = {}
    for name, entry in (quality or {"checks": {}})["checks"].items():
        many = entry["of"] >= FEWEST and entry["failed"] > TOLERATED * entry["of"]
        if entry.get("whole_file") and entry["failed"]:
            failed[name] = (entry["seen"].rstrip("."), entry["remedy"])
        elif "remedy" in entry and many:
            share = round(100 * entry["failed"] / entry["of"])
            said = f"{meant(entry)}: {share} % of those concerned"
            failed[name] = (said, entry["remedy"])
    return failed


def _card(
    variable: str, doubts: Doubts, state: confirming.State, writer: confirming.Writer
) -> Card:
    reading, teller = doubts.reading, doubts.teller
    asked = reading.codebook.variables[variable]
    columns = _columns(variable, reading, teller)
    against = [
        *(
            f"{c.name}, code {code.code}: {code.against}"
            for c in columns
            for code in c.codes
            if code.against
        ),
        *doubts.against(variable),
    ]
    tally = _counts(variable, reading, teller)
    return Card(
        variable,
        meaning(variable, reading.codebook.reference_year),
        state.needed,
        state.name,
        state.settled,
        asked.source or "",
        asked.note or "",
        asked.label or "",
        _read(asked, variable, reading.codebook),
        asked.asked_if or "",
        columns,
        tally,
        _value(variable, reading, teller),
        tuple(against),
        doubts.doubtful(variable),
        tuple(_remarks(variable, doubts)),
        tuple(_speaks_for(variable, doubts)),
        tuple(
            other
            for other in doubts.words.near(variable, reading.used_for)
            if other.column not in reading.columns[variable]
        ),
        writer.said([variable]),
    )


def _columns(variable: str, reading: Reading, teller: Teller) -> tuple[Column, ...]:
    labels, names = reading.seen.legend.columns, reading.seen.names
    own = reading.columns[variable]
    return tuple(
        placed(
            Column(name, labels.get(name, ""), codes_of(reading, variable, name, teller)),
            names,
            labels,
            reading.used_for,
            reading.stems,
            own,
        )
        for name in own
    )


def _read(asked: Variable, variable: str, codebook: Codebook) -> str:
    """Return how columns become a variable, in words."""
    said = []
    if asked.constant is not None:
        said.append(f"{asked.constant} for every firm")
    elif asked.row_number:
        said.append("the number of the row")
    elif asked.any_of:
        said.append("yes if any of these says yes, no if all say no")
    elif asked.sum_of:
        said.append("the sum of these")
    if asked.unit:
        said.append(f"in {asked.unit.replace('_', ' ')}")
    elif (factor := codebook.multiple(variable)) != 1:
        said.append(f"times {factor:,.0f}")
    if asked.includes:
        said.append(f"less {asked.includes}, which it includes")
    if asked.screen:
        zero = "; no there is zero here" if asked.screen.no_is_zero else ""
        said.append(f"after the screening question {asked.screen.name}{zero}")
    if asked.blank_is_zero:
        said.append("a blank of a firm that was asked is no, or none")
    if asked.missing:
        said.append(f"{', '.join(map(str, asked.missing))} is no answer")
    if asked.invalid == "missing":
        said.append("what does not fit is missing")
    return "; ".join(said)


def _counts(variable: str, reading: Reading, teller: Teller) -> Counts | None:
    """Return how many firms have which state of answer, where the column can be read."""
    if reading.quality is not None:
        n = reading.quality["variables"].get(variable)
        if n is None:
            return None
        valid, filtered, missing, invalid = (
            teller.count(n[key]) for key in ("valid", "filtered", "missing", "invalid")
        )
        return Counts(valid, filtered, missing, invalid)
    answer = reading.answers.get(variable)
    if answer is None:
        return None
    answered, unfit = int(answer.values.notna().sum()), int(answer.invalid.sum())
    blank = len(answer.values) - answered - unfit
    return Counts(
        teller.count(answered), None, teller.count(blank), teller.count(unfit), filtered_known=False
    )


def _value(variable: str, reading: Reading, teller: Teller) -> str:
    """Return per cent yes, or the mean, or why it is withheld."""
    values = reading.values(variable)
    if variable == "nace" and reading.firms is not None:
        makers = reading.firms.loc[reading.firms["nace"].notna(), "manufacturing"].dropna()
        return _part_of(makers, teller, "in manufacturing", "elsewhere")
    if values is None or variable in TEXT:
        return ""
    known = values.dropna()
    if variable in FLAGS:
        return _part_of(known, teller, "yes", "no")
    mean, why = teller.mean(known.astype("float64"))
    unit = " %" if variable in PERCENT else ""
    return f"mean withheld: {why}" if mean is None else f"mean {mean:,.10g}{unit}"


def _divisions(firms: pd.DataFrame, minimum: int) -> str:
    """Return in how many divisions firms are: years, and strata, are in one or two of them."""
    n = int((firms["nace"].dropna().str[:2].value_counts() >= minimum).sum())
    return f"{n} division{'' if n == 1 else 's'} of {minimum} firms and more"


def _part_of(known: pd.Series, teller: Teller, one: str, other: str) -> str:
    """Return the part of firms that say yes, in words where it is withheld."""
    yes, of = float(known.sum()), len(known)
    if (share := teller.share(yes, of)) is not None:
        return f"{share} % {one}"
    few = f"({counted(None, teller.minimum)})"
    if of < teller.minimum:
        return f"hardly any answer {few}"
    return f"hardly any {one if yes < teller.minimum else other} {few}"


def _remarks(variable: str, doubts: Doubts) -> Iterator[str]:
    """Yield what is worth knowing about a mapping and does not speak against it."""
    reading = doubts.reading
    columns = reading.columns[variable]
    labelled = [c for c in columns if reading.seen.legend.columns.get(c)]
    if columns and not labelled and reading.seen.legend.columns:  # else the wave's head says it
        yield "no label: only its name tells what it is"
    elif doubts.words.unknown(variable, columns) and not doubts.words_known:
        told = list(_speaks_for(variable, doubts))
        yield from told or ["no word of its label is known to be about this"]
    if variable == "nace" and reading.firms is not None:
        yield _divisions(reading.firms, doubts.teller.minimum)
    for column in columns:
        if reading.seen.profiles[column].present == 0:
            yield f"{column} holds no value in this wave"


def _speaks_for(variable: str, doubts: Doubts) -> Iterator[str]:
    yield from doubts.words.speaks_for(variable, doubts.reading.columns[variable])


def _absent(unread: Sequence[str], reading: Reading, words: Wording) -> Iterator[Absent]:
    """Yield the variables that models need and nothing is read for, if they are missed.

    That is those without which no model runs, and those that a free column may be; a survey has
    shares of the one questionnaire or of the other, and employees or classes of size.
    """
    for variable in unread:
        near = tuple(words.near(variable, reading.used_for))
        if variable in ESSENTIAL or any(n.column not in reading.used_for for n in near):
            yield Absent(variable, meaning(variable, reading.codebook.reference_year), near)
