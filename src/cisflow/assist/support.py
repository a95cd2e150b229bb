"""Which models a survey can support, given the questions it asks.

A made-up wave in which every question asked has answers goes the way real ones go; what is empty
for all its firms at the end cannot be had from the survey. No list has to be kept in step with
the definitions of research variables.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from cisflow.panel.build import build_panel
from cisflow.panel.constructs import CONSTRUCTS
from cisflow.panel.sample import bases_of, variables_of
from cisflow.study.canonical import ACCOUNT_COLUMNS, ASKED, FIRM_COLUMNS, FLAGS
from cisflow.study.models import Model
from cisflow.study.terms import columns_of
from cisflow.survey.schema import dtype_of

FIRMS = 12  # enough for shares among others of the same industry
MADE_UP = {
    "nace": "25",
    "section": "C",
    "region": "R",
    "stratum": "1",
    "size_class": "10-49",
    "country": "XX",
}
ACCOUNTS = "company accounts"
SIZE = "log_employees"
MOST_TOLD = 4


def supported_models(
    variables: Collection[str],
    models: Mapping[str, Model],
    industries: Mapping[str, Any],
    *,
    accounts: bool,
    year: int = 2010,
) -> list[dict[str, Any]]:
    """Say of every model whether a survey has what it needs.

    Parameters
    ----------
    variables
        Canonical variables the survey asks.
    models
        Specifications by name, as :func:`cisflow.study.run.load_run` has them.
    industries
        ``config/nace.yaml``.
    accounts
        Whether there are company accounts.
    year
        Reference year of the survey.

    Returns
    -------
    list of dict
        Per model ``model``, ``title``, ``supported`` and ``lacks``: from each research variable
        that cannot be had to the canonical variables it is made of and that are not asked.
    """
    had = _known(set(variables), industries, accounts, year)
    with_accounts = had if accounts else _known(set(variables), industries, True, year)
    parts = _made_of(industries, year)
    rows = []
    for name, spec in models.items():
        named = [*spec.sample, *variables_of(spec)]
        wanted = [base for variable in named for base in bases_of(variable, spec)]
        lacks = [v for v in dict.fromkeys(wanted) if v not in had and not _computed_later(v)]
        reasons = {
            v: [ACCOUNTS]
            if v in with_accounts or (v not in parts and v not in FIRM_COLUMNS)
            else [part for part in parts.get(v, [v]) if part not in variables]
            for v in lacks
        }
        rows.append({"model": name, "title": spec.title, "supported": not lacks, "lacks": reasons})
    return rows


def as_asked(variables: Collection[str], firms: pd.DataFrame) -> set[str]:
    """Return the variables a wave asks, with sections where activities are not told finer.

    It is manufacturers whose industries models tell apart.

    Parameters
    ----------
    variables
        Canonical variables.
    firms
        The wave's firm records.
    """
    asked = set(variables)
    makers = firms[firms["manufacturing"].fillna(value=False).astype(bool)]
    codes = (makers if len(makers) else firms)["nace"].dropna()
    if "nace" in asked and len(codes) and not codes.str.contains(r"\d").any():
        return asked - {"nace"} | {"section", "manufacturing"}
    return asked


def without(spec: Model, lacks: Collection[str], asked: Collection[str]) -> dict[str, Any] | None:
    """Return what is to change in a model for a survey that does not ask all of it.

    Controls, fixed effects, clusters, and regressors beside others are left out; size classes, if
    the survey has them, take the place of the number of employees. Nothing takes the place of
    the sample, of the last outcome or of the last regressor.

    Parameters
    ----------
    spec
        The model as the models file has it.
    lacks
        Its variables that cannot be had.
    asked
        Canonical variables the survey asks.

    Returns
    -------
    dict or None
        The keys that differ; None if the model cannot do without.
    """

    def had(terms: Collection[str]) -> list[str]:
        return [t for t in terms if not absent & set(columns_of(t))]

    absent = set(lacks)
    if spec.estimator in ("path", "balance", "iv") or absent & set(spec.sample):
        return None
    changed: dict[str, Any] = {
        "outcomes": had(spec.outcomes),
        "columns": {name: had(terms) for name, terms in spec.columns.items()},
        "controls": had(spec.controls),
        "fixed_effects": had(spec.fixed_effects),
        "covariance": [c.model_dump() for c in spec.covariance if c.groups not in absent],
    }
    # A column with an interaction is about that.
    changed["columns"] = {
        name: terms
        for name, terms in changed["columns"].items()
        if terms and sum(":" in t for t in terms) == sum(":" in t for t in spec.columns[name])
    }
    dropped = [v for v in variables_of(spec) if v in absent]
    told = []
    if SIZE in absent and "size_class" in asked:
        changed["fixed_effects"].append("size_class")
        told = ["size classes in place of employees"]
        dropped.remove(SIZE)
    if dropped:
        more = f" and {len(dropped) - MOST_TOLD} more" if len(dropped) > MOST_TOLD else ""
        told.append(f"without {', '.join(dropped[:MOST_TOLD])}{more}")
    if not changed["outcomes"] or not changed["columns"] or not changed["covariance"]:
        return None
    if absent & set(variables_of(_with(spec, changed, absent))):  # an instrument, say
        return None
    written = spec.as_params()
    differing = {k: v for k, v in changed.items() if v != written[k]}
    return {"title": f"{spec.title} ({'; '.join(told)})", **differing}


def _with(spec: Model, changed: Mapping[str, Any], absent: Collection[str]) -> Model:
    """Return a model as it would stand with what is changed."""
    kept = tuple(c for c in spec.covariance if c.groups not in absent)
    return spec.model_copy(update={**changed, "covariance": kept})


def _computed_later(variable: str) -> bool:
    """Return whether a column follows from several waves or from attrition, not from questions."""
    return variable in ("accounts_weight", "in_previous_wave", "n_waves", "weight")


def _made_of(industries: Mapping[str, Any], year: int) -> dict[str, list[str]]:
    """Return per research variable the canonical variables it looks at, in their order."""
    looked: set[str] = set()

    class Watched(pd.DataFrame):
        """A table that notes which of its columns are looked at."""

        def __getitem__(self, key: Any) -> Any:
            looked.update([key] if isinstance(key, str) else (k for k in key if isinstance(k, str)))
            return super().__getitem__(key)

    frame = _firms({v for v in FIRM_COLUMNS if v not in ASKED}, year)
    parts: dict[str, set[str]] = {}
    for name, construct in CONSTRUCTS.items():
        if construct.table not in ("firms", "industries"):
            continue
        looked.clear()
        more = (industries,) if construct.table == "industries" else ()
        frame[name] = construct.function(Watched(frame), *more)
        parts[name] = {part for c in looked for part in parts.get(c, {c})}
    answers = [column for column in FIRM_COLUMNS if column not in ASKED]
    return {name: [c for c in answers if c in used] for name, used in parts.items()}


def _known(
    variables: set[str], industries: Mapping[str, Any], accounts: bool, year: int
) -> set[str]:
    """Return the columns of the panel that are not empty when ``variables`` are answered."""
    panel = build_panel(
        [_firms(variables, year)], _accounts(year) if accounts else None, 2, industries
    )
    return {c for c in panel.columns if panel[c].notna().any() and not _all_false(panel[c])}


def _all_false(column: pd.Series) -> bool:
    return column.name == "has_accounts" and not bool(column.any())


def _firms(variables: set[str], year: int) -> pd.DataFrame:
    given = set(variables)
    if {"product_innovation", "process_innovation", "ongoing", "abandoned"} & given:
        given.add("innovation_active")
    if "nace" in given:
        given |= {"manufacturing", "section"}
    columns = {}
    for column in FIRM_COLUMNS:
        kind = dtype_of(column)
        value: Any = None
        if column in given or (column in ("country", "section") and column in given):
            value = True if column in FLAGS else MADE_UP.get(column, 1.0)
        columns[column] = pd.Series([value] * FIRMS, dtype=kind if value is not None else None)
    fixed = {"country": "XX", "wave": "w", "reference_year": year, "weight": 1.0}
    frame = pd.DataFrame(columns).assign(**fixed, firm_id=[f"f{i}" for i in range(FIRMS)])
    frame = frame.assign(**dict.fromkeys(ASKED, True))
    return frame.astype({c: dtype_of(c) for c in FIRM_COLUMNS})


def _accounts(year: int) -> pd.DataFrame:
    rows = [
        dict.fromkeys(ACCOUNT_COLUMNS, 1.0) | {"firm_id": f"f{i}", "year": later}
        for i in range(FIRMS)
        for later in range(year, year + 7)
    ]
    return pd.DataFrame(rows)[list(ACCOUNT_COLUMNS)].astype(
        {c: dtype_of(c) for c in ACCOUNT_COLUMNS}
    )
