"""Records as a real office has them, in any number."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tray_connector.model.categories import Categories
from tray_connector.model.records import Attachment, Email, Task

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
CATEGORIES = Categories.of({"Räume": ["R_*"], "Kostengruppen": ["KGR_*"], "Kunden": ["Kunde ?", "Hausverwaltung *"]})


def make_task(number: int) -> Task:
    """A task with everything filled in."""
    return Task(
        task_id=str(1_000_000 + number),
        name=f"Angebot {number} einholen: Dachsanierung, Los {number % 9}",
        description="Bitte drei Angebote einholen und vergleichen.\n" * 8,
        status="new",
        priority="high",
        progress=number % 100,
        project_id=str(number % 17),
        project_name=f"Projekt {number % 17}",
        tasklist_id=str(number % 90),
        tasklist_name="Ausschreibung",
        tag_ids=("1", "2", "3"),
        tags=(f"R_{number % 300}", "KGR_300", "dringend"),
        assignee_user_ids=("501", "502"),
        assignees=("Ida Brandt", "Jörg Öztürk"),
        start_date=date(2026, 1, 5),
        due_date=date(2026, 2, 5),
        created_at=START + timedelta(minutes=number),
        created_by_id="501",
        created_by="Ida Brandt",
        updated_at=START + timedelta(minutes=number + 5),
        updated_by_id="502",
        updated_by="Jörg Öztürk",
        estimate_minutes=90,
        accumulated_estimated_minutes=180,
        url=f"https://office.teamwork.com/app/tasks/{1_000_000 + number}",
    )


def make_email(number: int) -> Email:
    """An e-mail of some 6 kB; every third has a file."""
    files = (Attachment(attachment_id=f"a-{number}", filename="Plan.pdf", content_type="application/pdf", byte_size=9),)
    return Email(
        email_id=f"m-{number}",
        conversation_id=f"c-{number // 5}",
        subject=f"AW: Rechnung {number}",
        from_address="ida@example.com",
        from_name="Ida Brandt",
        to_addresses=("office@example.com", "joerg@example.com"),
        to_names=("", "Jörg Öztürk"),
        body_text="Guten Tag,\nanbei die Unterlagen wie besprochen.\n" * 40,
        body_html="<p>Guten Tag,<br>anbei die Unterlagen wie besprochen.</p>" * 70,
        sent_at=START + timedelta(minutes=number),
        received_at=START + timedelta(minutes=number),
        labels=(f"R_{number % 300}", "Kunde 7"),
        url=f"https://mail.missiveapp.com/#inbox/conversations/c-{number // 5}",
        attachments=files if number % 3 == 0 else (),
    )
