"""What Airtable's field for files shall hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tray_connector.destinations.base import FileLink, StoredFile
from tray_connector.model.records import Attachment, Email
from tray_connector.sync.files_cells import Cell, after_sending, plan_cell, verified
from tray_connector.sync.ledger_files import FileEntry

LARGEST = 1000


def mail(*attachments: Attachment) -> Email:
    return Email(email_id="m", conversation_id="c", attachments=attachments)


def file(key: str, size: int = 10, *, inline: bool = False) -> Attachment:
    return Attachment(attachment_id=key, filename=f"{key}.pdf", byte_size=size, inline=inline)


def there(key: str, size: int | None = 10, *, name: str | None = None) -> StoredFile:
    return StoredFile(f"att-{key}", f"{name or key}.pdf", size)


def sent(key: str, **more: object) -> FileEntry:
    entry = FileEntry("m", key, state="there", due=None, file_id=f"att-{key}")
    for name, value in more.items():
        object.__setattr__(entry, name, value)
    return entry


def url(key: str) -> str:
    return f"https://files.example/{key}"


def shape(cell: Cell) -> list[str | None] | None:
    return None if cell.links is None else [link.file_id or link.url for link in cell.links]


def test_a_new_email_sends_its_files_but_those_within_its_text() -> None:
    cell = plan_cell(mail(file("a"), file("i", inline=True), file("b"), file("l", 1001)), [], None, url, LARGEST)
    assert shape(cell) == [url("a"), url("b")]
    assert {key: entry.state for key, entry in cell.entries.items()} == {"i": "there", "l": "too_large"}


def test_the_same_set_is_left_alone() -> None:
    cell = plan_cell(mail(file("a"), file("b")), [sent("b"), sent("a")], None, url, LARGEST)
    assert cell.links is None


def test_what_is_there_is_kept_by_its_id() -> None:
    known = [sent("a"), sent("gone")]
    cell = plan_cell(mail(file("a"), file("b")), known, None, url, LARGEST)
    assert shape(cell) == ["att-a", url("b")]
    assert shape(plan_cell(mail(file("a")), known, None, url, LARGEST)) == ["att-a"]
    assert shape(plan_cell(mail(), known, None, url, LARGEST)) == []


def test_without_an_address_a_file_waits_and_the_others_go() -> None:
    cell = plan_cell(mail(file("a"), file("b")), [], None, {"b": "u"}.get, LARGEST)
    assert shape(cell) == ["u"]
    assert plan_cell(mail(file("a")), [], None, lambda _: None, LARGEST).links is None


def test_files_of_an_older_base_are_known_by_name_and_size() -> None:
    found = [there("b"), StoredFile("att-old", "a.pdf", 11), there("a"), there("x", name="Hand")]
    cell = plan_cell(mail(file("a"), file("b"), file("c")), [], found, url, LARGEST)
    assert shape(cell) == ["att-a", "att-b", url("c"), "att-old", "att-x"]
    assert {key: entry.file_id for key, entry in cell.entries.items()} == {"a": "att-a", "b": "att-b"}
    whole = plan_cell(mail(file("a"), file("b")), [], [there("b", None), there("a")], url, LARGEST)
    assert whole.links is None
    assert len(whole.entries) == 2


def test_what_the_row_has_lost_is_sent_again_and_what_it_holds_besides_is_kept() -> None:
    known = [sent("a"), sent("b")]
    cell = plan_cell(mail(file("a"), file("b")), known, [there("b"), there("x")], url, LARGEST)
    assert shape(cell) == [url("a"), "att-b", "att-x"]


def test_what_was_given_up_is_left_out() -> None:
    known = [FileEntry("m", "a", state="failed", due=None), FileEntry("m", "b", state="failed", due=5.0)]
    cell = plan_cell(mail(file("a"), file("b")), known, None, url, LARGEST)
    assert shape(cell) == [url("b")]


def answered(cell: Cell, *files: StoredFile, refused: str | None = None) -> dict[str, FileEntry]:
    return {entry.attachment_id: entry for entry in after_sending(cell, files, refused, 100.0)}


def test_the_answer_tells_which_file_is_which() -> None:
    cell = plan_cell(mail(file("a"), file("b"), file("c")), [sent("b")], None, url, LARGEST)
    whole = answered(cell, StoredFile("1", "renamed", None), there("b"), StoredFile("3", "other", None))
    assert {key: (entry.file_id, entry.state, entry.due) for key, entry in whole.items()} == {
        "a": ("1", "sent", 700.0),
        "c": ("3", "sent", 700.0),
    }
    part = answered(cell, there("b"), StoredFile("3", "c.pdf", None), refused="Airtable did not take every file")
    assert (part["c"].file_id, part["a"].file_id, part["a"].state) == ("3", None, "waiting")
    assert part["a"].reason == "Airtable did not take every file"


def test_a_file_is_sent_three_times_at_most() -> None:
    entry, states = FileEntry("m", "a"), []
    for _ in range(3):
        cell = Cell("m", (FileLink(file("a"), url=url("a")),), {"a": entry})
        (entry,) = after_sending(cell, [StoredFile("1", "a.pdf", None)], None, 100.0)
        assert entry.state == "sent"
        entry = verified(entry, [], 800.0)
        states.append((entry.state, entry.file_id, entry.due is None))
    assert states == [("waiting", None, False), ("waiting", None, False), ("failed", None, True)]
    assert verified(sent("a", attempts=2, state="sent"), [there("a")], 800.0) == sent("a")


KEYS = st.sampled_from("abcdef")


@given(st.sets(KEYS), st.sets(KEYS), st.none() | st.sets(KEYS), st.sets(KEYS))
def test_nothing_is_ever_sent_that_is_there_and_nothing_wanted_is_dropped(
    wanted: set[str], known: set[str], held: set[str] | None, addresses: set[str]
) -> None:
    cell = plan_cell(
        mail(*(file(key) for key in sorted(wanted))),
        [sent(key) for key in sorted(known)],
        None if held is None else [there(key) for key in sorted(held)],
        lambda key: url(key) if key in addresses else None,
        LARGEST,
    )
    present = known if held is None else held if not known else held & known
    if cell.links is None:
        return
    kept = [link.file_id for link in cell.links if link.file_id]
    fresh = [link.attachment.attachment_id for link in cell.links if link.url]
    assert len(set(kept)) == len(kept)
    assert len(set(fresh)) == len(fresh)
    assert all((link.url is None) != (link.file_id is None) for link in cell.links)
    assert set(fresh) == (wanted - present) & addresses
    assert {f"att-{key}" for key in wanted & present} <= set(kept)
    if held is not None:
        assert {f"att-{key}" for key in held - known} <= set(kept)
        assert set(kept) <= {f"att-{key}" for key in held}
