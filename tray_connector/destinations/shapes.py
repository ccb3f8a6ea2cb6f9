"""Writes as rows of a SQL database: which of them one statement can serve, that statement, and its values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from tray_connector.destinations.base import FileRow, Write
from tray_connector.destinations.column_kinds import ATTACHMENT_FACTS, KEY_OF, KINDS, Kind
from tray_connector.model.errors import InternalError
from tray_connector.model.records import Attachment, Email, Table, Texts, key_of, table_of

Value = str | int | None
"""What is bound to a placeholder."""
FILE_FACTS = ("sha256", "path", "state")
Encoder = Callable[[Write], tuple[Value, ...]]
BODIES = ("body_text", "body_html")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a database spells names and takes values."""

    mark: str
    """A placeholder."""
    quote: Callable[[str], str]
    """Any text as an identifier."""
    prefix: str
    """What stands before a table's name."""
    encoders: Mapping[Kind, Callable[..., Value]]
    """For values that are there."""
    absent: Mapping[Kind, Value]


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rows of one statement have in common."""

    table: Table
    columns: Texts | None
    """None: whole rows. Otherwise the columns to be updated, without the key."""
    categories: Texts
    keep_bodies: bool

    @property
    def names(self) -> Texts:
        """The fixed columns, in the order of the values."""
        return tuple(KINDS[self.table]) if self.columns is None else self.columns

    @property
    def key(self) -> str:
        """The key's column."""
        return KEY_OF[self.table]


def quote(name: str) -> str:
    """Any text as an identifier of standard SQL."""
    return '"' + name.replace('"', '""') + '"'


def shape_of(write: Write) -> Shape:
    """The shape of one write. `InternalError` for columns that do not exist."""
    table = table_of(write.record)
    keep_bodies = isinstance(write.record, Email) and write.record.body_missing
    columns = write.columns
    if columns is not None:
        unknown = [name for name in columns if name not in KINDS[table]]
        if unknown:
            raise InternalError("unknown-column", "A column does not exist", f"{table}: {', '.join(unknown)}")
        left_out = {KEY_OF[table], *(BODIES if keep_bodies else ())}
        columns = tuple(name for name in columns if name not in left_out)
    return Shape(table, columns, tuple(write.categories), keep_bodies)


def statement(shape: Shape, dialect: Dialect) -> str:
    """Takes the values of `encoder`. Columns that are not named keep what they hold."""
    names: list[str] = [dialect.quote(name) for name in (*shape.names, *shape.categories)]
    table = f"{dialect.prefix}{shape.table} AS {shape.table}"
    if shape.columns is not None:
        settings = ", ".join(f"{name} = {dialect.mark}" for name in names) or f"{shape.key} = {shape.key}"
        return f"UPDATE {table} SET {settings} WHERE {shape.table}.{shape.key} = {dialect.mark}"
    settings = ", ".join(
        _assignment(shape, name, dialect.quote(name))
        for name in (*shape.names, *shape.categories)
        if name != shape.key
    )  # fmt: skip
    marks = ", ".join([dialect.mark] * len(names))
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT ({shape.key}) DO UPDATE SET {settings}"
    )


def _assignment(shape: Shape, name: str, column: str) -> str:
    if shape.keep_bodies and name in BODIES:
        return f"{column} = COALESCE({shape.table}.{column}, excluded.{column})"
    return f"{column} = excluded.{column}"


def encoder(shape: Shape, dialect: Dialect) -> Encoder:
    """Gives the values of a write for `statement`. ValueError, TypeError, AttributeError, OverflowError when one has
    not the form that records promise. Made once for many rows.
    """
    kinds = KINDS[shape.table]
    columns = [(name, dialect.encoders[kinds[name]], dialect.absent[kinds[name]]) for name in shape.names]
    encode_list = dialect.encoders[Kind.LIST]

    def encode(write: Write) -> tuple[Value, ...]:
        record = write.record
        row: list[Value] = []
        for name, encode_one, absent in columns:
            value = getattr(record, name)
            row.append(absent if value is None else encode_one(value))
        row += [encode_list(write.categories[name]) for name in shape.categories]
        if shape.columns is not None:
            row.append(key_of(record))
        return tuple(row)

    return encode


def upsert_attachment(dialect: Dialect) -> str:
    """Takes the values of `attachment_values`. A stored `state`, `path` and `sha256` stay."""
    names = ("attachment_id", *ATTACHMENT_FACTS)
    settings = ", ".join(f"{name} = excluded.{name}" for name in ATTACHMENT_FACTS)
    return (
        f"INSERT INTO {dialect.prefix}attachments ({', '.join(names)}, state)"
        f" VALUES ({', '.join([dialect.mark] * len(names))}, 'waiting')"
        f" ON CONFLICT (attachment_id) DO UPDATE SET {settings}"
    )


def note_file(dialect: Dialect) -> str:
    """Takes the values of `file_values`. Inserts or updates, but only where the e-mail has a row."""
    names = ("attachment_id", *ATTACHMENT_FACTS, *FILE_FACTS)
    settings = ", ".join(f"{name} = excluded.{name}" for name in (*ATTACHMENT_FACTS, *FILE_FACTS))
    return (
        f"INSERT INTO {dialect.prefix}attachments ({', '.join(names)}) SELECT {', '.join([dialect.mark] * len(names))}"
        f" WHERE EXISTS (SELECT 1 FROM {dialect.prefix}emails AS emails WHERE emails.email_id = {dialect.mark})"
        f" ON CONFLICT (attachment_id) DO UPDATE SET {settings}"
    )


def file_values(file: FileRow, dialect: Dialect) -> tuple[Value, ...]:
    """Those of `attachment_values`, `FILE_FACTS`, and the e-mail's id."""
    facts = attachment_values(file.email_id, file.attachment, dialect)
    return (*facts, file.sha256, file.path, file.state, file.email_id)


def attachment_values(email_id: str, file: Attachment, dialect: Dialect) -> tuple[Value, ...]:
    """The id, then `ATTACHMENT_FACTS`."""
    encode = dialect.encoders
    texts = [encode[Kind.TEXT](text) if text else None for text in (file.filename, file.content_type)]
    size = None if file.byte_size is None else encode[Kind.INTEGER](file.byte_size)
    return (file.attachment_id, email_id, *texts, size, encode[Kind.BOOLEAN](file.inline))


def pieces(ids: Iterable[str], size: int) -> Iterator[list[str]]:
    """The ids in lists of at most `size`."""
    iterator = iter(ids)
    while piece := list(islice(iterator, size)):
        yield piece
