"""What people do by writing: mails arrive, colleagues answer, remark and draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from tray_connector.config.clock import Clock
from tray_connector.sandbox.mailbox_compose import Words, compose
from tray_connector.sandbox.mailbox_filing import MailFiling, members_of
from tray_connector.sandbox.mailbox_letters import body_of, preview_of
from tray_connector.sandbox.mailbox_office import OFFICE_DOMAIN, WRITERS, Writer, nordlicht
from tray_connector.sandbox.mailbox_records import (
    Comment,
    Conversation,
    Correspondent,
    Flag,
    MailEvent,
    MailFile,
    Message,
)
from tray_connector.sandbox.mailbox_state import NotInMailbox

MOST_MESSAGES = 400
"""A conversation holds no more; the next mail begins a new one."""


class MailWriting(MailFiling):
    """Nordlicht Planung's mail, empty at first.

    Writers are named by their key in `mailbox_office.WRITERS`, such as ``"mara"`` (outside) or ``"ida"`` (the token's
    owner).
    """

    def __init__(self, *, clock: Clock, seed: int = 1) -> None:
        super().__init__(nordlicht(), clock=clock, seed=seed)

    def add_conversation(
        self,
        subject: str = "Rückfrage zum Aufmaß",
        *,
        sender: str = "mara",
        text: str = "Guten Tag,\n\nkönnen Sie das Aufmaß bis Freitag prüfen?",
        mails: int = 1,
        at: int | None = None,
        team: str | None = "Planung",
        users: Sequence[str] = (),
        labels: Sequence[str] = (),
        private: bool = False,
        files: Sequence[str | MailFile] = (),
    ) -> Conversation:
        """A new conversation whose last mail arrives at `at` (default now), the others a minute apart before it.

        With a `team` its members have access, else the `users` named (none: the token's owner). `private`: the
        token's owner alone, no organisation.
        """
        with self.lock:
            last = self.now() if at is None else at
            first = last - 60 * (mails - 1)
            conversation = self.begin(team=team, users=users, labels=labels, private=private, at=first)
            if mails:
                self.receive_mail(conversation.id, sender=sender, subject=subject, text=text, files=files, at=first)
            for number in range(1, mails):
                answering = "ida" if number % 2 else sender
                words = f"Nachricht {number + 1}: siehe unten, dazu bitte Rückmeldung."
                self.receive_mail(conversation.id, sender=answering, text=words, at=first + 60 * number)
            return self.conversation(conversation.id)

    def add_conversations(self, count: int, *, at: int | None = None, mails: int = 1) -> list[Conversation]:
        """Many conversations whose last activity is the same second."""
        return [
            self.add_conversation(f"Sammelversand {number:03}", at=at, mails=mails) for number in range(1, count + 1)
        ]

    def begin(
        self,
        *,
        team: str | None = "Planung",
        users: Sequence[str] = (),
        labels: Sequence[str] = (),
        private: bool = False,
        at: int | None = None,
    ) -> Conversation:
        """A conversation without any message yet; see `add_conversation`."""
        with self.lock:
            begun = self.now() if at is None else at
            chosen = None if team is None or private else self._team(team)
            states = {each: frozenset[Flag]({"unassigned"}) for each in (members_of(chosen) if chosen else ())}
            states |= {self._user_id(user): frozenset[Flag]() for user in users}
            if private or not states:
                states = {self.me_id: frozenset[Flag]()}
            return self.put_conversation(
                Conversation(
                    id=self.new_id(),
                    created_at=begun,
                    last_activity_at=begun,
                    organization_id=None if private else next(iter(self.organizations)),
                    team_id=chosen.id if chosen else None,
                    states=MappingProxyType(states),
                    label_ids=tuple(self._label_id(label) for label in labels),
                )
            )

    def receive_mail(
        self,
        conversation_id: str | None = None,
        *,
        sender: str = "mara",
        text: str = "Guten Tag,\n\nanbei der neue Stand.",
        subject: str | None = None,
        to: Sequence[str] = (),
        cc: Sequence[str] = (),
        bcc: Sequence[str] = (),
        files: Sequence[str | MailFile] = (),
        html: str | None = None,
        news: bool = False,
        at: int | None = None,
        delivered_at: int | None = None,
    ) -> Message:
        """A mail appears in a conversation at `at` (default now), or in a new one of the team Planung.

        It answers the newest mail there; without `to` it goes to all who took part. `delivered_at` may lie before
        `at`: a mail that was long on its way. A full conversation is left for a new one.
        """
        with self.lock:
            moment = self.now() if at is None else at
            conversation = self.begin(at=moment) if conversation_id is None else self.conversation(conversation_id)
            earlier = self._newest_mail(conversation)
            if len(conversation.message_ids) >= MOST_MESSAGES:
                full = conversation
                conversation = self.put_conversation(
                    replace(full, id=self.new_id(), created_at=moment, message_ids=(), comment_ids=())
                )
            writer = WRITERS[sender]
            words = Words(
                writer=writer,
                text=text,
                to=_correspondents(to) or _answered(writer, earlier),
                cc=_correspondents(cc),
                bcc=_correspondents(bcc),
                files=tuple(files),
                subject=subject or (None if earlier else "Neue Nachricht"),
                html=html,
                news=news,
            )
            message = compose(words, new_id=self.new_id, conversation_id=conversation.id, at=moment, earlier=earlier)
            author = self._user_id(writer.name) if writer.address.endswith(f"@{OFFICE_DOMAIN}") else None
            message = replace(message, delivered_at=moment if delivered_at is None else delivered_at, author_id=author)
            return self._arrived(conversation, message, moment)

    def reply(
        self, conversation_id: str, *, author: str = "ida", text: str = "Danke, passt so.", at: int | None = None
    ) -> Message:
        """Somebody of the office answers the newest mail."""
        return self.receive_mail(conversation_id, sender=author, text=text, at=at)

    def receive_text_message(
        self, conversation_id: str, *, sender: str = "kai", text: str = "Bin da.", at: int | None = None
    ) -> Message:
        """An SMS: no subject, telephone numbers in place of addresses."""
        with self.lock:
            moment = self.now() if at is None else at
            conversation, writer = self.conversation(conversation_id), WRITERS[sender]
            message = Message(
                id=self.new_id(),
                conversation_id=conversation.id,
                subject=None,
                body=body_of(text, "plain"),
                preview=text,
                delivered_at=moment,
                created_at=moment,
                updated_at=moment,
                sender=Correspondent(writer.name, phone_number=writer.phone),
                to=(Correspondent("Nordlicht Planung", phone_number="+49 451 70990-0"),),
                channel="sms",
            )
            return self._arrived(conversation, message, moment)

    def edit_mail(self, message_id: str, *, html: str | None = None, subject: str | None = None) -> Message:
        """Another body or subject for a mail that is there: it moves `updated_at`, not the activity."""
        with self.lock:
            message = self.message(message_id)
            body = message.body if html is None else html
            return self.put_message(
                replace(
                    message,
                    body=body,
                    preview=preview_of(body),
                    subject=message.subject if subject is None else subject,
                    updated_at=self.now(),
                )
            )

    def rename_conversation(self, conversation_id: str, subject: str | None) -> Conversation:
        """Give the conversation a subject of its own, or take it away."""
        with self.lock:
            return self.put_conversation(replace(self.conversation(conversation_id), subject=subject))

    def comment(self, conversation_id: str, text: str = "@Tom bitte ansehen", *, author: str = "ida") -> Comment:
        """An internal remark; by default it moves the conversation's activity, while no mail changes."""
        with self.lock:
            conversation = self.conversation(conversation_id)
            comment = self.put_comment(Comment(self.new_id(), self._user_id(WRITERS[author].name), text, self.now()))
            commented = replace(conversation, comment_ids=(*conversation.comment_ids, comment.id))
            self._tell("new_comment", self._store(commented, "comment"), comment=comment)
            return comment

    def add_draft(self, conversation_id: str, text: str = "Hallo,\n\n", *, author: str = "ida") -> Message:
        """Somebody of the office begins an answer."""
        with self.lock:
            conversation, writer, now = self.conversation(conversation_id), WRITERS[author], self.now()
            earlier = self._newest_mail(conversation)
            words = Words(
                writer=writer, text=text, to=_answered(writer, earlier), subject=None if earlier else "Entwurf"
            )
            draft = compose(words, new_id=self.new_id, conversation_id=conversation.id, at=now, earlier=earlier)
            draft = replace(draft, delivered_at=None, draft=True, author_id=self._user_id(writer.name))
            self.put_conversation(replace(conversation, message_ids=(*conversation.message_ids, draft.id)))
            return self.put_message(draft)

    def edit_draft(self, message_id: str, text: str) -> Message:
        """Write on at a draft."""
        if not self.message(message_id).draft:
            raise NotInMailbox(f"{message_id} is no draft")
        return self.edit_mail(message_id, html=body_of(text, "gmail"))

    def send_draft(self, message_id: str) -> Message:
        """Send a draft: it keeps its id and becomes the newest mail."""
        with self.lock:
            draft, now = self.message(message_id), self.now()
            conversation = self.delete_message(message_id)
            sent = replace(draft, draft=False, delivered_at=now, updated_at=now)
            return self._arrived(conversation, sent, now)

    def _newest_mail(self, conversation: Conversation) -> Message | None:
        mails = [each for each in self.messages_of(conversation) if not each.draft and each.channel == "email"]
        return mails[-1] if mails else None

    def _arrived(self, conversation: Conversation, message: Message, moment: int) -> Message:
        """Store a message: the thread is open again for everyone, and sorted by delivery."""
        self.put_message(message)
        ids = (*conversation.message_ids, message.id)
        before = self.messages_of(conversation)
        if before and before[-1].moment > message.moment:
            ids = tuple(each.id for each in sorted((*before, message), key=lambda each: each.moment))
        states = {user: flags - {"closed", "archived", "snoozed"} for user, flags in conversation.states.items()}
        activity = conversation.last_activity_at
        if "message" in self.bump_on:
            activity = max(activity, moment)
        grown = self.put_conversation(
            replace(conversation, message_ids=ids, states=MappingProxyType(states), last_activity_at=activity)
        )
        for kind in _announced(message):
            self._tell(kind, grown, message=message)
        return message


def _announced(message: Message) -> tuple[MailEvent, ...]:
    """What rules see in it; a mail among colleagues comes in as well as it goes out."""
    if message.channel != "email":
        return ("incoming_sms_message",)
    if message.author_id is None:
        return ("incoming_email",)
    ends = (*message.to, *message.cc, *message.bcc)
    inside = any((end.address or "").endswith(f"@{OFFICE_DOMAIN}") for end in ends)
    return ("outgoing_email", "incoming_email") if inside else ("outgoing_email",)


def _correspondents(keys: Sequence[str]) -> tuple[Correspondent, ...]:
    return tuple(WRITERS[key].correspondent for key in keys)


def _answered(writer: Writer, earlier: Message | None) -> tuple[Correspondent, ...]:
    """Everyone who took part in the mail that is answered, but not the writer."""
    if earlier is None:
        return (WRITERS["ida" if writer.key != "ida" else "mara"].correspondent,)
    ends = (*((earlier.sender,) if earlier.sender else ()), *earlier.to)
    others = tuple(end for end in dict.fromkeys(ends) if end.address != writer.address)
    return others or (WRITERS["ida"].correspondent,)
