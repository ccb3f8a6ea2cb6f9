"""Reading Missive: conversations by mailbox, their e-mails, and the bodies in batches."""

from __future__ import annotations

from tray_connector.sources.missive.source import MissiveSource

__all__ = ["MissiveSource"]
