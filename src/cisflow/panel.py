"""Waves and accounts to one panel of a country; panels to the samples models are estimated on.

The sample of a model and the sample flow that describes it come from one function,
:func:`select_sample`, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cisflow.attrition import WEIGHT, accounts_at, accounts_weights
from cisflow.constructs import CONSTRUCTS, Industries, add_constructs
from cisflow.errors import CisflowError, Problem
from cisflow.ratios import NEEDED_RATIOS, RATIOS, account_ratios, lagged, ratio_and_lag, years_later
from cisflow.schema import BLOCK_OF, FIRM_COLUMNS
from cisflow.validation import did_you_mean
from cisflow.weightings import weightings

if TYPE_CHECKING:
    import pandas as pd

Spec = Mapping[str, Any]

LINKS = ("n_waves", "in_previous_wave")
# Of every panel; one with accounts at several lags, or with weights for attrition, has more.
PANEL_COLUMNS = (*FIRM_COLUMNS, *LINKS, *CONSTRUCTS, "has_accounts")

FLOW_COLUMNS = (
    "country",
    "wave",
    "model",
    "step",
    "restriction",
    "firms",
    "lost",
    "lost_missing",
    "lost_filtered",
)
EVERYONE = "all firms of the wave"
FLAG_WORDS = {
    "manufacturing": "manufacturing",
    "innovation_active": "innovation-active",
    "product_innovation": "product innovation",
    "process_innovation": "process innovation",
    "coop_any": "cooperating on innovation",
    "small": "fewer than 50 employees",
    "high_tech": "high or medium-high technology",
    "in_previous_wave": "also in the previous wave",
}
# What canonical columns are about, where a step of the sample flow would else say their names.
BLOCK_WORDS = {
    "shares": "turnover from new products",
    "spending": "R&D expenditure and turnover",
    "cooperation": "cooperation partners",
    "partners": "cooperation partners",
    "funding": "public support",
    "protection": "protection of inventions",
    "sources": "sources of information",
}
COLUMN_WORDS = {
    "group": "enterprise group",
    "employees": "number of employees",
    "turnover": "R&D expenditure and turnover",
    "weight": "sampling weight",
    WEIGHT: "weight for the loss of firms without accounts",
}


# --- the panel ---------------------------------------------------------------------------------


def build_panel(
    waves: Sequence[pd.DataFrame],
    accounts: pd.DataFrame | None,
    lag: int,
    industries: Industries,
    *,
    lags: Sequence[int] = (),
    average: int = 1,
    winsorise: float | None = None,
    deflator: Mapping[int, float] | None = None,
    weigh_attrition: bool = False,
) -> pd.DataFrame:
    """Stack the waves of one country, link firms and accounts, and add research variables.

    Parameters
    ----------
    waves
        Firm records of each wave, columns :data:`cisflow.schema.FIRM_COLUMNS`, in any order.
    accounts
        Company accounts, columns :data:`cisflow.schema.ACCOUNT_COLUMNS`, or None.
    lag
        Years from a wave's reference year to the accounts that belong to it.
    industries
        The industry groups, as ``config/nace.yaml`` has them.
    lags
        Further lags at which the panel has every ratio, in columns such as
        ``profit_margin_lag3``. They are of that year alone, whatever ``average`` says: a mean over
        several years would blur the horizon a scan of the lags is after.
    average
        Over how many years the ratios at ``lag`` are averaged: those up to the lag, so that a lag
        of 2 and an average of 2 take the first and second year after the survey. Null unless all
        years exist.
    winsorise, deflator
        As for :func:`cisflow.ratios.account_ratios`.
    weigh_attrition
        Whether to estimate ``accounts_weight`` (:func:`cisflow.attrition.accounts_weights`), and
        ``accounts_weight_lag3`` … for the accounts at ``lags``.

    Returns
    -------
    pandas.DataFrame
        One row per firm and wave, columns :data:`PANEL_COLUMNS`, waves in order of time. Besides
        the research variables: ``n_waves`` (in how many waves the firm is), ``in_previous_wave``
        and ``has_accounts`` (profit margin and personnel-cost share at ``lag`` both exist). Then
        the ratios at ``lags``, and ``accounts_weight`` if asked for.

    Raises
    ------
    CisflowError
        Without a wave, for several countries, for firms that stand twice in a wave or twice in a
        year of the accounts, and for an average that would reach back before the survey.
    """
    import pandas as pd

    _refuse_bad_input(waves, accounts)
    ordered = sorted(waves, key=lambda firms: firms["reference_year"].max())
    panel = pd.concat([add_constructs(firms, industries) for firms in ordered], ignore_index=True)
    panel = _linked_over_waves(panel, [firms["wave"].iloc[0] for firms in ordered if len(firms)])
    ratios = None
    if accounts is not None:
        ratios = account_ratios(accounts, winsorise=winsorise, deflator=deflator)
    main = None if ratios is None else _averaged(ratios, lag, average)
    panel = _with_ratios(panel, main, lag)
    panel["has_accounts"] = panel[list(NEEDED_RATIOS)].notna().all(axis=1)
    panel = panel[list(PANEL_COLUMNS)]
    for years in lags:
        names = {ratio: lagged(ratio, years) for ratio in RATIOS}
        panel = _with_ratios(panel, ratios, years, names)
    return _weighed(panel, lags) if weigh_attrition else panel


def _weighed(panel: pd.DataFrame, lags: Sequence[int]) -> pd.DataFrame:
    """Add the weights for the loss of firms without accounts, at the main lag and at each other."""
    at_lags = {
        lagged(WEIGHT, lag): accounts_weights(panel.assign(has_accounts=accounts_at(panel, lag)))
        for lag in lags
    }
    return panel.assign(**{WEIGHT: accounts_weights(panel)}, **at_lags)


def _refuse_bad_input(waves: Sequence[pd.DataFrame], accounts: pd.DataFrame | None) -> None:
    problems: list[Problem] = []
    names = [str(name) for firms in waves for name in firms["wave"].unique()]
    countries = sorted({str(name) for firms in waves for name in firms["country"].unique()})
    heading = f"{' and '.join(countries) or 'Panel'}, waves {', '.join(names) or '(none)'}"
    if not names:
        problems.append(Problem("there is no firm in any wave", "check the extracts"))
    if len(countries) > 1:
        problems.append(Problem("the waves are of several countries", "build one panel for each"))
    repeated = sorted({name for name in names if names.count(name) > 1})
    problems += [
        Problem(f"wave {name} was given more than once", "give each wave a name of its own")
        for name in repeated
    ]
    for firms in waves:
        twice = int(firms.duplicated(["wave", "firm_id"]).sum())
        if twice:
            problems.append(
                Problem(
                    f"wave {firms['wave'].iloc[0]}, firm_id: {_rows(twice)} of a firm that is "
                    "there already",
                    "keep one row per firm, or map the column that identifies firms",
                )
            )
    if accounts is not None and (twice := int(accounts.duplicated(["firm_id", "year"]).sum())):
        problems.append(
            Problem(
                f"accounts, firm_id and year: {_rows(twice)} of a firm and year that are there "
                "already",
                "keep one set of accounts (consolidated or not) per firm and year",
            )
        )
    if problems:
        raise CisflowError(heading, problems)


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n} rows"


def _linked_over_waves(panel: pd.DataFrame, waves: Sequence[str]) -> pd.DataFrame:
    """Add in how many waves each firm is, and whether it is in the wave before."""
    previous = dict(zip(waves[1:], waves[:-1], strict=True))
    firms_of = {wave: set(firms) for wave, firms in panel.groupby("wave")["firm_id"]}
    return panel.assign(
        n_waves=panel.groupby("firm_id")["wave"].transform("nunique").astype("int64"),
        in_previous_wave=[
            firm in firms_of.get(previous.get(wave, ""), ())
            for firm, wave in zip(panel["firm_id"], panel["wave"], strict=True)
        ],
    )


def _averaged(ratios: pd.DataFrame, lag: int, average: int) -> pd.DataFrame:
    """Return each year's ratios as the mean over it and the years before it."""
    if not 1 <= average <= lag + 1:
        raise CisflowError(
            "Lag of the accounts",
            Problem(
                f"an average over {average} years up to {lag} after the survey reaches back before "
                "it"
                if average > lag
                else f"an average over {average} years does not exist",
                f"set `lag_average` to between 1 and {lag + 1}, or raise `lag`",
            ),
        )
    if average == 1:
        return ratios
    import pandas as pd

    years = [ratios.assign(year=ratios["year"] + back) for back in range(average)]
    stacked = pd.concat(years).groupby(["firm_id", "year"])[list(RATIOS)]
    # A mean over fewer years than asked for would be another variable for some firms.
    return stacked.mean().where(stacked.count() == average).reset_index()


def _with_ratios(
    panel: pd.DataFrame,
    ratios: pd.DataFrame | None,
    lag: int,
    names: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Add the ratios of the accounts ``lag`` years after each row's reference year."""
    names = names or {ratio: ratio for ratio in RATIOS}
    if ratios is None:
        return panel.assign(**dict.fromkeys(names.values(), float("nan")))
    own = ratios.rename(columns=names).assign(reference_year=ratios["year"] - lag)
    return panel.merge(
        own.drop(columns="year"), on=["firm_id", "reference_year"], how="left", validate="m:1"
    )


# --- samples -----------------------------------------------------------------------------------


def variables_of(spec: Spec) -> list[str]:
    """Return the columns of the panel a model needs an answer to, in the order of the model.

    Outcomes first, then regressors column by column (or a path model's equations), endogenous
    ones and instruments, controls, fixed effects, clusters and weights; of an interaction ``a:b``
    and of ``C(a)`` the columns in it.
    """
    terms: list[str] = list(spec.get("outcomes", []))
    for target, sources in spec.get("equations", {}).items():
        terms += [target, *sources]
    for regressors in spec.get("columns", {}).values():
        terms += regressors
    terms += spec.get("endogenous", []) + spec.get("instruments", []) + spec.get("steps", [])
    terms += spec.get("controls", [])
    terms += spec.get("fixed_effects", [])
    clusters = [c["cluster"] for c in spec.get("covariance", []) if isinstance(c, Mapping)]
    terms += clusters
    terms += [weights for weights in weightings(spec) if weights]
    return list(dict.fromkeys(column for term in terms for column in columns_in(term)))


def answers_needed(spec: Spec) -> list[str]:
    """Return the variables of a model that a firm must know to be in its sample.

    All of them, but for outcomes whose gaps full-information maximum likelihood makes good, and
    for accounts at several lags and weights for them: who has those differs from lag to lag.
    """
    spared: set[str] = set()
    if spec.get("missing") == "fiml":
        spared |= set(spec["equations"])
    if spec.get("lags"):
        spared |= {*RATIOS, WEIGHT}
    return [name for name in variables_of(spec) if name not in spared]


def columns_in(term: str) -> list[str]:
    """Return the columns a model term is made of, in order."""
    parts = term.split(":")
    if all(part.isidentifier() for part in parts):
        return parts
    from formulaic import Formula

    return sorted(map(str, Formula(term).required_variables))


def select_sample(
    panel: pd.DataFrame, spec: Spec, wave: str, *, lag: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the firms of a wave a model is estimated on, and how it came to them.

    Parameters
    ----------
    panel
        As :func:`build_panel` makes it.
    spec
        The model as the models file has it.
    wave
        Name of the wave.
    lag
        Years between survey and accounts, for the wording.

    Returns
    -------
    sample
        Rows of the panel: all flags of ``spec["sample"]`` are true, and every variable of the
        model that the wave's questionnaire has is known. All columns of the model thus rest on the
        same firms.
    flow
        Columns wave, step, restriction, firms (left after the step), lost, and of those lost
        ``lost_missing`` (asked, not answered) and ``lost_filtered`` (not asked); the rest of
        those lost do not meet the restriction. Step 0 is the whole wave.

    Raises
    ------
    CisflowError
        If the panel lacks a variable of the model, or a flag is not a yes/no variable.

    Notes
    -----
    A variable that is null for the whole wave was not in its questionnaire (or there are no
    accounts): it cannot cost firms one by one, and the estimator says what it makes impossible.
    """
    _refuse_unknown_variables(panel, spec)
    everyone = panel[panel["wave"] == wave]
    measured = [v for v in answers_needed(spec) if everyone[v].notna().any()]
    # Rows are let go step by step from the few columns that decide, and once from the whole panel.
    needed = [*spec["sample"], *measured]
    needed += [f"asked_{block}" for variable in needed if (block := _block_of(variable))]
    firms = everyone[list(dict.fromkeys(needed))].reset_index(drop=True)
    steps = [_step(EVERYONE, firms)]
    for flag in spec["sample"]:
        kept, *lost = _split_by_flag(firms, flag)
        steps.append(_step(_flag_words(flag, lag), kept, *lost))
        firms = kept
    for topic, variables in _by_topic(measured).items():
        known = firms[variables].notna().all(axis=1)
        steps.append(
            _step(f"complete answers: {topic}", firms[known], *_states(firms[~known], variables))
        )
        firms = firms[known]
    return everyone.iloc[firms.index].copy(), _flow(steps, wave)


def sample_flow(
    panel: pd.DataFrame, models: Mapping[str, Spec], country: str, *, lag: int
) -> pd.DataFrame:
    """Return how many firms each restriction of each model leaves, wave by wave.

    Parameters
    ----------
    panel
        As :func:`build_panel` makes it.
    models
        Specifications by name.
    country
        Name for the rows.
    lag
        Years between survey and accounts, for the wording.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`FLOW_COLUMNS`. The last step of a model and wave is the number of firms it
        is estimated on.
    """
    import pandas as pd

    flows = [
        select_sample(panel, spec, wave, lag=lag)[1].assign(country=country, model=name)
        for name, spec in models.items()
        for wave in waves_of(panel, spec)
    ]
    if not flows:
        return pd.DataFrame(columns=list(FLOW_COLUMNS))
    return pd.concat(flows, ignore_index=True)[list(FLOW_COLUMNS)]


def waves_of(panel: pd.DataFrame, spec: Spec) -> list[str]:
    """Return the panel's waves a model is meant for, in order of time; none of a printed table."""
    if spec.get("printed"):
        return []
    present = panel.drop_duplicates("wave").sort_values("reference_year")["wave"]
    return [wave for wave in present if wave in spec.get("waves", [wave])]


def _refuse_unknown_variables(panel: pd.DataFrame, spec: Spec) -> None:
    from pandas.api.types import is_bool_dtype

    wanted = list(dict.fromkeys([*spec["sample"], *variables_of(spec), *(spec.get("by") or [])]))
    problems = [
        Problem(f"`{name}` is not a variable of the panel", did_you_mean(name, panel.columns))
        for name in wanted
        if name not in panel.columns and name != WEIGHT
    ]
    if WEIGHT in wanted and WEIGHT not in panel.columns:
        problems.append(
            Problem(
                f"`{WEIGHT}` was not estimated for this panel",
                f"it is where a model of the run has `weights: {WEIGHT}`; build the panel "
                "with `weigh_attrition=True`",
            )
        )
    problems += [
        Problem(
            f"sample: `{flag}` is not a yes/no variable",
            "use one such as manufacturing, innovation_active or has_accounts",
        )
        for flag in spec["sample"]
        if flag in panel.columns and not is_bool_dtype(panel[flag])
    ]
    if problems:
        raise CisflowError(f"Model “{spec['title']}”", problems)


def _split_by_flag(firms: pd.DataFrame, flag: str) -> tuple[pd.DataFrame, int, int]:
    """Return the firms with a flag, and how many lack it for want of an answer or question."""
    kept = firms[firms[flag].fillna(False).astype(bool)]
    return kept, *_states(firms[firms[flag].isna()], [flag])


def _states(firms: pd.DataFrame, variables: Sequence[str]) -> tuple[int, int]:
    """Count firms that lack one of ``variables``: for want of an answer, and of the question.

    A firm that was not asked one thing and did not answer another counts as missing.
    """
    import pandas as pd

    unanswered = pd.Series(False, index=firms.index)
    for variable in variables:
        block = _block_of(variable)
        asked = firms[f"asked_{block}"] if block else True
        unanswered |= firms[variable].isna() & asked
    missing = int(unanswered.sum())
    return missing, len(firms) - missing


def _block_of(variable: str) -> str | None:
    """Return the block of the questionnaire whose filter decides who had to answer."""
    if variable in CONSTRUCTS:
        return CONSTRUCTS[variable].block
    block = BLOCK_OF.get(variable)
    # Who does not cooperate is not shown the partners; who was asked is told by the first question.
    return "cooperation" if block == "partners" else block


def _by_topic(variables: Iterable[str]) -> dict[str, list[str]]:
    """Return the variables by what a firm must have answered for them."""
    topics: dict[str, list[str]] = {}
    for variable in variables:
        topics.setdefault(_topic_of(variable), []).append(variable)
    return topics


def _topic_of(variable: str) -> str:
    if variable in CONSTRUCTS:
        return CONSTRUCTS[variable].topic
    if at_lag := ratio_and_lag(variable):
        return f"accounts {years_later(at_lag[1])}"
    block = BLOCK_OF.get(variable)
    if block:
        return BLOCK_WORDS[block]
    return COLUMN_WORDS.get(variable, variable.replace("_", " "))


def _flag_words(flag: str, lag: int) -> str:
    if flag == "has_accounts":
        return f"accounts {years_later(lag)}"
    return FLAG_WORDS.get(flag, flag.replace("_", " "))


def _step(
    restriction: str, left: pd.DataFrame, missing: int = 0, filtered: int = 0
) -> dict[str, Any]:
    return {
        "restriction": restriction,
        "firms": len(left),
        "lost_missing": missing,
        "lost_filtered": filtered,
    }


def _flow(steps: Sequence[Mapping[str, Any]], wave: str) -> pd.DataFrame:
    """Return the steps as a table, with how many firms each one lost."""
    import pandas as pd

    def rows() -> Iterator[dict[str, Any]]:
        before = steps[0]["firms"]
        for number, step in enumerate(steps):
            yield {"wave": wave, "step": number, **step, "lost": before - step["firms"]}
            before = step["firms"]

    return pd.DataFrame(list(rows()), columns=[c for c in FLOW_COLUMNS if c not in _LABELS])


_LABELS = ("country", "model")
