"""Certificates and proxies."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from pathlib import Path

import pytest

from tests.support.http import KEY, SECRETS, client_of
from tests.support.raw_server import RawServer, Reply, answering, raw_server, response
from tray_connector.config.carriers import Limits
from tray_connector.config.certificates import issuer_name
from tray_connector.config.clock import Stop
from tray_connector.model.errors import TransientError

TLS = Path(__file__).parents[1] / "data" / "tls"
GOOD = response(b'{"ok": true}')
own_store = pytest.mark.skipif(sys.platform != "linux", reason="the store of this system takes no file from us")


def context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(TLS / "server.pem", TLS / "server.key")
    return made


def test_a_foreign_certificate_is_told_with_its_issuer_and_gets_no_request() -> None:
    with raw_server(answering(GOOD), context()) as server:
        with client_of(f"https://localhost:{server.port}") as client, pytest.raises(TransientError) as caught:
            client.get("x", stop=Stop())
        assert server.heads == []
    assert caught.value.problem.code == "teamwork-certificate"
    assert "issued by Büro-Proxy GmbH (Büro-Proxy Root 1)" in caught.value.problem.message


@own_store
def test_a_certificate_of_the_systems_store_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "ca.pem"))
    with raw_server(answering(GOOD), context()) as server:
        with client_of(f"https://localhost:{server.port}") as client:
            assert client.get("x", stop=Stop()).data == {"ok": True}
        assert KEY.encode() in server.heads[0]


@own_store
def test_a_certificate_for_another_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "ca.pem"))
    with (
        raw_server(answering(GOOD), context()) as server,
        client_of(f"https://127.0.0.2:{server.port}") as client,
        pytest.raises(TransientError) as caught,
    ):
        client.get("x", stop=Stop())
    assert caught.value.problem.code in ("teamwork-certificate", "teamwork-unreachable")


def test_a_server_that_speaks_no_tls_is_no_silence() -> None:
    limits = Limits(connect=0.3, silence=0.3, total=1.0)
    with (
        raw_server(answering(GOOD)) as server,
        client_of(f"https://localhost:{server.port}", limits=limits) as client,
        pytest.raises(TransientError) as caught,
    ):
        client.get("x", stop=Stop())
    assert caught.value.problem.code in ("teamwork-tls", "teamwork-silent", "teamwork-dropped")


def test_the_issuer_of_what_is_no_certificate_is_nobody() -> None:
    der = ssl.PEM_cert_to_DER_cert((TLS / "ca.pem").read_text())
    assert issuer_name(der) == "Büro-Proxy GmbH (Büro-Proxy Root 1)"
    for cut in range(0, len(der), 7):
        issuer_name(der[:cut])
    assert issuer_name(b"") is None


def tunnel(target: int) -> tuple[list[bytes], Reply]:
    """A proxy that opens every tunnel to one port of this machine."""
    seen: list[bytes] = []

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while part := source.recv(65536):
                sink.sendall(part)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def reply(connection: socket.socket, head: bytes) -> None:
        seen.append(head)
        if b"Proxy-Authorization" not in head:
            connection.sendall(response(b"", status="407 Proxy Authentication Required"))
            return
        with socket.create_connection(("127.0.0.1", target), timeout=5) as onward:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(onward, connection), daemon=True)
            back.start()
            pump(connection, onward)
            back.join(5)

    return seen, reply


@own_store
def test_a_proxy_is_used_and_sees_neither_key_nor_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "ca.pem"))
    with raw_server(answering(GOOD), context()) as server:
        seen, reply = tunnel(server.port)
        with raw_server(reply) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://user:geheim@127.0.0.1:{proxy.port}")
            with client_of("https://teamwork.test") as client, pytest.raises(TransientError) as caught:
                client.get("x", stop=Stop())
            # The tunnel leads to a certificate for another name: the request must not be sent.
            assert caught.value.problem.code == "teamwork-certificate"
            assert "Büro-Proxy GmbH" in caught.value.problem.message
        assert seen[0].startswith(b"CONNECT teamwork.test:443")
        assert not [head for head in seen for secret in SECRETS if secret.encode() in head]
        assert server.heads == []


def test_a_proxy_that_refuses_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(answering(response(b"", status="407 Proxy Authentication Required"))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:geheim@127.0.0.1:{proxy.port}")
        with client_of("https://teamwork.test") as client, pytest.raises(TransientError) as caught:
            client.get("x", stop=Stop())
    assert caught.value.problem.code == "teamwork-proxy"
    assert "407" in caught.value.problem.message
    assert "geheim" not in str(caught.value)


def test_this_machine_is_never_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(connection: socket.socket, head: bytes) -> None:
        raise AssertionError(head)

    with raw_server(answering(GOOD)) as server, raw_server(never) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with client_of(f"http://127.0.0.1:{server.port}") as client:
            assert client.get("x", stop=Stop()).data == {"ok": True}
        assert proxy.connections == 0


def test_nothing_is_left_of_the_connections(recwarn: pytest.WarningsRecorder) -> None:
    with raw_server(answering(GOOD), context()) as server:
        assert isinstance(server, RawServer)
        with client_of(f"https://localhost:{server.port}") as client, pytest.raises(TransientError):
            client.get("x", stop=Stop())
    assert not [warning for warning in recwarn.list if issubclass(warning.category, ResourceWarning)]
