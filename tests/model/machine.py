"""The state machine: everything that may happen, in any order, and `recover`, after which all must be well."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.model.world import FARTHEST, FAULTS, World
from tray_connector.model.errors import ConnectorError, TransientError
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.missive_switches import MissiveSwitches
from tray_connector.sandbox.teamwork_switches import TeamworkSwitches
from tray_connector.sync.pause import Pause

NUMBERS = st.integers(0, 99)
DEED = st.tuples(NUMBERS, NUMBERS, NUMBERS)
FEW = st.integers(1, 6)
SERVICE = st.integers(0, 1)
ROUNDS = 6
"""Syncs after which everything that can recover has."""
CATEGORIES: tuple[dict[str, str], ...] = ({}, {"Räume": "R_"}, {"Räume": "R_", "Kosten": "KGR_"}, {"Alles": ""})


class Office(RuleBasedStateMachine):
    """A life of an office and its connector."""

    folder: ClassVar[Path]
    can_fill: ClassVar[bool] = False
    """Whether `folder` is a small disk of its own."""
    steps: ClassVar[int] = 0
    world: World

    @initialize(
        teamwork=st.builds(
            TeamworkSwitches,
            delete_bumps_updated_at=st.booleans(),
            show_deleted=st.sampled_from(["also", "only"]),
            deleted_after=st.sampled_from(["exclusive", "inclusive"]),
            deleted_after_keeps_live=st.booleans(),
            deleted_get=st.sampled_from([404, 200]),
            order_by_id_supported=st.booleans(),
        ),
        missive=st.builds(
            MissiveSwitches,
            until_inclusive=st.booleans(),
            extend_ties=st.booleans(),
            all_includes_trash=st.booleans(),
            all_includes_spam=st.booleans(),
            all_covers_teams=st.booleans(),
            batch_missing_id=st.sampled_from(["omit", "404"]),
        ),
        first=st.lists(DEED, max_size=6),
    )
    def begin(self, teamwork: TeamworkSwitches, missive: MissiveSwitches, first: list[tuple[int, int, int]]) -> None:
        self.world = World(self.folder, teamwork, missive)
        logging.getLogger("tray_connector").addHandler(self.world.told)
        for deed in first:
            self.deed(deed)

    def teardown(self) -> None:
        """Whatever happened: it must recover."""
        if not hasattr(self, "world"):
            return
        try:
            self.recover()
        finally:
            logging.getLogger("tray_connector").removeHandler(self.world.told)
            self.world.close()

    def deed(self, deed: tuple[int, int, int]) -> None:
        """Somebody does something."""
        self.world.deeds.do(*deed)
        self.world.chronicle.record()

    # What happens in the office, and to the clocks.

    @rule(deeds=st.lists(DEED, min_size=1, max_size=6))
    def people_work(self, deeds: list[tuple[int, int, int]]) -> None:
        for deed in deeds:
            self.deed(deed)

    @rule(deeds=st.lists(DEED, min_size=2, max_size=5))
    def people_work_on_and_on(self, deeds: list[tuple[int, int, int]]) -> None:
        for deed in deeds:
            self.deed(deed)
            self.world.clock.advance(1)

    @rule(seconds=st.sampled_from([1, 5, 61, 301, 3700, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    @rule(seconds=st.sampled_from([-200_000, -3700, -61, 61, 3700, 200_000]))
    def the_clock_is_set(self, seconds: int) -> None:
        off = (self.world.own.now() - self.world.clock.now()).total_seconds() + seconds
        if abs(off) <= FARTHEST:
            self.world.own.jump(seconds)

    # What the connector does.

    @rule()
    def sync(self) -> None:
        self.world.sync()

    @rule(lane=SERVICE, scheduled=st.booleans(), allow=st.booleans())
    def walk(self, lane: int, scheduled: bool, allow: bool) -> None:
        world = self.world
        if not scheduled:
            world.connector.engine.reconcile(world.connector.stop, allow_removals=allow)
            return
        with suppress(ConnectorError):
            world.connector.engine.writer.ready(world.connector.stop)
            world.connector.engine.lanes[lane].reconcile(world.connector.stop, scheduled=True)

    @rule(lane=SERVICE)
    def poll_without_writing(self, lane: int) -> None:
        world = self.world
        with suppress(ConnectorError):
            world.connector.engine.writer.ready(world.connector.stop)
            world.connector.engine.lanes[lane].poll(world.connector.stop, all_streams=True)

    @rule(seconds=st.sampled_from([0.1, 0.3]))
    def serve(self, seconds: float) -> None:
        self.world.serve(seconds)

    @rule(minutes=st.sampled_from([None, 10, 300]))
    def pause(self, minutes: int | None) -> None:
        until = None if minutes is None else self.world.own.now() + timedelta(minutes=minutes)
        self.world.connector.engine.pause(Pause(until=until, open_ended=minutes is None))

    @rule()
    def resume(self) -> None:
        self.world.connector.engine.resume()

    # What is reported.

    @rule(data=st.data())
    def webhooks_arrive(self, data: st.DataObject) -> None:
        news = self.world.deeds.news[-20:]
        if news:
            parcel = st.tuples(st.sampled_from(news), st.integers(0, 5).map(lambda number: number == 0))
            self.world.deliver(data.draw(st.lists(parcel, min_size=1, max_size=5)))

    # What goes wrong.

    @rule(service=SERVICE, kind=st.sampled_from(FAULTS), at=FEW, times=st.sampled_from([1, 2, 4, None]))
    def a_service_fails(self, service: int, kind: str, at: int, times: int | None) -> None:
        self.world.fail(service, kind, at, times)
        self.world.sync()

    @rule()
    def the_services_work_again(self) -> None:
        for faults in self.world.faults:
            faults.clear()

    @rule(deed=DEED, service=SERVICE, at=FEW, moment=st.sampled_from(["before", "after"]), walk=st.booleans())
    def people_work_during_a_read(
        self, deed: tuple[int, int, int], service: int, at: int, moment: Any, walk: bool
    ) -> None:
        self.world.faults[service].call(lambda: self.deed(deed), When(at=at), moment=moment)
        if walk:
            self.world.connector.engine.reconcile(self.world.connector.stop)
        else:
            self.world.sync()

    @rule()
    def the_database_is_locked(self) -> None:
        with self.world.locked():
            self.world.sync()

    @rule(digit=st.integers(0, 9))
    def the_database_refuses_records(self, digit: int) -> None:
        self.world.refuse(digit)
        self.world.sync()

    @precondition(lambda self: self.can_fill)
    @rule()
    def the_disk_is_full(self) -> None:
        # A command that cannot even count its requests is refused as a whole.
        with self.world.full(), suppress(TransientError):
            self.world.sync()

    @rule(whom=NUMBERS)
    def somebody_deletes_a_row(self, whom: int) -> None:
        self.world.rob(whom)

    @rule()
    def the_process_dies(self) -> None:
        self.world.die()

    @rule(service=SERVICE, request=FEW)
    def the_process_dies_at_a_request(self, service: int, request: int) -> None:
        self.world.die_within(service, request)

    @rule(
        overlap=st.sampled_from(["120", "0", "600"]),
        other=st.booleans(),
        retry=st.sampled_from(["", "1"]),
    )
    def the_settings_change(self, overlap: str, other: bool, retry: str) -> None:
        path = self.world.folder / "home" / "data" / ("other.db" if other else "connector.db")
        self.world.restart(BACKFILL_OVERLAP_SECONDS=overlap, SQLITE_PATH=str(path), SPOOL_RETRY_SECONDS=retry)

    @rule(which=st.sampled_from(CATEGORIES), apply=st.booleans())
    def the_categories_change(self, which: dict[str, str], apply: bool) -> None:
        self.world.choose(which)
        if apply:
            self.world.connector.engine.apply_categories(self.world.connector.stop, lambda _: None)

    # What must hold.

    @invariant()
    def nothing_old_is_written_and_nothing_told_twice(self) -> None:
        if hasattr(self, "world"):
            type(self).steps += 1
            self.world.watch.look(self.world.place)
            assert not self.world.told.wrong, self.world.told.wrong

    @rule()
    def recover(self) -> None:
        """Everything works again, and the user says yes: then the destination is what the source is."""
        world = self.world
        world.calm()
        world.connector.engine.resume()
        for _ in range(ROUNDS):
            report = world.sync()
            if not report.waiting and not report.errors:
                break
        world.connector.engine.apply_categories(world.connector.stop, lambda _: None)
        for _ in range(2):
            # What is gone is flagged when two walks did not find it.
            report = world.connector.engine.reconcile(world.connector.stop, allow_removals=True)
        for _ in range(2):
            # A merged conversation is one more round away.
            report = world.sync()
        assert (report.errors, report.waiting, report.held, report.exit_code()) == ((), 0, 0, 0), report
        stored = world.stored()
        wrong = world.chronicle.check(stored, world.held, world.categories)
        assert not wrong, "\n".join(wrong[:12])
        world.chronicle.note(stored, world.held)
        self._nothing_is_wasted()

    def _nothing_is_wasted(self) -> None:
        world = self.world
        world.watch.look(world.place)
        before = world.requests()
        report = world.sync()
        spent = tuple(after - earlier for after, earlier in zip(world.requests(), before, strict=True))
        assert spent == (2, 3 + len(world.sandbox.mailbox.teams)), f"a quiet sync asked {spent}"
        assert [lane.dispatched.taken for lane in report.lanes] == [0, 0], report
        assert world.watch.look(world.place) == 0, "a quiet sync wrote"
        files = [path.name for path in world.connector.paths.spool.rglob("*") if path.is_file()]
        assert files == []
        problems = world.connector.engine.status().problems
        assert problems == (), problems
