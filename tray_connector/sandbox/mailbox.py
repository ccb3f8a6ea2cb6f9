"""The sandbox's mail office: `Mailbox.office` is the demo's, `Mailbox.generate` one of any size.

What people do to it: writing in `mailbox_writing`, labels, Trash, merging and deleting in `mailbox_filing`, the
state itself in `mailbox_state`.
"""

from __future__ import annotations

from typing import Self

from tray_connector.config.clock import Clock
from tray_connector.sandbox.mailbox_fill import fill, play
from tray_connector.sandbox.mailbox_writing import MailWriting


class Mailbox(MailWriting):
    """The whole mail of the office. Thread-safe; times come from the clock, ids from the seed."""

    @classmethod
    def office(cls, *, clock: Clock, seed: int = 1) -> Self:
        """The demo's office: about 60 conversations, most of the last four weeks."""
        mailbox = cls(clock=clock, seed=seed)
        play(mailbox)
        return mailbox

    @classmethod
    def generate(
        cls, *, clock: Clock, conversations: int, messages: int | None = None, days: int = 28, seed: int = 1
    ) -> Self:
        """An office with exactly so many conversations and mails (default five each), all readable by the token.

        At least one mail each and at most 400. Their activity lies within the last `days`.
        """
        mailbox = cls(clock=clock, seed=seed)
        fill(mailbox, conversations, conversations * 5 if messages is None else messages, days)
        return mailbox
