"""Fixtures that several tests of destinations share."""

from tests.support.sql_places import place  # noqa: F401 - a fixture
