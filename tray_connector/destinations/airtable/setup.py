"""The base made ready: tables and columns found, compared, and created where they are missing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from tray_connector.config.clock import Clock, Stop
from tray_connector.destinations.airtable.client import AirtableClient
from tray_connector.destinations.airtable.columns import Column
from tray_connector.destinations.airtable.errors import Refusal, RefusedError, explained
from tray_connector.destinations.airtable.schema import (
    BaseTable,
    Difference,
    difference,
    found,
    may_not_create,
    other_case,
    table_of_answer,
    tables_of,
    wrong_types,
)
from tray_connector.destinations.column_kinds import TABLES
from tray_connector.model.errors import ConfigError
from tray_connector.model.records import Table

_TABLE_ID = re.compile(r"tbl[0-9A-Za-z]{14}")
_DESCRIPTIONS: Mapping[Table, str] = {"tasks": "Tasks from Teamwork", "emails": "E-mails from Missive"}


class Setup:
    """Reads and completes the schema of one base. `names`: each table's name or id."""

    def __init__(self, client: AirtableClient, names: Mapping[Table, str], zone: ZoneInfo, clock: Clock) -> None:
        self._client = client
        self._names = names
        self._zone = zone
        self._clock = clock

    def read(self, stop: Stop) -> dict[Table, BaseTable | None]:
        """Our tables as they are, None for one that is missing. One call."""
        try:
            answer = self._client.read(self._client.schema_url(), stop=stop)
        except RefusedError as error:
            raise explained(error.refusal, self._clock.now()) from error
        tables = tables_of(answer)
        return {table: found(tables, self._names[table]) for table in TABLES}

    def prepare(self, categories: Sequence[str], stop: Stop) -> dict[Table, BaseTable]:
        """The tables with all their columns. Reads the schema, and creates what is missing.

        `ConfigError` names all columns of a wrong type, or all that must be created by someone who may.
        """
        return self.complete(self.read(stop), categories, stop)

    def complete(
        self, there: Mapping[Table, BaseTable | None], categories: Sequence[str], stop: Stop
    ) -> dict[Table, BaseTable]:
        """The same for a schema that was read already: costs nothing where nothing is missing."""
        self.refuse_wrong(there, categories)
        ready: dict[Table, BaseTable] = {table: each for table, each in there.items() if each is not None}
        again = False
        for table in TABLES:
            try:
                ready[table] = self._completed(table, ready.get(table), categories, stop)
            except RefusedError as error:
                self._refused(table, error.refusal, {**there, **ready}, categories)
                again = True
        if not again:
            return ready
        # Something of that name exists after all: perhaps another process was faster.
        now = self.read(stop)
        self.refuse_wrong(now, categories)
        for table, each in now.items():
            missing = difference(table, each, categories).missing
            if missing:
                raise other_case(self._names[table], [column.name for column in missing])
        return {table: each for table, each in now.items() if each is not None}

    def refuse_wrong(self, there: Mapping[Table, BaseTable | None], categories: Sequence[str] = ()) -> None:
        """`ConfigError` that names every column with a type that cannot hold what it should."""
        wrong = [
            (each, column)
            for table, each in there.items()
            if each is not None
            for column in difference(table, each, categories).wrong
        ]
        if wrong:
            raise wrong_types(wrong)

    def differences(
        self, there: Mapping[Table, BaseTable | None], categories: Sequence[str] = ()
    ) -> dict[Table, Difference]:
        """Per table what is missing or wrong."""
        return {table: difference(table, each, categories) for table, each in there.items()}

    def _completed(self, table: Table, there: BaseTable | None, categories: Sequence[str], stop: Stop) -> BaseTable:
        missing = difference(table, there, categories).missing
        if there is None:
            return self._create_table(table, missing, stop)
        types, ids = dict(there.types), dict(there.ids)
        for column in missing:
            made = self._create(self._client.columns_url(there.id), column.definition(self._zone), stop)
            types[column.name] = str(made.get("type", column.type))
            ids[column.name] = str(made.get("id", ""))
        return BaseTable(there.id, there.name, types, ids, there.made_now) if missing else there

    def _create_table(self, table: Table, columns: Sequence[Column], stop: Stop) -> BaseTable:
        name = self._names[table]
        if _TABLE_ID.fullmatch(name):
            raise ConfigError(
                "airtable-table-missing",
                "A table is missing in Airtable",
                f"The base has no table with the id {name}.",
                f"Check AIRTABLE_{table.upper()}_TABLE. A table that is given by name is created by itself.",
            )
        fields = [column.definition(self._zone) for column in columns]
        payload = {"name": name, "description": _DESCRIPTIONS[table], "fields": fields}
        return table_of_answer(self._create(self._client.schema_url(), payload, stop), made_now=True)

    def _create(self, url: str, payload: Mapping[str, Any], stop: Stop) -> dict[str, Any]:
        return self._client.write("POST", url, payload, stop=stop, replay=False)

    def _refused(
        self,
        table: Table,
        refusal: Refusal,
        there: Mapping[Table, BaseTable | None],
        categories: Sequence[str],
    ) -> None:
        """Raise what the refusal means; return where the name is taken."""
        if refusal.status in (403, 404):
            missing = [
                (self._names[each], lacking.missing)
                for each, lacking in self.differences(there, categories).items()
                if lacking.missing
            ]
            raise may_not_create(missing, self._zone, refusal.said)
        if "DUPLICATE" in refusal.kind:
            return
        raise ConfigError(
            "airtable-create-refused",
            "Airtable does not create a table or column",
            f"{self._names[table]}: {refusal.said}",
            "Create it in Airtable by hand: "
            + may_not_create(
                [(self._names[table], difference(table, there[table], categories).missing)], self._zone, ""
            ).problem.message.strip(),
        )
