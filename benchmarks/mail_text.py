"""How long HTML mails take to become text: the collection of real mails, and a newsletter of 5 MB.

Run as `python -m benchmarks.mail_text`. Prints milliseconds for the whole collection (best of five), seconds for the
newsletter (best of three), and the memory the conversion adds at its peak.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.figures import Figure, at_most
from tray_connector.model.mail_text import html_to_text

MAILS = Path(__file__).parents[1] / "tests" / "data" / "mails"
PARTS = ("newsletter-webinar", "receipt-mailgen", "react-vercel", "mjml-social", "newsletter-russian")
SIZE = 5_000_000
NEWSLETTER_SECONDS = 1.5
"""About a second, on a slow machine."""


def collection() -> list[str]:
    """All real mails of the test data."""
    return [path.read_bytes().decode("utf-8") for path in sorted(MAILS.glob("*.html"))]


def newsletter(size: int = SIZE) -> str:
    """A newsletter of `size` characters made of the bodies of real ones."""
    mails = [(MAILS / f"{name}.html").read_bytes().decode("utf-8") for name in PARTS]
    bodies = [mail[mail.lower().find("<body") : mail.lower().rfind("</body")] for mail in mails]
    once = "".join(f"<div>{body[body.find('>') + 1 :]}</div>" for body in bodies)
    head = mails[0][: mails[0].lower().find("<body")]
    return (head + "<body>" + once * (size // len(once) + 1))[:size]


def best(work: Callable[[], object], rounds: int) -> float:
    """The shortest of `rounds` runs in seconds."""
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def peak(mails: Sequence[str]) -> int:
    """The memory in bytes that converting `mails` one after the other adds at its peak."""
    tracemalloc.start()
    try:
        for mail in mails:
            html_to_text(mail)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def figures(_: Path, quick: bool) -> Sequence[Figure]:
    """Milliseconds a mail, and the newsletter. `quick` leaves the memory out and takes a tenth of the newsletter."""
    mails, large = collection(), newsletter(SIZE // 10 if quick else SIZE)
    rounds = 1 if quick else 3
    seconds = best(lambda: [html_to_text(mail) for mail in mails], rounds)
    kilobytes = sum(map(len, mails)) / len(mails) / 1e3
    long = best(lambda: html_to_text(large), rounds)
    note = "" if quick else f"{peak([large]) / 1e6:.0f} MB more memory"
    return [
        Figure("Mail to text, a real mail", f"{seconds / len(mails) * 1e3:.2f} ms ({kilobytes:.0f} kB on average)"),
        at_most(f"Mail to text, newsletter of {len(large) / 1e6:g} MB", long, NEWSLETTER_SECONDS, "s", note),
    ]


def main() -> None:
    """Measures and prints."""
    mails, large = collection(), newsletter()
    size = sum(map(len, mails))
    milliseconds = best(lambda: [html_to_text(mail) for mail in mails], 5) * 1000
    print(f"{len(mails)} real mails, {size / 1000:.0f} kB: {milliseconds:.1f} ms, peak {peak(mails) / 1e6:.1f} MB")
    seconds = best(lambda: html_to_text(large), 3)
    text = html_to_text(large)
    print(
        f"newsletter, {len(large) / 1e6:.1f} MB: {seconds:.2f} s, {len(text) / 1e6:.2f} MB of text, "
        f"peak {peak([large]) / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    main()
