"""What a fuzzer tries: bytes that are nothing, that are nearly something, and that are something else."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

USUAL = 100
"""Examples that a profile of Hypothesis tries unless it says otherwise; `long` tries fifty times as many."""

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "\0", "\ud800", "9" * 400, "2026-13-45T99:00:00Z", "../../etc/passwd", "=cmd()", "<script>"])
    | st.sampled_from([2**63, -(2**63), 10**400, 1e308, -0.0])
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


def effort(examples: int) -> settings:
    """So many examples as a rule, more in proportion with ``--hypothesis-profile=long``."""
    return settings(max_examples=max(1, examples * settings().max_examples // USUAL))


def as_bytes(value: Any) -> bytes:
    """The value as some program might have written it."""
    return json.dumps(value).encode()


def nested(depth: int) -> bytes:
    """More brackets than any parser has patience for."""
    return b"[" * depth


def nearly(*right: bytes) -> st.SearchStrategy[bytes]:
    """Right content with a piece cut out, doubled or replaced."""

    def spoil(content: bytes, at: int, length: int, instead: bytes) -> bytes:
        at %= len(content) + 1
        return content[:at] + instead + content[at + length :]

    return st.builds(spoil, st.sampled_from(right), st.integers(0, 10_000), st.integers(0, 40), st.binary(max_size=12))


ODD = (
    nested(20_000),
    b'{"a":' * 8_000,
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"9" * 10_000,
    b'"\\ud800"',
    b"NaN",
    b"\0" * 4096,
)


class Spoiled(bytes):
    """Shown short."""

    def __repr__(self) -> str:
        return f"{bytes(self[:300])!r}, {len(self)} bytes"


def content(*right: bytes) -> st.SearchStrategy[bytes]:
    """For a parser of files or messages that reads `right`."""
    odd = st.integers(0, len(ODD) - 1).map(ODD.__getitem__)
    return (st.binary(max_size=200) | JSON.map(as_bytes) | odd | nearly(*right)).map(Spoiled)
