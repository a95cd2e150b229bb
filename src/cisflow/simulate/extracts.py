"""Synthetic surveys and accounts with a known truth, in the formats users really get.

The truth (coefficients, levels, sizes) is a YAML file such as ``config/truth/flanders.yaml``;
:func:`truth_of` is what it says about one country. :func:`simulate_extracts` writes the files of a
country; :func:`draw_cis2` and :func:`draw_cis4` draw samples of any size for recovery studies.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from cisflow.base.problems import CisflowError, Problem
from cisflow.simulate.accounts import draw_accounts, draw_followed_accounts
from cisflow.simulate.files import encode, encode_accounts, write_extract
from cisflow.simulate.norta import implied_correlations
from cisflow.simulate.population import draw_cis2, draw_cis4
from cisflow.simulate.survey import (
    answers,
    asked_only,
    classified,
    draw_wave,
    draw_waves,
    name_firms,
)
from cisflow.study.codebook import Codebook
from cisflow.study.truth import Truth, load_truth, truth_of

__all__ = [
    "draw_accounts",
    "draw_answers",
    "draw_cis2",
    "draw_cis4",
    "draw_followed_accounts",
    "draw_wave",
    "draw_waves",
    "implied_correlations",
    "load_truth",
    "simulate_extracts",
    "truth_of",
]


def simulate_extracts(
    truth: Truth,
    codebooks: Mapping[str, Codebook],
    accounts_codebook: Codebook | None,
    seed: int,
    files: Mapping[str, Path | str],
    country: str = "BE",
) -> None:
    """Write a country's synthetic extracts.

    Parameters
    ----------
    truth
        What is true in the country, from :func:`truth_of`.
    codebooks
        Wave → loaded codebook, in order of time. Names, codes, units and filters are taken from it.
    accounts_codebook
        Loaded codebook of the accounts; None for a country without.
    seed
        Fixes every random draw; each country has a stream of its own.
    files
        Wave (and ``"accounts"``) → file to write; its extension decides the format.

    Raises
    ------
    CisflowError
        A truth no population can have, a wave it says nothing about, or a file format that cannot
        be written.
    """
    _check_waves(truth, codebooks, wants_accounts=accounts_codebook is not None)
    rng = np.random.default_rng([seed, *country.encode()])
    questionnaires = {wave: codebook.variables for wave, codebook in codebooks.items()}
    waves = draw_waves(truth, questionnaires, rng)
    name_firms(truth, waves, country, rng)
    for wave, firms in waves.items():
        codebook = codebooks[wave]
        given = answers(truth, firms, codebook.variables, rng)
        given = classified(truth, given, codebook)
        extract = encode(firms, given, codebook, country, rng)
        write_extract(extract, Path(files[wave]), codebook.file.options)
    if accounts_codebook is not None:
        accounts = _accounts(truth, waves, codebooks, country, rng)
        extract = encode_accounts(accounts, accounts_codebook, country, rng)
        write_extract(extract, Path(files["accounts"]), accounts_codebook.file.options)


def draw_answers(
    truth: Truth,
    codebooks: Mapping[str, Codebook],
    rng: np.random.Generator,
    *,
    country: str,
    with_accounts: bool,
    complete: bool,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame | None]:
    """Draw what :func:`simulate_extracts` writes, without files.

    Parameters
    ----------
    truth, codebooks, country
        As for :func:`simulate_extracts`.
    with_accounts
        Whether the country has company accounts.
    complete
        Whether every question that is put is answered: a population, not a survey of it.

    Returns
    -------
    answers
        Canonical answers per wave, in the classes of its questionnaire.
    accounts
        Canonical accounts, or None.

    Raises
    ------
    CisflowError
        As :func:`simulate_extracts`.
    """
    _check_waves(truth, codebooks, wants_accounts=with_accounts)
    questionnaires = {wave: codebook.variables for wave, codebook in codebooks.items()}
    waves = draw_waves(truth, questionnaires, rng)
    name_firms(truth, waves, country, rng)
    drawn = {}
    for wave, firms in waves.items():
        asked = questionnaires[wave]
        given = asked_only(firms, asked) if complete else answers(truth, firms, asked, rng)
        drawn[wave] = classified(truth, given, codebooks[wave])
    accounts = _accounts(truth, waves, codebooks, country, rng) if with_accounts else None
    return drawn, accounts


def _accounts(
    truth: Truth,
    waves: Mapping[str, pd.DataFrame],
    codebooks: Mapping[str, Codebook],
    country: str,
    rng: np.random.Generator,
) -> pd.DataFrame:
    years = {wave: codebook.reference_year or 0 for wave, codebook in codebooks.items()}
    if "panel" in truth:
        return draw_followed_accounts(truth, waves, years, country, rng)
    wave = truth["accounts"]["wave"]
    return draw_accounts(truth, waves[wave], years[wave], country, rng)


def _check_waves(truth: Truth, codebooks: Mapping[str, Codebook], *, wants_accounts: bool) -> None:
    """Refuse waves the truth says nothing about."""
    problems = [
        Problem(f"sizes: the wave {wave} is not there", f"add `{wave}: {{analysis: …}}` to `sizes`")
        for wave in codebooks
        if wave not in truth["sizes"]
    ]
    wave = truth["accounts"]["wave"]
    if wants_accounts and "panel" not in truth and wave not in codebooks:
        remedy = f"name one of {', '.join(codebooks)}"
        problems.append(Problem(f"accounts.wave: {wave} is not a wave of the run", remedy))
    if problems:
        raise CisflowError(truth["title"], problems)
