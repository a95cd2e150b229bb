"""Tables for print, rendered from what was estimated; nothing is estimated here.

Every table is a maketables object and is saved as LaTeX, HTML, Word, Typst and CSV. Three kinds of
empty are kept apart: ``n.e.`` (not estimable, the reason is in the note), ``n.a.`` (not asked in
this survey) and ``c`` (confidential, too few firms); a blank means that the term is not part of
the column.
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.publication import (
    ARROW,
    COLUMN_LABELS,
    NOT_ASKED,
    NOT_ESTIMABLE,
    STARS_NOTE,
    SYNTHETIC,
    WITHHELD,
    Findings,
    count,
    covariance_name,
    inline,
    interval,
    label,
    number,
    path_groups,
    places,
    reading,
    reason,
    regressions,
    signed,
    stars,
    waves_of,
)

if TYPE_CHECKING:
    import pandas as pd
    from maketables import MTable

FORMATS = ("tex", "html", "docx", "typ", "csv")
BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"), ("⟨", "⟩"))
# More places than this do not fit side by side on a page.
MOST_PLACES = 4
ZERO_BY_ASSUMPTION = "0†"

TESTS = ("normality", "homoskedasticity")

MISSING_NOTE = {
    NOT_ESTIMABLE: f"{NOT_ESTIMABLE}: not estimable",
    NOT_ASKED: f"{NOT_ASKED}: not asked in this survey",
    WITHHELD: f"{WITHHELD}: confidential, too few firms",
    ZERO_BY_ASSUMPTION: "†: no such arrow, zero by assumption",
}


@dataclass(frozen=True)
class Fit:
    """One column of a regression table, in the form maketables reads.

    Attributes
    ----------
    outcome
        Label of the dependent variable.
    terms
        Index ``term``; columns ``b se t p``; not a number where not estimable.
    """

    outcome: str
    terms: pd.DataFrame

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        return self.terms

    @property
    def __maketables_depvar__(self) -> str:
        return self.outcome

    def __maketables_stat__(self, key: str) -> None:
        """Statistics are handed to the table directly."""


# --- what there is -----------------------------------------------------------------------------


def table_names(settings: Mapping[str, Any], models: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the names of all tables a run publishes; known before anything is estimated."""
    countries = {c: list(about["waves"]) for c, about in settings["countries"].items()}
    names = ["sample_flow", "claims", "extensions", "data_quality"]
    for country, wave in places(countries):
        here = f"{country}_{wave}"
        names.append(f"quality_{here}")
        for model in regressions(models):
            if wave in waves_of(models[model], countries[country]):
                names.append(f"{model}_{here}")
                if len(models[model]["covariance"]) > 1:
                    names.append(f"{model}_{here}_standard_errors")
        for group, members in path_groups(models).items():
            if wave in waves_of(models[members[0]], countries[country]):
                names += [f"{group}_{here}", f"{group}_effects_{here}"]
        names += [f"descriptives_{m}_{here}" for m in described(models)]
    names += [
        f"quality_{c}_accounts" for c, a in settings["countries"].items() if a.get("accounts")
    ]
    return names


def described(models: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the models whose samples are shown: the leading regression, each group's first."""
    return [*regressions(models)[:1], *(names[0] for names in path_groups(models).values())]


def make_tables(findings: Findings) -> dict[str, MTable]:
    """Render every table of :func:`table_names`.

    Returns
    -------
    dict
        Tables by name, in that order.
    """
    models = findings.models
    tables = {
        "sample_flow": flow_table(findings),
        "claims": claims_table(findings),
        "extensions": extensions_table(findings),
        "data_quality": quality_overview(findings),
    }
    for record in findings.quality:
        tables[f"quality_{record['country']}_{record['wave']}"] = quality_table(findings, record)
    for country, wave in places(findings.countries):
        here = f"{country}_{wave}"
        for model in regressions(models):
            tables[f"{model}_{here}"] = regression_table(findings, country, wave, model)
            tables[f"{model}_{here}_standard_errors"] = covariance_table(
                findings, country, wave, model
            )
        for group, members in path_groups(models).items():
            tables[f"{group}_{here}"] = path_table(findings, country, wave, group, members)
            tables[f"{group}_effects_{here}"] = effects_table(
                findings, country, wave, group, members
            )
        for model in described(models):
            tables[f"descriptives_{model}_{here}"] = descriptives_table(
                findings, country, wave, model
            )
    return {name: tables[name] for name in table_names(findings.settings, models)}


def is_wide(table: MTable) -> bool:
    """Return whether a table needs a page in landscape."""
    return table.df.shape[1] > 9


# --- regressions -------------------------------------------------------------------------------


def regression_table(findings: Findings, country: str, wave: str, model: str) -> MTable:
    """Render a regression: its outcomes side by side, standard errors in parentheses."""
    from maketables import ETable

    spec = findings.models[model]
    main = _cov_key(spec["covariance"][0])
    rows = _with_covariance(findings.rows(country, wave, model), main)
    columns = _columns(spec)
    fits = [Fit(label(o), _terms(_of(rows, o, name), spec, name)) for o, name in columns]
    heads = [COLUMN_LABELS.get(name, label(name)) for _, name in columns]
    table = ETable(
        fits,
        coef_fmt="b:.3f*\n(se:.3f)",
        order=_term_order(spec),
        labels={t: label(t) for fit in fits for t in fit.terms.index},
        cat_template="",
        model_stats=[],
        custom_model_stats=_fit_statistics(findings, country, wave, model),
        model_heads=heads if len(spec["columns"]) > 1 else None,
        show_fe=False,
        rgroup_sep="t",
        notes="-",
    )
    table.df = table.df.astype(object).replace("-\n(-)", NOT_ESTIMABLE).map(signed)
    notes = [
        _estimator_note(spec),
        f"Standard errors in parentheses: {covariance_name(main, _groups(rows))}. {STARS_NOTE}.",
        *_tests_note(findings, country, wave, model),
        _sample_note(spec),
        *_reasons(rows),
    ]
    return _finished(findings, table, f"{spec['title']}: {findings.place(country, wave)}", notes)


def covariance_table(findings: Findings, country: str, wave: str, model: str) -> MTable:
    """Render a regression with all its kinds of standard errors under each coefficient."""
    import pandas as pd

    spec = findings.models[model]
    rows = findings.rows(country, wave, model)
    kinds = [_cov_key(covariance) for covariance in spec["covariance"]]
    cells: dict[tuple[str, str], pd.Series] = {}
    for outcome, name in _columns(spec):
        by_kind = [
            _terms(_of(_with_covariance(rows, kind), outcome, name), spec, name) for kind in kinds
        ]
        texts = {
            label(term): _cell(
                by_kind[0].loc[term, "b"],
                *(
                    f"{left}{number(terms.loc[term, 'se'])}{right}"
                    for terms, (left, right) in zip(by_kind, BRACKETS, strict=False)
                ),
            )
            for term in by_kind[0].index
        }
        cells[label(outcome), COLUMN_LABELS.get(name, label(name))] = pd.Series(texts)
    frame = pd.DataFrame(cells)
    present = _union(t for column in cells.values() for t in column.index)
    first = [label(term) for term in _term_order(spec)]
    order = _union([*first, *sorted(present, key=lambda term: term == label("Intercept"))])
    kinds_note = "; ".join(
        f"{pair[0]} {pair[1]} {covariance_name(kind, _groups(_with_covariance(rows, kind)))}"
        for kind, pair in zip(kinds, BRACKETS, strict=False)
    )
    notes = [
        f"Below each coefficient its standard errors: {kinds_note}.",
        _estimator_note(spec),
        _sample_note(spec),
        *_reasons(rows),
    ]
    caption = f"{spec['title']}, standard errors compared: {findings.place(country, wave)}"
    return _table(findings, frame.reindex(order).fillna(""), caption, notes)


def extensions_table(findings: Findings) -> MTable:
    """Render the coefficients of interest of every regression but the leading one."""
    import pandas as pd

    cells: dict[tuple[str, str], dict[str, str]] = {}
    rows_shown = []
    for model in regressions(findings.models)[1:]:
        spec = findings.models[model]
        main = _cov_key(spec["covariance"][0])
        for country, wave in places(findings.countries):
            rows = _with_covariance(findings.rows(country, wave, model), main)
            rows_shown.append(rows)
            for outcome, name in _columns(spec):
                terms = _terms(_of(rows, outcome, name), spec, name)
                for term in spec["columns"][name]:
                    key = spec["title"], f"{label(outcome, short=True)}: {label(term)}"
                    b, se, p = terms.loc[term, ["b", "se", "p"]]
                    text = _cell(b, f"({number(se)})", star=stars(p)).replace("\n", " ")
                    cells.setdefault(key, {})[findings.place(country, wave)] = text
    frame = _two_level(cells)
    notes = [
        "Coefficients with standard errors in parentheses, each from the model named above it, "
        "with the controls that the models file lists. A fractional logit's coefficients are on "
        f"the scale of log odds. {STARS_NOTE}.",
        *_reasons(pd.concat(rows_shown) if rows_shown else findings.estimates.head(0)),
    ]
    return _table(findings, frame, "Further models: coefficients of interest", notes)


def _term_order(spec: Mapping[str, Any]) -> list[str]:
    """Return the terms of all columns, then the controls."""
    return _union([t for terms in spec["columns"].values() for t in terms] + spec["controls"])


def _columns(spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(outcome, name) for outcome in spec["outcomes"] for name in spec["columns"]]


def _cov_key(covariance: str | Mapping[str, str]) -> str:
    """Return a covariance of the models file as the estimates call it."""
    return covariance if isinstance(covariance, str) else f"cluster({covariance['cluster']})"


def _with_covariance(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the rows of one covariance, and those that are about no fit at all."""
    return rows[rows["cov_type"].isin([kind, ""])]


def _of(rows: pd.DataFrame, outcome: str, column: str) -> pd.DataFrame:
    return rows[(rows["outcome"] == outcome) & (rows["column"] == column)]


def _terms(rows: pd.DataFrame, spec: Mapping[str, Any], column: str) -> pd.DataFrame:
    """Return b, se, t and p of one fit by term; what the model asks for and lacks is null.

    Dummies of fixed effects are left out; the table says that they are in the model.
    """
    found = rows[(rows["term"] != "") & ~rows["term"].str.startswith("C(")]
    found = found.drop_duplicates("term").set_index("term")
    names = {"estimate": "b", "std_error": "se", "statistic": "t", "p_value": "p"}
    wanted = [*spec["columns"][column], *spec["controls"]]
    others = [term for term in found.index if term not in (*wanted, "Intercept")]
    terms = found[list(names)].rename(columns=names).astype(float)
    return terms.reindex(list(dict.fromkeys([*wanted, *others, "Intercept"])))


def _fit_statistics(
    findings: Findings, country: str, wave: str, model: str
) -> dict[str, list[str]]:
    """Return the lower panel of a regression table, one text per column."""
    spec = findings.models[model]
    fits = {(f.get("outcome"), f.get("column")): f for f in findings.fits(country, wave, model)}
    of = [fits.get(key, {}) for key in _columns(spec)]
    panel = {f"{label(effect)} dummies": ["yes"] * len(of) for effect in spec["fixed_effects"]}
    panel["Firms"] = [_stat(f, "nobs", count) for f in of]
    if spec["estimator"] in ("tobit", "fractional"):
        for name, limit in zip(("n_lower", "n_upper"), spec["limits"], strict=True):
            if limit is not None and any(name in f for f in of):
                panel[f"Firms at {limit:g}"] = [
                    _stat(f, name, lambda x: count(x, findings.minimum)) for f in of
                ]
    if spec["estimator"] == "tobit":
        panel["σ"] = [_stat(f, "scale", number) for f in of]
        panel["Pseudo-R² (McKelvey–Zavoina)"] = [_stat(f, "pseudo_r2", number) for f in of]
        for name in TESTS:
            panel[f"{name.capitalize()} (p)"] = [
                _stat(f.get(name) or {}, "p_value", number) for f in of
            ]
    if any("llf" in f for f in of):
        panel["Log-likelihood"] = [_stat(f, "llf", number) for f in of]
    return panel


def _stat(fit: Mapping[str, Any], name: str, write: Callable[[float], str]) -> str:
    value = fit.get(name)
    return NOT_ESTIMABLE if value is None else write(float(value))


def _groups(rows: pd.DataFrame) -> float | None:
    known = rows["groups"].dropna()
    return float(known.iloc[0]) if len(known) else None


def _tests_note(findings: Findings, country: str, wave: str, model: str) -> list[str]:
    """Say where the p-values of a Tobit's specification tests come from."""
    draws = {
        fit[name]["draws"]
        for fit in findings.fits(country, wave, model)
        for name in TESTS
        if fit.get(name)
    }
    if not draws:
        return []
    most = max(draws)
    source = f"from {most:,} samples simulated under the null" if most else "from χ²"
    return [f"{' and '.join(TESTS).capitalize()}: tests of Pagan and Vella (1989), p {source}."]


def _estimator_note(spec: Mapping[str, Any]) -> str:
    low, high = spec.get("limits") or (None, None)
    within = " and ".join(f"{limit:g}" for limit in (low, high) if limit is not None)
    return {
        "tobit": f"Tobit by maximum likelihood, limits {within or 'none'}.",
        "fractional": f"Fractional logit of the share between {within}; log odds.",
        "ols": "Ordinary least squares.",
        "path": "Recursive path model by maximum likelihood.",
    }[spec["estimator"]]


def _sample_note(spec: Mapping[str, Any]) -> str:
    sample = ", ".join(inline(flag) for flag in spec["sample"]) or "all firms"
    weights = f"Weighted by {spec['weights']}" if spec.get("weights") else "Unweighted"
    return f"{weights}. Sample: {sample}."


def _reasons(rows: pd.DataFrame) -> list[str]:
    """Return why cells of these rows are not estimable, each reason once."""
    empty = rows[rows["estimate"].isna() & (rows["note"] != "")]
    by_reason: dict[str, dict[str, None]] = {}
    for term, note in zip(empty["term"], empty["note"], strict=True):
        by_reason.setdefault(reason(note), {})[label(term) if term else ""] = None
    texts = []
    for why, terms in by_reason.items():
        who = ", ".join(term for term in terms if term)
        texts.append(f"{who}: {why}" if who else why)
    return [f"{NOT_ESTIMABLE}: not estimable ({'; '.join(texts)})."] if texts else []


# --- path models -------------------------------------------------------------------------------


def path_table(
    findings: Findings, country: str, wave: str, group: str, members: Sequence[str]
) -> MTable:
    """Render the arrows of path models side by side, standardised and raw."""
    import pandas as pd

    arrows = _union([(s, t) for m in members for t, s in _arrows(findings.models[m])])
    outcomes = _union([t for m in members for t in findings.models[m]["equations"]])
    cells: dict[tuple[str, str], list[str]] = {}
    for model in members:
        spec = findings.models[model]
        rows = findings.rows(country, wave, model)
        fits = findings.fits(country, wave, model)
        fit = fits[0] if fits else {}
        for column in ("standardised", "raw"):
            found = rows[rows["column"] == column].drop_duplicates(["outcome", "term"])
            by_arrow = found.set_index(["term", "outcome"])
            texts = [
                _arrow_cell(by_arrow, arrow) if arrow[::-1] in _arrows(spec) else ""
                for arrow in arrows
            ]
            r2 = fit.get("r2") or {}
            texts.append(_stat(fit, "nobs", count))
            texts += [_stat(r2, o, number) if o in spec["equations"] else "" for o in outcomes]
            cells[_reading_head(group, model, members), column.capitalize()] = texts
    index = [("coef", label(f"{s}{ARROW}{t}")) for s, t in arrows]
    index += [("stats", "Firms"), *(("stats", f"R², {label(o, short=True)}") for o in outcomes)]
    frame = pd.DataFrame(cells, index=pd.MultiIndex.from_tuples(index))
    rows = pd.concat([findings.rows(country, wave, m) for m in members])
    notes = [
        f"Standard errors in parentheses: {_path_covariance(rows)}. {STARS_NOTE}. "
        "Standardised: change in standard deviations of the outcome per standard deviation of "
        "the source. A blank means that the reading has no such arrow.",
        _sample_note(findings.models[members[0]]),
        *_reasons(rows),
    ]
    caption = f"Path coefficients ({_source(findings, members)}): {findings.place(country, wave)}"
    return _table(findings, frame, caption, notes, show_groups=False)


def effects_table(
    findings: Findings, country: str, wave: str, group: str, members: Sequence[str]
) -> MTable:
    """Render direct, indirect and total effects of path models side by side, with intervals."""
    columns = [
        (_reading_head(group, m, members), c) for m in members for c in ("standardised", "raw")
    ]
    cells: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for model in members:
        rows = findings.rows(country, wave, model)
        head = _reading_head(group, model, members)
        for source, target in findings.models[model]["effects"]:
            heading = f"{label(source)}{ARROW}{label(target)}"
            found = rows[(rows["outcome"] == target) & rows["term"].map(_is_effect(source, target))]
            for kind in (f"direct({source})", f"indirect({source})", f"total({source})"):
                for column in ("standardised", "raw"):
                    cells.setdefault((heading, _effect_label(kind)), {})[head, column] = (
                        NOT_ESTIMABLE
                    )
            for row in found.to_dict(orient="records"):
                text = _effect_cell(row)
                cells.setdefault((heading, _effect_label(row["term"])), {})[head, row["column"]] = (
                    text
                )
    frame = _two_level(cells, order=_effect_order, columns=columns)
    frame.columns = frame.columns.set_levels(
        [text.capitalize() for text in frame.columns.levels[1]], level=1
    )
    intervals = _interval_words(findings, country, wave, members)
    notes = [
        f"In brackets 95 % confidence intervals: {intervals}. "
        f"{STARS_NOTE}. A blank means that the reading has no such path.",
        *_reasons(_several(findings, country, wave, members)),
    ]
    caption = (
        f"Direct, indirect and total effects ({_source(findings, members)}): "
        f"{findings.place(country, wave)}"
    )
    return _table(findings, frame, caption, notes)


def _arrows(spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the arrows of a path model as (target, source)."""
    return [(target, source) for target, sources in spec["equations"].items() for source in sources]


def _arrow_cell(by_arrow: pd.DataFrame, arrow: tuple[str, str]) -> str:
    if arrow not in by_arrow.index:
        return NOT_ESTIMABLE
    row = by_arrow.loc[arrow]
    return _cell(row["estimate"], f"({number(row['std_error'])})", star=stars(row["p_value"]))


def _effect_cell(row: Mapping[str, Any]) -> str:
    if row["estimate"] == 0 and not np.isfinite(row["std_error"]):
        return ZERO_BY_ASSUMPTION
    return _cell(
        row["estimate"], interval(row["ci_low"], row["ci_high"]), star=stars(row["p_value"])
    )


def _is_effect(source: str, target: str) -> Callable[[str], bool]:
    kinds = {f"{kind}({source})" for kind in ("direct", "indirect", "total")}
    start, end = source + ARROW, ARROW + target

    def check(term: str) -> bool:
        specific = term.startswith(start) and term.endswith(end)
        return term in kinds or specific

    return check


def _effect_label(term: str) -> str:
    kind = re.match(r"(direct|indirect|total)\(", term)
    if not kind:
        return f"via {label(ARROW.join(term.split(ARROW)[1:-1]), short=True)}"
    return {"direct": "Direct", "indirect": "Indirect, all paths", "total": "Total"}[kind[1]]


def _effect_order(name: str) -> int:
    return {"Direct": 0, "Indirect, all paths": 2, "Total": 3}.get(name, 1)


def _reading_head(group: str, model: str, members: Sequence[str]) -> str:
    return f"Reading “{reading(group, model)}”" if len(members) > 1 else "Model"


def _source(findings: Findings, members: Sequence[str]) -> str:
    return findings.models[members[0]].get("source") or ", ".join(members)


def _several(findings: Findings, country: str, wave: str, members: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([findings.rows(country, wave, m) for m in members])


def _path_covariance(rows: pd.DataFrame) -> str:
    arrows = rows[~rows["term"].str.contains(r"\(|→", regex=True)]
    kinds = [kind for kind in dict.fromkeys(arrows["cov_type"]) if kind]
    return ", ".join(covariance_name(kind, _groups(rows)) for kind in kinds) or NOT_ESTIMABLE


def _interval_words(findings: Findings, country: str, wave: str, members: Sequence[str]) -> str:
    """Return how the intervals of effects came about."""
    rows = _several(findings, country, wave, members)
    kinds = [kind for kind in dict.fromkeys(rows["cov_type"]) if kind]
    draws = {
        (fit.get("bootstrap") or {}).get("draws")
        for model in members
        for fit in findings.fits(country, wave, model)
    } - {None}
    if "bootstrap" in kinds and draws:
        return f"percentiles of {max(d for d in draws if d):,} bootstrap samples"
    return "delta method" if kinds else NOT_ESTIMABLE


# --- samples, descriptives, data quality -------------------------------------------------------


def flow_table(findings: Findings) -> MTable:
    """Render how many firms each restriction leaves, for the models whose samples are described."""
    from cisflow.disclosure import control_flow

    flow = control_flow(findings.flow, findings.minimum).astype(
        dict.fromkeys(("firms", "lost"), float)
    )
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for model in described(findings.models):
        for country, wave in places(findings.countries):
            of = (flow["country"] == country) & (flow["wave"] == wave) & (flow["model"] == model)
            for step in flow[of].to_dict(orient="records"):
                heading = f"{findings.models[model]['title']}, {findings.name(country)}"
                text = count(step["firms"])
                if step["lost"] > 0:
                    text += f" (−{count(step['lost'])})"
                cells.setdefault((heading, _sentence(step["restriction"])), {})[wave] = text
    waves = _union([wave for _, wave in places(findings.countries)])
    frame = _two_level(cells, columns=waves)
    notes = [
        "Firms left after each restriction, in parentheses how many it dropped. Steps that drop "
        f"fewer than {findings.minimum} firms are told together with a neighbouring one; where "
        "that happens in one wave only, the other has a blank."
    ]
    return _table(findings, frame, "Sample flow", notes)


def descriptives_table(findings: Findings, country: str, wave: str, model: str) -> MTable:
    """Render number, mean, standard deviation, shares at the limits, and correlations."""
    import pandas as pd

    spec = findings.models[model]
    caption = f"Descriptives and correlations, sample of “{spec['title']}”"
    caption += f": {findings.place(country, wave)}"
    about = findings.description(country, wave, model)
    if not about or not about["n"]:
        why = reason(findings.why_not(country, wave, model) or "the sample is too small to show")
        frame = pd.DataFrame({"Firms": [NOT_ESTIMABLE]}, index=["Sample"])
        return _table(findings, frame, caption, [f"{NOT_ESTIMABLE}: {why}."])
    variables = about["variables"]
    index = [f"({i}) {label(v['variable'])}" for i, v in enumerate(variables, 1)]
    columns: dict[str, list[str]] = {
        "Firms": [count(v["n"]) if v["state"] != "not asked" else NOT_ASKED for v in variables],
        "Mean": [_described(v, "mean") for v in variables],
        "SD": [_described(v, "sd") for v in variables],
    }
    low, high = spec.get("limits") or (None, None)
    for name, limit in (("at_lower", low), ("at_upper", high)):
        if limit is not None:
            columns[f"At {limit:g}"] = [
                _described(v, name, percent=True) if v["variable"] in spec["outcomes"] else ""
                for v in variables
            ]
    for j in range(len(variables) - 1):
        columns[f"({j + 1})"] = [
            _correlated(about, i, j) if i > j else "" for i in range(len(variables))
        ]
    weighted = about["weights"] != "unweighted"
    notes = [
        f"{'Weighted' if weighted else 'Unweighted'} means, standard deviations, shares of firms "
        "at the limits and Pearson correlations over firms with both values. "
        "Minima and maxima are single firms’ values and are not published.",
    ]
    return _table(findings, pd.DataFrame(columns, index=index), caption, notes)


def _described(variable: Mapping[str, Any], name: str, *, percent: bool = False) -> str:
    if variable["state"] == "not asked":
        return NOT_ASKED
    value = variable[name]
    if value is None:
        return WITHHELD
    return signed(f"{100 * value:.0f} %") if percent else number(value, 2)


def _correlated(about: Mapping[str, Any], i: int, j: int) -> str:
    value = about["correlations"][i][j]
    if value is not None:
        return signed(f"{value:.2f}")
    asked = [about["variables"][k]["state"] != "not asked" for k in (i, j)]
    return WITHHELD if all(asked) else NOT_ASKED


def quality_overview(findings: Findings) -> MTable:
    """Render one line per extract: what was read, what was kept, which checks failed."""
    import pandas as pd

    rows = {}
    for record in findings.quality:
        checks = record.get("checks") or {}
        failed = sum(bool(check["failed"]) for check in checks.values())
        invalid = sum(bool(v.get("invalid")) for v in record["variables"].values())
        rows[findings.place(record["country"], record["wave"])] = {
            "Rows read": count(record["rows"]),
            "Rows kept": count(record["rows_kept"]),
            "Variables": str(len(record["variables"])),
            "with invalid values": str(invalid),
            "Checks made": str(len(checks)),
            "Checks with exceptions": str(failed),
        }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    notes = ["One line per extract. The tables quality_* list every variable."]
    return _table(findings, frame, "Data quality", notes)


def quality_table(findings: Findings, record: Mapping[str, Any]) -> MTable:
    """Render, per variable of an extract, how the answers divide up, in percent of rows."""
    import pandas as pd

    rows = {}
    for name, about in record["variables"].items():
        asked = about.get("in_questionnaire", True)
        states = ("valid", "missing", "filtered", "invalid")
        shares = {s.capitalize(): _percent(about.get(s, 0), record["rows_kept"]) for s in states}
        unknown = dict.fromkeys(map(str.capitalize, states), NOT_ASKED)
        rows[name] = (shares if asked else unknown) | {
            "Codebook entry": about.get("verified") or "not verified"
        }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index = pd.Index([name.replace("_", " ") for name in frame.index])
    checks = [
        f"{check['meaning'].rstrip('.')}: {_percent(check['failed'], check['of'])} % of cases fail"
        for check in (record.get("checks") or {}).values()
    ]
    notes = [
        "Percent of firm records. Valid: an answer; missing: asked, no answer; filtered: not asked "
        "of this firm; invalid: an answer outside the codebook, treated as missing.",
        f"Checks: {'; '.join(checks)}." if checks else "",
    ]
    caption = f"Answers by variable: {findings.place(record['country'], record['wave'])}"
    return _table(findings, frame, caption, notes)


def _percent(part: float, whole: float) -> str:
    """Return a share in whole percent; zero is said only of none, 100 only of all."""
    if not whole:
        return NOT_ASKED
    share = 100 * part / whole
    if 0 < share < 1:
        return "< 1"
    return "> 99" if 99 < share < 100 else f"{share:.0f}"


# --- claims ------------------------------------------------------------------------------------


def claims_table(findings: Findings) -> MTable:
    """Render the verdict on every claim: by country and wave, or counted where these are many."""
    import pandas as pd

    claims = findings.claims
    here = list(places(findings.countries))
    texts = claims.drop_duplicates("claim").set_index("claim")["text"]
    cells: dict[str, list[str]] = {}
    if len(here) <= MOST_PLACES:
        for country, wave in here:
            at = claims["country"].isin([country, ""]) & claims["wave"].isin([wave, ""])
            cells[findings.place(country, wave)] = [
                _verdicts(claims[at & (claims["claim"] == claim)]) for claim in texts.index
            ]
    else:
        for verdict in _union(claims["verdict"]):
            cells[str(verdict).capitalize()] = [
                str(((claims["claim"] == claim) & (claims["verdict"] == verdict)).sum())
                for claim in texts.index
            ]
    index = [_wrapped(f"{claim}. {text}") for claim, text in texts.items()]
    notes = [
        "Estimates with 95 % confidence intervals. Verdicts follow the rule stated in the claims "
        "file; a claim of no effect needs an interval inside the smallest effect of interest, "
        "so that an imprecise estimate is inconclusive and not support.",
    ]
    caption = "Which claims of the literature hold"
    return _table(findings, pd.DataFrame(cells, index=index), caption, notes)


def _verdicts(rows: pd.DataFrame) -> str:
    """Return verdict and estimate of a claim in one country and wave."""
    lines = []
    for i, row in enumerate(rows.to_dict(orient="records")):
        further = f"{row['model'].replace('_', ' ')}: " if i else ""
        lines.append(further + row["verdict"])
        if np.isfinite(row["estimate"]):
            bounds = interval(row["ci_low"], row["ci_high"])
            lines.append(f"{number(row['estimate'])} {bounds}".strip())
        if row["verdict_literature"] and row["verdict_literature"] != row["verdict"]:
            lines.append(f"(literature’s rule: {row['verdict_literature']})")
    return "\n".join(dict.fromkeys(lines)) or "not tested"


def _wrapped(text: str, width: int = 46) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width))


# --- putting together --------------------------------------------------------------------------


def _cell(estimate: float, *below: str, star: str = "") -> str:
    """Return a cell: the estimate with stars, below it what tells its precision."""
    if not np.isfinite(estimate):
        return NOT_ESTIMABLE
    return "\n".join([number(estimate) + star, *(line for line in below if line)])


def _union(items: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(items))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _two_level(
    cells: Mapping[tuple[str, str], Mapping[Any, str]],
    *,
    order: Callable[[str], int] | None = None,
    columns: Sequence[Any] | None = None,
) -> pd.DataFrame:
    """Return a frame with headed groups of rows, groups in the order they first appear."""
    import pandas as pd

    headings = _union(heading for heading, _ in cells)
    keys = sorted(cells, key=lambda k: (headings.index(k[0]), order(k[1]) if order else 0))
    names = columns or _union(name for row in cells.values() for name in row)
    data = [[cells[key].get(name, "") for name in names] for key in keys]
    if names and isinstance(names[0], tuple):
        names = pd.MultiIndex.from_tuples(names)
    if not keys:
        return pd.DataFrame({"": [NOT_ESTIMABLE]}, index=["Nothing to show"])
    return pd.DataFrame(data, index=pd.MultiIndex.from_tuples(keys), columns=names)


def _table(
    findings: Findings,
    frame: pd.DataFrame,
    caption: str,
    notes: Iterable[str],
    *,
    show_groups: bool = True,
) -> MTable:
    from maketables import MTable

    table = MTable(frame, rgroup_sep="t", rgroup_display=show_groups)
    return _finished(findings, table, caption, notes)


def _finished(findings: Findings, table: MTable, caption: str, notes: Iterable[str]) -> MTable:
    """Return a table with caption and notes, stamped where its data are synthetic."""
    notes = [note for note in notes if note]
    shown = set(table.df.astype(str).to_numpy().ravel())
    for sign, meaning in MISSING_NOTE.items():
        if sign in shown and not any(sign + ":" in note for note in notes):
            notes.append(f"{meaning}.")
    if findings.synthetic:
        caption = f"{caption} [{SYNTHETIC}]"
        notes.append(f"{SYNTHETIC}, simulated from known coefficients: not findings about firms.")
    table.caption, table.notes = caption, " ".join(notes)
    return table


# --- saving ------------------------------------------------------------------------------------


def save_table(table: MTable, folder: Path | str, name: str) -> None:
    """Write a table as ``{name}.tex .html .docx .typ .csv``; the same table, the same bytes.

    Parameters
    ----------
    table
        From :func:`make_tables`.
    folder
        Made if it does not exist.
    name
        File name without ending; also the table's label in LaTeX and Typst.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table.tab_label = f"tab-{name}"
    texts = {
        "tex": _latex(table),
        "html": _html(table, name),
        "typ": _typst(table),
        "csv": _csv(table),
    }
    for ending, text in texts.items():
        (folder / f"{name}.{ending}").write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    (folder / f"{name}.docx").write_bytes(_docx(table))


def _csv(table: MTable) -> str:
    """Return the cells as shown, headings in one line, stamped in a column if synthetic."""
    frame = table.df.astype(str).replace("\n", " ", regex=True)
    flat = frame.set_axis([_joined(c) for c in frame.columns], axis=1)
    flat.insert(0, "row", [_joined(i[-1:] if isinstance(i, tuple) else i) for i in frame.index])
    if frame.index.nlevels > 1 and table.rgroup_display:
        flat.insert(0, "group", [_joined(i[0]) for i in frame.index])
    if SYNTHETIC in (table.caption or ""):
        flat["data"] = "SYNTHETIC"
    return flat.to_csv(index=False, lineterminator="\n")


def _joined(heading: Any) -> str:
    parts = heading if isinstance(heading, tuple) else (heading,)
    return " | ".join(str(part).replace("\n", " ") for part in parts if part != "")


def _html(table: MTable, name: str) -> str:
    """Return HTML with the table's name in place of great_tables' random id."""
    html = str(table.make(type="html"))
    drawn = re.search(r'<div id="([^"]+)"', html)
    return html.replace(drawn[1], name) if drawn else html


def _typst(table: MTable) -> str:
    """Return Typst whose headings are repeated where a table runs over a page."""
    text = str(table.make(type="typst", typst_style={"notes_font_size": "0.95em"}))
    top, middle = (f"  table.hline(stroke: {width}em),\n" for width in ("0.08", "0.05"))
    text = text.replace(top, f"{top}  table.header(\n", 1)
    return text.replace(middle, f"{middle}  ),\n", 1)


def _latex(table: MTable) -> str:
    """Return LaTeX with special characters escaped, which maketables leaves to its caller."""
    escaped = copy.copy(table)
    frame = table.df.astype(str)
    escaped.df = frame.map(_escaped).rename(index=_escaped, columns=_escaped)
    escaped.caption = _escaped(table.caption or "")
    escaped.notes = _escaped(table.notes)
    packages = "% Needs the packages booktabs, tabularx, array, makecell, threeparttable.\n"
    return packages + str(escaped.make(type="tex"))


_LATEX = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "−": "$-$",
    "→": r"$\to$",
    "χ": r"$\chi$",
    "⟨": r"$\langle$",
    "⟩": r"$\rangle$",
    "†": r"\textdagger{}",
    "[": "{[}",  # after a line break, LaTeX takes a bare bracket for a length
}


def _escaped(text: Any) -> str:
    return "".join(_LATEX.get(character, character) for character in str(text))


def _docx(table: MTable) -> bytes:
    """Return a Word file without the time of its making; wide tables in landscape."""
    import datetime

    from docx.enum.section import WD_ORIENT

    size = 8 if is_wide(table) else 10
    document: Any = table.make(type="docx", docx_style={"font_size_pt": size})
    if is_wide(table):
        section = document.sections[0]
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = section.page_height, section.page_width
    properties = document.core_properties
    properties.author, properties.title = "", table.caption or ""
    properties.created = properties.modified = datetime.datetime(2000, 1, 1)
    buffer = io.BytesIO()
    document.save(buffer)
    return _without_times(buffer.getvalue())


def _without_times(archive: bytes) -> bytes:
    """Return a zip archive whose members all carry the same date."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.namelist():
            info = zipfile.ZipInfo(member, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(member))
    return out.getvalue()
