"""The one way out of ``microdata/``: all a country's aggregates, held against each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from cisflow.estimation.estimates import Estimates
from cisflow.panel.rates import compared, cooperation_rates
from cisflow.release.attrition import losses_of, note_losses, told_losses
from cisflow.release.earlier import Sets, note_earlier, sets_of
from cisflow.release.estimates import note_estimates, told_estimates
from cisflow.release.gate import Gate
from cisflow.release.holding import with_correlations
from cisflow.release.quality import told_quality
from cisflow.release.rates import note_rates, told_rates
from cisflow.release.samples import SAMPLE, note_sample, samples_of, told_flow, told_samples
from cisflow.study.disclosure import Profile
from cisflow.study.models import Model


@dataclass(frozen=True)
class Released:
    """What of one country may leave ``microdata/``."""

    # flow, rates: tables.
    flow: pd.DataFrame
    rates: pd.DataFrame
    description: dict[str, Any]  # descriptions of samples and the loss of firms without accounts
    estimates: dict[str, Estimates]  # by model
    quality: dict[str, dict[str, Any]]  # by wave, and of the accounts
    # Per public file its kind, population, numbers of firms, rules, how many numbers it shows, and
    # what was withheld and why.
    register: dict[str, Any]
    sets: Sets  # the sets of firms all this is about: of single firms, and not for the public


def disclose(
    panel: pd.DataFrame,
    models: Mapping[str, Model],
    estimates: Mapping[str, Estimates],
    quality: Mapping[str, Mapping[str, Any]],
    profile: Profile,
    *,
    country: str,
    lag: int,
    lags: Sequence[int] = (),
    official: pd.DataFrame | None = None,
    employees_from: Mapping[str, int] = MappingProxyType({}),
    earlier: Mapping[str, Sets] = MappingProxyType({}),
    counted: Collection[str] = (),
) -> Released:
    """Return what of one country's aggregates may be published.

    Parameters
    ----------
    panel
        As :func:`cisflow.panel.build.build_panel` makes it.
    models, estimates
        By name, in the order of the config: where the samples of two models differ by too few
        firms, the earlier one keeps its numbers.
    quality
        Reports by wave.
    lag, lags
        Years between survey and accounts, and further ones.
    official
        Published rates to compare with.
    employees_from
        By wave the fewest employees of a firm of the survey's population, where that is known.
    earlier
        By packet, what has left before.
    counted
        Keys of the estimates that a claimed share counts over all waves together.
    """
    gate = Gate(panel.reset_index(drop=True), profile)
    note_earlier(gate, earlier)
    samples = list(samples_of(gate.panel, models, lag))
    rates = list(cooperation_rates(gate.panel, employees_from))
    losses = losses_of(gate.panel, lags, profile.support)
    for sample in samples:
        note_sample(gate, sample)
    for place, (name, found) in enumerate(estimates.items()):
        note_estimates(gate, found, models[name], SAMPLE * (len(models) - place))
    note_rates(gate, rates)
    note_losses(gate, losses)
    described = f"description/{country}.json"
    gate.opened(described, "description of samples", f"firms of {country}, by wave and model")
    told = told_rates(gate, rates, country, f"rates/{country}.csv")
    return Released(
        flow=told_flow(gate, samples, country, f"sample/{country}.csv"),
        rates=told if official is None else compared(told, official),
        description={
            "country": country,
            "samples": told_samples(gate, samples, described),
            "attrition": told_losses(gate, losses, described),
        },
        estimates=with_correlations(
            {
                name: told_estimates(gate, found, models[name], _files(country, name))
                for name, found in estimates.items()
            },
            estimates,
            gate.panel["firm_id"].tolist(),
            counted,
            profile.minimum_cell,
        ),
        quality={
            wave: told_quality(gate, record, f"quality/{country}/{wave}.json")
            for wave, record in quality.items()
        },
        register={
            "country": country,
            "rules": profile.as_params(),
            "earlier": list(earlier),
            "withheld": sum(len(of["withheld"]) for of in gate.register.values()),
            "shown": sum(of["shown"] for of in gate.register.values()),
            "files": gate.register,
        },
        sets=sets_of(gate, earlier.values()),
    )


def _files(country: str, model: str) -> tuple[str, str]:
    return f"estimates/{country}/{model}.csv", f"estimates/{country}/{model}.json"
