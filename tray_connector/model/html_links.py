"""Which addresses of links are worth a reader's eye.

The rule, all of it pure string work (nothing is ever fetched):

* only `http`, `https` and `mailto` addresses; wrappers that mail filters put around an address (Outlook Safe Links,
  Google, Proofpoint) are taken off first;
* never when the visible text already names the address;
* no addresses of tracking services, and none longer than a person would read;
* each address once a mail, and none at all in a mail with more than `MOST_SHOWN` of them, which is a newsletter.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

MOST_SHOWN: Final = 20
LONGEST: Final = 300

_TRACKING_HOST: Final = re.compile(
    r"""(?:
        # first labels of hosts that count clicks (click.example.com)
        (?:clicks?|clk|ct|e|email|emails|el|em|links?|lnk|mailings?|newsletter|t|tr|trk|trck|trx|u|url\d?)\.[^.]+\..+
        # senders of mass mail
      | (?:.+\.)?(?:
            list-manage\d?|mandrillapp|hubspotlinks|exacttarget|createsend\d?|cmail\d+|sendib[tm]\d|sendinblue|klclick\d?
          | customeriomail|intercom-mail|mlsend\d?|getresponse|emltrk|pardot|cleverreach|rapidmail|campaign-archive
          | doubleclick|acemln[ab]|activehosted|convertkit-mail\d?|sendgrid|mailgun|rs6|hubspotemail|exct|responsys
          | awstrack|mjt|mailchi
        )\.(?:com|net|org|me|lu|de|mp)
    )\Z""",
    re.VERBOSE,
)
_TRACKING_PATH: Final = re.compile(
    r"/(?:clicks?[/?.]|cl0/|ls/click|wf/click|track/(?:click|open)|trk/|redirect/|redir/|c/eyj|ss/c/|lt\.php|cts/"
    r"|unsubscribe|optout)|.*/unsubscribe\b",
)
_NUMBERS: Final = re.compile(r"(?:/(?:\d+|[0-9a-f]{8,})(?=[/.?#]|\Z)){4}")
"""Four numbers in a row (list, mailing, reader …); a date in an address has three."""
_LONG_TOKEN: Final = re.compile(r"[\w-]{72}")
"""Longer than the names of shared documents and meetings."""

_QUERY_MARKS: Final = re.compile(
    r"[?&](?:(?:mc_eid|_hsenc|elqtrack|mkt_tok)=|(?:url|u|link|target|dest|destination)=https?(?:%3a|:))"
)
_SAFE_LINKS: Final = re.compile(
    r"https?://[\w.-]*safelinks\.protection\.outlook\.com/[^?#]*\?(?:[^#]*?&)?url=([^&#]+)", re.IGNORECASE
)
_GOOGLE: Final = re.compile(r"https?://www\.google\.[a-z.]+/url\?(?:[^#]*?&)?(?:q|url)=([^&#]+)", re.IGNORECASE)
_PROOFPOINT: Final = re.compile(r"https?://urldefense\.(?:proofpoint\.)?com/v3/__(.+?)__;", re.IGNORECASE)
_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f<>]")
_LONGEST_READ: Final = 4_096


def real_address(href: str) -> str:
    """The address a link leads to: white space removed, wrappers of mail filters taken off, "" when it is not one."""
    address = href.strip()
    if len(address) > _LONGEST_READ:
        return ""
    for pattern in (_SAFE_LINKS, _GOOGLE, _PROOFPOINT):
        found = pattern.match(address)
        if found is not None:
            address = unquote(found[1]) if pattern is not _PROOFPOINT else found[1]
            break
    scheme, colon, rest = address.partition(":")
    scheme = scheme.lower()
    if scheme == "mailto" and colon:
        return "mailto:" + unquote(rest.partition("?")[0]).strip()
    if scheme not in {"http", "https"} or not rest.startswith("//") or _SPACE.search(address):
        return ""
    return address


def is_tracking(address: str) -> bool:
    """Whether an address only counts a click before it leads elsewhere, or unsubscribes, judged by its shape."""
    lower = address.lower()
    host, _, path = lower.partition("://")[2].partition("/")
    host = host.rpartition("@")[2].partition(":")[0].partition("?")[0]
    if _TRACKING_HOST.match(host):
        return True
    path = "/" + path
    return any((_TRACKING_PATH.match(path), _NUMBERS.search(path), _LONG_TOKEN.search(path), _QUERY_MARKS.search(path)))


def _bare(address: str) -> str:
    """An address as people write it: no scheme, no leading www, no closing slash."""
    lower = address.strip().lower()
    for start in ("mailto:", "https://", "http://", "www."):
        lower = lower.removeprefix(start)
    return lower.rstrip("/").strip()


def shown_address(href: str, text: str) -> str:
    """What to show behind a link's visible `text`: an address, or "" when there is nothing worth showing."""
    if not text.strip():
        return ""
    address = real_address(href)
    if not address:
        return ""
    bare = _bare(address)
    if not bare or (len(text) <= _LONGEST_READ and bare in "".join(text.split()).lower()):
        return ""
    if address.startswith("mailto:"):
        address = address.removeprefix("mailto:")
        return address if "@" in address and len(address) <= LONGEST and not _SPACE.search(address) else ""
    return "" if len(address) > LONGEST or is_tracking(address) else address
