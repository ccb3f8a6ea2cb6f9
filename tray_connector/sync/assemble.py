"""Builds an engine from the settings: the one place that knows every part's concrete class."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tray_connector import __version__
from tray_connector.config.budget import (
    MISSIVE_IN_FLIGHT,
    MISSIVE_WINDOWS,
    TEAMWORK_IN_FLIGHT,
    TEAMWORK_WINDOWS,
    Budget,
)
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.clock import Clock
from tray_connector.config.network import is_loopback
from tray_connector.config.paths import Paths
from tray_connector.config.settings import Settings
from tray_connector.destinations.base import Destination
from tray_connector.destinations.sqlite import SqliteDestination
from tray_connector.sources.base import Source
from tray_connector.sources.file_host import FileHost
from tray_connector.sources.http import HttpClient
from tray_connector.sources.missive import MissiveSource
from tray_connector.sources.teamwork import TeamworkSource
from tray_connector.sync.board import Board
from tray_connector.sync.dispatcher import Dispatcher
from tray_connector.sync.engine import Engine
from tray_connector.sync.files import Files
from tray_connector.sync.files_download import Downloads
from tray_connector.sync.files_failures import Failures
from tray_connector.sync.files_links import Links
from tray_connector.sync.files_send import Sendings
from tray_connector.sync.files_store import MEGABYTE, FileStore
from tray_connector.sync.files_told import Teller
from tray_connector.sync.lane import Lane
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.poller import Poller
from tray_connector.sync.reconciler import Reconciler
from tray_connector.sync.removals import Removals
from tray_connector.sync.report import Options
from tray_connector.sync.spool import Spool
from tray_connector.sync.writer import Writer

USER_AGENT = f"tray-connector/{__version__}"
MINUTE = 60.0
FEW = 100
"""Waiting events that are tried before the first poll in any case; more of them only after a crash."""


@dataclass(frozen=True)
class Shared:
    """What all lanes of an engine have in common."""

    settings: Settings
    spool: Spool
    ledger: Ledger
    writer: Writer
    board: Board
    clock: Clock
    luck: Callable[[], float]


def assemble(
    settings: Settings,
    paths: Paths,
    categories: CategoriesFile,
    clock: Clock,
    *,
    luck: Callable[[], float] = random.random,
) -> Engine:
    """The engine of this home. Opens ledger and spool, no connection.

    A source without address or key has no lane: what is there can be shown, the other source can be tested.
    """
    paths.create()
    ledger = Ledger(paths.ledger, clock)
    spool = Spool(paths.spool, clock, last_read=ledger.last_read_number)
    board = Board(clock)
    writer = Writer(destination_of(settings, clock, ledger), ledger, lambda: categories.current, clock)
    sources: list[Source] = []
    if settings.teamwork_base_url and settings.teamwork_api_key:
        sources.append(teamwork_of(settings, paths, ledger, clock))
    if settings.missive_api_token:
        sources.append(missive_of(settings, ledger, clock))
    shared = Shared(settings, spool, ledger, writer, board, clock, luck)
    lanes = [lane_of(source, shared) for source in sources]
    mail = next((source for source in sources if isinstance(source, MissiveSource)), None)
    options = Options(
        poll_interval=settings.periodic_backfill_interval,
        walk_interval=settings.walk_interval_minutes * MINUTE,
        pid=os.getpid(),
        zone=settings.timezone,
        collect_seconds=settings.airtable_write_every_seconds if settings.db_backend == "airtable" else 0.0,
    )
    return Engine(
        lanes,
        spool=spool,
        ledger=ledger,
        writer=writer,
        board=board,
        clock=clock,
        options=options,
        files=files_of(mail, shared) if mail is not None and settings.attachments else None,
    )


def lane_of(source: Source, shared: Shared) -> Lane:
    """All that works on one source."""
    settings, spool, ledger, clock = shared.settings, shared.spool, shared.ledger, shared.clock
    poller = Poller(
        source,
        spool,
        ledger,
        clock,
        overlap=settings.backfill_overlap_seconds,
        removals=Removals(source.name, spool, ledger, settings.removal_guard_percent),
        on_progress=lambda polled: shared.board.found(polled.queued),
    )
    dispatcher = Dispatcher(
        source,
        spool,
        ledger,
        shared.writer,
        clock,
        luck=shared.luck,
        first_retry=settings.spool_retry_seconds,
        on_changes=shared.board.changes,
    )
    reconciler = Reconciler(poller, spool, ledger, clock)
    # Even then a few are tried first: the ledger may be a copy that was put back.
    caught_up = ledger.ended_in_order and spool.counts(source.name).total > FEW
    return Lane(source, poller, dispatcher, reconciler, spool, shared.board, clock, caught_up=caught_up)


def files_of(source: MissiveSource, shared: Shared) -> Files:
    """All that works on the files of e-mails."""
    settings, ledger, clock = shared.settings, shared.ledger, shared.clock
    links, failures = Links(clock), Failures(clock, shared.luck)
    loopback = is_loopback(urlsplit(settings.missive_base_url).hostname or "")
    host = FileHost(clock=clock, user_agent=USER_AGENT, loopback=loopback)
    largest = int(settings.attachment_max_mb * MEGABYTE)
    downloads = Downloads(
        source=source,
        host=host,
        store=FileStore(settings.attachments_path, reserve=int(settings.disk_reserve_mb * MEGABYTE)),
        links=links,
        ledger=ledger,
        teller=Teller(ledger, shared.writer, clock),
        failures=failures,
        largest=largest,
    )
    sendings = Sendings(
        source=source,
        links=links,
        ledger=ledger,
        writer=shared.writer,
        failures=failures,
        clock=clock,
        largest=largest,
    )
    return Files(
        downloads=downloads,
        sendings=sendings,
        host=host,
        links=links,
        ledger=ledger,
        writer=shared.writer,
        board=shared.board,
        clock=clock,
        largest=largest,
        every=settings.airtable_write_every_seconds,
    )


def teamwork_of(settings: Settings, paths: Paths, ledger: Ledger, clock: Clock) -> TeamworkSource:
    """Teamwork with the key of the settings: basic authentication, the key as user name."""
    token = base64.b64encode(f"{settings.teamwork_api_key}:x".encode()).decode()
    budget = Budget(
        "teamwork",
        TEAMWORK_WINDOWS,
        max_in_flight=TEAMWORK_IN_FLIGHT,
        clock=clock,
        log=ledger,
        scale=settings.rate_scale,
    )
    client = HttpClient(
        service="teamwork",
        base_url=settings.teamwork_base_url or "",
        authorization=f"Basic {token}",
        budget=budget,
        clock=clock,
        user_agent=USER_AGENT,
        rate_statuses=frozenset({429, 400}),
    )
    return TeamworkSource(
        client=client,
        site_url=settings.teamwork_base_url or "",
        people_file=paths.people,
        tags_file=paths.tags,
        projects=settings.teamwork_projects,
        process_after=settings.teamwork_process_after,
        include_completed_on_first_sync=settings.include_completed_tasks_on_initial_sync,
        clock=clock,
        read_number=ledger.next_read_number,
    )


def missive_of(settings: Settings, ledger: Ledger, clock: Clock) -> MissiveSource:
    """Missive with the token of the settings."""
    budget = Budget(
        "missive",
        MISSIVE_WINDOWS,
        max_in_flight=MISSIVE_IN_FLIGHT,
        clock=clock,
        log=ledger,
        scale=settings.rate_scale,
    )
    client = HttpClient(
        service="missive",
        base_url=settings.missive_base_url,
        authorization=f"Bearer {settings.missive_api_token}",
        budget=budget,
        clock=clock,
        user_agent=USER_AGENT,
    )
    return MissiveSource(
        client=client,
        scope=settings.missive_scope,
        teams=settings.missive_teams,
        process_after=settings.missive_process_after,
        backfill_days=settings.missive_backfill_days,
        clock=clock,
        read_number=ledger.next_read_number,
    )


def destination_of(settings: Settings, clock: Clock, ledger: Ledger) -> Destination:
    """The database of `DB_BACKEND`. Only that one's library is loaded."""
    if settings.db_backend == "sqlite":
        return SqliteDestination(settings.sqlite_path, clock)
    if settings.db_backend == "airtable":
        from tray_connector.destinations.airtable.destination import AirtableDestination  # noqa: PLC0415 - see above

        return AirtableDestination(
            token=settings.airtable_api_key or "",
            base_id=settings.airtable_base_id or "",
            tasks_table=settings.airtable_tasks_table,
            emails_table=settings.airtable_emails_table,
            endpoint_url=settings.airtable_endpoint_url,
            plan=settings.airtable_plan,
            zone=settings.timezone,
            clock=clock,
            log=ledger,
            scale=settings.rate_scale,
            user_agent=USER_AGENT,
        )
    settings.require_destination()
    from tray_connector.destinations.postgres import PostgresDestination  # noqa: PLC0415 - see above

    return PostgresDestination(settings.pg_dsn or "", settings.pg_schema, clock)
