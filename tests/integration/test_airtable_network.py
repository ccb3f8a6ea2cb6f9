"""pyairtable goes through the same certificates, proxies and deadlines as every other request."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.test_http_tls import TLS, context, tunnel
from tests.support.airtable_base import STOP, destination, task, write
from tests.support.clock import FakeClock
from tests.support.raw_server import answering, raw_server, response
from tray_connector.config.carriers import Limits
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.destinations.airtable.client import AirtableClient
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.sandbox.airtable_site import AirtableSite

TOKEN = "patGeheim.1234567890"
GOOD = response(b'{"tables": []}')
own_store = pytest.mark.skipif(sys.platform != "linux", reason="the store of this system takes no file from us")


@contextmanager
def client_at(address: str, limits: Limits | None = None) -> Iterator[AirtableClient]:
    client = AirtableClient(
        token=TOKEN,
        base_id="app1",
        endpoint_url=address,
        clock=SystemClock(),
        log=None,
        limits=limits or Limits(connect=2, silence=5, total=10),
    )
    try:
        yield client
    finally:
        client.road.close()


def test_a_foreign_certificate_is_told_with_its_issuer_and_gets_no_request() -> None:
    with raw_server(answering(GOOD), context()) as server:
        with client_at(f"https://localhost:{server.port}") as client, pytest.raises(TransientError) as caught:
            client.read(client.schema_url(), stop=Stop())
        assert server.heads == []
    assert caught.value.problem.code == "airtable-certificate"
    assert "issued by Büro-Proxy GmbH (Büro-Proxy Root 1)" in caught.value.problem.message


@own_store
def test_a_certificate_of_the_systems_store_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "ca.pem"))
    with raw_server(answering(GOOD), context()) as server:
        with client_at(f"https://localhost:{server.port}") as client:
            assert client.read(client.schema_url(), stop=Stop()) == {"tables": []}
        assert b"Authorization: Bearer " + TOKEN.encode() in server.heads[0]


@own_store
def test_a_proxy_is_used_and_sees_neither_token_nor_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "ca.pem"))
    with raw_server(answering(GOOD), context()) as server:
        seen, reply = tunnel(server.port)
        with raw_server(reply) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://anna:geheim@127.0.0.1:{proxy.port}")
            with client_at("https://airtable.test") as client, pytest.raises(TransientError) as caught:
                client.read(client.schema_url(), stop=Stop())
        # The tunnel leads to a server whose certificate is not for that name: it was asked for, and got no request.
        assert caught.value.problem.code == "airtable-certificate"
        assert server.heads == []
    assert any(head.startswith(b"CONNECT airtable.test:443") for head in seen)
    assert all(TOKEN.encode() not in head and b"/v0/" not in head for head in seen)
    assert "geheim" not in caught.value.problem.sentence()


def test_a_netrc_does_not_take_the_place_of_the_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login anna password anderes\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with raw_server(answering(GOOD)) as server:
        with client_at(f"http://127.0.0.1:{server.port}") as client:
            client.read(client.schema_url(), stop=Stop())
        assert b"Authorization: Bearer " + TOKEN.encode() in server.heads[0]


def test_a_silent_server_is_left_at_the_deadline() -> None:
    limits = Limits(connect=0.3, silence=5.0, total=0.5)
    with AirtableSite(SystemClock()) as site, client_at(site.url, limits) as client:
        site.faults.silence()
        began = time.monotonic()
        with pytest.raises(TransientError) as caught:
            client.read(client.schema_url(), stop=STOP)
        assert time.monotonic() - began < 1.5
    assert caught.value.problem.code == "airtable-silent"
    assert caught.value.unsure


def test_the_sandbox_is_never_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    clock = FakeClock()
    with AirtableSite(clock, rate_scale=1000) as site, destination(site, clock) as made:
        write(made, task("26"))


@pytest.mark.parametrize("address", ["http://api.airtable.com", "ftp://127.0.0.1", "airtable"])
def test_the_token_is_sent_to_no_address_that_others_could_read(address: str) -> None:
    with pytest.raises(ConfigError):
        AirtableClient(token=TOKEN, base_id="app1", endpoint_url=address, clock=FakeClock(), log=None)
