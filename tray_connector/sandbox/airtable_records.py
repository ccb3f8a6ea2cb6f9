"""Airtable's calls on records: list, get, create, update, upsert, delete, and upload of a file."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from tray_connector.sandbox.airtable_calls import Call
from tray_connector.sandbox.airtable_errors import Refusal, bad_value, hidden, invalid
from tray_connector.sandbox.airtable_files import AttachmentStore
from tray_connector.sandbox.airtable_listing import Listing, asked_by
from tray_connector.sandbox.airtable_shapes import Shape, record_shape
from tray_connector.sandbox.airtable_state import Attachment, Base, Row, Table, Workspace
from tray_connector.sandbox.airtable_upsert import Upsert
from tray_connector.sandbox.airtable_values import cells_given
from tray_connector.sandbox.airtable_writing import MOST_RECORDS, Writing, Written, records_of, row_of

_LARGEST_UPLOAD = 5 * 1024 * 1024
_BATCH_KEYS = frozenset({"records", "typecast", "returnFieldsByFieldId", "performUpsert"})


class Records:
    """Used while the workspace's lock is held. Every method raises `Refusal`."""

    def __init__(self, workspace: Workspace, files: AttachmentStore) -> None:
        self.listing = Listing(workspace, files)
        self._workspace = workspace
        self._files = files

    def list(self, base: Base, call: Call) -> Shape:
        """A page of a table."""
        asked = asked_by(call.pairs)
        if call.method == "POST":
            asked |= dict(call.object)
        return self.listing.page(base.table_of(call.path[1]), asked)

    def get(self, base: Base, call: Call) -> Shape:
        """One record; Airtable finds it in the base's other tables too."""
        table = base.table_of(call.path[1])
        for each in (table, *base.tables.values()):
            if call.path[2] in each.rows:
                return record_shape(each.rows[call.path[2]], each, self._files, by_id=call.fields_by_id)
        raise self._missing()

    def create(self, base: Base, call: Call) -> Shape:
        """One record or up to ten."""
        table, body = base.table_of(call.path[1]), call.object
        writing = self._writing(base, table, call)
        single = "records" not in body
        records = [{"fields": cells_given(body)}] if single else records_of(body, with_ids=False)
        written = writing.write([writing.draft(cells_given(record)) for record in records])
        return self._answer(table, call, written, single=single)

    def update(self, base: Base, call: Call) -> Shape:
        """One record at its own address, or up to ten by their ids; PUT clears what a record does not name."""
        table, body = base.table_of(call.path[1]), call.object
        writing = self._writing(base, table, call)
        single = len(call.path) == 3
        if single:
            row = table.rows.get(call.path[2])
            if row is None:
                raise self._missing()
            drafts = [writing.draft(cells_given(body), row)]
        else:
            found = [(row_of(table, record), record) for record in records_of(body, with_ids=True)]
            if len({row.id for row, _ in found}) < len(found) and self._workspace.switches.same_key_twice == "refused":
                raise invalid("Cannot update the same record more than once in a request")
            drafts = [writing.draft(cells_given(record), row) for row, record in found]
        written = writing.write(drafts, replace=call.method == "PUT")
        return self._answer(table, call, written, single=single)

    def upsert(self, base: Base, call: Call) -> Shape:
        """Up to ten records, each updated or created."""
        table, body = base.table_of(call.path[1]), call.object
        if len(call.path) != 2 or not set(body) <= _BATCH_KEYS:
            raise invalid()
        writing = self._writing(base, table, call)
        upsert = Upsert(table, writing, self._workspace.switches, body["performUpsert"])
        written = writing.write(upsert.drafts(records_of(body, with_ids=True)), replace=call.method == "PUT")
        answer = self._answer(table, call, written, single=False)
        return answer | {"createdRecords": written.created, "updatedRecords": written.updated}

    def delete(self, base: Base, call: Call) -> Shape:
        """One record at its own address, or up to ten of the query; all or none."""
        table = base.table_of(call.path[1])
        if len(call.path) == 3:
            if call.path[2] not in table.rows:
                raise self._missing()
            table.remove(call.path[2])
            return {"id": call.path[2], "deleted": True}
        wanted = list(dict.fromkeys(value for name, value in call.pairs if name in ("records[]", "records")))
        if not 1 <= len(wanted) <= MOST_RECORDS:
            raise invalid()
        for record_id in wanted:
            row_of(table, {"id": record_id})
        for record_id in wanted:
            table.remove(record_id)
        return {"records": [{"id": each, "deleted": True} for each in wanted]}

    def upload(self, base: Base, call: Call) -> Shape:
        """A file of at most 5 MB, added to a cell; the answer names the field by its id."""
        _, record_id, field_key = call.path
        table = next((each for each in base.tables.values() if record_id in each.rows), None)
        if table is None:
            raise self._missing()
        row, column = table.rows[record_id], table.field_of(field_key)
        if column.type != "multipleAttachments":
            raise bad_value(column.name)
        content, kind, name = _file_of(call)
        attachment = Attachment(self._workspace.ids.new("att"), name, "")
        if not self._files.keep(attachment, content, kind):
            raise invalid()
        changed = table.change(row, {**row.cells, column.id: [*row.cells.get(column.id, ()), attachment]})
        return record_shape(changed, table, self._files, by_id=True, only={column.id})

    def _writing(self, base: Base, table: Table, call: Call) -> Writing:
        return Writing(self._workspace, base, table, self._files, typecast=call.typecast)

    def _answer(self, table: Table, call: Call, written: Written, *, single: bool) -> Shape:
        rows: list[Row] = written.rows
        shapes = [record_shape(row, table, self._files, by_id=call.fields_by_id) for row in rows]
        answer: dict[str, Any] = shapes[0] if single else {"records": shapes}
        if written.reason is not None:
            answer["details"] = {"message": "partialSuccess", "reasons": [written.reason]}
        return answer

    def _missing(self) -> Refusal:
        kind = self._workspace.switches.missing_record
        if kind == "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND":
            return hidden()
        return Refusal(404, kind, "Record not found" if kind == "MODEL_ID_NOT_FOUND" else None)


def _file_of(call: Call) -> tuple[bytes, str, str]:
    body = call.object
    kind, encoded, name = body.get("contentType"), body.get("file"), body.get("filename")
    if not isinstance(kind, str) or not isinstance(encoded, str) or not isinstance(name, str):
        raise invalid()
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        raise invalid() from None
    if len(content) > _LARGEST_UPLOAD:
        raise Refusal(413, "REQUEST_TOO_LARGE")
    return content, kind, name
