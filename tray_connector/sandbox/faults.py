"""A script of what goes wrong between a client and a sandbox service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tray_connector.config.clock import Stop

if TYPE_CHECKING:
    from tray_connector.sandbox.server import Request

_LONGEST_SILENCE = 600.0

CAPTIVE_PORTAL = (
    "<!DOCTYPE html><html><head><title>Hotel WLAN</title></head>"
    "<body><h1>Willkommen</h1><p>Bitte melden Sie sich an.</p></body></html>"
)


@dataclass(frozen=True, slots=True)
class When:
    """Which requests a rule concerns. Requests are counted from the moment the rule was added, beginning with 1."""

    prefix: str = "/"
    """Of the path."""
    match: Callable[[Request], bool] | None = None
    """A further condition, for instance on the query."""
    method: str | None = None
    at: int = 1
    """The first of the matching requests that the rule strikes."""
    times: int | None = 1
    """How many in a row it strikes; None = all from then on."""

    def concerns(self, request: Request) -> bool:
        """Whether the request is counted."""
        return (
            request.path.startswith(self.prefix)
            and self.method in (None, request.method)
            and (self.match is None or self.match(request))
        )

    def strikes(self, number: int) -> bool:
        """Whether the `number`-th counted request is struck."""
        return number >= self.at and (self.times is None or number < self.at + self.times)


ALWAYS = When(times=None)

_Kind = Literal["status", "cut", "truncate", "drop", "lose", "silence", "slow", "hook-before", "hook-after"]


@dataclass(slots=True)
class Rule:
    """One rule of the script; `struck` tells how often it was applied."""

    kind: _Kind
    when: When
    status: int = 200
    body: str | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    keep: float = 0.5
    piece: int = 1
    pause: float = 0.0
    hook: Callable[[], object] | None = None
    seen: int = 0
    struck: int = 0
    released: bool = False


class Plan:
    """What happens to one request. Made by `Faults.plan`, carried out by the server."""

    def __init__(self, faults: Faults, fault: Rule | None, before: list[Rule], after: list[Rule]) -> None:
        self._faults = faults
        self._fault = fault
        self._before = before
        self._after = after

    @property
    def _kind(self) -> _Kind | None:
        return self._fault.kind if self._fault else None

    @property
    def status(self) -> int | None:
        """The status to answer without asking the service; None = ask it."""
        return self._fault.status if self._fault and self._fault.kind == "status" else None

    @property
    def body(self) -> str | bytes | None:
        """The body that goes with `status`."""
        return self._fault.body if self._fault else None

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields that go with `status`."""
        return self._fault.headers if self._fault else {}

    @property
    def loses(self) -> bool:
        """Whether the connection is to be closed although the service answered."""
        return self._kind == "lose"

    def hooks_before(self) -> None:
        """Run what the script runs before the service is asked."""
        _run(self._before)

    def hooks_after(self) -> None:
        """Run what the script runs once the answer is fixed, just before its first byte is sent."""
        _run(self._after)

    def wait(self, stopping: Stop) -> bool:
        """Keep silent while the script says so; False when the connection is to be closed without an answer."""
        if self._fault and self._fault.kind == "silence":
            self._faults.hold(self._fault, stopping)
            return False
        return self._kind != "drop"

    def mangle(self, body: bytes) -> tuple[bytes, int]:
        """The bytes to send and the length to announce."""
        if self._fault and self._fault.kind in ("cut", "truncate"):
            rest = body[: int(len(body) * self._fault.keep)]
            return rest, len(body) if self._fault.kind == "cut" else len(rest)
        return body, len(body)

    def pieces(self, body: bytes, stopping: Stop) -> Iterator[bytes]:
        """The body in the pieces in which it is sent; ends early when the server stops."""
        if not self._fault or self._fault.kind != "slow":
            yield body
            return
        for start in range(0, len(body), self._fault.piece):
            yield body[start : start + self._fault.piece]
            if stopping.wait(self._fault.pause):
                return


class Faults:
    """The script. Thread-safe; rules may be added and cleared while the server runs.

    Of several rules that strike one request the oldest counts; hooks run all, in the order of the script.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rules: list[Rule] = []
        self._silent = 0

    def status(
        self,
        status: int,
        when: When = When(),
        *,
        headers: Mapping[str, str] | None = None,
        body: str | bytes | None = None,
    ) -> Rule:
        """Answer with a status, for instance 429 with ``{"Retry-After": "7"}``, without asking the service."""
        return self._add(Rule("status", when, status=status, body=body, headers=dict(headers or {})))

    def html(self, when: When = When(), body: str = CAPTIVE_PORTAL) -> Rule:
        """Answer as a captive portal does: a page of HTML with status 200."""
        return self._add(Rule("status", when, body=body))

    def redirect(self, url: str, when: When = When(), *, status: int = 302) -> Rule:
        """Send the client elsewhere, for instance to another host."""
        return self._add(Rule("status", when, status=status, headers={"Location": url}))

    def cut(self, when: When = When(), *, keep: float = 0.5) -> Rule:
        """Announce the whole body, send the first part, close the connection."""
        return self._add(Rule("cut", when, keep=keep))

    def truncate(self, when: When = When(), *, keep: float = 0.5) -> Rule:
        """Send the first part of the body as if it were all: broken JSON in sound HTTP."""
        return self._add(Rule("truncate", when, keep=keep))

    def drop(self, when: When = When()) -> Rule:
        """Close the connection without an answer; the service is not asked."""
        return self._add(Rule("drop", when))

    def lose(self, when: When = When()) -> Rule:
        """Let the service work, then close the connection without its answer: what was written stays written."""
        return self._add(Rule("lose", when))

    def silence(self, when: When = When()) -> Rule:
        """Do not answer until `release` or the end of the server; then close the connection."""
        return self._add(Rule("silence", when))

    def slow(self, when: When = When(), *, piece: int = 1, pause: float = 0.05) -> Rule:
        """Send the body in pieces of so many bytes with so many seconds between them."""
        return self._add(Rule("slow", when, piece=piece, pause=pause))

    def call(
        self, hook: Callable[[], object], when: When = When(), *, moment: Literal["before", "after"] = "after"
    ) -> Rule:
        """Run `hook` before the service is asked, or after it, when the answer is fixed but not yet sent.

        "after" with ``at=1`` on a list is an edit between its first and its second page.
        """
        return self._add(Rule("hook-before" if moment == "before" else "hook-after", when, hook=hook))

    def release(self) -> None:
        """End all silences now; the rules stay."""
        with self._condition:
            for rule in self._rules:
                rule.released = True
            self._condition.notify_all()

    def clear(self) -> None:
        """Forget all rules and end all silences."""
        self.release()
        with self._condition:
            self._rules.clear()

    @property
    def silent(self) -> int:
        """How many requests are kept waiting now."""
        with self._condition:
            return self._silent

    def plan(self, request: Request) -> Plan:
        """Count the request and say what happens to it."""
        with self._condition:
            struck = [rule for rule in self._rules if rule.when.concerns(request) and _counts(rule)]
        faults = [rule for rule in struck if not rule.kind.startswith("hook")]
        return Plan(
            self,
            faults[0] if faults else None,
            [rule for rule in struck if rule.kind == "hook-before"],
            [rule for rule in struck if rule.kind == "hook-after"],
        )

    def hold(self, rule: Rule, stopping: Stop) -> None:
        """Wait until the rule is released or the server stops."""
        with stopping.calls(self._wake), self._condition:
            self._silent += 1
            try:
                self._condition.wait_for(lambda: rule.released or stopping.is_set(), _LONGEST_SILENCE)
            finally:
                self._silent -= 1

    def _wake(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def _add(self, rule: Rule) -> Rule:
        with self._condition:
            self._rules.append(rule)
        return rule


def _counts(rule: Rule) -> bool:
    rule.seen += 1
    if not rule.when.strikes(rule.seen):
        return False
    rule.struck += 1
    return True


def _run(rules: list[Rule]) -> None:
    for rule in rules:
        if rule.hook is not None:
            rule.hook()
