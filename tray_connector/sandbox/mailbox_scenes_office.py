"""Threads about buying, contracts and the office itself, in the form that `mailbox_scenes` reads."""

from __future__ import annotations

OFFICE = """\
= Auftragsbestätigung 1187 / Lieferung KVH
team Einkauf
labels 2301 Kita Sonnenweg; KGR_300; Rechnung
> tom | to mara | cc ida
Hallo Frau Silva,

wo bleibt die Auftragsbestätigung zu unserer Bestellung 1187 (KVH 60/120, 14,2 m³)? Der Zimmerer fängt am Montag an.

> mara | after 2 | files logo.png; Lieferschein 1187.pdf
Hallo Herr Okafor,

die Paletten gehen am Donnerstag raus, der Lieferschein liegt bei. Bitte die **Abladezeit 7-9 Uhr** freihalten.

[[logo.png]]

> tom | after 0.5
Danke. Stapler ist bestellt.

> ida | after 1 | to tom
Habe die Rampe reserviert. Sagst du Jonas Bescheid?

= Angebotsvergleich Elektro Rathaus Seeburg
team Einkauf
labels 2304 Rathaus Seeburg, Umbau; KGR_440; Angebot; Stadt Seeburg
> kai | to tom | files Angebot_E-2214.pdf
Moin Herr Okafor,

anbei wie besprochen unser Angebot über 148.220,00 € netto. Bindefrist 6 Wochen.

> tom | after 20 | to ida, lena
Vergleich der drei Bieter:

| Bieter | netto | Nachlass | geprüft |
| Elektro Sörensen | 148.220,00 € | 2 % | ja |
| Lübcke & Söhne | 155.904,50 € | - | ja |
| ET Nord | 139.870,00 € | 3 % Skonto | LV-Pos. 4.2 fehlt! |

ET Nord hat die Sicherheitsbeleuchtung vergessen (ca. 11 T€). Mein Vorschlag: Sörensen.

> lena | after 3
Sehe ich auch so. Gebäudefunk ist bei Sörensen dabei?

> tom | after 0.3
Ja, Position 7.

> ida | after 19 | to kai | cc tom
Guten Tag Herr Sörensen,

die Stadt hat zugestimmt, den Auftrag erhalten Sie mit getrennter Post. Vorab schon einmal herzlichen Glückwunsch.

> kai | after 0.5
Klasse, vielen Dank! Wir legen los, sobald der Schrieb da ist.

= Vertragsentwurf Generalplaner Hafenstraße
labels 2309 Wohnbau Hafenstraße; Vertrag/Recht; Hansen, Petersen & Partner
team none
users Ida, Frank
> kanzlei | to frank, ida | files Entwurf GP-Vertrag v3.pdf
Sehr geehrter Herr Meißner, sehr geehrte Frau Brandt,

in § 7 Abs. 2 haben wir die Haftung auf die Deckungssumme der Berufshaftpflicht (3 Mio. €) begrenzt. § 11 (Kündigung
aus wichtigem Grund) ist noch offen; die Gegenseite besteht auf 14 Tagen.

> frank | after 27
Sehr geehrte Frau Dr. Petersen,

14 Tage sind zu kurz. Wir brauchen mindestens vier Wochen, sonst unterschreiben wir nicht.

> kanzlei | after 50
Die Gegenseite bietet 21 Tage. Ich empfehle anzunehmen.

> frank | after 1
Einverstanden.

= Rechnung 2026-0815 Baustoff Union
team Einkauf
labels Rechnung; KGR_300
state closed
> rechnung | to tom | files RE_2026-0815.pdf
Sehr geehrte Damen und Herren,

für unsere Lieferungen berechnen wir:

| Artikel | Menge | Einzelpreis | Betrag |
| Kalksandstein 17,5 DF | 1.440 Stk | 1,12 € | 1.612,80 € |
| Dünnbettmörtel 25 kg | 36 Sack | 9,85 € | 354,60 € |
| Zwischensumme | | | 1.967,40 € |
| USt. 19 % | | | 373,81 € |
| Gesamt | | | 2.341,21 € |

Zahlbar bis zum 30. ohne Abzug. IBAN DE02 1203 0000 0000 2020 51.

> tom | after 30
Sachlich geprüft, 2 Sack Mörtel fehlten laut Lieferschein. Bitte Gutschrift über 19,70 € zzgl. USt.

> rechnung | after 48 | files Gutschrift_2026-0815.pdf
Gutschrift anbei. Wir bitten um Entschuldigung.

= [Baublatt] Holzbau wird Pflicht? Die Woche in der Baubranche
team none
users Ida
labels Newsletter
> fachblatt | to ida | news
# Die Woche in der Baubranche

**Holzbau wird Pflicht?** Der Bundesrat berät am Freitag über die neue Bauordnung. Was das für kleine Büros heißt.

**Zement wieder teurer:** Die Preise sind im Vergleich zum Vorjahr um 6,3 % gestiegen.

- Urteil: Wer haftet für falsche Höhenangaben?
- Software: Fünf Werkzeuge für die Mängelverfolgung
- Termine: Norddeutscher Ziegeltag in Rendsburg

= Anmeldebestätigung: Seminar „VOB/B kompakt“
team none
users Ida
labels Wiedervorlage
> kammer | to ida | files Anmeldung_VOB.pdf; Termin.ics
Guten Tag Frau Brandt,

Sie sind angemeldet: **VOB/B kompakt**, 9-16 Uhr, Kieler Straße 12. Bitte bringen Sie eine Textausgabe mit.

> ida | after 4
Vielen Dank. Gibt es vor Ort Parkplätze?

> kammer | after 20
Leider nein, nächstes Parkhaus „Am Markt“, 300 m.

= Zahnarzt Donnerstag
state private
team none
> hans | to ida
Hallo Ida,

du hattest doch nach einem guten Zahnarzt in der Nähe gefragt: Dr. Wöhler in der Mühlenstraße, sehr nett.

> ida | after 2
Lieb von dir, danke! Termin habe ich Donnerstag um 16:40.

= Gehaltsabrechnung August
state private
team none
> frank | to ida | files Abrechnung_08.pdf
Hallo Ida,

deine Abrechnung. Die Sonderzahlung ist drin.

= Kita-Platz für Emil
state private
team none
> ida | to britta
Liebe Britta,

mal außer der Reihe gefragt: Wie lang ist eure Warteliste gerade? 🙈

> britta | after 60
Oje. Drei Monate. Ich schicke dir den Link zum Portal.

= Ihr Paket 00340434 ist unterwegs
team Einkauf
state trashed
> versand | to tom
Guten Tag,

Ihre Sendung **00340434161094022115** wird voraussichtlich morgen zwischen 9 und 12 Uhr zugestellt.

= Undelivered Mail Returned to Sender
team none
users Ida
state trashed by me
> mailer | to ida
This is the mail system at host mx.nordlicht.example.

I'm sorry to have to inform you that your message could not be delivered to one or more recipients.

<lager@holzbau-lieferant.exampel>: Host or domain name not found

= Rank #1 on Google!!! 20.000 Backlinks for nordlicht
team none
users Ida
state junked
> spammer | to ida | news
# Dear business owner

We checked your website and it is **not visible**. Only today: 20.000 backlinks for $49.

= Gewinnspiel: Ihr neuer Akkuschrauber wartet
team Einkauf
state junked
> spammer | to tom | news
# Herzlichen Glückwunsch

Sie haben einen Akkuschrauber gewonnen. Bitte bestätigen Sie **innerhalb von 24 Stunden**.

= Bewerbung als Bauzeichnerin
team none
users Frank
state guest
> svenja | to frank | files Lebenslauf.pdf
Sehr geehrter Herr Meißner, anbei meine Bewerbung.

= Nachfolgeregelung
team none
users Frank
state guest
> kanzlei | to frank
Sehr geehrter Herr Meißner, wie besprochen der Entwurf der Gesellschaftervereinbarung.

= Toms Werkstattrechnung
team none
users Tom
> dirk | to tom
Moin Tom, dein Bulli ist fertig, 612 € wie abgemacht.

= Rückfrage zum Aufmaß per SMS
team Einkauf
state sms
labels 2317 Werkhalle Ahlers
> kai | to tom
Moin, welche Höhe hat die UV in der Halle? Gruß Kai

> tom | after 0.2
1,60 m OK Fertigfußboden

= Einladung Richtfest Kita Sonnenweg
labels 2301 Kita Sonnenweg; Stadt Seeburg
state flagged
> britta | to ida, lena, frank | files Einladung Richtfest.pdf; wappen.png
Liebes Team von Nordlicht Planung,

am 18. um 15 Uhr feiern wir Richtfest. Bürgermeisterin Dr. Öztürk spricht, danach gibt es Grünkohl.

[[wappen.png]]

> frank | after 8
Wir kommen mit acht Personen. Ich halte den Richtspruch aber nicht.

> britta | after 1 | to frank
Schade! Dann der Zimmermann. 😄

= Wartung Kopierer
team none
users Ida, Aylin
state snoozed
> ida | to aylin
Aylin, der Techniker kommt am Mittwoch. Kannst du ihn reinlassen?

> aylin | after 1
Klar, bin ab acht da.

= Angebot Trockenbau Hafenstraße (Entwurf)
labels 2309 Wohnbau Hafenstraße; KGR_330; Angebot
state draft
> svenja | to lena
Hallo Lena,

habt ihr schon Preise für die Ständerwände im 2. OG? Wir müssten den Wirtschaftsplan abgeben.
"""
