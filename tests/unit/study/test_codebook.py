"""Codebooks are found, merged, completed and checked."""

import pytest
from pydantic import ValidationError
from small_survey import CODEBOOK, codebook_folders

from cisflow.base.problems import CisflowError
from cisflow.study.codebook import Codebook, File, Variable
from cisflow.study.codebook_files import codebook_files, load_codebook

pytestmark = pytest.mark.usefixtures("messages_stay")


@pytest.fixture
def folders(root):
    return [root / "config" / "codebooks"]


def _small(tmp_path, root, child, name="child"):
    folders = codebook_folders(tmp_path, root)
    (tmp_path / f"{name}.yaml").write_text(f"title: Child\nextends: small\n{child}")
    return load_codebook(name, folders)


def test_cis2_is_a_template_throughout(folders):
    variables = load_codebook("eurostat/cis2", folders).variables
    assert {spec.verified for spec in variables.values()} == {"template"}


def test_a_child_adds_replaces_and_drops(tmp_path, root):
    child = """
missing: ["99"]
file: {encoding: cp1252}
variables:
  employees: {name: STAFF, label: Staff}
  product_innovation: {name: INPD}
  nace: null
"""
    codebook = _small(tmp_path, root, child)
    assert codebook.missing == (".", "99")
    assert codebook.file == File(encoding="cp1252")
    assert codebook.variables["employees"].name == ("STAFF",)
    assert not codebook.variables["product_innovation"].any_of
    assert "nace" not in codebook.variables
    assert [path.rsplit("/", 1)[-1] for path in codebook.files] == [
        "child.yaml",
        "small.yaml",
        "common.yaml",
    ]


def test_variables_carry_what_their_block_shares_and_their_codes(tmp_path, root):
    variables = load_codebook("small", codebook_folders(tmp_path, root)).variables
    assert variables["coop_suppliers_foreign"].asked_if == "coop_any"
    assert variables["coop_suppliers_foreign"].codes == {"0": False, "1": True}
    assert variables["source_clients"].codes == {"0": 0, "1": 1, "2": 2, "3": 3}
    assert variables["turnover"].codes is None


def test_a_source_does_not_vouch_for_another_degree_of_certainty(tmp_path, root):
    child = """
blocks: {firm: {verified: sourced, source: the file description}}
variables:
  turnover: {name: TURN}
  employees: {name: STAFF, verified: general}
"""
    variables = _small(tmp_path, root, child).variables
    assert variables["turnover"].source == "the file description"
    assert variables["employees"].verified == "general"
    assert variables["employees"].source is None


def test_a_suffix_is_put_behind_inherited_columns_alone(tmp_path, root):
    child = """
column_suffix: _o
variables:
  firm_id: {name: LOPNR}
  coop_suppliers_foreign: {any_of: [CO22_o, [CO23_o, CO23]]}
"""
    variables = _small(tmp_path, root, child).variables
    assert variables["firm_id"].name == ("LOPNR",)
    assert variables["turnover"].name == ("TURN_o", "TURNM_o")
    assert variables["product_innovation"].any_of == (("INPDGD_o",), ("INPDSV_o",))
    assert variables["rd_internal"].screen.name == "RRDIN_o"
    assert variables["coop_suppliers_foreign"].alternatives == (("CO22_o",), ("CO23_o", "CO23"))


def test_needed_columns_hold_alternatives_screens_and_selectors(tmp_path, root):
    columns = _small(tmp_path, root, "rows: {COUNTRY: BE}\nvariables: {}\n").needed_columns()
    assert {"COUNTRY", "TURN", "TURNM", "CO22", "CO23", "NEWMKT", "RRDIN"} <= set(columns)
    assert len(columns) == len(set(columns))


def test_money_is_multiplied_and_counts_are_not(tmp_path, root):
    codebook = load_codebook("small", codebook_folders(tmp_path, root))
    assert codebook.multiple("turnover") == 1000
    assert codebook.multiple("employees") == 1
    assert codebook.multiple("share_new_firm") == 1
    fraction = _small(tmp_path, root, "variables: {share_new_firm: {unit: fraction}}\n")
    assert fraction.multiple("share_new_firm") == 100


def test_a_path_of_a_file_serves_as_a_name(tmp_path, root):
    folders = codebook_folders(tmp_path, root)
    assert load_codebook(tmp_path / "small.yaml", folders[1:]).title == "A small survey"


@pytest.mark.parametrize(
    ("child", "fragments"),
    [
        ("variabels: {}\nvariables: {}\n", ["unknown key `variabels`", "did you mean `variables`"]),
        (
            "variables: {turnover: {nmae: TURN}}\n",
            ["variables.turnover: unknown key `nmae`", "did you mean `name`"],
        ),
        (
            "variables: {turnovr: {name: TURN}}\n",
            ["unknown variable `turnovr`", "did you mean `turnover`"],
        ),
        (
            "variables: {coop_any: {codes: yesno}}\n",
            ["there is no set `yesno`", "did you mean `yes_no`"],
        ),
        (
            "variables: {coop_any: {codes: {1: 1, 2: 0}}}\n",
            ["coop_any.codes: 0, 1 for a yes/no variable", "write yes or no"],
        ),
        (
            "variables: {turnover: {unit: percent}}\n",
            ["turnover.unit: percent does not fit", "use unit, thousand or million"],
        ),
        ("variables: {turnover: {unit: dozen}}\n", ["'dozen' is not known", "thousand"]),
        (
            "variables: {turnover: {any_of: [A, B]}}\n",
            ["`any_of` although it is no yes/no variable", "`sum_of`"],
        ),
        (
            "variables: {turnover: {name: A, constant: 1}}\n",
            ["has `name` and `constant`", "exactly one"],
        ),
        (
            "variables: {employees: {unit: percent_of_turnover}}\n",
            ["employees.unit: percent_of_turnover although it is no spending"],
        ),
        (
            "variables: {turnover: null, rd_internal: {unit: percent_of_turnover}}\n",
            ["rd_internal.unit: percent_of_turnover, but `turnover` is not mapped"],
        ),
        (
            "variables: {turnover: {row_number: true}}\n",
            ["variables.turnover: `row_number` although it is not firm_id"],
        ),
        (
            "blocks: {partners: {asked_if: coop}}\nvariables: {}\n",
            ["`coop` is no yes/no variable", "did you mean `coop_any`"],
        ),
        (
            "shares: {sum_to_100: [share_new, share_unchanged]}\nvariables: {}\n",
            ["`share_new` is not a share this codebook maps"],
        ),
        ("codes: {x: {no: no}}\nvariables: {}\n", ["a key is written yes, no", "quotes"]),
        ('nace: {revision: "3"}\nvariables: {}\n', ["'3' is not known", "1.1"]),
        ("variables: {firm_id: null}\n", ["`firm_id` is not mapped"]),
        (
            "variables: {share_new_firm: {includes: share_new}}\n",
            ["share_new_firm.includes: `share_new` is not mapped"],
        ),
        (
            "variables: {turnover: {includes: share_new_market}}\n",
            ["turnover.includes: `share_new_market` is not one of the shares"],
        ),
        (
            "breaks: [{from: 2008, text: New NACE.}]\nvariables: {}\n",
            ["breaks", "source"],
        ),
        ("table: accounts\nvariables: {}\n", ["unknown variable `product_innovation`"]),
    ],
)
def test_contradictions_are_refused_with_a_remedy(tmp_path, root, child, fragments):
    with pytest.raises(CisflowError) as refused:
        _small(tmp_path, root, child)
    message = str(refused.value)
    assert "child.yaml" in message
    for fragment in fragments:
        assert fragment in message


def test_all_contradictions_are_told_at_once(tmp_path, root):
    child = (
        "variables: {turnovr: {name: A}, coop_any: {codes: yesno}, employees: {unit: percent}}\n"
    )
    with pytest.raises(CisflowError) as refused:
        _small(tmp_path, root, child)
    assert len(refused.value.problems) == 3


def test_an_unknown_codebook_and_an_unknown_parent_are_told(tmp_path, root):
    folders = codebook_folders(tmp_path, root)
    with pytest.raises(
        CisflowError,
        match=r"(?s)there is no codebook `eurostat/cis44`.*did you mean `eurostat/cis4`",
    ):
        load_codebook("eurostat/cis44", folders)
    (tmp_path / "orphan.yaml").write_text("title: x\nextends: smal\nvariables: {}\n")
    with pytest.raises(CisflowError, match=r"(?s)orphan.yaml.*no codebook `smal`.*`small`"):
        load_codebook("orphan", folders)


def test_a_circle_of_codebooks_is_told(tmp_path, root):
    folders = codebook_folders(tmp_path, root)
    (tmp_path / "a.yaml").write_text("title: a\nextends: b\nvariables: {}\n")
    (tmp_path / "b.yaml").write_text("title: b\nextends: a\nvariables: {}\n")
    with pytest.raises(CisflowError, match=r"(?s)a\.yaml.*circle.*a\.yaml → .*b\.yaml → .*a\.yaml"):
        codebook_files("a", folders)


@pytest.mark.parametrize(
    ("header", "fragment"),
    [
        ("", "neither `header:` nor variables.year is given"),
        ("header: {pattern: '(?P<label>.+'}", "is not a pattern that is read"),
        ("header: {pattern: '(?P<label>.+)'}", "lacks the named group `label` or `year`"),
    ],
)
def test_headers_of_accounts_are_checked(tmp_path, root, header, fragment):
    text = f"title: x\ntable: accounts\n{header}\nvariables: {{firm_id: {{name: ID}}}}\n"
    with pytest.raises(CisflowError) as refused:
        load_codebook("small", codebook_folders(tmp_path, root, text))
    assert fragment in str(refused.value)


def test_the_small_codebook_is_good(tmp_path, root):
    folders = codebook_folders(tmp_path, root, CODEBOOK)
    assert len(load_codebook("small", folders).variables) == 15


def test_every_key_of_the_schema_is_described(root):
    from cisflow.base.documents import read_yaml

    schema = read_yaml(root / "workflow/schemas/codebook.schema.yaml")

    def undescribed(node, place):
        for key, rule in node.get("properties", {}).items():
            target = schema["$defs"][rule["$ref"].rsplit("/", 1)[-1]] if "$ref" in rule else {}
            if "description" not in rule and "description" not in target:
                yield f"{place}.{key}"
            yield from undescribed(rule, f"{place}.{key}")

    nodes = {"codebook": schema, **schema["$defs"]}
    assert [gap for place, node in nodes.items() for gap in undescribed(node, place)] == []


# --- the type and its schema --------------------------------------------------------------------


def test_a_loaded_codebook_cannot_be_changed(tmp_path, root):
    codebook = load_codebook("small", codebook_folders(tmp_path, root))
    with pytest.raises(ValidationError):
        codebook.title = "Another"
    with pytest.raises(ValidationError):
        codebook.variables["turnover"].unit = "million"
    with pytest.raises(ValidationError, match="extra"):
        Codebook(title="Own", variables={}, reference=2004)


def test_variations_leave_the_loaded_codebook_as_it_was(tmp_path, root):
    codebook = load_codebook("small", codebook_folders(tmp_path, root))
    source = {"file": "x.csv", "decimal": ",", "select": {"COUNTRY": "BE"}, "sha256": "0"}
    configured = codebook.configured(source)
    assert (configured.file.decimal, configured.file.select) == (",", {"COUNTRY": "BE"})
    assert configured.file.options == {
        **codebook.file.options,
        "decimal": ",",
        "select": {"COUNTRY": "BE"},
    }
    other = codebook.redefined({"turnover": Variable(name=("T",), unit="million")})
    assert (other.multiple("turnover"), codebook.multiple("turnover")) == (1e6, 1e3)
    assert set(other.variables) == set(codebook.variables)


def test_what_stands_for_no_answer_is_that_of_every_column_and_the_variables_own():
    own = Variable(name=("T",), missing=(99, "-1"))
    codebook = Codebook(title="Own", missing=(".",), variables={"turnover": own})
    assert codebook.no_answer() == ["."]
    assert codebook.no_answer(own) == [".", "99", "-1"]


def test_a_variable_knows_its_columns_and_whether_it_is_read_from_any():
    assert Variable(any_of=["A", ["B", "C"]]).alternatives == (("A",), ("B", "C"))
    assert Variable(name="A").names == ("A",)
    assert Variable(constant=0).made
    assert not Variable(name="A").made
    assert Variable().names == ()
