"""The whole sandbox in one piece: the office, its mail, and the servers that speak for them."""

from __future__ import annotations

from typing import Self

from tray_connector.config.clock import Clock, SystemClock
from tray_connector.sandbox.airtable_site import AirtableSite, AirtableSwitches
from tray_connector.sandbox.limits import TEAMWORK_WINDOWS, RateLimiter
from tray_connector.sandbox.live import LiveChanges
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.missive_site import MissiveSite
from tray_connector.sandbox.missive_switches import MissiveSwitches
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.server import SandboxServer
from tray_connector.sandbox.teamwork import TeamworkService, TeamworkSwitches


class SandboxOffice:
    """Both services over one office. May be stopped and started again; also a context manager.

    Without `office` and `mailbox` it is the demo's. `rate_scale` multiplies the services' limits; a client must be
    told by `RATE_SCALE`, which `environment` does. Port 0 = any free one. `webhook_pace` 60 lets a minute of the
    services' schedules of retries last a second.

    `airtable` is an empty base beside them, on a plan that takes the whole office; `airtable_environment` makes it the
    destination.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int = 1,
        office: Office | None = None,
        mailbox: Mailbox | None = None,
        port: int = 0,
        missive_port: int = 0,
        rate_scale: float = 1.0,
        teamwork_switches: TeamworkSwitches | None = None,
        missive_switches: MissiveSwitches | None = None,
        webhook_pace: float = 1.0,
        airtable_port: int = 0,
        airtable_plan: str = "team",
        airtable_switches: AirtableSwitches | None = None,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.rate_scale = rate_scale
        self.office = office or Office.generate(clock=self.clock, seed=seed)
        self.mailbox = mailbox or Mailbox.office(clock=self.clock, seed=seed)
        limiter = RateLimiter(TEAMWORK_WINDOWS, clock=self.clock, style="fixed", scale=rate_scale)
        self.teamwork = TeamworkService(
            self.office, switches=teamwork_switches, limiter=limiter, webhook_pace=webhook_pace
        )
        self.teamwork_server = SandboxServer(self.teamwork, port=port, clock=self.clock)
        self.missive = MissiveSite(
            self.mailbox, port=missive_port, switches=missive_switches, scale=rate_scale, webhook_pace=webhook_pace
        )
        self.airtable = AirtableSite(
            self.clock, plan=airtable_plan, switches=airtable_switches, rate_scale=rate_scale, port=airtable_port
        )

    def start(self) -> None:
        """Listen on all ports. OSError when one is not free; then none is taken."""
        self.teamwork.hooks.deliveries.start()
        self.teamwork_server.start()
        try:
            self.missive.start()
            self.airtable.start()
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """End all servers."""
        self.airtable.stop()
        self.missive.stop()
        self.teamwork.hooks.deliveries.stop()
        self.teamwork_server.stop()

    def environment(self) -> dict[str, str]:
        """The settings a connector needs to work on this office, by name. Known once started."""
        return {
            "TEAMWORK_BASE_URL": self.teamwork_server.url,
            "TEAMWORK_API_KEY": self.teamwork.api_key,
            "MISSIVE_BASE_URL": self.missive.url,
            "MISSIVE_API_TOKEN": self.missive.token,
            "DISABLE_WEBHOOKS": "true",
            "RATE_SCALE": f"{self.rate_scale:g}",
        }

    def airtable_environment(self) -> dict[str, str]:
        """As `environment`, with the sandbox's Airtable as the destination."""
        return self.environment() | self.airtable.environment()

    def live_changes(self) -> LiveChanges:
        """A working day in this office, from its beginning."""
        return LiveChanges(self.office, self.mailbox)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
