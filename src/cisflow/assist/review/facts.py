"""What a review sheet tells, as facts: page, terminal and JSON are written from these alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cisflow.study.marks import Mark


@dataclass(frozen=True)
class Told:
    """What is wrong, as the checks say it."""

    where: str
    what: str
    remedy: str


@dataclass(frozen=True)
class Code:
    """A code of a column: what the file says it means, how the codebook reads it, how many rows.

    ``rows`` is None where fewer rows than the minimum have it, or none. ``against`` says why the
    reading looks wrong; it is empty where it does not.
    """

    code: str
    meaning: str
    read_as: str
    rows: int | None
    against: str = ""


@dataclass(frozen=True)
class Column:
    """A column of the file that a variable is read from."""

    # name, label: as the file or its list of labels has them, in full.
    name: str
    label: str
    codes: tuple[Code, ...] = ()  # its codes, for variables that have some
    # before, after: the columns beside it in the file, each with its label and the variable it is
    # read for.
    before: tuple[Neighbour, ...] = ()
    after: tuple[Neighbour, ...] = ()
    # Other columns of its battery, by the beginning of their names.
    same_stem: tuple[Neighbour, ...] = ()


@dataclass(frozen=True)
class Neighbour:
    """Another column, its label, and the variable it is read for (empty if for none)."""

    column: str
    label: str
    used_for: str = ""


@dataclass(frozen=True)
class Alternative:
    """A column that might have been the variable's, and why it was not taken."""

    column: str
    label: str
    why: str


@dataclass(frozen=True)
class Counts:
    """Firms by the state of their answer, rounded to the minimum; None where fewer.

    ``not_asked`` and ``missing`` are told together as ``blank`` where filters could not be applied.
    """

    valid: int | None
    not_asked: int | None
    missing: int | None
    invalid: int | None
    filtered_known: bool = True


@dataclass(frozen=True)
class Card:
    """One canonical variable and the columns it is read from."""

    # variable, question: its canonical name, and what it is meant to be.
    variable: str
    question: str
    needed: bool  # whether a model of the run rests on it
    # state, settled, source, note: how sure the mapping is, whether that is enough, by which
    # document, and what the codebook says besides.
    state: str
    settled: bool
    source: str
    note: str
    said: str  # the question as the codebook words it
    read: str  # how the columns become the variable, in words
    asked_if: str  # the yes/no variable that decides who was asked
    columns: tuple[Column, ...]  # the columns
    counts: Counts | None  # how many firms answered; None if they could not be read
    value: str  # per cent yes, or mean, in words; why it is withheld where it is
    # against, doubts, remarks, speaks_for: what speaks against the mapping, what leaves a doubt,
    # what is worth knowing, and what speaks for it.
    against: tuple[str, ...]
    doubts: tuple[str, ...]
    remarks: tuple[str, ...]
    speaks_for: tuple[str, ...]
    turned_down: tuple[Alternative, ...]  # columns that might have been taken
    confirm: str  # what to write or run to confirm it

    @property
    def doubted(self) -> tuple[str, ...]:
        """All that speaks against it, the gravest first."""
        return (*self.against, *self.doubts)


@dataclass(frozen=True)
class Absent:
    """A variable that a model needs and no column is read for, with what comes near."""

    variable: str
    question: str
    near: tuple[Alternative, ...]


@dataclass(frozen=True)
class Cell:
    """A place in a grid: which columns fill it (none: a gap), and what is said of them.

    ``doubted`` is whether anything speaks against them or leaves a doubt, ``against`` whether
    something does speak against them.
    """

    columns: tuple[str, ...] = ()
    variable: str = ""
    state: str = ""
    doubted: bool = False
    against: bool = False


@dataclass(frozen=True)
class Row:
    """A row of a grid."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """A battery of questions, with its gaps."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    confirm: str = ""


@dataclass(frozen=True)
class Unused:
    """Columns that no variable is read from and whose names begin alike."""

    stem: str
    columns: tuple[Neighbour, ...]


@dataclass(frozen=True)
class WaveSheet:
    """A wave: its variables, batteries and unused columns, and what is wrong with it."""

    # country, name, wave: code and name of the country, and the wave.
    country: str
    name: str
    wave: str
    # file, codebook, path, title, reference_year: the extract, its codebook, the codebook's file,
    # title and year.
    file: str
    codebook: str
    path: str
    title: str
    reference_year: int | None
    # rows, columns: rows that are the wave's, and columns of the file; None if it could not be
    # read.
    rows: int | None = None
    columns: int | None = None
    labels: str = ""  # where the labels are from
    # errors, findings: what stops the run, and what looks wrong in the answers.
    errors: tuple[Told, ...] = ()
    findings: tuple[Told, ...] = ()
    # cards, absent, grids, unused: variables by urgency, needed variables without a column,
    # batteries, unused columns.
    cards: tuple[Card, ...] = ()
    absent: tuple[Absent, ...] = ()
    grids: tuple[Grid, ...] = ()
    unused: tuple[Unused, ...] = ()

    @property
    def source(self) -> str:
        """The source of most mappings, which is told once; empty if there is none."""
        counts = Counter(card.source for card in self.cards)
        source, n = counts.most_common(1)[0] if counts else ("", 0)
        return source if 2 * n > len(self.cards) > 1 else ""

    @property
    def open(self) -> tuple[Card, ...]:
        """Cards that a person has yet to confirm."""
        return tuple(card for card in self.cards if not card.settled)

    @property
    def doubted(self) -> tuple[Card, ...]:
        """Cards that something speaks against."""
        return tuple(card for card in self.cards if card.doubted)


@dataclass(frozen=True)
class Sheet:
    """The whole review of a run.

    ``minimum`` is the fewest firms of which a number is told, by the ``rules``; ``marks`` are what
    everything the run publishes carries.
    """

    run: str
    title: str
    config: str
    data: str
    minimum: int
    rules: str
    marks: tuple[Mark, ...] = ()
    errors: tuple[Told, ...] = ()
    waves: tuple[WaveSheet, ...] = field(default_factory=tuple)

    @property
    def wrong(self) -> bool:
        """Whether config or a wave has errors."""
        return bool(self.errors) or any(wave.errors for wave in self.waves)
