"""The spool's own business: put, merge, take, settle, over restarts."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.clock import START, FakeClock
from tests.support.events import REFUSED, conversation_event, later, task_event
from tray_connector.model.records import Conversation, Email
from tray_connector.sync.spool import Spool


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def spool(tmp_path: Path, clock: FakeClock) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool", clock)
    yield spool
    spool.close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.parent.name != "tmp")


def test_an_event_has_one_private_file(tmp_path: Path, spool: Spool) -> None:
    spool.put([task_event("7"), conversation_event("c-9")])
    task, conversation = tmp_path / "spool/teamwork/7.evt", tmp_path / "spool/missive/c-9.evt"
    assert names(tmp_path) == ["7.evt", "c-9.evt"]
    if os.name != "nt":
        assert stat.S_IMODE(task.stat().st_mode) == stat.S_IMODE(conversation.stat().st_mode) == 0o600
        assert stat.S_IMODE(task.parent.stat().st_mode) == stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700


def test_what_was_put_is_taken_oldest_first_and_gone_when_done(tmp_path: Path, spool: Spool) -> None:
    events = [task_event(str(number), at=later(10 - number)) for number in range(10)]
    spool.put(events)
    leases = spool.take("teamwork", 4, START)
    assert [lease.event for lease in leases] == events[:-5:-1]
    assert spool.counts().waiting == 10
    assert spool.counts().oldest == events[-1].since
    spool.done(leases)
    assert not spool.contains("teamwork", "9")
    assert spool.contains("teamwork", "5")
    assert len(names(tmp_path)) == 6


def test_sources_are_apart(spool: Spool) -> None:
    spool.put([task_event("1"), conversation_event("1")])
    assert [lease.event.source for lease in spool.take("missive", 10, START)] == ["missive"]
    assert spool.counts("missive").waiting == spool.counts("teamwork").waiting == 1


def test_what_is_leased_is_not_taken_twice(spool: Spool) -> None:
    spool.put([task_event()])
    leases = spool.take("teamwork", 10, START)
    assert spool.take("teamwork", 10, START, ignore_next_try=True) == []
    spool.give_back(leases)
    spool.give_back(leases)
    assert spool.take("teamwork", 10, START) == leases


def test_events_of_one_id_become_one(spool: Spool) -> None:
    spool.put([task_event(name="alt", read=1), task_event(name="neu", read=2, at=later(5))])
    spool.put([task_event(name="am neuesten", read=3, at=later(9))])
    (lease,) = spool.take("teamwork", 10, START)
    assert lease.event == task_event(name="am neuesten", read=3)


def test_the_same_content_again_leaves_the_file_alone(tmp_path: Path, spool: Spool) -> None:
    spool.put([task_event(read=1)])
    before = (tmp_path / "spool/teamwork/1.evt").stat()
    spool.put([task_event(read=5, at=later(60))])
    after = (tmp_path / "spool/teamwork/1.evt").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    (lease,) = spool.take("teamwork", 1, START)
    assert lease.event.read_number == 5


def test_a_change_while_it_is_written_is_written_again(tmp_path: Path, spool: Spool) -> None:
    spool.put([task_event(name="alt", read=1)])
    old = spool.take("teamwork", 10, START)
    spool.put([task_event(name="neu", read=2)])
    assert spool.take("teamwork", 10, START) == []
    spool.done(old)
    (new,) = spool.take("teamwork", 10, START)
    assert new.event.title == "neu"
    spool.done(old)
    assert spool.contains("teamwork", "1")
    spool.done([new])
    assert names(tmp_path) == []


def test_a_failure_of_what_changed_meanwhile_does_not_hold_it_back(spool: Spool) -> None:
    spool.put([task_event(name="alt", read=1)])
    (old,) = spool.take("teamwork", 10, START)
    spool.put([task_event(name="neu", read=2)])
    spool.fail(old, REFUSED, later(3600))
    (new,) = spool.take("teamwork", 10, START)
    assert (new.event.title, new.event.attempts) == ("neu", 0)


def test_a_failed_event_waits_for_its_time_with_its_reason(tmp_path: Path, spool: Spool) -> None:
    spool.put([task_event()])
    spool.fail(spool.take("teamwork", 1, START)[0], REFUSED, later(30))
    assert names(tmp_path) == ["1.retry"]
    assert (spool.counts().waiting, spool.counts().retrying, spool.counts().total) == (0, 1, 1)
    assert spool.take("teamwork", 1, later(29)) == []
    (early,) = spool.take("teamwork", 1, later(29), ignore_next_try=True)
    spool.give_back([early])
    (lease,) = spool.take("teamwork", 1, later(30))
    assert lease.event == replace(task_event(), attempts=1, next_try=later(30), last_error=REFUSED)


def test_a_newer_event_makes_a_retry_an_event_again(tmp_path: Path, spool: Spool) -> None:
    spool.put([task_event(name="alt", read=1)])
    spool.fail(spool.take("teamwork", 1, START)[0], REFUSED, later(30))
    spool.put([task_event(name="neu", read=2)])
    assert names(tmp_path) == ["1.evt"]
    assert spool.take("teamwork", 1, START)[0].event == task_event(name="neu", read=2)


def test_the_same_content_again_does_not_undo_a_back_off(tmp_path: Path, spool: Spool) -> None:
    spool.put([task_event(read=1)])
    spool.fail(spool.take("teamwork", 1, START)[0], REFUSED, later(30))
    spool.put([task_event(read=2)])
    assert names(tmp_path) == ["1.retry"]
    assert spool.take("teamwork", 1, START) == []


def test_an_event_put_with_a_next_try_waits_for_it(tmp_path: Path, spool: Spool) -> None:
    spool.put([conversation_event("m-1")])
    mail = replace(conversation_event("m-1"), kind="email", payload=Email(email_id="m-1", conversation_id="c"))
    spool.put([replace(mail, next_try=later(60), attempts=1, read_number=2)])
    assert names(tmp_path) == ["m-1.retry"]
    assert spool.take("missive", 1, START) == []


def test_everything_is_there_after_a_restart(tmp_path: Path, clock: FakeClock, spool: Spool) -> None:
    spool.put([task_event("1"), task_event("2"), task_event("3", at=later(-7))])
    failed, leased, _ = spool.take("teamwork", 3, START)
    spool.fail(failed, REFUSED, later(90))
    again = Spool(tmp_path / "spool", clock)
    waiting = replace(failed.event, attempts=1, next_try=later(90), last_error=REFUSED)
    assert again.listing() == [waiting, task_event("1"), task_event("2")]
    assert leased.event in [lease.event for lease in again.take("teamwork", 9, START)]
    assert again.counts().retrying == 1
    assert again.counts().oldest == later(-7)
    again.close()


def test_retry_now_makes_failed_events_due_and_keeps_their_story(tmp_path: Path, clock: FakeClock) -> None:
    spool = Spool(tmp_path / "spool", clock)
    spool.put([task_event("1"), task_event("2")])
    for lease in spool.take("teamwork", 2, START):
        spool.fail(lease, REFUSED, later(3600))
    clock.advance(10)
    assert spool.retry_now([("teamwork", "1"), ("teamwork", "none")]) == 1
    spool.close()
    again = Spool(tmp_path / "spool", clock)
    (lease,) = again.take("teamwork", 2, clock.now())
    assert (lease.event.id, lease.event.attempts, lease.event.last_error) == ("1", 1, REFUSED)
    again.give_back([lease])
    assert again.retry_now(None) == 2
    assert len(again.take("teamwork", 2, clock.now())) == 2
    again.close()


def test_discarded_events_are_gone_even_while_they_are_worked_on(tmp_path: Path, spool: Spool) -> None:
    spool.put([task_event("1"), task_event("2"), conversation_event()])
    (lease, _) = spool.take("teamwork", 2, START)
    assert spool.discard([("teamwork", "1"), ("teamwork", "9")]) == 1
    spool.fail(lease, REFUSED, later(1))
    spool.give_back([lease])
    assert names(tmp_path) == ["2.evt", "c-1.evt"]
    assert spool.discard(None) == 2
    assert names(tmp_path) == []
    assert spool.listing() == []


def test_a_lease_from_before_a_discard_settles_nothing(spool: Spool) -> None:
    spool.put([task_event(name="alt")])
    old = spool.take("teamwork", 1, START)
    spool.discard(None)
    spool.put([task_event(name="neu")])
    spool.done(old)
    assert spool.take("teamwork", 1, START)[0].event.title == "neu"


def test_a_request_for_a_fresh_read_outlives_an_older_payload(spool: Spool) -> None:
    spool.put([task_event(name=None, read=5)])
    spool.put([task_event(name="davor gelesen", read=5)])
    assert spool.listing()[0].payload is None
    spool.put([task_event(name="danach gelesen", read=6)])
    assert spool.listing()[0].title == "danach gelesen"


def test_a_next_try_from_a_wrong_clock_does_not_wait_for_years(tmp_path: Path, clock: FakeClock, spool: Spool) -> None:
    spool.put([task_event("1"), task_event("2")])
    clock.jump(400 * 86_400)
    for lease in spool.take("teamwork", 2, clock.now()):
        spool.fail(lease, REFUSED, clock.now() + timedelta(days=900))
    clock.jump(-400 * 86_400)
    again = Spool(tmp_path / "spool", clock)
    assert len(again.take("teamwork", 2, clock.now())) == 2
    again.close()


def test_the_listing_comes_in_pages(spool: Spool) -> None:
    spool.put([task_event(str(number), at=later(number)) for number in range(20)])
    assert [event.id for event in spool.listing(5, 3)] == ["5", "6", "7"]
    assert len(spool.listing(15)) == 5


def test_an_event_of_another_kind_takes_the_place(spool: Spool) -> None:
    spool.put([conversation_event("x", ("alt",), read=1)])
    spool.put([conversation_event("x", ("neu",), read=2)])
    payload = spool.listing()[0].payload
    assert isinstance(payload, Conversation)
    assert payload.labels == ("neu",)


def test_files_of_ended_events_are_written_over_and_gone_when_nobody_needs_them(tmp_path: Path, spool: Spool) -> None:
    spool.put([task_event(str(number), "x" * 5000) for number in range(3)])
    inodes = {path.stat().st_ino for path in (tmp_path / "spool/teamwork").iterdir()}
    spool.done(spool.take("teamwork", 3, START))
    spool.put([task_event("8", "kurz"), task_event("9", "y" * 9000)])
    assert {path.stat().st_ino for path in (tmp_path / "spool/teamwork").iterdir()} < inodes
    assert [event.title for event in spool.listing()] == ["kurz", "y" * 9000]
    spool.tidy()
    assert list((tmp_path / "spool/tmp").iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="no hard links for everybody there")
def test_a_file_that_has_a_second_name_elsewhere_is_never_written_over(tmp_path: Path, spool: Spool) -> None:
    spool.put([task_event("1")])
    kept = tmp_path / "kept"
    kept.hardlink_to(tmp_path / "spool/teamwork/1.evt")
    before = kept.read_bytes()
    spool.done(spool.take("teamwork", 1, START))
    spool.put([task_event("2")])
    assert kept.read_bytes() == before
    assert (tmp_path / "spool/teamwork/2.evt").stat().st_nlink == 1
