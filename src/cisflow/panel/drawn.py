"""Panels drawn from a truth file without a file in between: of a survey's size, or far larger."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cisflow.panel.build import build_panel
from cisflow.simulate.extracts import draw_answers
from cisflow.study.codebook import Codebook
from cisflow.study.truth import Truth
from cisflow.survey.ingest import records_of

# The flags of a sample that whole groups of the truth's sizes lack.
LACKING = {
    "manufacturing": ("services_innovative", "services_not_innovative"),
    "innovation_active": ("not_innovative", "services_not_innovative"),
}


def draw_panel(
    truth: Truth,
    codebooks: Mapping[str, Codebook],
    rng: np.random.Generator,
    *,
    country: str,
    with_accounts: bool,
    complete: bool = False,
    **options: Any,
) -> pd.DataFrame:
    """Draw a country's panel from a truth.

    Parameters
    ----------
    truth
        What is true in the country; :func:`enlarged` for another size.
    codebooks
        Wave → loaded codebook, in order of time: what each questionnaire asks, and whom.
    with_accounts
        Whether the country has company accounts.
    complete
        Whether every question that is put is answered.
    options
        Those of :func:`cisflow.panel.build.build_panel` (``lag``, ``industries``, …).

    Returns
    -------
    pandas.DataFrame
        As :func:`cisflow.panel.build.build_panel` makes it from the extracts of such a draw.
    """
    answers, accounts = draw_answers(
        truth, codebooks, rng, country=country, with_accounts=with_accounts, complete=complete
    )
    waves = [records_of(given, codebooks[w], country, w) for w, given in answers.items()]
    return build_panel(waves, accounts, **options)


def enlarged(truth: Truth, firms: int, samples: Collection[Collection[str]] = ()) -> dict[str, Any]:
    """Return a truth whose waves have about as many firms as wished, groups in their proportions.

    Parameters
    ----------
    firms
        Wished-for number of firms per wave in the groups that count.
    samples
        Flags of the samples that will be taken, one collection each. A group that lacks a flag of
        every sample keeps its size: it costs time and adds nothing.
    """
    spared = _in_no_sample(samples)
    sizes, factors = dict(truth["sizes"]), []
    for wave, groups in truth["sizes"].items():
        if not isinstance(groups, Mapping):
            continue
        counted = {group: n for group, n in groups.items() if group not in spared}
        factors.append(firms / sum(counted.values()))
        sizes[wave] = {**groups, **{g: round(n * factors[-1]) for g, n in counted.items()}}
    if "both_waves" in sizes:
        sizes["both_waves"] = round(sizes["both_waves"] * min(factors))
    return {**truth, "sizes": sizes}


def _in_no_sample(samples: Collection[Collection[str]]) -> set[str]:
    """Return the groups of firms none of which is in any of the samples."""
    lacking = [{group for flag in flags for group in LACKING.get(flag, ())} for flags in samples]
    return set.intersection(*lacking) if lacking else set()
