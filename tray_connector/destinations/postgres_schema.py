"""The tables of the PostgreSQL destination: what must be there, what is missing, what is in the way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tray_connector.destinations.column_kinds import COLUMNS_OF, KEY_OF, TABLES, Kind
from tray_connector.destinations.postgres_catalog import META, OUR_TABLES, Catalog, Column
from tray_connector.destinations.shapes import quote
from tray_connector.model.errors import ConfigError

VERSION = 1
"""Of the tables; noted as ``schema_version`` in `META`. What a later version adds names it in `since`."""
_DECLARED = {
    Kind.TEXT: "text",
    Kind.INTEGER: "integer",
    Kind.BOOLEAN: "boolean NOT NULL DEFAULT false",
    Kind.TIME: "timestamptz",
    Kind.DATE: "date",
    Kind.LIST: "text[] NOT NULL DEFAULT '{}'",
}
_SPECIAL = {
    ("attachments", "byte_size"): "bigint",
    ("attachments", "state"): "text NOT NULL DEFAULT 'waiting'",
    (META, "value"): "text NOT NULL",
}
_ALLOWED = {
    Kind.TEXT: ("text", "varchar", "citext"),
    Kind.INTEGER: ("int4", "int8", "numeric"),
    Kind.BOOLEAN: ("bool",),
    Kind.TIME: ("timestamptz",),
    Kind.DATE: ("date",),
    Kind.LIST: ("_text", "_varchar"),
}
_KINDS = {"v": "view", "m": "materialized view", "f": "foreign table", "S": "sequence", "i": "index", "c": "type"}
_KEYS = {**KEY_OF, META: "key"}
_COLUMNS = {META: {"key": Kind.TEXT, "value": Kind.TEXT}, **COLUMNS_OF}
_NEEDED = dict.fromkeys(OUR_TABLES, ("SELECT", "INSERT", "UPDATE")) | {
    "attachments": ("SELECT", "INSERT", "UPDATE", "DELETE")
}
_SYSTEM_COLUMNS = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})


@dataclass(frozen=True, slots=True)
class Index:
    """An index for what people ask."""

    table: str
    column: str
    method: str = "btree"
    condition: str = ""
    since: int = 1

    @property
    def name(self) -> str:
        """Unique in the schema."""
        return f"tray_connector_{self.table}_{self.column}"

    def create(self, schema: str) -> str:
        """The statement."""
        place = f"{quote(schema)}.{self.table} USING {self.method} ({self.column})"
        return f"CREATE INDEX {self.name} ON {place}{self.condition}"


INDEXES = (
    Index("tasks", "updated_at"),
    Index("tasks", "due_date"),
    Index("tasks", "project_id"),
    Index("tasks", "tags", "gin"),
    Index("tasks", "deleted_at", condition=" WHERE deleted"),
    Index("emails", "received_at"),
    Index("emails", "conversation_id"),
    Index("emails", "labels", "gin"),
    Index("emails", "deleted_at", condition=" WHERE deleted"),
    Index("attachments", "email_id"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What brings a schema into shape."""

    needed: Sequence[str]
    """Statements without which nothing can be written."""
    helpful: Sequence[str]
    """Statements for indexes."""

    @property
    def statements(self) -> list[str]:
        """All, in order."""
        return [*self.needed, *self.helpful]


def plan(catalog: Catalog, version: int) -> Plan:
    """What is missing in tables that were made by this version of ours (0: none). An index that somebody dropped
    stays dropped.
    """
    needed = [] if catalog.exists else [f"CREATE SCHEMA {quote(catalog.schema)}"]
    for table, columns in _COLUMNS.items():
        place = f"{quote(catalog.schema)}.{table}"
        if table not in catalog.relations:
            listed = ", ".join(f"{name} {_declared(table, name)}" for name in columns)
            needed.append(f"CREATE TABLE {place} ({listed})")
            continue
        found = catalog.columns(table)
        needed += [
            f"ALTER TABLE {place} ADD COLUMN {name} {_declared(table, name)}" for name in columns if name not in found
        ]
    helpful = [
        index.create(catalog.schema)
        for index in INDEXES
        if (index.since > version or index.table not in catalog.relations) and index.name not in catalog.indexes
    ]
    return Plan(needed, helpful)


def plan_categories(catalog: Catalog, names: Iterable[str]) -> list[str]:
    """The columns that categories lack."""
    return [
        f"ALTER TABLE {quote(catalog.schema)}.{table} ADD COLUMN {quote(name)} {_DECLARED[Kind.LIST]}"
        for name in names
        for table in TABLES
        if name not in catalog.columns(table)
    ]


def missing_columns(catalog: Catalog, categories: Collection[str] = ()) -> list[str]:
    """What of ours is not there (any more): ``tasks.name``, or a table's name where the whole table is gone."""
    absent = []
    for table, columns in _COLUMNS.items():
        found = catalog.columns(table)
        if not found:
            absent.append(table)
            continue
        wanted = (*columns, *categories) if table in TABLES else tuple(columns)
        absent += [f"{table}.{name}" for name in wanted if name not in found]
    return absent


def refuse_obstacles(catalog: Catalog, categories: Iterable[str] = ()) -> None:
    """`ConfigError` that names all that is in the way, and how it is cleared."""
    obstacles = [*_obstacles(catalog), *_category_obstacles(catalog, categories)]
    if obstacles:
        mends = [mend for _, mend in obstacles if mend]
        raise ConfigError(
            "postgres-table-in-the-way",
            "The database holds something else under our names",
            "; ".join(words for words, _ in obstacles),
            f"Choose another schema in PG_SCHEMA, or: {hand_over(mends)}" if mends else "Rename the category.",
        )


def refuse_missing_rights(catalog: Catalog) -> None:
    """`ConfigError` that names every right our role lacks, with the statements that grant them."""
    lacking = {
        table: [right for right in _NEEDED[table] if right not in relation.rights]
        for table, relation in catalog.relations.items()
    }
    words = [f"{', '.join(rights)} on {table}" for table, rights in lacking.items() if rights]
    if catalog.exists and not catalog.usable:
        words.insert(0, f"USAGE on the schema {catalog.schema}")
    if words:
        raise ConfigError(
            "postgres-right-missing",
            "A right is missing in the database",
            f"The role {catalog.role} lacks {'; '.join(words)}.",
            hand_over(grants(catalog)),
        )


def grants(catalog: Catalog) -> list[str]:
    """The statements that give our role all it needs on tables that somebody else made."""
    schema, role = quote(catalog.schema), quote(catalog.role)
    return [
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        *(f"GRANT {', '.join(rights)} ON {schema}.{table} TO {role}" for table, rights in _NEEDED.items()),
    ]


def hand_over(statements: Iterable[str]) -> str:
    """A hint with statements for an administrator."""
    lines = "\n".join(f"{statement};" for statement in statements)
    return f"Let an administrator of the database run:\n{lines}\nAfter that we go on by ourselves."


def _declared(table: str, name: str) -> str:
    if name == _KEYS[table]:
        return "text PRIMARY KEY"
    return _SPECIAL.get((table, name)) or _DECLARED[_COLUMNS[table][name]]


Obstacle = tuple[str, str]
"""What is in the way, and the statement that clears it."""


def _obstacles(catalog: Catalog) -> Iterator[Obstacle]:
    for table, relation in catalog.relations.items():
        place, old = f"{quote(catalog.schema)}.{table}", quote(f"{table}_old")
        if relation.kind not in ("r", "p"):
            kind = _KINDS.get(relation.kind, "relation")
            article = "an" if kind == "index" else "a"
            yield f"there is {article} {kind} named {table}", f"ALTER {kind.upper()} {place} RENAME TO {old}"
            continue
        key = _KEYS[table]
        column = relation.columns.get(key)
        away = f"ALTER TABLE {place} RENAME TO {old}"
        if column is None or (table == META and "value" not in relation.columns):
            yield f"the table {table} is not ours: it has no column {key if column is None else 'value'}", away
        elif column.base not in _ALLOWED[Kind.TEXT] or column.generated:
            yield f"the key {table}.{key} is {_as_found(column)}, expected is text", away
        elif key not in relation.unique:
            yield f"{table}.{key} is neither the primary key nor unique", away
        else:
            yield from _wrong_columns(catalog, table)


def _wrong_columns(catalog: Catalog, table: str) -> Iterator[Obstacle]:
    place = f"{quote(catalog.schema)}.{table}"
    for name, column in catalog.columns(table).items():
        kind = _COLUMNS[table].get(name)
        if kind is None:
            if column.required and not column.generated:
                words = f"{table}.{name} must not be null and has no default, and we leave it empty"
                yield words, f"ALTER TABLE {place} ALTER COLUMN {quote(name)} DROP NOT NULL"
        elif column.base not in _ALLOWED[kind] or column.generated:
            yield _wrong(catalog, table, name, column, _declared(table, name).split()[0])


def _category_obstacles(catalog: Catalog, categories: Iterable[str]) -> Iterator[Obstacle]:
    fixed = {name.lower() for table in TABLES for name in COLUMNS_OF[table]} | _SYSTEM_COLUMNS
    for name in categories:
        if name.lower() in fixed:
            yield f"the label category {name} has the name of a fixed column", ""
            continue
        for table in TABLES:
            column = catalog.columns(table).get(name)
            if column is not None and (column.base not in _ALLOWED[Kind.LIST] or column.generated):
                yield _wrong(catalog, table, name, column, "text[]")


def _wrong(catalog: Catalog, table: str, name: str, column: Column, expected: str) -> Obstacle:
    place, old = f"{quote(catalog.schema)}.{table}", quote(f"{name}_old")
    words = f"{table}.{name} is {_as_found(column)}, expected is {expected}"
    return words, f"ALTER TABLE {place} RENAME COLUMN {quote(name)} TO {old}"


def _as_found(column: Column) -> str:
    return f"computed ({column.type})" if column.generated else column.type
