"""Writes mails as mail programs write them: from a few marks in a text to HTML with signature and quotation.

The marks: an empty line parts paragraphs, ``- `` begins an item of a list, ``| a | b |`` is a row of a table (the
first one its head), ``# `` a heading, ``**bold**``, and ``[[logo.png]]`` the place of an inline image.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape, unescape

from tray_connector.sandbox.mailbox_office import Program, Writer
from tray_connector.sandbox.mailbox_records import Message

_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_IMAGE = re.compile(r"\[\[([^\]]+)\]\]")
_TAG = re.compile(r"<[^<>]*>")
_PREVIEW_LENGTH = 140
_MONTHS = ("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez.")
_FONT = 'style="font-family:Calibri,sans-serif;font-size:11pt"'


def _inline(text: str, images: Mapping[str, str]) -> str:
    shown = _BOLD.sub(r"<b>\1</b>", escape(text, quote=False))
    return _IMAGE.sub(
        lambda found: (
            f'<img style="max-width: 100%" alt="{escape(found[1])}" '
            f'data-missive-attachment-id="{images.get(found[1], "")}">'
        ),
        shown,
    )


def _table(lines: list[str], images: Mapping[str, str]) -> str:
    rows = [[_inline(cell.strip(), images) for cell in line.strip("| ").split("|")] for line in lines]
    cell = 'style="border:1px solid #999;padding:2px 8px"'
    head = "".join(f"<th {cell}>{text}</th>" for text in rows[0])
    rest = "".join("<tr>" + "".join(f"<td {cell}>{text}</td>" for text in row) + "</tr>" for row in rows[1:])
    return f'<table style="border-collapse:collapse"><tbody><tr>{head}</tr>{rest}</tbody></table>'


def _paragraph(text: str, program: Program, images: Mapping[str, str]) -> str:
    lines = text.split("\n")
    if all(line.startswith("|") for line in lines):
        return _table(lines, images)
    if all(line.startswith("- ") for line in lines):
        return "<ul>" + "".join(f"<li>{_inline(line[2:], images)}</li>" for line in lines) + "</ul>"
    if text.startswith("# "):
        return f"<h2>{_inline(text[2:], images)}</h2>"
    shown = "<br>".join(_inline(line, images) for line in lines)
    if program == "outlook":
        return f'<p class="MsoNormal"><span {_FONT}>{shown}</span></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p>'
    if program == "plain":
        return f"<p>{shown}</p>"
    return f"<div>{shown}</div><div><br></div>"


def body_of(text: str, program: Program, images: Mapping[str, str] | None = None) -> str:
    """The text as HTML, without signature. `images`: names of inline images to their attachment ids."""
    return "".join(_paragraph(part, program, images or {}) for part in text.strip().split("\n\n"))


def signature(writer: Writer) -> str:
    """The lines below a mail; none for machines."""
    if not writer.phone:
        return ""
    lines = [f"<b>{escape(writer.name)}</b>", escape(writer.role), escape(writer.company, quote=False)]
    lines.append(f"Tel. {escape(writer.phone)} · <a href='mailto:{writer.address}'>{writer.address}</a>")
    shown = "<br>".join(line for line in lines if line)
    if writer.program == "outlook":
        return f'<p class="MsoNormal"><span {_FONT}>Mit freundlichen Grüßen<br><br>{shown}</span></p>'
    if writer.program == "gmail":
        return f'<div class="gmail_signature" dir="ltr">Viele Grüße<br>-- <br>{shown}</div>'
    if writer.program == "apple":
        return f'<div>Beste Grüße</div><div><br></div><div class="AppleMailSignature">{shown}</div>'
    return f"<p>MfG<br>{shown}</p>"


def date_words(at: int) -> str:
    """A moment as German mail programs write it above a quotation."""
    when = datetime.fromtimestamp(at, UTC)
    return f"{when.day}. {_MONTHS[when.month - 1]} {when.year} um {when:%H:%M}"


def quotation(program: Program, earlier: Message) -> str:
    """An earlier mail below a reply, in the manner of the program that replies."""
    sender = earlier.sender
    who = f"{escape(sender.name or '')} &lt;{sender.address}&gt;" if sender else "?"
    when = date_words(earlier.moment)
    subject = escape(earlier.subject or "")
    if program == "outlook":
        return (
            '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">'
            f"<b>Von:</b> {who}<br><b>Gesendet:</b> {when}<br><b>Betreff:</b> {subject}</p></div>{earlier.body}"
        )
    if program == "gmail":
        return (
            f'<div class="gmail_quote"><div dir="ltr" class="gmail_attr">Am {when} schrieb {who}:<br></div>'
            '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);'
            f'padding-left:1ex">{earlier.body}</blockquote></div>'
        )
    if program == "apple":
        return f'<div>Am {when} schrieb {who}:</div><br><blockquote type="cite"><div>{earlier.body}</div></blockquote>'
    return f"<p>{who} schrieb am {when}:</p><blockquote>{earlier.body}</blockquote>"


def newsletter(text: str, title: str) -> str:
    """A newsletter's markup: hidden preheader, style sheet, tables as layout, a link to leave."""
    inner = body_of(text, "plain")
    return (
        "<!DOCTYPE html><html><head><style>.pre{display:none!important}body{font-family:Arial}</style></head><body>"
        f'<div class="pre" style="display:none;max-height:0;overflow:hidden">{escape(title)} &#847;&zwnj;&nbsp;</div>'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">'
        '<table role="presentation" width="600" style="background:#ffffff"><tr><td style="padding:24px">'
        f"{inner}</td></tr><tr><td style='font-size:11px;color:#777'>Sie erhalten diese Nachricht, weil Sie sich "
        "angemeldet haben. <a href='https://news.baublatt.example/abmelden?u=4711&amp;c=12'>Abmelden</a>"
        '<img src="https://camo.missiveusercontent.com/px/1.gif" width="1" height="1" alt=""></td></tr></table>'
        "</td></tr></table></body></html>"
    )


def preview_of(html: str) -> str:
    """The first words, as lists show them."""
    body = html.partition("</style>")[2] or html
    words = " ".join(unescape(_TAG.sub(" ", body)).split())
    return words[:_PREVIEW_LENGTH]
