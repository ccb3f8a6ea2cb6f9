"""The process dies at every point where the world changes; the next one completes what was begun.

In the suite each point of SQLite ends one life, and some passages chosen by chance elsewhere. The whole sweep is every
passage of every point into each of the three destinations; its count is the last thing each test prints:
``python -m pytest -m sweep tests/crash -o faulthandler_timeout=0``
"""

from __future__ import annotations

import itertools
import os
import random
from collections import Counter

import pytest

from tests.crash.life import Doom
from tests.crash.process import image
from tests.crash.stage import KINDS, Stage, points_of
from tests.support.postgres import Database

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a process cannot be forked here")

SEED = "CRASH_SEED"
BY_CHANCE = {"postgres": 15, "airtable": 15}
MOMENTS = 6
"""Kills from outside at any moment."""
MANY = 120
"""The same in the sweep, into each destination."""


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """Chance with a seed that is shown when the test fails; the environment may set it."""
    seed = os.environ.get(SEED) or str(random.randrange(1_000_000))
    request.node.add_report_section("setup", "dice", f"{SEED}={seed}")
    return random.Random(f"{seed} {request.node.name}")


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Stage:
    def database() -> Database:
        found: Database = request.getfixturevalue("database")
        return found

    return Stage(image(), database)


def test_at_every_point_once(stage: Stage, dice: random.Random) -> None:
    _, counts = stage.measure("sqlite")
    for point in points_of("sqlite"):
        died, _ = stage.play("sqlite", Doom(point, dice.randint(1, counts[point])))
        # The last passages are not the same in every run.
        assert died or stage.play("sqlite", Doom(point, 1))[0]


@pytest.mark.parametrize("kind", BY_CHANCE)
def test_at_points_by_chance(stage: Stage, dice: random.Random, kind: str) -> None:
    _, counts = stage.measure(kind)
    for point in dice.sample(points_of(kind), BY_CHANCE[kind]):
        stage.play(kind, Doom(point, dice.randint(1, counts[point])))


def test_killed_at_any_moment(stage: Stage, dice: random.Random) -> None:
    whole = {kind: stage.measure(kind)[0] for kind in KINDS}
    for kind in KINDS * (MOMENTS // len(KINDS)):
        stage.play(kind, None, kill_after=dice.uniform(0, whole[kind]))


@pytest.mark.sweep
@pytest.mark.timeout(0)
@pytest.mark.parametrize("kind", KINDS)
def test_at_every_passage_of_every_point(
    stage: Stage, dice: random.Random, kind: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    if "sweep" not in request.config.option.markexpr:
        pytest.skip("takes many minutes; chosen with -m sweep")
    whole, _ = stage.measure(kind)
    deaths: Counter[str] = Counter()
    wrong: list[str] = []

    def dies(point: str, doom: Doom | None, kill_after: float | None = None) -> bool:
        died = True
        try:
            died, _ = stage.play(kind, doom, kill_after=kill_after)
        except AssertionError as error:
            wrong.append("\n".join([str(error), *error.__notes__]))
        deaths[point] += died
        return died

    for point in points_of(kind):
        for passage in itertools.count(1):
            if not dies(point, Doom(point, passage)):
                break
    for _ in range(MANY):
        dies("any moment", None, dice.uniform(0, whole))
    with capsys.disabled():
        print(f"\n{kind}: {deaths.total()} deaths, {len(wrong)} wrong; {dict(deaths)}")  # noqa: T201 - the result
    assert wrong == [], "\n\n".join(wrong)
