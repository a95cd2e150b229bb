"""The language of terms: one way to write each, and every fault named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cisflow.base.problems import CisflowError
from cisflow.study.terms import (
    FUNCTIONS,
    IN_TEXT,
    Call,
    Name,
    Number,
    Operation,
    columns_of,
    factors_of,
    is_column,
    kind_of,
    known_functions,
    parse_definition,
    parse_term,
    text_of,
    tidy,
    tidy_made,
    without_c,
)
from cisflow.study.variables import Kind

KINDS = {
    "firm": Kind.IDENTIFIER,
    "size": Kind.AMOUNT,
    "steps": Kind.SCALE,
    "yes": Kind.FLAG,
    "branch": Kind.CLASS,
}


@pytest.mark.parametrize("term", ["a", "a:b", "C(a)", "coop_any:C(industry)", "a_1:b:c:d", "_a"])
def test_terms_of_before_keep_their_text_and_so_their_digests(term):
    assert tidy(term) == term


@pytest.mark.parametrize(
    ("written", "one_way"),
    [
        (" a : b", "a:b"),
        ("log1p( a )", "log1p(a)"),
        ("a**2", "a^2"),
        ("a ^ 2.0", "a^2"),
        ("a^.5", "a^0.5"),
        ("bins(a,10,  50.50)", "bins(a, 10, 50.5)"),
        ("bins(a, -1, 0.0000001)", "bins(a, -1, 0.0000001)"),
        ("center( log(a) )**2:C( b )", "center(log(a))^2:C(b)"),
    ],
)
def test_one_way_to_write_a_term(written, one_way):
    assert tidy(written) == one_way
    assert tidy(one_way) == one_way


@pytest.mark.parametrize(
    ("written", "one_way"),
    [
        ("any(a,b)", "any(a, b)"),
        ("(a + b)*2>=3", "(a + b) * 2 >= 3"),
        ("a-(b-c)", "a - (b - c)"),
        ("(a-b)-c", "a - b - c"),
        ("a/(b*c)", "a / (b * c)"),
        ("(a+b)**2", "(a + b)^2"),
        ("all(a>=1, b<2)", "all(a >= 1, b < 2)"),
        ("a * -3", "a * -3"),
    ],
)
def test_definitions_keep_their_brackets_where_they_matter(written, one_way):
    assert text_of(parse_definition(written)) == one_way
    assert parse_definition(one_way) == parse_definition(written)


names = st.sampled_from(["a", "bb", "c_1"]).map(Name)
numbers = st.floats(-1e6, 1e6).map(lambda x: Number(round(x, 3) + 0.0))


def _larger(parts):
    return st.one_of(
        st.builds(lambda f, a: Call(f, (a,)), st.sampled_from(["log", "sqrt", "lag"]), parts),
        st.builds(lambda f, a: Call(f, tuple(a)), st.just("sum"), st.lists(parts, min_size=1)),
        st.builds(lambda s, a, b: Operation(s, (a, b)), st.sampled_from("+-*/"), parts, parts),
        st.builds(lambda a, b: Operation("^", (a, Number(b))), names, st.sampled_from([2.0, 0.5])),
    )


@given(st.recursive(names | numbers, _larger, max_leaves=8))
def test_what_is_written_is_read_as_the_same(node):
    assert parse_definition(text_of(node)) == node


@given(st.text(max_size=300))
def test_any_text_is_a_term_or_refused_in_words(text):
    for parse in (parse_term, parse_definition):
        try:
            node = parse(text)
        except CisflowError:
            continue
        assert parse(text_of(node)) == node


def test_columns_in_their_order_each_once():
    assert columns_of("b:log(a):C(b)") == ["b", "a"]
    assert columns_of("bins(a, 10, 50)") == ["a"]
    assert columns_of("a") == ["a"]


def test_factors_and_which_of_them_are_columns():
    assert [is_column(f) for f in factors_of("a:C(b):log(a)")] == [True, True, False]
    assert factors_of("a^2") == (parse_term("a^2"),)


@pytest.mark.parametrize(
    ("term", "kind"),
    [
        ("size", Kind.AMOUNT),
        ("yes:size", Kind.AMOUNT),
        ("yes:branch", Kind.CLASS),
        ("C(yes)", Kind.CLASS),
        ("C(steps):size", Kind.CLASS),
        ("bins(size, 10)", Kind.CLASS),
        ("C(bins(log(size), 1, 2))", Kind.CLASS),
        ("lag(branch)", Kind.CLASS),
        ("lag(yes)", Kind.FLAG),
        ("C(lag(branch))", Kind.CLASS),
        ("center(log1p(size))^2", Kind.AMOUNT),
        ("standardise(yes)", Kind.AMOUNT),
        ("steps^2", Kind.AMOUNT),
    ],
)
def test_kinds_of_terms(term, kind):
    assert kind_of(parse_term(term), KINDS) == (kind, [])


@pytest.mark.parametrize(
    ("definition", "kind"),
    [
        ("any(yes, size >= 50)", Kind.FLAG),
        ("sum(yes, yes)", Kind.SCALE),
        ("sum(yes, size)", Kind.AMOUNT),
        ("mean(yes, yes)", Kind.AMOUNT),
        ("max(yes, steps)", Kind.SCALE),
        ("100 * size / steps", Kind.AMOUNT),
        ("bins(size / steps, 1)", Kind.CLASS),
        ("zero_if_not(size, yes)", Kind.AMOUNT),
        ("zero_if_not(steps, size > 5)", Kind.SCALE),
    ],
)
def test_kinds_of_definitions(definition, kind):
    assert kind_of(parse_definition(definition), KINDS) == (kind, [])


@pytest.mark.parametrize(
    ("term", "why"),
    [
        ("C(firm)", "`firm` is an identifier, and those are never levels"),
        ("C(size)", "`size` is an amount or other continuous number, and those are never levels"),
        ("C(size^2)", "never levels"),
        ("firm:size", "`firm` is an identifier"),
        ("lag(firm)", "`firm` is an identifier"),
        ("log(branch)", "`branch` is a variable with levels"),
        ("log(yes)", "`yes` is a yes/no variable"),
        ("yes^2", "`yes` is a yes/no variable"),
        ("log(center(size))", "stands outermost"),
        ("lag(standardise(size))", "stands outermost"),
        ("bins(size)", "1 to 12 rising numbers"),
        ("bins(size, 50, 10)", "1 to 12 rising numbers"),
        ("bins(size, 10, 10)", "1 to 12 rising numbers"),
        ("bins(size, yes)", "1 to 12 rising numbers"),
        ("log(size, 2)", "of one variable"),
        ("log(3)", "a number is no variable"),
        ("sze", "`sze` is not a variable of the panel"),
    ],
)
def test_what_terms_cannot_be(term, why):
    kind, problems = kind_of(parse_term(term), KINDS)
    assert kind is None
    assert why in problems[0].what
    assert problems[0].remedy


def test_near_names_of_variables_and_functions():
    assert "did you mean `steps`" in kind_of(Name("step"), KINDS)[1][0].remedy
    with pytest.raises(CisflowError) as caught:
        parse_term("standardize(size)")
    assert "did you mean `standardise`" in caught.value.problems[0].remedy


def test_all_faults_of_a_term_at_once():
    _, problems = kind_of(parse_term("C(firm):log(branch):nothing"), KINDS)
    assert len(problems) == 3


@pytest.mark.parametrize(
    "definition",
    [
        *("yes >= 1", "any(size)", "branch + 1", "firm == 1"),
        *("zero_if_not(size)", "zero_if_not(size, size)", "zero_if_not(yes, yes)"),
        "zero_if_not(size, yes, yes)",
    ],
)
def test_what_definitions_cannot_be(definition):
    kind, problems = kind_of(parse_definition(definition), KINDS)
    assert kind is None
    assert problems


@pytest.mark.parametrize(
    "text", ["a^0", "a^6", "a^-1", "2^a", "a^b", "a^2^2", "a:b:c:d:e", "a:2", "(a)", "", ":", "a:"]
)
def test_what_is_no_term(text):
    with pytest.raises(CisflowError, match="is no term"):
        parse_term(text)


def test_the_manual_tells_of_every_function(root):
    manual = (root / "config/README.md").read_text(encoding="utf-8")
    section = manual.split("### Terms")[1].split("### A published table")[0]
    told = [name for name in FUNCTIONS if f"`{name}(" in section]
    assert told == list(FUNCTIONS)
    assert {*known_functions(definition=False), *known_functions(definition=True)} == set(told)


def test_what_is_no_term_stays_as_it_is():
    for text in ("a → b", "total(a)", "np.log( a )", "P(cost > return)", ""):
        assert tidy(text) == tidy_made(text) == without_c(text) == text
    assert tidy_made("cost: direct") == "cost: direct"
    assert tidy_made("a**2: b") == "a^2:b"
    assert [without_c(t) for t in ("C(a)", "a", "C(bins(a, 1))")] == ["a", "a", "bins(a, 1)"]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("coop_any:C(eu_size)[T.small] differs: see below", ["coop_any:C(eu_size)[T.small]"]),
        ("C(industry)[T.Food, drink] is lost", ["C(industry)[T.Food, drink]"]),
        ("export:group has no coefficient", ["export:group"]),
        ("it rests on fewer than 3 rows alone: see 2:1, e.g. there", []),
    ],
)
def test_terms_are_found_within_a_sentence(text, terms):
    assert IN_TEXT.findall(text) == terms
