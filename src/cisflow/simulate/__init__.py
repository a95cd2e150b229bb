"""Synthetic surveys and accounts with a known truth, in the formats users really get.

The truth (coefficients, levels, sizes) is a YAML file such as ``config/truth/flanders.yaml``.
:func:`simulate_extracts` writes the files of a run; :func:`draw_cis2` and :func:`draw_cis4` draw
samples of any size for recovery studies.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cisflow.errors import CisflowError, Problem
from cisflow.simulate.accounts import draw_accounts
from cisflow.simulate.files import encode, encode_accounts, write_extract
from cisflow.simulate.norta import implied_correlations
from cisflow.simulate.population import Truth, draw_cis2, draw_cis4
from cisflow.simulate.survey import answers, draw_wave, name_firms
from cisflow.validation import read_yaml, validated

__all__ = [
    "draw_accounts",
    "draw_cis2",
    "draw_cis4",
    "draw_wave",
    "implied_correlations",
    "load_truth",
    "simulate_extracts",
]


def load_truth(path: Path | str, root: Path | str) -> dict[str, Any]:
    """Read and check a truth file.

    Parameters
    ----------
    path
        The YAML file.
    root
        The project's folder, where ``workflow/schemas`` lies.

    Raises
    ------
    CisflowError
        Every unknown or missing key and every value of the wrong kind.
    """
    schema = Path(root) / "workflow" / "schemas" / "truth.schema.yaml"
    return validated(read_yaml(Path(path)), schema, str(path))


def simulate_extracts(
    truth: Truth,
    codebooks: Mapping[str, Mapping[str, Any]],
    accounts_codebook: Mapping[str, Any] | None,
    seed: int,
    files: Mapping[str, Path | str],
    country: str = "BE",
) -> None:
    """Write a country's synthetic extracts.

    Parameters
    ----------
    truth
        The truth file's content.
    codebooks
        Wave → loaded codebook, in order of time. Names, codes, units and filters are taken from it.
    accounts_codebook
        Loaded codebook of the accounts; None for a country without.
    seed
        Fixes every random draw; each country has a stream of its own.
    files
        Wave (and ``"accounts"``) → file to write: ``.sav``, ``.dta``, ``.csv`` or ``.xlsx``.
    country
        Two-letter code.

    Raises
    ------
    CisflowError
        A truth no population can have, a wave it says nothing about, or a file format that cannot
        be written.
    """
    _check_waves(truth, codebooks, wants_accounts=accounts_codebook is not None)
    rng = np.random.default_rng([seed, *country.encode()])
    waves = {
        wave: draw_wave(truth, wave, codebook["variables"], rng)
        for wave, codebook in codebooks.items()
    }
    name_firms(truth, waves, country, rng)
    for wave, firms in waves.items():
        given = answers(truth, firms, codebooks[wave]["variables"], rng)
        extract = encode(firms, given, codebooks[wave], country, rng)
        write_extract(extract, Path(files[wave]))
    if accounts_codebook is not None:
        wave = truth["accounts"]["wave"]
        year = codebooks[wave]["reference_year"]
        accounts = draw_accounts(truth, waves[wave], year, country, rng)
        extract = encode_accounts(accounts, accounts_codebook, country, rng)
        sheet = accounts_codebook.get("file", {}).get("sheet", "Results")
        write_extract(extract, Path(files["accounts"]), sheet)


def _check_waves(
    truth: Truth, codebooks: Mapping[str, Mapping[str, Any]], *, wants_accounts: bool
) -> None:
    """Refuse waves the truth says nothing about."""
    problems = [
        Problem(f"sizes: the wave {wave} is not there", f"add `{wave}: {{analysis: …}}` to `sizes`")
        for wave in codebooks
        if wave not in truth["sizes"]
    ]
    wave = truth["accounts"]["wave"]
    if wants_accounts and wave not in codebooks:
        remedy = f"name one of {', '.join(codebooks)}"
        problems.append(Problem(f"accounts.wave: {wave} is not a wave of the run", remedy))
    if problems:
        raise CisflowError(truth["title"], problems)
