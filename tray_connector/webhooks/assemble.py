"""Builds what receives webhooks for an engine: the one place that knows every part's concrete class."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tray_connector.config.clock import Clock
from tray_connector.config.credentials import Credentials
from tray_connector.config.paths import Paths
from tray_connector.config.settings import Settings
from tray_connector.model.codec import Json
from tray_connector.model.events import SourceName
from tray_connector.sources.http import HttpClient
from tray_connector.sources.missive import MissiveSource
from tray_connector.sources.teamwork import TeamworkSource
from tray_connector.sync.engine import Engine
from tray_connector.webhooks.bodies import Reported
from tray_connector.webhooks.hook_store import HookStore
from tray_connector.webhooks.identity import own_secrets
from tray_connector.webhooks.listener import Listener
from tray_connector.webhooks.registration import Registration
from tray_connector.webhooks.service import Parts, Webhooks
from tray_connector.webhooks.signatures import Secrets
from tray_connector.webhooks.tunnel import choose

REMOVE_WITHIN = 3.0
"""Seconds for taking the hooks away at the end: whoever quits does not wait long."""


def assemble_webhooks(
    settings: Settings,
    paths: Paths,
    credentials: Credentials,
    engine: Engine,
    clock: Clock,
    *,
    learn: Callable[[Iterable[str]], None] = lambda _: None,
) -> Webhooks | None:
    """None when webhooks are switched off. Without a way in from outside it only listens.

    `learn` is told the secrets that were generated, so that the log masks them.
    ConfigError for a `PUBLIC_URL` that is none.
    """
    if settings.disable_webhooks:
        return None
    teamwork: HttpClient | None = None
    missive: HttpClient | None = None
    for lane in engine.lanes:
        match lane.source:
            case TeamworkSource() as source:
                teamwork = source.client
            case MissiveSource() as source:
                missive = source.client

    def make(
        secrets: Secrets, on_delivery: Callable[[SourceName, Reported], None], health: Callable[[], dict[str, Json]]
    ) -> Parts:
        listener = Listener(
            engine.spool,
            clock,
            secrets,
            port=settings.app_port,
            port_fixed=bool(settings.public_url),
            last_read_number=engine.ledger.last_read_number,
            on_delivery=on_delivery,
            health=health,
        )
        registration = Registration(
            teamwork=teamwork,
            missive=missive,
            secrets=secrets,
            scope=settings.missive_scope,
            store=HookStore(paths.webhooks),
            clock=clock,
            remove_within=REMOVE_WITHIN,
        )
        return Parts(listener, registration)

    def secrets_of() -> Secrets:
        secrets = own_secrets(settings, paths.installation, credentials)
        learn([text for text in (secrets.path_secret, secrets.teamwork_token, secrets.missive_secret) if text])
        return secrets

    was_set = settings.origin("PERIODIC_BACKFILL_INTERVAL") != "default"
    return Webhooks(
        engine,
        choose(settings, paths.tunnel, clock),
        secrets_of,
        make,
        clock,
        set_interval=settings.periodic_backfill_interval if was_set else None,
    )
