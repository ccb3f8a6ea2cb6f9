"""Airtable's refusals: their types, texts and the shapes of their bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from tray_connector.sandbox.server import Response

Shape = Literal["object", "string", "plural"]


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of the program
    """An answer other than 200. `kind` is Airtable's `type`."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str | None = None,
        *,
        shape: Shape = "object",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind, message)
        self.status = status
        self.kind = kind
        self.message = message
        self._shape = shape
        self._headers = dict(headers or {})

    @property
    def body(self) -> dict[str, Any]:
        """What is sent."""
        if self._shape == "string":
            return {"error": self.kind}
        text = {} if self.message is None else {"message": self.message}
        if self._shape == "plural":
            return {"errors": [{"error": self.kind, **text}]}
        return {"error": {"type": self.kind, **text}}

    def response(self) -> Response:
        """The whole answer."""
        return Response(self.status, self.body, self._headers)


def invalid(message: str = "Invalid request: parameter validation failed. Check your request data.") -> Refusal:
    """The 422 for a request of the wrong form."""
    return Refusal(422, "INVALID_REQUEST_UNKNOWN", message)


def hidden() -> Refusal:
    """The 403 that does not tell a missing right from a missing base or table."""
    return Refusal(
        403,
        "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
        "Invalid permissions, or the requested model was not found. Check that both your user and your token have "
        "the required permissions, and that the model names and/or ids are correct.",
    )


def not_permitted(what: str = "to perform this operation") -> Refusal:
    """The 403 for a role that is too low."""
    return Refusal(403, "INVALID_PERMISSIONS", f"You are not permitted {what}")


def not_found() -> Refusal:
    """The 404 of an address that does not exist."""
    return Refusal(404, "NOT_FOUND", shape="string")


def unauthorized() -> Refusal:
    """The 401 of a missing, unknown or revoked token."""
    return Refusal(401, "AUTHENTICATION_REQUIRED", "Authentication required")


def no_such_row(record_id: str) -> Refusal:
    """The 422 for an id that a batch names and the table lacks."""
    return Refusal(422, "ROW_DOES_NOT_EXIST", f"Record ID {record_id} does not exist in this table")


def unknown_field(name: str) -> Refusal:
    """The 422 for a field that the table lacks."""
    return Refusal(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')


def bad_value(field_name: str, detail: str = "cannot accept the provided value") -> Refusal:
    """The 422 for a value that a field does not take."""
    return Refusal(422, "INVALID_VALUE_FOR_COLUMN", f'Field "{field_name}" {detail}')


def bad_options(message: str) -> Refusal:
    """The 422 for options that a new field must not have or lacks."""
    return Refusal(422, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE", message)
