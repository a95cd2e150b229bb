"""What a baseline keeps of a run, and by how much its numbers may move."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field

from cisflow.base.documents import read_yaml, validated
from cisflow.base.paths import found, shipped, shown
from cisflow.base.problems import CisflowError, Problem
from cisflow.study.documents import Document

FILE = "config/baseline.yaml"
Size = Annotated[float, Field(ge=0)]
Names = Annotated[tuple[str, ...], Field(min_length=1, json_schema_extra={"uniqueItems": True})]


class Tolerances(Document):
    """How far a number may be from the baseline's; counts, verdicts and reasons may not at all."""

    estimate: Size = 0.001
    """Of an estimate, in standard errors; as a share of it where it has none."""
    interval: Size = 0.001
    """Of the bounds of an interval, in standard errors."""
    std_error: Size = 0.001
    """Of a standard error, as a share of it."""
    p_value: Size = 0.001
    """Of a p-value, as it stands."""
    statistic: Size = 0.001
    """Of a test statistic or a measure of heterogeneity, as a share of it; below 1 as it stands."""


class Drawn(Document):
    """The same for what rests on random draws: bootstrap, Monte Carlo, and the claims on these."""

    interval: Size = 0.02
    """Of the bounds of an interval, in standard errors."""
    std_error: Size = 0.01
    """Of a standard error, as a share of it."""
    p_value: Size = 0.01
    """Of a p-value, as it stands."""
    share: Size = 0.01
    """Of a share of draws, such as P(cost > return), as it stands."""


class Kept(Document):
    """What of a run is in its baseline; the verdict of every claim always is."""

    dummies: bool = True
    """Whether the dummies are, one per level of a category such as an industry."""
    specifications: bool = False
    """Whether each specification of a curve is; what a curve says as a whole always is."""
    further: bool = True
    """Whether the further readings of claims are, beside the test that is named first."""
    models: Names | None = None
    """The models that are; all when not given."""
    countries: Names | None = None
    """The countries that are, `pooled` among them; all when not given."""
    cov_types: Names | None = None
    """The kinds of standard errors that are, such as HC1, and what has none; all when not given."""


class BaselineSettings(Document):
    """What a baseline keeps of a run, and by how much its numbers may move."""

    tolerances: Tolerances = Tolerances()
    drawn: Drawn = Drawn()
    keep: Kept = Kept()


def load_tolerances(file: Path | None = None, changes: Iterable[str] = ()) -> BaselineSettings:
    """Read what a baseline keeps and how far its numbers may move.

    Parameters
    ----------
    file
        The YAML; config/baseline.yaml of the project, or else the one that ships, when not given.
    changes
        Keys with values that go before the file's, such as ``tolerances.estimate=0.01``.

    Raises
    ------
    CisflowError
        Every key that is unknown or has a value of the wrong kind.
    """
    source = file or found(FILE)
    document = read_yaml(source)
    for change in changes:
        keys, sign, value = change.partition("=")
        *above, last = keys.split(".")
        part: Any = document
        for key in above:
            part = part.setdefault(key, {}) if isinstance(part, dict) else None
        if not sign or not isinstance(part, dict):
            what = f"`{change}` is not KEY=VALUE, such as tolerances.estimate=0.01"
            raise CisflowError("--set", Problem(what, f"{shown(source)} shows the keys"))
        part[last] = yaml.safe_load(value)
    schema = shipped("workflow", "schemas", "baseline.schema.yaml")
    return BaselineSettings(**validated(document, schema, shown(source)))
