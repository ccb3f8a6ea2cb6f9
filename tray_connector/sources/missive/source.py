"""`MissiveSource`: Missive as the engine sees it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConnectorError, RecordError, TransientError
from tray_connector.model.events import Event, SourceName
from tray_connector.model.records import Conversation, Record, Stored
from tray_connector.sources.base import Fate, FileLinks, Known, Page, Reading, ReadNumber, Since, Stream, Verdict
from tray_connector.sources.http import HttpClient
from tray_connector.sources.missive import parse
from tray_connector.sources.missive.api import MailboxRefusedError, MissiveApi, odd_record
from tray_connector.sources.missive.bodies import Bodies, Wanted, ensure_alive
from tray_connector.sources.missive.checking import check_lines
from tray_connector.sources.missive.completion import IN_FLIGHT, Completion
from tray_connector.sources.missive.coverage import Coverage
from tray_connector.sources.missive.crew import Crew, Then
from tray_connector.sources.missive.directory import Directories
from tray_connector.sources.missive.mailboxes import ALL, JUNKED, TEAM, TRASHED, Mailboxes, MailboxPage
from tray_connector.sources.missive.scope import Scope

SELDOM = 300.0
"""Seconds between two readings of the mailboxes beside All."""
POLL_REACH = timedelta(hours=1)
"""A walk that goes further back is catching up: it leaves the reserve of the budget to polls."""
_log = logging.getLogger(__name__)


class MissiveSource:
    """Reads Missive with one person's key. Safe from several threads.

    `teams` (empty = all) and `scope` decide what is let in, see `Scope`; `process_after` leaves out what was delivered
    before; a first run reads conversations that were active within `backfill_days`, with all their mails.
    """

    name: SourceName = "missive"

    def __init__(
        self,
        *,
        client: HttpClient,
        scope: Literal["all", "shared"],
        teams: frozenset[str],
        process_after: datetime | None,
        backfill_days: int,
        clock: Clock,
        read_number: ReadNumber,
    ) -> None:
        self._clock = clock
        self._read_number = read_number
        self._scope = Scope(scope, teams, process_after)
        self._backfill = timedelta(days=backfill_days)
        self.client = client
        self._api = MissiveApi(client)
        self._mailboxes = Mailboxes(self._api, clock, read_number)
        self._directories = Directories(self._api, clock)
        self._bodies = Bodies(self._api)
        self._coverage = Coverage()
        self._lock = threading.Lock()
        self._apart: set[str] = set()
        self._uneven: set[str] = set()
        self._closed: set[str] = set()

    def streams(self, stop: Stop) -> Sequence[Stream]:
        """All with every poll; each team in scope, Trash and Spam every 5 minutes.

        A team whose mailbox showed what All lacks is read with every poll from then on. Reads users and teams first
        when that is due (hourly, or because a conversation named an unknown team).
        """
        if self._directories.is_due():
            self.refresh_directories(stop)
        with self._lock:
            apart = frozenset(self._apart)
        teams = [Stream(TEAM + team, 0.0 if team in apart else SELDOM) for team in self._teams(stop)]
        return [Stream(ALL, 0.0), *teams, Stream(TRASHED, SELDOM), Stream(JUNKED, SELDOM)]

    def _teams(self, stop: Stop) -> list[str]:
        listed = self._directories.current(stop).teams
        with self._lock:
            return [team for team in listed if self._scope.wants_team(team) and team not in self._closed]

    def changes(self, stream: str, since: Since, stop: Stop) -> Iterator[Page]:
        """What was active at or after `since`, newest first. Labels and Trash of older ones: see `walk`."""
        age = None if since.changed_after is None else self._api.service_time() - since.changed_after
        is_poll = age is not None and age < POLL_REACH and not since.everything
        down_to = None if since.everything else since.changed_after or self.first_run_from()
        if down_to is not None:
            down_to = down_to.replace(microsecond=0)
        first: MailboxPage | None = None
        for page in self._pages(stream, stop, down_to=down_to, urgent=is_poll):
            first = first or page
            if stream == ALL:
                self._coverage.note(page.conversations)
            elif stream.startswith(TEAM):
                self._compare(stream.removeprefix(TEAM), page)
            recent = [found for found in page.conversations if _is_since(found, down_to)]
            yield self._as_page(page, recent)
        if stream == ALL and first is not None:
            self._coverage.finished(down_to or datetime.min.replace(tzinfo=first.read_at.tzinfo), first.read_at)

    def _pages(
        self, stream: str, stop: Stop, *, down_to: datetime | None = None, urgent: bool = False, quiet: bool = False
    ) -> Iterator[MailboxPage]:
        me = self._directories.current(stop).me
        try:
            for page in self._mailboxes.pages(stream, me, stop, down_to=down_to, urgent=urgent, quiet=quiet):
                for found in page.conversations:
                    if found.team_id is not None:
                        self._directories.note_team(found.team_id)
                yield page
        except MailboxRefusedError as error:
            team = stream.removeprefix(TEAM)
            if not stream.startswith(TEAM) or team in self._scope.teams:
                raise
            # Listed, but not the key owner's to read, and nobody asked for it by name: its mail is not ours.
            _log.info("Team %s is not read: %s", team, error.problem.message)
            with self._lock:
                self._closed.add(team)

    def _compare(self, team: str, page: MailboxPage) -> None:
        wanted = [found for found in page.conversations if self._scope.takes(found)]
        if self._coverage.lacks(wanted):
            with self._lock:
                self._apart.add(team)

    def _as_page(self, page: MailboxPage, conversations: Sequence[Conversation]) -> Page:
        takes = self._scope.takes
        return Page(
            events=tuple(self._event(found, page.read_number) for found in conversations if takes(found)),
            newest=page.newest,
            left_out=tuple(found.conversation_id for found in conversations if not takes(found)),
        )

    def _event(self, conversation: Conversation, read_number: int) -> Event:
        return Event(
            source="missive",
            kind="conversation",
            id=conversation.conversation_id,
            payload=conversation,
            read_number=read_number,
            since=self._clock.now(),
            title=conversation.subject,
        )

    def complete(self, events: Sequence[Event], known: Known, stop: Stop) -> Iterator[Reading]:
        """See `Source.complete`. Closing the iterator early forgets what was not sent yet."""
        completion = Completion(
            api=self._api,
            bodies=self._bodies,
            scope=self._scope,
            me=self._directories.current(stop).me,
            known=known,
            read_number=self._read_number,
            stop=stop,
        )
        return completion.readings(events)

    def file_links(self, email_ids: Sequence[str], stop: Stop) -> Mapping[str, FileLinks]:
        """See `FileSource.file_links`."""
        found = self._bodies.read([Wanted(email_id) for email_id in email_ids], stop) if email_ids else {}
        return {key: it.links if isinstance(it, parse.Message) else it for key, it in found.items()}

    def walk(self, stop: Stop, *, quiet: bool = False) -> Iterator[Page]:
        """Everything in Trash and Spam, All and each team in scope: every conversation once, C/50 requests for All.

        Trash and Spam come first: where Missive names no users, being listed there is what tells. Of a team whose
        first page All has shown no more is read; should a conversation be missed by that, `look_again` finds it, and
        the next walk reads that team to its end.
        """
        seen: set[str] = set()
        for stream in (TRASHED, JUNKED, ALL, *(TEAM + team for team in self._teams(stop))):
            is_covered = self._is_covered(stream)
            for page in self._pages(stream, stop, quiet=quiet):
                new = [found for found in page.conversations if found.conversation_id not in seen]
                seen.update(found.conversation_id for found in new)
                yield self._as_page(page, new)
                is_covered = is_covered and not new
                if is_covered:
                    break

    def _is_covered(self, stream: str) -> bool:
        """Whether a mailbox may be one that All holds as well."""
        team = stream.removeprefix(TEAM)
        with self._lock:
            return stream.startswith(TEAM) and team not in self._apart and team not in self._uneven

    def look_again(self, ids: Collection[str], stop: Stop, *, quiet: bool = False) -> Mapping[str, Verdict]:
        """One request per id. What Missive refuses to show without saying that it is gone counts as there."""
        me = self._directories.current(stop).me
        verdicts: dict[str, Verdict] = {}
        with Crew(IN_FLIGHT, stop) as crew:
            for conversation_id in ids:
                crew.submit(partial(self._look, conversation_id, me, verdicts, stop, quiet))
            while crew.busy:
                crew.step()
        return verdicts

    def _look(
        self, conversation_id: str, me: str | None, verdicts: dict[str, Verdict], stop: Stop, quiet: bool
    ) -> Then:
        number = self._read_number()
        verdict = Verdict(Fate.THERE)
        try:
            raw = self._api.conversation(conversation_id, stop, quiet=quiet)
            verdict = Verdict(Fate.GONE) if raw is None else self._verdict(conversation_id, raw, me, number)
        except RecordError as error:
            _log.info("The second look at %s: %s", conversation_id, error)
        except TransientError as error:
            ensure_alive(self._api, error, stop)
            _log.info("The second look at %s: %s", conversation_id, error)
        return partial(verdicts.__setitem__, conversation_id, verdict)

    def _verdict(self, asked: str, raw: parse.Fields, me: str | None, number: int) -> Verdict:
        conversation = parse.conversation(raw, me)
        if conversation is None:
            raise odd_record("the conversation has no usable id")
        event = self._event(conversation, number)
        merged_into = None if conversation.conversation_id == asked else conversation.conversation_id
        fate = Fate.DELETED if conversation.deleted and merged_into is None else Fate.THERE
        if fate is Fate.THERE and merged_into is None and conversation.team_id is not None:
            with self._lock:
                self._uneven.add(conversation.team_id)
        return Verdict(fate, event, merged_into=merged_into)

    def read_whole(self, ids: Sequence[str], stop: Stop) -> Mapping[str, Stored | ConnectorError | None]:
        """Messages alone, without their conversations: labels, deletion and address are not theirs."""
        found = self._bodies.read([Wanted(message_id) for message_id in ids], stop) if ids else {}
        return {key: it.email if isinstance(it, parse.Message) else it for key, it in found.items()}

    def first_run_from(self) -> datetime | None:
        """So many days before now, by Missive's clock."""
        return self._api.service_time() - self._backfill

    def first_run_takes(self, record: Record) -> bool:  # noqa: ARG002 - the protocol's
        """Always: only the age of a conversation decides."""
        return True

    def in_scope(self, record: Record) -> bool:
        """See `Scope`. Of an e-mail only its delivery is judged; the rest is its conversation's."""
        return self._scope.takes(record)

    def renamed(self, record: Stored) -> Stored:
        """The record itself: no name of a directory is part of an e-mail."""
        return record

    def refresh_directories(self, stop: Stop) -> bool:
        """Read users and teams. Always False: no name of theirs is part of an e-mail."""
        self._directories.refresh(stop)
        self._bodies.reset()
        with self._lock:
            self._closed.clear()
        return False

    def check(self, stop: Stop) -> Sequence[CheckLine]:
        """Address, key, organisations and teams. Three requests."""
        return check_lines(self._api, self._scope, stop)

    def waiting_until(self) -> datetime | None:
        """When Missive's limits allow the next ordinary request; None when now."""
        return self.client.waiting_until()

    def least_poll_interval(self) -> float:
        """One request a poll for All, and one for each team that is read with every poll."""
        with self._lock:
            apart = len(self._apart)
        return self.client.half_pace(1 + apart)

    def close(self) -> None:
        """Close the client's connections."""
        self.client.close()

    def requests_sent(self) -> int:
        """Requests sent since the source was made, each try counted."""
        return self.client.sent


def _is_since(conversation: Conversation, down_to: datetime | None) -> bool:
    active = conversation.last_activity_at
    return down_to is None or active is None or active >= down_to
