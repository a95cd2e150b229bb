"""What tables, figures and the paper are made from, and how they write names and numbers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.constructs import CONSTRUCTS

if TYPE_CHECKING:
    import pandas as pd

SYNTHETIC = "SYNTHETIC data"
NOT_ESTIMABLE = "n.e."
NOT_ASKED = "n.a."
WITHHELD = "c"
ARROW = " → "
STARS_NOTE = "* p < 0.10, ** p < 0.05, *** p < 0.01"

# What a reader sees for a column of the panel: in full, and short for arrows and headings.
LABELS: dict[str, str] = {
    **{name: construct.label for name, construct in CONSTRUCTS.items()},
    "coop_any": "Any cooperation",
    "group": "Part of a group",
    "Intercept": "Constant",
}
SHORT_LABELS: dict[str, str] = {
    "incremental": "Incremental",
    "radical": "Radical",
    "innovation_strength": "Innovation",
    "internal_investment": "Investment",
    "diversity": "Diversity",
    "personnel_cost_share": "Personnel costs",
    "profit_margin": "Profit margin",
    "rd_intensity": "R&D intensity",
    "small": "Small firm",
    "protection": "Protection",
}
COLUMN_LABELS = {
    "any": "Any partner",
    "grouped": "Partner groups",
    "partners": "Partner types",
    "interaction": "Interaction",
}
COVARIANCES = {
    "nonrobust": "classical",
    "robust": "heteroskedasticity-robust",
    "HC0": "heteroskedasticity-robust (HC0)",
    "HC1": "heteroskedasticity-robust (HC1)",
    "bootstrap": "bootstrap",
}


@dataclass(frozen=True)
class Findings:
    """Everything a run publishes from; nothing in it describes a single firm.

    Attributes
    ----------
    settings
        The run's config: title, run, data, lag, seed, countries, bootstrap, minimum_cell.
    models
        Specifications by name, in the order of the run.
    estimates
        Tidy estimates of every country and model.
    diagnostics
        One record per country and model.
    claims
        Verdicts, one row per claim, country and wave.
    flow
        Sample flow of every country.
    quality
        One record per extract.
    descriptions
        Per country, the records of :func:`cisflow.disclosure.describe_sample`.
    """

    settings: dict[str, Any]
    models: dict[str, dict[str, Any]]
    estimates: pd.DataFrame
    diagnostics: list[dict[str, Any]]
    claims: pd.DataFrame
    flow: pd.DataFrame
    quality: list[dict[str, Any]]
    descriptions: dict[str, list[dict[str, Any]]]

    @property
    def synthetic(self) -> bool:
        """Whether everything published is stamped SYNTHETIC."""
        return self.settings["data"] == "synthetic"

    @property
    def minimum(self) -> int:
        """Smallest number of firms a published number may rest on."""
        return self.settings.get("minimum_cell", 3)

    @property
    def countries(self) -> dict[str, list[str]]:
        """Waves by country, in the order of the config."""
        return {c: list(about["waves"]) for c, about in self.settings["countries"].items()}

    def name(self, country: str) -> str:
        """Return a country's name for print."""
        return self.settings["countries"][country]["name"]

    def place(self, country: str, wave: str) -> str:
        """Return country and wave for print."""
        return f"{self.name(country)}, {wave}"

    def rows(self, country: str, wave: str, model: str) -> pd.DataFrame:
        """Return the tidy estimates of one model in one country and wave."""
        e = self.estimates
        return e[(e["country"] == country) & (e["wave"] == wave) & (e["model"] == model)]

    def fits(self, country: str, wave: str, model: str) -> list[dict[str, Any]]:
        """Return the diagnostics of one model in one country and wave, one per fit."""
        return [
            fit
            for record in self.diagnostics
            if (record["country"], record["model"]) == (country, model)
            for fit in record["fits"]
            if fit["wave"] == wave
        ]

    def why_not(self, country: str, wave: str, model: str) -> str:
        """Return why a model could not be estimated at all, empty if it could."""
        rows = self.rows(country, wave, model)
        if rows["estimate"].notna().any():
            return ""
        notes = [note for note in rows["note"] if note]
        return notes[0] if notes else "not estimable: the model was not estimated on this wave"

    def description(self, country: str, wave: str, model: str) -> dict[str, Any] | None:
        """Return the descriptives of a model's sample, if they were made."""
        for record in self.descriptions.get(country, []):
            if (record["wave"], record["model"]) == (wave, model):
                return record
        return None


def read_findings(
    settings: dict[str, Any],
    models: dict[str, dict[str, Any]],
    *,
    estimates: Sequence[str | Path],
    diagnostics: Sequence[str | Path],
    claims: str | Path,
    samples: Sequence[str | Path],
    quality: Sequence[str | Path] = (),
    descriptions: Sequence[str | Path] = (),
) -> Findings:
    """Read what the earlier stages left.

    Parameters
    ----------
    settings, models
        The checked config and its models.
    estimates, diagnostics, claims, samples, quality, descriptions
        Files as the stages write them; a description file holds ``country`` and ``samples``.
    """
    import pandas as pd

    from cisflow.estimates import read_estimates

    def load(file: str | Path) -> dict[str, Any]:
        return json.loads(Path(file).read_text(encoding="utf-8"))

    return Findings(
        settings=settings,
        models=models,
        estimates=read_estimates([Path(f) for f in estimates]),
        diagnostics=[load(f) for f in diagnostics],
        claims=_read_text_first(claims),
        flow=pd.concat([_read_text_first(f) for f in samples], ignore_index=True),
        quality=[load(f) for f in quality],
        descriptions={d["country"]: d["samples"] for d in map(load, descriptions)},
    )


def _read_text_first(file: str | Path) -> pd.DataFrame:
    """Read a CSV whose names stay text: wave 2010 is a name, and NA is Namibia."""
    import pandas as pd

    numbers = (
        "step",
        "firms",
        "lost",
        "estimate",
        "std_error",
        "ci_low",
        "ci_high",
        "p_value",
        "n",
    )
    columns = pd.read_csv(file, nrows=0).columns
    return pd.read_csv(
        file,
        dtype={c: "float64" if c in numbers else "str" for c in columns},
        keep_default_na=False,
        na_values={c: [""] for c in columns if c in numbers},
    )


def write_manifest(file: Path, settings: Mapping[str, Any]) -> None:
    """List the published files beside ``file`` with their SHA-256, and the run they come from.

    The report is left out: it is made afterwards and carries the time of its making.
    """
    from cisflow import __version__

    published = sorted(p for p in file.parent.rglob("*") if p.is_file())
    files = {
        p.relative_to(file.parent).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in published
        if p != file and p.name != "report.html" and not p.name.startswith(".")
    }
    manifest = {
        "run": settings["run"],
        "title": settings["title"],
        "data": settings["data"],
        "seed": settings["seed"],
        "cisflow": __version__,
        "files": files,
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


# --- which models belong together --------------------------------------------------------------


def regression_models(models: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the models that are regressions, in the order of the run; the first one leads."""
    return models_of(models, "tobit", "fractional", "ols")


def models_of(models: Mapping[str, dict[str, Any]], *estimators: str) -> list[str]:
    """Return the models of some estimators, in the order of the run."""
    return [name for name, spec in models.items() if spec["estimator"] in estimators]


def described(models: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the models whose samples are shown: the leading regression, each group's first."""
    return [*regression_models(models)[:1], *(names[0] for names in path_groups(models).values())]


def path_groups(models: Mapping[str, dict[str, Any]]) -> dict[str, list[str]]:
    """Return the path models by common name: readings of the same source stand side by side."""
    by_source: dict[str, list[str]] = {}
    for name, spec in models.items():
        if spec["estimator"] == "path":
            by_source.setdefault(spec.get("source") or name, []).append(name)
    return {_shared_name(names): names for names in by_source.values()}


def _shared_name(names: Sequence[str]) -> str:
    """Return the words several names begin with, or all of them joined."""
    words = zip(*(name.split("_") for name in names), strict=False)
    shared = takewhile(lambda together: len(set(together)) == 1, words)
    return "_".join(together[0] for together in shared) or "_".join(names)


def reading(group: str, model: str) -> str:
    """Return what tells a path model from the others of its group."""
    return model.removeprefix(group).strip("_") or model


def waves_of(spec: Mapping[str, Any], waves: Sequence[str]) -> list[str]:
    """Return the waves a model is estimated on."""
    return [wave for wave in waves if wave in (spec.get("waves") or waves)]


def places(countries: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield every country and wave in order."""
    for country, waves in countries.items():
        for wave in waves:
            yield country, wave


# --- words and numbers -------------------------------------------------------------------------


def label(term: str, *, short: bool = False) -> str:
    """Return what to call a variable or term in print.

    ``a:b`` is an interaction, ``C(industry)[T.x]`` a category; an unknown variable is called by
    its own name without underscores.
    """
    if ARROW.strip() in term:
        return ARROW.join(label(part.strip(), short=True) for part in term.split(ARROW.strip()))
    category = re.fullmatch(r"C\(([^,)]+).*\)\[(?:T\.)?(.+)\]", term)
    if category:
        return f"{label(category[1], short=short)}: {category[2]}"
    if ":" in term:
        return " × ".join(label(part, short=True) for part in term.split(":"))
    known = {**LABELS, **SHORT_LABELS} if short else LABELS
    plain = term.removeprefix("coop_").replace("_", " ")
    return known.get(term, plain[:1].upper() + plain[1:])


def inline(term: str) -> str:
    """Return a label as it stands within a sentence: small initial unless it abbreviates."""
    text = label(term)
    return text if text[1:2] in "&" or text[1:2].isupper() else text[:1].lower() + text[1:]


def signed(text: str) -> str:
    """Return a formatted number with a real minus sign."""
    return text.replace("-", "−")


def number(x: float | None, decimals: int = 3) -> str:
    """Return a number with three decimals, or two significant digits where those would be lost."""
    if x is None or not np.isfinite(x):
        return NOT_ESTIMABLE
    if abs(x) >= 1000:
        return signed(f"{x:,.0f}")
    if abs(x) >= 100:
        return signed(f"{x:.1f}")
    if x != 0 and abs(x) < 0.5 * 10 ** (1 - decimals):
        return signed(np.format_float_positional(float(f"{x:.2g}")))
    return signed(f"{x:.{decimals}f}")


def count(x: float | None, minimum: int = 0) -> str:
    """Return a number of firms, as an inequality where it is too small to show."""
    if x is None or not np.isfinite(x):
        return WITHHELD
    return f"< {minimum}" if 0 < x < minimum else f"{int(x):,}"


def stars(p: float | None) -> str:
    """Return the stars of a p-value: 10, 5 and 1 percent."""
    if p is None or not np.isfinite(p):
        return ""
    return "*" * sum(p < level for level in (0.10, 0.05, 0.01))


def interval(low: float | None, high: float | None, decimals: int = 3) -> str:
    """Return a confidence interval in brackets, empty where there is none."""
    if low is None or high is None or not (np.isfinite(low) and np.isfinite(high)):
        return ""
    return f"[{number(low, decimals)}, {number(high, decimals)}]"


def covariance_name(cov_type: str, groups: float | None = None) -> str:
    """Return what kind of standard error this is, in words."""
    clustered = re.fullmatch(r"cluster\((.+)\)", cov_type)
    if not clustered:
        return COVARIANCES.get(cov_type, cov_type)
    how_many = f", {int(groups)} clusters" if groups is not None and np.isfinite(groups) else ""
    return f"clustered by {inline(clustered[1])}{how_many}"


def reason(note: str) -> str:
    """Return a note without its opening words."""
    return note.removeprefix("not estimable:").strip() or "no reason was recorded"
