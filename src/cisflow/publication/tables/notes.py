"""Notes below tables: samples, accounts, breaks in series, and why cells are empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from cisflow.estimation.estimates import NO_ESTIMATE, WITHHELD
from cisflow.estimation.imputed import IMPUTATION, SOME_ANSWER
from cisflow.panel.ratios import RATIOS, ratio_and_lag
from cisflow.panel.sample import variables_of
from cisflow.publication.findings import Findings
from cisflow.publication.language import numeral, retold, say
from cisflow.publication.populations import flags_of, population_words
from cisflow.publication.words import NOT_ESTIMABLE, count, inline, label, sentence, weights_words
from cisflow.study.models import Model
from cisflow.study.series import Series, breaks_crossed
from cisflow.study.terms import IN_TEXT


def ending(findings: Findings, country: str, rows: pd.DataFrame, *models: str) -> list[str]:
    """Say which firms and accounts models of one sample are on, and what is not estimable."""
    specs = [findings.models[model] for model in models]
    waves = map(str, rows["wave"])
    return [
        sample_note(specs[0], flags_of(findings, country, waves, models[0])),
        accounts_note(findings, country, *specs),
        *merged_notes(findings, country, rows, models),
        *imputation_notes(findings, country, rows, models),
        *reasons(rows),
    ]


def merged_notes(
    findings: Findings, country: str, rows: pd.DataFrame, models: Sequence[str]
) -> list[str]:
    """Say which levels of a class, such as industries, were too small to have a dummy."""
    found = {
        (label(name), wave): levels
        for wave in dict.fromkeys(rows["wave"])
        for model in models
        for fit in findings.fits(country, str(wave), model)
        for name, levels in fit.get("merged", {}).items()
    }
    return [
        say(
            "{name}, {wave}: taken together, as single ones have too few firms: {levels}.",
            name=name,
            wave=wave,
            levels="; ".join(map(retold, levels)),
        )
        for (name, wave), levels in found.items()
    ]


def imputation_notes(
    findings: Findings, country: str, rows: pd.DataFrame, models: Sequence[str]
) -> list[str]:
    """Say how answers were imputed, of how many firms, and how much that leaves open."""
    fits = [
        fit
        for wave in dict.fromkeys(rows["wave"])
        for model in models
        for fit in findings.fits(country, str(wave), model)
        if IMPUTATION in fit
    ]
    if not fits:
        return []
    about = fits[0][IMPUTATION]
    auxiliary = dict.fromkeys(n for fit in fits for n in fit[IMPUTATION]["auxiliary"])
    helpers = ", ".join(map(inline, auxiliary))
    helped = say(", helped by {helpers}", helpers=helpers) if auxiliary else ""
    return [
        say(
            "Answers imputed: of firms that were asked and told the outcome, what they did not "
            "answer is drawn {draws} times by chained equations from the {donors} most alike of "
            "those that did (predictive mean matching), given all else in the table{helped}; "
            "pooled by Rubin’s rules, t by Barnard and Rubin (1999). Right if who did not answer "
            "differs from others in nothing but what is known of both.",
            draws=about["draws"],
            donors=about["donors"],
            helped=helped,
        ),
        say("Imputed is {shares}.", shares=_shares(fits)) + _most_lost(fits),
    ]


def _shares(fits: Sequence[Mapping[str, Any]]) -> str:
    """Return which answers were imputed, with the least and the largest share of firms."""
    found: dict[str, list[float]] = {}
    for fit in fits:
        for name, share in fit[IMPUTATION]["shares"].items():
            found.setdefault(name, []).extend([] if share is None else [100 * share])
    if not found:
        return say("nothing, as every answer is known")
    whole = _range(found.pop(SOME_ANSWER)) or say("of firms too few to be told")
    told = [f"{inline(name)} ({_range(of)})" for name, of in found.items() if of]
    few = [inline(name) for name, of in found.items() if not of]
    hidden = say("{few} (how often is withheld by the rules of disclosure)", few=", ".join(few))
    told += [hidden] if few else []
    return say("an answer {whole}: {told}", whole=whole, told=", ".join(told))


def _range(shares: Sequence[float]) -> str:
    if not shares:
        return ""
    ends = dict.fromkeys(numeral(f"{share:.1f}") for share in (min(shares), max(shares)))
    return say("of {range} % of firms", range=say(" to ").join(ends))


def _most_lost(fits: Sequence[Mapping[str, Any]]) -> str:
    """Return how much of what full answers would tell the coefficient that lost most has lost."""
    lost = [
        (share, term)
        for fit in fits
        for term, share in fit[IMPUTATION]["missing_information"].items()
    ]
    if not lost:
        return ""
    share, term = max(lost)
    text = say(
        "Missing information: at most {share} % ({term}).",
        share=f"{100 * share:.0f}",
        term=inline(term),
    )
    return f" {text}"


def sample_note(spec: Model, flags: Sequence[str]) -> str:
    """Say which firms are in the sample, whether weighted, and what becomes of missing values.

    Parameters
    ----------
    flags
        The yes/no variables that are true of its firms by design
        (:func:`cisflow.publication.populations.flags_of`).
    """
    if printed := spec.printed:
        return say(
            "From the correlations and standard deviations that the source prints, of {firms} "
            "firms; which firms these are it says itself.",
            firms=count(printed.firms),
        )
    kinds = [weights_words(weights) for weights in spec.weightings]
    same = say(", on the same firms") if len(kinds) > 1 else ""
    gaps = say("firms with every variable of the model (listwise deletion)")
    if spec.missing == "impute":
        gaps += say(", and where answers are imputed those with the outcome")
    if spec.missing == "fiml":
        gaps = say("gaps in the outcomes by full-information maximum likelihood")
    return say(
        "{weighted}. Sample: {firms}; {gaps}.",
        weighted=sentence(say(" and ").join(kinds)) + same,
        firms=population_words(flags),
        gaps=gaps,
    )


def accounts_note(findings: Findings, country: str, *specs: Model) -> str:
    """Say how the ratios of the accounts are made: which year, winsorising, prices.

    Parameters
    ----------
    findings
        With the run's settings.
    country
        Whose accounts they are.
    specs
        Models of a table; without one that uses the accounts the note is empty. None given: the
        table is about the accounts themselves.
    """
    settings = findings.settings
    accounts = settings["countries"][country].get("accounts")
    if not accounts or (specs and not any(map(uses_accounts, specs))):
        return ""
    lag, years = settings["lag"], settings.get("lag_average", 1)
    when = say("of the year {lag} after the survey’s", lag=lag)
    if not lag:
        when = say("of the survey’s own year")
    if years > 1:
        text = "means of the {years} years up to year {lag} after the survey’s"
        when = say(text, years=years, lag=lag)
    if any(spec.lags for spec in specs):
        when = say("of the year of the lag alone")
    tail = settings.get("accounts_outcomes", {}).get("winsorise")
    ends = say("not winsorised")
    if tail:
        ends = say("winsorised at {tail} % in each tail of a year", tail=numeral(f"{100 * tail:g}"))
    deflator = accounts.get("deflator")
    prices = say("current prices")
    if deflator:
        prices = say("prices of {year}", year=deflator["base_year"])
    text = "Ratios of the accounts are {when}, {ends}, from amounts in {prices}."
    return say(text, when=when, ends=ends, prices=prices)


def uses_accounts(spec: Model) -> bool:
    """Return whether a model needs a ratio of the accounts, those of a printed table aside."""
    if spec.printed:
        return False
    needed = [*spec.sample, *variables_of(spec)]
    return any(v == "has_accounts" or v in RATIOS or ratio_and_lag(v) for v in needed)


def accounts_notes(findings: Findings, models: Sequence[str]) -> list[str]:
    """Say how the accounts of every country were used, once if all were used alike."""
    specs = [findings.models[model] for model in models]
    notes = {c: accounts_note(findings, c, *specs) for c in findings.countries if specs}
    said = {country: note for country, note in notes.items() if note}
    if len(set(said.values())) < 2:
        return list(said.values())[:1]
    return [f"{findings.name(country)}: {note}" for country, note in said.items()]


def breaks_note(*series: Series) -> list[str]:
    """Return the note on the breaks that lie between the waves of series, none without a break."""
    breaks = breaks_crossed(*series)
    told = (
        say("From {wave}: {text}", wave=entry["from"], text=retold(entry["text"]))
        for entry in breaks
    )
    return [" ".join([say("Breaks in series."), *told])] if breaks else []


def reasons(rows: pd.DataFrame) -> list[str]:
    """Return why cells of these rows are not estimable, or withheld, each reason once."""
    kinds = {NO_ESTIMATE: "not estimable", WITHHELD: "withheld by the rules of disclosure"}
    said = {kind: _reasons(empty) for kind in kinds if len(empty := rows[rows["status"] == kind])}
    texts = [f"{say(kinds[kind])} ({'; '.join(why)})" for kind, why in said.items()]
    told = say(" or ").join(texts)
    return [f"{NOT_ESTIMABLE}: {told}."] if texts else []


def _reasons(empty: pd.DataFrame) -> list[str]:
    by_reason: dict[str, dict[str, None]] = {}
    for term, note in zip(empty["term"], empty["note"], strict=True):
        by_reason.setdefault(note, {})[label(term) if term else ""] = None
    texts = []
    for reason, terms in by_reason.items():
        why = IN_TEXT.sub(lambda term: inline(term[0]), reason)
        who = ", ".join(term for term in terms if term)
        texts.append(f"{who}: {retold(why)}" if who else retold(why))
    return texts
