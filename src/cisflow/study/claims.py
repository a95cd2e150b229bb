"""Claims of the literature and their tests, held against what the models have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field
from typing_extensions import TypeAliasType

from cisflow.base.documents import close_names, did_you_mean
from cisflow.base.problems import CisflowError, Problem
from cisflow.study.balance_terms import (
    BALANCE,
    COST,
    DIRECT,
    EVERYONE,
    OTHERS,
    PROBABILITY,
    RETURN,
    SCALES,
    column_of,
    difference,
    groups_of,
    outcome_of,
    split_column,
    through,
)
from cisflow.study.documents import Document
from cisflow.study.levels import without_levels
from cisflow.study.models import Alternative, Model
from cisflow.study.shapes import made_of
from cisflow.study.terms import kind_of, names_in, parse_definition, quoted, text_of, tidy_made
from cisflow.study.variables import Kind
from cisflow.study.verdicts import SIGNS, Expected, Levels

ARROW = " → "

Words = TypeAliasType("Words", Annotated[str, Field(min_length=1, description="A sentence.")])
Level = TypeAliasType(
    "Level",
    Annotated[
        float, Field(gt=0, lt=0.5, description="A probability of error above 0 and below 0.5.")
    ],
)
Sign = TypeAliasType(
    "Sign",
    Annotated[
        Literal["positive", "negative"],
        Field(description="The sign the literature expects, positive or negative."),
    ],
)
# What single tests and tests of several forms have in common.
ModelName = Annotated[str, Field(description="A model of the models file.")]
Outcome = Annotated[
    str, Field(description="One of its outcomes, or the explained variable of an arrow.")
]
Column = Annotated[
    str,
    Field(
        description="Column of its table; of a path model `raw` or `standardised`, of a balance "
        "also `raw | small` or `raw | small minus not small`."
    ),
]
Term = Annotated[
    str,
    AfterValidator(tidy_made),
    Field(
        description="A regressor, an interaction `a:b`, a level of a class "
        "(`a:C(technology)[T.low]`, in comparison with the first level), an effect of a path model "
        "(total(a), direct(a), indirect(a) or a → b → c), or a part of a balance (cost, return, "
        "balance)."
    ),
]
Found = Annotated[
    Literal["positive", "negative", "none"],
    Field(description="What the literature found, positive, negative or none."),
]
COEFFICIENT = "coefficient"
Quantity = Annotated[
    Literal["coefficient", "observed", "latent", "uncensored", "probability"],
    Field(
        description="Which number of the term is judged, as the estimates call it: the coefficient "
        "(where it is left out), or an average marginal effect, such as `observed`: on the mean of "
        "the outcome, its limits included, in points of turnover."
    ),
]
Claimed = Annotated[
    float,
    Field(
        gt=0,
        description="With an expected sign: the effect that the literature claims, or the largest "
        "it can mean, without sign and in units of the estimate. A sample that would not find it "
        "with the power of the rule cannot decide.",
    ),
]
Wording = TypeAliasType(
    "Wording",
    Annotated[
        str, Field(min_length=1, description="What decides, in words; the paper prints them.")
    ],
)
SmallestEffect = Annotated[
    float,
    Field(
        gt=0,
        description="With `expect: none`: the smallest effect of interest, in units of the "
        "coefficient.",
    ),
]
Because = Annotated[
    str, Field(min_length=1, description="Why that effect is the smallest of interest.")
]
Beside = Annotated[
    tuple[Annotated[str, AfterValidator(tidy_made)], ...],
    Field(
        description="Further terms of the same outcome and column whose estimates are told with "
        "the verdict."
    ),
]


def _meant(**meanings: str) -> dict[str, Any]:
    """Return keys that must be there, with what the message of a missing one says."""
    properties = {key: {"description": meaning} for key, meaning in meanings.items()}
    return {"required": list(meanings), "properties": properties}


_NO_EFFECT: dict[str, Any] = {
    "if": {"properties": {"expect": {"const": "none"}}, "required": ["expect"]},
    "then": _meant(
        smallest_effect="the smallest effect of interest, in units of the coefficient",
        because="why that effect is the smallest of interest",
    ),
}


class Rule(Document):
    """When a claim counts as supported or contradicted, and when the sample cannot say."""

    significance: Level = 0.05
    """Level of the two-sided test against zero, such as 0.05 (a 95 % interval)."""
    equivalence: Level = 0.10
    """Level of the equivalence test, such as 0.10 (two one-sided tests at 0.05, a 90 %
    interval)."""
    power: Annotated[float, Field(ge=0.5, lt=1)] = 0.80
    """With what probability a sample should find an effect for its silence to mean anything."""
    minimum_firms: Annotated[int, Field(ge=1)] = 10
    """Fewest firms on either side of a term, such as with and without a kind of partner."""
    outliers: Annotated[str, Field(min_length=1)] | None = None
    """A comparison that firms are to satisfy, such as `rd_intensity <= 100`; every verdict is
    held against the estimate without those that do not. None where it is left out."""
    rejection: Level = 0.05
    """Level at which the tests of a model reject it."""
    model_tests: Annotated[
        tuple[Literal["normality", "homoskedasticity", "chi2"], ...],
        Field(json_schema_extra={"uniqueItems": True}),
    ] = ("normality", "homoskedasticity", "chi2")
    """The tests that count: normality and homoskedasticity of a Tobit, chi2 of a path model."""
    alternatives: Annotated[
        tuple[Alternative, ...], Field(json_schema_extra={"uniqueItems": True})
    ] = ("fractional", "heteroskedastic")
    """The robust alternatives of a Tobit that must say the same where its tests reject; for a path
    model it is the model that has all its arrows and more (`union_of`)."""
    first_stage_f: Annotated[float, Field(ge=0)] = 10.0
    """Smallest F of the first stage with which instruments decide anything."""
    families: Annotated[
        tuple[Literal["article", "claim"], ...],
        Field(min_length=1, json_schema_extra={"uniqueItems": True}),
    ] = ("article", "claim")
    """What is tested together, and adjusted for being many, in one country and wave: all tests of
    the claims of one article (those with the same `source`), all tests of one claim."""
    draws: Annotated[int, Field(ge=99)] = 9999
    """Draws of the tests' joint distribution, for the adjustment by resampling."""
    directional: Wording | None = None
    """The rule for an expected sign, in words."""
    no_effect: Wording | None = None
    """The rule for "no effect", in words."""
    all_of: Wording | None = None
    """The rule for a claim of several parts, in words."""
    share: Wording | None = None
    """The rule for a claimed share of significant estimates, in words."""
    firms: Wording | None = None
    """The rule for few firms, single firms and outliers, in words."""
    model: Wording | None = None
    """The rule for models that their tests reject, in words."""
    reach: Wording | None = None
    """The rule for what a sample cannot decide, in words."""
    many: Wording | None = None
    """The rule for many tests, in words."""

    @property
    def levels(self) -> Levels:
        """The levels at which estimates are judged."""
        return Levels(self.significance, self.equivalence, self.power)

    @property
    def of_outliers(self) -> tuple[str, ...]:
        """The variables by which outliers are told."""
        return tuple(names_in(parse_definition(self.outliers))) if self.outliers else ()

    @property
    def words(self) -> tuple[str, ...]:
        """The rule in the words that the file has for it, part by part."""
        written = (
            self.directional,
            self.no_effect,
            self.reach,
            self.firms,
            self.model,
            self.all_of,
            self.share,
            self.many,
        )
        return tuple(" ".join(text.split()) for text in written if text)

    def for_estimation(self) -> dict[str, Any]:
        """Return what the stage that estimates needs: nothing there runs anew for other words."""
        used = {"significance", "equivalence", "minimum_firms", "outliers"}
        return {key: value for key, value in self.as_params().items() if key in used}


class Single(Document):
    """One estimate and what is expected of it."""

    model_config = ConfigDict(json_schema_extra=_NO_EFFECT)

    model: ModelName
    outcome: Outcome
    column: Column
    term: Term
    expect: Found
    quantity: Quantity | None = None
    claimed_effect: Claimed | None = None
    smallest_effect: SmallestEffect | None = None
    because: Because | None = None
    beside: Beside = Field(default_factory=tuple)

    @property
    def measured(self) -> str:
        """The quantity that is judged."""
        return self.quantity or COEFFICIENT

    @property
    def key(self) -> str:
        """By what the test is found among what was counted of all tests."""
        return key_of(self.model, {**self.as_params(), "quantity": self.measured})

    @property
    def expected(self) -> Expected:
        """What the rule needs to know of it."""
        return Expected(SIGNS[self.expect], self.smallest_effect or 0.0, self.claimed_effect)


def key_of(model: str, test: Mapping[str, Any]) -> str:
    """Return by what a test of a model is found: outcome, column, term and quantity."""
    return " | ".join([model, *(test[k] for k in ("outcome", "column", "term", "quantity"))])


class Share(Document):
    """Which estimates are counted and what share of them is claimed to be significant with the
    sign.
    """  # noqa: D205 - one sentence, as messages print it

    models: Annotated[tuple[str, ...], Field(min_length=1)]
    """Models whose estimates count, as far as the run has them."""
    terms: Annotated[tuple[Annotated[str, AfterValidator(tidy_made)], ...], Field(min_length=1)]
    """Terms that count, in every outcome and column of these models."""
    expect: Sign
    claimed: Annotated[float, Field(ge=0, le=1)]
    """The claimed share, 0 to 1."""
    margin: Annotated[float, Field(gt=0, le=1)]
    """By how much the share may fall short and still count as the claimed one, 0 to 1."""
    because: Annotated[str, Field(min_length=1)]
    """Why that margin."""
    quantity: Quantity | None = None
    if_true: dict[str, tuple[Annotated[str, AfterValidator(tidy_made)], ...]] = Field(
        default_factory=dict
    )
    """Which of the terms have an effect on which outcome if every claim holds; the others have
    none."""
    effect: Annotated[float, Field(gt=0)] | None = None
    """How large these effects then are at most, without sign and in units of the estimates; with it
    the share is told that samples of this size would show."""
    least_effect: Annotated[float, Field(gt=0)] | None = None
    """How small they may be for the claims to hold; as large as `effect` where it is left out. What
    contradicts the share is less than samples would show even then."""

    @property
    def measured(self) -> str:
        """The quantity that is counted."""
        return self.quantity or COEFFICIENT

    def tests(self, name: str, model: Model) -> list[Single]:
        """Return the estimates of a model that count, as tests of their own."""
        if name not in self.models:
            return []
        return [
            Single(
                model=name,
                outcome=outcome,
                column=column,
                term=term,
                expect=self.expect,
                quantity=self.quantity,
            )
            for outcome, column in model.regressions
            for term in model.columns[column]
            if term in self.terms
        ]


class Test(Document):
    """One estimate (`model`, `outcome`, `column`, `term`, `expect`), several (`all_of`) or a
    `share`.
    """  # noqa: D205 - one sentence, as messages print it

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"required": ["all_of"]},
            "then": {"maxProperties": 1, "description": "`all_of` stands alone"},
            "else": {
                "if": {"required": ["share"]},
                "then": {"maxProperties": 1, "description": "`share` stands alone"},
                "else": {
                    **_meant(
                        model="a model of the models file",
                        outcome="one of its outcomes",
                        column="a column of its table",
                        term="a regressor or an effect",
                        expect="positive, negative or none",
                    ),
                    **_NO_EFFECT,
                },
            },
        }
    )

    model: ModelName | None = None
    outcome: Outcome | None = None
    column: Column | None = None
    term: Term | None = None
    expect: Found | None = None
    quantity: Quantity | None = None
    claimed_effect: Claimed | None = None
    smallest_effect: SmallestEffect | None = None
    because: Because | None = None
    beside: Beside = Field(default_factory=tuple)
    all_of: Annotated[tuple[Single, ...], Field(min_length=2)] = Field(default_factory=tuple)
    """The parts of a claim that holds only if each of them does."""
    share: Share | None = None
    """A claimed share of significant estimates."""

    @property
    def parts(self) -> tuple[Single, ...]:
        """The estimates that decide: several, one, or none where a share is claimed."""
        if self.all_of or self.share:
            return self.all_of
        return (Single.model_validate(self.as_params()),)


class CurveOf(Document):
    """The specification curve that stands beside a claim: it decides nothing, and is told."""

    model: ModelName
    outcome: Outcome
    column: Column
    term: Term


class Claim(Document):
    """One claim; it has a `test`, or says in `not_measurable` why it has none."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"required": ["not_measurable"]},
            "then": {
                "not": {"anyOf": [{"required": ["test"]}, {"required": ["also"]}]},
                "description": "give either `test` or `not_measurable`",
            },
            "else": _meant(test="the estimate that decides"),
        }
    )

    text: Words
    """The claim as a sentence."""
    source: Words
    """Who makes it."""
    note: Words | None = None
    """How the test stands for the claim."""
    test: Test | None = None
    """The estimate that decides."""
    also: Annotated[tuple[Single, ...], Field(min_length=1)] = Field(default_factory=tuple)
    """Further readings, each judged in a row of its own if the run has its model."""
    curve: CurveOf | None = None
    not_measurable: Words | None = None
    """Why the survey cannot speak to the claim."""

    @property
    def singles(self) -> tuple[Single, ...]:
        """Every single estimate it rests on, further readings last."""
        return (*(self.test.parts if self.test else ()), *self.also)


class Claims(Document):
    """What is claimed, which estimate speaks to it, and by which rule it is judged."""

    rule: Rule = Rule()
    """When a claim counts as supported or contradicted, and when the sample cannot say."""
    claims: dict[
        Annotated[
            str,
            Field(
                pattern="^[A-Za-z][A-Za-z0-9_]*$",
                description="Short name of a claim such as C1; letters, digits and _.",
            ),
        ],
        Claim,
    ]
    """The claims by short name, in the order they are printed; `{}` for none."""

    def tests_of(self, model: str) -> list[Single]:
        """Return the single tests on a model, each once."""
        every = [test for claim in self.claims.values() for test in claim.singles]
        return list({(t.key, t.expected.asked): t for t in every if t.model == model}.values())

    def watched(self, name: str, model: Model) -> list[Single]:
        """Return the tests on a model, and the estimates of it that a claimed share counts."""
        tests = self.tests_of(name)
        known = {test.key for test in tests}
        return [*tests, *(test for test in self.counted({name: model}) if test.key not in known)]

    def counted(self, models: Mapping[str, Model]) -> list[Single]:
        """Return the estimates of some models that a claimed share counts."""
        shares = [claim.test.share for claim in self.claims.values() if claim.test]
        return [
            test
            for share in shares
            if share
            for name, model in models.items()
            for test in share.tests(name, model)
        ]


# --- held against the models -------------------------------------------------------------------


def claim_problems(claims: Claims, models: Mapping[str, Model]) -> list[Problem]:
    """Return what the claims file asks of models that these do not have.

    Parameters
    ----------
    models
        All of the models file, whether or not a run estimates them.
    """
    problems: list[Problem] = []
    for name, claim in claims.claims.items():
        where = f"claims.{name}"
        for test in claim.singles:
            problems += _test_problems(where, test, models)
        if claim.curve:
            beside = Single(**claim.curve.as_params(), expect="positive")
            problems += _test_problems(f"{where}.curve", beside, models)
        share = claim.test.share if claim.test else None
        for model in share.models if share else ():
            problems += _model_problems(where, model, models)
    return problems


def rule_problems(rule: Rule, kinds: Mapping[str, Kind]) -> list[Problem]:
    """Return why the rule's `outliers` cannot be asked of a firm.

    Parameters
    ----------
    kinds
        Kind of every variable of the panel.
    """
    if rule.outliers is None:
        return []
    try:
        node = parse_definition(rule.outliers)
    except CisflowError as error:
        return [Problem(f"rule.outliers: {p.what}", p.remedy) for p in error.problems]
    kind, wrong = kind_of(node, kinds)
    if not wrong and kind != Kind.FLAG:
        what = f"{quoted(text_of(node))} is no question of yes or no"
        wrong = [Problem(what, "compare a variable with a number: `rd_intensity <= 100`")]
    return [Problem(f"rule.outliers: {p.what}", p.remedy) for p in wrong]


def _model_problems(where: str, model: str, models: Mapping[str, Model]) -> Iterator[Problem]:
    """Yield that a model's name is misspelt; one that no model is near is not run, which is said.

    A models file of one's own need not have the models that claims are about.
    """
    if model not in models and close_names(model, models):
        what = f"{where}: there is no model `{model}`"
        yield Problem(what, did_you_mean(model, models))


def _test_problems(where: str, test: Single, models: Mapping[str, Model]) -> Iterator[Problem]:
    yield from _model_problems(where, test.model, models)
    if test.model not in models:
        return
    model = models[test.model]
    outcomes, columns = _outcomes_and_columns(model, test.column)
    for key, asked, known in (
        ("outcome", test.outcome, outcomes),
        ("column", test.column, columns),
    ):
        if asked not in known:
            what = f"{where}: model {test.model} has no {key} `{asked}`"
            yield Problem(what, did_you_mean(asked, known))
            return
    terms = _terms_of(model, test)
    for term in (test.term, *test.beside):
        known_path = ARROW in term and _is_path(term, model, test)
        if without_levels(term) not in terms and not known_path:
            what = f"{where}: model {test.model} has no term `{term}` for {test.outcome}"
            yield Problem(what, did_you_mean(term, terms))


def _outcomes_and_columns(model: Model, asked: str) -> tuple[list[str], list[str]]:
    """Return what the outcomes and columns of a model's estimates are called.

    The levels of a variable a balance is split by are known to the data alone: of such columns
    only the one ``asked`` for is listed, if it may exist.
    """
    if model.estimator == "path":
        outcomes = [*model.equations, *(target for _, target in model.effects)]
        return list(dict.fromkeys(outcomes)), list(SCALES)
    if model.balance:
        groups = list(model.steps or [EVERYONE])
        for variable in model.by:
            names = groups_of(variable)
            groups += [*names, difference(*names)]
        columns = [column_of(scale, group) for scale in SCALES for group in groups]
        scale, group = split_column(asked)
        of_level = any(group.startswith(f"{variable}=") for variable in model.by)
        columns += [asked] if scale in SCALES and of_level else []
        return [outcome_of(model.balance.target, lag) for lag in model.lags or [None]], columns
    side_by_side = [f"{name}: {method}" for name in model.columns for method in model.methods]
    return list(model.outcomes), [*model.columns, *side_by_side]


def _terms_of(model: Model, test: Single) -> list[str]:
    """Return the terms of a model's estimates for a test's outcome and column."""
    if model.balance:
        costs = [COST, DIRECT, through(model.balance.cost_through), OTHERS]
        return [*costs, RETURN, BALANCE, PROBABILITY]
    if model.estimator != "path":
        column = test.column if test.column in model.columns else test.column.partition(": ")[0]
        made = made_of(model, column)
        return [*model.columns[column], *model.controls, *model.endogenous, *made]
    effects = [
        f"{kind}({origin})"
        for origin, target in model.effects
        if target == test.outcome
        for kind in ("total", "direct", "indirect")
    ]
    return [*model.equations.get(test.outcome, ()), *effects]


def _is_path(term: str, model: Model, test: Single) -> bool:
    """Return whether ``a → b → c`` follows arrows of the model and is part of a wanted effect."""
    nodes = term.split(ARROW)
    wanted, target = model.effects, test.outcome
    if about := model.balance:
        target = about.target
        # Single paths are told for all firms alone.
        wanted = ((about.source, target),) if test.column in SCALES else ()
    arrows = all(origin in model.equations.get(to, ()) for origin, to in pairwise(nodes))
    return arrows and nodes[-1] == target and (nodes[0], target) in wanted
