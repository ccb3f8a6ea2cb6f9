"""The command channel against whoever reaches the socket, and the command against a false holder."""

from __future__ import annotations

import json
from contextlib import suppress
from multiprocessing import Pipe

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.security.nonsense import JSON, as_bytes, content, effort, nested
from tray_connector.desktop.wire import GoneError, Wire

pytestmark = pytest.mark.usefixtures("only_warnings")
RIGHT = json.dumps({"argv": ["status"], "nonce": "0", "proof": "0" * 64}).encode()
MESSAGES = content(RIGHT) | st.fixed_dictionaries({"nonce": JSON, "proof": JSON, "argv": JSON}).map(as_bytes)


@effort(150)
@given(MESSAGES)
@example(nested(20_000))
@example(b'{"nonce": "\\ud800", "proof": "\\ud800"}')
def test_no_stranger_is_greeted(message: bytes) -> None:
    ours, theirs = Pipe()
    with ours, theirs:
        with suppress(OSError):
            theirs.send_bytes(message)
        theirs.close()
        with pytest.raises(GoneError):
            Wire(ours).greet("the token")


@effort(150)
@given(MESSAGES, MESSAGES)
@example(nested(20_000), b"")
@example(b'{"nonce": "\\ud800"}', b'{"proof": "\\ud800"}')
def test_no_false_holder_is_believed(first: bytes, second: bytes) -> None:
    ours, theirs = Pipe()
    with ours, theirs:
        theirs.send_bytes(first)
        theirs.send_bytes(second)
        with pytest.raises(GoneError):
            Wire(ours).introduce("the token", {"argv": ["status"]})
