"""Which deliveries are authentic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.webhooks import HAND, SECRETS, TOKEN
from tray_connector.webhooks.signatures import Secrets, missive_is_authentic, signature, teamwork_is_authentic

DELETED = b'{"eventCreator":{"id":501,"firstName":"Ada","lastName":"Byron","avatar":""},"id":9001}'
VECTOR = "597a18d80bc1609eef3377c7864090c629988c197516a33b8a05491f2197dca7"
UNSIGNED = Secrets("installation7", "pathsecret99")
PLACE = "installation7-pathsecret99"


def test_the_signature_is_the_one_that_the_services_compute() -> None:
    assert signature("whsec-example-1", DELETED) == VECTOR
    assert teamwork_is_authentic(SECRETS, DELETED, VECTOR)


@pytest.mark.parametrize("given", [None, "", VECTOR[:-1], VECTOR + " ", f"sha256={VECTOR}", f"{VECTOR}, {VECTOR}", "ä"])
def test_teamwork_needs_exactly_its_signature(given: str | None) -> None:
    assert not teamwork_is_authentic(SECRETS, DELETED, given)


@given(st.binary(max_size=50), st.none() | st.text(max_size=70))
def test_nothing_is_authentic_by_chance(body: bytes, given: str | None) -> None:
    assert not teamwork_is_authentic(SECRETS, body, given)
    assert not missive_is_authentic(SECRETS, "", body, given)


def test_without_a_token_no_signature_is_right() -> None:
    for sent in (None, "", signature("", DELETED)):
        assert not teamwork_is_authentic(UNSIGNED, DELETED, sent)
        assert not missive_is_authentic(UNSIGNED, "", DELETED, sent and f"sha256={sent}")


@pytest.mark.parametrize(
    ("place", "given", "right"),
    [
        (PLACE, None, True),
        (PLACE, "right", True),
        (PLACE, "wrong", False),
        (PLACE, "bare", False),
        (PLACE, "", False),
        ("", "right", True),
        ("", None, False),
        ("elsewhere", "right", True),
        ("elsewhere", None, False),
        (PLACE.upper(), None, False),
        ("installation7-", None, False),
        ("installation7", None, False),
    ],
)
def test_missive_is_known_by_its_path_or_its_signature(place: str, given: str | None, right: bool) -> None:
    body = b"{}"
    sent = {"right": f"sha256={signature(HAND, body)}", "wrong": f"sha256={signature(TOKEN, body)}"}
    sent["bare"] = signature(HAND, body)
    header = None if given is None else sent.get(given, given)
    assert missive_is_authentic(SECRETS, place, body, header) is right


def test_a_signature_that_nobody_can_check_takes_nothing_away_from_the_path() -> None:
    assert missive_is_authentic(UNSIGNED, PLACE, b"{}", "sha256=00")
    assert not missive_is_authentic(UNSIGNED, "", b"{}", "sha256=00")


def test_secrets_are_not_shown_and_fit_into_a_path() -> None:
    assert repr(SECRETS) == "Secrets(installation_id='installation7')"
    assert SECRETS.teamwork_path == "/webhook/teamwork/installation7"
    assert SECRETS.missive_path == "/webhook/missive/installation7-pathsecret99"
    for wrong in ("", "short", "has/slash/in/it", "Capital12", "1234567\n"):
        with pytest.raises(ValueError, match="8 to 64") as caught:
            Secrets(wrong, "pathsecret99")
        with pytest.raises(ValueError, match="8 to 64") as caught:
            Secrets("installation7", wrong)
        assert not wrong or wrong not in str(caught.value)
