"""What is there in a schema of PostgreSQL, as far as it concerns us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tray_connector.destinations.column_kinds import COLUMNS_OF
from tray_connector.destinations.postgres_connection import Connection, pipeline

META = "tray_connector_meta"
OUR_TABLES = (META, *COLUMNS_OF)
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is there."""

    type: str
    """As a person writes it: ``character varying(20)``."""
    base: str
    """As the catalogue names it: ``varchar``."""
    generated: bool
    """Computed, or an identity: it cannot be written."""
    required: bool
    """Never null, and without a value of its own."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, or something else that bears a name of ours."""

    kind: str
    """`relkind`: r and p are tables."""
    rights: frozenset[str]
    """Of `RIGHTS`, those that our role has."""
    columns: Mapping[str, Column]
    unique: frozenset[str]
    """Columns that are the primary key, or unique by themselves."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """What a look at the schema found."""

    schema: str
    role: str
    exists: bool
    usable: bool
    """Our role may use the schema."""
    relations: Mapping[str, Relation]
    """Of `OUR_TABLES`, those that are there."""
    indexes: frozenset[str]
    """Names of all indexes of the schema."""

    def columns(self, table: str) -> Mapping[str, Column]:
        """A table's columns; empty where there is none."""
        relation = self.relations.get(table)
        return relation.columns if relation is not None else {}


_SCHEMA = """
SELECT current_user, space.oid IS NOT NULL, COALESCE(has_schema_privilege(space.oid, 'USAGE'), false)
FROM (SELECT 1) AS one LEFT JOIN pg_namespace AS space ON space.nspname = %(schema)s
"""
_RELATIONS = """
SELECT c.relname, c.relkind::text, ARRAY(
  SELECT word FROM unnest(%(rights)s::text[]) AS word
  WHERE c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, word)
)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relname = ANY(%(tables)s)
"""
_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), t.typname,
  a.attgenerated <> '' OR a.attidentity = 'a',
  a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_type AS t ON t.oid = a.atttypid
WHERE n.nspname = %(schema)s AND c.relname = ANY(%(tables)s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum
"""
_UNIQUE = """
SELECT c.relname, a.attname
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
WHERE n.nspname = %(schema)s AND c.relname = ANY(%(tables)s) AND i.indisunique AND i.indisvalid AND i.indimmediate
  AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnkeyatts = 1
"""
_INDEXES = """
SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind IN ('i', 'I')
"""


def read_catalog(connection: Connection, schema: str) -> Catalog:
    """One round trip. `psycopg.Error`; every role may look."""
    names = {"schema": schema, "tables": list(OUR_TABLES), "rights": list(RIGHTS)}
    with pipeline(connection):
        cursors = [
            connection.execute(words, names) for words in (_SCHEMA, _RELATIONS, _COLUMNS, _UNIQUE, _INDEXES)
        ]  # fmt: skip
    found, relations, columns, unique, indexes = (cursor.fetchall() for cursor in cursors)
    role, exists, usable = found[0]
    return Catalog(
        schema=schema,
        role=role,
        exists=exists,
        usable=usable,
        relations={
            name: Relation(
                kind,
                frozenset(rights),
                {row[1]: Column(*row[2:]) for row in columns if row[0] == name},
                frozenset(row[1] for row in unique if row[0] == name),
            )
            for name, kind, rights in relations
        },
        indexes=frozenset(row[0] for row in indexes),
    )
