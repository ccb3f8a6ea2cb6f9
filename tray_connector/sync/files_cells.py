"""Which files a row in Airtable shall hold, and what its answer means. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from tray_connector.destinations.base import FileLink, StoredFile
from tray_connector.model.backoff import delay
from tray_connector.model.records import Attachment, Email
from tray_connector.sync.ledger_files import FileEntry

TIMES = 3
"""A file is sent, and sent again at most twice."""
VERIFY_AFTER = 600.0
"""Seconds after which a file that was sent must be there."""
NOT_TAKEN = "file-not-taken"
LEFT_OUT = "Airtable left it out of its answer."
VANISHED = "Airtable took its address and did not have the file ten minutes later."


@dataclass(frozen=True, slots=True)
class Cell:
    """What to write for one e-mail."""

    email_id: str
    links: tuple[FileLink, ...] | None
    """All files that the cell shall hold; None: it stays as it is."""
    entries: dict[str, FileEntry] = field(default_factory=dict)
    """By attachment, what is known of the e-mail's files whatever the answer will be."""


def plan_cell(
    email: Email,
    known: Sequence[FileEntry],
    there: Sequence[StoredFile] | None,
    link: Callable[[str], str | None],
    largest: int,
) -> Cell:
    """What the cell of this e-mail shall hold.

    `known` is what was noted before; `there` what the cell holds now, where it was read: a file in it that nobody
    knows is taken for the attachment of its name and size when none is noted yet, and kept in any case. `link`
    gives a fresh address of an attachment. `largest` is in bytes.
    """
    wanted = {each.attachment_id: each for each in email.attachments if not each.inline}
    entries = {entry.attachment_id: entry for entry in known}
    held = {entry.attachment_id: entry.file_id for entry in known if entry.file_id is not None}
    foreign: list[StoredFile] = []
    if there is not None:
        ids = {file.file_id for file in there}
        held = {key: file_id for key, file_id in held.items() if file_id in ids}
        foreign = [file for file in there if file.file_id not in held.values()]
        if all(entry.file_id is None for entry in known):
            taken = _take_over(email.email_id, wanted, foreign)
            entries |= taken
            held = {key: entry.file_id or "" for key, entry in taken.items()}
            foreign = [file for file in foreign if file.file_id not in held.values()]
    new = {
        key: url
        for key, attachment in wanted.items()
        if key not in held and _may_go(attachment, entries.get(key), largest) and (url := link(key)) is not None
    }
    links = [
        FileLink(attachment, url=new.get(key), file_id=held.get(key))
        for key, attachment in wanted.items()
        if key in held or key in new
    ]
    links += [FileLink(Attachment(attachment_id=f.file_id, filename=f.filename), file_id=f.file_id) for f in foreign]
    for each in email.attachments:
        blank = FileEntry(email.email_id, each.attachment_id)
        if each.inline:
            entries[each.attachment_id] = shown(blank)
        elif (each.byte_size or 0) > largest and each.attachment_id not in held:
            entries[each.attachment_id] = too_large(blank)
    is_changed = bool(new) or any(key not in wanted for key in held)
    return Cell(email.email_id, tuple(links) if is_changed else None, entries)


def _take_over(email_id: str, wanted: dict[str, Attachment], files: Sequence[StoredFile]) -> dict[str, FileEntry]:
    """Which of the files that were there before us are which attachments."""
    rest = list(files)
    taken = {}
    for key, attachment in wanted.items():
        found = next((file for file in rest if _is_same(file, attachment)), None)
        if found is not None:
            rest.remove(found)
            taken[key] = FileEntry(email_id, key, state="there", due=None, file_id=found.file_id)
    return taken


def _is_same(file: StoredFile, attachment: Attachment) -> bool:
    return file.filename == (attachment.filename or "") and file.byte_size in (None, attachment.byte_size)


def _may_go(attachment: Attachment, entry: FileEntry | None, largest: int) -> bool:
    given_up = entry is not None and entry.state == "failed" and entry.due is None
    return (attachment.byte_size or 0) <= largest and not given_up


def shown(entry: FileEntry) -> FileEntry:
    """Nothing is to be sent: an image within the body, or a file whose row is gone; or it was seen in its place."""
    return replace(entry, state="there", due=None, code="", reason="")


def too_large(entry: FileEntry) -> FileEntry:
    """It is left out until larger ones are allowed."""
    return replace(entry, state="too_large", due=None, code="", reason="")


def after_sending(cell: Cell, answered: Sequence[StoredFile], refused: str | None, now: float) -> list[FileEntry]:
    """What became of the files that were sent by their address; `now` is in seconds since the epoch."""
    links = cell.links or ()
    kept = {link.file_id for link in links}
    sent = [link.attachment for link in links if link.url is not None]
    fresh = [file for file in answered if file.file_id not in kept]
    # The cell is answered in the order in which it was sent; where one is left out, only the names tell which.
    is_whole = len(fresh) == len(sent)
    entries = []
    for attachment in sent:
        key = attachment.attachment_id
        entry = cell.entries.get(key, FileEntry(cell.email_id, key))
        entry = replace(entry, attempts=entry.attempts + 1)
        named = (file for file in fresh if is_whole or file.filename == (attachment.filename or ""))
        found = next(named, None)
        if found is None:
            entries.append(not_taken(entry, refused or LEFT_OUT, now))
        else:
            fresh.remove(found)
            due = now + VERIFY_AFTER
            entries.append(replace(entry, state="sent", due=due, code="", reason="", file_id=found.file_id))
    return entries


def verified(entry: FileEntry, there: Sequence[StoredFile], now: float) -> FileEntry:
    """What a look at the cell tells of a file that was sent a while ago."""
    if any(file.file_id == entry.file_id for file in there):
        return replace(shown(entry), attempts=0)
    return not_taken(entry, VANISHED, now)


def not_taken(entry: FileEntry, reason: str, now: float) -> FileEntry:
    """It is not there: it is sent again, or given up."""
    given_up = entry.attempts >= TIMES
    return replace(
        entry,
        state="failed" if given_up else "waiting",
        due=None if given_up else now + delay(entry.attempts, 0.5),
        code=NOT_TAKEN,
        reason=reason,
        file_id=None,
    )
