"""Waves and accounts to one panel of a country; panels to the samples models are estimated on.

The sample of a model and the sample flow that describes it come from one function,
:func:`select_sample`, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from cisflow.base.documents import did_you_mean
from cisflow.base.problems import CisflowError, Problem
from cisflow.base.records import Table
from cisflow.panel.attrition import WEIGHT
from cisflow.panel.constructs import CONSTRUCTS, LATER_ACCOUNTS, block_of
from cisflow.panel.ratios import RATIOS, ratio_and_lag, years_later
from cisflow.panel.terms import evaluate, settled
from cisflow.study.canonical import ASKED, BLOCK_OF, BLOCKS, YES_NO
from cisflow.study.models import Model
from cisflow.study.terms import columns_of, names_in, parse_definition

COUNTS = ("firms", "lost", "lost_missing", "lost_filtered")
FLOW = Table.of(
    *("country", "wave", "model", "step", "restriction"), *COUNTS, numbers=("step", *COUNTS)
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
# Whom a filter lets through, where a question was put to some firms only.
ASKED_WORDS = {
    "product_innovation": "product innovators",
    "process_innovation": "process innovators",
    "innovation_active": "innovation-active firms",
    "coop_any": "firms that cooperate",
    "export": "exporters",
}
# What may be a filter; where two are the same in a wave they let the same firms through.
FILTERS = tuple(dict.fromkeys((*ASKED_WORDS, *YES_NO, *BLOCKS["cooperation"])))
# What a sample, its flow and its design take from a panel, whatever the model.
ALWAYS = ("country", "wave", "reference_year", "firm_id", "weight", "stratum", *ASKED, *FILTERS)
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


# --- samples -----------------------------------------------------------------------------------


def variables_of(spec: Model) -> list[str]:
    """Return the columns of the panel a model needs an answer to, in the order of the model.

    As :attr:`Model.terms`; of a term the columns in it.
    """
    return list(dict.fromkeys(column for term in spec.terms for column in columns_of(term)))


def answers_needed(spec: Model) -> list[str]:
    """Return the variables of a model that a firm must know to be in its sample.

    All of them, but for outcomes whose gaps full-information maximum likelihood makes good, for
    accounts at several lags and weights for them: who has those differs from lag to lag, and for
    what a selection model asks of those alone who are selected. Of a curve
    who has an outcome differs with its definition.
    """
    spared = {column for term in spec.of_outcome for column in columns_of(term)}
    spared -= {column for term in spec.selection for column in columns_of(term)}
    if spec.missing == "fiml":
        spared |= set(spec.equations)
    if spec.lags:
        spared |= {*RATIOS, WEIGHT}
    if spec.choices:
        spared |= {*spec.choices.outcomes(spec.outcomes)}
    return [name for name in variables_of(spec) if name not in spared]


@dataclass(frozen=True)
class Step:
    """A restriction and which firms it concerns, all as the panel's index."""

    restriction: str  # what it asks, in words
    firms: pd.Index  # who meets it and all before it
    # missing, filtered: who does not for want of an answer, and of the question.
    missing: pd.Index
    filtered: pd.Index
    # The yes/no variable that decides who was asked, of a step that asks for the question.
    filter: str = ""


def select_sample(
    panel: pd.DataFrame, spec: Model, wave: str, *, lag: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the firms of a wave a model is estimated on, and how it came to them.

    As :func:`steps_of`: ``sample`` are the firms of its last step, and ``flow`` has per step
    wave, step, restriction, firms (left after the step), lost, and of those lost
    ``lost_missing`` (asked, not answered) and ``lost_filtered`` (not asked); the rest of those
    lost do not meet the restriction. Step 0 is the whole wave.
    """
    steps, settled_terms = steps_of(panel, spec, wave, lag=lag)
    sample = panel.loc[steps[-1].firms]
    made = {text: values[steps[-1].firms] for text, values in settled_terms.items()}
    return sample.assign(**made) if made else sample.copy(), _flow(steps, wave)


def with_gaps(panel: pd.DataFrame, spec: Model, wave: str, *, lag: int) -> pd.DataFrame:
    """Return the firms of a wave that were asked all a model needs, whether or not they answered.

    As the sample of :func:`select_sample`, but that gaps in :func:`may_lack` cost no firm.
    """
    gaps = may_lack(panel, spec)
    steps, settled_terms = steps_of(panel, spec, wave, lag=lag, gaps=gaps)
    firms = panel.loc[steps[-1].firms]
    return firms.assign(**{text: of[firms.index] for text, of in settled_terms.items()})


def may_lack(panel: pd.DataFrame, spec: Model) -> list[str]:
    """Return the numbers and yes/no answers of a model that a firm may have left open.

    Those the survey asks, and what is made of them: not accounts, weights, clusters or classes.
    """
    clusters = [covariance.groups for covariance in spec.covariance]
    fixed = {*spec.fixed_effects, *clusters, *spec.weightings, WEIGHT, *RATIOS}
    made = settled(spec)
    names = [name for name in variables_of(spec) if is_numeric_dtype(panel[name])]
    asked = [n for n in names if n not in fixed and not ratio_and_lag(n)]
    first = panel.head(1)
    return asked + [
        text
        for text, node in made.items()
        if fixed.isdisjoint(names_in(node)) and is_numeric_dtype(evaluate(node, first))
    ]


def steps_of(
    panel: pd.DataFrame, spec: Model, wave: str, *, lag: int, gaps: Collection[str] = ()
) -> tuple[list[Step], dict[str, pd.Series]]:
    """Return step by step which firms of a wave a model is estimated on.

    Parameters
    ----------
    panel
        As :func:`build_panel` makes it.
    spec
        The model as the models file has it.
    lag
        Years between survey and accounts, for the wording.
    gaps
        Variables, and parts of terms, that a firm of the sample may lack if it was asked.

    Returns
    -------
    steps
        The first is the whole wave. In the last all flags of ``spec.sample`` are true, and every
        variable of the model that the wave's questionnaire has is known. All columns of the model
        thus rest on the same firms.
    terms
        What the model's terms are made of, for all firms of the wave, by its text.

    Raises
    ------
    CisflowError
        If the panel lacks a variable of the model, or a flag is not a yes/no variable.

    Notes
    -----
    A variable that is null for the whole wave was not in its questionnaire (or there are no
    accounts): it cannot cost firms one by one, and the estimator says what it makes impossible.

    Where firms lack a variable because its question was not put to them, that is a step before the
    one that asks for answers: it says of whom the sample is, and is no loss of answers.
    """
    refuse_unknown_variables(panel, spec)
    everyone = panel[panel["wave"] == wave]
    spared = set(variables_of(spec)) - set(answers_needed(spec))
    settled_terms = {
        text: evaluate(node, panel)[everyone.index]
        for text, node in settled(spec).items()
        if not spared & set(names_in(node))
    }
    if settled_terms:
        everyone = everyone.assign(**settled_terms)
    measured = [v for v in answers_needed(spec) if everyone[v].notna().any()]
    # Rows are let go step by step from the few columns that decide, and once from the whole panel.
    needed = [*spec.sample, *measured, *settled_terms]
    parts = [base for variable in needed for base in bases_of(variable, spec)]
    needed += [*parts, *(f"asked_{block}" for base in parts if (block := block_of(base)))]
    firms = everyone[list(dict.fromkeys(needed))]
    steps = [_step(EVERYONE, firms)]
    for flag in spec.sample:
        kept, *lost = _split_by_flag(firms, flag, spec)
        steps.append(_step(_flag_words(flag, lag, spec), kept, *lost))
        firms = kept
    for topic, variables in _by_topic(measured, spec).items():
        for flag, unasked in _unasked(firms, variables, spec, everyone).items():
            firms = firms.drop(index=unasked)
            steps.append(_asked_step(topic, flag, firms, unasked, spec))
        needed = [name for name in variables if name not in gaps]
        known = firms[needed].notna().all(axis=1)
        states = _states(firms[~known], needed, spec)
        steps.append(_step(f"complete answers: {topic}", firms[known], *states))
        firms = firms[known]
    for text in settled_terms:
        # Of a term that the whole wave lacks the estimator says so, as of a variable.
        if text not in gaps and everyone[text].notna().any():
            firms = firms[firms[text].notna()]
            steps.append(_step(f"a value of {text}", firms))
    return steps, settled_terms


def restricted(
    panel: pd.DataFrame, specs: Iterable[Model], also: Iterable[str] = ()
) -> pd.DataFrame:
    """Return a panel with the columns that models and the flow of their samples ask for.

    Choosing firms costs as much as there are columns, and a panel has hundreds.

    Parameters
    ----------
    also
        Other columns to keep, as far as the panel has them.

    Raises
    ------
    CisflowError
        As :func:`steps_of`.
    """
    named = {*also, *ALWAYS}
    for spec in specs:
        refuse_unknown_variables(panel, spec)
        own = {*variables_of(spec), *spec.sample, *spec.auxiliary}
        own |= {column for term in spec.by for column in columns_of(term)}
        named |= {base for name in own for base in (name, *bases_of(name, spec))}
    # Accounts at other lags, and weights for them, bear the lag behind the name.
    return panel[[column for column in panel if {column, column.rpartition("_lag")[0]} & named]]


def waves_of(panel: pd.DataFrame, spec: Model) -> list[str]:
    """Return the panel's waves a model is meant for, in order of time; none of a printed table."""
    if spec.printed:
        return []
    present = panel.drop_duplicates("wave").sort_values("reference_year", kind="stable")["wave"]
    return [wave for wave in present if spec.waves is None or wave in spec.waves]


def refuse_unknown_variables(panel: pd.DataFrame, spec: Model) -> None:
    """Refuse a model that asks for a variable the panel has not, or a flag that is none."""
    by = [column for term in spec.by for column in columns_of(term)]
    wanted = list(dict.fromkeys([*spec.sample, *variables_of(spec), *by, *spec.auxiliary]))
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
        for flag in spec.sample
        if flag in panel.columns and not is_bool_dtype(panel[flag])
    ]
    if problems:
        raise CisflowError(f"Model “{spec.title}”", problems)


def _split_by_flag(
    firms: pd.DataFrame, flag: str, spec: Model
) -> tuple[pd.DataFrame, pd.Index, pd.Index]:
    """Return the firms with a flag, and those that lack it for want of an answer or question."""
    kept = firms[firms[flag].fillna(False).astype(bool)]
    return kept, *_states(firms[firms[flag].isna()], [flag], spec)


def _states(
    firms: pd.DataFrame, variables: Sequence[str], spec: Model
) -> tuple[pd.Index, pd.Index]:
    """Return who lacks one of ``variables``: for want of an answer, and of the question.

    A firm that was not asked one thing and did not answer another counts as missing. A construct
    of the user's is lacking for what its parts lack; where they have all, it has no value.
    """
    unanswered = pd.Series(False, index=firms.index)
    unasked = pd.Series(False, index=firms.index)
    for variable in variables:
        for base in bases_of(variable, spec):
            block = block_of(base)
            asked = firms[f"asked_{block}"] if block else True
            lacking = firms[variable].isna() & firms[base].isna()
            unanswered |= lacking & asked
            unasked |= lacking
    unanswered, unasked = (some.fillna(False).astype(bool) for some in (unanswered, unasked))
    return firms.index[unanswered], firms.index[unasked & ~unanswered]


def _unasked(
    firms: pd.DataFrame, variables: Sequence[str], spec: Model, everyone: pd.DataFrame
) -> dict[str, pd.Index]:
    """Return by filter who lacks one of ``variables`` for not being asked, each firm once.

    Filters that cost no firm are left out; "" is one that no yes/no variable explains.
    """
    found: dict[str, pd.Index] = {}
    bases = [(v, base, block_of(base)) for v in variables for base in bases_of(v, spec)]
    for variable, base, block in bases:
        if block is None:
            continue
        lacking = firms[variable].isna() & firms[base].isna() & ~firms[f"asked_{block}"]
        if lacking.any():
            flag = filter_of(everyone, block)
            before = found.get(flag, firms.index[:0])
            found[flag] = before.union(firms.index[lacking], sort=True)
            firms = firms[~lacking]
    return found


def filter_of(wave: pd.DataFrame, block: str) -> str:
    """Return the yes/no variable that decides who was asked the questions of a block.

    Parameters
    ----------
    wave
        All firms of a wave, with its flags and ``asked_*``, shape (n, columns).
    block
        One of :data:`cisflow.study.canonical.BLOCKS`.

    Returns
    -------
    str
        The first of :data:`FILTERS` that, wherever it is known, is yes for those who were asked
        and no for all others; empty if there is none.
    """
    asked = wave[f"asked_{block}"]
    for flag in FILTERS:
        known = wave[flag].notna() if flag in wave else pd.Series(False, index=wave.index)
        if known.any() and wave.loc[known, flag].astype(bool).equals(asked[known].astype(bool)):
            return flag
    return ""


def bases_of(variable: str, spec: Model) -> list[str]:
    """Return the panel's variables a construct of the user's is made of; of any other, itself."""
    definition = spec.constructs.get(variable)
    if definition is None:
        return [variable]
    made_of = names_in(parse_definition(definition))
    return [base for name in made_of for base in bases_of(name, spec)]


def _by_topic(variables: Iterable[str], spec: Model) -> dict[str, list[str]]:
    """Return the variables by what a firm must have answered for them."""
    topics: dict[str, list[str]] = {}
    for variable in variables:
        topic = spec.labels.get(variable) or _topic_of(variable)
        topics.setdefault(topic, []).append(variable)
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


def why_unmeasured(variables: Iterable[str]) -> str:
    """Return in words that nobody has a value of some variables, by what they are about.

    Parameters
    ----------
    variables
        Columns of the panel, or terms made of some.
    """
    columns = dict.fromkeys(c for term in variables for c in columns_of(term))
    topics = dict.fromkeys(_topic_of(column) for column in columns)
    accounts = [t for t in topics if t == LATER_ACCOUNTS or t.startswith("accounts ")]
    asked = [topic for topic in topics if topic not in accounts]
    said = [f"the survey has no answers on {' or on '.join(asked)}"] if asked else []
    said += ["there are no company accounts of that year"] if accounts else []
    return "; ".join(said)


def _flag_words(flag: str, lag: int, spec: Model) -> str:
    if flag == "has_accounts":
        return f"accounts {years_later(lag)}"
    return spec.labels.get(flag) or FLAG_WORDS.get(flag, flag.replace("_", " "))


def _step(
    restriction: str,
    left: pd.DataFrame,
    missing: pd.Index = pd.Index([]),  # noqa: B008 - never changed
    filtered: pd.Index = pd.Index([]),  # noqa: B008
) -> Step:
    return Step(restriction, left.index, missing, filtered)


def _asked_step(topic: str, flag: str, left: pd.DataFrame, unasked: pd.Index, spec: Model) -> Step:
    """Return the step that leaves who was asked about a topic, and says who that is."""
    whom = ASKED_WORDS.get(flag) or (f"firms with {_flag_words(flag, 0, spec)}" if flag else "")
    restriction = f"asked about {topic}" + (f" ({whom})" if whom else "")
    return Step(restriction, left.index, pd.Index([]), unasked, flag)


def _flow(steps: Sequence[Step], wave: str) -> pd.DataFrame:
    """Return the steps as a table, with how many firms each one lost."""
    rows = [
        {
            "wave": wave,
            "step": number,
            "restriction": step.restriction,
            "firms": len(step.firms),
            "lost_missing": len(step.missing),
            "lost_filtered": len(step.filtered),
            "lost": len(steps[max(number - 1, 0)].firms) - len(step.firms),
        }
        for number, step in enumerate(steps)
    ]
    return pd.DataFrame(rows, columns=[c for c in FLOW.columns if c not in _LABELS])


_LABELS = ("country", "model")
