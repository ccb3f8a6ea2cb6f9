"""The program's icon in the forms that the operating systems want, from the SVG that the application itself draws."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from installers.project import BUILD, NAME, ROOT

SVG = ROOT / "tray_connector" / "ui" / "resources" / "app.svg"
FOLDER = BUILD / "icons"
ICO = FOLDER / f"{NAME}.ico"
ICNS = FOLDER / f"{NAME}.icns"
LINUX_SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
WINDOWS_SIZES = (16, 20, 24, 32, 40, 48, 64, 256)
LARGEST_BITMAP = 48
"""Pixels. Windows reads larger ones as PNG, smaller ones everywhere only as bitmaps."""
MACOS_KINDS = {
    b"icp4": 16,
    b"icp5": 32,
    b"icp6": 64,
    b"ic07": 128,
    b"ic08": 256,
    b"ic09": 512,
    b"ic10": 1024,
    b"ic11": 32,
    b"ic12": 64,
    b"ic13": 256,
    b"ic14": 512,
}
"""Apple's names of the entries that may hold a PNG, and their pixels; from ic11 on for screens of double density."""


def make_icons() -> None:
    """Write them all below ``build/icons``."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    sizes = {*LINUX_SIZES, *WINDOWS_SIZES, *MACOS_KINDS.values()}
    images = {size: draw(size) for size in sizes}
    for size in LINUX_SIZES:
        png_file(size).write_bytes(png(images[size]))
    ICO.write_bytes(ico({size: images[size] for size in WINDOWS_SIZES}))
    ICNS.write_bytes(icns({size: png(images[size]) for size in MACOS_KINDS.values()}))


def png_file(size: int) -> Path:
    """Where the picture of this size lies."""
    return FOLDER / f"{NAME}-{size}.png"


def draw(size: int) -> QImage:
    """The icon with so many pixels on each side."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(SVG.read_bytes())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return image


def png(image: QImage) -> bytes:
    """The image as a PNG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload] # the stubs ask for bytes, Qt for text
    return bytes(buffer.data().data())


def ico(images: Mapping[int, QImage]) -> bytes:
    """Windows' form: a directory of 16 bytes an image, then the images."""
    pictures = {size: bitmap(image) if size <= LARGEST_BITMAP else png(image) for size, image in images.items()}
    directory, data = [], []
    offset = 6 + 16 * len(pictures)
    for size, content in pictures.items():
        side = size % 256  # 0 stands for 256
        directory.append(struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(content), offset))
        data.append(content)
        offset += len(content)
    return b"".join((struct.pack("<HHH", 0, 1, len(pictures)), *directory, *data))


def bitmap(image: QImage) -> bytes:
    """A bitmap of 32 bits a pixel as it stands in an .ico: from the lowest row up, then a mask that hides nothing."""
    size = image.width()
    header = struct.pack("<IiiHHIIiiII", 40, size, 2 * size, 1, 32, 0, 0, 0, 0, 0, 0)
    rows = bytes(image.constBits())
    pixels = b"".join(rows[4 * size * row : 4 * size * (row + 1)] for row in reversed(range(size)))
    mask_row = (size + 31) // 32 * 4
    return header + pixels + bytes(mask_row * size)


def icns(pictures: Mapping[int, bytes]) -> bytes:
    """Apple's form: a name of four letters, a length that counts itself, the content; all of it once around."""
    entries = [kind + struct.pack(">I", 8 + len(pictures[size])) + pictures[size] for kind, size in MACOS_KINDS.items()]
    body = b"".join(entries)
    return b"icns" + struct.pack(">I", 8 + len(body)) + body
