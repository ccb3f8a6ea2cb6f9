"""An ordinary working day: one believable change after the other, for the demo and for whoever watches a client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tray_connector.sandbox.mailbox_letters import preview_of
from tray_connector.sandbox.mailbox_records import Conversation
from tray_connector.sandbox.mailbox_writing import MailWriting

Kind = Literal["new mail", "answer", "label", "trash", "untrash", "comment"]

_NEW = (
    ("kai", "Zählerplatz Hafenstraße", "Moin,\n\nder Netzbetreiber will den Zählerplatz im Keller **1,20 m** breit."),
    ("britta", "Termin Bauausschuss", "Guten Tag Frau Brandt,\n\nder Ausschuss tagt nun doch am 23. um 18 Uhr."),
    ("mara", "Lieferverzug KVH", "Hallo,\n\nder Lkw steht. Lieferung morgen statt heute, entschuldigen Sie bitte."),
    ("hans", "Noch eine Steckdose", "Liebe Frau Vogt,\n\nkönnen wir auch im Flur eine Steckdose bekommen?"),
)
_ANSWERS = (
    ("ida", "Vielen Dank, ich gebe es weiter."),
    ("lena", "Gesehen. Wir klären das bis Mittwoch und melden uns."),
    ("jonas", "Bin morgen auf der Baustelle und sehe es mir an."),
)
_LABELS = ("Wiedervorlage", "KGR_300", "KGR_440", "R_101", "R_202", "Stadt Seeburg")
_DAY: tuple[Kind, ...] = ("new mail", "answer", "label", "new mail", "trash", "answer", "comment", "untrash", "label")


@dataclass(frozen=True, slots=True)
class LiveChange:
    """What happened."""

    kind: Kind
    conversation_id: str
    what: str
    """For a log or a terminal: who or what, without the kind."""


class WorkingDay:
    """Changes a mailbox step by step, always in the same order. Not thread-safe; the mailbox is."""

    def __init__(self, mailbox: MailWriting) -> None:
        self._mailbox = mailbox
        self._step = 0
        self._trashed: str | None = None

    def next(self) -> LiveChange:
        """Let the next thing happen, now."""
        kind = _DAY[self._step % len(_DAY)]
        number, self._step = self._step, self._step + 1
        match kind:
            case "new mail":
                sender, subject, text = _NEW[number % len(_NEW)]
                made = self._mailbox.add_conversation(subject, sender=sender, text=text)
                return LiveChange(kind, made.id, f"{sender}: {subject}")
            case "answer":
                author, text = _ANSWERS[number % len(_ANSWERS)]
                message = self._mailbox.reply(self._open(number).id, author=author, text=text)
                return LiveChange(kind, message.conversation_id, f"{author}: {preview_of(text)}")
            case "label":
                target = self._open(number)
                label = self._missing_label(target, number)
                self._mailbox.label(target.id, label)
                return LiveChange(kind, target.id, label)
            case "comment":
                target = self._open(number)
                return LiveChange(kind, target.id, self._mailbox.comment(target.id).body)
            case "trash":
                target = self._open(number)
                self._trashed = target.id
                self._mailbox.trash(target.id)
                return LiveChange(kind, target.id, self._about(target))
            case "untrash":
                target = self._mailbox.conversation(self._trashed or self._open(number).id)
                self._mailbox.untrash(target.id)
                return LiveChange(kind, target.id, self._about(target))

    def _open(self, number: int) -> Conversation:
        """One of the newest conversations that the token's owner has before them, with mail in it."""
        mailbox, found = self._mailbox, list[Conversation]()
        for conversation in mailbox.conversations():
            flags = conversation.states.get(mailbox.me_id)
            if flags is None or flags & {"trashed", "junked"}:
                continue
            if any(message.channel == "email" for message in mailbox.messages_of(conversation)):
                found.append(conversation)
            if len(found) > number % 5:
                break
        return found[-1] if found else mailbox.add_conversation()

    def _missing_label(self, conversation: Conversation, number: int) -> str:
        turned = _LABELS[number % len(_LABELS) :] + _LABELS
        worn = {self._mailbox.labels[label_id].name for label_id in conversation.label_ids}
        return next((label for label in turned if label not in worn), turned[0])

    def _about(self, conversation: Conversation) -> str:
        return next((each.subject for each in self._mailbox.messages_of(conversation) if each.subject), "")
