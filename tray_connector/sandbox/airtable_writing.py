"""Creating, updating and upserting records: a request is taken whole or refused whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tray_connector.sandbox.airtable_errors import Refusal, bad_value, invalid, no_such_row
from tray_connector.sandbox.airtable_files import AttachmentStore, filename_of
from tray_connector.sandbox.airtable_options import new_choice
from tray_connector.sandbox.airtable_state import COMPUTED, Attachment, Base, Field, Row, Table, Workspace
from tray_connector.sandbox.airtable_values import Taking

MOST_RECORDS = 10


@dataclass(slots=True, eq=False)
class Draft:
    """One record of a request, checked: `row` None = a new one, unless it is another draft's (`same_as`)."""

    row: Row | None
    changes: dict[str, Any]
    new_files: list[tuple[str, Attachment]] = field(default_factory=list)
    same_as: Draft | None = None
    written_id: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What a request did. The ids are in the order of the request; `reason` is why attachments were dropped."""

    rows: list[Row]
    created: list[str]
    updated: list[str]
    reason: str | None


class Writing:
    """One request on one table. Made and used while the workspace's lock is held."""

    def __init__(
        self,
        workspace: Workspace,
        base: Base,
        table: Table,
        files: AttachmentStore,
        *,
        typecast: bool = False,
    ) -> None:
        self._workspace = workspace
        self._base = base
        self._table = table
        self._files = files
        self._switches = workspace.switches
        self._taking = Taking(base, self._switches, typecast)

    def draft(self, given: Mapping[str, Any], row: Row | None = None) -> Draft:
        """Check one record's `fields`, keyed by names or ids. Raises the 422s."""
        draft = Draft(row, {})
        for name, value in given.items():
            column = self._table.field_of(name)
            if column.type in COMPUTED:
                raise bad_value(column.name, "cannot accept a value because the field is computed")
            if column.type == "multipleAttachments":
                draft.changes[column.id] = self._attachments(column, value, draft)
            else:
                draft.changes[column.id] = self._taking.value(column, value)
        return draft

    def write(self, drafts: Iterable[Draft], *, replace: bool = False, unlimited: bool = False) -> Written:
        """Carry out what was checked; `replace` clears the cells that a record does not name.

        Raises the 422 of a full base, unless `unlimited`, before anything is changed.
        """
        drafts = list(drafts)
        if not unlimited:
            self._refuse_too_many(sum(1 for draft in drafts if draft.row is None and draft.same_as is None))
        reason = self._files.reason_against([file.source for draft in drafts for _, file in draft.new_files])
        for column, name in self._taking.new_choices:
            choices = (column.options or {}).setdefault("choices", [])
            choices.append(new_choice(self._workspace.ids, name, len(choices)))
        created: list[str] = []
        updated: list[str] = []
        for draft in drafts:
            existing = draft.row or (self._table.rows[draft.same_as.written_id] if draft.same_as else None)
            row = self._write_one(draft, existing, reason, replace=replace)
            (created if existing is None else updated).append(row.id)
        rows = [self._table.rows[draft.written_id] for draft in drafts]
        return Written(rows, created, [each for each in dict.fromkeys(updated) if each not in created], reason)

    def _write_one(self, draft: Draft, existing: Row | None, reason: str | None, *, replace: bool) -> Row:
        changes = draft.changes
        if reason is not None:
            dropped = {id(file) for _, file in draft.new_files}
            for field_id in {field_id for field_id, _ in draft.new_files}:
                changes[field_id] = [each for each in changes[field_id] if id(each) not in dropped]
        if existing is None:
            row = self._table.add(self._workspace.ids.new("rec"), self._workspace.now(), changes)
        else:
            row = self._table.change(existing, changes if replace else {**existing.cells, **changes})
        draft.written_id = row.id
        if reason is None:
            for field_id, file in draft.new_files:
                self._files.fetch_later(file, self._table, row, field_id)
        return row

    def _refuse_too_many(self, new: int) -> None:
        most = self._workspace.plan.records_per_base
        if new and self._switches.record_cap == "refused" and self._base.record_count + new > most:
            raise Refusal(422, self._switches.record_cap_type, f"This base has reached its limit of {most} records")

    def _attachments(self, column: Field, given: Any, draft: Draft) -> list[Attachment] | None:
        if given is None:
            return None
        if not isinstance(given, list):
            raise bad_value(column.name)
        cell: list[Attachment] = []
        for entry in given:
            if not isinstance(entry, dict):
                raise bad_value(column.name)
            if "id" in entry:
                cell.append(self._kept(column, entry["id"], draft.row))
                continue
            address, name = entry.get("url"), entry.get("filename")
            if not isinstance(address, str) or not _is_address(address) or not isinstance(name, (str, type(None))):
                raise _bad_attachment(column, "the url is missing or not valid")
            new = Attachment(self._workspace.ids.new("att"), name or filename_of(address), address)
            draft.new_files.append((column.id, new))
            cell.append(new)
        return cell

    def _kept(self, column: Field, attachment_id: object, row: Row | None) -> Attachment:
        for each in row.cells.get(column.id, ()) if row else ():
            if each.id == attachment_id:
                found: Attachment = each
                return found
        elsewhere = self._base.attachments().get(attachment_id) if isinstance(attachment_id, str) else None
        if elsewhere is None:
            raise _bad_attachment(column, f"unknown attachment ID {attachment_id}")
        return elsewhere


def records_of(body: Mapping[str, Any], *, with_ids: bool) -> list[Mapping[str, Any]]:
    """The batch of a request: 1 to 10 objects. Raises the 422s."""
    records = body.get("records")
    if not isinstance(records, list) or not records or not all(isinstance(each, dict) for each in records):
        raise _bad_batch()
    if len(records) > MOST_RECORDS:
        if with_ids:
            raise _bad_batch()
        raise Refusal(
            422,
            "INVALID_RECORDS",
            f"A maximum of 10 records can be created per request but you have provided {len(records)}.",
        )
    for record in records:
        if not set(record) <= ({"id", "fields"} if with_ids else {"fields"}):
            raise invalid()
    return records


def row_of(table: Table, record: Mapping[str, Any]) -> Row:
    """The record that one of a batch names by its id. Raises the 422s."""
    record_id = record.get("id")
    if not isinstance(record_id, str):
        raise _bad_batch()
    row = table.rows.get(record_id)
    if row is None:
        raise no_such_row(record_id)
    return row


def _bad_batch() -> Refusal:
    return Refusal(
        422,
        "INVALID_RECORDS",
        'You must provide an array of up to 10 record objects, each with an "id" ID field and a "fields" object '
        "for cell values.",
    )


def _bad_attachment(column: Field, detail: str) -> Refusal:
    return Refusal(422, "INVALID_ATTACHMENT_OBJECT", f"Invalid attachment for field {column.name}: {detail}")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
