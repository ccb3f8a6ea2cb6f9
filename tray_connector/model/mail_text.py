"""The readable plain text of an HTML mail."""

from __future__ import annotations

import re
from typing import Final

from tray_connector.model.html_render import Renderer
from tray_connector.model.html_style import collect_styles
from tray_connector.model.html_tokens import tokens

_UNTEXTUAL: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]+")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def html_to_text(html: str) -> str:
    """What a person sees of an HTML mail, as lines of plain text; "" when it has only pictures or nothing.

    Blocks stand on lines of their own, paragraphs have one blank line between them, lists have bullets or numbers,
    rows of data tables read `cell | cell`, quoted replies are marked with `> `, and a link reads `text <address>`
    where the address says more than the text (see `html_links`). Styles, scripts, comments, hidden elements and
    pictures leave nothing behind; an emoji that is sent as a picture is kept. A charset named inside the mail is
    ignored, the text being text already.

    Where markup is broken, what a browser shows decides. Takes time linear in the length of `html`, whatever it
    contains, and never raises.
    """
    html = _SURROGATES.sub("\ufffd", _UNTEXTUAL.sub("", html))
    renderer = Renderer(collect_styles(html))
    for token in tokens(html):
        renderer.take(token)
    return renderer.text()
