"""The fixed scenario: a day in a small office, the steps by which a connector follows it, and what must hold."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.crash.life import Birth, Doom
from tests.crash.places import LISTS, TEXTS, AirtablePlace, Place, Row
from tests.crash.process import DiedError, Life
from tests.model.chronicle import Chronicle, Held
from tests.support.clock import FakeClock
from tests.support.connector import sandbox
from tests.support.webhooks import missive, rule_body, task_body, teamwork
from tray_connector.sandbox.faults import Faults, When
from tray_connector.sandbox.mailbox_files import mail_file
from tray_connector.sandbox.mailbox_records import Conversation
from tray_connector.sandbox.office_records import OfficeTask
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.files_part import EVERY

BEFORE, AFTER = {"Räume": "R_"}, {"Räume": "R_", "Kosten": "KGR_"}
"""Column → how the labels in it begin: the file of categories, before it is changed and after."""
SERVICES = ("teamwork", "missive", "airtable")
WORKED, ACCEPTED = ".worked", "delivery.accepted"
"""Where a life is killed from outside: a service has done what a request asks and not answered yet; a service was told
that its delivery is accepted.
"""
NOBODY = "999999"
"""A task that was reported and never was."""
TOLD = "A file of the queue cannot be read"


class FewColumns(Chronicle):
    """What can be told of a base: the columns that hold the same there as in a table of SQL."""

    def _live(self) -> dict[tuple[str, str], Row]:
        columns = {"deleted", "deleted_at"}.union(*TEXTS.values(), *LISTS.values())
        return {place: {name: row[name] for name in row.keys() & columns} for place, row in super()._live().items()}


class Day:
    """What people do, in an order that is always the same."""

    def __init__(self, office: SandboxOffice, clock: FakeClock) -> None:
        self._tasks = office.office
        self._mail = office.mailbox
        self._clock = clock
        for name in ("R_201", "KGR_310"):
            self._mail.add_label(name)
        self.tasks: list[OfficeTask] = []
        self.threads: list[Conversation] = []

    def begins(self) -> None:
        """An office at work before the connector is there."""
        create, begin = self._tasks.create_task, self._mail.add_conversation
        self.tasks = [create(f"Achse {number}", tags=("R_101",), description="Text") for number in range(4)]
        self.tasks.append(create("Teil", parent_id=self.tasks[0].id, tags=("KGR_300",)))
        large = mail_file("large", "Film.mp4", size=EVERY + 100_000)
        self.threads = [
            begin("Bauantrag", mails=2, files=("Plan.pdf", "Foto.png"), labels=("R_201",)),
            begin("Film", files=(large,)),
            begin("Rückfrage", mails=3),
        ]

    def goes_on(self) -> None:
        """What polls find."""
        self._clock.advance(60)
        tasks, mail = self._tasks, self._mail
        self.tasks.append(tasks.create_task("Neu", tags=("R_102",)))
        tasks.edit_task(self.tasks[1].id, name="Achse 1b", description="")
        tasks.untag(self.tasks[2].id)
        tasks.delete_task(self.tasks[3].id)
        mail.receive_mail(self.threads[0].id, text="Stand 1", files=("Notiz.pdf",))
        self.threads.append(mail.add_conversation("Angebot", labels=("KGR_310",)))
        mail.trash(self.threads[2].id)

    def is_reported(self) -> None:
        """What the services report: one of it is a label on an old conversation, which no poll shows."""
        self._clock.advance(900)
        self._mail.label(self.threads[1].id, "R_201")
        self._mail.receive_mail(self.threads[3].id, text="Stand 2")
        self._tasks.edit_task(self.tasks[0].id, name="Achse 0b")
        self._tasks.delete_task(self.tasks[4].id)

    def is_tidied(self) -> None:
        """What only a walk finds."""
        self._clock.advance(900)
        self._tasks.purge_task(self.tasks[2].id)
        self._tasks.rename_tag(self._tasks.tag_named("R_101").id, "R_999")
        self._mail.label(self.threads[0].id, "KGR_310")
        self._mail.merge(self.threads[3].id, self.threads[1].id)


@dataclass(frozen=True)
class Step:
    """Something happens, then the connector does something, then all of it must be there."""

    name: str
    deed: Callable[[], object]
    work: Callable[[], object]


class Scene:
    """One run of the scenario. The first life ends where `doom` says or `kill_at` does, the next one completes it."""

    def __init__(self, office: SandboxOffice, clock: FakeClock, home: Path, place: Place) -> None:
        self.office, self.clock, self.home, self.place = office, clock, home, place
        self.chronicle = FewColumns(office) if isinstance(place, AirtablePlace) else Chronicle(office)
        self.held = Held()
        self.day = Day(office, clock)
        self.deaths: list[str] = []
        self.categories = BEFORE
        self.begin: Callable[[Birth], Life]
        self._life: Life | None = None
        self._reported: dict[tuple[str, str], bool] = {}
        """(source, id) → whether it was accepted."""
        self._accepted = 0
        self._kill_after = 0
        self.steps = (
            Step("open", lambda: self._choose(BEFORE), lambda: self.do("open")),
            Step("backfill", self.day.begins, self.sync),
            Step("edits", self._edit, self.sync),
            Step("deliveries", self._report, self.deliver),
            Step("after the deliveries", lambda: None, lambda: self.sync(strict=False)),
            Step("once more", lambda: None, self.sync),
            Step("categories", lambda: self._choose(AFTER), self.apply),
            Step("walk", self._tidy, self.walk),
            Step("end", lambda: None, lambda: self.do("close")),
        )

    @property
    def life(self) -> Life:
        assert self._life is not None
        return self._life

    @property
    def faults(self) -> dict[str, Faults]:
        """The scripts of the services, by name."""
        office = self.office
        return {
            "teamwork": office.teamwork_server.faults,
            "missive": office.missive.server.faults,
            "airtable": office.airtable.faults,
        }

    def play(self, doom: Doom | None) -> dict[str, int]:
        """The whole scenario; how often each point was passed by the end of it, in the life that reached it."""
        self._birth(doom)
        self._lie_in_wait(doom)
        for step in self.steps:
            step.deed()
            self.chronicle.record()
            self._through(step)
        counts: dict[str, int] = self.life.do("passages", self.clock.now())
        counts |= self._requests() | {ACCEPTED: self._accepted}
        self._undisturbed()
        self._birth(None)
        self.do("open")
        found = self.do("look")
        assert found == (0, 0, 1, []), found
        self.check(files=True)
        self.do("close")
        self.end()
        self._leftovers()
        return counts

    def _lie_in_wait(self, doom: Doom | None) -> None:
        life = self.life
        if doom is not None and doom.point == ACCEPTED:
            self._kill_after = doom.passage
        elif doom is not None and doom.point.endswith(WORKED):
            service = doom.point.removesuffix(WORKED)
            self.faults[service].call(life.kill, When(at=doom.passage))

    def _undisturbed(self) -> None:
        self._kill_after = 0
        for faults in self.faults.values():
            faults.clear()

    def _requests(self) -> dict[str, int]:
        office = self.office
        logs = (office.teamwork_server.requests, office.missive.server.requests, office.airtable.requests)
        return {f"{name}{WORKED}": len(log) for name, log in zip(SERVICES, logs, strict=True)}

    def _through(self, step: Step) -> None:
        while True:
            try:
                step.work()
            except DiedError:
                self.deaths.append(step.name)
                assert len(self.deaths) == 1, self.deaths
                self._look_at_the_dead()
                self._again(step)
            else:
                return

    def _again(self, step: Step) -> None:
        self._undisturbed()
        self._birth(None)
        self.clock.advance(2)
        if step.name != "open":
            self.do("open")

    def _birth(self, doom: Doom | None) -> None:
        self.end()
        settings = self.office.environment() | self.place.settings() | {"DISK_RESERVE_MB": "0"}
        self._life = self.begin(Birth(self.home, settings, self.clock.now(), doom))

    def end(self) -> None:
        """No life is left; none of them told a person what is none of a person's business."""
        life, self._life = self._life, None
        if life is not None:
            life.end()
            assert [line for line in life.lines if TOLD not in line] == []

    def do(self, step: str) -> object:
        """One step of the life that is."""
        self.clock.advance(1)
        return self.life.do(step, self.clock.now())

    # The connector's work.

    def sync(self, *, strict: bool = True) -> None:
        """With `strict` nothing may be left to do."""
        wrong = self.do("sync")
        assert not strict or wrong == [], wrong
        self.check()

    def deliver(self) -> None:
        """The services deliver what was not accepted yet, and again what was."""
        port = self.do("listen")
        assert isinstance(port, int)
        for place in self._reported:
            try:
                self._reported[place] |= self._delivered(port, *place)
            except OSError:
                # Whether it is dead shows at the next step.
                break
            if place[1] != NOBODY and self._reported[place]:
                self._accepted += 1
                if self._accepted == self._kill_after:
                    self.life.kill()
        self.do("deafen")

    @staticmethod
    def _delivered(port: int, source: str, key: str) -> bool:
        answer = teamwork(port, task_body(int(key))) if source == "teamwork" else missive(port, rule_body(key))
        return answer.status == 200

    def apply(self) -> None:
        assert self.do("apply") == 0
        self.check()

    def walk(self) -> None:
        wrong = self.do("reconcile")
        assert wrong == [], wrong
        self.sync()

    # What else happens.

    def _edit(self) -> None:
        self.day.goes_on()
        broken = self.home / "data" / "queue" / "spool" / "missive" / "broken.evt"
        broken.write_bytes(b"\x00\xff" * 50)

    def _report(self) -> None:
        day = self.day
        day.is_reported()
        tasks = [("teamwork", str(task.id)) for task in (day.tasks[0], day.tasks[4])]
        mails = [("missive", each.id) for each in (day.threads[1], day.threads[3])]
        self._reported = dict.fromkeys([*tasks, *mails, ("teamwork", NOBODY)], False)

    def _tidy(self) -> None:
        self.day.is_tidied()
        robbed = str(self.day.tasks[5].id)
        self.place.rob(robbed)
        self.held.robbed.add(("tasks", robbed))

    def _choose(self, categories: dict[str, str]) -> None:
        self.categories = categories
        file = self.home / "label_categories.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({name: f"{prefix}*" for name, prefix in categories.items()})
        file.write_text(text, encoding="utf-8")

    # What must hold.

    def check(self, *, files: bool = False) -> None:
        """The destination equals the source."""
        stored = {table: self.place.rows(table) for table in ("tasks", "emails")}
        wrong = self.chronicle.check(stored, self.held, self.categories)
        assert wrong == [], "\n".join(wrong)
        self.chronicle.note(stored, self.held)
        if files:
            mailbox = self.office.mailbox
            wanted = {
                message.id: sorted(file.filename for file in message.files)
                for each in mailbox.conversations()
                for message in mailbox.messages_of(each)
                if message.files
            }
            assert self.place.files() == wanted

    def _look_at_the_dead(self) -> None:
        """What was accepted lies in the queue, or has arrived."""
        assert self.place.is_sound()
        for path in self.home.rglob(".*.tmp"):
            # By the time somebody starts it again, what was half written is old.
            os.utime(path, times=(0, 0))
        stored = {table: self.place.rows(table) for table in ("tasks", "emails")}
        missing = " ".join(self.chronicle.check(stored, Held(), self.categories))
        spool = self.home / "data" / "queue" / "spool"
        for (source, key), accepted in self._reported.items():
            queued = any((spool / source / f"{key}{ending}").exists() for ending in (".evt", ".retry"))
            if not accepted or queued or key == NOBODY:
                continue
            assert self.deaths[-1] != "deliveries", "accepted, and not in the queue"
            if self.deaths[-1] in ("after the deliveries", "once more"):
                keys = [key] if source == "teamwork" else self.office.mailbox.conversation(key).message_ids
                assert not any(each in missing for each in keys), f"{source} {key} was accepted and is nowhere"

    def _leftovers(self) -> None:
        data = self.home / "data"
        names = [path for path in self.home.rglob("*") if path.suffix in (".tmp", ".part", ".evt", ".retry")]
        assert [path.parent.name for path in names] == ["unreadable"], names
        assert not list(data.glob("*.damaged-*"))


@contextmanager
def scene_in(folder: Path, place: Callable[[SandboxOffice], Place], begin: Callable[[Birth], Life]) -> Iterator[Scene]:
    """A scene of its own, from the first deed on."""
    with ExitStack() as stack:
        clock = FakeClock()
        office = stack.enter_context(sandbox(clock))
        scene = Scene(office, clock, folder / "home", place(office))
        scene.begin = begin
        stack.callback(scene.end)
        yield scene
