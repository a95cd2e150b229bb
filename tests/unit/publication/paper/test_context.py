import json

import pytest
import typst
import yaml
from made_up_findings import NO_ACCOUNTS, SETTINGS, make_findings

from cisflow.publication.figures.draw import figure_names, make_figures, save_figure
from cisflow.publication.findings import (
    further_regressions,
    leading_regression,
    number,
    write_manifest,
)
from cisflow.publication.paper.context import paper_context, render_paper
from cisflow.publication.tables.make import make_tables, save_table


def publish(settings, folder, root):
    """Return findings and the paper's context, with what the paper prints below ``folder``."""
    findings = make_findings(settings)
    for name, table in make_tables(findings).items():
        save_table(table, folder / "tables", name, formats=["typ", "csv"])
    for name, figure in make_figures(findings).items():
        save_figure(figure, folder / "figures", name, formats=["svg"])
    figure1 = yaml.safe_load((root / "paper/figure1.yaml").read_text(encoding="utf-8"))
    rule = yaml.safe_load((root / "config/claims.yaml").read_text(encoding="utf-8"))["rule"]
    context = paper_context(findings, folder / "tables", folder / "figures", figure1, rule)
    return findings, context


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory, root):
    folder = tmp_path_factory.mktemp("be")
    return (*publish(SETTINGS, folder, root), folder)


@pytest.fixture(scope="module")
def real(tmp_path_factory, root):
    folder = tmp_path_factory.mktemp("ng")
    return (*publish(NO_ACCOUNTS, folder, root), folder)


@pytest.mark.parametrize("run", ["synthetic", "real"])
def test_the_paper_is_set_and_the_same_again(run, request, root, tmp_path):
    _, context, _ = request.getfixturevalue(run)
    for name in ("one.pdf", "two.pdf"):
        render_paper(context, tmp_path / name, root / "paper/paper.typ")
    one, two = ((tmp_path / name).read_bytes() for name in ("one.pdf", "two.pdf"))
    assert one.startswith(b"%PDF")
    assert one == two


def test_partner_results_are_the_estimates(synthetic):
    findings, context, _ = synthetic
    e = findings.rows("BE", "CIS2", "faems2005")
    row = e[(e["column"] == "grouped") & (e["term"] == "coop_exploratory")].iloc[0]
    told = context["partners"][0]["results"][1]
    assert told["term"] == "universities or public research"
    assert told["estimate"].replace("−", "-") == f"{row['estimate']:.3f}"


def test_the_balance_is_told_as_it_was_estimated(synthetic):
    findings, context, _ = synthetic
    told = next(b for b in context["balances"] if b["table"] == "two_year_balance_BE_CIS4")
    e = findings.rows("BE", "CIS4", "two_year_balance")
    row = e[(e["column"] == "standardised") & (e["term"] == "balance")].iloc[0]
    assert told["balance"]["estimate"].replace("−", "-") == f"{row['estimate']:.3f}"
    assert told["share"] == "91"
    small, tech = told["differences"]
    gap = e[(e["column"] == "raw | small minus not small") & (e["term"] == "balance")].iloc[0]
    assert float(small["estimate"].replace("−", "-")) == pytest.approx(
        100 * gap["estimate"], rel=0.02, abs=6e-4
    )
    assert (tech["estimate"], tech["why_not"]) == ("", told_reason(e))
    scanned = next(b for b in context["balances"] if b["table"] == "balance_by_lag_BE_CIS4")
    assert scanned["horizon"].endswith("it does not turn")
    assert {f["name"] for f in context["figures"]["balances"]} == {
        "decomposition_two_year_balance_BE_CIS4",
        "groups_two_year_balance_BE_CIS4",
        "lags_balance_by_lag_BE_CIS4",
        "steps_portfolio_breadth_BE_CIS4",
    }


def told_reason(e):
    """Return why the groups by technology have no balance."""
    return e[e["column"].str.contains("high_tech minus")]["note"].iloc[0].split(": ")[1]


def test_each_further_type_of_partner_is_told(synthetic):
    findings, context, _ = synthetic
    told = next(s for s in context["steps"] if s["table"] == "portfolio_breadth_BE_CIS4")
    assert [b["step"] for b in told["balances"]][:2] == [
        "any cooperation",
        "2 or more types of partners",
    ]
    assert len(told["balances"]) == 6  # the seventh is not estimable
    rows = findings.rows("BE", "CIS4", "portfolio_breadth")
    of = (rows["column"] == "raw | partners_5_or_more") & (rows["cov_type"] == "bootstrap")
    row = rows[of & (rows["term"] == "balance")].iloc[0]
    assert told["balances"][4]["estimate"] == number(100 * row["estimate"])


def test_missing_accounts_are_told_with_the_reason(real):
    _, context, _ = real
    assert context["without_accounts"] == ["Nigeria"]
    assert [p["why_not"] for p in context["paths"]] == ["no accounts", "no accounts"]
    assert all(p["readings"] == [] for p in context["paths"])
    assert context["figures"]["paths"] == []
    first = context["claims"]["reasons"][0]
    assert (first["verdict"], first["reason"]) == ("not estimable", "no accounts")


def test_verdicts_are_sorted_and_complete(synthetic):
    findings, context, _ = synthetic
    listed = [i for ids in context["claims"]["places"][0]["verdicts"].values() for i in ids]
    assert sorted(listed) == sorted(set(findings.claims["claim"]))


def test_stars_of_the_published_figure_are_compared_not_resolved(synthetic):
    _, context, _ = synthetic
    about = context["figure1"]
    assert (about["against_legend"], about["against_stricter"], about["total"]) == (3, 0, 7)


def test_every_page_of_a_synthetic_paper_says_so(root):
    template = (root / "paper/paper.typ").read_text(encoding="utf-8")
    header = template[template.index("#set page(") : template.index("#set text(")]
    assert "if d.synthetic" in header
    # A page with the header set and one without differ in their text.
    for flag in ("true", "false"):
        source = f"#let d = (synthetic: {flag})\n{header}\nbody".encode()
        page = typst.compile(source, format="svg").decode()
        assert ("#a33a00" in page) == (flag == "true")


@pytest.mark.parametrize(("rows", "pages"), [(20, 1), (150, 4)])
def test_a_table_taller_than_a_page_runs_over(root, tmp_path, rows, pages):
    template = (root / "paper/paper.typ").read_text(encoding="utf-8")
    begin = template.index("#let print-table(t)")
    code = template[begin : template.index("#let print-tables(")]
    (tmp_path / "tables").mkdir()
    lines = ", ".join(f"[{i}], [x]" for i in range(rows))
    table = f"#figure([#table(columns: 2, {lines})], caption: [c], kind: table)"
    (tmp_path / "tables/long.typ").write_text(table)
    (tmp_path / "page.typ").write_text(
        '#set page(paper: "a4", margin: 2.5cm)\n#set text(size: 9pt)\n'
        f'#set figure(placement: auto)\n{code}\n#print-table((name: "long"))'
    )
    drawn = typst.compile(tmp_path / "page.typ", root=tmp_path, format="png", ppi=10)
    assert (len(drawn) if isinstance(drawn, list) else 1) == pages


def test_a_run_without_a_share_to_explain_has_no_such_section(synthetic):
    findings, *_ = synthetic
    about_money = ("faems2010_direct", "sensitivity_margin")
    models = {m: findings.models[m] for m in about_money}
    assert leading_regression(findings.models) == ["faems2005"]
    assert leading_regression(models) == []
    assert further_regressions(models) == ["sensitivity_margin"]
    assert not any(name.startswith("outcomes") for name in figure_names(findings.settings, models))


def test_manifest_lists_every_published_file(synthetic):
    findings, _, folder = synthetic
    write_manifest(folder / "manifest.json", findings.settings)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert "tables/claims.csv" in manifest["files"]
    assert "manifest.json" not in manifest["files"]
    assert manifest["data"] == "synthetic"
