"""Estimates through the gate: which fits, terms, sizes and limits may be told."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cisflow.disclosure.regressions import BESIDE, FEW, why_not_fit, why_not_terms
from cisflow.estimation.estimates import (
    COEFFICIENT,
    ESTIMATED,
    FOUND,
    SIZES,
    TESTS,
    WITHHELD,
    Estimates,
)
from cisflow.estimation.evidence import COLUMNS, EVIDENCE, SETS, SUMS, TERMS, VARIABLES
from cisflow.estimation.imputed import IMPUTATION, ROWS_IMPUTED
from cisflow.estimation.shapes import SHAPES
from cisflow.estimators.distributions import NORMAL, student
from cisflow.raw.printed import PRINTED
from cisflow.release.gate import GROUP, Bools, Gate
from cisflow.release.holding import note_tests, told_tests
from cisflow.release.samples import note_limits
from cisflow.release.shapes import note_shapes, told_shapes
from cisflow.study.balance_terms import EVERYONE, LESS, SCALES, column_of, split_column
from cisflow.study.levels import factors_in
from cisflow.study.models import Model
from cisflow.study.weightings import UNWEIGHTED

NEAR_FEW = "rests on fewer than twice the firms the rules ask"
NEAR_DF = "fewer than twice the observations beyond the coefficients that the rules ask"
UNKNOWN = "nothing is known of the firms behind it"
OF_N = "it would tell the number of firms, which is withheld"
# What tells the number of firms besides the numbers called so.
OF_SIZE = frozenset(
    {"nobs", "n_lower", "n_upper", "aic", "bic", "df", "sensitivity", "partial_r2", "shea_r2"}
    # Those of a path model are multiples of it, or quotients of such, by what R² tells.
    | {"rmsea", "rmsea_ci_low", "rmsea_ci_high", "chisq", "pvalue", "baseline_chisq", "logl"}
    | {"cfi", "tli"}
)
# Whole numbers of a record that count no firms.
OF_NO_FIRMS = frozenset(
    {"df", "draws", "seed", "failed", "npar", "donors", "iterations", "lag", "few"}
    | {"specifications", "fits", "sign"}
)
BALANCE = "balance"
LIKELIHOODS = ("llf",)
ROUGH = ("p_value",)
POOLABILITY = "poolability"
CLASSICAL, R2, EFFECTS = "nonrobust", "r2", "effects"
ERRORS = tuple(name for name in FOUND if name != "estimate")
LIMITS = ("n_lower", "n_upper")
SPECIFICATION = 0.01  # what is lost without the size of one of a curve's many samples: the least
LEVEL, WORD = re.compile(r"\[T\.[^]]*\]"), re.compile(r"\w+")


@dataclass(frozen=True)
class Fit:
    """One fit of a model, or one group's balance: its record and which rows are its own."""

    model: str
    wave: str
    outcome: str
    column: str
    record: dict[str, Any]

    @property
    def evidence(self) -> dict[str, Any]:
        """On which firms it rests; empty of what has no estimate, or no firms (a printed table)."""
        found: dict[str, Any] = self.record.get(EVIDENCE) or {}
        return found

    @property
    def key(self) -> Hashable:
        """The name of the set of its firms."""
        return "fit", self.model, self.wave, self.outcome, self.column

    def of(self, table: pd.DataFrame) -> pd.Series:
        """Return which rows of the model's estimates are of this fit."""
        here = table["wave"] == self.wave
        if self.outcome:
            here &= table["outcome"] == self.outcome
        columns = self.record.get(COLUMNS) or ([self.column] if self.column else [])
        if columns:
            here &= table["column"].isin(columns)
        terms = self.record.get(TERMS)
        return here & table["term"].isin(terms) if terms else here


def fits_of(found: Estimates) -> Iterator[Fit]:
    """Yield the fits of a model; a balance has one per group, with a column for either scale."""
    model = found.diagnostics["model"]
    for record in found.diagnostics["fits"]:
        place = model, record["wave"], record.get("outcome", "")
        if "groups" not in record:
            yield Fit(*place, record.get("column", ""), record)
            continue
        for group, about in record["groups"].items():
            columns = [column_of(scale, group) for scale in SCALES]
            # Of a balance by steps all columns are one model's.
            for column in columns if found.table["column"].isin(columns).any() else [""]:
                yield Fit(*place, column, about)


def place_of(fit: Fit) -> str:
    """Return what the register calls a fit."""
    return f"{fit.model}, {fit.wave}, {fit.outcome}, {fit.column}".rstrip(", ")


# --- which sets --------------------------------------------------------------------------------


def note_estimates(gate: Gate, found: Estimates, spec: Model, cost: float) -> None:
    """Note the firms of every fit, and those at the limits of its outcome."""
    for fit in fits_of(found):
        if not fit.evidence:
            continue
        firms = gate.mask(fit.evidence["rows"])
        # What rests on the firms of the whole sample costs what the sample does.
        lost = SPECIFICATION if COLUMNS in fit.record else cost / 10
        gate.note(fit.key, firms, lost, GROUP)
        # A curve tells no firms at limits.
        if not spec.choices and spec.limits:
            note_limits(gate, fit.key, firms, fit.outcome, spec.limits)
        for name, rows in fit.record.get(ROWS_IMPUTED, {}).items():
            gate.note(_imputed(fit, name), gate.mask(rows), cost / 20, (ROWS_IMPUTED, name))
        if "firms_in_all" in fit.record:
            _note_panel(gate, fit, firms)
        _note_sets(gate, fit, cost / 20)
        note_shapes(gate, fit.key, fit.record, cost / 20)
    # By other weights all firms are no part of all firms.
    weights = {column_of(scale, w or UNWEIGHTED) for w in spec.weightings for scale in SCALES}
    groups = [fit for fit in fits_of(found) if fit.evidence and fit.column not in weights]
    _note_groups(gate, groups)
    for record in _records_of(found):
        note_tests(gate, _key_of_tests(record), record.record, cost / 20)


def _imputed(fit: Fit, name: str) -> Hashable:
    """Return under what the firms are noted whose answer is imputed."""
    return fit.key, ROWS_IMPUTED, name


def _key_of_tests(fit: Fit) -> Hashable:
    """Return under what the firms are noted that a record's tests are about."""
    if "groups" not in fit.record:
        return fit.key
    return Fit(fit.model, fit.wave, fit.outcome, column_of(SCALES[0], EVERYONE), {}).key


def _note_groups(gate: Gate, fits: Sequence[Fit]) -> None:
    """Note that the groups of a variable, and those who lack it, are all firms of a balance."""
    parts: dict[tuple[str, str, str], dict[str, list[Hashable]]] = {}
    for fit in fits:
        scale, group = split_column(fit.column)
        variable = "" if group == EVERYONE else group.removeprefix("not ").split("=")[0]
        of = parts.setdefault((fit.wave, fit.outcome, scale), {})
        of.setdefault(variable, []).append(fit.key)
    for by in parts.values():
        for variable, keys in by.items():
            if variable and "" in by:
                gate.note_parts(by[""][0], keys)


def _note_panel(gate: Gate, fit: Fit, rows: Any) -> None:
    """Note the firms behind the rows of a panel, and those that are in several waves."""
    here = gate.panel.loc[rows, ["firm_id", "wave"]]
    first = ~here["firm_id"].duplicated()
    again = here["firm_id"].duplicated(keep=False)
    sets = {"firms": first, "firms_again": first & again, "firms_once": first & ~again}
    for name, some in sets.items():
        gate.note((fit.key, name), some.index[some], 1)
    gate.note_parts((fit.key, "firms"), [(fit.key, "firms_again"), (fit.key, "firms_once")])
    # The same firms once more by each wave: beside the firms of that wave they tell of the others.
    for key, wave in zip(_firms_of(fit)[1:], fit.record["waves"], strict=True):
        by_wave = here.assign(later=here["wave"] != wave).sort_values("later", kind="stable")
        gate.note(key, by_wave.index[~by_wave["firm_id"].duplicated()], 1)


def _firms_of(fit: Fit) -> list[Hashable]:
    """Return under what the firms of a panel are noted, each once: in all, and by each wave."""
    return [(fit.key, "firms"), *((fit.key, "firms", wave) for wave in fit.record.get("waves", ()))]


def _why_size(gate: Gate, fit: Fit) -> str:
    """Return why the number of rows a fit rests on may not be told, empty if it may.

    Where each firm is in as many waves it tells their number.
    """
    if "firms_in_all" not in fit.record or not fit.evidence:
        return gate.why(fit.key)
    times = gate.panel.loc[fit.evidence["rows"], "firm_id"].value_counts()
    return gate.why(fit.key, *(_firms_of(fit) if times.min() == times.max() else ()))


def _note_sets(gate: Gate, fit: Fit, cost: float) -> None:
    """Note the sets of firms that a record counts beside those it rests on, and their sums."""
    for place, rows in fit.evidence.get(SETS, {}).items():
        gate.note(_set(fit, place), gate.mask(rows), cost)
    for whole, parts in fit.evidence.get(SUMS, []):
        gate.note_parts(_set(fit, whole), [_set(fit, part) for part in parts])


def _set(fit: Fit, place: str) -> Hashable:
    return (fit.key, place) if place else fit.key


# --- what is told ------------------------------------------------------------------------------


def told_estimates(gate: Gate, found: Estimates, spec: Model, files: Sequence[str]) -> Estimates:
    """Return one model's estimates as far as they may be told."""
    table_file, record_file = files
    table = found.table.copy()
    country = found.diagnostics["country"]
    gate.opened(table_file, f"{spec.estimator} estimates", f"{spec.title}; firms of {country}")
    gate.opened(record_file, f"{spec.estimator} diagnostics", f"{spec.title}; firms of {country}")
    fits = [(fit, fit.of(table)) for fit in fits_of(found)]
    for fit, here in fits:
        place = place_of(fit)
        _tell_sizes(gate, fit, table, here, place, table_file)
        _tell_terms(gate, fit, table, here, place, table_file)
        _tell_errors(gate, fit, table, here, place, table_file)
    records = [_told_record(gate, fit, found, table, record_file) for fit in _records_of(found)]
    for fit, _ in fits:
        _note_record(gate, fit, record_file)
    _withhold_differences(gate, table, table_file)
    _withhold_unknown(gate, fits, table, table_file)
    return Estimates(table, {**found.diagnostics, "fits": records})


def _tell_sizes(
    gate: Gate, fit: Fit, table: pd.DataFrame, here: pd.Series, place: str, file: str
) -> None:
    """Empty the numbers of firms that may not be told, and what they follow from."""
    why = _why_size(gate, fit) if fit.evidence else ""
    if fit.evidence:
        gate.register[file]["firms"][place] = None if why else len(fit.evidence["rows"])
    for n in table.loc[here, "n"].dropna().unique():
        if not gate.decided(file, place, "n", _why_number(gate, fit, int(n))):
            rows = here & table["n"].eq(n)
            table.loc[rows, list(SIZES)] = np.nan
            _blur(table, rows, fit.evidence.get("df"), _df_near(gate, fit))
    for name, limit in zip(LIMITS, ("lower", "upper"), strict=True):
        key = (fit.key, limit)
        if not gate.ledger.noted(key) or table.loc[here, name].isna().all():
            continue
        if not gate.decided(file, place, name, why or gate.why(key, (fit.key, "firms"))):
            table.loc[here, name] = np.nan
    if gate.why(*_firms_of(fit)):  # of a panel: clusters are firms
        table.loc[here, "groups"] = np.nan


def _why_number(gate: Gate, fit: Fit, n: int) -> str:
    """Return why a number of firms in a fit's rows may not be told, empty if it may.

    It is that of the firms the fit rests on, or of a set that its record counts beside these, as
    the firms of another equation are; of any other nothing is known.
    """
    if _anyone(gate, fit) and not fit.evidence:
        return ""
    if fit.evidence and n == len(fit.evidence["rows"]):
        return _why_size(gate, fit)
    keys = [_set(fit, name) for name, of in fit.evidence.get(SETS, {}).items() if len(of) == n]
    return gate.why(*keys) if keys or _anyone(gate, fit) else UNKNOWN


def _df_near(gate: Gate, fit: Fit) -> float | None:
    """Return the degrees of freedom the fit would have on a told sample that differs by few."""
    if not fit.evidence or (near := gate.size_near(fit.key)) is None:
        return None
    return float(fit.evidence["df"] + near - len(fit.evidence["rows"]))


def _blur(table: pd.DataFrame, here: pd.Series, df: float | None, near: float | None) -> None:
    """Change what the degrees of freedom of t could be worked out from.

    Of many terms with their statistics, rounding alone would tell them. So t is taken with those of
    the sample that is told; where there is none, and for other references, numbers are rounded.
    """
    rows = table.index[here & table["statistic"].notna()]
    for i in rows:
        statistic, p = abs(table.loc[i, "statistic"]), table.loc[i, "p_value"]
        # What a statistic's last digit in the table leaves open of p grows with its square.
        known = partial(np.isclose, p, rtol=1e-6 + 1e-7 * statistic**2, atol=0)
        if known(2 * NORMAL.sf(statistic)):
            continue
        if df and near and known(2 * student(df).sf(statistic)):
            half = float(student(near).ppf(0.975)) * table.loc[i, "std_error"]
            middle = table.loc[i, "estimate"]
            p, ends = 2 * float(student(near).sf(statistic)), (middle - half, middle + half)
            table.loc[i, ["p_value", "ci_low", "ci_high"]] = p, *ends
            continue
        table.loc[i, "p_value"] = float(f"{p:.2g}")
        for name in ("ci_low", "ci_high"):
            table.loc[i, name] = float(f"{table.loc[i, name]:.3g}")


def _tell_errors(
    gate: Gate, fit: Fit, table: pd.DataFrame, here: pd.Series, place: str, file: str
) -> None:
    """Empty the standard errors that tell a number of firms which may not be told.

    Of two kinds that are multiples of each other the factor does (n/(n−k) of HC1 by HC0); of the
    classical kind the R² beside it, which standardised coefficients tell.
    """
    if not fit.evidence or not _why_size(gate, fit):
        return
    told: list[pd.Series] = []
    for kind, rows in table[here & table["std_error"].notna()].groupby("cov_type", sort=False):
        errors = rows["std_error"]
        tells = any(_multiples(errors, other) for other in told) or _classical(fit, kind)
        if gate.decided(file, f"{place}, {kind}", "std_error", OF_N if tells else ""):
            told.append(errors)
        else:
            table.loc[errors.index, list(ERRORS)] = np.nan


def _classical(fit: Fit, kind: str) -> bool:
    """Return whether the number of firms follows from standard errors and the R² told beside."""
    return kind == CLASSICAL and R2 in fit.record


def _multiples(one: pd.Series, other: pd.Series) -> bool:
    """Return whether standard errors of the same terms are all the same multiple of others."""
    if len(one) != len(other):
        return False
    ratio = one.to_numpy() / other.to_numpy()
    return bool(np.allclose(ratio, ratio[0], rtol=1e-6, atol=0) and not np.isclose(ratio[0], 1))


def _tell_terms(
    gate: Gate, fit: Fit, table: pd.DataFrame, here: pd.Series, place: str, file: str
) -> None:
    """Empty the coefficients that may not be told, and say why in the note."""
    own = table.loc[here, ["term", "quantity", "estimate", "status", "note"]]
    gone = own[own["status"].eq(WITHHELD)]
    whole = _why_whole(gate, fit)
    hidden = {**_beside_alike(own, gone), **why_not_terms(fit.evidence, gate.profile)}
    support = fit.evidence.get("support", {})
    if fit.evidence and not whole and fit.evidence["df"] < 2 * gate.profile.residual_df:
        gate.explain(file, place, NEAR_DF)
    # Stages withhold what all firms of a group answer alike; its reason is that of few firms.
    for term, quantity, why in zip(gone["term"], gone["quantity"], gone["note"], strict=True):
        gate.decided(file, f"{place}, {term}", quantity, why)
    withheld = dict(gone["note"])
    rows = own.loc[own["estimate"].notna(), ["term", "quantity"]]
    for i, term, quantity in rows.itertuples(name=None):
        why = whole or hidden.get(term, "") or _why_effect(term, quantity, hidden)
        if not gate.decided(file, f"{place}, {term}", quantity, why):
            withheld[i] = why
        elif support.get(term, np.inf) < 2 * gate.profile.support:
            gate.explain(file, place, NEAR_FEW, term)
    if withheld:
        emptied = list(withheld)
        table.loc[emptied, [*FOUND, *SIZES]] = np.nan
        table.loc[emptied, "status"] = WITHHELD
        table.loc[emptied, "note"] = list(withheld.values())


def _beside_alike(own: pd.DataFrame, gone: pd.DataFrame) -> dict[str, str]:
    """Return the levels that go with one whose firms answer alike, which is none of them then."""
    factors = {LEVEL.sub("", term) for term in gone["term"] if LEVEL.search(term)}
    terms = own["term"].unique() if factors else ()
    return {t: BESIDE for t in terms if LEVEL.search(t) and LEVEL.sub("", t) in factors}


def _why_effect(term: str, quantity: str, hidden: Mapping[str, str]) -> str:
    """Return why an effect may not be told, empty if it may.

    With that of a variable every product moves that it is in: beside the variable's coefficient
    its effect would tell a product's that is withheld.
    """
    if quantity == COEFFICIENT:
        return ""
    moving = {*factors_in(term)}
    return BESIDE if any(moving & {*factors_in(name)} for name in hidden) else ""


def _why_whole(gate: Gate, fit: Fit) -> str:
    """Return why nothing of a fit may be told, empty if some may.

    Where several equations are one model its effects are products of coefficients of all.
    """
    if not fit.evidence:
        return "" if _anyone(gate, fit) else UNKNOWN
    hidden = why_not_terms(fit.evidence, gate.profile)
    if hidden and any(" ~ " in term for term in fit.evidence["support"]):
        return next(iter(hidden.values()))
    return why_not_fit(fit.evidence, gate.profile) or gate.why_near(
        "fit", gate.mask(fit.evidence["rows"]), _variables_of(gate, fit)
    )


def _variables_of(gate: Gate, fit: Fit) -> set[str]:
    """Return the columns of the panel a fit is of: its outcome, and those in its terms."""
    if VARIABLES in fit.record:
        return {name for name in fit.record[VARIABLES] if name in gate.panel}
    terms = " ".join(LEVEL.sub("", term) for term in fit.evidence["support"])
    return {word for word in (fit.outcome, *WORD.findall(terms)) if word in gate.panel}


def _withhold_differences(gate: Gate, table: pd.DataFrame, file: str) -> None:
    """Withhold the differences between groups of which one is withheld in the same wave."""
    where = ["wave", "outcome", "column"]
    gone = table.loc[table["status"].eq(WITHHELD), [*where, "note"]].itertuples(False, None)
    whys = {(wave, outcome, split_column(column)[1]): why for wave, outcome, column, why in gone}
    of_two = table["status"].eq(ESTIMATED) & table["column"].str.contains(LESS, regex=False)
    rows = table.loc[of_two, [*where, "term", "quantity"]]
    for i, wave, outcome, column, term, quantity in rows.itertuples(name=None):
        pair = split_column(column)[1].split(LESS)
        why = next((why for g in pair if (why := whys.get((wave, outcome, g)))), "")
        if not gate.decided(file, f"{wave}, {outcome}, {column}, {term}", quantity, why):
            table.loc[i, [*FOUND, *SIZES]] = np.nan
            table.loc[i, ["status", "note"]] = WITHHELD, why


def _withhold_unknown(
    gate: Gate, fits: Sequence[tuple[Fit, pd.Series]], table: pd.DataFrame, file: str
) -> None:
    """Withhold rows of no fit, unless they are differences of groups, which were judged."""
    groups = {split_column(fit.column)[1] for fit, _ in fits}
    pairs = table["column"].map(lambda column: split_column(column)[1].split(LESS))
    unjudged = table["estimate"].notna() & ~pairs.map(
        lambda pair: len(pair) == 2 and {*pair} <= groups
    )
    for _, here in fits:
        unjudged &= ~here
    if gate.profile.minimum_cell == 1:
        return
    for i in table.index[unjudged]:
        gate.decided(file, table.loc[i, "column"], table.loc[i, "quantity"], UNKNOWN)
        table.loc[i, [*FOUND, *SIZES]] = np.nan
        table.loc[i, ["status", "note"]] = WITHHELD, UNKNOWN


def _records_of(found: Estimates) -> Iterator[Fit]:
    model = found.diagnostics["model"]
    for record in found.diagnostics["fits"]:
        place = record["wave"], record.get("outcome", ""), record.get("column", "")
        yield Fit(model, *place, record)


def _told_record(
    gate: Gate, fit: Fit, found: Estimates, table: pd.DataFrame, file: str
) -> dict[str, Any]:
    """Return the diagnostics of a fit without what may not be told."""
    record = fit.record
    if "groups" in record:
        fits = {
            group: Fit(fit.model, fit.wave, fit.outcome, column_of(SCALES[0], group), about)
            for group, about in record["groups"].items()
        }
        groups = {group: _told_record(gate, one, found, table, file) for group, one in fits.items()}
        tests = told_tests(gate, _key_of_tests(fit), record, table[fit.of(table)], file)
        return {**record, "groups": groups, **({TESTS: tests} if TESTS in record else {})}
    told = {key: value for key, value in record.items() if key not in (EVIDENCE, ROWS_IMPUTED)}
    if not fit.evidence:
        return told if _anyone(gate, fit) else _without_unknown(told, set())
    if why := _why_whole(gate, fit):
        return {k: told[k] for k in ("wave", "outcome", "column", "method") if k in told} | {
            "note": why
        }
    told = _without_sets(gate, fit, _with_sizes(gate, fit, told))
    if BALANCE in told and (sides := _treated(gate, fit)):
        told |= _told_balance(gate, fit, told, *sides)
    hidden = why_not_terms(fit.evidence, gate.profile)
    if IMPUTATION in told:
        told[IMPUTATION] = _told_imputation(gate, fit, told[IMPUTATION], hidden)
    if TESTS in told:
        told[TESTS] = told_tests(gate, fit.key, record, table[fit.of(table)], file)
    if SHAPES in told:
        told[SHAPES] = told_shapes(gate, fit.key, fit.record, hidden, file, place_of(fit))
    if (
        EFFECTS in told
        and _why_size(gate, fit)
        and CLASSICAL in set(table.loc[fit.of(table), "cov_type"])
    ):
        told[EFFECTS] = _without(told[EFFECTS], {*ERRORS, *(f"std_{name}" for name in ERRORS)})
    if "sensitivity" in told:
        told["sensitivity"] = [s for s in told["sensitivity"] if s["term"] not in hidden]
    return told


def _anyone(gate: Gate, fit: Fit) -> bool:
    """Return whether numbers without firms may be told: of public data, of a printed table."""
    return gate.profile.minimum_cell == 1 or fit.wave == PRINTED


def _with_sizes(gate: Gate, fit: Fit, told: dict[str, Any]) -> dict[str, Any]:
    """Return a record without numbers of firms that may not be told, and what they follow from."""
    if not _anyone(gate, fit):
        told = _without(told, {"dropped"}, {})
        told = _without_unknown(told, {"nobs", TESTS, SHAPES, *_counts(fit), *_places(fit)})
    if _why_size(gate, fit):
        told = _coarse(_without(told, OF_SIZE))
    for name, keys in _counts(fit).items():
        if name in told and any(gate.ledger.noted(key) and gate.why(key) for key in keys):
            told[name] = None
    if POOLABILITY in told and gate.why(*_firms_of(fit)):  # its degrees of freedom are the firms
        told[POOLABILITY] = _coarse(_without(told[POOLABILITY], OF_SIZE))
    lost = told.get("not_estimable", {})
    # Which level's firms answer alike would tell how.
    alike = {LEVEL.sub("", term): why for term, why in lost.items() if why == FEW}
    others = {term: why for term, why in lost.items() if why != FEW}
    return {**told, "not_estimable": {**others, **alike}} if lost else told


def _treated(gate: Gate, fit: Fit) -> tuple[Bools, Bools] | None:
    """Return all firms of a comparison by a yes/no, and those that have it."""
    sets = fit.evidence.get(SETS, {})
    if gate.profile.minimum_cell == 1 or not {"all", "given"} <= {*sets}:
        return None
    return gate.mask(sets["all"]), gate.mask(sets["given"])


def _told_balance(
    gate: Gate, fit: Fit, told: Mapping[str, Any], everyone: Bools, given: Bools
) -> dict[str, Any]:
    """Return differences of means, without those that tell a mean which may not be told.

    A standardised difference of two groups tells, beside the mean of all, the mean of either.
    """

    def why(variable: str) -> str:
        x = gate.values(variable)
        if x is None:
            return UNKNOWN
        firms = everyone & ~np.isnan(x)
        return gate.why_together(x[firms], given[firms].astype(float), np.ones(firms.sum()))

    none = {"before": None, "after": None}
    balance = {name: none if why(name) else about for name, about in told[BALANCE].items()}
    return {BALANCE: balance, "raw": None if why(fit.outcome) else told.get("raw")}


def _places(fit: Fit) -> set[str]:
    """Return where a record counts sets beside the firms it rests on, by the outermost key."""
    return {place.split("/")[0] for place in fit.evidence.get(SETS, {})}


def _without_unknown(value: Any, known: Set[str]) -> Any:
    """Return a record without whole numbers of which the gate knows no firms."""
    if isinstance(value, dict):
        return {
            k: v if k in known or k in OF_NO_FIRMS else _without_unknown(v, known)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [_without_unknown(v, known) for v in value]
    return None if isinstance(value, int) and not isinstance(value, bool) else value


def _coarse(value: Any, name: str = "") -> Any:
    """Return a record with the digits that are printed: more would tell the number of firms.

    A statistic and its p-value tell degrees of freedom, and so do two likelihoods of linear models
    with the t-value of what they differ by.
    """
    if isinstance(value, dict):
        return {key: _coarse(v, key) for key, v in value.items()}
    if isinstance(value, list):
        return [_coarse(v, name) for v in value]
    if not isinstance(value, float):
        return value
    if name in LIKELIHOODS:
        return round(value, 1)
    return float(f"{value:.{2 if name in ROUGH else 4}g}")


def _told_imputation(
    gate: Gate, fit: Fit, about: Mapping[str, Any], hidden: Mapping[str, str]
) -> dict[str, Any]:
    """Return how answers were imputed, without shares of firms too few to be told."""
    shares = {
        name: None if gate.why(_imputed(fit, name), fit.key) else share
        for name, share in about["shares"].items()
    }
    missing = {t: v for t, v in about["missing_information"].items() if t not in hidden}
    return {**about, "shares": shares, "missing_information": missing}


def _without_sets(gate: Gate, fit: Fit, told: dict[str, Any]) -> dict[str, Any]:
    """Return a record without the counts of sets of firms that may not be told."""
    for place in fit.evidence.get(SETS, {}):
        if gate.why(_set(fit, place)):
            told = _emptied(told, place.split("/"))
    return told


def _emptied(value: Any, place: Sequence[str]) -> Any:
    """Return a record in which the number at a place is null, itself as it was."""
    first, *rest = place
    if isinstance(value, list):
        changed = _emptied(value[int(first)], rest) if rest else None
        return [changed if i == int(first) else v for i, v in enumerate(value)]
    if first not in value:
        return value
    return {**value, first: _emptied(value[first], rest) if rest else None}


def _note_record(gate: Gate, fit: Fit, file: str) -> None:
    """Write down what of a fit's diagnostics :func:`_told_record` leaves out."""
    place = place_of(fit)
    if not fit.evidence and _without_unknown(fit.record, set()) == fit.record:
        return  # what has no estimate has nothing that could be withheld
    why, size = _why_whole(gate, fit), _why_size(gate, fit)
    if not gate.decided(file, place, "all diagnostics", why) or not fit.evidence:
        return
    gate.register[file]["firms"][place] = None if size else len(fit.evidence["rows"])
    gate.decided(file, place, "what tells the number of firms", size)
    for name in fit.record.get(ROWS_IMPUTED, ()):
        why = gate.why(_imputed(fit, name), fit.key)
        gate.decided(file, place, f"share of firms whose {name} is imputed", why)
    for name, keys in _counts(fit).items():
        if name in fit.record:
            known = [key for key in keys if gate.ledger.noted(key)]
            gate.decided(file, place, name, gate.why(*known))
    for name in fit.evidence.get(SETS, {}):
        if name.split("/")[0] in fit.record:
            gate.decided(file, place, name, gate.why(_set(fit, name)))


def _counts(fit: Fit) -> dict[str, list[Hashable]]:
    """Return what counts of firms a fit's diagnostics may have, and the sets behind them."""
    places = {"n_lower": "lower", "n_upper": "upper", "firms_in_all": "firms"}
    places |= {name: name for name in ("firms", "firms_again", "firms_once")}
    counts = {name: [(fit.key, place), fit.key] for name, place in places.items()}
    of_firms = {name: [*keys, *_firms_of(fit)] for name, keys in counts.items() if "firms" in name}
    return counts | of_firms


def _without(value: Any, names: frozenset[str] | set[str], instead: Any = None) -> Any:
    """Return a record in which what is called so is null, at any depth."""
    if isinstance(value, dict):
        return {
            key: ([] if key == "sensitivity" else instead)
            if key in names
            else _without(v, names, instead)
            for key, v in value.items()
        }
    if isinstance(value, list):
        return [_without(v, names, instead) for v in value]
    return value
