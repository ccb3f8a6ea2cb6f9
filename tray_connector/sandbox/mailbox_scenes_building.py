"""Threads about what is being planned and built, in the form that `mailbox_scenes` reads."""

from __future__ import annotations

BUILDING = """\
= Fenster Kita Sonnenweg: Rücksprache Profilsystem
labels 2301 Kita Sonnenweg; KGR_330; R_101
> mara | to lena | cc ida
Hallo Frau Vogt,

zu den Holz-Alu-Fenstern im Erdgeschoss haben wir noch drei offene Punkte:

- Profilstärke 78 mm oder 92 mm (Uw-Wert laut Ausschreibung 0,80 W/m²K)
- Öffnungsbegrenzer in den Gruppenräumen R_101 bis R_104
- RAL-Farbton außen: im LV steht 7016, im Plan 7021

Bitte um kurze Rückmeldung, damit wir die Werkplanung freigeben können.

> lena | after 5.5
Hallo Frau Silva,

**92 mm** bitte, sonst kommen wir mit dem Uw-Wert nicht hin. Öffnungsbegrenzer ja, in allen vier Gruppenräumen.

Der Farbton ist 7016, der Plan wird korrigiert.

> mara | after 20 | files Nachtrag 01 Fenster.pdf
Danke, dann passe ich das Angebot an. Aufpreis siehe Tabelle:

| Position | Menge | EP netto | GP netto |
| Mehrpreis Profil 92 mm | 14 Stk | 86,40 € | 1.209,60 € |
| Öffnungsbegrenzer | 8 Stk | 31,00 € | 248,00 € |
| Summe netto | | | 1.457,60 € |

Das Nachtragsangebot liegt bei.

> lena | to jonas, tom | after 1.2
Jonas, Tom: passt das für euch? Ich würde freigeben.

> jonas | after 0.6
Von mir aus ja. Liefertermin muss aber KW 41 bleiben, sonst steht der Innenputz.

> lena | to mara | cc jonas, tom | after 2 | files Bauzeitenplan Stand 4.pdf; R_101_Fenster.dwg
Freigegeben wie angeboten. Liefertermin KW 41 ist zwingend, siehe Bauzeitenplan.

= Prüfbericht Nr. 3, Decke über EG
labels 2301 Kita Sonnenweg; KGR_350; Bauabschnitt 1
state assigned
> joerg | to lena | cc frank | files Pruefbericht_3.pdf; S-204 Grüneintragungen.pdf
Sehr geehrte Frau Vogt,

anbei der dritte Prüfbericht. Die Durchbiegung im Feld B-C ist mit l/290 rechnerisch überschritten; bitte die
Bewehrung der oberen Lage anpassen oder die Nutzlast im Lager auf 3,5 kN/m² begrenzen.

Die Grüneintragungen in Plan S-204 sind verbindlich.

> lena | after 26
Sehr geehrter Herr Müller-Lüdenscheidt,

die Nutzlast können wir nicht begrenzen, die Kita lagert dort die Außenspielgeräte. Wir ändern die Bewehrung,
der Tragwerksplaner schickt Ihnen S-204c bis Freitag.

> joerg | after 1.5
Einverstanden. Ohne S-204c kann ich die Betonage am Montag nicht freigeben.

> jonas | to lena | cc frank | after 0.4
Betonage ist für Montag 6:30 Uhr bestellt (42 m³). Wenn bis Freitag 12 Uhr nichts da ist, bestelle
ich ab, das kostet uns 850 €.

> lena | to joerg, jonas | after 47 | files S-204c.pdf
S-204c ist gerade raus, liegt auch hier bei.

> joerg | after 3.1
Geprüft, **freigegeben zur Ausführung**. Viel Erfolg am Montag.

= Rathaus Seeburg: Protokoll Jour fixe Nr. 11
labels 2304 Rathaus Seeburg, Umbau; Stadt Seeburg; R_WC EG
> britta | to lena, ida | cc frank | files Protokoll_JF11.pdf
Sehr geehrte Damen und Herren,

anbei das Protokoll des 11. Jour fixe. Einwände bitte bis Mittwoch.

# Beschlüsse

- Der Ratssaal erhält Akustikdecken (KGR_350), Mehrkosten 18.400 € werden vom Bauausschuss getragen.
- Das WC im EG (R_WC EG) wird barrierefrei, Türbreite 90 cm.
- Nächster Termin: Donnerstag, 10 Uhr, Sitzungszimmer 2.

> ida | after 4
Sehr geehrte Frau Hansen,

vielen Dank. Auf Seite 3 fehlt der Hinweis, dass die Stadt den Denkmalschutz beteiligt. Können Sie das ergänzen?

> britta | after 18 | files Protokoll_JF11_neu.pdf
Gern, neue Fassung anbei. Die alte bitte vernichten.

> frank | to ida | after 0.8
Zur Kenntnis und Ablage. @Ida: bitte auch an die Fachplaner verteilen.

= Brandschutznachweis Hafenstraße: 2. Rettungsweg
labels 2309 Wohnbau Hafenstraße; Wohnbau Nord eG; KGR_300; Building_A
> yvonne | to lena | files Gaube Skizze.png
Moin Frau Vogt,

der zweite Rettungsweg aus den Wohnungen im 4. OG geht so nicht: Die Drehleiter der Feuerwehr erreicht die Gaube
auf der Hofseite nicht (Brüstung 1,34 m, zulässig 1,20 m).

Skizze von heute Vormittag:

[[Gaube Skizze.png]]

Vorschlag: Brüstung absenken oder Notleiteranlage.

> lena | after 7
Moin Frau Krüger,

Notleiter lehnt die Genossenschaft ab. Wir senken die Brüstung auf 1,10 m, Statik ist informiert.
Schicken Sie uns den Nachweis dann mit Stand „Index b“?

> yvonne | after 0.3
Mache ich. Bis wann brauchen Sie ihn?

> lena | after 0.2
Bis zum 15., da ist Abgabe beim Bauamt.

> svenja | to lena, yvonne | cc ida | after 21
Hallo zusammen,

kurze Zwischenfrage von uns: Ändert die niedrigere Brüstung etwas an der Absturzsicherung? Unsere Versicherung
fragt 😬

LG

> lena | after 1
Ja, es kommt eine Glasscheibe davor (ESG, 8 mm). Kosten ca. 240 € je Fenster, vier Stück.

> svenja | after 0.1
Super, danke! Genehmigt.

> yvonne | after 70 | files BSN_Hafenstrasse_b.pdf; Anlage Lageplan.png
Anbei der Nachweis, Index b.

= Unser Bad und die Fliesen
labels 2312 Haus Grünwald; Familie Grünwald; R_201; KGR_440
> hans | to lena | files Fliese.png
Liebe Frau Vogt,

meine Frau und ich waren am Wochenende im Fliesenmarkt und haben uns umentschieden: doch die großen in Anthrazit
(60 x 120). Geht das noch?

[[Fliese.png]]

Außerdem hätten wir gern eine Steckdose neben dem Spiegel.

> lena | after 16
Lieber Herr Grünwald,

noch geht es, Herr Nowak beginnt erst am 12. Das Gefälle in der Dusche (R_201) wird mit 60 x 120 allerdings
aufwendiger. Ich frage ihn nach dem Preis.

> piotr | to lena | after 5
Dzien dobry, guten Tag,

Bad 60x120 mit Rinne: +380 Euro. Fliesen nicht mit drin.
Kleber muss flexibel S2.

> lena | to hans | after 1
Lieber Herr Grünwald, Herr Nowak nennt 380 € Mehrpreis (netto). Sollen wir?

> hans | after 12
Ja bitte! Und die Steckdose?

> kai | to lena, hans | after 9
Steckdose neben Spiegel: Abstand 60 cm zur Dusche muss sein, dann kein Problem. 65 € pauschal.

Von meinem iPhone gesendet

> hans | after 2
Perfekt, alles so machen.

Herzlich
Ihr H.-P. Grünwald

= Mängelanzeige Kita, Estrich R_103
labels 2301 Kita Sonnenweg; R_103; KGR_350
> jonas | to piotr | cc lena, ida | files Maengel R_103.png; Begehungsprotokoll.pdf
Sehr geehrte Damen und Herren,

bei der Begehung am 4. wurden im Raum R_103 folgende Mängel festgestellt:

| Nr. | Ort | Mangel | Frist |
| 1 | R_103, Achse 2 | Riss im Estrich, ca. 2,40 m | 14 Tage |
| 2 | R_103, Tür | Höhenversatz 9 mm (zul. 3 mm) | 14 Tage |
| 3 | Flur | Randdämmstreifen fehlt | sofort |

Wir fordern Sie auf, die Mängel innerhalb der Frist zu beseitigen.

> piotr | after 25
Guten Tag, Nr 3 ist gemacht. Nr 1 mit Harz, kommen Dienstag 7 Uhr. Schlüssel bei wem?

> jonas | after 0.7
Schlüssel im Tresor am Bauzaun, Code wie immer. Foto bitte, wenn der Riss verharzt ist.

> piotr | after 90 | files Riss_verharzt.png
Foto.

= Werkhalle Ahlers: Vorabzug Grundriss
labels 2317 Werkhalle Ahlers; Ahlers, Dirk; KGR_300
state closed
> aylin | to dirk | cc lena | files 2317_GR_EG_Vorabzug.pdf; 2317_GR_EG.dwg
Hallo Herr Ahlers,

anbei der Vorabzug des Grundrisses im Maßstab 1:100. Die Krananlage ist als **5 t** eingetragen, bitte prüfen.

> dirk | after 30
Hallo Frau Demir,

Kran reicht mit 3,2 t. Aber das Tor muss breiter, 4,50 m, der neue Transporter kommt sonst nicht rein.

Und: 2 Duschen statt 1.

> aylin | after 2
Notiert. Tor 4,50 x 4,50 m, zweite Dusche im Sozialraum. Neuer Stand kommt Donnerstag.

> aylin | to dirk | after 44 | files 2317_GR_EG_Index_a.pdf
Hier der neue Stand.

> dirk | after 1
Top, so bauen.

= Baustelle Kita: Wasser im Keller
labels 2301 Kita Sonnenweg; KGR_410; Building_A; Wiedervorlage
> kai | to jonas
Moin, im Keller stehen 3 cm Wasser, Verteiler ist noch trocken. Wer kommt?

> jonas | to kai | cc lena | after 0.1
Bin unterwegs. Bitte Strom im UG abschalten und nichts anfassen.

> kai | after 0.1
Strom ist aus.

> jonas | after 1.4
Ursache: Rückstau am Regenwasserschacht, Klappe klemmt. Pumpe läuft. @Lena bitte Versicherung.

> lena | after 0.9 | files Keller.png
Gemeldet, Schadennummer 77-4410-93. Fotos habe ich weitergegeben.

> dirk | to jonas, lena | after 5
Klappe ist getauscht, Rechnung folgt.

> jonas | after 22
Trocknung läuft bis Freitag, zwei Geräte, Stromzähler 004418 notiert.

> kai | after 71 | files Messprotokoll UV-UG.pdf
Isolationsmessung gemacht: i. O. Protokoll hängt an.

> lena | after 96
Danke euch allen. Die Versicherung zahlt 2.310 € abzüglich 500 € Selbstbeteiligung.

> frank
Gut gelöst. Bitte Rückstauklappen in die Wartungsliste aufnehmen.

> jonas | after 0.5
Ist drin (halbjährlich, April/Oktober).

> lena | after 0.2
Dann schließe ich hier.
"""
