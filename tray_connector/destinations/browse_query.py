"""A `Question` as SQL: the conditions, the order and the place where a page begins, for either database."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tray_connector.destinations.base import FileRow
from tray_connector.destinations.browse import PAGE, SEARCHED, TEXTS, Position, Question
from tray_connector.destinations.column_kinds import KEY_OF, KINDS, Kind
from tray_connector.model.errors import InternalError
from tray_connector.model.records import LARGE_FIELDS, Attachment, Table, Texts

FILE_COLUMNS = (
    "attachment_id",
    "filename",
    "content_type",
    "byte_size",
    "inline",
    "email_id",
    "state",
    "sha256",
    "path",
)
_LETTERS = range(0xC0, 0x180)


def _base_letters() -> tuple[str, str]:
    """Accented letters of Latin-1 and Latin Extended-A, capitals too, beside the letter they are found by."""
    pairs = [(chr(code), unicodedata.normalize("NFKD", chr(code).lower())[0]) for code in _LETTERS]
    found = [(letter, base) for letter, base in pairs if letter != base and base.isalpha()]
    return "".join(letter for letter, _ in found), "".join(base for _, base in found)


ACCENTED, PLAIN = _base_letters()
ACCENTS = "".join(map(chr, range(0x300, 0x370)))
_FOLDED = str.maketrans(ACCENTED, PLAIN, ACCENTS)


def fold(text: str) -> str:
    """Equal for texts that differ in case or accents only: ``BÄCKEREI`` is found by ``backerei``."""
    lower = text.lower()
    return lower if lower.isascii() else lower.translate(_FOLDED)


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a database says it."""

    mark: str
    quote: Callable[[str], str]
    prefix: str
    """Before a table's name."""
    readable: Callable[[str, Kind], str]
    """A column as it is selected."""
    ordered: Callable[[str, Kind], str]
    """A column as rows are put in order by it: null where there is nothing."""
    filled: Callable[[str], str]
    """Whether a list holds anything."""
    holds: Callable[[str], str]
    """Whether a list holds the value of one placeholder."""
    contains: Callable[[Sequence[tuple[str, Kind]]], str]
    """Whether one of these columns holds the folded text of one placeholder."""


@dataclass(slots=True)
class Query:
    """A statement and what is bound to it."""

    words: str
    values: list[Any] = field(default_factory=list)


def select_page(question: Question, after: Position | None, categories: Texts, spelling: Spelling) -> list[Query]:
    """Statements whose rows, one after the other, are the next page: all columns (the large ones empty), categories,
    and last the value in the order. At most `PAGE` + 1 rows are wanted; the later statements are for what is missing.
    """
    table, key, order = question.table, KEY_OF[question.table], _order(question, spelling)
    direction = "DESC" if question.descending else "ASC"
    queries = []
    for condition, values in _places(order, key, question.descending, after, spelling.mark):
        where = _conditions(question, categories, spelling)
        where.words, where.values = _joined([where.words, condition]), where.values + values
        # The keys first: a whole row is read only for those that are shown.
        chosen = (
            f"SELECT {key} AS chosen_key, {order} AS chosen_order FROM {spelling.prefix}{table} AS {table}{where.words}"
            f" ORDER BY chosen_order {direction} NULLS LAST, {key} LIMIT {PAGE + 1}"
        )
        columns = ", ".join(_columns(table, categories, spelling))
        words = (
            f"SELECT {columns}, chosen_order FROM ({chosen}) AS chosen"
            f" JOIN {spelling.prefix}{table} AS {table} ON {table}.{key} = chosen_key"
            f" ORDER BY chosen_order {direction} NULLS LAST, {key}"
        )
        queries.append(Query(words, where.values))
    return queries


def in_parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many of them as are read with one statement."""
    return (keys[first : first + PAGE] for first in range(0, len(keys), PAGE))


def select_count(question: Question, categories: Texts, spelling: Spelling) -> Query:
    """How many rows there are."""
    where = _conditions(question, categories, spelling)
    where.words = f"SELECT count(*) FROM {spelling.prefix}{question.table} AS {question.table}{_joined([where.words])}"
    return where


def select_keys(question: Question, categories: Texts, spelling: Spelling) -> Query:
    """The keys of all rows, in order: whole rows would fill the disk while they are put in order."""
    found = _conditions(question, categories, spelling)
    key, direction = KEY_OF[question.table], "DESC" if question.descending else "ASC"
    found.words = (
        f"SELECT {key}, {_order(question, spelling)} AS chosen_order FROM {spelling.prefix}{question.table}"
        f" AS {question.table}{_joined([found.words])} ORDER BY chosen_order {direction} NULLS LAST, {key}"
    )
    return found


def select_rows(table: Table, keys: Sequence[str], categories: Texts, spelling: Spelling) -> Query:
    """These rows with their large columns, in no order; the first column is the key."""
    columns = ", ".join(_columns(table, categories, spelling, large=True))
    marks = ", ".join([spelling.mark] * len(keys))
    words = f"SELECT {columns} FROM {spelling.prefix}{table} AS {table} WHERE {KEY_OF[table]} IN ({marks})"
    return Query(words, list(keys))


def select_whole(table: Table, key: str, categories: Texts, spelling: Spelling) -> Query:
    """One row with its large columns."""
    columns = ", ".join(_columns(table, categories, spelling, large=True))
    words = f"SELECT {columns} FROM {spelling.prefix}{table} AS {table} WHERE {KEY_OF[table]} = {spelling.mark}"
    return Query(words, [key])


def select_files(email_id: str, spelling: Spelling) -> Query:
    """What is noted of an e-mail's files, for `file_row`."""
    columns = ", ".join(spelling.quote(name) for name in FILE_COLUMNS)
    words = f"SELECT {columns} FROM {spelling.prefix}attachments WHERE email_id = {spelling.mark}"
    return Query(f"{words} ORDER BY inline, filename, attachment_id", [email_id])


def file_row(row: Sequence[Any]) -> FileRow:
    """A row of `select_files`."""
    attachment_id, filename, content_type, byte_size, inline, email_id, state, sha256, path = row
    attachment = Attachment(
        attachment_id=str(attachment_id),
        filename=filename,
        content_type=content_type,
        byte_size=byte_size if isinstance(byte_size, int) else None,
        inline=bool(inline),
    )
    return FileRow(attachment, str(email_id), state, sha256, path)


def _columns(table: Table, categories: Texts, spelling: Spelling, *, large: bool = False) -> list[str]:
    columns = [
        "NULL" if name in LARGE_FIELDS and not large else spelling.readable(f"{table}.{spelling.quote(name)}", kind)
        for name, kind in KINDS[table].items()
    ]
    return columns + [f"{table}.{spelling.quote(name)}" for name in categories]


def _order(question: Question, spelling: Spelling) -> str:
    kind = KINDS[question.table].get(question.order)
    if kind is None:
        raise InternalError("unknown-column", "A column does not exist", f"{question.table}.{question.order}")
    return spelling.ordered(f"{question.table}.{spelling.quote(question.order)}", kind)


def _places(order: str, key: str, descending: bool, after: Position | None, mark: str) -> list[tuple[str, list[Any]]]:
    """Where to begin: behind a value, then among the rows without one."""
    if after is None:
        return [("", [])]
    if after.value is None:
        return [(f"{order} IS NULL AND {key} > {mark}", [after.key])]
    beyond = "<" if descending else ">"
    # The first comparison alone is what an index can serve.
    behind = f"{order} {beyond}= {mark} AND ({order} {beyond} {mark} OR {key} > {mark})"
    return [(behind, [after.value, after.value, after.key]), (f"{order} IS NULL", [])]


def _conditions(question: Question, categories: Texts, spelling: Spelling) -> Query:
    table = question.table
    found = Query("")
    parts: list[str] = []

    def column(name: str) -> str:
        return f"{table}.{spelling.quote(name)}"

    if not question.deleted:
        parts.append(f"NOT {column('deleted')}")
    if question.uncategorised:
        parts += [f"NOT {spelling.filled(column(name))}" for name in categories]
    if question.category is not None:
        if question.category not in categories:
            raise InternalError("unknown-column", "A category has no column", question.category)
        parts.append(spelling.filled(column(question.category)))
        if question.label is not None:
            parts.append(spelling.holds(column(question.category)))
            found.values.append(question.label)
    names = SEARCHED[table] + (TEXTS[table] if question.in_texts else ())
    for word in question.words:
        parts.append(spelling.contains([(column(name), KINDS[table][name]) for name in names]))
        found.values.append(fold(word))
    found.words = " AND ".join(parts)
    return found


def _joined(conditions: Sequence[str]) -> str:
    words = " AND ".join(f"({condition})" for condition in conditions if condition)
    return f" WHERE {words}" if words else ""
