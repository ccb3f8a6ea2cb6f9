"""Nordlicht Planung's mail: its people, teams and labels, and who writes to it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Literal

from tray_connector.sandbox.mailbox_records import Correspondent, Organization, SharedLabel, Team, User
from tray_connector.sandbox.mailbox_state import Directory

Program = Literal["outlook", "gmail", "apple", "plain"]
"""The mail program a correspondent writes with: it decides how a mail and its quotation look."""

OFFICE_DOMAIN = "nordlicht.example"
_NAMESPACE = uuid.UUID("6f0a54d2-8a1b-4a3e-9d0c-3f7c6f6f0b00")


def fixed_id(name: str) -> str:
    """The id that a thing of the office has in every run."""
    return str(uuid.uuid5(_NAMESPACE, name))


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who writes mails, with the lines below them."""

    key: str
    name: str
    address: str
    role: str
    company: str
    program: Program
    phone: str = ""

    @property
    def correspondent(self) -> Correspondent:
        """As the head of a mail names them."""
        return Correspondent(self.name, self.address)

    @property
    def first_name(self) -> str:
        """For a greeting."""
        return self.name.split(" ")[0]


def _colleague(key: str, name: str, role: str, line: int) -> Writer:
    return Writer(key, name, f"{key}@{OFFICE_DOMAIN}", role, "Nordlicht Planung", "gmail", f"+49 451 70990-{line}")


COLLEAGUES = (
    _colleague("ida", "Ida Brandt", "Büroleitung", 11),
    _colleague("tom", "Tom Okafor", "Einkauf und Vergabe", 14),
    _colleague("lena", "Lena Vogt", "Architektin, Projektleitung", 20),
    _colleague("jonas", "Jonas Petersen", "Bauleitung", 22),
    _colleague("aylin", "Aylin Demir", "Technische Zeichnerin", 23),
    _colleague("frank", "Frank Meißner", "Geschäftsführung", 10),
)

OUTSIDERS = (
    Writer("mara", "Mara Silva", "mara.silva@holzbau-lieferant.example", "Vertrieb Innendienst",
           "Holzbau-Lieferant GmbH", "outlook", "+49 4102 8812-40"),
    Writer("kai", "Kai-Uwe Sörensen", "k.soerensen@elektro-soerensen.example", "Elektromeister",
           "Elektro Sörensen", "apple", "+49 171 5550142"),
    Writer("britta", "Britta Hansen", "britta.hansen@stadt-seeburg.example", "Fachdienst Gebäudewirtschaft",
           "Stadt Seeburg", "outlook", "+49 4541 2000-318"),
    Writer("joerg", "Jörg Müller-Lüdenscheidt", "jml@statik-kontor.example", "Prüfstatiker",
           "Statik-Kontor Nord PartG mbB", "outlook", "+49 40 339977-5"),
    Writer("svenja", "Svenja Claaßen", "svenja.claassen@wohnbau-nord.example", "Projektentwicklung",
           "Wohnbau Nord eG", "gmail", "+49 431 64640-17"),
    Writer("piotr", "Piotr Nowak", "biuro@fliesen-nowak.example", "Inhaber",
           "Fliesen Nowak", "plain", "+49 151 22334455"),
    Writer("dirk", "Dirk Ahlers", "ahlers@shk-ahlers.example", "Geschäftsführer",
           "Ahlers Sanitär & Heizung", "outlook", "+49 4533 7100"),
    Writer("yvonne", "Yvonne Krüger", "y.krueger@brandschutz-krueger.example", "Sachverständige für Brandschutz",
           "Krüger Brandschutz", "apple", "+49 4321 90091"),
    Writer("hans", "Hans-Peter Grünwald", "hpgruenwald@web.example", "Bauherr", "", "apple"),
    Writer("kanzlei", "Dr. Anke Petersen", "petersen@hansen-petersen.example", "Rechtsanwältin",
           "Hansen, Petersen & Partner", "outlook", "+49 451 300-0"),
    Writer("rechnung", "Buchhaltung Baustoff Union", "rechnung@baustoff-union.example", "Debitoren",
           "Baustoff Union Nord", "plain", "+49 451 8899-0"),
    Writer("fachblatt", "Deutsches Baublatt", "newsletter@baublatt.example", "Redaktion", "Baublatt", "plain"),
    Writer("kammer", "Architektenkammer Küste", "fortbildung@ak-kueste.example", "Fortbildung",
           "Architektenkammer Küste", "plain"),
    Writer("versand", "Paketdienst Nordwind", "noreply@nordwind-paket.example", "Zustellung",
           "Paketdienst Nordwind", "plain"),
    Writer("mailer", "Mail Delivery System", "mailer-daemon@mx.nordlicht.example", "", "", "plain"),
    Writer("spammer", "SEO Ranking Experts", "grow@best-rank-4u.example", "", "", "plain"),
)  # fmt: skip

WRITERS = {writer.key: writer for writer in (*COLLEAGUES, *OUTSIDERS)}
BY_ADDRESS = {writer.address: writer for writer in WRITERS.values()}

_ORGANIZATION = Organization(fixed_id("organization"), "Nordlicht Planung")
_COLORS = ("#2266ED", "#E0533D", "#3AA76D", "#F2A33A", "#8E5BD1", "#5E6B7A")

_LABEL_TREE = {
    "Projekte": (
        "2301 Kita Sonnenweg", "2304 Rathaus Seeburg, Umbau", "2309 Wohnbau Hafenstraße", "2312 Haus Grünwald",
        "2317 Werkhalle Ahlers",
    ),
    "Kostengruppen": ("KGR_200", "KGR_300", "KGR_320", "KGR_330", "KGR_350", "KGR_400", "KGR_410", "KGR_440", "KGR_500",
                      "KGR_600", "KGR_700"),
    "Räume": ("R_001", "R_101", "R_102", "R_103", "R_104", "R_201", "R_202", "R_WC EG"),
    "Gebäude": ("Building_A", "Building_B", "Building_C"),
    "Kunden": ("Stadt Seeburg", "Wohnbau Nord eG", "Hansen, Petersen & Partner", "Familie Grünwald", "Ahlers, Dirk"),
    "Büro": ("Rechnung", "Angebot", "Wiedervorlage", "Vertrag/Recht", "Newsletter"),
}  # fmt: skip


def _users() -> tuple[User, ...]:
    return tuple(User(fixed_id(f"user {each.key}"), each.name, each.address) for each in COLLEAGUES)


def _labels() -> tuple[SharedLabel, ...]:
    labels = []
    for number, (parent, children) in enumerate(_LABEL_TREE.items()):
        color = _COLORS[number % len(_COLORS)]
        above = SharedLabel(fixed_id(f"label {parent}"), parent, _ORGANIZATION.id, color)
        labels.append(above)
        labels += [
            SharedLabel(fixed_id(f"label {parent}/{name}"), name, _ORGANIZATION.id, color, above.id)
            for name in children
        ]
    site = next(label for label in labels if label.name == "2301 Kita Sonnenweg")
    labels.append(SharedLabel(fixed_id("label Bauabschnitt 1"), "Bauabschnitt 1", _ORGANIZATION.id, None, site.id))
    return tuple(labels)


def nordlicht() -> Directory:
    """The directory; Ida Brandt owns the token, is a member of Planung and an observer of Einkauf."""
    users = _users()
    ids = {writer.key: user.id for writer, user in zip(COLLEAGUES, users, strict=True)}
    buying = Team(fixed_id("team Einkauf"), "Einkauf", _ORGANIZATION.id, (ids["tom"], ids["aylin"]), (ids["ida"],))
    planning = Team(
        fixed_id("team Planung"), "Planung", _ORGANIZATION.id, (ids["ida"], ids["lena"], ids["jonas"]), (ids["frank"],)
    )
    return Directory((_ORGANIZATION,), users, (buying, planning), _labels(), me_id=ids["ida"])
