"""Missive's two hosts, started together: the API and the attachments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from tray_connector.sandbox.limits import MISSIVE_IN_FLIGHT, MISSIVE_WINDOWS, Window
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.missive import SANDBOX_TOKEN, MissiveService
from tray_connector.sandbox.missive_files import AttachmentHost
from tray_connector.sandbox.missive_switches import MissiveSwitches
from tray_connector.sandbox.server import SandboxServer


class MissiveSite:
    """Serves a mailbox on two loopback ports. Also a context manager; may be stopped and started again.

    `server` is the API's (its `requests` and `faults` are for tests), `attachment_server` the other host's.
    The mailbox's clock is the site's: for the `Date` header, the limits and the addresses that expire.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        *,
        port: int = 0,
        token: str = SANDBOX_TOKEN,
        switches: MissiveSwitches | None = None,
        windows: Sequence[Window] = MISSIVE_WINDOWS,
        max_in_flight: int = MISSIVE_IN_FLIGHT,
        scale: float = 1.0,
        webhook_pace: float = 1.0,
    ) -> None:
        self.mailbox = mailbox
        self.attachments = AttachmentHost(mailbox)
        self.service = MissiveService(
            mailbox,
            self.attachments,
            token=token,
            switches=switches,
            windows=windows,
            max_in_flight=max_in_flight,
            scale=scale,
            webhook_pace=webhook_pace,
        )
        self.server = SandboxServer(self.service, port=port, clock=mailbox.clock)
        self.attachment_server = SandboxServer(self.attachments, clock=mailbox.clock)

    @property
    def url(self) -> str:
        """What `MISSIVE_BASE_URL` is set to: with ``/v1``, without a slash at the end. Known once started."""
        return f"{self.server.url}/v1"

    @property
    def token(self) -> str:
        """What `MISSIVE_API_TOKEN` is set to."""
        return self.service.token

    def start(self) -> None:
        """Listen on both ports. OSError when one is not free."""
        self.attachment_server.start()
        self.attachments.base_url = self.attachment_server.url
        self.service.hooks.deliveries.start()
        self.server.start()

    def stop(self) -> None:
        """End both."""
        self.service.hooks.deliveries.stop()
        self.server.stop()
        self.attachment_server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
