"""The options of a field's type: what creating a field demands, and how they are read."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tray_connector.sandbox.airtable_errors import Refusal, bad_options
from tray_connector.sandbox.airtable_state import COMPUTED, Ids
from tray_connector.sandbox.airtable_switches import AirtableSwitches

Options = dict[str, Any]

DATE_FORMATS = MappingProxyType(
    {"iso": "YYYY-MM-DD", "local": "l", "friendly": "LL", "us": "M/D/YYYY", "european": "D/M/YYYY"}
)
TIME_FORMATS = MappingProxyType({"24hour": "HH:mm", "12hour": "h:mma"})
COLORS = tuple(
    f"{hue}{shade}"
    for hue in ("blue", "cyan", "teal", "green", "yellow", "orange", "red", "pink", "purple", "gray")
    for shade in ("Light2", "Bright", "Dark1", "Light1")
)
_ICONS = frozenset({"check", "xCheckbox", "star", "heart", "thumbsUp", "flag", "dot"})
_RATING_ICONS = frozenset({"star", "heart", "thumbsUp", "flag", "dot"})
_CHECKBOX_COLORS = frozenset(color for color in COLORS if color.endswith("Bright"))
_DURATIONS = frozenset({"h:mm", "h:mm:ss", "h:mm:ss.S", "h:mm:ss.SS", "h:mm:ss.SSS"})


class FieldOptions:
    """The check of one new field. `free` = a base on the free plan."""

    def __init__(self, name: str, switches: AirtableSwitches, ids: Ids, *, free: bool) -> None:
        self._name = name
        self._switches = switches
        self._ids = ids
        self._free = free

    def reading_form(self, kind: str, options: Any) -> Options | None:
        """The options as they will be read; None for a type without. Raises the 422s of a type or options refused."""
        if kind in COMPUTED:
            raise Refusal(422, "UNSUPPORTED_FIELD_TYPE_FOR_CREATE", f"Creating {kind} fields is not supported")
        if kind in _WITHOUT:
            if options is not None:
                raise self._wrong("options is not accepted for this type")
            return None
        if kind == "multipleAttachments":
            if options not in (None, {}) and (
                self._switches.attachment_options_on_create == "refused" or set(options) != {"isReversed"}
            ):
                raise self._wrong("options is not accepted for this type")
            return {"isReversed": bool((options or {}).get("isReversed", False))}
        check = self._checks().get(kind)
        if check is None:
            raise Refusal(422, "UNSUPPORTED_FIELD_TYPE_FOR_CREATE", f"Field type {kind} is not supported")
        if options is None:
            raise self._wrong("options is missing")
        if not isinstance(options, dict):
            raise self._wrong("options is not an object")
        return check(options)

    def _checks(self) -> Mapping[str, Callable[[Options], Options]]:
        return {
            "number": self._number,
            "percent": self._number,
            "currency": self._currency,
            "duration": self._duration,
            "rating": self._rating,
            "checkbox": self._checkbox,
            "date": self._date,
            "dateTime": self._date_time,
            "singleSelect": self._choices,
            "multipleSelects": self._choices,
        }

    def _number(self, options: Options) -> Options:
        self._only(options, "precision")
        return {"precision": self._whole(options, "precision", 0, 8)}

    def _currency(self, options: Options) -> Options:
        self._only(options, "precision", "symbol")
        if not isinstance(options.get("symbol"), str):
            raise self._wrong("options.symbol is missing")
        return {"precision": self._whole(options, "precision", 0, 7), "symbol": options["symbol"]}

    def _duration(self, options: Options) -> Options:
        self._only(options, "durationFormat")
        return {"durationFormat": self._one_of(options, "durationFormat", _DURATIONS)}

    def _rating(self, options: Options) -> Options:
        self._only(options, "icon", "color", "max")
        return {
            "icon": self._one_of(options, "icon", _RATING_ICONS),
            "color": self._one_of(options, "color", _CHECKBOX_COLORS),
            "max": self._whole(options, "max", 1, 10),
        }

    def _checkbox(self, options: Options) -> Options:
        self._only(options, "icon", "color")
        chosen = {
            "icon": self._one_of(options, "icon", _ICONS),
            "color": self._one_of(options, "color", _CHECKBOX_COLORS),
        }
        restricted = self._free and self._switches.free_checkboxes_restricted
        if restricted and chosen != {"icon": "check", "color": "greenBright"}:
            raise self._wrong("options.icon and options.color must be check and greenBright on this plan")
        return chosen

    def _date(self, options: Options) -> Options:
        self._only(options, "dateFormat")
        return {"dateFormat": self._format(options, "dateFormat", DATE_FORMATS)}

    def _date_time(self, options: Options) -> Options:
        self._only(options, "timeZone", "dateFormat", "timeFormat")
        zone = options.get("timeZone")
        if not isinstance(zone, str):
            raise self._wrong("options.timeZone is missing")
        if zone not in ("utc", "client") and not self._is_zone(zone):
            raise self._wrong("options.timeZone is not a valid time zone")
        return {
            "timeZone": zone,
            "dateFormat": self._format(options, "dateFormat", DATE_FORMATS),
            "timeFormat": self._format(options, "timeFormat", TIME_FORMATS),
        }

    def _is_zone(self, zone: str) -> bool:
        if zone == "UTC":
            return self._switches.upper_case_utc == "accepted"
        return zone in zoneinfo.available_timezones()

    def _choices(self, options: Options) -> Options:
        self._only(options, "choices")
        given = options.get("choices")
        if not isinstance(given, list):
            raise self._wrong("options.choices is missing")
        made: list[Options] = []
        for choice in given:
            name = choice.get("name") if isinstance(choice, dict) else None
            if not isinstance(name, str) or not name or name in (each["name"] for each in made):
                raise self._wrong("options.choices has an empty, missing or repeated name")
            if not set(choice) <= {"name", "color"}:
                raise self._wrong("options.choices has an unknown key")
            if "color" in choice and choice["color"] not in COLORS:
                raise self._wrong("options.choices has an unknown color")
            made.append(new_choice(self._ids, name, len(made), choice.get("color")))
        return {"choices": made}

    def _format(self, options: Options, key: str, known: Mapping[str, str]) -> Options:
        given = options.get(key)
        if not isinstance(given, dict) or given.get("name") not in known:
            raise self._wrong(f"options.{key}.name is missing or unknown")
        wanted = {"name": given["name"], "format": known[given["name"]]}
        if {**wanted, **given} != wanted:
            raise self._wrong(f"options.{key} does not belong to its name")
        return wanted

    def _whole(self, options: Options, key: str, least: int, most: int) -> int:
        value = options.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self._wrong(f"options.{key} is not a whole number from {least} to {most}")
        return value

    def _one_of(self, options: Options, key: str, known: frozenset[str]) -> str:
        value = options.get(key)
        if not isinstance(value, str) or value not in known:
            raise self._wrong(f"options.{key} is missing or unknown")
        return value

    def _only(self, options: Options, *known: str) -> None:
        for key in options:
            if key not in known:
                raise self._wrong(f"options.{key} is not accepted")

    def _wrong(self, what: str) -> Refusal:
        return bad_options(f"Invalid options for {self._name}: Failed schema validation: {self._name}.{what}")


_WITHOUT = frozenset({"singleLineText", "multilineText", "richText", "email", "url", "phoneNumber", "barcode"})


def new_choice(ids: Ids, name: str, position: int, color: str | None = None) -> Options:
    """A choice as it is read."""
    return {"id": ids.new("sel"), "name": name, "color": color or COLORS[position % 10 * 4]}
