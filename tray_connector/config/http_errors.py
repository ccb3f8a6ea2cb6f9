"""What went wrong with a request, in the words of `model.errors`. The only place that knows the libraries' errors."""

from __future__ import annotations

import base64
import binascii
import http.client
import json
import os
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
import urllib3.exceptions as u3

from tray_connector.config.carriers import ForeignCertificateError, NoAnswerError, TooLargeError
from tray_connector.config.causes import causes, find_cause
from tray_connector.model.errors import ConfigError, ConnectorError, InternalError, TransientError

_WORDS_AT_MOST = 300
BY_ITSELF = "It is tried again by itself."
_CHECK_LINE = "Check the internet connection and the address. " + BY_ITSELF


@dataclass(frozen=True, slots=True)
class Service:
    """How a service is called in machine places and before people, and what to do about its key."""

    code: str
    name: str
    key_hint: str
    right_hint: str


_SERVICES = {
    "teamwork": Service(
        "teamwork",
        "Teamwork",
        "Make a new one in Teamwork under Edit my details › API & Mobile and enter it here.",
        "Use the key of a person who may see the projects in Teamwork, best an administrator's.",
    ),
    "missive": Service(
        "missive",
        "Missive",
        "Make a new one in Missive under Settings › API and enter it here.",
        "Use the key of a person who may see these mailboxes in Missive.",
    ),
    "files": Service("files", "Missive's file store", "", ""),
}


def service_named(code: str) -> Service:
    """The service with its words; one that is not known is called by its code."""
    fallback = Service(code, code.capitalize(), "Enter a new key here.", "Use a key that has this right.")
    return _SERVICES.get(code, fallback)


def secrets_in(authorization: str) -> set[str]:
    """What of the header ``Authorization`` no text may show, should a service ever echo it."""
    secret = authorization.partition(" ")[2] or authorization
    try:
        decoded = base64.b64decode(secret, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    login = {decoded, *decoded.split(":")} if authorization.startswith("Basic ") else set()
    return {authorization, secret, *login}


def words_of(body: bytes, redact: Callable[[str], str] = str) -> str:
    """The service's own words in an error's body: JSON of either service, else the text without its markup.

    `redact` is applied before they are cut: half a secret would not be known as one.
    """
    text = body[:20_000].decode("utf-8", "replace")
    try:
        found = _words_in(json.loads(text))
    except (ValueError, RecursionError):
        found = [_visible(text)]
    words = redact(" · ".join(dict.fromkeys(" ".join(part.split()) for part in found if part)))
    # JSON may spell half a character, which no file and no window takes.
    words = words.encode("utf-8", "replace").decode()
    return words if len(words) <= _WORDS_AT_MOST else words[: _WORDS_AT_MOST - 1] + "…"


def _words_in(data: Any, depth: int = 0) -> list[str]:
    if isinstance(data, str):
        return [data]
    if isinstance(data, list) and depth < 4:
        return [word for item in data[:5] for word in _words_in(item, depth + 1)]
    if isinstance(data, dict) and depth < 4:
        for names in (("detail", "message", "MESSAGE"), ("error", "errors"), ("title", "code")):
            found = [word for name in names for word in _words_in(data.get(name), depth + 1)]
            if found:
                return found
    return []


def _visible(text: str) -> str:
    text = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->", " ", text)
    title = re.search(r"(?is)<title[^>]*>(.*?)</title", text)
    return title.group(1) if title and title.group(1).strip() else re.sub(r"<[^>]*>", " ", text)


def never_sent(error: BaseException) -> bool:
    """Whether surely nothing of the request reached the service."""
    return find_cause(error, u3.NewConnectionError, socket.gaierror, ssl.SSLCertVerificationError) is not None


def translate(service: Service, error: BaseException, host: str) -> ConnectorError:
    """A failed request as one of the four kinds. Names the host, never the key or a proxy's password."""
    if isinstance(error, ConnectorError):
        return error
    tables = (_translate_outside, _translate_connecting, _translate_reading)
    for table in tables:
        problem = table(service, error, host)
        if problem is not None:
            return problem
    return InternalError(f"{service.code}-request", f"A request to {service.name} failed", type(error).__name__)


def _translate_outside(service: Service, error: BaseException, host: str) -> ConnectorError | None:
    code, name = service.code, service.name
    if isinstance(error, ForeignCertificateError):
        return _foreign_certificate(service, error, host)
    if find_cause(error, TooLargeError):
        message = f"{host} sent more than any page of tasks or mails holds."
        return TransientError(f"{code}-too-large", f"The answer of {name} is too large", message, BY_ITSELF)
    if find_cause(error, u3.ProxyError, requests.exceptions.ProxyError, requests.exceptions.InvalidProxyURL):
        tunnel = next((str(c) for c in causes(error) if str(c).startswith("Tunnel connection failed")), "")
        return TransientError(
            f"{code}-proxy",
            "The proxy does not let us through",
            tunnel or f"The proxy for {host} cannot be reached.",
            "Check the proxy in the system's network settings. " + BY_ITSELF,
        )
    if find_cause(error, requests.exceptions.InvalidURL, u3.LocationValueError):
        return ConfigError(f"{code}-address", f"The address of {name} is not valid", host, "Enter it again.")
    return None


def _foreign_certificate(service: Service, error: ForeignCertificateError, host: str) -> TransientError:
    by = f" It was issued by {error.issuer}." if error.issuer else ""
    return TransientError(
        f"{service.code}-certificate",
        f"Someone else answers for {service.name}",
        f"The certificate of {host} is not trusted: {error.reason}.{by}",
        "If a security program or the office's proxy reads along, its certificate must be in the system's store. "
        "In a public network, sign in first. Also check date and time. " + BY_ITSELF,
    )


def _translate_connecting(service: Service, error: BaseException, host: str) -> ConnectorError | None:
    code, title = f"{service.code}-unreachable", f"{service.name} cannot be reached"
    if find_cause(error, socket.gaierror):
        return TransientError(code, title, f"The name {host} is not known here.", _CHECK_LINE)
    if find_cause(error, ConnectionRefusedError):
        return TransientError(code, title, f"{host} refuses the connection.", _CHECK_LINE)
    if (tls := find_cause(error, ssl.SSLError)) is not None:
        reason = str(getattr(tls, "reason", None) or "the handshake failed").replace("_", " ").lower()
        return TransientError(
            f"{service.code}-tls", f"No secure connection to {service.name}", f"{host}: {reason}", _CHECK_LINE
        )
    if find_cause(error, u3.NewConnectionError) and (system := _system_words(error)):
        return TransientError(code, title, f"{host}: {system}", _CHECK_LINE)
    if find_cause(error, u3.ConnectTimeoutError, requests.exceptions.ConnectTimeout):
        return TransientError(code, title, f"{host} does not answer.", _CHECK_LINE)
    return None


def _translate_reading(service: Service, error: BaseException, host: str) -> ConnectorError | None:
    code, name = service.code, service.name
    if find_cause(error, NoAnswerError, u3.ReadTimeoutError, requests.exceptions.ReadTimeout, TimeoutError):
        return TransientError(f"{code}-silent", f"{name} does not answer", f"No answer from {host} in time.", BY_ITSELF)
    if find_cause(error, http.client.RemoteDisconnected, ConnectionError):
        return TransientError(
            f"{code}-dropped", f"{name} closed the connection", f"{host} ended it without an answer.", BY_ITSELF
        )
    cut = (http.client.IncompleteRead, u3.DecodeError, u3.ProtocolError, requests.exceptions.ChunkedEncodingError)
    if find_cause(error, *cut):
        return cut_off(service, host)
    if find_cause(error, OSError):
        words = _system_words(error) or "the connection failed"
        return TransientError(f"{code}-unreachable", f"{name} cannot be reached", f"{host}: {words}", _CHECK_LINE)
    return None


def _system_words(error: BaseException) -> str:
    for cause in causes(error):
        if isinstance(cause, OSError) and isinstance(cause.errno, int):
            return os.strerror(cause.errno)
    return ""


def cut_off(service: Service, host: str) -> TransientError:
    """The error for an answer that ends before its end."""
    return TransientError(
        f"{service.code}-cut", f"The answer of {service.name} was cut off", f"{host} sent only a part of it.", BY_ITSELF
    )
