"""Hold the claims of the literature against the estimates, by the rule the claims file states.

A claim names its test: a model, and in its tidy estimates an outcome, a column and a term, with
the sign the literature found. Nothing is estimated here, and nothing but estimates is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.balance_terms import (
    BALANCE,
    COST,
    DIRECT,
    EVERYONE,
    OTHERS,
    PROBABILITY,
    RETURN,
    SCALES,
    column_of,
    difference,
    groups_of,
    outcome_of,
    split_column,
    through,
)
from cisflow.errors import Problem
from cisflow.estimates import ALL_WAVES
from cisflow.printed import PRINTED
from cisflow.validation import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "claim",
    "text",
    "source",
    "country",
    "wave",
    "model",
    "column",
    "outcome",
    "term",
    "estimate",
    "std_error",
    "ci_low",
    "ci_high",
    "p_value",
    "n",
    "verdict",
    "verdict_literature",
    "reason",
)
SUPPORTED = "supported"
CONTRADICTED = "contradicted"
INCONCLUSIVE = "inconclusive"
NOT_ESTIMABLE = "not estimable"
NOT_MEASURABLE = "not measurable"
VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, NOT_ESTIMABLE, NOT_MEASURABLE)

SIGNS = {"positive": 1, "negative": -1}
PLACE = ("country", "wave", "model")
TERM = ("outcome", "column", "term")
NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "p_value", "n")
# Level of the intervals that the tidy estimates carry.
TABLE_LEVEL = 0.05
EFFECT = re.compile(r"(total|direct|indirect)\((.+)\)")
ARROW = " → "

Row = dict[str, Any]
Test = Mapping[str, Any]
Rule = Mapping[str, Any]


def judge(
    claims: Mapping[str, Any],
    estimates: pd.DataFrame,
    diagnostics: Iterable[Mapping[str, Any]] = (),
) -> pd.DataFrame:
    """Return a verdict, or the reason for none, on every claim.

    Parameters
    ----------
    claims
        The claims file: ``rule`` and ``claims``.
    estimates
        Tidy estimates of every country and model of the run; of several covariances the first
        counts.
    diagnostics
        The models' diagnostics, for the share of bootstrap resamples below zero; optional.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`, one row per claim, country and wave, one more for each further
        reading whose model was run. A claim about the run as a whole, and one that cannot be
        measured, has a single row with country and wave empty. ``verdict`` is one of
        :data:`VERDICTS`; ``verdict_literature`` is the same by significance at 5 % alone.
    """
    import pandas as pd

    tested = {t["model"] for claim in claims["claims"].values() for t in _tests_of(claim)}
    evidence = Evidence(estimates, diagnostics, tested)
    rows = [
        {"claim": name, "text": claim["text"], "source": claim["source"], **row}
        for name, claim in claims["claims"].items()
        for row in _rows_of(claim, evidence, claims["rule"])
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    words = [c for c in COLUMNS if c not in NUMBERS]
    table[words] = table[words].astype(object).fillna("")
    return table.astype(dict.fromkeys(NUMBERS, "float64"))


def judge_pooled(claims: Mapping[str, Any], pooled: pd.DataFrame) -> pd.DataFrame:
    """Return a verdict on every claim that rests on single estimates, from the pooled ones.

    Parameters
    ----------
    claims
        The claims file.
    pooled
        Pooled estimates, the main method first (:func:`cisflow.pooling.pool`); where they have
        degrees of freedom, intervals at another level than the table's are from t with these.

    Returns
    -------
    pandas.DataFrame
        As :func:`judge` returns it, with ``country`` ``"pooled"``.
    """
    tested = {
        name: claim
        for name, claim in claims["claims"].items()
        if "test" in claim and "share" not in claim["test"]
    }
    return judge({**claims, "claims": tested}, pooled)


def _rows_of(claim: Mapping[str, Any], evidence: Evidence, rule: Rule) -> Iterator[Row]:
    if "not_measurable" in claim:
        yield {**_no_verdict(NOT_MEASURABLE), "reason": claim["not_measurable"]}
        return
    if "share" in claim["test"]:
        yield _judge_share(claim["test"]["share"], evidence, rule)
        return
    further = [test for test in claim.get("also", []) if test["model"] in evidence.models]
    for country, wave in evidence.places:
        for test in [claim["test"], *further]:
            judged = _judge_all if "all_of" in test else _judge_one
            row = judged(test, evidence.at(country, wave), rule)
            yield {"country": country, "wave": wave, **row}


# --- looking up --------------------------------------------------------------------------------


class Evidence:
    """Tidy estimates by place and term.

    Attributes
    ----------
    table
        The estimates, of several covariances of a coefficient the first.
    models
        Models of the run.
    places
        Country and wave of every estimate, in order of appearance. What stands for a wave (all
        waves together, a printed table) is none unless a model that a claim names rests on it.
    """

    def __init__(
        self,
        estimates: pd.DataFrame,
        diagnostics: Iterable[Mapping[str, Any]],
        tested: Collection[str],
    ):
        self.table = estimates.drop_duplicates([*PLACE, *TERM])
        self.models = set(estimates["model"])
        no_wave = estimates["wave"].isin([ALL_WAVES, PRINTED]) & ~estimates["model"].isin(tested)
        pairs = estimates.loc[~no_wave, ["country", "wave"]].drop_duplicates()
        self.places = list(pairs.itertuples(index=False, name=None))
        records = self.table.to_dict(orient="records")
        self.rows = {tuple(row[key] for key in (*PLACE, *TERM)): row for row in records}
        self.estimated = {tuple(row[key] for key in PLACE) for row in records}
        self._fits = {
            (record["country"], fit.get("wave"), record["model"]): fit
            for record in diagnostics
            for fit in record["fits"]
        }

    def at(self, country: str, wave: str) -> Here:
        """Return the evidence of one country and wave."""
        return Here(self, country, wave)

    def share_negative(self, country: str, wave: str, test: Test) -> float | None:
        """Return the share of bootstrap resamples in which an effect is below zero."""
        named = EFFECT.fullmatch(test["term"])
        fit = self._fits.get((country, wave, test["model"]))
        if named is None or fit is None:
            return None
        kind, origin = named.groups()
        prefix = "std_" if test["column"] == "standardised" else ""
        for effect in fit.get("effects", {}).get(f"{origin}{ARROW}{test['outcome']}", []):
            if effect["effect"] == kind:
                share: float | None = effect.get(f"{prefix}prob_negative")
                return share
        return None


class Here:
    """The estimates of one country and wave."""

    def __init__(self, evidence: Evidence, country: str, wave: str):
        self._evidence = evidence
        self._place = (country, wave)

    def row(self, test: Test, term: str | None = None) -> Row | None:
        """Return the row of a test's term (or of another term beside it), None if it has none."""
        where = (*self._place, test["model"], test["outcome"], test["column"])
        return self._evidence.rows.get((*where, term or test["term"]))

    def share_negative(self, test: Test) -> float | None:
        """Return the share of bootstrap resamples in which a test's effect is below zero."""
        return self._evidence.share_negative(*self._place, test)

    def why_not(self, test: Test) -> str:
        """Return why a test's term has no estimate here; empty if it has one."""
        model = test["model"]
        if model not in self._evidence.models:
            return f"model {model} is not in this run's config"
        if (*self._place, model) not in self._evidence.estimated:
            return f"model {model} is not estimated on this wave"
        found = self.row(test)
        if found is not None:
            return _why_empty(found)
        for where in ((test["outcome"], test["column"], ""), ("", "", "")):
            whole = self._evidence.rows.get((*self._place, model, *where))
            if whole is not None:
                return _why_empty(whole)
        column = f"outcome {test['outcome']}, column {test['column']}"
        return f"model {model} has no term {test['term']} in {column}"


def _why_empty(row: Row) -> str:
    """Return why a row of estimates has no estimate with a standard error, empty if it has."""
    if np.isfinite(row["estimate"]) and row["std_error"] > 0:
        return ""
    note = str(row["note"]).removeprefix("not estimable:").strip()
    return note or "the model fixes the coefficient instead of estimating it"


# --- verdicts ----------------------------------------------------------------------------------


def _judge_one(test: Test, here: Here, rule: Rule) -> Row:
    """Judge a claim that rests on one estimate."""
    missing = here.why_not(test)
    if missing:
        return {**_no_verdict(NOT_ESTIMABLE), **_named(test), "reason": missing}
    row = here.row(test)
    assert row is not None  # noqa: S101 - why_not has looked
    verdict, why = _verdict(test, row, rule, rule["significance"])
    return {
        **_named(test),
        **{name: row[name] for name in NUMBERS},
        "verdict": verdict,
        "verdict_literature": _verdict_literature(test, row, rule),
        "reason": "; ".join([why, *_asides(test, here)]),
    }


def _verdict(test: Test, row: Row, rule: Rule, level: float) -> tuple[str, str]:
    """Return the verdict on one estimate and the sentence that gives its reason."""
    low, high = _interval(row, level)
    shown = f"{_percent(1 - level)} interval {_bounds(low, high)}"
    if test["expect"] == "none":
        return _verdict_none(test, row, rule, excludes_zero=low > 0 or high < 0, shown=shown)
    if low <= 0 <= high:
        return INCONCLUSIVE, f"{shown} holds zero"
    found = 1 if low > 0 else -1
    side = "above" if found > 0 else "below"
    if found == SIGNS[test["expect"]]:
        return SUPPORTED, f"{shown} lies {side} zero, as expected"
    return CONTRADICTED, f"{shown} lies {side} zero, against expectation"


def _verdict_none(
    test: Test, row: Row, rule: Rule, *, excludes_zero: bool, shown: str
) -> tuple[str, str]:
    """Judge a claim of no effect by equivalence (two one-sided tests)."""
    bound, level = test["smallest_effect"], rule["equivalence"]
    low, high = _normal_interval(row, level)
    tested = f"{_percent(1 - level)} interval {_bounds(low, high)}"
    band = f"±{_number(bound)}, the smallest effect of interest"
    if -bound < low and high < bound:
        return SUPPORTED, f"{tested} lies inside {band}"
    if excludes_zero:
        return CONTRADICTED, f"{tested} reaches beyond {band}, and {shown} excludes zero"
    return INCONCLUSIVE, f"{tested} reaches beyond {band}, and {shown} holds zero"


def _verdict_literature(test: Test, row: Row, rule: Rule) -> str:
    """Return the verdict by the p-value alone: not significant is read as no effect."""
    low, high = _interval(row, rule["significance"])
    p = row["p_value"]
    significant = p <= rule["significance"] if np.isfinite(p) else low > 0 or high < 0
    if test["expect"] == "none":
        return CONTRADICTED if significant else SUPPORTED
    if not significant:
        return INCONCLUSIVE
    return SUPPORTED if SIGNS[test["expect"]] * row["estimate"] > 0 else CONTRADICTED


def _judge_all(test: Test, here: Here, rule: Rule) -> Row:
    """Judge a claim that holds only if each of its parts does (intersection-union test)."""
    parts: Sequence[Test] = test["all_of"]
    judged = [_judge_one(part, here, rule) for part in parts]
    absent = [row for row in judged if row["verdict"] == NOT_ESTIMABLE]
    pairs = list(zip(parts, judged, strict=True))
    found = [(part, row) for part, row in pairs if row["verdict"] != NOT_ESTIMABLE]
    # One part is enough to contradict the whole: Bonferroni.
    level = rule["significance"] / len(parts)
    against = [row for part, row in found if _verdict(part, row, rule, level)[0] == CONTRADICTED]
    if against:
        verdict, shown = CONTRADICTED, against[0]
    elif absent:
        return {**absent[0], "reason": f"{absent[0]['term']}: {absent[0]['reason']}"}
    else:
        every = all(row["verdict"] == SUPPORTED for row in judged)
        verdict = SUPPORTED if every else INCONCLUSIVE
        shown = min(found, key=lambda pair: _strength(*pair))[1]
    literature = {row["verdict_literature"] for _, row in found}
    return {
        **shown,
        "verdict": verdict,
        "verdict_literature": _together(literature),
        "reason": "; ".join(
            f"{row['outcome']} on {row['term']}: {row['verdict']} ({row['reason']})"
            for row in judged
        ),
    }


def _together(verdicts: set[str]) -> str:
    """Return the verdict on a claim of several parts from theirs."""
    if CONTRADICTED in verdicts:
        return CONTRADICTED
    return SUPPORTED if verdicts == {SUPPORTED} else INCONCLUSIVE


def _strength(test: Test, row: Row) -> float:
    """Return by how many standard errors an estimate speaks for what is expected of it."""
    if test["expect"] == "none":
        return float((test["smallest_effect"] - abs(row["estimate"])) / row["std_error"])
    return float(SIGNS[test["expect"]] * row["estimate"] / row["std_error"])


def _judge_share(share: Mapping[str, Any], evidence: Evidence, rule: Rule) -> Row:
    """Judge a claimed share of significant estimates over the whole run."""
    from statsmodels.stats.proportion import proportion_confint

    models = [model for model in share["models"] if model in evidence.models]
    named = {"model": ", ".join(models or share["models"])}
    table = evidence.table
    counted = table[table["model"].isin(models) & table["term"].isin(share["terms"])]
    counted = counted[counted["estimate"].notna() & counted["p_value"].notna()]
    if counted.empty:
        several = "models" if len(share["models"]) > 1 else "model"
        why = f"{several} {named['model']}: no coefficient of these terms was estimated"
        if not models:
            why = f"{several} {named['model']}: not in this run's config"
        return {**_no_verdict(NOT_ESTIMABLE), **named, "reason": why}
    signed = SIGNS[share["expect"]] * counted["estimate"] > 0
    hits = int((signed & (counted["p_value"] < rule["significance"])).sum())
    low, high = proportion_confint(hits, len(counted), alpha=rule["significance"], method="wilson")
    found, claimed = hits / len(counted), share["claimed"]
    needed = claimed - share["margin"]
    if low > needed:
        verdict, why = SUPPORTED, f"lies above {_number(needed)} (the claimed share less a margin)"
    elif high < claimed:
        verdict, why = CONTRADICTED, f"lies below the claimed {_number(claimed)}"
    else:
        verdict, why = INCONCLUSIVE, f"does not settle the claimed {_number(claimed)}"
    shown = f"{_percent(1 - rule['significance'])} interval {_bounds(low, high)}"
    count = f"{hits} of {len(counted)} estimates are significant and {share['expect']}"
    return {
        **named,
        "estimate": found,
        "ci_low": low,
        "ci_high": high,
        "verdict": verdict,
        "verdict_literature": SUPPORTED if found >= claimed else CONTRADICTED,
        "reason": f"{count}; {shown} {why}",
    }


def _named(test: Test) -> Row:
    return {name: test[name] for name in ("model", "column", "outcome", "term")}


def _no_verdict(verdict: str) -> Row:
    return {"verdict": verdict, "verdict_literature": verdict}


def _asides(test: Test, here: Here) -> Iterator[str]:
    """Yield what else a reader is told: neighbouring estimates, the bootstrap's share."""
    for term in test.get("beside", []):
        row = here.row(test, term)
        if row is not None and np.isfinite(row["estimate"]):
            yield f"{term} {_number(row['estimate'])}"
    share = here.share_negative(test)
    if share is not None:
        yield f"below zero in {_percent(share)} of the bootstrap resamples"


# --- intervals and numbers ---------------------------------------------------------------------


def _interval(row: Row, level: float) -> tuple[float, float]:
    """Return the confidence interval at ``level``: the table's own where it has that level."""
    if level == TABLE_LEVEL and np.isfinite([row["ci_low"], row["ci_high"]]).all():
        return row["ci_low"], row["ci_high"]
    return _normal_interval(row, level)


def _normal_interval(row: Row, level: float) -> tuple[float, float]:
    """Return estimate ± quantile × standard error; t where the row has degrees of freedom."""
    from scipy.stats import norm, t

    df = row.get("df", np.nan)
    law = t(df) if np.isfinite(df) else norm()
    half = float(law.isf(level / 2)) * row["std_error"]
    return row["estimate"] - half, row["estimate"] + half


def _number(x: float) -> str:
    return f"{x:.3g}".replace("-", "−")


def _bounds(low: float, high: float) -> str:
    return f"[{_number(low)}, {_number(high)}]"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


# --- checking the claims file ------------------------------------------------------------------


def claim_problems(
    claims: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]
) -> list[Problem]:
    """Return what the claims file asks of models that these do not have.

    Parameters
    ----------
    claims
        The claims file, checked against its schema.
    models
        All of the models file, whether or not a run estimates them.
    """
    problems: list[Problem] = []
    for name, claim in claims["claims"].items():
        where = f"claims.{name}"
        for test in _tests_of(claim):
            problems += _test_problems(where, test, models)
        unknown = [
            model
            for model in claim.get("test", {}).get("share", {}).get("models", [])
            if model not in models
        ]
        problems += [
            Problem(f"{where}: there is no model `{model}`", did_you_mean(model, models))
            for model in unknown
        ]
    return problems


def _tests_of(claim: Mapping[str, Any]) -> list[Test]:
    test = claim.get("test", {})
    first = test.get("all_of", [test] if "model" in test else [])
    return [*first, *claim.get("also", [])]


def _test_problems(
    where: str, test: Test, models: Mapping[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    model = test["model"]
    if model not in models:
        yield Problem(f"{where}: there is no model `{model}`", did_you_mean(model, models))
        return
    spec = models[model]
    outcomes, columns = _outcomes_and_columns(spec, test["column"])
    for key, known in (("outcome", outcomes), ("column", columns)):
        if test[key] not in known:
            what = f"{where}: model {model} has no {key} `{test[key]}`"
            yield Problem(what, did_you_mean(test[key], known))
            return
    terms = _terms_of(spec, test)
    for term in [test["term"], *test.get("beside", [])]:
        known_path = ARROW in term and _is_path(term, spec, test)
        if term not in terms and not known_path:
            what = f"{where}: model {model} has no term `{term}` for {test['outcome']}"
            yield Problem(what, did_you_mean(term, terms))


def _outcomes_and_columns(spec: Mapping[str, Any], asked: str) -> tuple[list[str], list[str]]:
    """Return what the outcomes and columns of a model's estimates are called.

    The levels of a variable a balance is split by are known to the data alone: of such columns
    only the one ``asked`` for is listed, if it may exist.
    """
    if spec["estimator"] == "path":
        outcomes = list(spec["equations"])
        outcomes += [target for _, target in spec["effects"] if target not in outcomes]
        return outcomes, list(SCALES)
    if spec["estimator"] == "balance":
        target = spec["balance"]["target"]
        groups = list(spec.get("steps") or [EVERYONE])
        for variable in spec.get("by", []):
            names = groups_of(variable)
            groups += [*names, difference(*names)]
        columns = [column_of(scale, group) for scale in SCALES for group in groups]
        scale, group = split_column(asked)
        of_level = any(group.startswith(f"{variable}=") for variable in spec.get("by", []))
        columns += [asked] if scale in SCALES and of_level else []
        return [outcome_of(target, lag) for lag in spec.get("lags", [None])], columns
    return list(spec.get("outcomes", [])), list(spec.get("columns", {}))


def _terms_of(spec: Mapping[str, Any], test: Test) -> list[str]:
    """Return the terms of a model's estimates for a test's outcome and column."""
    if spec["estimator"] == "balance":
        costs = [COST, DIRECT, through(spec["balance"]["cost_through"]), OTHERS]
        return [*costs, RETURN, BALANCE, PROBABILITY]
    controls = list(spec.get("controls", []))
    if spec["estimator"] != "path":
        return [*spec["columns"][test["column"]], *controls]
    arrows = list(spec["equations"].get(test["outcome"], []))
    effects = [
        f"{kind}({origin})"
        for origin, target in spec["effects"]
        if target == test["outcome"]
        for kind in ("total", "direct", "indirect")
    ]
    return [*arrows, *effects]


def _is_path(term: str, spec: Mapping[str, Any], test: Test) -> bool:
    """Return whether ``a → b → c`` follows arrows of the model and is part of a wanted effect."""
    nodes = term.split(ARROW)
    steps = pairwise(nodes)
    wanted, target = list(spec.get("effects", [])), test["outcome"]
    if spec["estimator"] == "balance":
        about = spec["balance"]
        target = about["target"]
        # Single paths are told for all firms alone.
        wanted = [[about["source"], target]] if test["column"] in SCALES else []
    arrows = all(origin in spec.get("equations", {}).get(to, []) for origin, to in steps)
    return arrows and nodes[-1] == target and [nodes[0], target] in wanted
