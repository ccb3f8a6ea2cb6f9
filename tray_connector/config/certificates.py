"""Who issued a certificate that was refused: the name that tells an office which program looks into its traffic."""

from __future__ import annotations

import http.client
import ssl
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

_COMMON_NAME = bytes((0x55, 0x04, 0x03))
_ORGANISATION = bytes((0x55, 0x04, 0x0A))
_SEQUENCE, _SET, _OBJECT, _VERSION = 0x30, 0x31, 0x06, 0xA0


def issuer_of(host: str, port: int, *, proxy: str | None, timeout: float) -> str | None:
    """Connect to the host, send no request, and name the issuer of its certificate; None when it cannot be read.

    Nothing is verified on this connection and nothing is sent over it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = _connection(host, port, proxy, timeout, context)
    if connection is None:
        return None
    try:
        connection.connect()
        certificate = connection.sock.getpeercert(binary_form=True)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return issuer_name(certificate) if certificate else None


def _connection(
    host: str, port: int, proxy: str | None, timeout: float, context: ssl.SSLContext
) -> http.client.HTTPSConnection | None:
    if proxy is None:
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme != "http" or not parts.hostname:
        return None
    headers = {}
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Proxy-Authorization"] = "Basic " + b64encode(pair.encode()).decode()
    connection = http.client.HTTPSConnection(parts.hostname, parts.port or 80, timeout=timeout, context=context)
    connection.set_tunnel(host, port, headers)
    return connection


def issuer_name(certificate: bytes) -> str | None:
    """Organisation and common name of the issuer of an X.509 certificate (DER), such as ``Office Proxy (Root 1)``."""
    try:
        names = _issuer_names(certificate)
    except (IndexError, ValueError):
        return None
    organisation, common = names.get(_ORGANISATION), names.get(_COMMON_NAME)
    if organisation and common and organisation != common:
        return f"{organisation} ({common})"
    return organisation or common


def _issuer_names(certificate: bytes) -> dict[bytes, str]:
    # Certificate → to be signed → [version], serial number, algorithm, issuer (RFC 5280, 4.1).
    (_, outer), *_ = _parts(certificate)
    (_, signed), *_ = _parts(outer)
    members = list(_parts(signed))
    if members[0][0] == _VERSION:
        members.pop(0)
    names: dict[bytes, str] = {}
    for tag, group in _parts(members[2][1]):
        if tag != _SET:
            continue
        for pair_tag, pair in _parts(group):
            values = list(_parts(pair))
            if pair_tag == _SEQUENCE and len(values) == 2 and values[0][0] == _OBJECT:
                names.setdefault(values[0][1], _text(*values[1]))
    return names


def _text(tag: int, value: bytes) -> str:
    wide = {0x1E: "utf-16-be", 0x14: "latin-1"}
    return value.decode(wide.get(tag, "utf-8"), "replace").strip()


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The tags and values that stand one after the other (DER: one tag byte, length, value)."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length >= 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4:
                raise ValueError("length of this form is not used in certificates")
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError("value goes beyond its frame")
        yield tag, data[at : at + length]
        at += length
