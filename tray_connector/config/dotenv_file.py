"""A ``.env`` file: names and values, as they stand there."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv.parser import parse_stream

from tray_connector.model.errors import Problem


@dataclass(frozen=True, slots=True)
class DotenvFile:
    """What was read. Values may be secrets: they are not part of the repr."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    problems: tuple[Problem, ...] = ()


def read_dotenv(path: Path) -> DotenvFile:
    """Read the file; none is the same as an empty one. The last of several equal names counts.

    Values are taken as they stand, without filling in ``${...}``: a password may hold such a text.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return DotenvFile()
    except UnicodeDecodeError:
        return DotenvFile(problems=(_problem(path, "The file is not UTF-8.", "Save it as UTF-8."),))
    except OSError as error:
        reason = f"{error.strerror or error}."
        return DotenvFile(problems=(_problem(path, reason, "Make it readable for you, or remove it."),))
    values: dict[str, str] = {}
    problems = []
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            # Never the line itself: it may hold a key.
            line = binding.original.line + _leading_lines(binding.original.string)
            problems.append(
                _problem(path, f"Line {line} cannot be read.", "Accepted: NAME=value, one a line; # begins a comment.")
            )
        elif binding.key is not None and binding.value is not None:
            values[binding.key] = binding.value
    return DotenvFile(values, tuple(problems))


def _leading_lines(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")


def _problem(path: Path, message: str, hint: str) -> Problem:
    return Problem("dotenv-unreadable", f"{path.name} cannot be read", message, hint)
