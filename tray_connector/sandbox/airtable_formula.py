"""The formulas that the sandbox's Airtable understands in `filterByFormula`; every other one is refused.

Comparisons of fields, texts and numbers, joined by AND, OR and NOT, with RECORD_ID(), BLANK(), TRUE() and FALSE().
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tray_connector.sandbox.airtable_errors import Refusal
from tray_connector.sandbox.airtable_state import Row, Table
from tray_connector.sandbox.airtable_values import computed_value

Value = str | float | bool | None
Evaluate = Callable[[Row], Value]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<field>\{(?:\\.|[^\\}])*\})
      | (?P<text>'(?:\\.|[^\\'])*'|"(?:\\.|[^\\"])*")
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<name>[A-Za-z_]+)
      | (?P<sign><=|>=|!=|[=<>(),])
    )""",
    re.VERBOSE | re.DOTALL,
)
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "=": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        ">": operator.gt,
        "<=": operator.le,
        ">=": operator.ge,
    }
)
_CONSTANTS: Mapping[str, Value] = MappingProxyType({"TRUE": True, "FALSE": False, "BLANK": None})


def row_filter(text: str, table: Table) -> Callable[[Row], bool]:
    """Whether a record is kept: the result is none of 0, false, empty. Raises the 422 of an invalid formula."""
    try:
        evaluate = _Parser(_tokens(text), table).whole()
    except RecursionError:
        raise _invalid() from None
    return lambda row: bool(evaluate(row))


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _invalid()
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


class _Parser:
    """Reads one formula from its tokens."""

    def __init__(self, tokens: list[tuple[str, str]], table: Table) -> None:
        self._tokens = [*tokens, ("end", "")]
        self._table = table

    def whole(self) -> Evaluate:
        found = self._comparison()
        if self._tokens[0][0] != "end":
            raise _invalid()
        return found

    def _comparison(self) -> Evaluate:
        left = self._operand()
        kind, sign = self._tokens[0]
        if kind != "sign" or sign not in _COMPARISONS:
            return left
        self._tokens.pop(0)
        right = self._operand()
        return lambda row: _compared(sign, left(row), right(row))

    def _operand(self) -> Evaluate:
        kind, text = self._tokens.pop(0)
        match kind:
            case "field":
                return self._field(text[1:-1])
            case "text":
                value: Value = re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
                return lambda _: value
            case "number":
                number = float(text)
                return lambda _: number
            case "name":
                return self._function(text.upper())
            case "sign" if text == "(":
                inner = self._comparison()
                self._expect(")")
                return inner
            case _:
                raise _invalid()

    def _function(self, name: str) -> Evaluate:
        self._expect("(")
        arguments = self._arguments()
        if name in _CONSTANTS and not arguments:
            value = _CONSTANTS[name]
            return lambda _: value
        if name == "RECORD_ID" and not arguments:
            return lambda row: row.id
        if name == "AND" and arguments:
            return lambda row: all(bool(each(row)) for each in arguments)
        if name == "OR" and arguments:
            return lambda row: any(bool(each(row)) for each in arguments)
        if name == "NOT" and len(arguments) == 1:
            return lambda row: not arguments[0](row)
        raise _invalid()

    def _arguments(self) -> list[Evaluate]:
        arguments: list[Evaluate] = []
        if self._tokens[0] == ("sign", ")"):
            self._tokens.pop(0)
            return arguments
        while True:
            arguments.append(self._comparison())
            if self._tokens[0] != ("sign", ","):
                self._expect(")")
                return arguments
            self._tokens.pop(0)

    def _field(self, name: str) -> Evaluate:
        try:
            column = self._table.field_of(re.sub(r"\\(.)", r"\1", name, flags=re.DOTALL))
        except Refusal:
            raise _invalid(f"Unknown field names: {name.lower()}") from None

        def evaluate(row: Row) -> Value:
            value = row.cells.get(column.id)
            if value is None:
                value = computed_value(column, row)
            if isinstance(value, list):
                return ", ".join(str(getattr(each, "filename", each)) for each in value)
            return value if isinstance(value, (str, float, int, bool)) else None

        return evaluate

    def _expect(self, sign: str) -> None:
        if self._tokens.pop(0) != ("sign", sign):
            raise _invalid()


def _compared(sign: str, left: Value, right: Value) -> bool:
    """A blank equals an empty text, 0 and false; a text and a number are never equal and not ordered."""
    if left is None:
        left = "" if right is None or isinstance(right, str) else 0
    if right is None:
        right = "" if isinstance(left, str) else 0
    if isinstance(left, str) is not isinstance(right, str):
        return sign == "!="
    return _COMPARISONS[sign](left, right)


def _invalid(detail: str = "Invalid formula. Please check your formula text.") -> Refusal:
    return Refusal(422, "INVALID_FILTER_BY_FORMULA", f"The formula for filtering records is invalid: {detail}")
