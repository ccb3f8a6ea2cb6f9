"""A small office and a small mailbox that hold one of everything a site's unconfirmed habits may bear on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.support.clock import FakeClock
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.mailbox_records import Conversation
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.office_records import Party, TaskList

HOUR, DAY = 3600, 86_400


def small_office(clock: FakeClock) -> Office:
    """60 live tasks: completed lists, archived and tentative projects, subtasks, null tags, many of one second.

    On top three deleted ones and those of a deleted list and a deleted project. Takes ten seconds of the clock.
    """
    office = Office.generate(clock=clock, tasks=20, deleted=3)
    people, teams, companies = list(office.people), list(office.teams), list(office.companies)
    hall = office.create_project("Halle")
    shell = office.create_list("Rohbau", hall.id)
    for number in range(28):
        office.create_task(f"Achse {number + 1}", tasklist_id=shell.id, tags=("R_101",) if number % 3 == 0 else ())
    clock.advance(5)
    mixed = (Party("teams", teams[0]), Party("users", people[2]), Party("companies", companies[1]))
    parts = office.create_list("Ausbau", hall.id)
    whole = office.create_task(
        "Treppenhaus",
        tasklist_id=parts.id,
        description="Alle Geschosse",
        tags=("R_101", "KGR_300"),
        assignees=(*mixed, Party("users", people[0])),
        priority="high",
        start_date=date(2026, 9, 1),
        due_date=date(2026, 10, 1),
        estimate_minutes=60,
        by=people[1],
    )
    lower = office.create_task("Treppe", tasklist_id=parts.id, parent_id=whole.id, estimate_minutes=30)
    office.create_task("Geländer", tasklist_id=parts.id, parent_id=lower.id, estimate_minutes=15)
    office.create_task("Anstrich", tasklist_id=parts.id, parent_id=whole.id, description=None)
    for name in ("Archiv", "Wettbewerb", "Fertiges"):
        tasklist = office.create_list(name, office.create_project(name).id)
        fill(office, tasklist, 3 if name != "Fertiges" else 2)
    done = office.list_named("Fertiges")
    for task in office.live_tasks():
        if task.tasklist_id == done.id:
            office.complete(task.id)
    office.complete_list(done.id)
    office.set_project_status(office.project_named("Archiv").id, "archived")
    office.load(projects=[replace(office.project_named("Wettbewerb"), type="tentative")])
    thrown = office.create_list("Verworfen", hall.id)
    fill(office, thrown, 2)
    office.delete_list(thrown.id)
    ended = office.create_project("Abgesagt")
    fill(office, office.create_list("Leer", ended.id), 1)
    office.delete_project(ended.id)
    clock.advance(5)
    return office


def fill(office: Office, tasklist: TaskList, count: int) -> None:
    """So many plain tasks."""
    for number in range(count):
        office.create_task(f"{tasklist.name} {number + 1}", tasklist_id=tasklist.id)


def small_mailbox(clock: FakeClock) -> Mailbox:
    """25 conversations: private ones, guests', teams', Trash and Spam, long threads, many of one second, an old one.

    Those of one second lie where a first page of ten ends.
    Their subjects name them; the mails of the one called "Verteiler" are of one second, too.
    """
    mailbox = Mailbox(clock=clock)
    now = mailbox.now()
    for number in range(6):
        # In no team, so that the mailbox All alone shows them.
        mailbox.add_conversation(f"Sammelversand {number}", at=now - 5 * HOUR - 1800, team=None, users=("Ida", "Tom"))
    thread(mailbox, "Bauantrag", 12, now - 2 * HOUR, labels=("KGR_300", "R_101"))
    site = thread(mailbox, "Baustelle", 23, now - 3 * HOUR, team=None, users=("Ida", "Tom"))
    mailbox.receive_text_message(site.id, at=now - 3 * HOUR - 1000)
    mailbox.add_conversation("Urlaub", private=True, at=now - 4 * HOUR, mails=2)
    mailbox.add_conversation("Gehalt", private=True, at=now - 5 * HOUR, labels=("Vertrag/Recht",))
    mailbox.add_conversation("Vergabe", team="Einkauf", at=now - 6 * HOUR, mails=3, sender="dirk")
    assigned = mailbox.add_conversation("Angebot", team="Einkauf", at=now - 7 * HOUR, labels=("Angebot",))
    mailbox.assign(assigned.id, "Ida")
    mailbox.make_guest(mailbox.add_conversation("Fremdes", at=now - 8 * HOUR, mails=2).id)
    mailbox.trash(mailbox.add_conversation("Werbung", at=now - 9 * HOUR).id)
    mailbox.trash(mailbox.add_conversation("Meins nicht", at=now - 10 * HOUR, mails=2).id, user="Lena")
    mailbox.junk(mailbox.add_conversation("Gewinn", at=now - 11 * HOUR, sender="spammer").id, user="Ida")
    mailbox.close(mailbox.add_conversation("Erledigt", at=now - 12 * HOUR, mails=2).id)
    mailbox.mark(mailbox.add_conversation("Später", at=now - 13 * HOUR).id, "snoozed")
    circular = mailbox.add_conversation("Verteiler", mails=0, at=now - 14 * HOUR)
    for number in range(6):
        mailbox.receive_mail(circular.id, sender="fachblatt", text=f"Teil {number}", at=now - 14 * HOUR, to=("tom",))
    internal = mailbox.add_conversation("Intern", sender="tom", at=now - 15 * HOUR, team="Planung")
    mailbox.receive_mail(internal.id, sender="lena", to=("tom",), cc=("jonas", "frank"), at=now - 15 * HOUR + 60)
    mixed = mailbox.add_conversation("Gemischt", at=now - 16 * HOUR)
    mailbox.receive_text_message(mixed.id, at=now - 16 * HOUR + 60)
    mailbox.add_draft(mixed.id)
    mailbox.receive_mail(mixed.id, bcc=("ida",), files=("Plan.pdf",), at=now - 16 * HOUR + 120)
    mailbox.comment(mailbox.add_conversation("Eins", at=now - 17 * HOUR, mails=3, labels=("R_102",)).id)
    mailbox.add_conversation("Zwei", at=now - 18 * HOUR, mails=2, labels=("KGR_400",))
    mailbox.add_conversation("Vertraulich", at=now - 19 * HOUR, mails=2)
    mailbox.add_conversation("Voriges Jahr", at=now - 60 * DAY, mails=2)
    return mailbox


def thread(
    mailbox: Mailbox,
    subject: str,
    mails: int,
    at: int,
    *,
    team: str | None = "Planung",
    users: tuple[str, ...] = (),
    labels: tuple[str, ...] = (),
) -> Conversation:
    """A conversation of short mails, a minute apart; a rich one is dear to make and to read."""
    begun = mailbox.begin(team=team, users=users, labels=labels, at=at - 60 * mails)
    for number in range(mails):
        sender = "ida" if number % 3 == 1 else "piotr"
        body = f"<p>Nachricht {number + 1}</p><blockquote>siehe unten</blockquote>"
        moment = at - 60 * (mails - 1 - number)
        mailbox.receive_mail(begun.id, sender=sender, html=body, subject=None if number else subject, at=moment)
    return mailbox.conversation(begun.id)
