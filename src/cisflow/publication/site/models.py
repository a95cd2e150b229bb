"""The run's models, as the page describes them, each with whom its sample lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from cisflow.publication.findings import Findings
from cisflow.publication.populations import flags_of, population_words
from cisflow.publication.site.grids import Grid, grid_of
from cisflow.publication.tables.samples import flow_table
from cisflow.publication.words import column_label, covariance_name, label, sentence
from cisflow.study.models import Model

ESTIMATORS = {
    "tobit": "Tobit with two limits",
    "heteroskedastic_tobit": "Tobit with unequal variance",
    "fractional": "Fractional logit",
    "ols": "Least squares",
    "iv": "Instrumental variables",
    "path": "Path model",
    "balance": "Path model, its total effect split into cost and return",
    "two_part": "Two-part model",
    "panel": "Panel of firms in several waves",
    "curve": "Every combination of the choices of an author",
    "selection": "Selection model",
    "control_function": "Tobit with a control function",
    "doubly_robust": "Comparison among firms alike, doubly robust",
}


@dataclass(frozen=True)
class Described:
    """A model on the page: what it explains by what, of whom, and whom its sample lost."""

    name: str
    facts: tuple[tuple[str, str], ...]
    title: str
    flow: Grid | None
    same_as: str


def models_of(findings: Findings) -> Iterator[Described]:
    """Yield every model with its sample flow, which is shown once where several share it."""
    shown: dict[tuple[tuple[str, ...], ...], str] = {}
    for name, spec in findings.models.items():
        grid = None if spec.printed else _flow(findings, name)
        first = shown.setdefault(grid.rows, name) if grid else name
        yield Described(
            name,
            tuple(_about(findings, name, spec)),
            spec.title,
            grid if first == name else None,
            findings.models[first].title if first != name else "",
        )


def flow_notes(findings: Findings) -> str:
    """Return what is to be known to read a sample flow; it is the same for all."""
    first = next((name for name, spec in findings.models.items() if not spec.printed), None)
    return flow_table(findings, [first]).notes if first else ""


def _flow(findings: Findings, model: str) -> Grid:
    """Return a model's sample flow; several countries have their rows one below the other."""
    table, title = flow_table(findings, [model]), findings.models[model].title
    frame = table.frame.rename(index=lambda words: words.removeprefix(f"{title}, "), level=0)
    return replace(grid_of(replace(table, frame=frame)), notes="")


def _about(findings: Findings, name: str, spec: Model) -> Iterator[tuple[str, str]]:
    """Yield what a model is, as pairs of a heading and words."""
    estimator = ESTIMATORS.get(spec.estimator, sentence(spec.estimator.replace("_", " ")))
    if spec.source:
        yield "After", spec.source
    yield "Estimator", estimator
    flags = [
        f for c, waves in findings.countries.items() for f in flags_of(findings, c, waves, name)
    ]
    yield "Firms", population_words(dict.fromkeys(flags))
    if spec.equations:
        for target, terms in spec.equations.items():
            yield label(target), f"explained by {_listed(terms)}"
    else:
        yield "Explains", _listed(spec.outcomes)
        for column, terms in spec.columns.items():
            yield f"By ({column_label(column).lower()})", _listed(terms)
    if spec.controls:
        yield "Held equal", _listed(spec.controls)
    if spec.fixed_effects:
        yield "Dummies for", _listed(spec.fixed_effects)
    yield "Standard errors", "; ".join(covariance_name(c) for c in spec.covariance)


def _listed(terms: Iterable[str]) -> str:
    return "; ".join(label(term) for term in terms)
