"""Which mappings nobody has confirmed, of the variables a run needs; and what marks it then."""

from pathlib import Path

import pytest
import yaml

from cisflow.assist.support import _made_of
from cisflow.base.documents import read_yaml
from cisflow.base.problems import CisflowError
from cisflow.panel import ratios
from cisflow.study.codebook_files import load_codebook
from cisflow.study.confirmation import MADE_OF, RATIOS_MADE_OF, UNSAID, needed, unconfirmed
from cisflow.study.marks import draft_mapping, marks_of, stamp_of
from cisflow.study.models import expanded
from cisflow.study.run import load_run

BOOK = """
title: Mine
extends: eurostat/common
reference_year: 2004
nace: {revision: "1.1"}
blocks:
  partners: {asked_if: coop_any}
variables:
  firm_id: {name: ID, verified: confirmed}
  nace: {name: NACE, verified: sourced}
  employees: {name: EMP, verified: general}
  turnover: {name: TURN, verified: inferred}
  rd_internal: {name: RD, unit: percent_of_turnover, verified: template}
  product_innovation: {name: PD}
  protect_patent: {name: PAT, verified: drafted}
  coop_any: {name: CO, verified: drafted}
  coop_suppliers_domestic: {name: C1, verified: drafted}
"""


@pytest.fixture
def book(tmp_path, root):
    """Return a function from texts to the codebook that the last of them is."""

    def load(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        return load_codebook(list(texts)[-1], [tmp_path, root / "config" / "codebooks"])

    return load


@pytest.fixture(scope="module")
def models(root):
    return expanded(read_yaml(root / "config" / "models.yaml"))[0]


def test_sourced_and_confirmed_are_settled_and_all_else_is_told_with_its_state(book):
    loaded = book(mine=BOOK)
    states = unconfirmed(loaded, loaded.variables)
    assert states == {
        "employees": "general",
        "turnover": "inferred",
        "rd_internal": "template",
        "product_innovation": UNSAID,
        "protect_patent": "drafted",
        "coop_any": "drafted",
        "coop_suppliers_domestic": "drafted",
    }


def test_with_a_variable_go_those_it_is_read_with(book):
    loaded = book(mine=BOOK)
    assert [*unconfirmed(loaded, ["coop_suppliers_domestic"])] == [
        *("coop_any", "coop_suppliers_domestic"),
    ]
    assert [*unconfirmed(loaded, ["rd_internal"])] == ["turnover", "rd_internal"]
    # Nobody asks whether a firm is innovation-active: it follows from what it introduced.
    assert [*unconfirmed(loaded, ["innovation_active"])] == ["product_innovation"]
    assert unconfirmed(loaded, ["manufacturing"]) == {}


def test_what_somebody_confirmed_elsewhere_is_settled_by_variable_or_by_block(book):
    loaded = book(mine=BOOK)
    also = ("partners", "protection", "employees")
    assert [*unconfirmed(loaded, loaded.variables, also)] == [
        *("turnover", "rd_internal", "product_innovation", "coop_any"),
    ]


def test_one_word_confirms_a_battery_but_for_what_is_said_to_be_less_sure(book):
    text = BOOK.replace("{asked_if: coop_any}", "{asked_if: coop_any, verified: confirmed}")
    more = "  coop_clients_domestic: {name: C2, verified: general}\n"
    loaded = book(mine=text + more)
    assert [*unconfirmed(loaded, ["coop_suppliers_domestic", "coop_clients_domestic"])] == [
        *("coop_any", "coop_clients_domestic"),
    ]


@pytest.mark.parametrize("where", ["variable", "block"])
def test_what_another_file_vouches_for_is_its_own_column_alone(book, where):
    said = {"variable": "", "block": "blocks: {firm: {verified: sourced, source: A manual}}\n"}
    word = ", verified: sourced" if where == "variable" else ""
    parent = f"title: P\\nreference_year: 2004\\n{said[where]}variables:\\n".replace("\\n", "\n")
    parent += f"  firm_id: {{name: ID{word}}}\n  turnover: {{name: TURN{word}}}\n"
    child = "title: C\nextends: parent\nvariables:\n  turnover: {name: MYTURN}\n"
    loaded = book(parent=parent, child=child)
    assert unconfirmed(loaded, loaded.variables) == {"turnover": UNSAID}
    assert loaded.variables["turnover"].source is None
    own = child.replace("{name: MYTURN}", "{name: MYTURN, verified: confirmed}")
    assert unconfirmed(book(parent=parent, child=own), ["turnover"]) == {}
    label = child.replace("{name: MYTURN}", "{label: Turnover in the parent}")
    assert unconfirmed(book(parent=parent, child=label), ["turnover"]) == {}


def test_a_battery_taken_over_is_confirmed_by_one_word(book, root):
    text = "title: C\nextends: eurostat/cis2012\nblocks: {partners: {verified: confirmed}}\n"
    loaded = book(child=text + "variables: {}\n")
    partners = [v for v in loaded.variables if v.startswith("coop_") and v != "coop_any"]
    assert len(partners) > 10
    assert [*unconfirmed(loaded, partners)] == [*unconfirmed(loaded, ["coop_any"])]


def test_research_variables_are_made_of_what_is_said(root):
    looked_at = _made_of(read_yaml(root / "config" / "nace.yaml"), 2010)
    assert {name: {*parts} for name, parts in looked_at.items()} == {
        name: {*parts} for name, parts in MADE_OF.items()
    }


@pytest.mark.parametrize("name", list(ratios.RATIOS))
def test_ratios_are_made_of_what_is_said(name):
    class Watched(dict):
        def __missing__(self, item):
            import pandas as pd

            self[item] = pd.Series([1.0])
            return self[item]

    accounts = Watched()
    ratios.RATIOS[name](accounts)
    assert {*accounts} == {*RATIOS_MADE_OF[name]}


def test_models_need_what_their_terms_are_made_of(models):
    found = needed([models["faems2005"]])
    assert {"share_new_market", "rd_internal", "turnover", "coop_suppliers_foreign"} <= found
    assert "protect_patent" not in found
    assert needed([models["faems2005"]], "accounts") == set()
    items = needed([models["faems2010_direct"]], "accounts")
    assert {"profit_before_tax", "turnover", "firm_id"} <= items
    assert "total_assets" not in items


def test_a_construct_of_ones_own_needs_what_it_is_defined_by(models):
    own = models["faems2005"].model_copy(
        update={"controls": ("mine",), "constructs": {"mine": "any(protect_patent, other)"}}
    )
    assert "protect_patent" in needed([own])


# --- runs --------------------------------------------------------------------------------------

CONFIG = {
    "run": "be",
    "title": "A run",
    "data": "real",
    "seed": 1,
    "models": ["faems2005"],
    "countries": {"BE": {"name": "Belgium", "waves": {}}},
}


@pytest.fixture
def run(tmp_path, root, monkeypatch):
    """Return a function from a codebook's text to a run on it."""
    monkeypatch.chdir(tmp_path)
    Path("x.csv").write_text("ID\n1\n")

    def load(text=BOOK, wave=(), **changes):
        Path("mine.yaml").write_text(text)
        config = yaml.safe_load(yaml.safe_dump({**CONFIG, **changes}))
        entry = {"file": "x.csv", "codebook": "mine.yaml", **dict(wave)}
        config["countries"]["BE"]["waves"]["W1"] = entry
        return load_run(config, root)

    return load


NEEDED = ["employees", "turnover", "rd_internal", "product_innovation", "coop_any"]
NEEDED += ["coop_suppliers_domestic"]


def test_a_run_knows_what_of_its_needs_nobody_has_confirmed(run):
    found = run()
    assert [*found.unconfirmed["BE", "W1"]] == NEEDED  # patents are in no model of it
    assert found.stamp == "real, DRAFT MAPPING (6 variables unconfirmed)"
    assert found.settings.as_params()["unconfirmed"] == 6
    fewer = run(wave={"confirmed": ["turnover", "partners"]})
    assert [*fewer.unconfirmed["BE", "W1"]] == [
        v for v in NEEDED if v not in ("turnover", "coop_suppliers_domestic")
    ]
    settled = run(wave={"confirmed": ["firm", "spending", "cooperation", "partners"]})
    assert (settled.unconfirmed, settled.stamp) == ({}, "real")


def test_of_synthetic_data_only_a_draft_is_told(run):
    found = run(data="synthetic")
    assert [*found.unconfirmed["BE", "W1"].values()] == ["drafted"] * 2
    assert found.stamp == "SYNTHETIC, DRAFT MAPPING (2 variables unconfirmed)"


def test_a_publication_of_record_is_refused_and_all_variables_are_named(run):
    with pytest.raises(CisflowError) as refused:
        run(record=True)
    said = str(refused.value)
    assert "record: Belgium, wave W1 (x.csv): 6 variables are unconfirmed" in said
    assert all(f"{variable} (" in said for variable in NEEDED)
    assert "cisflow confirm CONFIG BE/W1 VARIABLE…" in said
    settled = {"confirmed": ["firm", "spending", "cooperation", "partners"]}
    assert run(record=True, wave=settled).settings.record
    with pytest.raises(CisflowError, match="record: the data are synthetic"):
        run(record=True, data="synthetic", wave=settled)


def test_what_is_confirmed_must_be_in_the_codebook(run):
    with pytest.raises(CisflowError) as refused:
        run(wave={"confirmed": ["turnovr", "partner"]})
    said = str(refused.value)
    assert "countries.BE.W1.confirmed: `turnovr` is no variable or block" in said
    assert "did you mean `turnover`?" in said
    assert "did you mean `partners`" in said


def test_marks_and_stamp_say_the_same():
    assert marks_of("real", 0) == ()
    assert [m.name for m in marks_of("synthetic", 1)] == [
        *("SYNTHETIC data", "DRAFT MAPPING (1 variable unconfirmed)"),
    ]
    assert (stamp_of("real"), stamp_of("synthetic")) == ("real", "SYNTHETIC")
    assert stamp_of("real", 1200).endswith(draft_mapping(1200).name)
    assert "1,200 variables" in draft_mapping(1200).name
