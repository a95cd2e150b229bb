"""The choices of a specification curve: what an author might as well have done.

A model of `estimator: curve` has them under `choices:`. Each is a list of options with a name; the
first is the one its author made. Every combination is estimated, but those under `never`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from cisflow.study.documents import Document
from cisflow.study.settings import UNIQUE
from cisflow.study.terms import columns_of, names_if_any, tidy
from cisflow.study.weightings import NONE

BAR = " | "
"""What stands between the options of a specification in the column of its estimates."""
CHOICES = ("outcome", "sample", "outliers", "regressors", "controls", "estimator", "weights")
"""What is chosen, in the order of the column; beside them there is the covariance."""
COVARIANCE = "covariance"

Option = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^|:]+$")]
Term = Annotated[str, Field(min_length=1), AfterValidator(tidy)]
Several = Annotated[tuple[Term, ...], Field(min_length=1)]
Rules = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    Field(
        description="Yes/no variables of the panel, or comparisons such as `employees < 250`, all "
        "of which hold for the firms."
    ),
]
CurveEstimator = Literal["tobit", "heteroskedastic_tobit", "fractional", "ols"]
CurveCovariance = Literal["nonrobust", "HC0", "HC1"]
Choice = Literal[
    "outcome", "sample", "outliers", "regressors", "controls", "estimator", "weights", "covariance"
]


class Choices(Document):
    """Curve: what is varied, option by option; the first of each is the main one."""

    outcome: Annotated[dict[Option, dict[Term, Term]], Field(min_length=1)] = Field(
        default={"as asked": {}}
    )
    """How outcomes are defined: an option, and which variable takes the place of which outcome.
    Firms without one of an option's outcomes are in none of its samples."""
    sample: Annotated[dict[Option, Rules], Field(min_length=1)] = Field(default={"all": ()})
    """Which of the model's firms: an option and what holds for them."""
    outliers: Annotated[dict[Option, Rules], Field(min_length=1)] = Field(default={"all": ()})
    """Which outliers are left out: an option and what holds for those that stay."""
    regressors: Annotated[dict[Option, dict[Term, Several]], Field(min_length=1)] = Field(
        default={"together": {}}
    )
    """What stands beside a term of `columns`, or in its place: an option, and for each term the
    regressors, that whose effect is told first. A term that is not there is as in `columns`."""
    controls: Annotated[
        dict[Option, Annotated[tuple[Term, ...], Field(description="Terms of the model.")]],
        Field(min_length=1),
    ] = Field(default={"none": ()})
    """Regressors added to all; dummies of a category are `C(industry)`."""
    estimator: Annotated[
        tuple[CurveEstimator, ...], Field(min_length=1, json_schema_extra=UNIQUE)
    ] = ("tobit",)
    """Estimators; all effects are on the outcome as it is observed."""
    weights: Annotated[tuple[Option, ...], Field(min_length=1, json_schema_extra=UNIQUE)] = (NONE,)
    """`none`, or a column of weights such as `weight`."""
    covariance: Annotated[
        tuple[CurveCovariance, ...], Field(min_length=1, json_schema_extra=UNIQUE)
    ] = ("HC1",)
    """Standard errors: nonrobust, HC0, HC1."""
    never: tuple[dict[Choice, str], ...] = ()
    """Combinations that make no sense, such as {estimator: fractional, covariance: nonrobust}."""
    draws: Annotated[int, Field(ge=99, le=99_999)] = 999
    """Random signs behind the joint test of all specifications."""

    @property
    def names(self) -> dict[str, tuple[str, ...]]:
        """The options of every choice, the covariance last."""
        return {key: tuple(getattr(self, key)) for key in (*CHOICES, COVARIANCE)}

    @property
    def terms(self) -> list[str]:
        """All terms that any specification has, outcomes first."""
        listed = [new for of in self.outcome.values() for new in of.values()]
        listed += [t for of in self.regressors.values() for terms in of.values() for t in terms]
        listed += [term for terms in self.controls.values() for term in terms]
        listed += [name for rule in self.rules for name in names_if_any(rule)]
        listed += [name for name in self.weights if name != NONE]
        return list(dict.fromkeys(listed))

    @property
    def rules(self) -> list[str]:
        """What holds for the firms of some sample, each rule once."""
        both = [*self.sample.values(), *self.outliers.values()]
        return list(dict.fromkeys(rule for rules in both for rule in rules))

    def outcomes(self, own: tuple[str, ...]) -> list[str]:
        """Return the columns behind the outcomes by any definition, given the model's own."""
        terms = [*own, *(new for of in self.outcome.values() for new in of.values())]
        return list(dict.fromkeys(column for term in terms for column in columns_of(term)))

    def combinations(self, *choices: str) -> Iterator[dict[str, str]]:
        """Yield every combination of the options of some choices that is not ruled out."""
        names = self.names
        for options in product(*(names[choice] for choice in choices)):
            found = dict(zip(choices, options, strict=True))
            if not self.ruled_out(found):
                yield found

    def ruled_out(self, made: Mapping[str, str]) -> bool:
        """Return whether a combination, or a part of one, is among those that make no sense."""
        return any(all(made.get(key) == of for key, of in never.items()) for never in self.never)

    @property
    def size(self) -> int:
        """How many specifications there are of each effect, if every sample has its firms."""
        return sum(1 for _ in self.combinations(*CHOICES, COVARIANCE))


def column_of(column: str, made: Mapping[str, str]) -> str:
    """Return the column of a specification: that of the model, and the options in order."""
    return f"{column}: {BAR.join(made[choice] for choice in CHOICES)}"


def choices_in(column: str) -> dict[str, str]:
    """Return the options a column of estimates names; empty where it is no specification's."""
    options = column.partition(": ")[2].split(BAR)
    return dict(zip(CHOICES, options, strict=True)) if len(options) == len(CHOICES) else {}
