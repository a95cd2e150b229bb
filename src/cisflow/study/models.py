"""A model of the study, as the models file says it and with what follows from that."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema, WithJsonSchema
from typing_extensions import TypeAliasType

from cisflow.base.documents import did_you_mean
from cisflow.base.problems import Problem
from cisflow.study.choices import Choices, choices_in
from cisflow.study.documents import Document
from cisflow.study.settings import UNIQUE, Lag, Number
from cisflow.study.terms import tidy, without_c
from cisflow.study.weightings import NONE, SURVEY_WEIGHT, UNWEIGHTED

CENSORED = ("tobit", "heteroskedastic_tobit", "fractional", "two_part")  # an outcome with limits
REGRESSIONS = (*CENSORED, "ols", "probit")  # with several weights, and the survey's design
Alternative = Literal["fractional", "heteroskedastic", "two_part"]
ALTERNATIVES: tuple[Alternative, ...] = ("fractional", "heteroskedastic", "two_part")
OF_REGRESSIONS = ("HC3", "survey")  # covariances no other estimator has
KINDS = ("nonrobust", "HC0", "HC1", *OF_REGRESSIONS, "driscoll_kraay")
CLUSTER = "cluster"
IMPUTED = "imputed"  # behind the name of a column in which answers that were not given are drawn
FEW_CLUSTERS = 50  # below which estimators leave out one cluster at a time unless told otherwise
Correction = Literal["CR0", "CR1", "CR3"]

Name = Annotated[str, Field(min_length=1)]
Names = TypeAliasType(
    "Names",
    Annotated[
        tuple[Name, ...],
        Field(
            description="A list of variables of the panel or of model terms such as "
            "`coop_any:rd_intensity`."
        ),
    ],
)
Term = Annotated[str, Field(min_length=1), AfterValidator(tidy)]
Terms = TypeAliasType(
    "Terms",
    Annotated[
        tuple[Term, ...],
        Field(
            description="A list of variables of the panel or of terms made of them, such as "
            "`log1p(turnover)` or `coop_any:rd_intensity`; config/README.md, Terms, has them all."
        ),
    ],
)
Effects = Annotated[Terms, AfterValidator(lambda effects: tuple(map(without_c, effects)))]
SeveralTerms = Annotated[tuple[Term, ...], Field(min_length=1, json_schema_extra=UNIQUE)]
Several = Annotated[tuple[Name, ...], Field(min_length=1, json_schema_extra=UNIQUE)]
Steps = Annotated[tuple[Name, ...], Field(min_length=2, json_schema_extra=UNIQUE)]
Plain = Annotated[tuple[str, ...], Field(min_length=1, json_schema_extra=UNIQUE)]
Members = Annotated[tuple[str, ...], Field(min_length=2, json_schema_extra=UNIQUE)]
Lists = Annotated[dict[str, Terms], Field(min_length=1)]
Arrows = Annotated[dict[Term, Terms], Field(min_length=1)]
Limit = Annotated[Number | None, WithJsonSchema({"type": ["number", "null"]})]
Share = Annotated[float, Field(ge=0, le=1)]


class Covariance(Document):
    """How standard errors are made: a kind, and for clusters whose values they are.

    The models file has a word (``HC1``) or ``{cluster: variable}``, perhaps with a ``correction``;
    the estimates have the text of this object (``str``), from which it is read again.
    """

    kind: str
    """One of :data:`KINDS`, or ``cluster``."""
    groups: str | None = None
    """The variable whose values are the clusters."""
    correction: Correction | None = None
    """CR0 without a correction, CR1 with G/(G−1), CR3 the jackknife; left out, the estimator's own
    choice: CR3 below 50 clusters, CR1 from there."""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, written: Any) -> Any:
        if isinstance(written, str):
            clustered = re.fullmatch(rf"{CLUSTER}\((.+?)(?:, (CR\d))?\)", written)
            if not clustered:
                return {"kind": written}
            return {"kind": CLUSTER, "groups": clustered[1], "correction": clustered[2]}
        if isinstance(written, Mapping) and CLUSTER in written:
            rest = {key: value for key, value in written.items() if key != CLUSTER}
            return {"kind": CLUSTER, "groups": written[CLUSTER], **rest}
        return written

    @model_serializer
    def _written(self) -> Any:
        if not self.groups:
            return self.kind
        more = {"correction": self.correction} if self.correction else {}
        return {CLUSTER: self.groups, **more}

    def __str__(self) -> str:
        if not self.groups:
            return self.kind
        return f"{CLUSTER}({', '.join(filter(None, (self.groups, self.correction)))})"

    def correction_at(self, groups: float) -> str:
        """Return the correction that so many clusters get."""
        return self.correction or ("CR3" if groups < FEW_CLUSTERS else "CR1")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        meaning = {"description": "Variable whose values are the clusters.", "type": "string"}
        correction = {
            "description": "CR0 without a correction, CR1 with G/(G−1), CR3 leaves out one cluster "
            "at a time; by default CR3 below 50 clusters, CR1 from there.",
            "enum": list(get_args(Correction)),
        }
        return {
            "description": "nonrobust, HC0, HC1, {cluster: variable}, perhaps with a correction "
            "(CR0, CR1, CR3); for regressions HC3 and survey, for a panel driscoll_kraay",
            "anyOf": [
                {"enum": list(KINDS)},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": [CLUSTER],
                    "properties": {CLUSTER: meaning, "correction": correction},
                },
            ],
        }


class Printed(Document):
    """Path model: a published table it is estimated from, in place of firms."""

    file: str
    """Its correlations and standard deviations: columns `variable`, `sd` and one per variable."""
    firms: Annotated[int, Field(ge=3)]
    """The number of firms it rests on."""


class Balance(Document):
    """Balance: whose effect on what is split into cost and return."""

    source: Term
    """The variable whose total effect is split."""
    target: Term
    """The outcome, a variable of the accounts where lags are scanned."""
    return_through: Term
    """Every path through this variable is return, every other one cost."""
    cost_through: Term
    """The part of the cost that is told apart from the direct arrow."""


# --- which keys go together --------------------------------------------------------------------


def _is(*estimators: str) -> dict[str, Any]:
    """Return the condition that a model has one of these estimators."""
    return {"properties": {"estimator": {"enum": list(estimators)}}}


def _none_of(*keys: str) -> dict[str, Any]:
    return {"not": {"anyOf": [{"required": [key]} for key in keys]}}


def _with_printed(value: Any, why: str) -> dict[str, Any]:
    return {**({"maxItems": 0} if value == () else {"const": value}), "description": why}


_ONE_OF_THESE = "`, `".join(REGRESSIONS)
_FIRMS = "need the firms, which a printed table does not have"
RULES: list[Any] = [
    {
        "if": _is("path", "balance"),
        "then": {
            "oneOf": [{"required": ["equations"]}, {"required": ["union_of"]}],
            "description": "give either `equations` or `union_of`",
        },
        "else": {"required": ["outcomes", "columns"]},
    },
    {
        "if": _is("balance"),
        "then": {"required": ["balance"]},
        "else": {
            **_none_of("balance", "lags", "by", "steps"),
            "description": "`balance`, `lags`, `by` and `steps` go with `estimator: balance`",
        },
    },
    {
        "if": {"required": ["steps"]},
        "then": {**_none_of("lags", "by"), "description": "`steps` goes without `lags` and `by`"},
    },
    {
        "if": _is("curve"),
        "then": {"required": ["choices", "limits"]},
        "else": {**_none_of("choices"), "description": "`choices` goes with `estimator: curve`"},
    },
    {
        "if": {"not": _is("path")},
        "then": {
            "properties": {
                "missing": {
                    "not": {"const": "fiml"},
                    "description": "`missing: fiml` goes with `estimator: path`",
                }
            }
        },
    },
    {
        "if": {"not": _is(*REGRESSIONS)},
        "then": {
            "properties": {
                "missing": {
                    "not": {"const": "impute"},
                    "description": f"`missing: impute` goes with `estimator: {_ONE_OF_THESE}`",
                }
            }
        },
    },
    {
        "if": {"not": {"required": ["missing"], "properties": {"missing": {"const": "impute"}}}},
        "then": {**_none_of("auxiliary"), "description": "`auxiliary` goes with `missing: impute`"},
    },
    {
        "if": {"not": _is("path")},
        "then": {
            **_none_of("layout", "printed"),
            "description": "`layout` and `printed` go with `estimator: path`",
        },
    },
    {
        "if": {"required": ["printed"]},
        "then": {
            "properties": {
                "sample": _with_printed((), "a printed table has its sample already: `sample: []`"),
                "waves": False,
                "controls": _with_printed(
                    (), "with `printed`, controls are sources of each equation"
                ),
                "fixed_effects": _with_printed((), f"fixed effects {_FIRMS}"),
                "weights": _with_printed(None, f"weights {_FIRMS}"),
                "missing": _with_printed("listwise", f"gaps {_FIRMS}"),
                "covariance": _with_printed(["nonrobust"], f"robust standard errors {_FIRMS}"),
            }
        },
    },
    {"if": _is(*CENSORED), "then": {"required": ["limits"]}},
    {"if": _is("heteroskedastic_tobit"), "then": {"required": ["variance"]}},
    {
        "if": {"not": _is("tobit", "heteroskedastic_tobit", "curve")},
        "then": {
            **_none_of("variance"),
            "description": "`variance` goes with `estimator: heteroskedastic_tobit`, `tobit` or "
            "`curve`",
        },
    },
    {
        "if": {"not": _is("tobit")},
        "then": {
            **_none_of("alternatives"),
            "description": "`alternatives` goes with `estimator: tobit`",
        },
    },
    {
        "if": {"not": _is("tobit", "two_part")},
        "then": {
            **_none_of("participation", "amount"),
            "description": "`participation` and `amount` go with `estimator: two_part` or `tobit`",
        },
    },
    *(
        {
            "if": {"not": _is(*REGRESSIONS)},
            "then": {
                "properties": {
                    "covariance": {
                        "items": {
                            "not": {"const": kind},
                            "description": f"`{kind}` goes with `estimator: {_ONE_OF_THESE}`",
                        }
                    }
                }
            },
        }
        for kind in OF_REGRESSIONS
    ),
    {
        "if": {"anyOf": [{"not": _is(*REGRESSIONS, "balance")}, {"required": ["steps"]}]},
        "then": {
            "properties": {
                "weights": {
                    "type": ["string", "null"],
                    "description": "several weights side by side go with `estimator: "
                    f"{_ONE_OF_THESE}`, and with a balance without `steps`",
                }
            }
        },
    },
    {
        "if": _is("panel"),
        "then": {
            "required": ["methods", "wave_effects"],
            "properties": {
                "methods": {
                    "items": {
                        "enum": [
                            "pooled",
                            "within",
                            "random",
                            "correlated_random",
                            "first_difference",
                        ]
                    }
                }
            },
        },
        "else": {
            **_none_of("wave_effects", "lagged_outcome"),
            "properties": {"covariance": {"items": {"not": {"const": "driscoll_kraay"}}}},
            "description": "`wave_effects`, `lagged_outcome` and `driscoll_kraay` go with "
            "`estimator: panel`",
        },
    },
    {
        "if": _is("iv"),
        "then": {
            "required": ["methods", "endogenous", "instruments"],
            "properties": {"methods": {"items": {"enum": ["ols", "2sls", "liml", "gmm"]}}},
        },
    },
    {"if": _is("control_function"), "then": {"required": ["endogenous", "instruments", "limits"]}},
    {
        "if": {"not": _is("iv", "control_function")},
        "then": {
            **_none_of("endogenous", "instruments"),
            "description": "`endogenous` and `instruments` go with `estimator: iv` or "
            "`control_function`",
        },
    },
    {
        "if": {"not": _is(*REGRESSIONS)},
        "then": {
            **_none_of("practices", "u_shape", "profiles"),
            "description": "`practices`, `u_shape` and `profiles` go with `estimator: "
            f"{_ONE_OF_THESE}`",
        },
    },
    {
        "if": {"not": _is("panel", "iv", "selection")},
        "then": {
            **_none_of("methods"),
            "description": "`methods` goes with `estimator: panel`, `iv` or `selection`",
        },
    },
    {
        "if": _is("selection"),
        "then": {
            "required": ["methods", "selected", "selection"],
            "properties": {"methods": {"items": {"enum": ["two_step", "ml", "tobit"]}}},
            "if": {"properties": {"methods": {"contains": {"const": "tobit"}}}},
            "then": {"required": ["limits"]},
        },
        "else": {
            **_none_of("selected", "selection"),
            "description": "`selected` and `selection` go with `estimator: selection`",
        },
    },
    {
        "if": {"not": _is("doubly_robust")},
        "then": {
            **_none_of("overlap"),
            "description": "`overlap` goes with `estimator: doubly_robust`",
        },
    },
    {
        "if": {"not": _is("ols", "iv")},
        "then": {
            **_none_of("sensitivity", "sensitivity_benchmark"),
            "description": "`sensitivity` goes with `estimator: ols` or `iv`",
        },
    },
]


class Model(Document):
    """One model."""

    model_config = ConfigDict(json_schema_extra={"allOf": list(RULES)})
    null_is_a_value: ClassVar[frozenset[str]] = frozenset({"weights"})

    title: str
    """Title of its table."""
    source: str = ""
    """The article that is replicated or followed."""
    sample: Names
    """Flags of the panel that must all be true for a firm to be in the sample."""
    waves: Names | None = None
    """Waves to estimate it on; all where it is left out."""
    estimator: Literal[
        "tobit",
        "heteroskedastic_tobit",
        "fractional",
        "two_part",
        "ols",
        "probit",
        "path",
        "balance",
        "panel",
        "iv",
        "curve",
        "selection",
        "control_function",
        "doubly_robust",
    ]
    """tobit (two-limit), heteroskedastic_tobit (its spread depends on `variance`), fractional
    (logit of a share), two_part (whether any, and how much), ols, probit (a yes/no outcome), path
    (recursive system), balance (a path model's cost and return by lag and group), panel (firms over
    waves), iv (instrumental variables), selection (an outcome that is seen of those selected
    alone), control_function (a Tobit with endogenous regressors), doubly_robust (the average effect
    of a yes/no, weighted by its propensity) or curve (every specification that `choices` make)."""
    limits: tuple[Limit, Limit] | None = None
    """Lower and upper limit of the outcome (tobit, heteroskedastic_tobit, fractional, two_part,
    curve, control_function, the method tobit of selection; of doubly_robust they make its
    regressions fractional logits); null for none."""
    choices: Choices | None = None
    variance: Terms = Field(default_factory=tuple)
    """Heteroskedastic Tobit: what the logarithm of the spread depends on. Of a tobit: the same of
    its heteroskedastic alternative; the controls where left out."""
    participation: Literal["probit", "logit"] | None = None
    """Two-part model, and that alternative of a tobit: the model of whether any; probit where left
    out."""
    amount: Literal["fractional", "truncated", "ols"] | None = None
    """Two-part model, and that alternative of a tobit: the model of how much among those with any,
    fractional (logit of the share), truncated (normal) or ols; fractional where left out, truncated
    where there is no upper limit."""
    alternatives: tuple[Alternative, ...] | None = None
    """Tobit: robust alternatives on the same firms beside it, in columns such as `any: two_part`:
    fractional, heteroskedastic, two_part; all of them where left out, none for []."""
    outcomes: Terms = Field(default_factory=tuple)
    """Dependent variables; each is regressed on each list of `columns`."""
    columns: Lists = Field(default_factory=dict)
    """Columns of the table: a name for each and its regressors."""
    equations: Arrows = Field(default_factory=dict)
    """Path model: each explained variable and the variables with an arrow to it."""
    union_of: Members = Field(default_factory=tuple)
    """Path model: models whose arrows it has all, instead of `equations`; each of them is tested
    against it."""
    missing: Literal["listwise", "fiml", "impute"] = "listwise"
    """What becomes of answers that were not given. listwise leaves out firms with any gap. Path
    model: fiml (full-information maximum likelihood) keeps those with gaps in the outcomes.
    Regressions: impute puts beside each column another, such as `any: imputed`, in which answers to
    questions that were asked are imputed many times by chained equations and pooled by Rubin's
    rules; it has no other alternatives beside it."""
    auxiliary: Several = Field(default_factory=tuple)
    """With `missing: impute`: further variables of the panel that help to tell what an answer would
    have been; they are in no regression."""
    printed: Printed | None = None
    balance: Balance | None = None
    lags: Annotated[tuple[Lag, ...], Field(min_length=1, json_schema_extra=UNIQUE)] = Field(
        default_factory=tuple
    )
    """Balance: years from the survey to the accounts to scan, among `lags` of the config; the
    run's own lag where it is left out."""
    by: Effects = Field(default_factory=tuple)
    """Balance: yes/no variables, or variables with levels, by which firms are also estimated
    apart."""
    steps: Steps = Field(default_factory=tuple)
    """Balance: yes/no variables that take the source's place, such as cooperation with 2, 3 … or
    more types of partners; each has a balance of its own."""
    effects: tuple[tuple[Term, Term], ...] = ()
    """Path model: pairs [from, to] whose direct, indirect and total effects are wanted."""
    layout: dict[Term, tuple[Share, Share]] | None = None
    """Path model: where each box of the diagram stands, [right, up], both from 0 to 1; chosen so
    that arrows stay apart where it is left out."""
    controls: Terms = ()
    """Regressors added to every column or equation."""
    fixed_effects: Effects = ()
    """Categorical variables entered as a set of dummies."""
    methods: Plain = Field(default_factory=tuple)
    """Estimates side by side. Panel: pooled, within, random, correlated_random, first_difference.
    IV: ols, 2sls, liml, gmm. Selection: two_step (Heckman's), ml (maximum likelihood), tobit
    (maximum likelihood of an outcome that piles up at its limits)."""
    wave_effects: bool | None = None
    """Panel: whether every wave has an intercept of its own."""
    lagged_outcome: bool | None = None
    """Panel: whether the outcome of the wave before is among the regressors; biased in short
    panels, which the notes say."""
    endogenous: SeveralTerms = Field(default_factory=tuple)
    """IV and control_function: regressors that may be related to what is unobserved."""
    instruments: SeveralTerms = Field(default_factory=tuple)
    """IV and control_function: variables that move the endogenous ones and are otherwise without
    effect on the outcome."""
    selected: Name | None = None
    """Selection: the yes/no variable that says of whom the outcome is seen."""
    selection: Terms = Field(default_factory=tuple)
    """Selection: regressors of who is selected, known of all firms of the sample. One that is not
    among those of the outcome is the exclusion restriction; without any the estimates rest on the
    normal distribution alone, which the table says."""
    overlap: tuple[Share, Share] | None = None
    """Doubly robust: propensities between which firms are kept, 0.1 and 0.9 where left out. The
    first regressor of a column is the yes/no whose effect is wanted; the others are held equal."""
    sensitivity: SeveralTerms = Field(default_factory=tuple)
    """OLS, and the ols method of IV: terms whose sensitivity to an omitted variable is reported
    (Cinelli & Hazlett 2020)."""
    sensitivity_benchmark: Term | None = None
    """A regressor or fixed effect; the omitted variable is taken to be as strong as it."""
    practices: tuple[
        Annotated[tuple[Name, ...], Field(min_length=2, max_length=4, json_schema_extra=UNIQUE)],
        ...,
    ] = Field(default_factory=tuple)
    """Regressions: groups of two to four yes/no variables, such as kinds of partners; a column that
    has them and all their products tells the effect of each combination and whether two of them are
    complements or substitutes (Mohnen & Röller 2005)."""
    u_shape: SeveralTerms = Field(default_factory=tuple)
    """Regressions: variables tested for an inverted U in the columns that have them and their
    squares, such as `diversity` and `diversity^2`: slopes at both ends (Lind & Mehlum 2010) and two
    lines (Simonsohn 2018)."""
    profiles: tuple[tuple[Term, Term], ...] = Field(default_factory=tuple)
    """Regressions: pairs [effect of, over] such as [coop_any, rd_intensity]; a column that has the
    first and their product tells its effect over the range of the second, with bands, and in each
    third of the firms."""
    covariance: Annotated[tuple[Covariance, ...], Field(min_length=1)] = (
        Covariance(kind="nonrobust"),
    )
    """Standard errors; the first is the main one. nonrobust, HC0, HC1, {cluster: variable}, with a
    `correction` if wished (CR0, CR1, CR3; by default CR3 below 50 clusters and CR1 from there); for
    regressions also HC3 (each firm left out in turn: for terms that a few firms pull, such as
    products with R&D intensity) and survey (by the design of the sample), for a panel
    driscoll_kraay."""
    weights: Annotated[
        str | Steps | None,
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": ["string", "null"]},
                    {
                        "type": "array",
                        "minItems": 2,
                        "uniqueItems": True,
                        "items": {"type": "string", "minLength": 1},
                    },
                ]
            }
        ),
    ] = None
    """null (unweighted), the column of weights (`weight`, `accounts_weight`), or a list such as
    [none, weight]: a column of the table for each, side by side; of a balance also the difference
    to the first, from the same bootstrap samples."""
    column_weights: SkipJsonSchema[dict[str, str | None]] = Field(default_factory=dict)
    constructs: SkipJsonSchema[dict[str, str]] = Field(default_factory=dict)
    labels: SkipJsonSchema[dict[str, str]] = Field(default_factory=dict)
    readings: SkipJsonSchema[dict[str, dict[Term, Terms]]] = Field(default_factory=dict)

    # --- what follows from it ------------------------------------------------------------------

    @property
    def weightings(self) -> tuple[str | None, ...]:
        """The weights, None for unweighted; several stand side by side."""
        given = self.weights if isinstance(self.weights, tuple) else (self.weights,)
        return tuple(None if weights == NONE else weights for weights in given)

    def weights_of(self, column: str) -> str | None:
        """Return the weights of a column, None for unweighted."""
        return self.column_weights.get(column, self.weightings[0])

    @property
    def uses_design(self) -> bool:
        """Whether it needs to know how the survey was drawn."""
        chosen = self.choices.weights if self.choices else ()
        return SURVEY_WEIGHT in (*self.weightings, *chosen) or "survey" in map(str, self.covariance)

    @property
    def censored(self) -> bool:
        """Whether its outcome has limits."""
        return self.estimator in CENSORED

    @property
    def of_outcome(self) -> list[str]:
        """What a selection model needs to know of those alone who are selected."""
        if self.estimator != "selection":
            return []
        known = {self.selected, *self.selection, *self.fixed_effects}
        listed = [term for terms in self.columns.values() for term in terms]
        return [t for t in (*self.outcomes, *listed, *self.controls) if t not in known]

    @property
    def robust(self) -> tuple[Alternative, ...]:
        """The robust alternatives that stand beside it."""
        if self.estimator != "tobit" or self.missing == "impute":
            return ()
        return ALTERNATIVES if self.alternatives is None else self.alternatives

    def alternative_of(self, column: str) -> str:
        """Return which robust alternative a column of the estimates is by, empty for none."""
        return next((name for name in self.robust if column.endswith(f": {name}")), "")

    def is_specification(self, column: str) -> bool:
        """Return whether a column of the estimates is one specification of a curve's many."""
        return self.choices is not None and bool(choices_in(column))

    def imputes(self, column: str) -> bool:
        """Return whether a column is of answers of which some are imputed."""
        return self.missing == "impute" and column.endswith(f": {IMPUTED}")

    def only(self, *, imputed: bool) -> Model:
        """Return it with the columns alone in which answers are imputed, or with the others."""
        kept = {c: terms for c, terms in self.columns.items() if self.imputes(c) == imputed}
        return self if kept == self.columns else self.model_copy(update={"columns": kept})

    @property
    def regressions(self) -> list[tuple[str, str]]:
        """Outcome and column of each of its regressions, in the order of its table."""
        return [(outcome, column) for outcome in self.outcomes for column in self.columns]

    @property
    def boxes(self) -> list[str]:
        """Every variable of a path model's equations, causes before what they explain."""
        arrows = self.equations.items()
        return list(dict.fromkeys(v for to, sources in arrows for v in (*sources, to)))

    @property
    def regressors(self) -> list[str]:
        """The regressors of all columns and the controls, each once."""
        listed = [term for terms in self.columns.values() for term in terms]
        return list(dict.fromkeys([*listed, *self.controls]))

    @property
    def terms(self) -> list[str]:
        """All it needs an answer to, in order; the flags of its sample are not among it.

        Outcomes first, then regressors column by column (or a path model's equations), endogenous
        ones and instruments, controls, fixed effects, clusters and weights.
        """
        arrows = [v for target, sources in self.equations.items() for v in (target, *sources)]
        listed = [term for terms in self.columns.values() for term in terms]
        clusters = [covariance.groups for covariance in self.covariance if covariance.groups]
        found = [*self.outcomes, *arrows, *listed, *self.endogenous, *self.instruments]
        found += [*self.steps, *self.controls, *self.variance, *self.fixed_effects, *clusters]
        found += [*([self.selected] if self.selected else []), *self.selection]
        found += [weights for weights in self.weightings if weights]
        found += self.choices.terms if self.choices else []
        return list(dict.fromkeys(found))

    def side_by_side(self) -> Model:
        """Return it with its columns once per weighting, such as ``any: unweighted``.

        Which weights each of them has is in ``column_weights``. Where answers are imputed each is
        there once more, such as ``any: imputed``.
        """
        return self._by_weights()._by_answers()

    def _by_answers(self) -> Model:
        if self.missing != "impute":
            return self
        also = {f"{column}: {IMPUTED}": column for column in self.columns}
        columns = self.columns | {new: self.columns[old] for new, old in also.items()}
        weights = {new: self.weights_of(old) for new, old in also.items() if self.column_weights}
        return self.model_copy(
            update={"columns": columns, "column_weights": self.column_weights | weights}
        )

    def _by_weights(self) -> Model:
        if not (self.columns and isinstance(self.weights, tuple)):
            return self
        pairs = {
            f"{column}: {weights or UNWEIGHTED}": (terms, weights)
            for column, terms in self.columns.items()
            for weights in self.weightings
        }
        columns = {column: terms for column, (terms, _) in pairs.items()}
        own = {column: weights for column, (_, weights) in pairs.items()}
        return self.model_copy(update={"columns": columns, "column_weights": own})


Models = Annotated[
    dict[
        Annotated[
            str,
            Field(
                pattern="^[A-Za-z][A-Za-z0-9_]*$",
                description="Name of a model; letters, digits and _.",
            ),
        ],
        Model,
    ],
    Field(min_length=1, description="Every regression as data; adding one needs no code."),
]
_MODELS: TypeAdapter[dict[str, Model]] = TypeAdapter(Models)


# --- models made of others ---------------------------------------------------------------------


def expanded(written: Mapping[str, Any]) -> tuple[dict[str, Model], list[Problem]]:
    """Return all of a models file with what its models take from one another.

    Parameters
    ----------
    written
        The models file, checked against its schema.

    Returns
    -------
    dict
        The models by name: columns once per weighting, and the arrows of all models in `union_of`.
    list of Problem
        As of :func:`with_unions`.
    """
    models = models_of(written).items()
    return with_unions({name: model.side_by_side() for name, model in models})


def models_of(specs: Mapping[str, Any]) -> dict[str, Model]:
    """Return models from what :meth:`Model.as_params` made of them, or the user wrote."""
    return _MODELS.validate_python(specs)


def union(*equations: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Every arrow of several systems of equations.

    Examples
    --------
    >>> union({"c": ("a",)}, {"c": ("b", "a"), "b": ("a",)})
    {'c': ('a', 'b'), 'b': ('a',)}
    """
    found: dict[str, dict[str, None]] = {}
    for system in equations:
        for target, sources in system.items():
            found.setdefault(target, {}).update(dict.fromkeys(sources))
    return {target: tuple(sources) for target, sources in found.items()}


def with_unions(models: Mapping[str, Model]) -> tuple[dict[str, Model], list[Problem]]:
    """Give every model with `union_of` the arrows of all models it names.

    Returns
    -------
    dict
        The models; one with `union_of` has ``equations``, and under ``readings`` those of each
        model it is the union of.
    list of Problem
        Names that are no path models of their own, and models that are not about the same
        variables.
    """
    found, problems = dict(models), []
    for name, model in models.items():
        if not model.union_of:
            continue
        readings: dict[str, dict[str, tuple[str, ...]]] = {}
        for member in model.union_of:
            if member not in models:
                what = f"{name}.union_of: there is no model `{member}`"
                problems.append(Problem(what, did_you_mean(member, models)))
            elif not models[member].equations:
                what = f"{name}.union_of: `{member}` has no equations of its own"
                problems.append(Problem(what, "name path models that list their `equations`"))
            else:
                readings[member] = models[member].equations
        about = {
            member: (set(e), {s for sources in e.values() for s in sources} - set(e))
            for member, e in readings.items()
        }
        problems += [
            Problem(
                f"{name}.union_of: {member} and {next(iter(about))} do not explain the same "
                "variables by the same others",
                "their tests need that; give each an equation for every outcome of the other",
            )
            for member, variables in about.items()
            if variables != next(iter(about.values()))
        ]
        arrows = {"equations": union(*readings.values()), "readings": readings}
        found[name] = model.model_copy(update=arrows)
    return found, problems
