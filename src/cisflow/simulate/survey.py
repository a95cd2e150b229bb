"""A synthetic survey wave: who is in it by design, who answered what, who was asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cisflow.simulate.cooperation import size_class
from cisflow.simulate.followed import Followed, regional_shifts, returning
from cisflow.simulate.population import draw_cis2, draw_cis4, draw_innovators, draw_others
from cisflow.study.canonical import BLOCKS, PARTNERS, PERCENT, PLACES
from cisflow.study.codebook import Codebook, Variable
from cisflow.study.truth import Truth

# Groups whose numbers the truth fixes and whose answers the analyses need in full.
COMPLETE = ("analysis", "without_accounts")
_COOPERATION = tuple(f"coop_{partner}_{place}" for partner in PARTNERS for place in PLACES)
NEEDED = frozenset(
    {"employees", "turnover", "group", "product_innovation", "rd_internal", "rd_external"}
    | {"coop_any", *_COOPERATION, *PERCENT}
)
# What a firm that leaves a needed question blank leaves blank with it.
_ASKED_AS = {"share_improved": "share_new_firm", "share_new": "share_new_market"}
_GO_TOGETHER = {"shares": PERCENT, "coop_any": ("coop_any", *_COOPERATION)}


def draw_waves(
    truth: Truth, questionnaires: Mapping[str, Mapping[str, Any]], rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Draw every wave in order of time; see :func:`draw_wave` for one of them.

    Followed firms are numbered: a returning one keeps its number in column ``firm``.
    """
    waves: dict[str, pd.DataFrame] = {}
    before, count = None, 0
    for wave, variables in questionnaires.items():
        before = waves[wave] = draw_wave(truth, wave, variables, rng, before)
        if "firm" in before:
            new = before["firm"].isna()
            before.loc[new, "firm"] = np.arange(count, count + new.sum())
            count += int(new.sum())
    return waves


def draw_wave(
    truth: Truth,
    wave: str,
    variables: Mapping[str, Any],
    rng: np.random.Generator,
    before: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Draw every firm of a wave with true answers to every question.

    Parameters
    ----------
    truth
        The truth file; ``sizes[wave]`` gives the number of firms of each group.
    wave
        Name of the wave, such as ``"CIS4"``.
    variables
        What the questionnaire asks (keys are canonical variables): it divides innovative turnover
        into improved and new (CIS2) or into new to the firm and to the market (later waves). The
        truth's ``tobit`` draws the first; the second too where its ``novelty`` is null.
    before
        The wave before, from which firms return where the truth has a ``panel``.

    Returns
    -------
    pandas.DataFrame
        One row per firm in random order: canonical columns, ``innovation_active``, ``stratum``,
        ``weight`` and ``status``, the group of ``sizes`` it was drawn for.
    """
    by_tobit = drawn_by_tobit(truth, variables)
    draw = draw_cis2 if by_tobit else draw_cis4
    shifts = regional_shifts(truth, rng) if "panel" in truth else None
    parts = []
    for status, n in truth["sizes"][wave].items():
        if n > 0:
            followed = None
            if shifts is not None:
                followed = Followed(shifts, returning(truth, before, status, n, rng))
            parts.append(_draw_group(truth, status, n, draw, rng, followed).assign(status=status))
    firms = pd.concat([_as_numbers(part) for part in parts], ignore_index=True)
    firms = firms.iloc[rng.permutation(len(firms))].reset_index(drop=True)
    active = ["product_innovation", "process_innovation", "ongoing", "abandoned"]
    firms["innovation_active"] = firms[active].max(axis=1)
    firms["stratum"], firms["weight"] = _strata_and_weights(truth, firms)
    if by_tobit and "share_improved" not in variables:
        firms = firms.rename(columns=_ASKED_AS)
    return firms


def drawn_by_tobit(truth: Truth, variables: Collection[str]) -> bool:
    """Return whether a questionnaire's shares are drawn from the truth's ``tobit``."""
    return "share_improved" in variables or truth["novelty"] is None


def _draw_group(
    truth: Truth,
    status: str,
    n: int,
    draw: Any,
    rng: np.random.Generator,
    followed: Followed | None,
) -> pd.DataFrame:
    sector = "services" if status.startswith("services") else "manufacturing"
    if status.endswith("not_innovative"):
        return draw_others(truth, rng, n, sector, followed)
    if status == "process_only":
        firms = draw_innovators(truth, rng, n, sector, followed)
        projects = firms["ongoing"] | firms["abandoned"]
        return firms.assign(
            product_innovation=False, process_innovation=firms["process_innovation"] | ~projects
        )
    return draw(truth, rng, n, sector, followed)


def _as_numbers(firms: pd.DataFrame) -> pd.DataFrame:
    """Return yes and no as 1 and 0, so that a blank is a NaN as everywhere else."""
    flags = firms.select_dtypes("bool").columns
    return firms.astype(dict.fromkeys(flags, "float64"))


def _strata_and_weights(truth: Truth, firms: pd.DataFrame) -> tuple[list[str], Any]:
    """Return strata, sector by size class, and firms in the population per firm in the sample."""
    classes = size_class(truth, firms["employees"].to_numpy())
    sectors = firms["manufacturing"].map({1.0: "manufacturing", 0.0: "services"})
    entries = truth["firms"]["size_classes"]
    pairs = list(zip(classes, sectors, strict=True))
    strata = [f"{sector} {entries[c]['from']}-{entries[c]['to']}" for c, sector in pairs]
    sampled = pd.Series(strata).groupby(strata).transform("size")
    return strata, np.round([entries[c][s] for c, s in pairs] / sampled.to_numpy(), 4)


def name_firms(
    truth: Truth, waves: Mapping[str, pd.DataFrame], country: str, rng: np.random.Generator
) -> None:
    """Give every firm an id; let some firms of a wave be firms of the wave before.

    Followed firms are known already. Otherwise a firm found again keeps id and NACE division, and
    is about as large as it was. Ids begin with 9 after the country code, which no Belgian
    enterprise number does: none can be a real firm's.

    Parameters
    ----------
    truth
        The truth file; ``sizes["both_waves"]`` firms of a wave are in the wave before, unless it
        has a ``panel``.
    waves
        Firms per wave in order of time; `firm_id` is added to each.
    """
    drawn = rng.choice(10**8, size=sum(map(len, waves.values())), replace=False)
    if "panel" in truth:
        for firms in waves.values():
            firms["firm_id"] = [f"{country}9{drawn[int(firm)]:09d}" for firm in firms["firm"]]
        return
    numbers = iter(drawn)
    earlier = None
    for firms in waves.values():
        firms["firm_id"] = [f"{country}9{next(numbers):09d}" for _ in range(len(firms))]
        if earlier is not None:
            _link(earlier, firms, truth["sizes"]["both_waves"], rng)
        earlier = firms


def _link(earlier: pd.DataFrame, later: pd.DataFrame, n: int, rng: np.random.Generator) -> None:
    share = min(n, len(earlier), len(later)) / len(later)
    for sector in (0.0, 1.0):
        before = earlier.index[earlier["manufacturing"] == sector]
        after = later.index[later["manufacturing"] == sector]
        pairs = min(round(share * len(after)), len(before))
        chosen = [rng.choice(rows, size=pairs, replace=False) for rows in (before, after)]
        # Ranked by size, so that large firms were large eight years ago.
        ranked = [
            frame.loc[rows].sort_values("employees", kind="stable").index
            for frame, rows in zip((earlier, later), chosen, strict=True)
        ]
        for column in ("firm_id", "nace"):
            later.loc[ranked[1], column] = earlier.loc[ranked[0], column].to_numpy()


def answers(
    truth: Truth, firms: pd.DataFrame, variables: Mapping[str, Variable], rng: np.random.Generator
) -> pd.DataFrame:
    """Return what firms answered: NaN where they were not asked or left a question blank.

    Parameters
    ----------
    truth
        The truth file (``non_response``).
    firms
        True answers from :func:`draw_wave`.
    variables
        The codebook's variables; ``asked_if`` names the filter question.
    """
    given = firms.copy()
    _leave_blank(truth["non_response"], given, rng)
    _miscount(truth["non_response"]["shares_not_100"], given, rng)
    return asked_only(given, variables)


def asked_only(firms: pd.DataFrame, variables: Mapping[str, Variable]) -> pd.DataFrame:
    """Return answers without those to questions whose filter question was not answered with yes.

    Parameters
    ----------
    firms
        Answers, from :func:`draw_wave`.
    """
    given = firms.copy()
    for name, variable in variables.items():
        if variable.asked_if and name in given:
            # Whoever skips a filter question skips what follows from it.
            asked = given[variable.asked_if] == 1
            given[name] = given[name].where(asked)
    return given


def classified(truth: Truth, given: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Return answers in the classes of the questionnaire's file.

    Activities are drawn in NACE Rev. 1.1; a file in Rev. 2 has the truth's successors of the
    divisions. A file with size classes has those of Recommendation 2003/361/EC.
    """
    if codebook.nace and codebook.nace.revision == "2":
        given = given.assign(nace=given["nace"].map(truth["firms"]["nace_revision_2"]))
    # Recommendation 2003/361/EC, without firms of fewer than ten.
    edges, classes = [0, 50, 250, np.inf], ["10-49", "50-249", "250+"]
    sizes = pd.cut(given["employees"], edges, right=False, labels=classes)
    return given.assign(size_class=sizes.astype(object))


def _leave_blank(rule: Mapping[str, Any], given: pd.DataFrame, rng: np.random.Generator) -> None:
    spared = given["status"].isin(COMPLETE).to_numpy()
    for name, rate in rule["rates"].items():
        for variable in [v for v in BLOCKS.get(name, (name,)) if v in given]:
            blank = rng.uniform(size=len(given)) < rate
            given.loc[blank & ~(spared & (variable in NEEDED)), variable] = np.nan
    names = list(rule["needed"])
    odds = np.array([rule["needed"][name] for name in names], dtype=float)
    which = rng.choice(len(names), size=len(given), p=odds / odds.sum())
    for i, name in enumerate(names):
        rows = (given["status"] == "incomplete") & (which == i)
        columns = [v for v in _GO_TOGETHER.get(name, (name,)) if v in given]
        given.loc[rows, columns] = np.nan


def _miscount(rate: float, given: pd.DataFrame, rng: np.random.Generator) -> None:
    """Let some services innovators report an unchanged share that does not complete the others."""
    wrong = (given["status"] == "services_innovative") & (given["share_unchanged"] >= 10)
    wrong &= rng.uniform(size=len(given)) < rate
    given.loc[wrong, "share_unchanged"] -= 10
