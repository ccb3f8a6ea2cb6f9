"""The folder of the files: names, parts, one file for one content."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_connector.config.clock import Stop, Stopped
from tray_connector.model.errors import TransientError
from tray_connector.sources.file_host import Held
from tray_connector.sync.files_part import EVERY
from tray_connector.sync.files_store import PARTIAL, FileStore, part_name, safe_suffix
from tray_connector.sync.ledger_files import Content

MB = 1024 * 1024
BODY = bytes(range(256)) * 100


def store_in(folder: Path, free: int = 10**9) -> FileStore:
    return FileStore(folder, reserve=MB, free=lambda _: free)


def put(store: FileStore, key: str, body: bytes, filename: str | None = "Plan.pdf") -> Content:
    with store.part(key, len(body)) as part:
        part.begin(Held(0, '"v1"', len(body)))
        part.write(body)
        return store.store(part, filename, Stop())


def everything(folder: Path) -> list[str]:
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file())


@given(st.one_of(st.none(), st.text(max_size=400), st.from_regex(r".*\.[A-Za-z0-9]{1,12}\s?", fullmatch=True)))
def test_an_ending_is_short_and_plain_or_nothing(filename: str | None) -> None:
    suffix = safe_suffix(filename)
    if suffix:
        assert suffix.startswith(".")
        assert 1 < len(suffix) <= 11
        assert suffix[1:].isascii()
        assert suffix[1:].isalnum()
        assert suffix == suffix.lower()


@pytest.mark.parametrize(
    ("filename", "suffix"),
    [
        ("Plan.PDF", ".pdf"),
        ("archiv.tar.gz", ".gz"),
        ("../../x", ""),
        ("CON", ""),
        ("x.", ""),
        ("x.p/df", ""),
        ("x.exe\n", ".exe"),
        ("x.ⅷ", ""),
        (".htaccess", ".htaccess"),
        ("x.12345678901", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_endings(filename: str | None, suffix: str) -> None:
    assert safe_suffix(filename) == suffix


def test_a_content_has_one_file_whatever_it_is_called(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    first, second = put(store, "a", BODY), put(store, "b", BODY, "Kopie.bin")
    sha256 = hashlib.sha256(BODY).hexdigest()
    assert first == second == Content(sha256, len(BODY), f"{sha256[:2]}/{sha256}.pdf")
    assert everything(tmp_path) == [first.path]
    assert store.has(first)
    assert (tmp_path / first.path).read_bytes() == BODY
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / first.path).stat().st_mode) == 0o600


def test_a_file_that_lost_bytes_is_put_right(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    content = put(store, "a", BODY)
    (tmp_path / content.path).write_bytes(BODY[:7])
    assert not store.has(content)
    assert put(store, "a", BODY, "Anders.txt") == content
    assert (tmp_path / content.path).read_bytes() == BODY


def test_what_was_kept_goes_on_and_has_the_digest_of_the_whole(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    with store.part("a", len(BODY)) as part:
        part.begin(Held(0, '"v1"', len(BODY)))
        part.write(BODY[:1000])
    with store.part("a", len(BODY)) as part:
        assert part.held() == Held(1000, '"v1"', len(BODY))
        part.begin(part.held())
        part.write(BODY[1000:])
        assert part.digest(Stop()) == (hashlib.sha256(BODY).hexdigest(), len(BODY))
        store.store(part, "x.pdf", Stop())
    assert len(everything(tmp_path)) == 1


def test_after_a_crash_only_what_is_sure_counts(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    body = os.urandom(EVERY + 5000)
    with store.part("a", len(body)) as part:
        part.begin(Held(0, None, len(body)))
        part.write(body[: EVERY + 10])
        part.write(body[EVERY + 10 : EVERY + 3000])
        # As a crash leaves it, with bytes at its end that were never written.
        place = tmp_path / PARTIAL / part_name("a")
        left = {ending: place.with_suffix(ending).read_bytes() for ending in (".part", ".json")}
        part.discard()
    place.with_suffix(".part").write_bytes(left[".part"][: EVERY + 10] + b"\0" * 2990)
    place.with_suffix(".json").write_bytes(left[".json"])
    with store.part("a", len(body)) as part:
        assert part.held().size == EVERY + 10
        part.begin(part.held())
        part.write(body[EVERY + 10 :])
        assert part.digest(Stop())[0] == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("note", ["", "{", "[]", '{"size": 1}', '{"size": "9", "etag": null, "length": 9}', "null"])
def test_a_note_that_cannot_be_read_means_from_the_beginning(tmp_path: Path, note: str) -> None:
    place = tmp_path / PARTIAL / part_name("a")
    place.parent.mkdir(parents=True)
    place.with_suffix(".part").write_bytes(b"0123456789")
    place.with_suffix(".json").write_text(note)
    with store_in(tmp_path).part("a", 10) as part:
        assert part.held() == Held()


def test_what_cannot_be_resumed_leaves_no_note(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    with store.part("a", 10) as part:
        part.begin(Held(0, None, None))
        part.write(b"01234")
    with store.part("a", 10) as part:
        assert part.held() == Held()


def test_left_overs_of_others_go(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.clean({"a"})
    for key in ("a", "b"):
        with store.part(key, 10) as part:
            part.begin(Held(0, None, 10))
            part.write(b"01234")
    (tmp_path / PARTIAL / "something.tmp").write_bytes(b"x")
    content = put(store, "c", BODY)
    store.clean({"a", "c"})
    assert everything(tmp_path) == sorted(
        [f"{PARTIAL}/{part_name('a')}{e}" for e in (".part", ".json")] + [content.path]
    )


def test_the_reserve_counts_what_is_still_to_come(tmp_path: Path) -> None:
    store = store_in(tmp_path, free=3 * MB)
    with store.part("a", 2 * MB) as part:
        assert part.held() == Held()
    with pytest.raises(TransientError) as caught, store.part("b", 2 * MB + 1):
        pass
    assert caught.value.problem.code == "files-disk"
    assert "3 MB are free" in caught.value.problem.message
    with pytest.raises(TransientError), store.part("c", 0) as part:
        part.begin(Held(0, None, 3 * MB))


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "files-disk"), (errno.EIO, "files-folder")])
def test_what_the_disk_refuses_is_said(tmp_path: Path, number: int, code: str) -> None:
    with pytest.raises(TransientError) as caught, store_in(tmp_path).part("a", 0):
        raise OSError(number, os.strerror(number))
    assert caught.value.problem.code == code
    assert os.strerror(number) in caught.value.problem.message


def test_reading_again_ends_at_once_when_stopped(tmp_path: Path) -> None:
    store, stop = store_in(tmp_path), Stop()
    with store.part("a", len(BODY)) as part:
        part.begin(Held(0, None, len(BODY)))
        part.write(BODY)
    stop.set()
    with store.part("a", len(BODY)) as part, pytest.raises(Stopped):
        part.digest(stop)


@pytest.mark.parametrize("path", ["../x", "", "ab/\0", "a" * 5000])
def test_a_path_that_leads_nowhere_is_no_file(tmp_path: Path, path: str) -> None:
    assert not store_in(tmp_path / "files").has(Content("0" * 64, 3, path))
