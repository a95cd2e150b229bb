"""The paper: what its text says is put together here, how it looks is in ``paper/paper.typ``.

Every number in the paper comes from the findings, or from the file of what figure 1 of the
review prints; the template holds prose and no numbers.
"""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from itertools import product
from math import erfc, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from cisflow import __version__
from cisflow.claims.verdicts import NOT_ESTIMABLE as UNESTIMATED
from cisflow.claims.verdicts import NOT_MEASURABLE
from cisflow.estimation.estimates import ALL_WAVES, FIXED
from cisflow.publication.findings import (
    NOT_ESTIMABLE,
    Findings,
    count,
    covariance_name,
    described,
    further_regressions,
    group_label,
    grouped_balances,
    inline,
    interval,
    label,
    leading_regression,
    models_of,
    number,
    path_groups,
    places,
    printed_places,
    reading,
    scanned_balances,
    signed,
    split_balances,
    stars,
    stepped_balances,
    waves_of,
)
from cisflow.publication.paper.pooled import pooled_context, pooled_drawings, pooled_sections
from cisflow.study.balance_terms import (
    BALANCE,
    COST,
    DIRECT,
    EVERYONE,
    PERCENTILE,
    PROBABILITY,
    RETURN,
    SCALES,
    column_of,
    difference,
    differences_of,
    groups_of,
    outcome_of,
    through,
)
from cisflow.study.run import is_pooled
from cisflow.study.weightings import weightings

# More countries and waves than this are not printed one by one; their tables are in the folder.
MOST_PRINTED = 4
# A table with more columns than this stands on a page in landscape.
MOST_UPRIGHT = 11
LIKELY = {0.10: "at 10 %", 0.05: "at 5 %", 0.01: "at 1 %"}

Context = dict[str, Any]


def paper_context(
    findings: Findings,
    tables: Path | str,
    figures: Path | str,
    figure1: Mapping[str, Any],
    rule: Mapping[str, Any] | None = None,
) -> Context:
    """Gather what the paper says.

    Parameters
    ----------
    findings
        The run's findings.
    tables, figures
        Folders with the saved tables and figures.
    figure1
        What figure 1 of the review prints, from ``paper/figure1.yaml``.
    rule
        The claims file's ``rule``; its words are printed as they stand.

    Returns
    -------
    dict
        Plain JSON types; the template's only source of facts.
    """
    here = list(places(findings.countries))
    # Many countries are told of together; one by one they are in the folder.
    many = is_pooled(findings.settings) and len(here) > MOST_PRINTED
    shown = [] if many else here[:MOST_PRINTED]
    models = findings.models
    settings = findings.settings
    lead = leading_regression(models)
    return {
        "title": settings["title"],
        "run": settings["run"],
        "version": __version__,
        "seed": str(settings["seed"]),
        "draws": f"{settings['bootstrap']['draws']:,}",
        "lag": settings["lag"],
        "minimum": findings.minimum,
        "synthetic": findings.synthetic,
        "constructs": [dict(about) for about in settings.get("constructs", {}).values()],
        "many": many,
        "countries": [findings.name(country) for country in findings.countries],
        "pooled": pooled_context(findings) if is_pooled(findings.settings) else {},
        "places": [findings.place(*place) for place in here],
        "printed": [findings.place(*place) for place in shown],
        "with_accounts": any(a.get("accounts") for a in settings["countries"].values()),
        "without_accounts": [
            findings.name(c) for c, a in settings["countries"].items() if not a.get("accounts")
        ],
        "waves": [_wave(findings, *place) for place in here],
        "lead": [_lead(findings, model) for model in lead],
        "partners": [
            _partners(findings, *place, model)
            for model in lead
            for place in shown
            if place[1] in waves_of(models[model], findings.countries[place[0]])
        ],
        "systems": [_system(findings, model) for g in path_groups(models).values() for model in g],
        "paths": [
            _paths(findings, *place, group, members, figure1)
            for group, members in path_groups(models).items()
            for place in [*shown, *printed_places(findings.countries, models)]
            if place[1] in waves_of(models[members[0]], findings.countries[place[0]])
        ],
        "balances": [
            _balance(findings, *place, model)
            for model in [*split_balances(models), *scanned_balances(models)]
            for place in shown
            if place[1] in waves_of(models[model], findings.countries[place[0]])
        ],
        "steps": [
            _steps(findings, *place, model)
            for model in stepped_balances(models)
            for place in shown
            if place[1] in waves_of(models[model], findings.countries[place[0]])
        ],
        "further": [models[model]["title"] for model in further_regressions(models)],
        "rule": [text.strip() for text in (rule or {}).values() if isinstance(text, str)],
        "claims": _claims(findings, here),
        "figure1": _figure1(figure1),
        "tables": _tables(findings, shown, Path(tables)),
        "figures": _figures(findings, shown, Path(figures)),
        "files": {"tables": str(tables), "figures": str(figures)},
    }


def render_paper(context: Context, out: Path | str, template: Path | str) -> None:
    """Set the paper and write it as PDF; the same context gives the same bytes.

    Parameters
    ----------
    context
        From :func:`paper_context`.
    out
        The PDF.
    template
        ``paper/paper.typ``; the bibliography lies beside it.
    """
    import typst

    template = Path(template)
    with tempfile.TemporaryDirectory() as scratch:
        room = Path(scratch)
        for file in (template, template.with_name("references.bib")):
            shutil.copy(file, room)
        for kind, ending in (("tables", "typ"), ("figures", "svg")):
            (room / kind).mkdir()
            for file in sorted(Path(context["files"][kind]).glob(f"*.{ending}")):
                shutil.copy(file, room / kind)
        facts = {key: value for key, value in context.items() if key != "files"}
        (room / "context.json").write_text(json.dumps(facts), encoding="utf-8")
        pdf = typst.compile(
            room / template.name,
            root=room,
            ignore_system_fonts=True,
            sys_inputs={"context": "context.json"},
            timestamp=0,
        )
    Path(out).write_bytes(pdf)


# --- samples -----------------------------------------------------------------------------------


def _wave(findings: Findings, country: str, wave: str) -> Context:
    """Return how large a wave is and which samples it gives."""
    flow = findings.flow
    at = flow[(flow["country"] == country) & (flow["wave"] == wave)]
    all_firms = at.sort_values("step")["firms"]
    samples = []
    for model in described(findings.models):
        steps = at[at["model"] == model].sort_values("step")
        if len(steps):
            samples.append(
                {
                    "model": findings.models[model]["title"],
                    "firms": count(steps["firms"].iloc[-1], findings.minimum),
                    "why_not": findings.why_not(country, wave, model),
                }
            )
    return {
        "place": findings.place(country, wave),
        "firms": count(all_firms.iloc[0]) if len(all_firms) else NOT_ESTIMABLE,
        "samples": samples,
    }


# --- regressions -------------------------------------------------------------------------------


def _lead(findings: Findings, model: str) -> Context:
    """Return what the method section says about the leading regression."""
    spec = findings.models[model]
    kinds = [c if isinstance(c, str) else f"cluster({c['cluster']})" for c in spec["covariance"]]
    low, high = spec.get("limits") or (None, None)
    return {
        "model": model,
        "source": spec["source"],
        "estimator": spec["estimator"],
        "outcomes": [label(outcome, short=True).lower() for outcome in spec["outcomes"]],
        "lower": "" if low is None else f"{low:g}",
        "upper": "" if high is None else f"{high:g}",
        "columns": [[inline(term) for term in terms] for terms in spec["columns"].values()],
        "controls": [inline(term) for term in spec["controls"]],
        "fixed_effects": [inline(term) for term in spec["fixed_effects"]],
        "errors": [covariance_name(kind) for kind in kinds],
    }


def _partners(findings: Findings, country: str, wave: str, model: str) -> Context:
    """Return in words what the regression finds in one country and wave."""
    spec = findings.models[model]
    covariance = spec["covariance"][0]
    main = covariance if isinstance(covariance, str) else f"cluster({covariance['cluster']})"
    rows = findings.rows(country, wave, model)
    rows = rows[rows["cov_type"] == main]
    several = [name for name, terms in spec["columns"].items() if len(terms) > 1]
    column = min(several or spec["columns"], key=lambda name: len(spec["columns"][name]))
    results = []
    for outcome in spec["outcomes"]:
        of = rows[(rows["outcome"] == outcome) & (rows["column"] == column)]
        by_term = of.drop_duplicates("term").set_index("term").to_dict(orient="index")
        whole = by_term.get("", {})  # a column that could not be estimated has a row of its own
        results += [
            {
                "outcome": label(outcome, short=True).lower(),
                "term": inline(term),
                **_numbers(by_term.get(term, whole)),
            }
            for term in spec["columns"][column]
        ]
    return {
        "place": findings.place(country, wave),
        "why_not": findings.why_not(country, wave, model),
        "table": f"{model}_{country}_{wave}",
        "figure": f"coefficients_{model}_{country}_{wave}",
        "results": results,
    }


def _numbers(row: Mapping[str, Any]) -> Context:
    """Return an estimate, its interval and its significance in words."""
    estimate = row.get("estimate", np.nan)
    if not np.isfinite(estimate):
        return {"estimate": "", "why_not": row.get("note") or "no reason was recorded"}
    if row["status"] == FIXED:
        return {"estimate": "0 (by assumption)", "interval": "", "significance": "assumed"}
    p = row.get("p_value", np.nan)
    level = min((at for at in LIKELY if p < at), default=None)
    return {
        "estimate": number(estimate),
        "interval": interval(row.get("ci_low"), row.get("ci_high")),
        "significance": "not significant" if level is None else f"significant {LIKELY[level]}",
        "sign": "positive" if estimate > 0 else "negative",
    }


# --- path models -------------------------------------------------------------------------------


def _system(findings: Findings, model: str) -> Context:
    """Return the equations of a path model for typesetting."""
    spec = findings.models[model]
    return {
        "title": spec["title"],
        "equations": [
            {
                "target": label(target, short=True),
                "sources": [label(s, short=True) for s in sources],
            }
            for target, sources in spec["equations"].items()
        ],
        "controls": [label(term) for term in spec["controls"]],
    }


def _paths(
    findings: Findings,
    country: str,
    wave: str,
    group: str,
    members: Sequence[str],
    figure1: Mapping[str, Any],
) -> Context:
    """Return in words what the readings of a path model find in one country and wave."""
    here = f"{country}_{wave}"
    why = findings.why_not(country, wave, members[0])
    return {
        "place": findings.place(country, wave),
        "why_not": why,
        "table": f"{group}_{here}",
        "effects_table": f"{group}_effects_{here}",
        "readings": []
        if why
        else [
            {
                "name": reading(group, model),
                "figure": f"paths_{model}_{here}",
                "firms": _firms(findings, country, wave, model),
                "effects": _effects(findings, country, wave, model),
                "printed": _printed(findings, country, wave, model, figure1),
                "test": _test_of_reading(findings, country, wave, model, members),
            }
            for model in members
        ],
    }


def _test_of_reading(
    findings: Findings, country: str, wave: str, model: str, members: Sequence[str]
) -> Context:
    """Return how a reading fares against the union, empty for a model that is not part of one."""
    for union in members:
        fits = findings.fits(country, wave, union)
        test = ((fits[0] if fits else {}).get("readings") or {}).get(model)
        if test and test.get("wald_p") is not None:
            p = test["wald_p"]
            return {
                "p": "< 0.001" if p < 0.001 else f"= {p:.3f}",
                "rejected": bool(p < 0.05),
                "arrows": test["lr_df"],
            }
    return {}


# --- balances ----------------------------------------------------------------------------------


def _balance(findings: Findings, country: str, wave: str, model: str) -> Context:
    """Return in words what diversity costs and returns in one country and wave."""
    spec = findings.models[model]
    about, rows = spec["balance"], findings.rows(country, wave, model)
    lags = spec.get("lags")
    at = outcome_of(about["target"], None if not lags else findings.settings["lag"])

    def part(term: str, column: str = SCALES[0]) -> Mapping[str, Any]:
        here = rows[(rows["outcome"] == at) & (rows["column"] == column)]
        found = here[(here["term"] == term) & (here["cov_type"] == PERCENTILE)]
        # A column without an estimate has one row, which says why.
        records = (found if len(found) else here).to_dict(orient="records")
        return records[0] if records else {}

    share = part(PROBABILITY).get("estimate", np.nan)
    return {
        "place": findings.place(country, wave),
        "why_not": findings.why_not(country, wave, model),
        "table": f"{model}_{country}_{wave}",
        "source": inline(about["source"]),
        "target": inline(about["target"]),
        "through": {key: inline(about[f"{key}_through"]) for key in ("return", "cost")},
        "lag": findings.settings["lag"],
        "cost": _numbers(part(COST)),
        "direct": _numbers(part(DIRECT)),
        "personnel": _numbers(part(through(about["cost_through"]))),
        "return": _numbers(part(RETURN)),
        "balance": _numbers(part(BALANCE)),
        "share": f"{100 * share:.0f}" if np.isfinite(share) else "",
        "differences": [
            {
                "groups": [group_label(group).lower() for group in pair],
                **_numbers(_in_points(part(BALANCE, column_of(SCALES[1], difference(*pair))))),
            }
            for variable in spec.get("by") or []
            for pair in differences_of(groups_of(variable))
        ],
        "horizon": next(
            (f["horizon"][EVERYONE] for f in findings.fits(country, wave, model) if "horizon" in f),
            "",
        ),
    }


def _steps(findings: Findings, country: str, wave: str, model: str) -> Context:
    """Return in words what each step costs or returns in one country and wave."""
    spec = findings.models[model]
    rows = findings.rows(country, wave, model)
    rows = rows[(rows["term"] == BALANCE) & (rows["cov_type"] == PERCENTILE)]
    by_column = rows.drop_duplicates("column").set_index("column")
    balances = [
        {"step": inline(step), **_numbers(_in_points(by_column.loc[column].to_dict()))}
        for step in spec["steps"]
        if (column := column_of(SCALES[1], step)) in by_column.index
    ]
    return {
        "place": findings.place(country, wave),
        "why_not": findings.why_not(country, wave, model),
        "table": f"{model}_{country}_{wave}",
        "target": inline(spec["balance"]["target"]),
        "balances": balances,
        "costly": [
            b["step"]
            for b in balances
            if b["significance"] != "not significant" and b["sign"] == "negative"
        ],
    }


def _in_points(row: Mapping[str, Any]) -> Context:
    """Return a raw effect on a ratio in percentage points."""
    scaled = ("estimate", "std_error", "ci_low", "ci_high")
    return {key: 100 * value if key in scaled else value for key, value in row.items()}


def _firms(findings: Findings, country: str, wave: str, model: str) -> str:
    fits = findings.fits(country, wave, model)
    return count(fits[0].get("nobs")) if fits else NOT_ESTIMABLE


def _effects(findings: Findings, country: str, wave: str, model: str) -> list[Context]:
    """Return direct, indirect and total standardised effects for each pair of variables."""
    rows = findings.rows(country, wave, model)
    rows = rows[rows["column"] == "standardised"]
    effects = []
    for source, target in findings.models[model]["effects"]:
        found: Context = {"source": inline(source), "target": inline(target)}
        for kind in ("direct", "indirect", "total"):
            row = rows[(rows["outcome"] == target) & (rows["term"] == f"{kind}({source})")]
            found[kind] = _numbers(row.iloc[0].to_dict() if len(row) else {})
        effects.append(found)
    return effects


def _printed(
    findings: Findings, country: str, wave: str, model: str, figure1: Mapping[str, Any]
) -> list[list[str]]:
    """Return arrow, coefficient printed in figure 1, and our estimate with its interval."""
    rows = findings.rows(country, wave, model)
    rows = rows[rows["column"] == "standardised"].drop_duplicates(["outcome", "term"])
    by_arrow = rows.set_index(["term", "outcome"])
    printed_stars = {c["value"]: "*" * c["stars"] for c in figure1["coefficients"]}
    table = []
    for source, target, value in figure1["readings"].get(model, []):
        text = [NOT_ESTIMABLE, ""]
        if (source, target) in by_arrow.index:
            row = by_arrow.loc[(source, target)]
            if np.isfinite(row["estimate"]):
                text = [
                    number(row["estimate"]) + stars(row["p_value"]),
                    interval(row["ci_low"], row["ci_high"]),
                ]
        arrow = label(f"{source} → {target}")
        table.append([arrow, signed(f"{value:.4f}") + printed_stars[value], *text])
    return table


def _figure1(figure1: Mapping[str, Any]) -> Context:
    """Compare the stars printed in figure 1 with those its legend and its sample imply."""
    n = figure1["firms"]
    ten, five, one = figure1["legend"]
    rows, against = [], {"against_legend": 0, "against_stricter": 0}
    for printed in figure1["coefficients"]:
        b = printed["value"]
        # A standardised coefficient's test statistic as if it were a correlation.
        p = erfc(abs(b) * sqrt((n - 2) / (1 - b * b)) / sqrt(2))
        due = sum(p < level for level in (ten, five, one))
        stricter = sum(p < level for level in (five, one, 0.001))
        against["against_legend"] += due != printed["stars"]
        against["against_stricter"] += stricter != printed["stars"]
        texts = [signed(f"{b:.4f}"), "< 0.001" if p < 0.001 else f"{p:.3f}"]
        rows.append([*texts, *("*" * k or "none" for k in (printed["stars"], due, stricter))])
    legend = "/".join(f"{100 * level:g}" for level in figure1["legend"])
    return {"firms": str(n), "legend": legend, "rows": rows, "total": len(rows), **against}


# --- claims ------------------------------------------------------------------------------------


def _claims(findings: Findings, here: Sequence[tuple[str, str]]) -> Context:
    """Return the verdicts: each claim by country and wave, and sorted by verdict."""
    claims = findings.claims
    by_place = []
    for country, wave in here:
        at = claims["country"].isin([country, ""]) & claims["wave"].isin([wave, ""])
        sorted_out: dict[str, list[str]] = {}
        # A claim's first test decides; further ones stand in the table.
        for row in claims[at].drop_duplicates("claim").to_dict(orient="records"):
            sorted_out.setdefault(row["verdict"], []).append(row["claim"])
        by_place.append({"place": findings.place(country, wave), "verdicts": sorted_out})
    listed = claims.drop_duplicates("claim")
    return {
        "number": len(listed),
        "places": by_place,
        "reasons": _claim_reasons(findings),
        "lenient": [
            row["claim"]
            for row in claims.drop_duplicates(["claim", "verdict", "verdict_literature"]).to_dict(
                orient="records"
            )
            if row["verdict_literature"] and row["verdict_literature"] != row["verdict"]
        ],
        "totals": {k: int(v) for k, v in claims["verdict"].value_counts(sort=False).items()},
    }


def _claim_reasons(findings: Findings) -> list[Context]:
    """Return why claims could not be judged, each reason with the claims it concerns."""
    claims = findings.claims.drop_duplicates(["claim", "country", "wave"])
    without = claims["verdict"].isin([UNESTIMATED, NOT_MEASURABLE])
    unjudged = claims[without & (claims["reason"] != "")]
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row in unjudged.to_dict(orient="records"):
        about = found.setdefault((row["verdict"], row["reason"]), {"claims": [], "places": []})
        place = findings.place(row["country"], row["wave"]) if row["country"] else ""
        for names, name in ((about["claims"], row["claim"]), (about["places"], place)):
            if name and name not in names:
                names.append(name)
    everywhere = len(list(places(findings.countries)))
    return [
        {
            "verdict": verdict,
            "reason": why,
            "claims": about["claims"],
            "places": about["places"] if len(about["places"]) < everywhere else [],
        }
        for (verdict, why), about in found.items()
    ]


# --- which tables and figures ------------------------------------------------------------------


def _tables(findings: Findings, shown: Sequence[tuple[str, str]], folder: Path) -> Context:
    """Return the tables to print, by section, with those left out that nothing could be put in."""
    models = findings.models

    def of(template: str, model: str) -> list[str]:
        return [
            template.format(here=f"{country}_{wave}")
            for country, wave in [*shown, *printed_places(findings.countries, models)]
            if not findings.why_not(country, wave, model)
        ]

    lead = leading_regression(models)
    weighed = [m for m in further_regressions(models) if len(weightings(models[m])) > 1]
    groups = path_groups(models)
    sections = {
        "flow": ["sample_flow"],
        "descriptives": [
            n for m in described(findings.models) for n in of(f"descriptives_{m}_{{here}}", m)
        ],
        "regressions": [n for m in lead for n in of(f"{m}_{{here}}", m)],
        "weightings": [n for m in weighed for n in of(f"{m}_{{here}}", m)],
        "paths": [n for g, m in groups.items() for n in of(f"{g}_{{here}}", m[0])],
        "effects": [n for g, m in groups.items() for n in of(f"{g}_effects_{{here}}", m[0])],
        "omitted": [n for g, m in groups.items() for n in of(f"{g}_omitted_{{here}}", m[0])],
        "balances": [n for m in models_of(models, "balance") for n in of(f"{m}_{{here}}", m)],
        "extensions": ["extensions"] if further_regressions(models) else [],
        "claims": ["claims"],
        "errors": [n for m in lead for n in of(f"{m}_{{here}}_standard_errors", m)],
        "quality": ["data_quality"],
        "attrition": [
            f"attrition{kind}_{country}" for country in dict(shown) for kind in ("", "_lags")
        ],
        "cooperation": [f"cooperation_{country}_{wave}" for country, wave in shown],
        "instruments": [n for m in models_of(models, "iv") for n in of(f"{m}_{{here}}", m)],
        "panels": [
            f"{model}_{country}"
            for country, model in product(dict(shown), models_of(models, "panel"))
            if not findings.why_not(country, ALL_WAVES, model)
        ],
        "sensitivity": ["sensitivity"],
        **pooled_sections(findings),
    }
    # Long as the number of places: with many of them these stand in the folder alone.
    if not shown:
        sections |= {section: [] for section in ("flow", "extensions", "quality")}
    return {
        section: [
            {"name": name, "wide": _columns(folder / f"{name}.csv") > MOST_UPRIGHT}
            for name in names
            if (folder / f"{name}.csv").exists()
        ]
        for section, names in sections.items()
    }


def _columns(file: Path) -> int:
    with file.open(encoding="utf-8", newline="") as lines:
        return len(next(csv.reader(lines)))


def _figures(findings: Findings, shown: Sequence[tuple[str, str]], folder: Path) -> Context:
    """Return the figures to print, by section, with captions."""
    models = findings.models
    stamp = " [SYNTHETIC data]" if findings.synthetic else ""
    found: dict[str, list[Context]] = {
        "outcomes": [],
        "coefficients": [],
        "paths": [],
        "balances": [],
    }
    wanted = [
        (kind, model)
        for model in leading_regression(models)
        for kind in ("outcomes", "coefficients")
    ]
    wanted += [("paths", model) for members in path_groups(models).values() for model in members]
    drawn = (
        ("decomposition", split_balances(models)),
        ("groups", grouped_balances(models)),
        ("lags", scanned_balances(models)),
        ("steps", stepped_balances(models)),
    )
    wanted += [(kind, model) for kind, names in drawn for model in names]
    captions = {
        "decomposition": "What each path costs or returns, and the balance",
        "groups": "Cost, return and balance by kind of firm",
        "lags": "Cost, return and balance by years after the survey",
        "steps": "Cost, return and balance of each further type of partner",
        "outcomes": "Distribution of innovation outcomes, with the mass at the limits",
        "coefficients": "Coefficients by type of partner",
    }
    for kind, model in wanted:
        everywhere = [*shown, *printed_places(findings.countries, models)]
        possible = [at for at in everywhere if not findings.why_not(*at, model)]
        # Diagrams are large: the last wave's are printed, the others are in the folder.
        for country, wave in possible if kind in ("outcomes", "coefficients") else possible[-1:]:
            name = f"{kind}_{model}_{country}_{wave}"
            if not (folder / f"{name}.svg").exists():
                continue
            caption = captions.get(kind, models[model]["title"])
            place = findings.place(country, wave)
            section = kind if kind in found else "balances"
            found[section].append({"name": name, "caption": f"{caption}: {place}{stamp}"})
    return {**found, **pooled_drawings(findings, folder)}
