"""The live test of a base: token, base, role, columns, the right to write, and the volume against the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tray_connector.config.clock import Clock, Stop
from tray_connector.destinations.airtable.client import AirtableClient
from tray_connector.destinations.airtable.columns import KEY
from tray_connector.destinations.airtable.errors import RefusedError, explained
from tray_connector.destinations.airtable.plans import Plan
from tray_connector.destinations.airtable.schema import BaseTable, may_not_create, wrong_types
from tray_connector.destinations.airtable.setup import Setup
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConfigError, ConnectorError, TransientError
from tray_connector.model.records import Table

NO_RECORD = "rec" + "0" * 14
"""The id of a record that cannot exist."""
PAGES = 10
"""List calls for counting, per table: enough for every base of the Free plan."""
_BY_US = "create"


@dataclass(frozen=True, slots=True)
class Preflight:
    """Costs up to eight calls and one per hundred rows, at most 20 for these."""

    client: AirtableClient
    setup: Setup
    names: Mapping[Table, str]
    zone: ZoneInfo
    plan: Plan
    clock: Clock

    def lines(self, categories: Sequence[str], stop: Stop) -> list[CheckLine]:
        """From the token to the plan; ends at the first line that makes the others pointless."""
        lines: list[CheckLine] = []
        try:
            self._token(lines, stop)
            role = self._base(lines, stop)
            there = self.setup.read(stop)
            self._columns(lines, there, role, categories)
            self._writing(lines, there, stop)
            self._volume(lines, there, stop)
        except ConnectorError as error:
            lines.append(failed(error))
        except RefusedError as error:
            lines.append(failed(explained(error.refusal, self.clock.now())))
        return lines

    def _token(self, lines: list[CheckLine], stop: Stop) -> None:
        self.client.read(self.client.whoami_url(), stop=stop)
        lines.append(CheckLine("Airtable token", True, "Airtable knows it"))

    def _base(self, lines: list[CheckLine], stop: Stop) -> str:
        """The user's role in the base."""
        places: set[str] = set()
        offset: str | None = None
        while True:
            url = self.client.bases_url() + (f"?offset={offset}" if offset else "")
            answer = self.client.read(url, stop=stop)
            for each in answer.get("bases") or ():
                if each.get("id") == self.client.base_id:
                    role = str(each.get("permissionLevel", ""))
                    lines.append(_role_line(str(each.get("name", "")), role))
                    return role
            offset = answer.get("offset")
            if not offset or offset in places:
                break
            places.add(offset)
        raise ConfigError(
            "airtable-base-hidden",
            "The token does not show this base",
            f"{self.client.base_id} is not among the bases of the token.",
            "Check AIRTABLE_BASE_ID, and add the base to the token's list at airtable.com/create/tokens.",
        )

    def _columns(
        self,
        lines: list[CheckLine],
        there: Mapping[Table, BaseTable | None],
        role: str,
        categories: Sequence[str],
    ) -> None:
        name = "Airtable columns"
        found = self.setup.differences(there, categories)
        wrong = [(each, c) for table, each in there.items() if each is not None for c in found[table].wrong]
        if wrong:
            lines.append(failed(wrong_types(wrong), name))
        missing = [(self.names[table], lacking.missing) for table, lacking in found.items() if lacking.missing]
        if missing and role and role != _BY_US:
            said = f"The token's user has the role {role}."
            lines.append(failed(may_not_create(missing, self.zone, said), name))
        elif missing:
            count = sum(len(columns) for _, columns in missing)
            lines.append(CheckLine(name, True, f"{count} are missing and will be created"))
        elif not wrong:
            lines.append(CheckLine(name, True, "All are there"))

    def _writing(self, lines: list[CheckLine], there: Mapping[Table, BaseTable | None], stop: Stop) -> None:
        name = "Airtable right to write"
        for table, each in there.items():
            if each is None:
                continue
            payload = {"records": [{"id": NO_RECORD, "fields": {}}]}
            try:
                self.client.write("PATCH", self.client.records_url(each.id), payload, stop=stop, replay=True)
            except RefusedError as error:
                if error.refusal.status == 403:
                    lines.append(
                        CheckLine(
                            name,
                            False,
                            f"Table {self.names[table]}: {error.refusal.said}",
                            "Give the token the scope data.records:write and its user the role Editor or higher.",
                        )
                    )
                    return
        lines.append(CheckLine(name, True, "Not refused; proven at the first write"))

    def _volume(self, lines: list[CheckLine], there: Mapping[Table, BaseTable | None], stop: Stop) -> None:
        rows, more = 0, False
        for table, each in there.items():
            if each is None:
                continue
            pages = self.client.pages(each.id, [KEY[table]] if KEY[table] in each.types else [], stop=stop)
            for number, page in enumerate(pages, 1):
                rows += len(page)
                if number == PAGES and len(page) == 100:
                    more = True
                    break
        plan = self.plan
        calls = f"{plan.calls:,} calls a month (ten records a call)" if plan.calls else "any number of calls"
        message = (
            f"{'more than ' if more else ''}{rows:,} rows in these tables; the plan {plan.title} allows "
            f"{plan.records:,} records in the base and {calls}"
        )
        full = rows >= plan.records
        hint = "Delete records in the base, or choose a larger plan: new records find no room." if full else ""
        lines.append(CheckLine("Airtable plan", not full, message, hint))


def _role_line(base: str, role: str) -> CheckLine:
    name = "Airtable base"
    if role in ("none", "read", "comment"):
        return CheckLine(
            name, False, f"{base}: the token's user has the role {role}", "Give this user the role Editor or Creator."
        )
    return CheckLine(name, True, f"{base}, role {role}" if role else base)


def failed(error: ConnectorError, name: str = "Airtable") -> CheckLine:
    """A test that ended with this error."""
    problem = error.problem
    message = f"{problem.title}. {problem.message}" if problem.message else problem.title
    return CheckLine(name, False, message, problem.hint, passing=isinstance(error, TransientError))
