"""What the config of a run may hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypeAliasType

from cisflow.study.documents import Document
from cisflow.study.paper import Paper
from cisflow.study.surveys import Survey
from cisflow.study.terms import tidy_made

Number = int | float
UNIQUE = {"uniqueItems": True}
Code = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Lag = Annotated[int, Field(ge=0, le=6)]
LagAverage = Annotated[int, Field(ge=1, le=7)]
RunName = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=100)]

Attributes = TypeAliasType(
    "Attributes",
    Annotated[
        dict[
            Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")],
            Annotated[
                Number | dict[str, Number],
                Field(
                    description="A number such as 31.5, or one per wave such as "
                    "{CIS4: 31.5, CIS2006: 32.1}."
                ),
            ],
        ],
        Field(
            description="What is known of the country, by a name of your own such as gdp; one "
            "number, or numbers by wave. Moderators of the pooled effects are taken from here."
        ),
    ],
)
ExtractFile = TypeAliasType(
    "ExtractFile",
    Annotated[
        str,
        Field(
            description="Path of the extract, relative to the folder you run in; usually "
            "data/raw/{country}/…."
        ),
    ],
)
CodebookName = TypeAliasType(
    "CodebookName",
    Annotated[
        str,
        Field(
            description="Name below config/codebooks/, such as eurostat/cis4, or the path of a "
            "YAML file."
        ),
    ],
)
Sha256 = TypeAliasType(
    "Sha256",
    Annotated[
        str,
        Field(
            pattern="^[0-9a-f]{64}$",
            description="Checksum the file must have; protects a published result against a "
            "changed extract.",
        ),
    ],
)
Member = TypeAliasType(
    "Member",
    Annotated[
        str,
        Field(
            min_length=1,
            description="Which file of a zip archive is meant, as the archive names it; needed if "
            "it holds several data files.",
        ),
    ],
)
Select = TypeAliasType(
    "Select",
    Annotated[
        dict[
            str,
            Annotated[
                str | Number | Annotated[tuple[str | Number, ...], Field(min_length=1)],
                Field(
                    description="The value, or the list of values, of the rows to keep; put NO "
                    "(Norway) in quotes."
                ),
            ],
        ],
        Field(
            min_length=1,
            description="Column and value (or list of values), such as `{COUNTRY: BE}`: only such "
            "rows of a file that several countries or waves share are read. It wins over `rows:` "
            "of the codebook for the same column.",
        ),
    ],
)


Confirmed = TypeAliasType(
    "Confirmed",
    Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        Field(
            min_length=1,
            json_schema_extra=UNIQUE,
            description="Variables and blocks of the codebook that a person has held against the "
            "questionnaire of this file, such as [turnover, partners]; for codebooks that come "
            "with cisflow and are not yours to change. `cisflow confirm` writes it, with a digest "
            "of what was confirmed behind each name (turnover@abcdefgh): if the codebook reads it "
            "otherwise later, it is unconfirmed again.",
        ),
    ],
)


Sheet = Annotated[
    str,
    Field(
        min_length=1,
        description="Name of the sheet of an Excel file, where that is another one than the "
        "codebook's `file: {sheet: …}`; the first one when neither says it.",
    ),
]
Tidy = Annotated[str, AfterValidator(tidy_made)]  # a term as the estimates call it


class Extract(Document):
    """What was delivered for a wave, one file or several, and the codebook that explains it."""

    file: (
        ExtractFile
        | Annotated[tuple[ExtractFile, ...], Field(min_length=2, json_schema_extra=UNIQUE)]
    )
    """Path of the extract, relative to the folder you run in, usually data/raw/{country}/…; or a
    list of files to be joined by `join`, the first of which says which firms there are."""
    join: Annotated[str, Field(min_length=1)] | None = None
    """Only with several files; the column that identifies firms in all of them."""
    member: Member | None = None
    sheet: Sheet | None = None
    select: Select | None = None
    codebook: CodebookName
    sha256: Sha256 | Annotated[tuple[Sha256, ...], Field(min_length=2)] | None = None
    """Checksum the file must have; with several files the list of theirs."""
    confirmed: Confirmed | None = None


class Deflator(Document):
    """Price index of the country; amounts are then in prices of the base year (matters to labour
    productivity alone).
    """  # noqa: D205 - one sentence, as messages print it

    file: str
    """File with the columns year and index, one row per year."""
    base_year: int
    """The year whose prices amounts are expressed in."""


class Accounts(Document):
    """One export of company accounts and the codebook that explains it."""

    file: ExtractFile
    member: Member | None = None
    sheet: Sheet | None = None
    select: Select | None = None
    decimal: Literal[".", ","] | None = None
    """Sign before decimals, `.` or `,`; needed only where the figures of the file do not tell. It
    wins over `file:` of the codebook."""
    thousands: Literal[",", ".", " ", "'"] | None = None
    """Sign between thousands, `,` `.` a blank or an apostrophe; needed only where the figures do
    not tell, as if 1,000 and 2,000 were all. It wins over `file:` of the codebook."""
    codebook: CodebookName
    sha256: Sha256 | None = None
    confirmed: Confirmed | None = None
    deflator: Deflator | None = None


Wave = Annotated[
    str,
    Field(
        pattern="^(?!accounts$)[A-Za-z0-9][A-Za-z0-9_-]*$",
        description="A short wave name without blanks, such as CIS4 or 2010.",
    ),
]


class Country(Document):
    """A country's extracts."""

    name: str
    """Name to print, such as Flanders (Belgium)."""
    waves: Annotated[dict[Wave, Extract], Field(min_length=1)]
    """One entry per survey wave, in the order of time."""
    survey: Survey | None = None
    """The survey, as the paper tells of it; what is said here goes before `survey:` of the
    codebooks."""
    attributes: Attributes | None = None
    official_rates: Annotated[str, Field(min_length=1)] | None = None
    """Published cooperation rates to compare with: a file with the columns wave, sector, size,
    partner and rate (percent); config/README.md lists the names."""
    accounts: Accounts | None = None
    """Company accounts to link to the survey; leave out where there are none."""


class Sent(Document):
    """A country whose estimates another centre exported; no user writes it into a config."""

    name: str
    waves: dict[str, dict[str, Any]]
    attributes: Attributes
    export: str
    series: dict[str, list[Any]]
    accounts: dict[str, str] | None = None


class Pool(Document):
    """How estimates of two and more countries are pooled; one country is not pooled."""

    by: Literal["country", "wave"] = "country"
    """`country`: a country's waves are averaged by inverse variance first; `wave`: each wave is
    pooled over the countries that have it."""
    method: Literal["paule-mandel", "dersimonian-laird", "fixed"] = "paule-mandel"
    """Estimator of the variance between countries (τ²); `fixed` sets it to 0. The others stand
    beside it in a table."""
    knapp_hartung: bool = True
    """Standard errors scaled by the spread of the countries, and t instead of the normal
    distribution (Hartung & Knapp 2001)."""
    terms: Annotated[tuple[Tidy, ...], Field(min_length=1, json_schema_extra=UNIQUE)] | None = None
    """Terms to pool, as the estimates call them; when not given, all but constants, controls and
    dummies."""
    moderators: Annotated[tuple[str, ...], Field(json_schema_extra=UNIQUE)] = ()
    """Attributes of the countries to regress the effects on, all in one regression
    (meta-regression)."""
    attributes: dict[Code, Attributes] | None = None
    """Attributes by country code, for countries that come from exports; as
    `countries.XX.attributes`."""


class Construct(Document):
    """One measure of your own."""

    definition: Annotated[str, Field(min_length=1)]
    """What it is made of, such as `any(fund_national, fund_eu)` or `100 * rd_external / turnover`;
    it may use other ones."""
    label: Annotated[str, Field(min_length=1, max_length=80)]
    """Its name in print."""
    unit: Annotated[str, Field(max_length=40)] = ""
    """What it is counted in, such as % of turnover."""
    description: Annotated[str, Field(max_length=500)] = ""
    """A sentence for the paper's section on measures."""


class AccountsOutcomes(Document):
    """How the ratios from the company accounts are made."""

    winsorise: Annotated[float, Field(gt=0, lt=0.5)] | None = None
    """Share of each tail of a ratio to set to the tail's limit, such as 0.01; percentiles of all
    firms with accounts, per country and year. Nothing is when not given."""


class Bootstrap(Document):
    """How many samples are drawn for intervals and p-values."""

    draws: Annotated[int, Field(ge=100)] = 5000
    """Bootstrap samples behind the intervals of path effects."""
    test_draws: Annotated[int, Field(ge=0)] = 99
    """Simulated samples behind the p-values of the Tobit's specification tests; 0 takes the χ²
    distribution, which rejects too often in small samples."""
    imputations: Annotated[int, Field(ge=2)] = 20
    """Completed samples behind estimates with answers imputed."""


class Settings(Document):
    """What config/config.yaml and its like may hold; every other key is an error."""

    run: RunName
    """Short name of the run; its results go to results/{run}/. Letters, digits, - and _."""
    title: Annotated[str, Field(min_length=1)]
    """Title of the paper and the report."""
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = "en"
    """Language of paper, supplement, tables and figures: en, nl, or one whose words you give in
    config/languages/."""
    paper: Paper = Field(default_factory=Paper)
    """Authors, keywords and what else stands on the paper's title page, and how it is set."""
    data: Literal["synthetic", "real"]
    """`synthetic` stamps SYNTHETIC on every table, figure and page; `real` is for survey data."""
    record: bool = False
    """`true` for a publication of record: the run is refused while a variable that it needs is
    unconfirmed (`verified:` of the codebook is neither `sourced` nor `confirmed`). Otherwise such a
    run goes through, and all it publishes is marked DRAFT MAPPING."""
    seed: Annotated[int, Field(ge=0)]
    """Whole number that fixes every random draw (simulation and bootstrap)."""
    simulate: str | None = None
    """Only with `data: synthetic`: file of true coefficients to simulate the extracts from, such
    as config/truth/flanders.yaml."""
    countries: Annotated[
        dict[
            Annotated[Code, Field(description="A two-letter country code such as BE.")],
            Country | SkipJsonSchema[Sent],
        ],
        Field(json_schema_extra={"minProperties": 1}),
    ] = {}  # noqa: RUF012 - pydantic copies a default
    """One entry per country: two-letter code and where its extracts are. Only a run with
    `pool_from` may do without."""
    absent: SkipJsonSchema[dict[str, dict[str, str]]] = Field(default_factory=dict)
    unconfirmed: SkipJsonSchema[int] = Field(default_factory=int)
    """Over all extracts, how many variables the run needs whose mapping nobody has confirmed."""
    surveys: SkipJsonSchema[dict[str, dict[str, Survey]]] = Field(default_factory=dict)
    """Per country and wave what config and codebook say of the survey."""
    constructs: dict[str, Construct] = {}  # noqa: RUF012 - pydantic copies a default
    """Measures of your own, made with the panel and used in models like any variable."""
    pool_from: Annotated[tuple[str, ...], Field(min_length=1, json_schema_extra=UNIQUE)] | None = (
        None
    )
    """Exports of other centres (`snakemake export`), each an export.zip or the folder it was
    unpacked to; their countries are pooled with those of this run, or alone if it has none of its
    own."""
    pool: Pool = Pool()
    lag: Lag = 2
    """Years between the survey's reference year and the company accounts (2 in Faems et al.
    2010)."""
    lags: Annotated[tuple[Lag, ...], Field(min_length=1, json_schema_extra=UNIQUE)] | None = None
    """Lags at which the panel has every ratio of the accounts besides `lag`, as
    profit_margin_lag0, profit_margin_lag1 and so on, for models that scan the horizon; `[lag]`
    when not given."""
    lag_average: LagAverage = 1
    """Over how many years, those up to the lag, the outcomes from the accounts are averaged; 1
    takes the year of the lag alone."""
    accounts_outcomes: AccountsOutcomes = AccountsOutcomes()
    models: Annotated[tuple[str, ...], Field(min_length=1, json_schema_extra=UNIQUE)]
    """Names of the models to estimate, from the models file."""
    model_changes: dict[
        str,
        Annotated[
            dict[str, Any],
            Field(min_length=1, description="Keys of the model and their values in this run."),
        ],
    ] = {}  # noqa: RUF012
    """Per model the keys that differ from the models file in this run, such as `faems2005:
    {controls: [log_employees, group]}` for a survey that does not ask about R&D."""
    models_file: str = "config/models.yaml"
    """File with the models, relative to the project's folder or to the working folder."""
    claims_file: str = "config/claims.yaml"
    """File with the claims, relative to the project's folder or to the working folder."""
    bootstrap: Bootstrap = Bootstrap()
    disclosure: Annotated[str, Field(min_length=1)] = "default"
    """Rules by which numbers leave `microdata/`: the name of a file below config/disclosure/
    (`default`, or `public` for data that anyone may have), or its path."""
    minimum_cell: Annotated[int, Field(ge=1)] | None = None
    """Fewest firms behind a published number; those of the rules when not given. For real data
    that are not public it cannot be below them."""
