"""Codebooks, typed: how the columns of one questionnaire become canonical variables.

What a user writes of a codebook, and what holds of it once :mod:`cisflow.study.codebook_files` has
merged it with what it extends. ``workflow/schemas/codebook.schema.yaml`` is made from these types.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypeAliasType

from cisflow.study.canonical import ACCOUNT_MONEY, BLOCK_OF, MONEY, SPENDING
from cisflow.study.documents import Document
from cisflow.study.surveys import Survey

# By what a value in a unit is multiplied.
MULTIPLES = {"unit": 1.0, "thousand": 1e3, "million": 1e6, "percent": 1.0, "fraction": 100.0}
# Spending that is stated in relation to another amount, and to which one.
TOTAL_OF = {
    f"{part}_of_{total}": total
    for total in ("turnover", "innovation_spending")
    for part in ("percent", "fraction")
}
MULTIPLES |= {unit: 0.01 if unit.startswith("percent") else 1.0 for unit in TOTAL_OF}
# The code that stands for every number above zero: a percentage, or an amount, read as yes or no.
ABOVE_ZERO = ">0"
# What the config may say on how to open a source, besides its codebook's `file:`.
CONFIG_KEYS = ("decimal", "join", "member", "select", "sheet", "thousands")
YES_NO = {"0": False, "1": True}


def block_of(variable: str) -> str:
    """Return the block a variable belongs to, :data:`FIRM` for all without one of their own."""
    return BLOCK_OF.get(variable, FIRM)


def split_seal(item: str) -> tuple[str, str]:
    """Return the name and the seal of what a config lists as confirmed; the seal may be empty."""
    name, _, seal = item.partition("@")
    return name, seal


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _listed_each(values: Any) -> Any:
    return [_listed(value) for value in values]


def _written(form: Any) -> BeforeValidator:
    """Say in the schema in which form users write what is read into another one."""
    return BeforeValidator(lambda value: value, json_schema_input_type=form)


Constant = bool | int | float | str
CONSTANTS = ["boolean", "number", "string"]
Text = Annotated[str, Field(min_length=1)]
_UNIQUE: dict[str, Any] = {"uniqueItems": True}
Value = TypeAliasType(
    "Value",
    Annotated[
        str | int | float,
        WithJsonSchema(
            {
                "description": "A code as it stands in the file; put yes, no, on, off and NO "
                "(Norway) in quotes.",
                "type": ["string", "number"],
            }
        ),
    ],
)
Note = Annotated[Text, Field(description="What a reader should know about this choice, in words.")]
MoneyUnit = Literal["unit", "thousand", "million"]
_UNIT_OR_NULL: dict[str, Any] = {
    "description": "`unit`, `thousand` or `million`; null drops a unit taken over.",
    "anyOf": [{"enum": ["unit", "thousand", "million"]}, {"type": "null"}],
}
Codes = TypeAliasType(
    "Codes",
    Annotated[
        Mapping[
            str,
            Annotated[
                Constant,
                WithJsonSchema({"description": "yes, no, a number or a text.", "type": CONSTANTS}),
            ],
        ],
        Field(
            min_length=1,
            description="From the code in the file to its canonical value (yes, no or a number); "
            '`"*"` stands for every other code, `">0"` for every other number above zero (to read '
            'amounts as yes or no), `"{country}"` for the country\'s two letters.',
        ),
    ],
)
Verified = Annotated[
    Literal["drafted", "confirmed", "sourced", "inferred", "general", "template"],
    Field(
        description="How sure the mapping is: drafted (by `cisflow init`, nobody looked at it), "
        "confirmed (a person held it against the questionnaire), sourced (a public document says "
        "so), inferred (deduced from one), general (general knowledge), template (to be confirmed "
        "by whoever holds the file)."
    ),
]
FIRM = "firm"  # the block of all variables that have none of their own
DRAFTED, CONFIRMED = "drafted", "confirmed"
# What the run makes of a confirmed mapping that is no longer the one that was confirmed.
CHANGED = "changed since it was confirmed"
# What of a mapping may be edited without reading anything else.
UNSEALED = {"label", "required", "verified", "source", "note", "seal"}
LETTERS = str.maketrans("0123456789", "ghijklmnop")  # so that YAML reads no number
SEAL_LENGTH = 8
# Who says so has seen a document, or the questionnaire: nobody need confirm it.
SETTLED = ("sourced", CONFIRMED)
Source = Annotated[Text, Field(description="The document the mapping was taken from.")]
Columns = TypeAliasType(
    "Columns",
    Annotated[
        tuple[Text, ...],
        Field(min_length=1, description="Names of columns.", json_schema_extra=_UNIQUE),
    ],
)
Names = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=Text | Columns)]
Parts = TypeAliasType(
    "Parts",
    Annotated[
        tuple[tuple[str, ...], ...],
        BeforeValidator(
            _listed_each,
            json_schema_input_type=Annotated[
                tuple[Text | Columns, ...], Field(min_length=1, json_schema_extra=_UNIQUE)
            ],
        ),
        Field(description="Columns a variable is made of."),
    ],
)
Tokens = Annotated[tuple[Value, ...], Field(min_length=1)]


class Money(Document):
    """Currency and unit in which amounts are written."""

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    """Three-letter code of the currency, such as EUR."""
    unit: MoneyUnit = "unit"
    """What one written unit stands for: `unit`, `thousand` or `million`."""
    column: Names = ()
    """Only for accounts; column with the currency of each row, or alternatives. Every row must be
    in the codebook's."""
    note: Note | None = None


class File(Document):
    """How to open the file, where that cannot be seen from the file itself."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """Character between two columns of a text file; found by itself when not given."""
    encoding: Text | None = None
    """Encoding of a text file or of an SPSS/Stata/SAS file, such as utf-8, cp1252 or latin-1."""
    decimal: Literal[".", ","] | None = None
    """Decimal sign of a text file, `.` or `,`; found by itself when not given and the numbers tell.
    For accounts, of the text cells of an Excel file too."""
    thousands: Literal[",", ".", " ", "'"] | None = None
    """Only for accounts; the sign between thousands, `,` `.` a blank (of any width) or an
    apostrophe (of any form). Found by itself when not given and the figures tell."""
    sheet: Text | None = None
    """Name of the sheet of an Excel file; the first one when not given."""
    label_row: bool | None = None
    """Whether the row below the header of a text or Excel file explains the columns; seen by itself
    when not given."""
    header_row: Annotated[int, Field(ge=1)] | None = None
    """Row of a text or Excel file that has the names of the columns, counted from 1 without blank
    rows; found by itself when not given, below titles and merged cells."""
    all_rows: bool | None = None
    """`true` keeps rows of a text or Excel file that sum others or hold notes; such rows are left
    out when not given, and how many is told."""
    note: Note | None = None
    join: SkipJsonSchema[str] | None = None
    """From the config: the column that identifies rows in all of several files."""
    member: SkipJsonSchema[str] | None = None
    """From the config: which file of a zip archive."""
    select: SkipJsonSchema[Mapping[str, Any]] = Field(default_factory=dict)
    """From the config: column and value (or values) of the rows to keep."""
    stored_apart: SkipJsonSchema[bool] | None = None
    """Whether figures are read as they are written, stored fractions told apart."""
    figures: SkipJsonSchema[str] | None = None
    """How the file's figures were written, once they have been made plain."""

    @property
    def options(self) -> dict[str, Any]:
        """What :func:`cisflow.raw.extract.open_extract` is told."""
        return {key: value for key, value in self if value is not None}


class Nace(Document):
    """Classification of economic activities the file uses."""

    revision: Literal["1.1", "2", "isic3"]
    """`"1.1"` (also for Rev. 1), `"2"` (Rev. 2), or `isic3`; write the numbers in quotes."""
    leading_zeros: Literal["lost", "kept"] | None = None
    """Whether codes have lost a zero at their front, as when 0811 was stored as the number 811:
    `lost` puts it back, `kept` takes the codes as they are. Told by the classification when not
    given; where it does not tell the file is refused."""
    note: Note | None = None


class Shares(Document):
    """How the shares of turnover hang together."""

    sum_to_100: Annotated[tuple[str, ...], Field(json_schema_extra=_UNIQUE)] = ()
    """The shares that together make up the whole turnover; their sum is checked. An empty list
    drops the one taken over."""
    complete_blanks: bool = False
    """true if a blank share is zero wherever the shares present already make 100."""
    note: Note | None = None


class Sign(Document):
    """Columns, what they tell, and what to do."""

    columns: Columns
    meaning: Text
    """What it tells that the file has one of the columns."""
    remedy: Text
    """What to do, such as which codebook to use."""


class Break(Document):
    """One break."""

    since: int = Field(alias="from")
    """Reference year of the first wave after the break, such as 2008."""
    text: Text
    """What changed and what is not comparable, as a sentence."""
    source: Source
    verified: Verified


Reason = Annotated[
    Text, Field(description="Why the contradiction is no error, as a sentence for readers.")
]


class Acceptance(Document):
    """Why a contradiction is no error, and for how many firms that holds."""

    reason: Reason
    up_to: Annotated[float, Field(gt=0, le=100)] | None = None
    """The largest share of those concerned for which it holds, in per cent. Above it the
    contradiction stops the run again, so that a later delivery is not accepted unseen."""


def _with_reason(value: Any) -> Any:
    return {"reason": value} if isinstance(value, str) else value


Accepted = Annotated[
    Acceptance, BeforeValidator(_with_reason, json_schema_input_type=Reason | Acceptance)
]


class Header(Document):
    """Only for accounts with one column per item and year; how to read such a header."""

    pattern: Text | None = None
    """Regular expression with the named groups label and year, and if the headers have them unit,
    currency, last (the text for "last available year") and back (the number in "Year - 1"); matched
    after every run of blanks and newlines is made one blank. Unit and currency before or behind the
    year (th EUR, mEUR, (EUR'000), €m) are found without a group."""
    units: Annotated[
        Mapping[str, MoneyUnit],
        _written(dict[str, Annotated[MoneyUnit, WithJsonSchema(_UNIT_OR_NULL)]]),
    ] = {}
    """From the unit as written in the header to `unit`, `thousand` or `million`; one in small
    letters has any capitals. Units are added to those taken over, null drops one. A single letter
    counts beside a currency only."""


class Consolidation(Document):
    """Only for accounts; consolidated or unconsolidated ones, which to keep of several.

    A codebook that extends another states what differs; `codes` are added to those taken over.
    """

    name: Names = ()
    """Column of the consolidation code, or alternatives; nothing is chosen if the file has none."""
    prefer: Annotated[tuple[Text, ...], Field(min_length=1, json_schema_extra=_UNIQUE)] = ()
    """Kinds of accounts that may be kept, the best first, such as [U1, U2, C2, C1]; one row per
    firm is kept, kinds not listed are left out, and a row that does not say comes last."""
    codes: Mapping[str, Text] = {}
    """From a text in the file to a kind, such as `consolidated accounts: C1`; C1, C2, U1, U2, LF
    and NF are known."""
    note: Note | None = None


class FiscalYear(Document):
    """Only for accounts; when fiscal years end and how long they are.

    A codebook that extends another states what differs.
    """

    closing_date: Names = ()
    """Column with the closing date (or year) of a firm's last accounts, or alternatives; it turns
    "Last avail. yr" and "Year - 1" into years."""
    previous_year_before_month: Annotated[int, Field(ge=1, le=12)] = 1
    """Accounts that close before this month count for the year before; 1 (the default) takes the
    year of the date."""
    months: Names = ()
    """Label (or column) of the number of months, or alternatives."""
    other_than_12: Literal["keep", "exclude"] = "keep"
    """What to do with a fiscal year of other than twelve months: `keep` (the default) or `exclude`.
    Both are counted."""
    note: Note | None = None


class Block(Document):
    """What all variables of the block share; a variable's own key wins."""

    asked_if: Text | None = None
    """Canonical yes/no variable; the question was put only to firms that have it."""
    codes: str | None = None
    """Name of a set of `codes:` for all variables of the block."""
    verified: Verified | None = None
    """Of all variables of the block that do not say it themselves; `confirmed` is of those that are
    drafted, too."""
    source: Source | None = None
    note: Note | None = None


class Blocks(Document):
    """What all variables of a block share, so that it need not be repeated.

    Blocks are shares, spending, cooperation, partners, funding, protection, sources, and firm for
    all others.
    """

    firm: Block = Block()
    shares: Block = Block()
    spending: Block = Block()
    cooperation: Block = Block()
    partners: Block = Block()
    funding: Block = Block()
    protection: Block = Block()
    sources: Block = Block()


class Format(Document):
    """Only for firm_id; how it is written everywhere, so that survey and accounts meet.

    Blanks, dots, dashes and the prefix are taken off, zeros filled in on the left, the prefix put
    back.
    """

    prefix: Text = ""
    """What stands before the digits, such as BE; nothing when not given."""
    digits: Annotated[int, Field(ge=1, le=30)]
    """Number of digits, leading zeros included."""


class Screen(Document):
    """The yes/no question before this one, as "Did you have ...? If yes, how much?"."""

    name: Text
    """Column of the screening question, coded as `yes_no`; it is not used if the file lacks it."""
    codes: Codes | None = None
    """Codes of the screening question, where they are not those of `yes_no`."""
    missing: Tokens = ()
    """Codes of the screening question that stand for no answer."""
    no_is_zero: bool = False
    """true if a blank is zero (or no) for firms that answered the screening question with no."""


class Variable(Document):
    """Where a variable comes from, and how to read it.

    Exactly one of name, any_of, sum_of and constant (or, for firm_id, row_number); null drops a
    variable taken over with `extends`.
    """

    model_config = ConfigDict(json_schema_extra={"type": ["object", "null"]})

    name: Names = ()
    """Column of the file (capitals do not matter), or a list of alternatives of which the file has
    one."""
    any_of: Parts = ()
    """Yes/no columns, each or a list of its alternative names; yes if one says yes, no if all say
    no."""
    sum_of: Parts = ()
    """Columns with amounts to be added up, each or a list of its alternative names."""
    constant: Annotated[Constant, WithJsonSchema({"type": CONSTANTS})] | None = None
    """One value for all firms, for what the file does not hold."""
    row_number: Annotated[Literal[True], WithJsonSchema({"const": True})] | None = None
    """Only for firm_id; true numbers the rows of a file without identifiers. Its firms cannot be
    linked to company accounts or over waves."""
    label: str | None = None
    """The question in a few words."""
    required: bool = True
    """false if the file may lack the column or hold no value of it; true otherwise (the
    default)."""
    codes: Annotated[Codes | None, _written(Text | Codes)] = None
    """Name of a set of `codes:`, or codes and their canonical values written here; yes_no by
    default for a yes/no variable."""
    unit: (
        Literal[
            "percent",
            "fraction",
            "unit",
            "thousand",
            "million",
            "percent_of_turnover",
            "fraction_of_turnover",
            "percent_of_innovation_spending",
            "fraction_of_innovation_spending",
        ]
        | None
    ) = None
    """`percent` (default) or `fraction` for shares; `unit`, `thousand` or `million` for amounts and
    counts; for spending that is stated in relation to a total, `percent_of_turnover` and
    `fraction_of_turnover`, or `percent_of_innovation_spending` and
    `fraction_of_innovation_spending`."""
    format: Format | None = None
    includes: Text | None = None
    """Only for shares of turnover; the other share that the column includes, which is subtracted
    (in CIS3 the share of new products includes those new to the market)."""
    missing: Tokens = ()
    """Codes that stand for no answer in this variable, such as 9 or 99."""
    invalid: Literal["refuse", "missing"] = "refuse"
    """What to do with values outside the codes or the permitted range: `refuse` the file (the
    default) or count them and make them `missing`."""
    blank_is_zero: bool = False
    """true if a blank of a firm that was asked means no, or none: a box that was not ticked, an
    amount that was not spent."""
    screen: Screen | None = None
    verified: Verified | None = None
    seal: Annotated[str, Field(pattern="^[a-p]{8}$")] | None = None
    """Written by `cisflow confirm`: a digest of columns, codes, unit and filter as they were
    confirmed. If one of these is edited the variable is unconfirmed again."""
    source: Source | None = None
    note: Note | None = None
    asked_if: SkipJsonSchema[str] | None = None
    """The yes/no variable of the block's filter."""

    @property
    def alternatives(self) -> tuple[tuple[str, ...], ...]:
        """The columns the variable is made of, each as its alternative names."""
        return (self.name,) if self.name else self.any_of or self.sum_of

    @property
    def names(self) -> tuple[str, ...]:
        """The alternative names of its first (or only) column; empty if it has none."""
        return next(iter(self.alternatives), ())

    @property
    def made(self) -> bool:
        """Whether it is not read from a column."""
        return self.constant is not None or self.row_number is not None

    @property
    def provenance(self) -> dict[str, str | None]:
        """How sure the mapping is, by which document, and what a reader should know."""
        return {"verified": self.verified, "source": self.source, "note": self.note}


class Codebook(Document):
    """How one questionnaire (or one export of company accounts) is turned into canonical variables.

    What a codebook holds; every other key is an error.
    """

    title: Text
    """What the questionnaire is called, with its years, such as "CIS4, 2002-2004"."""
    extends: Text | None = None
    """Another codebook to take over, by its path below config/codebooks without `.yaml`; keys given
    here win, `missing` adds to the list taken over."""
    column_suffix: Text | None = None
    """Text that stands behind every column named by the codebook taken over with `extends`, such as
    _o; the columns this file names itself are written as they are."""
    table: Literal["firms", "accounts"] = "firms"
    """`firms` for a survey (the default), `accounts` for company accounts."""
    reference_year: Annotated[int, Field(ge=1980, le=2100)] | None = None
    """Last year of the survey's period, a whole number such as 2004."""
    money: Money = Money()
    file: File = File()
    rows: Mapping[
        str,
        Annotated[
            Value | Annotated[list[Value], Field(min_length=1)],
            Field(description="The value, or the list of values, of the rows to keep."),
        ],
    ] = {}
    """Column and value (or list of values): only such rows of a pooled file are read."""
    missing: tuple[Value, ...] = ()
    """Texts that stand for no answer in every column; a blank always does."""
    codes: Mapping[str, Codes] = {}
    """Named sets of codes, each from the code in the file to its canonical value."""
    nace: Nace | None = None
    survey: Survey = Survey()
    shares: Shares = Shares()
    accepts: Mapping[str, Accepted] = {}
    """Contradictions between answers that are known and accepted: from the check's name, as the
    error tells it, to the `reason`, which the paper prints among what it says of the data, and
    `up_to`, the largest share of firms for which it holds, in per cent; the reason alone holds for
    any. One that
    is taken over from another codebook holds as long as the variables it is about are read as they
    were there; where one is not, it is to be accepted anew, or is gone."""
    unexpected: tuple[Sign, ...] = ()
    """Columns by which a file of another kind is known, such as the divided clients of a later
    round; a file that has one of them is refused. A codebook that extends another restates the
    list."""
    breaks: tuple[Break, ...] = ()
    """Breaks of the series, shown wherever a country's waves lie on both sides of one. A codebook
    that extends another restates the list; an empty one drops it."""
    header: Header = Header()
    consolidation: Consolidation = Consolidation()
    fiscal_year: FiscalYear = FiscalYear()
    blocks: Blocks = Blocks()
    variables: Mapping[str, Variable]
    """Canonical variables (config/README.md lists them) and where they come from."""
    id: SkipJsonSchema[str] = ""
    """The name it was asked for by."""
    path: SkipJsonSchema[str] = ""
    """Its file."""
    files: SkipJsonSchema[tuple[str, ...]] = ()
    """Its file, and those it extends."""

    @property
    def yes_no(self) -> Mapping[str, Any]:
        """The usual codes of a yes/no question."""
        return self.codes.get("yes_no", YES_NO)

    def asked_if(self, block: str) -> str | None:
        """Return the yes/no variable that says to which firms a block's questions were put."""
        shared: Block = getattr(self.blocks, block)
        return shared.asked_if

    def no_answer(self, part: Variable | Screen | None = None) -> list[str]:
        """Return what stands for no answer: in every column, and in those of a variable."""
        return [str(token) for token in (*self.missing, *(part.missing if part else ()))]

    def needed_columns(self) -> list[str]:
        """Return every column of the extract that the codebook names, alternatives included."""
        columns = [*self.rows]
        for variable in self.variables.values():
            columns += [name for names in variable.alternatives for name in names]
            columns += [variable.screen.name] if variable.screen else []
        return list(dict.fromkeys(columns))

    def multiple(self, variable: str) -> float:
        """Return by what a written value of ``variable`` is multiplied to be canonical."""
        money = variable in (*MONEY, *SPENDING, *ACCOUNT_MONEY)
        unit = self.variables[variable].unit or (self.money.unit if money else "unit")
        return MULTIPLES[unit]

    def opened(self, **how: Any) -> Codebook:
        """Return the codebook with another way of opening its file."""
        return self.model_copy(update={"file": self.file.model_copy(update=how)})

    def configured(self, source: Mapping[str, Any]) -> Codebook:
        """Return the codebook with what an entry of the config says on its file and of it."""
        opened = self.opened(**{key: source[key] for key in CONFIG_KEYS if key in source})
        known = dict(self._confirmed(source.get("confirmed") or ()))
        return opened.redefined(known) if known else opened

    def _confirmed(self, items: Iterable[str]) -> Iterator[tuple[str, Variable]]:
        """Yield what a config confirms, unless it has changed since (``turnover@abcdefgh``)."""
        for name, seal in map(split_seal, items):
            state = CHANGED if seal and seal != self.seal(name) else CONFIRMED
            for variable in self.members(name):
                entry = self.variables[variable]
                if state == CONFIRMED or entry.verified not in SETTLED:
                    yield variable, entry.model_copy(update={"verified": state})

    def seal(self, name: str) -> str:
        """Return a digest of how a variable, or all of a block, are read.

        It is the same for another label, source or note, and for keys that are left at their
        defaults.
        """
        text = json.dumps([(v, self._read_as(v)) for v in self.members(name)], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:SEAL_LENGTH]
        return digest.translate(LETTERS)

    def _read_as(self, variable: str) -> dict[str, Any]:
        entry = self.variables[variable]
        read = entry.model_dump(mode="json", exclude=UNSEALED, exclude_defaults=True)
        if variable in (*MONEY, *SPENDING, *ACCOUNT_MONEY):
            read |= {"multiple": self.multiple(variable), "currency": self.money.currency}
        return read

    def held(self) -> Codebook:
        """Return the codebook with those confirmed mappings told that were edited since."""
        changed = {
            variable: entry.model_copy(update={"verified": CHANGED})
            for variable, entry in self.variables.items()
            if entry.verified == CONFIRMED and entry.seal not in (None, self.seal(variable))
        }
        return self.redefined(changed) if changed else self

    def members(self, name: str) -> list[str]:
        """Return the variables that a name stands for: itself, or those of a block."""
        if name in self.variables:
            return [name]
        return [variable for variable in self.variables if block_of(variable) == name]

    def redefined(self, variables: Mapping[str, Variable]) -> Codebook:
        """Return the codebook with other entries of some variables."""
        return self.model_copy(update={"variables": {**self.variables, **variables}})
