"""From somebody's words to a message with head, body, quotation and files."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tray_connector.sandbox.mailbox_files import mail_file
from tray_connector.sandbox.mailbox_letters import body_of, newsletter, preview_of, quotation, signature
from tray_connector.sandbox.mailbox_office import Writer
from tray_connector.sandbox.mailbox_records import Correspondent, MailFile, Message

_LONGEST_QUOTED = 16_000
_REPLY_MARKS = {"outlook": "AW: ", "gmail": "Re: ", "apple": "Re: ", "plain": "Re: "}
_SIZES = {"pdf": (14_000, 60_000), "dwg": (30_000, 90_000), "xlsx": (9_000, 20_000)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What somebody writes."""

    writer: Writer
    text: str
    """With the marks of `mailbox_letters`."""
    to: tuple[Correspondent, ...]
    cc: tuple[Correspondent, ...] = ()
    bcc: tuple[Correspondent, ...] = ()
    files: tuple[str | MailFile, ...] = ()
    """Ready files, or names of small ones to be made."""
    subject: str | None = None
    """None: that of the mail answered to, with the mark of a reply."""
    html: str | None = None
    """The whole body as it is, in place of `text`, signature and quotation."""
    news: bool = False
    """A newsletter: no signature, markup of its own."""


def base_subject(subject: str) -> str:
    """Without the marks of replies."""
    while subject.startswith(("Re: ", "AW: ")):
        subject = subject[4:]
    return subject


def compose(
    words: Words, *, new_id: Callable[[], str], conversation_id: str, at: int, earlier: Message | None
) -> Message:
    """The mail, written at `at` as an answer to `earlier`. All ids come from `new_id`."""
    writer = words.writer
    files = tuple(_file(each, new_id) for each in words.files)
    body = words.html if words.html is not None else _body(words, files, earlier)
    earlier_id = earlier.email_message_id if earlier else None
    subject = words.subject
    if subject is None and earlier is not None:
        subject = _REPLY_MARKS[writer.program] + base_subject(earlier.subject or "")
    return Message(
        id=new_id(),
        conversation_id=conversation_id,
        subject=subject,
        body=body,
        preview=preview_of(body),
        delivered_at=at,
        created_at=at,
        updated_at=at,
        sender=writer.correspondent,
        to=words.to,
        cc=words.cc,
        bcc=words.bcc,
        email_message_id=f"<{new_id()[:18]}@{writer.address.partition('@')[2]}>",
        in_reply_to=(earlier_id,) if earlier_id else (),
        references=(*(earlier.references[-20:] if earlier else ()), *((earlier_id,) if earlier_id else ())),
        files=files,
    )


def _body(words: Words, files: tuple[MailFile, ...], earlier: Message | None) -> str:
    if words.news:
        return newsletter(words.text, words.subject or "")
    images = {file.filename: file.id for file in files}
    own = body_of(words.text, words.writer.program, images) + signature(words.writer)
    if earlier is None or len(earlier.body) > _LONGEST_QUOTED:
        return own
    return own + quotation(words.writer.program, earlier)


def _file(file: str | MailFile, new_id: Callable[[], str]) -> MailFile:
    if isinstance(file, MailFile):
        return file
    least, most = _SIZES.get(file.rpartition(".")[2].lower(), (0, 0))
    return mail_file(new_id(), file, size=random.Random(file).randint(least, most))
