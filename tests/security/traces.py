"""Looks for a secret in whatever form it may have been left behind."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote_plus, unquote_plus

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)")


def unescaped(text: str) -> str:
    """Without one layer of JSON's or Python's escapes."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)


def _readings(text: str) -> Iterator[str]:
    """The text as it stands, and as whoever wants to know would decode it."""
    for layer in (text, unescaped(text), unescaped(unescaped(text))):
        yield layer
        yield unquote_plus(layer)
        yield unquote_plus(layer.replace("+", "%2B"))
        yield "\n".join(_unpacked(layer))


def _unpacked(text: str) -> Iterator[str]:
    for run in _BASE64.findall(unquote_plus(text.replace("+", "%2B"))):
        plain = run.rstrip("=").translate(str.maketrans("-_", "+/"))
        for start in range(4):
            part = plain[start:]
            try:
                yield base64.b64decode(part[: len(part) // 4 * 4] + _rest(part)).decode("utf-8", "replace")
            except binascii.Error:
                continue


def _rest(part: str) -> str:
    rest = part[len(part) // 4 * 4 :]
    return "" if len(rest) < 2 else rest + "=" * (4 - len(rest))


def reveals(content: bytes, secret: str) -> bool:
    """Whether the secret can be had from it: plainly, in JSON, in a URL, in base64, as a part of any of these."""
    return any(secret in reading for reading in _readings(content.decode("utf-8", "replace")))


def found_in(places: Mapping[str, bytes], secrets: Iterable[str]) -> list[str]:
    """The places that reveal one of them."""
    return sorted(
        {f"{place}: {secret}" for place, text in places.items() for secret in secrets if reveals(text, secret)}
    )


def files_below(*folders: Path) -> dict[str, bytes]:
    """Everything that lies there, by path; a name may hold a secret as well."""
    return {
        str(path): str(path).encode() + b"\n" + path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


def echoes(secret: str) -> str:
    """What a spiteful service says: the secret in all the ways it can think of."""
    raw = secret.encode()
    packed = [
        base64.b64encode(before + raw + after).decode() for before in (b"", b"u:", b"abc") for after in (b"", b":x")
    ]
    quoted = quote_plus(secret)
    lower = re.sub("%..", lambda found: found[0].lower(), quoted)
    return " ".join([secret, f"key={secret}", quoted, lower, *packed])
