"""Tables of what is pooled over countries, and the matrix of verdicts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimation.estimates import COEFFICIENT, EQUAL
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.tables.balances import part_labels
from cisflow.publication.tables.layout import Table, lay_out, no_cells, two_level
from cisflow.publication.tables.notes import breaks_note, reasons
from cisflow.publication.tables.regressions import quantity_note, shown_quantity
from cisflow.publication.words import (
    NOT_ESTIMABLE,
    brief_interval,
    column_label,
    count,
    group_label,
    inline,
    interval,
    label,
    number,
    p_value,
    sentence,
    stars,
    stars_note,
)
from cisflow.study import verdicts
from cisflow.study.claims import ARROW
from cisflow.study.models import Model

METHODS = {
    "paule-mandel": "Paule–Mandel",
    "dersimonian-laird": "DerSimonian–Laird",
    "fixed": "Fixed effect",
    "equal": "Equal weights",
}
ERRORS = {"knapp-hartung": "Knapp–Hartung", "normal": "normal"}
# A letter for each verdict, so that the matrix can be read without colours.
LETTERS = {
    verdicts.SUPPORTED: "S",
    verdicts.CONTRADICTED: "C",
    verdicts.INCONCLUSIVE: "I",
    verdicts.UNDECIDABLE: "U",
    verdicts.DEPENDS: "D",
    verdicts.TOO_FEW: "F",
    verdicts.NOT_ESTIMABLE: "n",
    verdicts.NOT_RUN: "·",
    verdicts.NOT_MEASURABLE: "–",
}
ALL_COUNTRIES = "All countries"
EFFECTS = {
    "direct": "Direct effect of {term}",
    "indirect": "Indirect effect of {term}",
    "total": "Total effect of {term}",
}
TERM = ["wave", "model", "outcome", "column", "term", "quantity"]


def pooled_table(findings: Findings, model: str) -> Table:
    """Render the pooled coefficients of a model with what tells how much countries differ."""
    rows = main_rows(findings, model)
    cells = {
        _key(findings, row): {
            "Estimate": number(row["estimate"]) + stars(row["p_value"]),
            "95 % interval": brief_interval(row["ci_low"], row["ci_high"], unbroken=True),
            "Prediction interval": brief_interval(row["pi_low"], row["pi_high"], unbroken=True),
            "τ (I², %)": f"{number(np.sqrt(row['tau2']))} ({_percent(row['i2'])})",
            "p of Q": p_value(row["q_p"]),
            "Countries": count(row["k"]),
            "Firms": count(row["n"]),
        }
        if np.isfinite(row["estimate"])
        else {"Estimate": NOT_ESTIMABLE}
        for row in rows.to_dict(orient="records")
    }
    notes = [
        quantity_note(findings.models[model], quantity_of(findings, model)),
        how_pooled(findings),
        "τ: standard deviation of the effect between countries; I²: share of the variation that is "
        "due to it; Q: Cochran’s test that all countries have the same effect. The prediction "
        "interval is where the effect in a further country is expected with 95 %; it needs three "
        "countries. A firm counts once per wave.",
        f"{stars_note()}.",
        *crossed_breaks(findings),
        *reasons(rows),
    ]
    return lay_out(two_level(cells), notes)


def methods_table(findings: Findings, model: str) -> Table:
    """Render the pooled coefficients of a model by each method."""
    cells = no_cells()
    for row in _of_model(findings, model).to_dict(orient="records"):
        if np.isfinite(row["estimate"]):
            head = say(METHODS[row["method"]])
            head += "" if row["method"] == EQUAL else f", {say(ERRORS[row['cov_type']])}"
            bounds = interval(row["ci_low"], row["ci_high"])
            cells[_key(findings, row)][head] = (
                f"{number(row['estimate'])}{stars(row['p_value'])}\n{bounds}"
            )
    notes = [
        say(
            "Pooled estimates with 95 % intervals. Paule–Mandel and DerSimonian–Laird estimate the "
            "variance between countries, the fixed effect takes it for zero; Knapp–Hartung takes "
            "standard errors from the spread of the countries, and t instead of the normal "
            "distribution. Equal weights are the plain mean over waves and countries, by their "
            "spread: where it is farther from zero than the others, large estimates have large "
            "standard errors, and the others lean to the small ones. {stars}.",
            stars=stars_note(),
        ),
    ]
    return lay_out(two_level(cells), notes)


def leave_one_out_table(findings: Findings, model: str) -> Table:
    """Render how far the pooled coefficients of a model hang on a single country."""
    cells = {}
    for term in pooled_terms(findings, model):
        without = sorted(term["leave_one_out"], key=lambda left: left["estimate"])
        row = {
            "Lowest": NOT_ESTIMABLE,
            "Highest": NOT_ESTIMABLE,
            "Decisive countries": NOT_ESTIMABLE,
        }
        if without:
            ends = {"Lowest": without[0], "Highest": without[-1]}
            row = {
                head: f"{number(end['estimate'])}\n{_without(findings, end['country'])}"
                for head, end in ends.items()
            }
            names = [findings.name(country) for country in term["decisive"]]
            row["Decisive countries"] = ", ".join(names) or say("none")
        main = main_rows(findings, model).set_index(TERM).loc[tuple(term[key] for key in TERM)]
        whole = f"{number(main['estimate'])}\n{interval(main['ci_low'], main['ci_high'])}"
        cells[_key(findings, term)] = {ALL_COUNTRIES: whole, **row}
    notes = [
        "Pooled estimates with each country left out in turn. A country is decisive if without it "
        "the 95 % interval says something else of the sign: positive, negative, or open.",
        "n.e.: not estimable (leaving one out needs three countries)."
        if any(NOT_ESTIMABLE in row.values() for row in cells.values())
        else "",
    ]
    return lay_out(two_level(cells), notes)


def _without(findings: Findings, country: str) -> str:
    return say("(without {country})", country=findings.name(country))


def moderators_table(findings: Findings, model: str) -> Table:
    """Render the meta-regressions of a model's coefficients."""
    cells = no_cells()
    notes: dict[str, None] = {}
    for row in findings.pooling["moderators"]:
        if row["model"] != model:
            continue
        of = cells[_key(findings, row)]
        if row["note"]:
            notes[f"{NOT_ESTIMABLE}: {say('not estimable')}: {retold(row['note'])}."] = None
            of |= {
                sentence(name.replace("_", " ")): NOT_ESTIMABLE for name in _moderators(findings)
            }
            continue
        head = "Constant" if row["moderator"] == "Intercept" else row["moderator"]
        of[sentence(head.replace("_", " "))] = (
            f"{number(row['estimate'])}{stars(row['p_value'])}\n({number(row['std_error'])})"
        )
        of["τ left"] = number(np.sqrt(row["tau2"]))
        of["R² (%)"] = say("no τ²") if row["r2"] is None else _percent(row["r2"])
        of["Estimates"] = count(row["k"])
    columns = ["Constant", *(sentence(n.replace("_", " ")) for n in _moderators(findings))]
    told = [
        say(
            "Meta-regression by weighted least squares, weights 1/(s² + τ²) with Paule and "
            "Mandel’s residual τ²; Knapp and Hartung’s standard errors in parentheses. R²: share "
            "of τ² that the moderators explain. Countries are few and differ in much else: this "
            "describes, it does not explain. {stars}.",
            stars=stars_note(),
        ),
        *notes,
    ]
    shown = [*columns, "τ left", "R² (%)", "Estimates"]
    return lay_out(two_level(cells, columns=shown), told)


def matrix_table(findings: Findings) -> Table:
    """Render the verdict on every claim by country, a letter for each of its waves."""
    letters = verdict_letters(findings)
    claims = findings.claims.drop_duplicates("claim")
    columns = {
        ALL_COUNTRIES: [
            "".join(letters.get((c, "", wave), "") for wave in pooled_waves(findings))
            for c in claims["claim"]
        ]
    }
    for country, waves in findings.countries.items():
        columns[findings.name(country)] = [
            "".join(letters.get((c, country, wave), " ") for wave in waves) for c in claims["claim"]
        ]
    legend = "; ".join(f"{letter} {say(verdict)}" for verdict, letter in LETTERS.items())
    notes = [
        say(
            "{legend}. One letter per wave, in the order of the country’s waves. {all}: the same "
            "rule applied to the pooled estimate and its interval, or the verdict of a claim that "
            "is about the run as a whole. A claim’s first test decides.",
            legend=legend,
            all=say(ALL_COUNTRIES),
        ),
    ]
    return lay_out(pd.DataFrame(columns, index=list(claims["claim"])), notes)


# --- shared with the figures -------------------------------------------------------------------


def main_rows(findings: Findings, model: str) -> pd.DataFrame:
    """Return the pooled rows of a model by the run's own method."""
    return _of_model(findings, model).drop_duplicates(TERM)


def _of_model(findings: Findings, model: str) -> pd.DataFrame:
    """Return the pooled numbers of a model; of raw and standardised effects the latter."""
    pooled = findings.pooled
    rows = pooled[(pooled["model"] == model) & (pooled["quantity"] == quantity_of(findings, model))]
    return rows[~rows["column"].map(_is_raw).astype(bool)]


def quantity_of(findings: Findings, model: str) -> str:
    """Return of what a model's tables are: what its own are, else what there is."""
    pooled = findings.pooled
    quantities = pooled.loc[pooled["model"] == model, "quantity"]
    for quantity in (shown_quantity(findings.models[model]), COEFFICIENT):
        if quantities.empty or quantity in {*quantities}:
            return quantity
    return str(quantities.iloc[0])


def _is_raw(column: str) -> bool:
    return column == "raw" or column.startswith("raw |")


def pooled_terms(findings: Findings, model: str) -> list[Mapping[str, Any]]:
    """Return the records of a model's pooled terms: countries, weights, one left out at a time."""
    terms = findings.pooling["terms"]
    about = {"model": model, "quantity": quantity_of(findings, model)}
    return [t for t in terms if about.items() <= t.items() and not _is_raw(t["column"])]


def pooled_waves(findings: Findings) -> list[str]:
    """Return what pooled verdicts there are: one over all waves, or one per wave."""
    waves = list(dict.fromkeys(findings.pooled_claims["wave"]))
    order = list(dict.fromkeys(w for of in findings.countries.values() for w in of))
    known = sorted(waves, key=lambda w: order.index(w) if w in order else -1)
    return known or ["all"]


def verdict_letters(findings: Findings) -> dict[tuple[str, str, str], str]:
    """Return the letter of each claim, country and wave; the country is empty for all of them."""
    letters = {
        (row["claim"], row["country"], row["wave"]): LETTERS[row["verdict"]]
        for row in findings.claims.drop_duplicates(["claim", "country", "wave"]).to_dict("records")
        if row["country"]
    }
    pooled = findings.pooled_claims.drop_duplicates(["claim", "wave"]).to_dict("records")
    letters |= {(row["claim"], "", row["wave"]): LETTERS[row["verdict"]] for row in pooled}
    whole = findings.claims[findings.claims["country"] == ""].drop_duplicates("claim")
    first = pooled_waves(findings)[0]
    return letters | {
        (row["claim"], "", first): LETTERS[row["verdict"]] for row in whole.to_dict("records")
    }


def how_pooled(findings: Findings) -> str:
    """Say by which method estimates were pooled."""
    about = findings.settings["pool"]
    method = say(METHODS[about["method"]])
    fixed = about["method"] == "fixed"
    what = method if fixed else say("Random effects ({method})", method=method)
    errors = say("with normal intervals")
    if about["knapp_hartung"]:
        errors = say("with Knapp–Hartung standard errors")
    waves = say("each wave for itself")
    if about["by"] == "country":
        waves = say(
            "a country’s waves are averaged by inverse variance first, as if their firms were not "
            "the same"
        )
    return f"{what} {errors}; {waves}."


def crossed_breaks(findings: Findings) -> list[str]:
    """Say which breaks in series the pooled waves cross, where the codebooks record any."""
    if findings.settings["pool"]["by"] == "wave":
        return []
    return breaks_note(*findings.series.values())


def term_label(spec: Model, term: str) -> str:
    """Return what to call a pooled term of a model in print."""
    if spec.estimator == "balance" and ARROW not in term:
        return part_labels(spec).get(term, term).removeprefix("– ").capitalize()
    effect = re.fullmatch(r"(direct|indirect|total)\((.+)\)", term)
    if not effect:
        return label(term)
    return say(EFFECTS[effect[1]], term=inline(effect[2]))


def _key(findings: Findings, row: Mapping[str, Any]) -> tuple[str, str]:
    """Return heading and label of a row: outcome, column and wave where there are several."""
    spec = findings.models[row["model"]]
    parts = [label(row["outcome"], short=True)] if row["outcome"] else [say("Model")]
    _, bar, group = row["column"].partition(" | ")
    if bar:
        parts.append(group_label(group))
    elif len(spec.columns) > 1:
        parts.append(column_label(row["column"]))
    if row["wave"] != "all":
        parts.append(row["wave"])
    text = term_label(spec, row["term"]) if row["term"] else say("All terms")
    return ", ".join(parts), text


def _moderators(findings: Findings) -> list[str]:
    return list(findings.settings["pool"]["moderators"])


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"
