"""Asks an `AirtableSite` over HTTP, with pyairtable or the way a plain client would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from pyairtable import Api

from tests.support.clock import FakeClock
from tray_connector.config.clock import Clock
from tray_connector.sandbox.airtable_site import AirtableSite, AirtableSwitches

CHECK = {"icon": "check", "color": "greenBright"}
BERLIN = {"timeZone": "Europe/Berlin", "dateFormat": {"name": "iso"}, "timeFormat": {"name": "24hour"}}
MAILS = (
    {"name": "Email ID", "type": "singleLineText"},
    {"name": "Subject", "type": "singleLineText"},
    {"name": "Body Text", "type": "multilineText"},
    {"name": "Sent At", "type": "dateTime", "options": BERLIN},
    {"name": "Draft", "type": "checkbox", "options": CHECK},
    {"name": "Size", "type": "number", "options": {"precision": 0}},
    {"name": "Attachments", "type": "multipleAttachments", "options": {"isReversed": False}},
)


@contextmanager
def mail_base(
    clock: Clock | None = None,
    *,
    switches: AirtableSwitches | None = None,
    plan: str = "team",
    rate_scale: float = 1000.0,
) -> Iterator[AirtableSite]:
    """A running site whose base has the table ``Emails``."""
    with AirtableSite(clock or FakeClock(), plan=plan, switches=switches, rate_scale=rate_scale) as site:
        site.add_table("Emails", MAILS)
        yield site


@contextmanager
def api_of(site: AirtableSite) -> Iterator[Api]:
    """pyairtable on the site, without repetitions."""
    api = Api(site.token, endpoint_url=site.url, timeout=(5, 10), retry_strategy=None)
    api.session.trust_env = False
    try:
        yield api
    finally:
        api.session.close()


def ask(
    site: AirtableSite, method: str, path: str, body: Any = None, *, token: str | None = None, query: Any = None
) -> requests.Response:
    """One call below ``/v0``; ``{base}`` in the path stands for the base's id."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(
            method,
            f"{site.url}/v0/{path.replace('{base}', site.base_id)}",
            json=body,
            params=query,
            headers={"Authorization": f"Bearer {site.token if token is None else token}"},
            timeout=10,
        )


def refused(answer: requests.Response) -> tuple[int, str]:
    """Status and type of an error of the usual form."""
    error = answer.json()["error"]
    return answer.status_code, error if isinstance(error, str) else error["type"]
