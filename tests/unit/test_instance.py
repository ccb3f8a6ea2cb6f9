"""One process per home."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.clock import START, FakeClock
from tray_connector.config.paths import Paths
from tray_connector.desktop.instance import Instance
from tray_connector.model.errors import ConfigError

HOLDER = """
import sys
from pathlib import Path
from tray_connector.config.clock import SystemClock
from tray_connector.desktop.instance import Instance
with Instance(Path(sys.argv[1]), SystemClock()).held("backfill") as hold:
    print("held" if hold else "taken", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path / "home")
    paths.create()
    return paths


def instance_of(paths: Paths) -> Instance:
    return Instance(paths.lock, FakeClock())


@contextmanager
def another_process(paths: Paths) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(paths.lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_note_says_who_holds_the_home(paths: Paths) -> None:
    instance = instance_of(paths)
    with instance.held("run") as hold:
        assert hold is not None
        holder = instance.note()
        assert holder is not None
        assert (holder.pid, holder.started, holder.doing, holder.address) == (os.getpid(), START, "run", None)
        hold.announce("/somewhere")
        announced = instance.note()
        assert announced is not None
        assert (announced.address, announced.token) == ("/somewhere", holder.token)
    assert instance.note() is None


def test_only_one_process_holds_a_home(paths: Paths) -> None:
    with another_process(paths) as other, instance_of(paths).held("run") as hold:
        assert hold is None
        holder = instance_of(paths).note()
        assert holder is not None
        assert (holder.pid, holder.doing) == (other.pid, "backfill")


def test_within_one_process_too(paths: Paths) -> None:
    with instance_of(paths).held("run") as first, instance_of(paths).held("run") as second:
        assert (first is None, second is None) == (False, True)


def test_a_killed_process_frees_the_home_and_its_note_counts_for_nothing(paths: Paths) -> None:
    with another_process(paths) as other:
        other.kill()
        other.wait()
    half_written = paths.home / ".lock.json.abc.tmp"
    half_written.write_text("{")
    with instance_of(paths).held("run") as hold:
        assert hold is not None
        holder = instance_of(paths).note()
        assert holder is not None
        assert holder.pid == os.getpid()
        assert not half_written.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', '{"pid": "x", "started": "now"}', "\x00"])
def test_a_note_that_is_just_being_written_is_no_note(paths: Paths, content: str) -> None:
    paths.lock.with_suffix(".json").write_text(content)
    assert instance_of(paths).note() is None


def test_lock_and_note_are_the_users_alone(paths: Paths) -> None:
    with instance_of(paths).held("run"):
        modes = [file.stat().st_mode & 0o777 for file in (paths.lock, paths.lock.with_suffix(".json"))]
    if os.name != "nt":
        assert modes == [0o600, 0o600]


def test_a_home_that_cannot_be_written_is_told_with_its_path(tmp_path: Path) -> None:
    in_the_way = tmp_path / "lock"
    in_the_way.mkdir()
    with pytest.raises(ConfigError) as found, Instance(in_the_way, FakeClock()).held("run"):
        pass
    assert found.value.problem.title == "The data folder cannot be written"
    assert str(in_the_way) in found.value.problem.message
