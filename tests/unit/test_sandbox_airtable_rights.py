"""The sandbox's Airtable: tokens, scopes, bases and roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.airtable_sandbox import ask, mail_base, refused
from tray_connector.sandbox.airtable_site import AirtableSite
from tray_connector.sandbox.airtable_tokens import SCOPES, Token

HIDDEN = (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
PERMISSION = (403, "INVALID_PERMISSIONS")
FIELDS = [{"name": "A", "type": "singleLineText"}]
CALLS: dict[str, tuple[str, str, Any]] = {
    "data.records:read": ("GET", "{base}/Emails", None),
    "data.records:write": ("POST", "{base}/Emails", {"fields": {"Subject": "a"}}),
    "schema.bases:read": ("GET", "meta/bases/{base}/tables", None),
    "schema.bases:write": ("POST", "meta/bases/{base}/tables", {"name": "Neu", "fields": FIELDS}),
}


@pytest.fixture
def site() -> Iterator[AirtableSite]:
    with mail_base() as running:
        yield running


def test_no_token_and_a_wrong_one_get_a_401(site: AirtableSite) -> None:
    for token in ("", "patWrong"):
        answer = ask(site, "GET", "meta/whoami", token=token)
        assert refused(answer) == (401, "AUTHENTICATION_REQUIRED")
        assert answer.json()["error"]["message"] == "Authentication required"
    site.revoke()
    assert refused(ask(site, "GET", "meta/whoami")) == (401, "AUTHENTICATION_REQUIRED")
    assert not site.calls


def test_whoami_needs_no_scope_and_never_tells_any(site: AirtableSite) -> None:
    site.grant(scopes=())
    answer = ask(site, "GET", "meta/whoami").json()
    assert set(answer) == {"id"}
    assert (answer["id"][:3], len(answer["id"])) == ("usr", 17)
    site.add_token("patOther", Token(frozenset({"user.email:read"}), email="office@example.org"))
    assert ask(site, "GET", "meta/whoami", token="patOther").json()["email"] == "office@example.org"


@pytest.mark.parametrize("missing", sorted(CALLS))
def test_a_missing_scope_refuses_its_calls_and_no_other(site: AirtableSite, missing: str) -> None:
    site.grant(scopes=SCOPES - {missing})
    for scope, (method, path, body) in CALLS.items():
        answer = ask(site, method, path, body)
        if scope == missing:
            assert refused(answer) == HIDDEN
            assert answer.json()["error"]["message"].startswith("Invalid permissions, or the requested model")
        else:
            assert answer.status_code == 200


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("read", {"data.records:read", "schema.bases:read"}),
        ("comment", {"data.records:read", "schema.bases:read"}),
        ("edit", set(CALLS) - {"schema.bases:write"}),
        ("create", set(CALLS)),
    ],
)
def test_a_role_allows_what_it_allows(site: AirtableSite, role: Any, allowed: set[str]) -> None:
    site.grant(role=role)
    for scope, (method, path, body) in CALLS.items():
        answer = ask(site, method, path, body)
        assert (answer.status_code == 200) == (scope in allowed)
        if scope not in allowed:
            assert refused(answer) == PERMISSION
    assert ask(site, "GET", "meta/bases").json()["bases"][0]["permissionLevel"] == role


def test_a_base_that_is_not_on_the_tokens_list_is_hidden(site: AirtableSite) -> None:
    other = site.add_base("Zweite")
    site.grant(bases=[other.base_id])
    assert [base["id"] for base in ask(site, "GET", "meta/bases").json()["bases"]] == [other.base_id]
    for method, path, body in CALLS.values():
        assert refused(ask(site, method, path, body)) == HIDDEN
    site.grant(bases=[site.base_id], role="none")
    assert ask(site, "GET", "meta/bases").json() == {"bases": []}


def test_a_write_to_a_record_that_cannot_exist_tells_whether_writing_is_allowed(site: AirtableSite) -> None:
    body = {"records": [{"id": "rec00000000000000", "fields": {}}]}
    assert refused(ask(site, "PATCH", "{base}/Emails", body)) == (422, "ROW_DOES_NOT_EXIST")
    site.grant(role="read")
    assert refused(ask(site, "PATCH", "{base}/Emails", body)) == PERMISSION
    site.grant(role="edit", scopes=SCOPES - {"data.records:write"})
    assert refused(ask(site, "PATCH", "{base}/Emails", body)) == HIDDEN


def test_an_address_that_does_not_exist(site: AirtableSite) -> None:
    for path in ("meta/nothing", "{base}", "meta/bases/{base}/tables/a/b/c/d"):
        answer = ask(site, "GET", path)
        assert (answer.status_code, answer.json()) == (404, {"error": "NOT_FOUND"})
