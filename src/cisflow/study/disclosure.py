"""The rules by which aggregates may leave ``microdata/``: a profile per provider of data."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Dominance(BaseModel):
    """The (n, k) rule: the n largest contributors hold at most k per cent of a total."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    firms: int = Field(2, ge=1)
    """How many of the largest firms are taken together."""
    share: float = Field(90, gt=0, le=100)
    """Per cent of a total, or of all weight, that they may hold."""


class Profile(BaseModel):
    """What a provider of data lets be published."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    title: str
    """Name of the rules, as the paper and the sheet for the output checker call them."""
    text: str
    """The rules in a sentence or two, for the paper."""
    public: bool = False
    """Whether anyone may have the records themselves; only then may thresholds be below the general ones."""
    minimum_cell: int = Field(10, ge=1)
    """Fewest firms, unweighted, in a group that is counted, and in the difference of two such groups."""
    dominance: Dominance | None = Dominance()
    """The (n, k) rule on means and totals; null for none."""
    p_percent: float | None = Field(10, gt=0)
    """The p % rule: how near, in per cent, a total may let the second-largest firm come to the largest; null for none."""
    support: int = Field(5, ge=1)
    """Fewest firms on either side of a dummy, an interaction or a treated cell; industries with fewer are merged."""
    residual_df: int = Field(10, ge=1)
    """Fewest observations beyond the number of coefficients."""
    leverage: float = Field(0.95, gt=0, le=1)
    """Largest leverage of one firm on its own fitted value."""
