"""The small language of model terms and of constructs of one's own: parsed, never executed.

A *term* is one or more factors with colons between them, such as ``center(log(employees))^2`` or
``C(bins(employees, 50, 250)):diversity``. A *definition* has arithmetic and comparisons besides,
such as ``any(fund_national, fund_eu)`` or ``rd_internal / turnover >= 0.05``. Both become frozen
nodes. What is not in :data:`FUNCTIONS` does not exist, and the length and depth of a text are
bounded, so that no text can do more than be refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from cisflow.base.documents import did_you_mean
from cisflow.base.problems import CisflowError, Problem
from cisflow.study.variables import LEVELS, NUMBERS, NUMERIC, Kind

LONGEST_TERM, LONGEST_DEFINITION = 200, 1000  # characters
DEEPEST = 12  # functions and brackets one within another
MOST_WORDS, MOST_DIGITS = 200, 15
MOST_FACTORS, MOST_BOUNDS = 4, 12
POWERS = (0.1, 5.0)
_LEVEL, _NAME = r"C\(\w+\)\[[^\]]+\]", r"[a-z]\w*"
# A term within a sentence: a level, factors with colons between them, a name with an underscore.
IN_TEXT = re.compile(
    rf"(?<!\w)(?:(?:{_LEVEL}|{_NAME})(?::(?:{_LEVEL}|{_NAME}))+|{_LEVEL}|{_NAME}_\w+)"
)


# --- nodes -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Name:
    """A variable."""

    name: str


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Call:
    """A function of :data:`FUNCTIONS` and what it is of."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Operation:
    """An interaction ``:``, a power ``^``, arithmetic ``+ - * /`` or a comparison."""

    sign: str
    parts: tuple[Node, ...]


Node = Name | Number | Call | Operation

COMPARISONS = (">=", "<=", "==", "!=", ">", "<")
# How tightly a sign binds; a part that binds less than its whole stands in brackets.
BINDING = {":": 0, **dict.fromkeys(COMPARISONS, 1), "+": 2, "-": 2, "*": 3, "/": 3, "^": 5}
CENTRED = ("center", "standardise")


@dataclass(frozen=True)
class Function:
    """What a function takes and gives."""

    takes: frozenset[Kind]  # kinds of variable it is of
    gives: Callable[[list[Kind]], Kind]  # kind of its values, from those of its arguments
    most: int | None = 1  # how many variables it is of; None for any number
    # in_terms, in_definitions: where it may stand.
    in_terms: bool = True
    in_definitions: bool = True
    # Kinds of the last of exactly `most` variables, where these are others than `takes`.
    last: frozenset[Kind] | None = None


def _amount(_: list[Kind]) -> Kind:
    return Kind.AMOUNT


def _same(kinds: list[Kind]) -> Kind:
    return kinds[0]


def _count(kinds: list[Kind]) -> Kind:
    return Kind.AMOUNT if Kind.AMOUNT in kinds else Kind.SCALE


_NUMBER = Function(NUMBERS, _amount)
_OF_SAMPLE = Function(NUMERIC, _amount, in_definitions=False)
_YES_NO = Function(frozenset({Kind.FLAG}), lambda _: Kind.FLAG, None, in_terms=False)

FUNCTIONS: dict[str, Function] = {
    "C": Function(LEVELS, lambda _: Kind.CLASS, in_definitions=False),
    "bins": Function(NUMBERS, lambda _: Kind.CLASS),
    "log": _NUMBER,
    "log1p": _NUMBER,
    "sqrt": _NUMBER,
    "lag": Function(frozenset(Kind) - {Kind.IDENTIFIER}, _same),
    "center": _OF_SAMPLE,
    "standardise": _OF_SAMPLE,
    "zero_if_not": Function(NUMBERS, _same, 2, in_terms=False, last=frozenset({Kind.FLAG})),
    "any": _YES_NO,
    "all": _YES_NO,
    "sum": Function(NUMERIC, _count, None, in_terms=False),
    "mean": Function(NUMERIC, _amount, None, in_terms=False),
    "max": Function(NUMERIC, _count, None, in_terms=False),
    "min": Function(NUMERIC, _count, None, in_terms=False),
}


def known_functions(*, definition: bool) -> list[str]:
    """Return the functions a term, or a definition, may use."""
    where = "in_definitions" if definition else "in_terms"
    return [name for name, function in FUNCTIONS.items() if getattr(function, where)]


# --- text to nodes -----------------------------------------------------------------------------

_TOKEN = re.compile(
    r"[ \t]*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?![A-Za-z_0-9.]))|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<sign>\*\*|>=|<=|==|!=|[-+*/^:(),<>]))",
    re.ASCII,
)


def parse_term(text: str) -> Node:
    """Return a term as nodes.

    Raises
    ------
    CisflowError
        If it is none; the problem names it.

    Examples
    --------
    >>> parse_term("a : log1p(b)")
    Operation(sign=':', parts=(Name(name='a'), Call(function='log1p', arguments=(Name(name='b'),))))
    """
    return _parsed(text, definition=False)


def parse_definition(text: str) -> Node:
    """Return a construct's definition as nodes; raises as :func:`parse_term`."""
    return _parsed(text, definition=True)


def quoted(text: object) -> str:
    """Return a term as a message quotes it: short, and with no sign a terminal would act on."""
    shown = "".join(c if c.isprintable() else "�" for c in str(text)[:61])
    return f"`{shown if len(shown) <= 60 else shown[:59] + '…'}`"


@lru_cache(maxsize=4096)
def _parsed(text: str, *, definition: bool) -> Node:
    what, longest = ("definition", LONGEST_DEFINITION) if definition else ("term", LONGEST_TERM)
    try:
        reader = _Reader(_tokens(text, longest), definition)
        node = reader.comparison() if definition else reader.product()
        reader.expect("")
    except _Refused as refused:
        said = f"{quoted(text)} is no {what}: {refused.what}"
        raise CisflowError("Terms", Problem(said, refused.remedy)) from None
    return node


class _Refused(Exception):  # noqa: N818
    """Why a text is not of the language."""

    def __init__(self, what: str, remedy: str):
        super().__init__(what)
        self.what, self.remedy = what, remedy


LANGUAGE = "write names, `a:b` and functions of them; config/README.md, Terms, lists what there is"

_UNKNOWN = "\0"  # opens a sign that is not of the language; nothing is read beyond it


def _tokens(text: str, longest: int) -> list[str]:
    if len(text) > longest:
        raise _Refused(f"it has more than {longest} characters", "write it shorter")
    found: list[str] = []
    place, end = 0, len(text.rstrip(" \t"))
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            rest = text[place:].lstrip(" \t")
            return [*found, _UNKNOWN + rest[0]]
        found.append(match[match.lastgroup or 0])
        place = match.end()
    if len(found) > MOST_WORDS:
        raise _Refused(f"it has more than {MOST_WORDS} words and signs", "write it shorter")
    return found


class _Reader:
    """A parser by recursive descent; each method reads what binds at least as tightly."""

    def __init__(self, tokens: list[str], definition: bool):
        self.tokens, self.place, self.depth, self.definition = tokens, 0, 0, definition

    @property
    def next(self) -> str:
        token = self.tokens[self.place] if self.place < len(self.tokens) else ""
        if token.startswith(_UNKNOWN):
            raise _Refused(f"the sign {quoted(token[1:])} cannot stand in it", LANGUAGE)
        return token

    def take(self) -> str:
        token = self.next
        self.place += 1
        return token

    def expect(self, sign: str) -> None:
        if self.next != sign:
            found = f"{quoted(self.next)} stands" if self.next else "it ends"
            wanted = f"where {quoted(sign)} should" if sign else "where it should end"
            raise _Refused(f"{found} {wanted}", LANGUAGE)
        self.place += 1

    def product(self) -> Node:
        factors = [self.power()]
        while self.next == ":":
            self.take()
            factors.append(self.power())
        if len(factors) > MOST_FACTORS:
            raise _Refused(f"it is a product of more than {MOST_FACTORS}", "use fewer factors")
        if any(isinstance(factor, Number) for factor in factors):
            raise _Refused("a number is no variable", LANGUAGE)
        return factors[0] if len(factors) == 1 else Operation(":", tuple(factors))

    def comparison(self) -> Node:
        left = self.sum()
        if self.next not in COMPARISONS:
            return left
        return Operation(self.take(), (left, self.sum()))

    def sum(self) -> Node:
        return self._left_to_right(("+", "-"), self.multiplication)

    def multiplication(self) -> Node:
        return self._left_to_right(("*", "/"), self.power)

    def _left_to_right(self, signs: tuple[str, ...], part: Callable[[], Node]) -> Node:
        node = part()
        while self.next in signs:
            sign = self.take()
            node = Operation(sign, (node, part()))
        return node

    def power(self) -> Node:
        base = self.atom()
        if self.next not in ("^", "**"):
            return base
        self.take()
        exponent = self.atom()
        if self.next in ("^", "**"):
            raise _Refused("a power of a power", "write one power")
        low, high = POWERS
        if isinstance(base, Number) or not isinstance(exponent, Number):
            raise _Refused("a power is of a variable, and a number", "write `a^2` or `a^0.5`")
        if not low <= exponent.value <= high:
            raise _Refused(
                f"the power {_number(exponent.value)} is not one of {low:g} to {high:g}",
                "write `a^2`, `a^3` or `a^0.5`",
            )
        return Operation("^", (base, exponent))

    def atom(self) -> Node:
        word = self.take()
        first = word[:1]
        if first == "-" and re.match(r"[\d.]", self.next):
            return Number(-self._number(self.take()))
        if first == "(" and self.definition:
            return self._within(self.comparison)
        if re.match(r"[\d.]", first):
            return Number(self._number(word))
        if not re.match(r"[A-Za-z_]", first):
            found = f"{quoted(word)} stands" if word else "it ends"
            raise _Refused(f"{found} where a variable should", LANGUAGE)
        return self._call(word) if self.next == "(" else Name(word)

    def _number(self, token: str) -> float:
        if len(token) > MOST_DIGITS:
            raise _Refused(f"a number of more than {MOST_DIGITS} digits", "round it")
        return float(token)

    def _within(self, part: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Refused(f"more than {DEEPEST} brackets one within another", "write it simpler")
        node = part()
        self.expect(")")
        self.depth -= 1
        return node

    def _call(self, function: str) -> Node:
        known = known_functions(definition=self.definition)
        if function not in known:
            elsewhere = function in FUNCTIONS
            where = "a definition" if self.definition else "a model's term"
            why = f"does not go into {where}" if elsewhere else "is not a function known here"
            raise _Refused(f"{quoted(function)} {why}", did_you_mean(function, known))
        self.take()
        return self._within(lambda: Call(function, tuple(self._arguments())))

    def _arguments(self) -> Iterator[Node]:
        read = self.comparison if self.definition else self.power
        yield read()
        while self.next == ",":
            self.take()
            yield read()


# --- nodes to text -----------------------------------------------------------------------------


def text_of(node: Node) -> str:
    """Return the one way to write a node.

    Examples
    --------
    >>> text_of(parse_term("a : bins( b,10, 50.0 )**2"))
    'a:bins(b, 10, 50)^2'
    """
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Number):
        return _number(node.value)
    if isinstance(node, Call):
        return f"{node.function}({', '.join(map(text_of, node.arguments))})"
    between = node.sign if node.sign in ":^" else f" {node.sign} "
    own = BINDING[node.sign]
    parts = [
        f"({text_of(part)})"
        if isinstance(part, Operation) and BINDING[part.sign] < own + bool(i)
        else text_of(part)
        for i, part in enumerate(node.parts)
    ]
    return between.join(parts)


def _number(value: float) -> str:
    whole = value == int(value)
    return str(int(value)) if whole else format(Decimal(repr(value)), "f")


def tidy(term: str) -> str:
    """Return the one way to write a term; what is none stays as it is.

    Names, ``a:b`` and ``C(a)`` are as they were, and with them the digests of models.
    """
    try:
        return text_of(parse_term(term))
    except CisflowError:
        return term


def tidy_made(term: str) -> str:
    """Return the one way to write a term with functions; parts of a balance are called ``a: b``."""
    written = tidy(term)
    return written if any(sign in written for sign in "(^") else term


def without_c(term: str) -> str:
    """Return a fixed effect without the ``C`` that it has anyway."""
    try:
        node = parse_term(term)
    except CisflowError:
        return term
    if isinstance(node, Call) and node.function == "C":
        return ", ".join(map(text_of, node.arguments))
    return term


# --- what is in it -----------------------------------------------------------------------------


def nodes_of(node: Node) -> Iterator[Node]:
    """Yield a node and all nodes in it, in the order of the text."""
    yield node
    for part in _parts(node):
        yield from nodes_of(part)


def _parts(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Call):
        return node.arguments
    return node.parts if isinstance(node, Operation) else ()


def names_in(node: Node) -> list[str]:
    """Return the variables in a node, each once, in the order of the text."""
    return list(dict.fromkeys(n.name for n in nodes_of(node) if isinstance(n, Name)))


def names_if_any(definition: str) -> list[str]:
    """Return the variables in a definition; none where it is no definition, as said elsewhere."""
    try:
        return names_in(parse_definition(definition))
    except CisflowError:
        return []


def columns_of(term: str) -> list[str]:
    """Return the columns of the panel a term is made of, each once, in the order of the text."""
    return names_in(parse_term(term))


def factors_of(term: str) -> tuple[Node, ...]:
    """Return the factors of an interaction; of any other term, the term."""
    node = parse_term(term)
    return node.parts if isinstance(node, Operation) and node.sign == ":" else (node,)


def is_column(factor: Node) -> bool:
    """Return whether a factor is a column of the panel, or ``C`` of one."""
    if isinstance(factor, Call) and factor.function == "C":
        factor = factor.arguments[0]
    return isinstance(factor, Name)


def kind_of(node: Node, kinds: Mapping[str, Kind]) -> tuple[Kind | None, list[Problem]]:
    """Return what kind of values a node has (None if that cannot be told), and why it has none.

    Parameters
    ----------
    node
        A term or a definition.
    kinds
        Kind of each variable there is.
    """
    if isinstance(node, Number):
        return Kind.AMOUNT, []
    if isinstance(node, Name):
        if node.name in kinds:
            return kinds[node.name], []
        what = f"{quoted(node.name)} is not a variable of the panel"
        return None, [Problem(what, did_you_mean(node.name, kinds))]
    if isinstance(node, Call):
        return _kind_of_call(node, kinds)
    return _kind_of_operation(node, kinds)


def _kind_of_call(node: Call, kinds: Mapping[str, Kind]) -> tuple[Kind | None, list[Problem]]:
    function, whole = FUNCTIONS[node.function], quoted(text_of(node))
    of, bounds = node.arguments, node.arguments[1:]
    if node.function == "bins":
        of = of[:1]
        values = [b.value for b in bounds if isinstance(b, Number)]
        rising = all(a < b for a, b in pairwise(values))
        if not 1 <= len(bounds) <= MOST_BOUNDS or len(values) < len(bounds) or not rising:
            what = f"{whole}: after the variable come 1 to {MOST_BOUNDS} rising numbers"
            return None, [Problem(what, "write it as `bins(employees, 10, 50, 250)`")]
    if function.last is not None and len(of) != function.most:
        what = f"{whole}: `{node.function}` is of {function.most} variables, here of {len(of)}"
        return None, [Problem(what, f"write it as `{node.function}(a, flag)`")]
    if function.most is not None and len(of) > function.most:
        what = f"{whole}: `{node.function}` is of one variable, here of {len(of)}"
        return None, [Problem(what, f"write it as `{node.function}(a)`")]
    found = [kind_of(part, kinds) for part in of]
    problems = [problem for _, part in found for problem in part]
    if node.function in ("log", "log1p", "sqrt", "bins", "lag", "C"):
        problems += [
            Problem(
                f"{whole}: `{part.function}` is of the firms of the sample and stands outermost",
                f"write `{part.function}({node.function}(…))`, or leave it out",
            )
            for argument in of
            for part in nodes_of(argument)
            if isinstance(part, Call) and part.function in CENTRED
        ]
    takes = [function.takes] * (len(of) - 1) + [function.last or function.takes]
    for part, (kind, _), wanted in zip(of, found, takes, strict=True):
        if isinstance(part, Number):
            problems.append(Problem(f"{whole}: a number is no variable", LANGUAGE))
        elif kind is not None and kind not in wanted:
            problems.append(_wrong_kind(whole, node.function, part, kind, wanted))
    known = [kind for kind, _ in found if kind is not None]
    return (function.gives(known) if known and not problems else None), problems


def _wrong_kind(
    whole: str, function: str, part: Node, kind: Kind, wanted: frozenset[Kind]
) -> Problem:
    what = f"{whole}: {quoted(text_of(part))} is {kind}"
    if function != "C":
        place = "ends with" if wanted == FUNCTIONS[function].last else "is of"
        return Problem(what, f"`{function}` {place} {' or '.join(sorted(wanted))}")
    if kind == Kind.IDENTIFIER:
        return Problem(f"{what}, and those are never levels", "use an industry, region or class")
    remedy = f"make classes of it, such as `bins({text_of(part)}, 10, 50)`, or enter it as it is"
    return Problem(f"{what}, and those are never levels", remedy)


def _kind_of_operation(
    node: Operation, kinds: Mapping[str, Kind]
) -> tuple[Kind | None, list[Problem]]:
    found = [kind_of(part, kinds) for part in node.parts]
    problems = [problem for _, part in found for problem in part]
    known = [kind for kind, _ in found if kind is not None]
    refused = {Kind.IDENTIFIER} if node.sign == ":" else set(Kind) - NUMERIC
    if node.sign in ("^", *COMPARISONS):
        refused.add(Kind.FLAG)
    problems += [
        Problem(
            f"{quoted(text_of(node))}: {quoted(text_of(part))} is {kind}",
            f"`{node.sign}` is of numbers" if node.sign != ":" else "leave it out",
        )
        for part, (kind, _) in zip(node.parts, found, strict=True)
        if kind in refused
    ]
    if problems:
        return None, problems
    if node.sign in COMPARISONS:
        return Kind.FLAG, []
    if node.sign == ":":
        return (Kind.CLASS if Kind.CLASS in known else Kind.AMOUNT), []
    return Kind.AMOUNT, []
