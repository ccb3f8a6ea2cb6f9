"""Asks a `MissiveSite` over HTTP, the way a client would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from tray_connector.sandbox.missive_site import MissiveSite


def ask(
    site: MissiveSite, path: str, query: Mapping[str, str | int] | None = None, *, token: str | None = None
) -> requests.Response:
    """One GET below the API's base address."""
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"Bearer {site.token if token is None else token}"}
        return session.get(f"{site.url}/{path}", params=dict(query or {}), headers=headers, timeout=10)


def read(site: MissiveSite, path: str, query: Mapping[str, str | int] | None = None) -> Any:
    """What stands under the resource's name in a 200."""
    answer = ask(site, path, query)
    assert answer.status_code == 200, answer.text
    (value,) = answer.json().values()
    return value


def listed(site: MissiveSite, **query: str | int) -> list[dict[str, Any]]:
    """A page of conversations."""
    page: list[dict[str, Any]] = read(site, "conversations", query)
    return page


def refused(site: MissiveSite, path: str, query: Mapping[str, str | int] | None = None) -> tuple[int, str]:
    """Status and text of an error."""
    answer = ask(site, path, query)
    return answer.status_code, answer.json()["error"]["message"]


def fetch(url: str, *, token: str | None = None) -> requests.Response:
    """An attachment, without the token unless one is given."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, headers={"Authorization": f"Bearer {token}"} if token else {}, timeout=10)
