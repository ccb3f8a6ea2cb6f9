"""Services that answer with values of another type: no trace, nothing lost, and right again once they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.security.nonsense import effort
from tests.support.clock import FakeClock
from tests.support.connector import Connector, sandbox
from tests.support.mangled import mangled
from tests.support.small_office import small_mailbox, small_office
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sandbox.server import Request
from tray_connector.sources.base import Since

pytestmark = pytest.mark.usefixtures("only_warnings")


OTHERS: tuple[Any, ...] = (7, -1.5, 10**400, True, "", "x", "\ud800", [], [5], ["x"], [{}], {}, {"id": "x"}, {"a": [1]})


def nodes(data: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Every place in JSON: (what holds it, its name or number there, its value)."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in tuple(inner):
        yield data, name, value
        yield from nodes(value)


class Place:
    """One office, a reference of what of it is stored, and homes that are new each time."""

    def __init__(self, office: SandboxOffice, clock: FakeClock) -> None:
        self.office = office
        self.clock = clock
        with self.home() as connector:
            assert connector.sync().exit_code() == 0
            self.keys_of_reference = self.keys(connector)
            self.read_all_again(connector)
            self.reference = self.stored(connector)

    @contextmanager
    def home(self) -> Iterator[Connector]:
        with TemporaryDirectory() as name:
            connector = Connector(self.office, Path(name) / "home", self.clock, ATTACHMENTS="false")
            yield connector
            connector.close()

    def differences(self, connector: Connector) -> list[str]:
        """What of the reference is stored otherwise, or not at all."""
        return [
            f"{key} {name}: {ours.get(key, {}).get(name)!r} instead of {theirs.get(key, {}).get(name)!r}"
            for ours, theirs in zip(self.stored(connector).values(), self.reference.values(), strict=True)
            for key in sorted({*ours, *theirs})
            for name in sorted({*ours.get(key, {}), *theirs.get(key, {})})
            if ours.get(key, {}).get(name) != theirs.get(key, {}).get(name)
        ]

    @staticmethod
    def read_all_again(connector: Connector) -> None:
        """Force backfill, writing what is there already as well."""
        report = connector.engine.backfill(Since(None, everything=True), connector.stop, rewrite=True)
        assert report.exit_code() == 0

    def keys(self, connector: Connector) -> dict[str, list[str]]:
        """Which records are there."""
        return {table: sorted(found) for table, found in self.stored(connector).items()}

    @staticmethod
    def stored(connector: Connector) -> dict[str, dict[str, Any]]:
        """What is there, apart from when it was written."""
        return {
            table: {
                key: {name: value for name, value in row.items() if name not in ("synced_at", "last_synced_at")}
                for key, row in connector.rows(table).items()
                if not row["deleted"]
            }
            for table in ("tasks", "emails")
        }


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    clock = FakeClock()
    with sandbox(clock, office=small_office(clock), mailbox=small_mailbox(clock)) as office:
        yield Place(office, clock)


@effort(15)
@given(
    service=st.sampled_from(["teamwork", "missive"]),
    places=st.lists(st.tuples(st.integers(0, 5_000), st.sampled_from(OTHERS)), min_size=1, max_size=3),
)
def test_values_of_another_type(place: Place, service: str, places: list[tuple[int, Any]]) -> None:
    office = place.office
    server = {"teamwork": office.teamwork_server, "missive": office.missive.server}[service]

    def spoil(_: Request, data: Any) -> Any:
        if not isinstance(data, (dict, list)):
            return data
        data = json.loads(json.dumps(data))
        found = list(nodes(data))
        for number, value in places:
            holder, name, right = found[number % len(found)]
            # What is of its type, or missing, may be right for all we know.
            if right is not None and type(right) is not type(value):
                holder[name] = value
        return data

    with place.home() as connector:
        with mangled(server, spoil):
            connector.sync()
        connector.restart(ATTACHMENTS="false")
        place.clock.advance(60)
        connector.sync()
        connector.engine.reconcile(connector.stop, allow_removals=True)
        assert connector.sync().exit_code() == 0
        assert place.keys(connector) == place.keys_of_reference
        # Values that may be missing were believed.
        place.read_all_again(connector)
        assert place.differences(connector) == []
