"""The rules by which aggregates may leave ``microdata/``: a profile per provider of data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field

from cisflow.base.documents import did_you_mean, read_yaml, validated
from cisflow.base.paths import found, places, shipped
from cisflow.base.problems import Problem
from cisflow.study.documents import Document
from cisflow.study.settings import Settings

FOLDER = "config/disclosure"


class Dominance(Document):
    """The (n, k) rule: the n largest contributors hold at most k per cent of a total."""

    firms: Annotated[int, Field(ge=1)] = 2
    """How many of the largest firms are taken together."""
    share: Annotated[float, Field(gt=0, le=100)] = 90
    """Per cent of a total, or of all weight, that they may hold."""


class Profile(Document):
    """What a provider of data lets be published: a file below `config/disclosure/`."""

    title: str
    """Name of the rules, as the paper and the sheet for the output checker call them."""
    text: str
    """The rules in a sentence or two, for the paper."""
    public: bool = False
    """Whether anyone may have the records themselves; only then may a config of real data set a
    smaller `minimum_cell`."""
    minimum_cell: Annotated[int, Field(ge=1)] = 10
    """Fewest firms, unweighted, in a group that is counted, and in the difference of two such
    groups."""
    dominance: Dominance = Dominance()
    """The (n, k) rule on means and totals; a share of 100 for none."""
    p_percent: Annotated[float, Field(ge=0)] = 10
    """The p % rule: how near, in per cent, a total may let the second-largest firm come to the
    largest; 0 for none."""
    support: Annotated[int, Field(ge=1)] = 5
    """Fewest firms that a coefficient may rest on: those on either side of a dummy, in an
    interaction or a treated cell; where their number and means follow from the coefficients it is
    `minimum_cell`. Industries with fewer are merged."""
    residual_df: Annotated[int, Field(ge=1)] = 10
    """Fewest observations beyond the number of coefficients."""
    leverage: Annotated[float, Field(gt=0, le=1)] = 0.95
    """Largest leverage of one firm on its own fitted value."""

    @property
    def largest_of_coefficient(self) -> int:
        """How many firms together may not make a coefficient, by the share of `dominance`.

        Fewer than `support` make none: not of a dummy, nor of a number that all others have nearly
        alike, which is a dummy in disguise.
        """
        return max(self.dominance.firms, self.support - 1)


UNRESTRICTED = Profile(
    title="No rules",
    text="",
    public=True,
    minimum_cell=1,
    dominance=Dominance(firms=1, share=100),
    p_percent=0,
    support=1,
    residual_df=1,
    leverage=1,
)
"""Nothing is withheld or merged: for work inside ``microdata/``."""


def profile_of(settings: Settings, root: Path = Path()) -> Profile:
    """Return the profile a config chooses, with the config's own `minimum_cell`.

    Raises
    ------
    CisflowError
        If its file does not fit.
    """
    file = _file(settings.disclosure, root)
    schema = shipped("workflow", "schemas", "disclosure.schema.yaml")
    profile = Profile.model_validate(validated(read_yaml(file), schema, file.as_posix()))
    own = settings.minimum_cell
    return profile if own is None else profile.model_copy(update={"minimum_cell": own})


def _file(name: str, root: Path) -> Path:
    ending = ("", ".yaml")[not name.endswith(".yaml")]
    return found(name + ending if "/" in name else f"{FOLDER}/{name}{ending}", root)


def profile_problems(settings: Settings, root: Path) -> Iterator[Problem]:
    """Yield a profile that does not exist, and a threshold below what the provider allows."""
    if not _file(settings.disclosure, root).is_file():
        known = sorted(f.stem for folder in places(FOLDER, root) for f in folder.glob("*.yaml"))
        what = f"disclosure: there are no rules `{settings.disclosure}` below {FOLDER}/"
        yield Problem(what, did_you_mean(settings.disclosure, known))
        return
    rules = profile_of(settings.model_copy(update={"minimum_cell": None}), root)
    own = settings.minimum_cell
    if (
        own is not None
        and settings.data == "real"
        and not rules.public
        and own < rules.minimum_cell
    ):
        yield Problem(
            f"minimum_cell: {own} is below {rules.minimum_cell}, the fewest firms that the rules "
            f"`{settings.disclosure}` allow for real data",
            "leave it out, or name by `disclosure:` the rules of the data's provider",
        )
