"""Reading tasks from Teamwork (API version 3; version 1 for teams)."""

from tray_connector.sources.teamwork.source import TeamworkSource

__all__ = ["TeamworkSource"]
