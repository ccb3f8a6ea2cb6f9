"""Everyday threads with gaps, of which an office of any size is made; in the form that `mailbox_scenes` reads.

The gaps: ``{project}``, ``{customer}``, ``{trade}``, ``{room}``, ``{kgr}``, ``{number}``, ``{amount}``, ``{day}``.
"""

from __future__ import annotations

ROUTINE = """\
= Angebot {number}: {trade}, {project}
team Einkauf
labels {project}; {kgr}; Angebot
> mara | to tom | cc ida | files Angebot_{number}.pdf
Sehr geehrter Herr Okafor,

anbei unser Angebot {number} für **{trade}** über {amount} € netto. Wir halten uns bis zum {day}. gebunden.

> tom | after 22
Vielen Dank, wir prüfen und melden uns bis zum {day}.

> mara | after 46
Gern. Bei Auftrag in dieser Woche geben wir 2 % Skonto.

= Rechnung {number}
team Einkauf
labels Rechnung; {project}
> rechnung | to tom | files RE_{number}.pdf
Sehr geehrte Damen und Herren,

für das Vorhaben {project} berechnen wir:

| Leistung | Betrag netto |
| {trade}, Abschlag 2 | {amount} € |
| Sicherheitseinbehalt 5 % | siehe Vertrag |

Zahlbar innerhalb von 21 Tagen.

= Terminverschiebung {trade}
labels {project}; {kgr}
> dirk | to jonas | cc lena
Moin Jonas,

wir schaffen den {day}. nicht, zwei Mann krank. Geht auch zwei Tage später?

> jonas | after 1
Geht, aber dann bitte mit vier Leuten. Der Raum {room} muss zuerst fertig werden.

> dirk | after 0.5
Machen wir. Danke dir!

= Planfreigabe {project}, Blatt {number}
labels {project}; {customer}
> aylin | to britta | cc lena, ida | files Blatt_{number}.pdf
Sehr geehrte Frau Hansen,

Blatt {number} liegt zur Freigabe bei. Geändert wurden {room} und die Türliste (lfd. Nr. 7 bis 12).

> britta | after 70
Sehr geehrte Frau Demir,

freigegeben mit zwei Anmerkungen: Schwelle am Eingang entfällt, Lichtschalter auf 85 cm.

= Begehung {room} am {day}.
labels {project}; {room}
> jonas | to kai, piotr | cc lena | files Begehung_{number}.png
Moin zusammen,

kurzes Ergebnis der Begehung:

- {room}: Steckdose sitzt 12 cm zu tief
- Flur: Fliesenspiegel fehlt noch
- Treppenhaus besenrein übergeben

[[Begehung_{number}.png]]

> piotr | after 3
Fliesenspiegel morgen.

> kai | after 9
Dose versetze ich Freitag.

= Bemusterung {trade} für {customer}
labels {customer}; {project}
> svenja | to lena
Hallo Lena,

unser Vorstand würde die Muster für {trade} gern am {day}. sehen, möglichst vor Ort in {room}. Passt das?

> lena | after 5
Ja, 14 Uhr. Ich bringe drei Varianten mit: hell, mittel, „Anthrazit“.

> svenja | after 0.4
Prima, bis dann!

= Lieferavis {number}
team Einkauf
labels {project}
> versand | to tom
Guten Tag,

Ihre Sendung {number} ({trade}) trifft am {day}. zwischen 7 und 12 Uhr ein. Entladung bauseits.

= Stundenzettel KW {day}, {trade}
team Einkauf
labels {project}; Rechnung
> kai | to tom, jonas | files Stunden_{number}.pdf
Anbei die Regiestunden zu {project}. {amount} € zzgl. Material, Anordnung war von Jonas.

> jonas | after 2
Stimmt so, drei Stunden davon bitte auf {room} schreiben.

= Frage zu DIN 18040 in {room}
labels {room}; {customer}
> yvonne | to lena | cc ida
Moin Lena,

die Bewegungsfläche vor dem WC in {room} misst im Plan 1,42 m statt 1,50 m. Absicht?

> lena | after 6
Nein, Tippfehler in der Vermaßung. Korrigiert, Blatt {number} kommt neu.
"""

ANSWERS = (
    "Danke, ist angekommen. Wir schauen es uns an.",
    "Passt. Bitte noch das Datum auf Blatt 2 ändern, sonst keine Einwände.",
    "Können wir dazu kurz telefonieren? Morgen ab neun bin ich im Büro.",
    "Kurze Ergänzung: Die Maße im Aufmaß sind Rohbaumaße, nicht fertig.",
    "Aus meiner Sicht freigegeben. @Ida bitte ablegen.",
    "Das muss über den Nachtrag laufen, mündlich zählt hier nicht.",
    "Anbei wie gewünscht noch einmal ohne Umsatzsteuer.",
    "Der Prüfer war heute da, alles in Ordnung bis auf die Beschilderung.",
    "Rückfrage: gilt das auch für den Anbau?\n\n- Achse A bis C\n- Achse D nur EG",
    "Ja.",
    "Wird erledigt, Gruß aus dem Zug 🚆",
    "| Pos. | Soll | Ist |\n| 1.1 | 24,00 m² | 23,60 m² |\n| 1.2 | 8 Stk | 8 Stk |",
)
"""How a thread goes on and on."""

TRADES = (
    "Trockenbau", "Estrich", "Malerarbeiten", "Bodenbeläge", "Sanitär", "Elektro", "Fensterbau", "Dachabdichtung",
    "Metallbau", "Gerüst", "Tischlerarbeiten", "Außenanlagen",
)  # fmt: skip
