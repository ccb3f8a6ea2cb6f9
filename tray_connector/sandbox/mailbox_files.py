"""Small real files for attachments, made without libraries: the same name, kind and size give the same bytes."""

from __future__ import annotations

import random
import struct
import zlib

from tray_connector.sandbox.mailbox_records import MailFile

_KINDS = {
    "png": ("image", "png"),
    "pdf": ("application", "pdf"),
    "txt": ("text", "plain"),
    "csv": ("text", "csv"),
    "ics": ("text", "calendar"),
    "zip": ("application", "zip"),
    "dwg": ("image", "vnd.dwg"),
    "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bytes(width: int, height: int, seed: str) -> bytes:
    """A picture that any viewer opens: a band of colour on white, different for each seed."""
    colour = bytes(random.Random(f"png {seed}").choices(range(40, 200), k=3))
    white = b"\xff\xff\xff"
    band = max(1, width // 3)
    coloured = b"\x00" + colour * band + white * (width - band)
    plain = b"\x00" + white * width
    rows = b"".join(coloured if height // 4 <= row < height - height // 4 else plain for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def pdf_bytes(title: str) -> bytes:
    """A one-page PDF that shows its title."""
    shown = title.encode("latin-1", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    stream = b"BT /F1 18 Tf 72 760 Td (" + shown + b") Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _smallest(filename: str, kind: str, width: int | None, height: int | None) -> bytes:
    if kind == "image/png":
        return png_bytes(width or 160, height or 60, filename)
    if kind == "application/pdf":
        return pdf_bytes(filename.removesuffix(".pdf"))
    return f"{filename}\r\n".encode()


def file_bytes(file: MailFile) -> bytes:
    """The whole file, exactly `file.size` bytes long: the smallest real one, then noise after its end."""
    start = _smallest(file.filename, file.content_type, file.width, file.height)
    return start + random.Random(f"noise {file.id}").randbytes(file.size - len(start))


def mail_file(
    file_id: str, filename: str, *, size: int = 0, width: int | None = None, height: int | None = None
) -> MailFile:
    """A file of the kind its name tells. `size` in bytes; a real file of its kind is never smaller than its content."""
    ending = filename.rpartition(".")[2].lower()
    media_type, sub_type = _KINDS.get(ending, ("application", "octet-stream"))
    if ending == "png":
        width, height = width or 160, height or 60
    least = len(_smallest(filename, f"{media_type}/{sub_type}", width, height))
    return MailFile(file_id, filename, max(size, least), media_type, sub_type, width, height)
