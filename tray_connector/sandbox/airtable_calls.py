"""One call to Airtable, read: what kind it is, what it needs, its path, query and body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tray_connector.sandbox.airtable_errors import Refusal, invalid, not_found
from tray_connector.sandbox.airtable_tokens import Role
from tray_connector.sandbox.server import Request

_PREFIX = "v0"
_READ, _WRITE = "data.records:read", "data.records:write"
_SCHEMA_READ, _SCHEMA_WRITE = "schema.bases:read", "schema.bases:write"

_NEEDS: Mapping[str, tuple[str, Role]] = MappingProxyType(
    {
        "bases": (_SCHEMA_READ, "read"),
        "schema": (_SCHEMA_READ, "read"),
        "create_table": (_SCHEMA_WRITE, "create"),
        "create_field": (_SCHEMA_WRITE, "create"),
        "update_table": (_SCHEMA_WRITE, "create"),
        "update_field": (_SCHEMA_WRITE, "create"),
        "list": (_READ, "read"),
        "get": (_READ, "read"),
        "create": (_WRITE, "edit"),
        "update": (_WRITE, "edit"),
        "upsert": (_WRITE, "edit"),
        "delete": (_WRITE, "edit"),
        "upload": (_WRITE, "edit"),
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it arrived. `path` holds what follows its kind's fixed parts: base, table, record or field."""

    kind: str
    method: str
    path: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    """The query, repeated keys too."""
    body: Any

    @property
    def base_id(self) -> str | None:
        """The base it concerns; None for whoami and the list of bases."""
        return self.path[0] if self.path else None

    @property
    def is_schema(self) -> bool:
        """Whether it is a call below ``/v0/meta``."""
        return self.kind == "whoami" or self.needs[0].startswith("schema.")

    @property
    def needs(self) -> tuple[str, Role]:
        """The scope and the role; whoami needs none."""
        return _NEEDS.get(self.kind, ("", "none"))

    def query(self, name: str) -> str | None:
        """The last value of a key of the query."""
        return dict(self.pairs).get(name)

    @property
    def fields_by_id(self) -> bool:
        """Whether the answer is to name fields by their ids. Raises the 422 of a value that is none."""
        wanted = self.body.get("returnFieldsByFieldId") if isinstance(self.body, dict) else None
        if wanted is None:
            return self.query("returnFieldsByFieldId") in ("1", "true")
        if not isinstance(wanted, bool):
            raise invalid()
        return wanted

    @property
    def typecast(self) -> bool:
        """Whether values may be converted. Raises the 422 of a value that is none."""
        wanted = self.object.get("typecast", False)
        if not isinstance(wanted, bool):
            raise invalid()
        return wanted

    @property
    def object(self) -> Mapping[str, Any]:
        """The body. Raises the 422 of one that is no object."""
        if not isinstance(self.body, dict):
            raise invalid()
        return self.body


def call_of(request: Request) -> Call:
    """What a request asks for. Raises 404 for an address that does not exist, 400 for a body that is no JSON."""
    parts = urlsplit(request.target)
    segments = [unquote(each) for each in parts.path.split("/") if each]
    if _PREFIX not in segments:
        raise not_found()
    segments = segments[segments.index(_PREFIX) + 1 :]
    body = _body(request)
    kind, path = _kind(request.method, segments, body)
    return Call(kind, request.method, tuple(path), tuple(parse_qsl(parts.query, keep_blank_values=True)), body)


def _kind(method: str, segments: list[str], body: Any) -> tuple[str, list[str]]:
    match method, segments:
        case "GET", ["meta", "whoami"]:
            return "whoami", []
        case "GET", ["meta", "bases"]:
            return "bases", []
        case "GET", ["meta", "bases", base, "tables"]:
            return "schema", [base]
        case "POST", ["meta", "bases", base, "tables"]:
            return "create_table", [base]
        case "PATCH", ["meta", "bases", base, "tables", table]:
            return "update_table", [base, table]
        case "POST", ["meta", "bases", base, "tables", table, "fields"]:
            return "create_field", [base, table]
        case "PATCH", ["meta", "bases", base, "tables", table, "fields", field]:
            return "update_field", [base, table, field]
        case _, ["meta", *_]:
            raise not_found()
        case "GET", [_, _]:
            return "list", segments
        case "POST", [base, table, "listRecords"]:
            return "list", [base, table]
        case "POST", [_, _]:
            return "create", segments
        case (("PATCH" | "PUT"), [_, _]):
            return ("upsert" if isinstance(body, dict) and "performUpsert" in body else "update"), segments
        case (("PATCH" | "PUT"), [_, _, _]):
            return "update", segments
        case "GET", [_, _, _]:
            return "get", segments
        case "DELETE", ([_, _] | [_, _, _]):
            return "delete", segments
        case "POST", [base, record, field, "uploadAttachment"]:
            return "upload", [base, record, field]
        case _:
            raise not_found()


def _body(request: Request) -> Any:
    if not request.body:
        return None
    try:
        body = json.loads(request.body, parse_constant=_no_number)
        if b"\\ud" in request.body or b"\\uD" in request.body:
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as problem:
        if isinstance(problem, UnicodeEncodeError):
            raise invalid() from None
        raise Refusal(400, "INVALID_REQUEST_BODY", "Could not parse request body") from None
    return body


def _no_number(name: str) -> float:
    raise ValueError(name)
