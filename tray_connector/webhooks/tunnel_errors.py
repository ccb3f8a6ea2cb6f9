"""What ngrok says when a tunnel cannot be opened or is not reached, in the words of `model.errors`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from tray_connector.model.errors import ConfigError, ConnectorError, TransientError

MEANWHILE = "Until then we poll more often."
TOO_OLD = frozenset({120, 121})
"""ngrok serves no agent of this version (any more); 121 holds for free accounts only."""
QUOTA = frozenset({725, 726, 727})
"""The month's bytes, connections or requests are used up."""

_TOKEN_HINT = "Copy it from dashboard.ngrok.com/get-started/your-authtoken and enter it here. " + MEANWHILE
_WORDS_AT_MOST = 300
_CODE = re.compile(r"ERR_NGROK_(\d{1,6})")
_UNREACHABLE = re.compile(
    r"dial|lookup|no such host|timeout|timed out|unreachable|refused|reset|EOF|x509", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Entry:
    code: str
    title: str
    hint: str
    minutes: int | None = None
    """After so many, another try makes sense; None: a person must change something first."""


_TABLE = {
    4018: _Entry("ngrok-token-missing", "ngrok wants an authtoken", _TOKEN_HINT),
    105: _Entry("ngrok-token-refused", "ngrok refuses the authtoken", _TOKEN_HINT),
    107: _Entry("ngrok-token-refused", "ngrok refuses the authtoken", _TOKEN_HINT),
    123: _Entry(
        "ngrok-mail-unverified",
        "ngrok wants the account's e-mail address verified",
        "Sign in at dashboard.ngrok.com and follow the link in the mail from ngrok. " + MEANWHILE,
    ),
    108: _Entry(
        "ngrok-sessions",
        "ngrok already serves as many computers as the account allows",
        "End ngrok where it is not needed any more: dashboard.ngrok.com/agents shows where it runs. " + MEANWHILE,
        15,
    ),
    324: _Entry(
        "ngrok-endpoints",
        "ngrok already serves as many addresses as the account allows",
        "End those not needed any more: dashboard.ngrok.com/endpoints shows them. " + MEANWHILE,
        15,
    ),
    334: _Entry(
        "ngrok-address-taken",
        "Another program uses the address that ngrok gives us",
        "It may be this program on another computer: end it there. If it is an earlier run, it ends by itself.",
        2,
    ),
    313: _Entry("ngrok-address-refused", "ngrok refuses the address", "Check the domains at dashboard.ngrok.com."),
    15013: _Entry("ngrok-address-refused", "ngrok refuses the address", "Check the domains at dashboard.ngrok.com."),
    734: _Entry("ngrok-rate", "ngrok lets no more through this minute", "It is tried again by itself.", 2),
    9009: _Entry(
        "ngrok-proxy",
        "ngrok does not work through a proxy on this plan",
        "Let the agent connect without the proxy, or give the address of a reverse proxy of your own in PUBLIC_URL. "
        + MEANWHILE,
    ),
    9040: _Entry(
        "ngrok-blocked",
        "ngrok accepts no connection from this network",
        "Use another network, or give the address of a reverse proxy of your own in PUBLIC_URL. " + MEANWHILE,
        360,
    ),
    3200: _Entry("ngrok-offline", "The tunnel is not connected", "It is opened again by itself.", 1),
    8012: _Entry("ngrok-local", "The tunnel does not reach this program", "It is opened again by itself.", 1),
    3004: _Entry("ngrok-local", "The tunnel does not reach this program", "It is opened again by itself.", 1),
}
_OLD = _Entry(
    "ngrok-agent-old",
    "ngrok's agent is too old",
    "A new agent is downloaded by itself; one that you installed yourself must be updated by you. " + MEANWHILE,
    24 * 60,
)
_USED_UP = _Entry("ngrok-quota", "ngrok's monthly allowance is used up", "")


def code_in(text: str) -> int | None:
    """The number of ngrok's error in a log line, an answer's header or a page."""
    found = _CODE.search(text)
    return int(found[1]) if found else None


def readable(text: str) -> str:
    """What ngrok said, on one line: without its codes, and without the line breaks that its log writes in letters."""
    plain = _CODE.sub(" ", text.replace("\\r", " ").replace("\\n", " "))
    words = " ".join(plain.split())
    return words if len(words) <= _WORDS_AT_MOST else words[: _WORDS_AT_MOST - 1] + "…"


def ngrok_error(code: int | None, words: str, now: datetime) -> ConnectorError:
    """The error for ngrok's number, or, without one, for its words. The words must hold no token.

    `ConfigError` where a person must change something; else `TransientError` with the time of the next try.
    """
    said = readable(words)
    message = f"{said} (ERR_NGROK_{code})".strip() if code is not None else said
    if code in QUOTA:
        until = _next_month(now)
        hint = f"ngrok opens again on {until:%Y-%m-%d} (UTC). {MEANWHILE}"
        return TransientError(_USED_UP.code, _USED_UP.title, message, hint, until)
    entry = _OLD if code in TOO_OLD else _TABLE.get(code or 0)
    if entry is None:
        entry = _unknown(code, said)
    if entry.minutes is None:
        return ConfigError(entry.code, entry.title, message, entry.hint)
    retry_at = now + timedelta(minutes=entry.minutes)
    return TransientError(entry.code, entry.title, message, entry.hint, retry_at)


def _unknown(code: int | None, said: str) -> _Entry:
    if code is None and _UNREACHABLE.search(said):
        hint = "Check the internet connection, and whether a firewall keeps programs from ngrok. "
        return _Entry("ngrok-unreachable", "ngrok cannot be reached", hint + MEANWHILE, 1)
    hint = "It is tried again by itself. " + MEANWHILE
    return _Entry("ngrok-failed", "The tunnel could not be opened", hint, 5)


def silent(seconds: float, now: datetime) -> TransientError:
    """The agent did not get ready, and gave no reason."""
    return TransientError(
        "ngrok-silent",
        "ngrok's agent does not get ready",
        f"It gave no sign within {seconds:g} seconds.",
        "A security program or a firewall may hold it back. " + MEANWHILE,
        now + timedelta(minutes=5),
    )


def unusable(reason: str, now: datetime, *, own: bool) -> TransientError:
    """The agent's program cannot be run, or is gone. `own`: the user installed it."""
    hint = (
        "Check the program."
        if own
        else "A security program may have removed it: allow it there, or give the address of a reverse proxy of your "
        "own in PUBLIC_URL."
    )
    retry_at = now + timedelta(hours=6)
    title = "ngrok's agent cannot be started"
    return TransientError("ngrok-agent-unusable", title, reason, f"{hint} {MEANWHILE}", retry_at)


def not_downloaded(reason: str, now: datetime) -> TransientError:
    """The agent's program could not be fetched."""
    return TransientError(
        "ngrok-agent-missing",
        "ngrok's agent cannot be downloaded",
        reason,
        "Check the internet connection, and whether a security program keeps downloads away. " + MEANWHILE,
        now + timedelta(minutes=30),
    )


def _next_month(now: datetime) -> datetime:
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
