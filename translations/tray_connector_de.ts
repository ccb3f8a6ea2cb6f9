<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
    <context>
        <name>AboutDialog</name>
        <message>
            <source>&amp;Copy</source>
            <translation>&amp;Kopieren</translation>
        </message>
        <message>
            <source>About Tray Connector</source>
            <translation>Über Tray Connector</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Data folder: {folder}</source>
            <translation>Datenordner: {folder}</translation>
        </message>
        <message>
            <source>Keeps Teamwork and Missive in step with your own database.</source>
            <translation>Hält Teamwork und Missive mit Ihrer eigenen Datenbank im Gleichstand.</translation>
        </message>
        <message>
            <source>MIT licence. Uses Qt under the LGPL, version 3.</source>
            <translation>MIT-Lizenz. Nutzt Qt unter der LGPL, Version 3.</translation>
        </message>
        <message>
            <source>Open data &amp;folder</source>
            <translation>Daten&amp;ordner öffnen</translation>
        </message>
        <message>
            <source>Version {version}</source>
            <translation>Version {version}</translation>
        </message>
    </context>
    <context>
        <name>Accepted</name>
        <message>
            <source>a date such as 24.12.2025 or 2025-12-24</source>
            <translation>ein Datum wie 24.12.2025 oder 2025-12-24</translation>
        </message>
        <message>
            <source>a libpq connection string such as postgresql://user@host/database</source>
            <translation>eine libpq-Verbindungszeichenfolge wie postgresql://benutzer@rechner/datenbank</translation>
        </message>
        <message>
            <source>a number from {least} to {most}</source>
            <translation>eine Zahl von {least} bis {most}</translation>
        </message>
        <message>
            <source>a path</source>
            <translation>ein Pfad</translation>
        </message>
        <message>
            <source>a whole number from {least} to {most}</source>
            <translation>eine ganze Zahl von {least} bis {most}</translation>
        </message>
        <message>
            <source>an IANA time zone such as Europe/Berlin</source>
            <translation>eine IANA-Zeitzone wie Europe/Berlin</translation>
        </message>
        <message>
            <source>an https:// address without user name or password; http:// only for this machine (localhost)</source>
            <translation>eine Adresse mit https:// ohne Benutzernamen und Passwort; http:// nur für diesen Rechner (localhost)</translation>
        </message>
        <message>
            <source>ids, separated by commas</source>
            <translation>Kennungen, durch Kommas getrennt</translation>
        </message>
        <message>
            <source>text on one line</source>
            <translation>Text in einer Zeile</translation>
        </message>
        <message>
            <source>the key as the service shows it, in one piece</source>
            <translation>der Schlüssel, wie der Dienst ihn zeigt, in einem Stück</translation>
        </message>
        <message>
            <source>the name of a PostgreSQL schema, at most 63 bytes</source>
            <translation>der Name eines PostgreSQL-Schemas, höchstens 63 Bytes</translation>
        </message>
    </context>
    <context>
        <name>Activity</name>
        <message>
            <source>Change</source>
            <translation>Änderung</translation>
        </message>
        <message>
            <source>Kind</source>
            <translation>Art</translation>
        </message>
        <message>
            <source>Source</source>
            <translation>Quelle</translation>
        </message>
        <message>
            <source>Time</source>
            <translation>Zeit</translation>
        </message>
        <message>
            <source>Title</source>
            <translation>Titel</translation>
        </message>
        <message>
            <source>changed</source>
            <translation>geändert</translation>
        </message>
        <message>
            <source>failed</source>
            <translation>fehlgeschlagen</translation>
        </message>
        <message>
            <source>new</source>
            <translation>neu</translation>
        </message>
        <message>
            <source>removed</source>
            <translation>entfernt</translation>
        </message>
        <message>
            <source>restored</source>
            <translation>wiederhergestellt</translation>
        </message>
    </context>
    <context>
        <name>ActivityView</name>
        <message>
            <source>&amp;Copy title</source>
            <translation>Titel &amp;kopieren</translation>
        </message>
        <message>
            <source>&amp;Open in {source}</source>
            <translation>In {source} &amp;öffnen</translation>
        </message>
        <message>
            <source>Nothing has changed since the program started.</source>
            <translation>Seit dem Start des Programms hat sich nichts geändert.</translation>
        </message>
        <message>
            <source>Nothing has that in it.</source>
            <translation>Nirgends kommt das vor.</translation>
        </message>
        <message>
            <source>Recent activity</source>
            <translation>Letzte Aktivität</translation>
        </message>
    </context>
    <context>
        <name>ApplyBar</name>
        <message numerus="yes">
            <source>%Ln missing, stored again with the next sync</source>
            <translation>
                <numerusform>%Ln fehlt und wird beim nächsten Abgleich wieder gespeichert</numerusform>
                <numerusform>%Ln fehlen und werden beim nächsten Abgleich wieder gespeichert</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%Ln refused, the log has the reasons</source>
            <translation>
                <numerusform>%Ln abgelehnt, das Protokoll nennt den Grund</numerusform>
                <numerusform>%Ln abgelehnt, das Protokoll nennt die Gründe</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%Ln stored record(s) still have the old categories</source>
            <translation>
                <numerusform>%Ln gespeicherter Eintrag hat noch die alten Kategorien</numerusform>
                <numerusform>%Ln gespeicherte Einträge haben noch die alten Kategorien</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>&amp;Apply to %Ln stored record(s)…</source>
            <translation>
                <numerusform>Auf %Ln gespeicherten Eintrag &amp;anwenden…</numerusform>
                <numerusform>Auf %Ln gespeicherte Einträge &amp;anwenden…</numerusform>
            </translation>
        </message>
        <message>
            <source>Airtable counts at most {calls} calls for it.</source>
            <translation>Airtable zählt dafür höchstens {calls} Aufrufe.</translation>
        </message>
        <message>
            <source>All stored records have the saved categories</source>
            <translation>Alle gespeicherten Einträge haben die gespeicherten Kategorien</translation>
        </message>
        <message numerus="yes">
            <source>Applied: %Ln record(s) changed</source>
            <translation>
                <numerusform>Angewendet: %Ln Eintrag geändert</numerusform>
                <numerusform>Angewendet: %Ln Einträge geändert</numerusform>
            </translation>
        </message>
        <message>
            <source>Apply</source>
            <translation>Anwenden</translation>
        </message>
        <message>
            <source>Apply to stored records</source>
            <translation>Auf gespeicherte Einträge anwenden</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Cancel applying the categories</source>
            <translation>Anwenden der Kategorien abbrechen</translation>
        </message>
        <message>
            <source>Cancelled. What is written stays; apply again to go on</source>
            <translation>Abgebrochen. Was geschrieben ist, bleibt; wenden Sie erneut an, um fortzufahren</translation>
        </message>
        <message>
            <source>Only the columns of the categories change. Columns of removed categories stay as they are.</source>
            <translation>Nur die Spalten der Kategorien ändern sich. Spalten entfernter Kategorien bleiben, wie sie sind.</translation>
        </message>
        <message>
            <source>Progress of applying the categories</source>
            <translation>Fortschritt beim Anwenden der Kategorien</translation>
        </message>
        <message>
            <source>Save the changes first</source>
            <translation>Speichern Sie erst die Änderungen</translation>
        </message>
        <message numerus="yes">
            <source>Write the saved categories into %Ln stored record(s)?</source>
            <translation>
                <numerusform>Die gespeicherten Kategorien in %Ln gespeicherten Eintrag schreiben?</numerusform>
                <numerusform>Die gespeicherten Kategorien in %Ln gespeicherte Einträge schreiben?</numerusform>
            </translation>
        </message>
        <message>
            <source>{done} of {total} records</source>
            <translation>{done} von {total} Einträgen</translation>
        </message>
    </context>
    <context>
        <name>AssistantPage</name>
        <message>
            <source>Next</source>
            <translation>Weiter</translation>
        </message>
    </context>
    <context>
        <name>Backfill</name>
        <message numerus="yes">
            <source>%n conversation(s)</source>
            <translation>
                <numerusform>%n Konversation</numerusform>
                <numerusform>%n Konversationen</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n record(s) still wait to be stored.</source>
            <translation>
                <numerusform>%n Eintrag wartet noch darauf, gespeichert zu werden.</numerusform>
                <numerusform>%n Einträge warten noch darauf, gespeichert zu werden.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n task(s)</source>
            <translation>
                <numerusform>%n Aufgabe</numerusform>
                <numerusform>%n Aufgaben</numerusform>
            </translation>
        </message>
        <message>
            <source>Calls, at least: {calls}.</source>
            <translation>Aufrufe, mindestens: {calls}.</translation>
        </message>
        <message>
            <source>Known so far: {records}.</source>
            <translation>Bisher bekannt: {records}.</translation>
        </message>
        <message>
            <source>Nothing is stored yet, so nobody knows how much there is. The progress shows it as it goes.</source>
            <translation>Es ist noch nichts gespeichert, darum weiß niemand, wie viel es gibt. Der Fortschritt zeigt es nach und nach.</translation>
        </message>
        <message>
            <source>Time: {time}.</source>
            <translation>Dauer: {time}.</translation>
        </message>
        <message>
            <source>{count} failed</source>
            <translation>{count} fehlgeschlagen</translation>
        </message>
        <message>
            <source>{count} flagged as deleted</source>
            <translation>{count} als gelöscht markiert</translation>
        </message>
        <message>
            <source>{count} read</source>
            <translation>{count} gelesen</translation>
        </message>
        <message>
            <source>{count} unchanged</source>
            <translation>{count} unverändert</translation>
        </message>
        <message>
            <source>{count} written</source>
            <translation>{count} geschrieben</translation>
        </message>
    </context>
    <context>
        <name>BackfillDialog</name>
        <message>
            <source>&amp;Begin</source>
            <translation>&amp;Beginnen</translation>
        </message>
        <message>
            <source>&amp;Cancel backfill</source>
            <translation>Einlesen a&amp;bbrechen</translation>
        </message>
        <message>
            <source>&amp;Everything there is</source>
            <translation>&amp;Alles, was es gibt</translation>
        </message>
        <message>
            <source>&amp;Read from</source>
            <translation>&amp;Lesen aus</translation>
        </message>
        <message>
            <source>Also &amp;write what seems unchanged</source>
            <translation>Auch &amp;schreiben, was unverändert scheint</translation>
        </message>
        <message>
            <source>Cancelled. What was read is kept; a new backfill skips what is stored already.</source>
            <translation>Abgebrochen. Was gelesen wurde, bleibt; ein neues Einlesen überspringt, was schon gespeichert ist.</translation>
        </message>
        <message>
            <source>Changed since this day</source>
            <translation>Geändert seit diesem Tag</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Ending …</source>
            <translation>Endet …</translation>
        </message>
        <message>
            <source>Force backfill</source>
            <translation>Neu einlesen</translation>
        </message>
        <message>
            <source>Hide</source>
            <translation>Ausblenden</translation>
        </message>
        <message>
            <source>Needed only when rows were changed or deleted in the database by hand.</source>
            <translation>Nur nötig, wenn Zeilen in der Datenbank von Hand geändert oder gelöscht wurden.</translation>
        </message>
        <message>
            <source>Progress</source>
            <translation>Fortschritt</translation>
        </message>
        <message>
            <source>Read from</source>
            <translation>Lesen aus</translation>
        </message>
        <message>
            <source>Reading …</source>
            <translation>Liest …</translation>
        </message>
        <message>
            <source>Reads the services again and brings what differs into the database. Nothing is deleted.</source>
            <translation>Liest die Dienste noch einmal und bringt, was abweicht, in die Datenbank. Nichts wird gelöscht.</translation>
        </message>
        <message>
            <source>Teamwork and Missive</source>
            <translation>Teamwork und Missive</translation>
        </message>
        <message>
            <source>What changed &amp;since</source>
            <translation>Was sich geändert hat &amp;seit</translation>
        </message>
        <message>
            <source>{done} of {total} records found so far are in step</source>
            <translation>{done} von {total} bisher gefundenen Einträgen sind aktuell</translation>
        </message>
    </context>
    <context>
        <name>Calls</name>
        <message>
            <source>at least {count}</source>
            <translation>mindestens {count}</translation>
        </message>
    </context>
    <context>
        <name>CallsView</name>
        <message>
            <source>Calls in {month}</source>
            <translation>Aufrufe im {month}</translation>
        </message>
        <message>
            <source>Counted here, by this program. Other programs that use the same keys, or the same Airtable workspace, come on top.</source>
            <translation>Hier gezählt, von diesem Programm. Andere Programme mit denselben Schlüsseln oder demselben Airtable-Workspace kommen hinzu.</translation>
        </message>
        <message>
            <source>Left out of {source}</source>
            <translation>Aus {source} ausgelassen</translation>
        </message>
        <message>
            <source>Records in {destination}</source>
            <translation>Einträge in {destination}</translation>
        </message>
        <message>
            <source>of {limit} in the plan {plan}</source>
            <translation>von {limit} im Tarif {plan}</translation>
        </message>
        <message>
            <source>outside what is set to be synced</source>
            <translation>außerhalb dessen, was abgeglichen werden soll</translation>
        </message>
        <message>
            <source>the plan {plan} sets no limit</source>
            <translation>der Tarif {plan} setzt keine Grenze</translation>
        </message>
        <message>
            <source>{count} left</source>
            <translation>{count} übrig</translation>
        </message>
    </context>
    <context>
        <name>CardRow</name>
        <message>
            <source>Destination</source>
            <translation>Ziel</translation>
        </message>
        <message>
            <source>Webhooks</source>
            <translation>Webhooks</translation>
        </message>
    </context>
    <context>
        <name>Cards</name>
        <message numerus="yes">
            <source>%n attachment(s) not stored</source>
            <translation>
                <numerusform>%n Anhang nicht gespeichert</numerusform>
                <numerusform>%n Anhänge nicht gespeichert</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n attachment(s) on the way</source>
            <translation>
                <numerusform>%n Anhang unterwegs</numerusform>
                <numerusform>%n Anhänge unterwegs</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n change(s) since {time}</source>
            <translation>
                <numerusform>%n Änderung seit {time}</numerusform>
                <numerusform>%n Änderungen seit {time}</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n change(s) today</source>
            <translation>
                <numerusform>%n Änderung heute</numerusform>
                <numerusform>%n Änderungen heute</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n e-mail(s)</source>
            <translation>
                <numerusform>%n E-Mail</numerusform>
                <numerusform>%n E-Mails</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n left out, as set</source>
            <translation>
                <numerusform>%n ausgelassen, wie eingestellt</numerusform>
                <numerusform>%n ausgelassen, wie eingestellt</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n record(s)</source>
            <translation>
                <numerusform>%n Eintrag</numerusform>
                <numerusform>%n Einträge</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n task(s)</source>
            <translation>
                <numerusform>%n Aufgabe</numerusform>
                <numerusform>%n Aufgaben</numerusform>
            </translation>
        </message>
        <message>
            <source>asking every few seconds instead</source>
            <translation>stattdessen wird alle paar Sekunden abgefragt</translation>
        </message>
        <message>
            <source>at least {count} calls this month</source>
            <translation>mindestens {count} Aufrufe in diesem Monat</translation>
        </message>
        <message>
            <source>at least {count} of {limit} calls this month</source>
            <translation>mindestens {count} von {limit} Aufrufen in diesem Monat</translation>
        </message>
        <message>
            <source>changes are found by asking regularly</source>
            <translation>Änderungen werden durch regelmäßiges Abfragen gefunden</translation>
        </message>
        <message>
            <source>checked {ago}</source>
            <translation>geprüft {ago}</translation>
        </message>
        <message>
            <source>last one {ago}</source>
            <translation>zuletzt {ago}</translation>
        </message>
        <message>
            <source>none has come yet</source>
            <translation>noch keiner angekommen</translation>
        </message>
        <message>
            <source>not checked yet</source>
            <translation>noch nicht geprüft</translation>
        </message>
        <message>
            <source>not working</source>
            <translation>gestört</translation>
        </message>
        <message>
            <source>nothing written yet</source>
            <translation>noch nichts geschrieben</translation>
        </message>
        <message>
            <source>off</source>
            <translation>aus</translation>
        </message>
        <message>
            <source>reached {ago}</source>
            <translation>erreicht {ago}</translation>
        </message>
        <message>
            <source>working</source>
            <translation>in Ordnung</translation>
        </message>
    </context>
    <context>
        <name>Categories</name>
        <message numerus="yes">
            <source>%Ln e-mail(s)</source>
            <translation>
                <numerusform>%Ln E-Mail</numerusform>
                <numerusform>%Ln E-Mails</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%Ln label(s)</source>
            <translation>
                <numerusform>%Ln Label</numerusform>
                <numerusform>%Ln Labels</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%Ln of them also in another category</source>
            <translation>
                <numerusform>%Ln davon auch in einer anderen Kategorie</numerusform>
                <numerusform>%Ln davon auch in einer anderen Kategorie</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%Ln task(s)</source>
            <translation>
                <numerusform>%Ln Aufgabe</numerusform>
                <numerusform>%Ln Aufgaben</numerusform>
            </translation>
        </message>
        <message>
            <source>(no name)</source>
            <translation>(ohne Namen)</translation>
        </message>
        <message>
            <source>Add to mine</source>
            <translation>Zu meinen hinzufügen</translation>
        </message>
        <message>
            <source>Adds nothing: other lines match all of its labels</source>
            <translation>Bewirkt nichts: Andere Zeilen treffen auf alle seine Labels zu</translation>
        </message>
        <message>
            <source>All files</source>
            <translation>Alle Dateien</translation>
        </message>
        <message>
            <source>Another category has almost this name: they would be one column.</source>
            <translation>Eine andere Kategorie hat fast denselben Namen: Beide wären eine Spalte.</translation>
        </message>
        <message>
            <source>Another category has this name. Choose another one.</source>
            <translation>Eine andere Kategorie hat diesen Namen. Wählen Sie einen anderen.</translation>
        </message>
        <message>
            <source>Category</source>
            <translation>Kategorie</translation>
        </message>
        <message>
            <source>Every table has a column of this name already. Choose another name.</source>
            <translation>Jede Tabelle hat schon eine Spalte dieses Namens. Wählen Sie einen anderen.</translation>
        </message>
        <message>
            <source>Export label categories</source>
            <translation>Label-Kategorien exportieren</translation>
        </message>
        <message>
            <source>Falls into</source>
            <translation>Fällt in</translation>
        </message>
        <message>
            <source>Give the category a name.</source>
            <translation>Geben Sie der Kategorie einen Namen.</translation>
        </message>
        <message>
            <source>Import label categories</source>
            <translation>Label-Kategorien importieren</translation>
        </message>
        <message>
            <source>Label</source>
            <translation>Label</translation>
        </message>
        <message>
            <source>Label categories</source>
            <translation>Label-Kategorien</translation>
        </message>
        <message>
            <source>Labels</source>
            <translation>Labels</translation>
        </message>
        <message numerus="yes">
            <source>Matches %Ln label(s) in use</source>
            <translation>
                <numerusform>Trifft auf %Ln verwendetes Label zu</numerusform>
                <numerusform>Trifft auf %Ln verwendete Labels zu</numerusform>
            </translation>
        </message>
        <message>
            <source>Matches no label in use</source>
            <translation>Trifft auf kein verwendetes Label zu</translation>
        </message>
        <message>
            <source>Matches no label in use. It begins or ends with a space</source>
            <translation>Trifft auf kein verwendetes Label zu. Es beginnt oder endet mit einem Leerzeichen</translation>
        </message>
        <message>
            <source>Patterns of categories with the same name are put together when you add them.</source>
            <translation>Muster von Kategorien mit demselben Namen werden beim Hinzufügen zusammengelegt.</translation>
        </message>
        <message>
            <source>Patterns, one a line</source>
            <translation>Muster, eines je Zeile</translation>
        </message>
        <message>
            <source>Records</source>
            <translation>Einträge</translation>
        </message>
        <message>
            <source>Replace mine</source>
            <translation>Meine ersetzen</translation>
        </message>
        <message>
            <source>The changes are not saved.</source>
            <translation>Die Änderungen sind nicht gespeichert.</translation>
        </message>
        <message>
            <source>The name holds a line break or a control character. Remove it.</source>
            <translation>Der Name enthält einen Zeilenumbruch oder ein Steuerzeichen. Entfernen Sie es.</translation>
        </message>
        <message>
            <source>The name is too long: at most {count} letters, an umlaut counts as two.</source>
            <translation>Der Name ist zu lang: höchstens {count} Buchstaben, ein Umlaut zählt als zwei.</translation>
        </message>
        <message>
            <source>They cannot be saved before the names are corrected.</source>
            <translation>Sie lassen sich erst speichern, wenn die Namen berichtigt sind.</translation>
        </message>
        <message numerus="yes">
            <source>{name} holds %Ln categories.</source>
            <translation>
                <numerusform>{name} enthält %Ln Kategorie.</numerusform>
                <numerusform>{name} enthält %Ln Kategorien.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>CategoriesWindow</name>
        <message numerus="yes">
            <source>%Ln categories imported. Save puts them in force.</source>
            <translation>
                <numerusform>%Ln Kategorie importiert. Speichern setzt sie in Kraft.</numerusform>
                <numerusform>%Ln Kategorien importiert. Speichern setzt sie in Kraft.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%Ln name(s) must be corrected before saving.</source>
            <translation>
                <numerusform>%Ln Name muss vor dem Speichern berichtigt werden.</numerusform>
                <numerusform>%Ln Namen müssen vor dem Speichern berichtigt werden.</numerusform>
            </translation>
        </message>
        <message>
            <source>&amp;Export…</source>
            <translation>&amp;Exportieren…</translation>
        </message>
        <message>
            <source>&amp;Import…</source>
            <translation>&amp;Importieren…</translation>
        </message>
        <message>
            <source>&amp;Save</source>
            <translation>&amp;Speichern</translation>
        </message>
        <message>
            <source>Another program has changed the label categories meanwhile.</source>
            <translation>Ein anderes Programm hat die Label-Kategorien inzwischen geändert.</translation>
        </message>
        <message>
            <source>Discard changes</source>
            <translation>Änderungen verwerfen</translation>
        </message>
        <message>
            <source>Exported to {path}</source>
            <translation>Exportiert nach {path}</translation>
        </message>
        <message>
            <source>Label categories</source>
            <translation>Label-Kategorien</translation>
        </message>
        <message>
            <source>Line breaks and control characters in patterns are shown as ?, which matches them too.</source>
            <translation>Zeilenumbrüche und Steuerzeichen in Mustern werden als ? gezeigt; das trifft auch auf sie zu.</translation>
        </message>
        <message>
            <source>Load what is there</source>
            <translation>Laden, was dort steht</translation>
        </message>
        <message>
            <source>Not saved yet.</source>
            <translation>Noch nicht gespeichert.</translation>
        </message>
        <message>
            <source>Replace it with mine</source>
            <translation>Durch meine ersetzen</translation>
        </message>
        <message>
            <source>The last good categories are shown. Saving sets the broken file aside.</source>
            <translation>Gezeigt werden die letzten gültigen Kategorien. Beim Speichern wird die beschädigte Datei beiseitegelegt.</translation>
        </message>
        <message>
            <source>Try again</source>
            <translation>Erneut versuchen</translation>
        </message>
        <message>
            <source>Undo</source>
            <translation>Rückgängig</translation>
        </message>
        <message>
            <source>“{name}” is removed from the list. Its column and what is in it stay.</source>
            <translation>„{name}“ ist aus der Liste entfernt. Die Spalte und ihr Inhalt bleiben.</translation>
        </message>
    </context>
    <context>
        <name>CategoryForm</name>
        <message>
            <source>&amp;Name</source>
            <translation>&amp;Name</translation>
        </message>
        <message>
            <source>* stands for any characters, ? for exactly one. Upper and lower case differ.</source>
            <translation>* steht für beliebige Zeichen, ? für genau eines. Groß- und Kleinschreibung werden unterschieden.</translation>
        </message>
        <message>
            <source>A category gathers labels that belong together in a column of its own. With the name “Räume” and the pattern R_* all labels that begin with R_ are written into the column “Räume” as well; the column of all labels stays as it is.</source>
            <translation>Eine Kategorie sammelt Labels, die zusammengehören, in einer eigenen Spalte. Mit dem Namen „Räume“ und dem Muster R_* werden alle Labels, die mit R_ beginnen, auch in die Spalte „Räume“ geschrieben; die Spalte mit allen Labels bleibt, wie sie ist.</translation>
        </message>
        <message>
            <source>A column for each kind of label</source>
            <translation>Eine Spalte für jede Art von Label</translation>
        </message>
        <message>
            <source>Add the first category</source>
            <translation>Die erste Kategorie anlegen</translation>
        </message>
        <message>
            <source>Pa&amp;tterns, one a line</source>
            <translation>&amp;Muster, eines je Zeile</translation>
        </message>
    </context>
    <context>
        <name>CategoryList</name>
        <message>
            <source>&amp;Categories</source>
            <translation>&amp;Kategorien</translation>
        </message>
        <message>
            <source>Add a category</source>
            <translation>Kategorie hinzufügen</translation>
        </message>
        <message>
            <source>Categories</source>
            <translation>Kategorien</translation>
        </message>
        <message>
            <source>Move the category down</source>
            <translation>Kategorie nach unten</translation>
        </message>
        <message>
            <source>Move the category up</source>
            <translation>Kategorie nach oben</translation>
        </message>
        <message>
            <source>Remove the category</source>
            <translation>Kategorie entfernen</translation>
        </message>
    </context>
    <context>
        <name>ChoiceList</name>
        <message>
            <source>Search in: {what}</source>
            <translation>Suchen in: {what}</translation>
        </message>
        <message>
            <source>Search …</source>
            <translation>Suchen …</translation>
        </message>
    </context>
    <context>
        <name>ConnectionPage</name>
        <message>
            <source>Continue without the test</source>
            <translation>Ohne Test weiter</translation>
        </message>
        <message>
            <source>Next</source>
            <translation>Weiter</translation>
        </message>
        <message>
            <source>Taken from {file}.</source>
            <translation>Aus {file} übernommen.</translation>
        </message>
        <message>
            <source>Test</source>
            <translation>Testen</translation>
        </message>
        <message>
            <source>Test again</source>
            <translation>Erneut testen</translation>
        </message>
    </context>
    <context>
        <name>ConnectionsPage</name>
        <message numerus="yes">
            <source>%n key(s) are kept in the keyring.</source>
            <translation>
                <numerusform>%n Schlüssel liegt im Schlüsselbund.</numerusform>
                <numerusform>%n Schlüssel liegen im Schlüsselbund.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n key(s) are kept until the program ends.</source>
            <translation>
                <numerusform>%n Schlüssel wird bis zum Ende des Programms behalten.</numerusform>
                <numerusform>%n Schlüssel werden bis zum Ende des Programms behalten.</numerusform>
            </translation>
        </message>
        <message>
            <source>Certificates</source>
            <translation>Zertifikate</translation>
        </message>
        <message>
            <source>Connections</source>
            <translation>Verbindungen</translation>
        </message>
        <message>
            <source>Forget keys…</source>
            <translation>Schlüssel vergessen…</translation>
        </message>
        <message>
            <source>Keys</source>
            <translation>Schlüssel</translation>
        </message>
        <message>
            <source>Made in Missive under Settings › API.</source>
            <translation>Entsteht in Missive unter Settings › API.</translation>
        </message>
        <message>
            <source>Made in Teamwork under Edit my details › API &amp; Mobile.</source>
            <translation>Entsteht in Teamwork unter Edit my details › API &amp; Mobile.</translation>
        </message>
        <message>
            <source>Network</source>
            <translation>Netzwerk</translation>
        </message>
        <message>
            <source>No key is kept here.</source>
            <translation>Hier wird kein Schlüssel aufbewahrt.</translation>
        </message>
        <message>
            <source>Proxy</source>
            <translation>Proxy</translation>
        </message>
        <message>
            <source>The keyring cannot be asked at present. We try again by ourselves.</source>
            <translation>Der Schlüsselbund antwortet zurzeit nicht. Wir versuchen es von selbst wieder.</translation>
        </message>
        <message>
            <source>none, straight to the internet</source>
            <translation>keiner, direkt ins Internet</translation>
        </message>
        <message>
            <source>those of the operating system</source>
            <translation>die des Betriebssystems</translation>
        </message>
        <message>
            <source>those of the operating system, and the file {file}</source>
            <translation>die des Betriebssystems und die Datei {file}</translation>
        </message>
    </context>
    <context>
        <name>Crash</name>
        <message>
            <source>Export diagnostics…</source>
            <translation>Diagnose exportieren…</translation>
        </message>
        <message>
            <source>It runs again, and no change is lost: what was not stored yet is stored now.

What it was doing stands in {file}.</source>
            <translation>Es läuft wieder, und keine Änderung ging verloren: Was noch nicht gespeichert war, wird jetzt gespeichert.

Was gerade geschah, steht in {file}.</translation>
        </message>
        <message>
            <source>Tray Connector ended unexpectedly</source>
            <translation>Tray Connector ist unerwartet beendet worden</translation>
        </message>
    </context>
    <context>
        <name>Data</name>
        <message numerus="yes">
            <source>%Ln e-mail(s)</source>
            <translation>
                <numerusform>%Ln E-Mail</numerusform>
                <numerusform>%Ln E-Mails</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%Ln task(s)</source>
            <translation>
                <numerusform>%Ln Aufgabe</numerusform>
                <numerusform>%Ln Aufgaben</numerusform>
            </translation>
        </message>
        <message>
            <source>(no name)</source>
            <translation>(ohne Namen)</translation>
        </message>
        <message>
            <source>(no subject)</source>
            <translation>(kein Betreff)</translation>
        </message>
        <message>
            <source>All categories</source>
            <translation>Alle Kategorien</translation>
        </message>
        <message>
            <source>All labels</source>
            <translation>Alle Labels</translation>
        </message>
        <message>
            <source>Assigned to</source>
            <translation>Zugewiesen an</translation>
        </message>
        <message>
            <source>Attachments</source>
            <translation>Anhänge</translation>
        </message>
        <message>
            <source>Bcc</source>
            <translation>Blindkopie</translation>
        </message>
        <message>
            <source>Cc</source>
            <translation>Kopie</translation>
        </message>
        <message>
            <source>Changed</source>
            <translation>Geändert</translation>
        </message>
        <message>
            <source>Completed</source>
            <translation>Erledigt</translation>
        </message>
        <message>
            <source>Created</source>
            <translation>Angelegt</translation>
        </message>
        <message>
            <source>Deleted</source>
            <translation>Gelöscht</translation>
        </message>
        <message>
            <source>Due</source>
            <translation>Fällig</translation>
        </message>
        <message>
            <source>From</source>
            <translation>Von</translation>
        </message>
        <message>
            <source>Id</source>
            <translation>Kennung</translation>
        </message>
        <message>
            <source>In no category</source>
            <translation>In keiner Kategorie</translation>
        </message>
        <message>
            <source>Labels</source>
            <translation>Labels</translation>
        </message>
        <message>
            <source>Only the first {count} characters are shown. An export has all of them.</source>
            <translation>Nur die ersten {count} Zeichen werden gezeigt. Ein Export enthält alle.</translation>
        </message>
        <message>
            <source>Priority</source>
            <translation>Priorität</translation>
        </message>
        <message>
            <source>Project</source>
            <translation>Projekt</translation>
        </message>
        <message>
            <source>Received</source>
            <translation>Eingegangen</translation>
        </message>
        <message>
            <source>Records</source>
            <translation>Einträge</translation>
        </message>
        <message>
            <source>Start</source>
            <translation>Start</translation>
        </message>
        <message>
            <source>Status</source>
            <translation>Status</translation>
        </message>
        <message>
            <source>Subject</source>
            <translation>Betreff</translation>
        </message>
        <message>
            <source>Tags</source>
            <translation>Tags</translation>
        </message>
        <message>
            <source>Task</source>
            <translation>Aufgabe</translation>
        </message>
        <message>
            <source>Task list</source>
            <translation>Aufgabenliste</translation>
        </message>
        <message>
            <source>To</source>
            <translation>An</translation>
        </message>
        <message>
            <source>completed</source>
            <translation>erledigt</translation>
        </message>
        <message>
            <source>deleted</source>
            <translation>gelöscht</translation>
        </message>
        <message>
            <source>high</source>
            <translation>hoch</translation>
        </message>
        <message>
            <source>low</source>
            <translation>niedrig</translation>
        </message>
        <message>
            <source>medium</source>
            <translation>mittel</translation>
        </message>
        <message>
            <source>not stored yet</source>
            <translation>noch nicht gespeichert</translation>
        </message>
        <message>
            <source>not stored, see the log</source>
            <translation>nicht gespeichert, siehe Protokoll</translation>
        </message>
        <message>
            <source>open</source>
            <translation>offen</translation>
        </message>
        <message>
            <source>reopened</source>
            <translation>wieder offen</translation>
        </message>
        <message>
            <source>too large to be stored</source>
            <translation>zu groß zum Speichern</translation>
        </message>
        <message>
            <source>yes</source>
            <translation>ja</translation>
        </message>
        <message>
            <source>{time} by {person}</source>
            <translation>{time} von {person}</translation>
        </message>
    </context>
    <context>
        <name>DataDetails</name>
        <message>
            <source>Choose a row.</source>
            <translation>Wählen Sie eine Zeile.</translation>
        </message>
        <message>
            <source>The chosen record</source>
            <translation>Der gewählte Eintrag</translation>
        </message>
    </context>
    <context>
        <name>DataFilter</name>
        <message>
            <source>Category</source>
            <translation>Kategorie</translation>
        </message>
        <message>
            <source>Label of the category</source>
            <translation>Label der Kategorie</translation>
        </message>
        <message>
            <source>Search name, project, people, tags</source>
            <translation>Name, Projekt, Personen, Tags durchsuchen</translation>
        </message>
        <message>
            <source>Search subject, people, labels</source>
            <translation>Betreff, Personen, Labels durchsuchen</translation>
        </message>
        <message>
            <source>Search the de&amp;scriptions too</source>
            <translation>Auch die &amp;Beschreibungen durchsuchen</translation>
        </message>
        <message>
            <source>Search the te&amp;xts too</source>
            <translation>Auch die &amp;Texte durchsuchen</translation>
        </message>
        <message>
            <source>Show &amp;deleted ones too</source>
            <translation>Auch &amp;gelöschte zeigen</translation>
        </message>
    </context>
    <context>
        <name>DataMessage</name>
        <message>
            <source>Every word must occur; whether letters are capital or accented does not matter.</source>
            <translation>Jedes Wort muss vorkommen; Großschreibung und Akzente spielen keine Rolle.</translation>
        </message>
        <message>
            <source>No e-mail answers to this</source>
            <translation>Keine E-Mail passt dazu</translation>
        </message>
        <message>
            <source>No e-mails are stored yet</source>
            <translation>Es sind noch keine E-Mails gespeichert</translation>
        </message>
        <message>
            <source>No task answers to this</source>
            <translation>Keine Aufgabe passt dazu</translation>
        </message>
        <message>
            <source>No tasks are stored yet</source>
            <translation>Es sind noch keine Aufgaben gespeichert</translation>
        </message>
        <message>
            <source>Open Airtable</source>
            <translation>Airtable öffnen</translation>
        </message>
        <message>
            <source>Open the base in your browser.</source>
            <translation>Öffnen Sie die Base in Ihrem Browser.</translation>
        </message>
        <message>
            <source>Show all</source>
            <translation>Alle zeigen</translation>
        </message>
        <message>
            <source>The records are in Airtable</source>
            <translation>Die Einträge liegen in Airtable</translation>
        </message>
        <message>
            <source>They appear here with the first sync.</source>
            <translation>Sie erscheinen hier mit dem ersten Abgleich.</translation>
        </message>
    </context>
    <context>
        <name>DataWindow</name>
        <message>
            <source>&amp;Copy</source>
            <translation>&amp;Kopieren</translation>
        </message>
        <message>
            <source>&amp;E-mails</source>
            <translation>&amp;E-Mails</translation>
        </message>
        <message>
            <source>&amp;Open in {source}</source>
            <translation>In {source} &amp;öffnen</translation>
        </message>
        <message>
            <source>&amp;Sort by</source>
            <translation>&amp;Sortieren nach</translation>
        </message>
        <message>
            <source>&amp;Tasks</source>
            <translation>&amp;Aufgaben</translation>
        </message>
        <message>
            <source>Re&amp;fresh</source>
            <translation>&amp;Aktualisieren</translation>
        </message>
        <message>
            <source>Stored records</source>
            <translation>Gespeicherte Einträge</translation>
        </message>
        <message>
            <source>Try again</source>
            <translation>Erneut versuchen</translation>
        </message>
        <message>
            <source>What is shown</source>
            <translation>Was gezeigt wird</translation>
        </message>
        <message>
            <source>{count} found</source>
            <translation>{count} gefunden</translation>
        </message>
    </context>
    <context>
        <name>DemoBanner</name>
        <message>
            <source>Connect &amp;my accounts</source>
            <translation>&amp;Meine Konten verbinden</translation>
        </message>
        <message>
            <source>Its tasks and e-mails come from this computer. Nothing of yours is read or changed.</source>
            <translation>Aufgaben und E-Mails kommen von diesem Rechner. Von Ihren Daten wird nichts gelesen oder geändert.</translation>
        </message>
        <message>
            <source>This is a demo with an invented office</source>
            <translation>Dies ist eine Demo mit einem erfundenen Büro</translation>
        </message>
    </context>
    <context>
        <name>DestinationPage</name>
        <message>
            <source>A base in the cloud. Its plan limits records and calls a month.</source>
            <translation>Eine Base in der Cloud. Ihr Tarif begrenzt Einträge und monatliche Aufrufe.</translation>
        </message>
        <message>
            <source>A database server of your own.</source>
            <translation>Ein eigener Datenbankserver.</translation>
        </message>
        <message>
            <source>A file on this computer. There is nothing to set up.</source>
            <translation>Eine Datei auf diesem Rechner. Es gibt nichts einzurichten.</translation>
        </message>
        <message>
            <source>As your administrator gave it to you, with its password.</source>
            <translation>So, wie Ihr Administrator sie Ihnen gab, mit Passwort.</translation>
        </message>
        <message>
            <source>Collect changes for an hour before writing. This saves calls.</source>
            <translation>Änderungen eine Stunde sammeln, bevor sie geschrieben werden. Das spart Aufrufe.</translation>
        </message>
        <message>
            <source>Destination</source>
            <translation>Ziel</translation>
        </message>
        <message>
            <source>It begins with app and stands in the address of the base.</source>
            <translation>Sie beginnt mit app und steht in der Adresse der Base.</translation>
        </message>
        <message>
            <source>It cannot be read with a token, so we ask.</source>
            <translation>Mit einem Token lässt er sich nicht lesen, darum fragen wir.</translation>
        </message>
        <message>
            <source>Leave it empty for the usual place.</source>
            <translation>Leer lassen für den üblichen Ort.</translation>
        </message>
        <message>
            <source>Open Airtable's page for tokens</source>
            <translation>Airtables Seite für Tokens öffnen</translation>
        </message>
        <message>
            <source>The tables are made in it.</source>
            <translation>Darin entstehen die Tabellen.</translation>
        </message>
        <message>
            <source>Where shall your tasks and e-mails be stored?</source>
            <translation>Wo sollen Ihre Aufgaben und E-Mails gespeichert werden?</translation>
        </message>
        <message>
            <source>With the scopes data.records:read, data.records:write, schema.bases:read and schema.bases:write, and your base in its list.</source>
            <translation>Mit den Rechten data.records:read, data.records:write, schema.bases:read und schema.bases:write, und mit Ihrer Base in der Liste.</translation>
        </message>
        <message>
            <source>the destination</source>
            <translation>das Ziel</translation>
        </message>
    </context>
    <context>
        <name>DestinationSettings</name>
        <message>
            <source>3600 saves calls on the plan Free.</source>
            <translation>3600 spart Aufrufe im Tarif Free.</translation>
        </message>
        <message>
            <source>Destination</source>
            <translation>Ziel</translation>
        </message>
        <message>
            <source>Files of e-mails</source>
            <translation>Dateien der E-Mails</translation>
        </message>
        <message>
            <source>For SQLite and PostgreSQL; Airtable keeps them itself.</source>
            <translation>Für SQLite und PostgreSQL; Airtable bewahrt sie selbst auf.</translation>
        </message>
        <message>
            <source>It begins with app and stands in the address of the base.</source>
            <translation>Sie beginnt mit app und steht in der Adresse der Base.</translation>
        </message>
        <message>
            <source>The new place begins empty: everything is read once more and stored there. What lies in the old place stays. To copy it over instead: tray-connector migrate.</source>
            <translation>Der neue Ort beginnt leer: Alles wird noch einmal gelesen und dort gespeichert. Was am alten Ort liegt, bleibt. Um es stattdessen zu kopieren: tray-connector migrate.</translation>
        </message>
        <message>
            <source>the destination</source>
            <translation>das Ziel</translation>
        </message>
    </context>
    <context>
        <name>DiagnosticsDialog</name>
        <message numerus="yes">
            <source>%n file(s), looked through and ready to be saved.</source>
            <translation>
                <numerusform>%n Datei, durchgesehen und zum Speichern bereit.</numerusform>
                <numerusform>%n Dateien, durchgesehen und zum Speichern bereit.</numerusform>
            </translation>
        </message>
        <message>
            <source>&amp;Save…</source>
            <translation>&amp;Speichern…</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Export diagnostics</source>
            <translation>Diagnose exportieren</translation>
        </message>
        <message>
            <source>Files</source>
            <translation>Dateien</translation>
        </message>
        <message>
            <source>Gather &amp;again</source>
            <translation>Noch einmal &amp;sammeln</translation>
        </message>
        <message>
            <source>Gathering …</source>
            <translation>Sammelt …</translation>
        </message>
        <message>
            <source>Open &amp;folder</source>
            <translation>&amp;Ordner öffnen</translation>
        </message>
        <message>
            <source>Save diagnostics</source>
            <translation>Diagnose speichern</translation>
        </message>
        <message>
            <source>Saved as {path}</source>
            <translation>Gespeichert als {path}</translation>
        </message>
        <message>
            <source>Saving …</source>
            <translation>Speichert …</translation>
        </message>
        <message>
            <source>This is all that a developer gets to see. Keys, e-mail addresses and titles were taken out; contents are not in it. Nothing is sent: save it and pass it on yourself.</source>
            <translation>Mehr bekommt ein Entwickler nicht zu sehen. Schlüssel, E-Mail-Adressen und Titel sind herausgenommen; Inhalte sind nicht dabei. Nichts wird gesendet: Speichern Sie es und geben Sie es selbst weiter.</translation>
        </message>
        <message>
            <source>What is in the file</source>
            <translation>Was in der Datei steht</translation>
        </message>
        <message>
            <source>Zip files</source>
            <translation>Zip-Dateien</translation>
        </message>
        <message>
            <source>{count} characters before this are in the file as well.</source>
            <translation>{count} Zeichen davor stehen ebenfalls in der Datei.</translation>
        </message>
    </context>
    <context>
        <name>Dots</name>
        <message>
            <source>Step {number} of {count}: {title}</source>
            <translation>Schritt {number} von {count}: {title}</translation>
        </message>
    </context>
    <context>
        <name>Engine</name>
        <message>
            <source>A category has no column</source>
            <translation>Eine Kategorie hat keine Spalte</translation>
        </message>
        <message>
            <source>A category has no usable name</source>
            <translation>Eine Kategorie hat keinen brauchbaren Namen</translation>
        </message>
        <message>
            <source>A column does not exist</source>
            <translation>Eine Spalte gibt es nicht</translation>
        </message>
        <message>
            <source>A column in Airtable cannot be written</source>
            <translation>Eine Spalte in Airtable lässt sich nicht beschreiben</translation>
        </message>
        <message>
            <source>A column in Airtable has the wrong type</source>
            <translation>Eine Spalte in Airtable hat den falschen Typ</translation>
        </message>
        <message>
            <source>A connection pooler stands between us and the database</source>
            <translation>Zwischen uns und der Datenbank steht ein Verbindungspooler</translation>
        </message>
        <message>
            <source>A delivery could not be queued.</source>
            <translation>Eine Zustellung konnte nicht eingereiht werden.</translation>
        </message>
        <message>
            <source>A file arrives incomplete</source>
            <translation>Eine Datei kommt unvollständig an</translation>
        </message>
        <message>
            <source>A migration is running already</source>
            <translation>Ein Umzug läuft bereits</translation>
        </message>
        <message>
            <source>A new agent is downloaded by itself; one that you installed yourself must be updated by you. Until then we poll more often.</source>
            <translation>Ein neuer Agent wird von selbst geholt; einen selbst installierten müssen Sie aktualisieren. Bis dahin fragen wir häufiger ab.</translation>
        </message>
        <message>
            <source>A request failed for an unknown reason</source>
            <translation>Eine Anfrage scheiterte aus unbekanntem Grund</translation>
        </message>
        <message>
            <source>A request from outside arrived here after {0} s</source>
            <translation>Eine Anfrage von außen kam hier nach {0} s an</translation>
        </message>
        <message>
            <source>A request to {0} failed</source>
            <translation>Eine Anfrage an {0} scheiterte</translation>
        </message>
        <message>
            <source>A right is missing in the database</source>
            <translation>In der Datenbank fehlt ein Recht</translation>
        </message>
        <message>
            <source>A security program may have removed it: allow it there, or give the address of a reverse proxy of your own in PUBLIC_URL.</source>
            <translation>Vielleicht hat ein Sicherheitsprogramm ihn entfernt: Erlauben Sie ihn dort, oder geben Sie in PUBLIC_URL die Adresse eines eigenen Reverse-Proxys an.</translation>
        </message>
        <message>
            <source>A security program or a firewall may hold it back. Until then we poll more often.</source>
            <translation>Vielleicht hält ein Sicherheitsprogramm oder eine Firewall ihn auf. Bis dahin fragen wir häufiger ab.</translation>
        </message>
        <message>
            <source>A table is missing in Airtable</source>
            <translation>In Airtable fehlt eine Tabelle</translation>
        </message>
        <message>
            <source>A table was changed by another program</source>
            <translation>Eine Tabelle wurde von einem anderen Programm geändert</translation>
        </message>
        <message>
            <source>A webhook may be left in Missive</source>
            <translation>In Missive ist vielleicht ein Webhook übrig</translation>
        </message>
        <message>
            <source>API key of a Teamwork user.</source>
            <translation>API-Schlüssel eines Teamwork-Benutzers.</translation>
        </message>
        <message>
            <source>API token of a Missive user.</source>
            <translation>API-Token eines Missive-Benutzers.</translation>
        </message>
        <message>
            <source>Accepted: the .env file of the older connector, {0}, or settings exported here.</source>
            <translation>Möglich sind: die .env-Datei des älteren Connectors, {0} oder hier exportierte Einstellungen.</translation>
        </message>
        <message>
            <source>Accepted: {0}.</source>
            <translation>Möglich sind: {0}.</translation>
        </message>
        <message>
            <source>Add a rule for incoming e-mails of {0}</source>
            <translation>Legen Sie eine Regel für eingehende E-Mails von {0} an</translation>
        </message>
        <message>
            <source>Add one webhook for each event</source>
            <translation>Legen Sie für jedes Ereignis einen Webhook an</translation>
        </message>
        <message>
            <source>Add sslmode=require to PG_DSN.</source>
            <translation>Fügen Sie sslmode=require zu PG_DSN hinzu.</translation>
        </message>
        <message>
            <source>Address answers</source>
            <translation>Adresse antwortet</translation>
        </message>
        <message>
            <source>Address answers: {0}</source>
            <translation>Adresse antwortet: {0}</translation>
        </message>
        <message>
            <source>Address of Airtable's API.</source>
            <translation>Adresse von Airtables API.</translation>
        </message>
        <message>
            <source>Address of Missive's API.</source>
            <translation>Adresse von Missives API.</translation>
        </message>
        <message>
            <source>Address of an own reverse proxy that webhooks come through, instead of a tunnel.</source>
            <translation>Adresse eines eigenen Reverse-Proxys, durch den Webhooks kommen, statt eines Tunnels.</translation>
        </message>
        <message>
            <source>Address of the Teamwork site, such as https://office.teamwork.com.</source>
            <translation>Adresse der Teamwork-Seite, etwa https://office.teamwork.com.</translation>
        </message>
        <message>
            <source>Airtable answered for other rows than were sent</source>
            <translation>Airtable antwortete für andere Zeilen, als gesendet wurden</translation>
        </message>
        <message>
            <source>Airtable asks for a pause</source>
            <translation>Airtable bittet um eine Pause</translation>
        </message>
        <message>
            <source>Airtable describes the base in an unknown form</source>
            <translation>Airtable beschreibt die Base in unbekannter Form</translation>
        </message>
        <message>
            <source>Airtable does not accept a request</source>
            <translation>Airtable nimmt eine Anfrage nicht an</translation>
        </message>
        <message>
            <source>Airtable does not create a table or column</source>
            <translation>Airtable legt eine Tabelle oder Spalte nicht an</translation>
        </message>
        <message>
            <source>Airtable does not show this base to the token</source>
            <translation>Airtable zeigt dem Token diese Base nicht</translation>
        </message>
        <message>
            <source>Airtable does not take this record</source>
            <translation>Airtable nimmt diesen Eintrag nicht an</translation>
        </message>
        <message>
            <source>Airtable gives the same page again and again</source>
            <translation>Airtable liefert immer wieder dieselbe Seite</translation>
        </message>
        <message>
            <source>Airtable is in trouble</source>
            <translation>Airtable hat Schwierigkeiten</translation>
        </message>
        <message>
            <source>Airtable knows it</source>
            <translation>Airtable kennt es</translation>
        </message>
        <message>
            <source>Airtable knows no such base or table</source>
            <translation>Airtable kennt diese Base oder Tabelle nicht</translation>
        </message>
        <message>
            <source>Airtable left rows without an answer</source>
            <translation>Airtable ließ Zeilen ohne Antwort</translation>
        </message>
        <message>
            <source>Airtable plan</source>
            <translation>Airtable-Tarif</translation>
        </message>
        <message>
            <source>Airtable plan of the base's workspace; decides how many calls a month are allowed.</source>
            <translation>Airtable-Tarif des Workspace der Base; er bestimmt, wie viele Aufrufe im Monat erlaubt sind.</translation>
        </message>
        <message>
            <source>Airtable refuses the token</source>
            <translation>Airtable lehnt das Token ab</translation>
        </message>
        <message>
            <source>Airtable token</source>
            <translation>Airtable-Token</translation>
        </message>
        <message>
            <source>All are there</source>
            <translation>Alle sind da</translation>
        </message>
        <message>
            <source>Allow reading it; until then the last good ones are in force.</source>
            <translation>Erlauben Sie, sie zu lesen; bis dahin gelten die letzten gültigen.</translation>
        </message>
        <message>
            <source>Allow writing {0} and its folder, or choose another place for the file.</source>
            <translation>Erlauben Sie, {0} und den Ordner zu beschreiben, oder wählen Sie einen anderen Ort für die Datei.</translation>
        </message>
        <message>
            <source>An event cannot be queued</source>
            <translation>Ein Ereignis lässt sich nicht einreihen</translation>
        </message>
        <message>
            <source>Another Tray Connector writes into this database</source>
            <translation>Ein anderer Tray Connector schreibt in diese Datenbank</translation>
        </message>
        <message>
            <source>Another one took its place while records were being read.</source>
            <translation>Eine andere trat an ihre Stelle, während Einträge gelesen wurden.</translation>
        </message>
        <message>
            <source>Another program keeps our tables locked</source>
            <translation>Ein anderes Programm hält unsere Tabellen gesperrt</translation>
        </message>
        <message>
            <source>Another program keeps the database locked</source>
            <translation>Ein anderes Programm hält die Datenbank gesperrt</translation>
        </message>
        <message>
            <source>Another program uses the address that ngrok gives us</source>
            <translation>Ein anderes Programm benutzt die Adresse, die ngrok uns gibt</translation>
        </message>
        <message>
            <source>Another session</source>
            <translation>Eine andere Sitzung</translation>
        </message>
        <message>
            <source>Change the type in Airtable (click the column's head, then Edit field), or rename the column: then a new one is made beside it.</source>
            <translation>Ändern Sie in Airtable den Typ (Klick auf den Spaltenkopf, dann Edit field), oder benennen Sie die Spalte um: Dann entsteht daneben eine neue.</translation>
        </message>
        <message>
            <source>Check AIRTABLE_BASE_ID and AIRTABLE_ENDPOINT_URL.</source>
            <translation>Prüfen Sie AIRTABLE_BASE_ID und AIRTABLE_ENDPOINT_URL.</translation>
        </message>
        <message>
            <source>Check AIRTABLE_BASE_ID, and add the base to the token's list at airtable.com/create/tokens.</source>
            <translation>Prüfen Sie AIRTABLE_BASE_ID, und nehmen Sie die Base unter airtable.com/create/tokens in die Liste des Tokens auf.</translation>
        </message>
        <message>
            <source>Check AIRTABLE_BASE_ID, and add the base to the token's list. {0}</source>
            <translation>Prüfen Sie AIRTABLE_BASE_ID, und nehmen Sie die Base in die Liste des Tokens auf. {0}</translation>
        </message>
        <message>
            <source>Check AIRTABLE_{0}_TABLE. A table that is given by name is created by itself.</source>
            <translation>Prüfen Sie AIRTABLE_{0}_TABLE. Eine Tabelle, die beim Namen genannt ist, entsteht von selbst.</translation>
        </message>
        <message>
            <source>Check host and port in PG_DSN, the network and firewalls. We try again.</source>
            <translation>Prüfen Sie Rechner und Port in PG_DSN, das Netzwerk und Firewalls. Wir versuchen es wieder.</translation>
        </message>
        <message>
            <source>Check host and port in PG_DSN; it leads to {0}. We try again.</source>
            <translation>Prüfen Sie Rechner und Port in PG_DSN; es führt zu {0}. Wir versuchen es wieder.</translation>
        </message>
        <message>
            <source>Check in Missive whether the key's owner is a member of this team.</source>
            <translation>Prüfen Sie in Missive, ob der Besitzer des Schlüssels zu diesem Team gehört.</translation>
        </message>
        <message>
            <source>Check that it passes requests on to 127.0.0.1 and the port in APP_PORT. It is tried again by itself.</source>
            <translation>Prüfen Sie, ob er Anfragen an 127.0.0.1 und den Port in APP_PORT weitergibt. Es wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>Check that the address leads to this program, and that no other copy of it uses the same one. It is tried again by itself.</source>
            <translation>Prüfen Sie, ob die Adresse zu diesem Programm führt und keine andere Kopie davon sie benutzt. Es wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>Check that the folder of {0} exists and can be written, or choose another place for the file.</source>
            <translation>Prüfen Sie, ob es den Ordner von {0} gibt und er sich beschreiben lässt, oder wählen Sie einen anderen Ort für die Datei.</translation>
        </message>
        <message>
            <source>Check that {0} is a file and that its folder can be read and written.</source>
            <translation>Prüfen Sie, ob {0} eine Datei ist und ihr Ordner sich lesen und beschreiben lässt.</translation>
        </message>
        <message>
            <source>Check the address: it is {0}.</source>
            <translation>Prüfen Sie die Adresse: Sie lautet {0}.</translation>
        </message>
        <message>
            <source>Check the disk and the folder {0}. It is tried again by itself.</source>
            <translation>Prüfen Sie den Datenträger und den Ordner {0}. Es wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>Check the disk that holds {0}. We try again.</source>
            <translation>Prüfen Sie den Datenträger mit {0}. Wir versuchen es wieder.</translation>
        </message>
        <message>
            <source>Check the domains at dashboard.ngrok.com.</source>
            <translation>Prüfen Sie die Domains unter dashboard.ngrok.com.</translation>
        </message>
        <message>
            <source>Check the folder and its rights, or name another one in ATTACHMENTS_PATH. The attachments wait.</source>
            <translation>Prüfen Sie den Ordner und seine Rechte, oder nennen Sie einen anderen in ATTACHMENTS_PATH. Die Anhänge warten.</translation>
        </message>
        <message>
            <source>Check the free space and the rights of the data folder. Nothing is lost; it is tried again.</source>
            <translation>Prüfen Sie den freien Platz und die Rechte des Datenordners. Nichts geht verloren; es wird wieder versucht.</translation>
        </message>
        <message>
            <source>Check the host {host} in PG_DSN, and whether this computer is online. We try again.</source>
            <translation>Prüfen Sie den Rechner {host} in PG_DSN, und ob dieser Computer online ist. Wir versuchen es wieder.</translation>
        </message>
        <message>
            <source>Check the id, or whether the key's owner is a member of this team.</source>
            <translation>Prüfen Sie die Kennung, und ob der Besitzer des Schlüssels zu diesem Team gehört.</translation>
        </message>
        <message>
            <source>Check the internet connection and the address. It is tried again by itself.</source>
            <translation>Prüfen Sie die Internetverbindung und die Adresse. Es wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>Check the internet connection, and whether a firewall keeps programs from ngrok. </source>
            <translation>Prüfen Sie die Internetverbindung, und ob eine Firewall Programme von ngrok fernhält. </translation>
        </message>
        <message>
            <source>Check the internet connection, and whether a security program keeps downloads away. Until then we poll more often.</source>
            <translation>Prüfen Sie die Internetverbindung, und ob ein Sicherheitsprogramm Downloads fernhält. Bis dahin fragen wir häufiger ab.</translation>
        </message>
        <message>
            <source>Check the network and the server. Nothing is lost; we try again.</source>
            <translation>Prüfen Sie das Netzwerk und den Server. Nichts geht verloren; wir versuchen es wieder.</translation>
        </message>
        <message>
            <source>Check the permissions of the file.</source>
            <translation>Prüfen Sie die Rechte der Datei.</translation>
        </message>
        <message>
            <source>Check the program.</source>
            <translation>Prüfen Sie das Programm.</translation>
        </message>
        <message>
            <source>Check the proxy in the system's network settings.</source>
            <translation>Prüfen Sie den Proxy in den Netzwerkeinstellungen des Systems.</translation>
        </message>
        <message>
            <source>Check the proxy in the system's network settings. It is tried again by itself.</source>
            <translation>Prüfen Sie den Proxy in den Netzwerkeinstellungen des Systems. Es wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>Check whether the key still sees the same account. If all was deleted on purpose: tray-connector reconcile --allow-removals</source>
            <translation>Prüfen Sie, ob der Schlüssel noch dasselbe Konto sieht. Wurde alles mit Absicht gelöscht: tray-connector reconcile --allow-removals</translation>
        </message>
        <message>
            <source>Choose a label_categories.json.</source>
            <translation>Wählen Sie eine label_categories.json.</translation>
        </message>
        <message>
            <source>Choose another folder.</source>
            <translation>Wählen Sie einen anderen Ordner.</translation>
        </message>
        <message>
            <source>Choose another schema in PG_SCHEMA, or: {0}</source>
            <translation>Wählen Sie ein anderes Schema in PG_SCHEMA, oder: {0}</translation>
        </message>
        <message>
            <source>Collect changes for so long before writing to Airtable.</source>
            <translation>Änderungen so lange sammeln, bevor sie nach Airtable geschrieben werden.</translation>
        </message>
        <message>
            <source>Columns are missing in Airtable, and the token may not create them</source>
            <translation>In Airtable fehlen Spalten, und das Token darf sie nicht anlegen</translation>
        </message>
        <message>
            <source>Columns in Airtable have another spelling</source>
            <translation>Spalten in Airtable sind anders geschrieben</translation>
        </message>
        <message>
            <source>Columns in Airtable have the wrong type</source>
            <translation>Spalten in Airtable haben den falschen Typ</translation>
        </message>
        <message>
            <source>Content type</source>
            <translation>Inhaltstyp</translation>
        </message>
        <message>
            <source>Copy it from dashboard.ngrok.com/get-started/your-authtoken and enter it here. Until then we poll more often.</source>
            <translation>Kopieren Sie es von dashboard.ngrok.com/get-started/your-authtoken und geben Sie es hier ein. Bis dahin fragen wir häufiger ab.</translation>
        </message>
        <message>
            <source>Correct it at its origin, or change the column in Airtable. It is tried again by itself.</source>
            <translation>Berichtigen Sie ihn am Ursprung, oder ändern Sie die Spalte in Airtable. Es wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>Correct the name in PG_DSN, or let an administrator create it (CREATE DATABASE {quoted}).</source>
            <translation>Berichtigen Sie den Namen in PG_DSN, oder lassen Sie sie von einem Administrator anlegen (CREATE DATABASE {quoted}).</translation>
        </message>
        <message>
            <source>Correct the role {role} in PG_DSN, or let an administrator create it with the right to log in.</source>
            <translation>Berichtigen Sie die Rolle {role} in PG_DSN, oder lassen Sie sie von einem Administrator mit Anmelderecht anlegen.</translation>
        </message>
        <message>
            <source>Correct the role {role} or its password in PG_DSN.</source>
            <translation>Berichtigen Sie die Rolle {role} oder ihr Passwort in PG_DSN.</translation>
        </message>
        <message>
            <source>Correct the value in PG_DSN.</source>
            <translation>Berichtigen Sie den Wert in PG_DSN.</translation>
        </message>
        <message>
            <source>Create a database with ENCODING 'UTF8' and name it in PG_DSN.</source>
            <translation>Legen Sie eine Datenbank mit ENCODING 'UTF8' an und nennen Sie sie in PG_DSN.</translation>
        </message>
        <message>
            <source>Create exactly these columns in Airtable, or give the token the scope schema.bases:write and its user the role Creator in the base.</source>
            <translation>Legen Sie genau diese Spalten in Airtable an, oder geben Sie dem Token das Recht schema.bases:write und seinem Benutzer die Rolle Creator in der Base.</translation>
        </message>
        <message>
            <source>Create it in Airtable by hand: {0}</source>
            <translation>Legen Sie es in Airtable von Hand an: {0}</translation>
        </message>
        <message>
            <source>Delete records in the base, or choose a larger plan of Airtable. Records that are there are kept in step.</source>
            <translation>Löschen Sie Einträge in der Base, oder wählen Sie einen größeren Tarif von Airtable. Vorhandene Einträge bleiben aktuell.</translation>
        </message>
        <message>
            <source>Delete records in the base, or choose a larger plan: new records find no room.</source>
            <translation>Löschen Sie Einträge in der Base, oder wählen Sie einen größeren Tarif: Neue Einträge finden keinen Platz.</translation>
        </message>
        <message>
            <source>Delete the rows that are not kept in step, unless you need them. The first one is kept in step.</source>
            <translation>Löschen Sie die Zeilen, die nicht gepflegt werden, wenn Sie sie nicht brauchen. Gepflegt wird die erste.</translation>
        </message>
        <message>
            <source>Duplicate rows</source>
            <translation>Doppelte Zeilen</translation>
        </message>
        <message>
            <source>End ngrok where it is not needed any more: dashboard.ngrok.com/agents shows where it runs. Until then we poll more often.</source>
            <translation>Beenden Sie ngrok dort, wo es nicht mehr gebraucht wird: dashboard.ngrok.com/agents zeigt, wo es läuft. Bis dahin fragen wir häufiger ab.</translation>
        </message>
        <message>
            <source>End other programs, or let an administrator raise max_connections. We try again.</source>
            <translation>Beenden Sie andere Programme, oder lassen Sie einen Administrator max_connections erhöhen. Wir versuchen es wieder.</translation>
        </message>
        <message>
            <source>End that one, or choose another schema in PG_SCHEMA for {0}. We go on as soon as it ends.</source>
            <translation>Beenden Sie jenen, oder wählen Sie in PG_SCHEMA ein anderes Schema für {0}. Es geht weiter, sobald er endet.</translation>
        </message>
        <message>
            <source>End the program that is writing to {0}. We go on as soon as it lets go.</source>
            <translation>Beenden Sie das Programm, das in {0} schreibt. Es geht weiter, sobald es loslässt.</translation>
        </message>
        <message>
            <source>End the program that keeps our tables locked. We go on as soon as it lets go.</source>
            <translation>Beenden Sie das Programm, das unsere Tabellen sperrt. Es geht weiter, sobald es loslässt.</translation>
        </message>
        <message>
            <source>End the program that uses it, or set APP_PORT to a port that is free.</source>
            <translation>Beenden Sie das Programm, das ihn benutzt, oder setzen Sie APP_PORT auf einen freien Port.</translation>
        </message>
        <message>
            <source>End those not needed any more: dashboard.ngrok.com/endpoints shows them. Until then we poll more often.</source>
            <translation>Beenden Sie nicht mehr gebrauchte: dashboard.ngrok.com/endpoints zeigt sie. Bis dahin fragen wir häufiger ab.</translation>
        </message>
        <message>
            <source>Enter a new key here.</source>
            <translation>Geben Sie hier einen neuen Schlüssel ein.</translation>
        </message>
        <message>
            <source>Enter it again, or remove PUBLIC_URL.</source>
            <translation>Geben Sie sie erneut ein, oder entfernen Sie PUBLIC_URL.</translation>
        </message>
        <message>
            <source>Enter it again.</source>
            <translation>Geben Sie es erneut ein.</translation>
        </message>
        <message>
            <source>Everything is stored there already</source>
            <translation>Dort ist schon alles gespeichert</translation>
        </message>
        <message>
            <source>File can be written: {0}</source>
            <translation>Datei lässt sich beschreiben: {0}</translation>
        </message>
        <message>
            <source>File of the SQLite database.</source>
            <translation>Datei der SQLite-Datenbank.</translation>
        </message>
        <message>
            <source>Folder for the files of e-mails.</source>
            <translation>Ordner für die Dateien der E-Mails.</translation>
        </message>
        <message>
            <source>For this record, {0}.</source>
            <translation>Bei diesem Eintrag: {0}.</translation>
        </message>
        <message>
            <source>Give the address of a reverse proxy of your own in PUBLIC_URL. Until then we poll more often.</source>
            <translation>Geben Sie in PUBLIC_URL die Adresse eines eigenen Reverse-Proxys an. Bis dahin fragen wir häufiger ab.</translation>
        </message>
        <message>
            <source>Give the token the scope data.records:write and its user the role Editor or higher.</source>
            <translation>Geben Sie dem Token das Recht data.records:write und seinem Benutzer mindestens die Rolle Editor.</translation>
        </message>
        <message>
            <source>Give the token the scopes data.records:read, data.records:write, schema.bases:read and schema.bases:write.</source>
            <translation>Geben Sie dem Token die Rechte data.records:read, data.records:write, schema.bases:read und schema.bases:write.</translation>
        </message>
        <message>
            <source>Give the token's user the role Editor or higher in the base, and lift what restricts editing of tables and columns.</source>
            <translation>Geben Sie dem Benutzer des Tokens mindestens die Rolle Editor in der Base, und heben Sie auf, was das Bearbeiten von Tabellen und Spalten einschränkt.</translation>
        </message>
        <message>
            <source>Give this user the role Editor or Creator.</source>
            <translation>Geben Sie diesem Benutzer die Rolle Editor oder Creator.</translation>
        </message>
        <message>
            <source>Give yourself the right to read and write in {0}.</source>
            <translation>Geben Sie sich das Recht, in {0} zu lesen und zu schreiben.</translation>
        </message>
        <message>
            <source>Give yourself the right to read it.</source>
            <translation>Geben Sie sich das Recht, sie zu lesen.</translation>
        </message>
        <message>
            <source>Give yourself the right to write there and free some space, or name another folder in {0}.</source>
            <translation>Geben Sie sich das Recht, dort zu schreiben, und schaffen Sie Platz, oder nennen Sie einen anderen Ordner in {0}.</translation>
        </message>
        <message>
            <source>Give yourself the right to write there and free some space. It is tried again by itself.</source>
            <translation>Geben Sie sich das Recht, dort zu schreiben, und schaffen Sie Platz. Es wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>Give yourself the right to write there, or name another folder in {0}.</source>
            <translation>Geben Sie sich das Recht, dort zu schreiben, oder nennen Sie einen anderen Ordner in {0}.</translation>
        </message>
        <message>
            <source>Give yourself the right to write there, or start the program with the system's own settings.</source>
            <translation>Geben Sie sich das Recht, dort zu schreiben, oder lassen Sie das Programm vom System selbst starten.</translation>
        </message>
        <message>
            <source>How much the log holds.</source>
            <translation>Wie viel das Protokoll enthält.</translation>
        </message>
        <message>
            <source>Id of the Airtable base, app....</source>
            <translation>Kennung der Airtable-Base, app....</translation>
        </message>
        <message>
            <source>If a security program or the office's proxy reads along, its certificate must be in the system's store. In a public network, sign in first. Also check date and time. It is tried again by itself.</source>
            <translation>Liest ein Sicherheitsprogramm oder der Proxy des Büros mit, muss sein Zertifikat im Speicher des Systems sein. Melden Sie sich in einem öffentlichen Netz erst an. Prüfen Sie auch Datum und Uhrzeit. Es wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>If it is meant, allow it: tray-connector reconcile --allow-removals</source>
            <translation>Wenn es gewollt ist, erlauben Sie es: tray-connector reconcile --allow-removals</translation>
        </message>
        <message>
            <source>In a public network, sign in on its page first. It is tried again by itself.</source>
            <translation>Melden Sie sich in einem öffentlichen Netz erst auf dessen Seite an. Es wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>In {0}, {1}.</source>
            <translation>In {0}: {1}.</translation>
        </message>
        <message>
            <source>Install the newer version again, or use another data folder.</source>
            <translation>Installieren Sie wieder die neuere Version, oder nehmen Sie einen anderen Datenordner.</translation>
        </message>
        <message>
            <source>Install the program anew.</source>
            <translation>Installieren Sie das Programm neu.</translation>
        </message>
        <message>
            <source>It answered {0} to a new address.</source>
            <translation>Es antwortete {0} auf eine neue Adresse.</translation>
        </message>
        <message>
            <source>It answered {0}: {1}</source>
            <translation>Es antwortete {0}: {1}</translation>
        </message>
        <message>
            <source>It gave no sign within {0} seconds.</source>
            <translation>{0} Sekunden lang kam kein Lebenszeichen.</translation>
        </message>
        <message>
            <source>It gives every transaction another session, so that two connectors could not be kept apart.</source>
            <translation>Er gibt jeder Transaktion eine andere Sitzung, sodass sich zwei Connectoren nicht auseinanderhalten ließen.</translation>
        </message>
        <message>
            <source>It gives {0} at once where {1} were asked for.</source>
            <translation>Es gibt {0} auf einmal, wo {1} verlangt waren.</translation>
        </message>
        <message>
            <source>It goes on by itself on {0}, or within an hour once Airtable's plan is a larger one.</source>
            <translation>Es geht am {0} von selbst weiter, oder binnen einer Stunde, sobald Airtables Tarif ein größerer ist.</translation>
        </message>
        <message>
            <source>It holds no settings.</source>
            <translation>Sie enthält keine Einstellungen.</translation>
        </message>
        <message>
            <source>It is PostgreSQL {0}.</source>
            <translation>Es ist PostgreSQL {0}.</translation>
        </message>
        <message>
            <source>It is larger than Airtable allows.</source>
            <translation>Sie ist größer, als Airtable erlaubt.</translation>
        </message>
        <message>
            <source>It is looked for again.</source>
            <translation>Es wird wieder danach gesehen.</translation>
        </message>
        <message>
            <source>It is looked for once more before it counts as deleted.</source>
            <translation>Es wird noch einmal danach gesehen, bevor es als gelöscht gilt.</translation>
        </message>
        <message>
            <source>It is made with the first sync.</source>
            <translation>Sie entsteht mit dem ersten Abgleich.</translation>
        </message>
        <message>
            <source>It is opened again by itself.</source>
            <translation>Sie wird von selbst wieder geöffnet.</translation>
        </message>
        <message>
            <source>It is tried again by itself.</source>
            <translation>Es wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>It is tried again by itself. Until then we poll more often.</source>
            <translation>Es wird von selbst wieder versucht. Bis dahin fragen wir häufiger ab.</translation>
        </message>
        <message>
            <source>It is tried again.</source>
            <translation>Es wird wieder versucht.</translation>
        </message>
        <message>
            <source>It is tried again; the log has details.</source>
            <translation>Es wird wieder versucht; das Protokoll hat Einzelheiten.</translation>
        </message>
        <message>
            <source>It is tried again; the log has the details.</source>
            <translation>Es wird wieder versucht; das Protokoll hat die Einzelheiten.</translation>
        </message>
        <message>
            <source>It leads to {0}, not over https.</source>
            <translation>Es führt zu {0}, nicht über https.</translation>
        </message>
        <message>
            <source>It leads to {0}.</source>
            <translation>Es führt zu {0}.</translation>
        </message>
        <message>
            <source>It may be this program on another computer: end it there. If it is an earlier run, it ends by itself.</source>
            <translation>Vielleicht ist es dieses Programm auf einem anderen Rechner: Beenden Sie es dort. Ist es ein früherer Lauf, endet er von selbst.</translation>
        </message>
        <message>
            <source>It must begin with https://.</source>
            <translation>Sie muss mit https:// beginnen.</translation>
        </message>
        <message>
            <source>It must look like https://hooks.example.com.</source>
            <translation>Sie muss aussehen wie https://hooks.example.com.</translation>
        </message>
        <message>
            <source>It showed {0} records before. Nothing was flagged as deleted.</source>
            <translation>Vorher zeigte es {0} Einträge. Nichts wurde als gelöscht markiert.</translation>
        </message>
        <message>
            <source>Its address begins with {0}.</source>
            <translation>Die Adresse beginnt mit {0}.</translation>
        </message>
        <message>
            <source>Its encoding is {0}.</source>
            <translation>Die Kodierung ist {0}.</translation>
        </message>
        <message>
            <source>Its list of tasks has no end.</source>
            <translation>Die Aufgabenliste nimmt kein Ende.</translation>
        </message>
        <message>
            <source>Key is accepted: {0}</source>
            <translation>Schlüssel wird angenommen: {0}</translation>
        </message>
        <message>
            <source>Leave out e-mails delivered before this day.</source>
            <translation>E-Mails auslassen, die vor diesem Tag zugestellt wurden.</translation>
        </message>
        <message>
            <source>Leave out files larger than this.</source>
            <translation>Größere Dateien auslassen.</translation>
        </message>
        <message>
            <source>Leave out tasks created before this day.</source>
            <translation>Aufgaben auslassen, die vor diesem Tag angelegt wurden.</translation>
        </message>
        <message>
            <source>Let an administrator add a line to pg_hba.conf for role {role}, database {database} and this computer.</source>
            <translation>Lassen Sie einen Administrator in pg_hba.conf eine Zeile für Rolle {role}, Datenbank {database} und diesen Rechner ergänzen.</translation>
        </message>
        <message>
            <source>Let an administrator allow it (GRANT CONNECT ON DATABASE {quoted} TO {quoted_role}).</source>
            <translation>Lassen Sie es von einem Administrator erlauben (GRANT CONNECT ON DATABASE {quoted} TO {quoted_role}).</translation>
        </message>
        <message>
            <source>Let an administrator give the role {0} the rights to write our tables.</source>
            <translation>Lassen Sie einen Administrator der Rolle {0} das Recht geben, unsere Tabellen zu beschreiben.</translation>
        </message>
        <message>
            <source>Let an administrator look at the log of the server, and restore a backup.</source>
            <translation>Lassen Sie einen Administrator das Protokoll des Servers ansehen und eine Sicherung zurückspielen.</translation>
        </message>
        <message>
            <source>Let an administrator switch TLS on, or take sslmode out of PG_DSN if the line to the server is trusted.</source>
            <translation>Lassen Sie einen Administrator TLS einschalten, oder nehmen Sie sslmode aus PG_DSN, wenn der Leitung zum Server zu trauen ist.</translation>
        </message>
        <message>
            <source>Let the agent connect without the proxy, or give the address of a reverse proxy of your own in PUBLIC_URL. Until then we poll more often.</source>
            <translation>Lassen Sie den Agenten ohne den Proxy verbinden, oder geben Sie in PUBLIC_URL die Adresse eines eigenen Reverse-Proxys an. Bis dahin fragen wir häufiger ab.</translation>
        </message>
        <message>
            <source>Limit the sync to some projects.</source>
            <translation>Beschränken Sie den Abgleich auf einige Projekte.</translation>
        </message>
        <message>
            <source>Look at constraints and triggers that were added to the table, or correct the record at its source.</source>
            <translation>Sehen Sie nach Regeln und Triggern, die der Tabelle hinzugefügt wurden, oder berichtigen Sie den Eintrag an seiner Quelle.</translation>
        </message>
        <message>
            <source>Look at the webhooks in {0}. Until they arrive we poll more often; nothing is lost.</source>
            <translation>Sehen Sie in {0} nach den Webhooks. Bis sie ankommen, fragen wir häufiger ab; nichts geht verloren.</translation>
        </message>
        <message>
            <source>Look for its window and unlock it; we try again every minute.</source>
            <translation>Suchen Sie sein Fenster und entsperren Sie ihn; wir versuchen es jede Minute wieder.</translation>
        </message>
        <message>
            <source>Look in Missive under Settings › Rules and delete a rule with this address.</source>
            <translation>Sehen Sie in Missive unter Settings › Rules nach und löschen Sie eine Regel mit dieser Adresse.</translation>
        </message>
        <message>
            <source>Look through the settings.</source>
            <translation>Sehen Sie die Einstellungen durch.</translation>
        </message>
        <message>
            <source>Make a new one in Missive under Settings › API and enter it here.</source>
            <translation>Legen Sie in Missive unter Settings › API ein neues an und geben Sie es hier ein.</translation>
        </message>
        <message>
            <source>Make a new one in Teamwork under Edit my details › API &amp; Mobile and enter it here.</source>
            <translation>Legen Sie in Teamwork unter Edit my details › API &amp; Mobile einen neuen an und geben Sie ihn hier ein.</translation>
        </message>
        <message>
            <source>Make a new token at airtable.com/create/tokens and enter it here.</source>
            <translation>Legen Sie unter airtable.com/create/tokens ein neues Token an und geben Sie es hier ein.</translation>
        </message>
        <message>
            <source>Make room on the database server. Nothing is lost; changes wait here.</source>
            <translation>Schaffen Sie Platz auf dem Datenbankserver. Nichts geht verloren; Änderungen warten hier.</translation>
        </message>
        <message>
            <source>Make room on the disk or check the folder's permissions.</source>
            <translation>Schaffen Sie Platz auf dem Datenträger, oder prüfen Sie die Rechte des Ordners.</translation>
        </message>
        <message>
            <source>Make room on the disk that holds {0}. Nothing is lost; changes wait here.</source>
            <translation>Schaffen Sie Platz auf dem Datenträger mit {0}. Nichts geht verloren; Änderungen warten hier.</translation>
        </message>
        <message>
            <source>Make room on the disk, or give yourself the right to write there. It is tried again by itself.</source>
            <translation>Schaffen Sie Platz auf dem Datenträger, oder geben Sie sich das Recht, dort zu schreiben. Es wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>Make room on the disk. Nothing is lost: what could not be queued is read again.</source>
            <translation>Schaffen Sie Platz auf dem Datenträger. Nichts geht verloren: Was sich nicht einreihen ließ, wird wieder gelesen.</translation>
        </message>
        <message>
            <source>Make room, give yourself the right to write there, or name another folder.</source>
            <translation>Schaffen Sie Platz, geben Sie sich das Recht, dort zu schreiben, oder nennen Sie einen anderen Ordner.</translation>
        </message>
        <message>
            <source>Make room, or give yourself the right to write there.</source>
            <translation>Schaffen Sie Platz, oder geben Sie sich das Recht, dort zu schreiben.</translation>
        </message>
        <message>
            <source>Make room, or set DISK_RESERVE_MB lower. The attachments wait and go on by themselves.</source>
            <translation>Schaffen Sie Platz, oder setzen Sie DISK_RESERVE_MB niedriger. Die Anhänge warten und gehen von selbst weiter.</translation>
        </message>
        <message>
            <source>Make room. The attachments wait and go on by themselves.</source>
            <translation>Schaffen Sie Platz. Die Anhänge warten und gehen von selbst weiter.</translation>
        </message>
        <message>
            <source>Make them by hand with the values shown, or use an administrator's key. Until then changes come by polling.</source>
            <translation>Legen Sie sie von Hand mit den gezeigten Werten an, oder nehmen Sie den Schlüssel eines Administrators. Bis dahin kommen Änderungen durch Abfragen.</translation>
        </message>
        <message>
            <source>Minutes between two full comparisons; 0 = never.</source>
            <translation>Minuten zwischen zwei vollständigen Vergleichen; 0 = nie.</translation>
        </message>
        <message>
            <source>Missive address</source>
            <translation>Missive-Adresse</translation>
        </message>
        <message>
            <source>Missive answers in an unknown form</source>
            <translation>Missive antwortet in unbekannter Form</translation>
        </message>
        <message>
            <source>Missive does not show a file</source>
            <translation>Missive zeigt eine Datei nicht</translation>
        </message>
        <message>
            <source>Missive does not show a mailbox to this key</source>
            <translation>Missive zeigt diesem Schlüssel ein Postfach nicht</translation>
        </message>
        <message>
            <source>Missive does not show this record</source>
            <translation>Missive zeigt diesen Eintrag nicht</translation>
        </message>
        <message>
            <source>Missive key</source>
            <translation>Missive-Schlüssel</translation>
        </message>
        <message>
            <source>Missive teams</source>
            <translation>Missive-Teams</translation>
        </message>
        <message>
            <source>Missive's API cannot register this. Without the rule polling finds it, some minutes later. {0}</source>
            <translation>Missives API kann dies nicht einrichten. Ohne die Regel findet es das Abfragen, einige Minuten später. {0}</translation>
        </message>
        <message>
            <source>Missive's file store</source>
            <translation>Missives Dateiablage</translation>
        </message>
        <message>
            <source>Missive's file store does not give a file</source>
            <translation>Missives Dateiablage gibt eine Datei nicht her</translation>
        </message>
        <message>
            <source>Missive's list cannot be paged through</source>
            <translation>Missives Liste lässt sich nicht durchblättern</translation>
        </message>
        <message>
            <source>More than it gives in one list were created in the same second.</source>
            <translation>Mehr, als sie in einer Liste gibt, wurden in derselben Sekunde angelegt.</translation>
        </message>
        <message>
            <source>Move {0} away or put a backup in its place. A new file is filled from Teamwork and Missive.</source>
            <translation>Schieben Sie {0} beiseite, oder legen Sie eine Sicherung an die Stelle. Eine neue Datei wird aus Teamwork und Missive gefüllt.</translation>
        </message>
        <message>
            <source>Multiplies the services' limits; for test servers only.</source>
            <translation>Vervielfacht die Grenzen der Dienste; nur für Testserver.</translation>
        </message>
        <message>
            <source>Name another one with --to, or set its address first.</source>
            <translation>Nennen Sie eine andere mit --to, oder setzen Sie erst ihre Adresse.</translation>
        </message>
        <message>
            <source>Name or id of the table for e-mails.</source>
            <translation>Name oder Kennung der Tabelle für E-Mails.</translation>
        </message>
        <message>
            <source>Name or id of the table for tasks.</source>
            <translation>Name oder Kennung der Tabelle für Aufgaben.</translation>
        </message>
        <message>
            <source>Name the file of its certificate authority in PG_DSN (sslrootcert=...), and the host as the certificate does.</source>
            <translation>Nennen Sie die Datei der Zertifizierungsstelle in PG_DSN (sslrootcert=...), und den Rechner so wie das Zertifikat.</translation>
        </message>
        <message>
            <source>Name the server itself in PG_DSN, or the pooler's port for session mode.</source>
            <translation>Nennen Sie in PG_DSN den Server selbst, oder den Port des Poolers für den Sitzungsmodus.</translation>
        </message>
        <message>
            <source>Name the writable server in PG_DSN, or let an administrator make database and role writable.</source>
            <translation>Nennen Sie in PG_DSN den beschreibbaren Server, oder lassen Sie einen Administrator Datenbank und Rolle beschreibbar machen.</translation>
        </message>
        <message>
            <source>Neither by id nor by time of change, so they cannot be read reliably.</source>
            <translation>Weder nach Kennung noch nach Zeit der Änderung, darum lassen sie sich nicht verlässlich lesen.</translation>
        </message>
        <message>
            <source>Nested too deeply</source>
            <translation>Zu tief verschachtelt</translation>
        </message>
        <message>
            <source>No answer from {0} in time.</source>
            <translation>Keine rechtzeitige Antwort von {0}.</translation>
        </message>
        <message>
            <source>No answer within {0} seconds.</source>
            <translation>Keine Antwort binnen {0} Sekunden.</translation>
        </message>
        <message>
            <source>No answer within {0} seconds. It may be waiting for its password.</source>
            <translation>Keine Antwort binnen {0} Sekunden. Vielleicht wartet er auf sein Passwort.</translation>
        </message>
        <message>
            <source>No database server answers there</source>
            <translation>Dort antwortet kein Datenbankserver</translation>
        </message>
        <message>
            <source>No secure connection to {0}</source>
            <translation>Keine sichere Verbindung zu {0}</translation>
        </message>
        <message>
            <source>None is set up: changes are found by polling</source>
            <translation>Keine sind eingerichtet: Änderungen werden durch Abfragen gefunden</translation>
        </message>
        <message>
            <source>Not checked since {0}</source>
            <translation>Seit {0} nicht geprüft</translation>
        </message>
        <message>
            <source>Not checked yet</source>
            <translation>Noch nicht geprüft</translation>
        </message>
        <message>
            <source>Not refused; proven at the first write</source>
            <translation>Nicht abgelehnt; erwiesen beim ersten Schreiben</translation>
        </message>
        <message>
            <source>Nothing is lost.</source>
            <translation>Nichts geht verloren.</translation>
        </message>
        <message>
            <source>Nothing is lost. If it stays so, send us the diagnostics.</source>
            <translation>Nichts geht verloren. Bleibt es so, senden Sie uns die Diagnose.</translation>
        </message>
        <message>
            <source>Nothing is lost. It is tried again by itself.</source>
            <translation>Nichts geht verloren. Es wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>Nothing is lost. It is tried again by itself; if it stays so, send us the diagnostics.</source>
            <translation>Nichts geht verloren. Es wird von selbst erneut versucht; bleibt es so, senden Sie uns die Diagnose.</translation>
        </message>
        <message>
            <source>Nothing is lost. It is tried again.</source>
            <translation>Nichts geht verloren. Es wird wieder versucht.</translation>
        </message>
        <message>
            <source>Nothing is lost: it is read again. If it stays so, send us the diagnostics.</source>
            <translation>Nichts geht verloren: Es wird wieder gelesen. Bleibt es so, senden Sie uns die Diagnose.</translation>
        </message>
        <message>
            <source>Nothing is stored yet</source>
            <translation>Es ist noch nichts gespeichert</translation>
        </message>
        <message>
            <source>Offline. Continues by itself</source>
            <translation>Offline. Geht von selbst weiter</translation>
        </message>
        <message>
            <source>Only these Missive teams.</source>
            <translation>Nur diese Missive-Teams.</translation>
        </message>
        <message>
            <source>Only these Teamwork projects.</source>
            <translation>Nur diese Teamwork-Projekte.</translation>
        </message>
        <message>
            <source>Open the keyring's own program and look whether it works; we try again every minute.</source>
            <translation>Öffnen Sie das Programm des Schlüsselbunds und sehen Sie, ob er arbeitet; wir versuchen es jede Minute wieder.</translation>
        </message>
        <message>
            <source>PG_DSN holds a value that PostgreSQL does not accept</source>
            <translation>PG_DSN enthält einen Wert, den PostgreSQL nicht annimmt</translation>
        </message>
        <message>
            <source>PG_DSN is not a connection string</source>
            <translation>PG_DSN ist keine Verbindungszeichenfolge</translation>
        </message>
        <message>
            <source>Paused until you resume</source>
            <translation>Pausiert, bis Sie fortsetzen</translation>
        </message>
        <message>
            <source>Paused until {0}</source>
            <translation>Pausiert bis {0}</translation>
        </message>
        <message>
            <source>Personal access token of Airtable.</source>
            <translation>Persönliches Zugriffstoken von Airtable.</translation>
        </message>
        <message>
            <source>Port on 127.0.0.1 where webhooks arrive.</source>
            <translation>Port auf 127.0.0.1, an dem Webhooks ankommen.</translation>
        </message>
        <message>
            <source>PostgreSQL connection string.</source>
            <translation>PostgreSQL-Verbindungszeichenfolge.</translation>
        </message>
        <message>
            <source>PostgreSQL schema that holds the tables.</source>
            <translation>PostgreSQL-Schema, das die Tabellen enthält.</translation>
        </message>
        <message>
            <source>PostgreSQL {0} or newer is needed.</source>
            <translation>PostgreSQL {0} oder neuer ist nötig.</translation>
        </message>
        <message>
            <source>PostgreSQL's library cannot read it.</source>
            <translation>Die Bibliothek von PostgreSQL kann es nicht lesen.</translation>
        </message>
        <message>
            <source>Put all its patterns into one list.</source>
            <translation>Fassen Sie alle Muster in einer Liste zusammen.</translation>
        </message>
        <message>
            <source>Remove what depends on the tables in {0}, then try again.</source>
            <translation>Entfernen Sie, was von den Tabellen in {0} abhängt, und versuchen Sie es wieder.</translation>
        </message>
        <message>
            <source>Rename it, or name another database in PG_DSN.</source>
            <translation>Benennen Sie es um, oder nennen Sie eine andere Datenbank in PG_DSN.</translation>
        </message>
        <message>
            <source>Rename it, or name another folder.</source>
            <translation>Benennen Sie es um, oder nennen Sie einen anderen Ordner.</translation>
        </message>
        <message>
            <source>Rename the category, or the column {0} in the table {1}.</source>
            <translation>Benennen Sie die Kategorie um, oder die Spalte {0} in der Tabelle {1}.</translation>
        </message>
        <message>
            <source>Rename the category.</source>
            <translation>Benennen Sie die Kategorie um.</translation>
        </message>
        <message>
            <source>Rename the column {0}.{1}; we make a new one of type {2} and fill it.</source>
            <translation>Benennen Sie die Spalte {0}.{1} um; wir legen eine neue vom Typ {2} an und füllen sie.</translation>
        </message>
        <message>
            <source>Rename the table {0} in the database; we make a new one and fill it. Or choose another file.</source>
            <translation>Benennen Sie die Tabelle {0} in der Datenbank um; wir legen eine neue an und füllen sie. Oder wählen Sie eine andere Datei.</translation>
        </message>
        <message>
            <source>Rename the {0} {1} in the database; we make a table of that name.</source>
            <translation>Benennen Sie {0} {1} in der Datenbank um; wir legen eine Tabelle dieses Namens an.</translation>
        </message>
        <message>
            <source>Rename these columns in Airtable so that upper and lower case are exactly as here.</source>
            <translation>Benennen Sie diese Spalten in Airtable so um, dass Groß- und Kleinschreibung genau wie hier sind.</translation>
        </message>
        <message>
            <source>Rows: {0} tasks, {1} e-mails</source>
            <translation>Zeilen: {0} Aufgaben, {1} E-Mails</translation>
        </message>
        <message>
            <source>Rule type</source>
            <translation>Art der Regel</translation>
        </message>
        <message>
            <source>Save the file again with the encoding UTF-8.</source>
            <translation>Speichern Sie die Datei noch einmal mit der Kodierung UTF-8.</translation>
        </message>
        <message>
            <source>Seconds before the first retry of a failed record.</source>
            <translation>Sekunden bis zum ersten neuen Versuch eines gescheiterten Eintrags.</translation>
        </message>
        <message>
            <source>Seconds between two polls.</source>
            <translation>Sekunden zwischen zwei Abfragen.</translation>
        </message>
        <message>
            <source>Seconds that a poll looks back behind the last one.</source>
            <translation>Sekunden, die eine Abfrage hinter die letzte zurückblickt.</translation>
        </message>
        <message>
            <source>Secrets are kept in the keyring or the environment, where others cannot read them.</source>
            <translation>Geheimnisse liegen im Schlüsselbund oder in der Umgebung, wo andere sie nicht lesen können.</translation>
        </message>
        <message>
            <source>Set APP_PORT to another port, such as 5000, and use it in your reverse proxy.</source>
            <translation>Setzen Sie APP_PORT auf einen anderen Port, etwa 5000, und benutzen Sie ihn in Ihrem Reverse-Proxy.</translation>
        </message>
        <message>
            <source>Set address and key of {0}, then run it again: it goes on where it ended.</source>
            <translation>Setzen Sie Adresse und Schlüssel von {0}, dann starten Sie es wieder: Es geht dort weiter, wo es endete.</translation>
        </message>
        <message>
            <source>Set {0} in the environment instead.</source>
            <translation>Setzen Sie stattdessen {0} in der Umgebung.</translation>
        </message>
        <message>
            <source>Set {0} in the environment or in a .env file.</source>
            <translation>Setzen Sie {0} in der Umgebung oder in einer Datei .env.</translation>
        </message>
        <message>
            <source>Share of the records (at least 20) that may be flagged as deleted at once without asking.</source>
            <translation>Anteil der Einträge (mindestens 20), der auf einmal ohne Nachfrage als gelöscht markiert werden darf.</translation>
        </message>
        <message>
            <source>Sign in at dashboard.ngrok.com and follow the link in the mail from ngrok. Until then we poll more often.</source>
            <translation>Melden Sie sich unter dashboard.ngrok.com an und folgen Sie dem Link in der Mail von ngrok. Bis dahin fragen wir häufiger ab.</translation>
        </message>
        <message>
            <source>Signs Missive's webhooks.</source>
            <translation>Unterschreibt Missives Webhooks.</translation>
        </message>
        <message>
            <source>Signs Teamwork's webhooks.</source>
            <translation>Unterschreibt Teamworks Webhooks.</translation>
        </message>
        <message>
            <source>Some texts must be read from {0} again</source>
            <translation>Einige Texte müssen noch einmal aus {0} gelesen werden</translation>
        </message>
        <message>
            <source>Someone else answers at the public address</source>
            <translation>Unter der öffentlichen Adresse antwortet jemand anders</translation>
        </message>
        <message>
            <source>Someone else answers for Airtable</source>
            <translation>Für Airtable antwortet jemand anders</translation>
        </message>
        <message>
            <source>Someone else answers for Missive</source>
            <translation>Für Missive antwortet jemand anders</translation>
        </message>
        <message>
            <source>Someone else answers for {0}</source>
            <translation>Für {0} antwortet jemand anders</translation>
        </message>
        <message>
            <source>Something else uses the tables of the demo</source>
            <translation>Etwas anderes benutzt die Tabellen der Demo</translation>
        </message>
        <message>
            <source>Start it by hand.</source>
            <translation>Starten Sie es von Hand.</translation>
        </message>
        <message>
            <source>Start it: tray-connector run, or tray-connector sync --once</source>
            <translation>Starten Sie es: tray-connector run oder tray-connector sync --once</translation>
        </message>
        <message>
            <source>Start the server at {server}, or correct host and port in PG_DSN. We try again.</source>
            <translation>Starten Sie den Server auf {server}, oder berichtigen Sie Rechner und Port in PG_DSN. Wir versuchen es wieder.</translation>
        </message>
        <message>
            <source>Stopped: {0}</source>
            <translation>Angehalten: {0}</translation>
        </message>
        <message>
            <source>Store no files when less than this is free.</source>
            <translation>Keine Dateien speichern, wenn weniger als dies frei ist.</translation>
        </message>
        <message>
            <source>Store the files of e-mails.</source>
            <translation>Die Dateien der E-Mails speichern.</translation>
        </message>
        <message>
            <source>Syncing {0} of {1}</source>
            <translation>Abgleich läuft: {0} von {1}</translation>
        </message>
        <message>
            <source>Table {0}: {1}</source>
            <translation>Tabelle {0}: {1}</translation>
        </message>
        <message>
            <source>Table {0}: {1} cannot be created because the name is taken in another spelling.</source>
            <translation>Tabelle {0}: {1} lässt sich nicht anlegen, weil der Name in anderer Schreibweise vergeben ist.</translation>
        </message>
        <message>
            <source>Tables can be made in the schema {0}</source>
            <translation>Im Schema {0} lassen sich Tabellen anlegen</translation>
        </message>
        <message>
            <source>Tables can be written in the schema {0}</source>
            <translation>Im Schema {0} lassen sich Tabellen beschreiben</translation>
        </message>
        <message>
            <source>Take {0} out of settings.json and set it in the environment or in a .env file.</source>
            <translation>Nehmen Sie {0} aus settings.json und setzen Sie es in der Umgebung oder in einer Datei .env.</translation>
        </message>
        <message>
            <source>Teamwork does not order its tasks</source>
            <translation>Teamwork ordnet seine Aufgaben nicht</translation>
        </message>
        <message>
            <source>Teamwork gives an answer of another form</source>
            <translation>Teamwork antwortet in anderer Form</translation>
        </message>
        <message>
            <source>Teamwork gives its tasks in very small pages</source>
            <translation>Teamwork gibt seine Aufgaben in sehr kleinen Seiten</translation>
        </message>
        <message>
            <source>Teamwork gives the same page again and again</source>
            <translation>Teamwork liefert immer wieder dieselbe Seite</translation>
        </message>
        <message>
            <source>Teamwork has no such stream</source>
            <translation>Teamwork hat keinen solchen Strom</translation>
        </message>
        <message>
            <source>Teamwork holds more tasks than it shows</source>
            <translation>Teamwork hat mehr Aufgaben, als es zeigt</translation>
        </message>
        <message>
            <source>Teamwork › Settings › Integrations › Webhooks › Enable, then Add webhook</source>
            <translation>Teamwork › Settings › Integrations › Webhooks › Enable, dann Add webhook</translation>
        </message>
        <message>
            <source>Teamwork's list of webhooks cannot be read</source>
            <translation>Teamworks Liste der Webhooks lässt sich nicht lesen</translation>
        </message>
        <message>
            <source>The Airtable base is full</source>
            <translation>Die Airtable-Base ist voll</translation>
        </message>
        <message>
            <source>The Airtable base is not open</source>
            <translation>Die Airtable-Base ist nicht offen</translation>
        </message>
        <message>
            <source>The address of Airtable is not valid</source>
            <translation>Die Adresse von Airtable ist nicht gültig</translation>
        </message>
        <message>
            <source>The address of a file is not safe</source>
            <translation>Die Adresse einer Datei ist nicht sicher</translation>
        </message>
        <message>
            <source>The address of the database is not known</source>
            <translation>Die Adresse der Datenbank ist nicht bekannt</translation>
        </message>
        <message>
            <source>The address of {0} is not valid</source>
            <translation>Die Adresse von {0} ist nicht gültig</translation>
        </message>
        <message>
            <source>The answer of {0} is too large</source>
            <translation>Die Antwort von {0} ist zu groß</translation>
        </message>
        <message>
            <source>The answer of {0} was cut off</source>
            <translation>Die Antwort von {0} wurde abgeschnitten</translation>
        </message>
        <message>
            <source>The autostart entry cannot be changed</source>
            <translation>Der Autostart-Eintrag lässt sich nicht ändern</translation>
        </message>
        <message>
            <source>The base has no table with the id {0}.</source>
            <translation>Die Base hat keine Tabelle mit der Kennung {0}.</translation>
        </message>
        <message>
            <source>The certificate of the database server is not trusted</source>
            <translation>Dem Zertifikat des Datenbankservers wird nicht vertraut</translation>
        </message>
        <message>
            <source>The certificate of {0} is not trusted: {1}.{2}</source>
            <translation>Dem Zertifikat von {0} wird nicht vertraut: {1}.{2}</translation>
        </message>
        <message>
            <source>The connection to the database was lost</source>
            <translation>Die Verbindung zur Datenbank ging verloren</translation>
        </message>
        <message>
            <source>The connector cannot keep its books</source>
            <translation>Der Connector kann seine Bücher nicht führen</translation>
        </message>
        <message>
            <source>The connector made a mistake</source>
            <translation>Der Connector hat einen Fehler gemacht</translation>
        </message>
        <message>
            <source>The damaged file is kept as {0}. {1}</source>
            <translation>Die beschädigte Datei wird als {0} aufbewahrt. {1}</translation>
        </message>
        <message>
            <source>The data folder cannot be made</source>
            <translation>Der Datenordner lässt sich nicht anlegen</translation>
        </message>
        <message>
            <source>The data folder cannot be written</source>
            <translation>Der Datenordner lässt sich nicht beschreiben</translation>
        </message>
        <message>
            <source>The data folder was used by a newer version</source>
            <translation>Der Datenordner wurde von einer neueren Version benutzt</translation>
        </message>
        <message>
            <source>The database answers with an unexpected error</source>
            <translation>Die Datenbank antwortet mit einem unerwarteten Fehler</translation>
        </message>
        <message>
            <source>The database can only be read</source>
            <translation>Die Datenbank lässt sich nur lesen</translation>
        </message>
        <message>
            <source>The database cannot be reached</source>
            <translation>Die Datenbank ist nicht erreichbar</translation>
        </message>
        <message>
            <source>The database does not answer</source>
            <translation>Die Datenbank antwortet nicht</translation>
        </message>
        <message>
            <source>The database does not exist</source>
            <translation>Die Datenbank gibt es nicht</translation>
        </message>
        <message>
            <source>The database does not hold {0} of them as they were written, and {1} is not set up.</source>
            <translation>Die Datenbank enthält {0} davon nicht so, wie sie geschrieben wurden, und {1} ist nicht eingerichtet.</translation>
        </message>
        <message>
            <source>The database does not store every character</source>
            <translation>Die Datenbank speichert nicht jedes Zeichen</translation>
        </message>
        <message>
            <source>The database file cannot be opened</source>
            <translation>Die Datenbankdatei lässt sich nicht öffnen</translation>
        </message>
        <message>
            <source>The database file cannot be read or written</source>
            <translation>Die Datenbankdatei lässt sich nicht lesen oder beschreiben</translation>
        </message>
        <message>
            <source>The database file cannot be written</source>
            <translation>Die Datenbankdatei lässt sich nicht beschreiben</translation>
        </message>
        <message>
            <source>The database file is damaged</source>
            <translation>Die Datenbankdatei ist beschädigt</translation>
        </message>
        <message>
            <source>The database file was removed or replaced</source>
            <translation>Die Datenbankdatei wurde entfernt oder ersetzt</translation>
        </message>
        <message>
            <source>The database holds something else under our names</source>
            <translation>Die Datenbank enthält etwas anderes unter unseren Namen</translation>
        </message>
        <message>
            <source>The database in use is {0}.</source>
            <translation>Benutzt wird die Datenbank {0}.</translation>
        </message>
        <message>
            <source>The database is damaged</source>
            <translation>Die Datenbank ist beschädigt</translation>
        </message>
        <message>
            <source>The database is not open</source>
            <translation>Die Datenbank ist nicht offen</translation>
        </message>
        <message>
            <source>The database is {0}. Details are in the log.</source>
            <translation>Die Datenbank ist {0}. Einzelheiten stehen im Protokoll.</translation>
        </message>
        <message>
            <source>The database refuses role or password</source>
            <translation>Die Datenbank lehnt Rolle oder Passwort ab</translation>
        </message>
        <message>
            <source>The database refuses this record</source>
            <translation>Die Datenbank lehnt diesen Eintrag ab</translation>
        </message>
        <message>
            <source>The database server does not admit this computer</source>
            <translation>Der Datenbankserver lässt diesen Rechner nicht zu</translation>
        </message>
        <message>
            <source>The database server does not know this role</source>
            <translation>Der Datenbankserver kennt diese Rolle nicht</translation>
        </message>
        <message>
            <source>The database server does not offer encryption</source>
            <translation>Der Datenbankserver bietet keine Verschlüsselung</translation>
        </message>
        <message>
            <source>The database server is starting or stopping</source>
            <translation>Der Datenbankserver startet oder hält an</translation>
        </message>
        <message>
            <source>The database server is too old</source>
            <translation>Der Datenbankserver ist zu alt</translation>
        </message>
        <message>
            <source>The database takes no more connections</source>
            <translation>Die Datenbank nimmt keine weiteren Verbindungen an</translation>
        </message>
        <message>
            <source>The database wants an encrypted connection</source>
            <translation>Die Datenbank verlangt eine verschlüsselte Verbindung</translation>
        </message>
        <message>
            <source>The database was exchanged</source>
            <translation>Die Datenbank wurde ausgetauscht</translation>
        </message>
        <message>
            <source>The database was too slow</source>
            <translation>Die Datenbank war zu langsam</translation>
        </message>
        <message>
            <source>The demo's schema holds something else</source>
            <translation>Das Schema der Demo enthält etwas anderes</translation>
        </message>
        <message>
            <source>The destination answered for other rows than were sent</source>
            <translation>Das Ziel antwortete für andere Zeilen, als gesendet wurden</translation>
        </message>
        <message>
            <source>The disk is full</source>
            <translation>Der Datenträger ist voll</translation>
        </message>
        <message>
            <source>The disk is too full for attachments</source>
            <translation>Der Datenträger ist zu voll für Anhänge</translation>
        </message>
        <message>
            <source>The disk of the database server is full</source>
            <translation>Der Datenträger des Datenbankservers ist voll</translation>
        </message>
        <message>
            <source>The e-mail {0} is there without it.</source>
            <translation>Die E-Mail {0} ist ohne sie da.</translation>
        </message>
        <message>
            <source>The file is not fetched. It is tried again with a new address.</source>
            <translation>Die Datei wird nicht geholt. Es wird mit einer neuen Adresse wieder versucht.</translation>
        </message>
        <message>
            <source>The first run takes completed tasks too.</source>
            <translation>Der erste Lauf nimmt auch erledigte Aufgaben.</translation>
        </message>
        <message>
            <source>The first run takes conversations that were active within so many days.</source>
            <translation>Der erste Lauf nimmt Konversationen, die in so vielen Tagen aktiv waren.</translation>
        </message>
        <message>
            <source>The first sync makes it.</source>
            <translation>Der erste Abgleich legt sie an.</translation>
        </message>
        <message>
            <source>The folder cannot be written</source>
            <translation>Der Ordner lässt sich nicht beschreiben</translation>
        </message>
        <message>
            <source>The folder for attachments cannot be used</source>
            <translation>Der Ordner für Anhänge lässt sich nicht benutzen</translation>
        </message>
        <message>
            <source>The host of the database is not found</source>
            <translation>Der Rechner der Datenbank wird nicht gefunden</translation>
        </message>
        <message>
            <source>The installation id cannot be kept</source>
            <translation>Die Installationskennung lässt sich nicht aufbewahren</translation>
        </message>
        <message>
            <source>The key holds a NUL character, which PostgreSQL cannot store.</source>
            <translation>Der Schlüssel enthält ein NUL-Zeichen, das PostgreSQL nicht speichern kann.</translation>
        </message>
        <message>
            <source>The key may not read this in {0}</source>
            <translation>Der Schlüssel darf dies in {0} nicht lesen</translation>
        </message>
        <message>
            <source>The keyring does not answer</source>
            <translation>Der Schlüsselbund antwortet nicht</translation>
        </message>
        <message>
            <source>The keyring is locked</source>
            <translation>Der Schlüsselbund ist gesperrt</translation>
        </message>
        <message>
            <source>The keyring reports a problem</source>
            <translation>Der Schlüsselbund meldet ein Problem</translation>
        </message>
        <message>
            <source>The keys cannot be kept for this session alone</source>
            <translation>Die Schlüssel lassen sich nicht nur für diese Sitzung behalten</translation>
        </message>
        <message>
            <source>The ledger was asked about records before a destination was opened</source>
            <translation>Das Hauptbuch wurde nach Einträgen gefragt, bevor ein Ziel geöffnet war</translation>
        </message>
        <message>
            <source>The list of records has no end.</source>
            <translation>Die Liste der Datensätze nimmt kein Ende.</translation>
        </message>
        <message>
            <source>The list of tasks is missing in it, or its tasks have no ids.</source>
            <translation>Die Aufgabenliste fehlt darin, oder ihre Aufgaben haben keine IDs.</translation>
        </message>
        <message>
            <source>The list of webhooks cannot be kept</source>
            <translation>Die Liste der Webhooks lässt sich nicht aufbewahren</translation>
        </message>
        <message>
            <source>The list of {0} is missing.</source>
            <translation>Die Liste von {0} fehlt.</translation>
        </message>
        <message>
            <source>The log has the details. It is tried again once a day, and at once when the record changes.</source>
            <translation>Das Protokoll hat die Einzelheiten. Einmal am Tag wird es wieder versucht, und sofort, wenn sich der Eintrag ändert.</translation>
        </message>
        <message>
            <source>The log names them. They are tried again</source>
            <translation>Das Protokoll nennt sie. Sie werden wieder versucht</translation>
        </message>
        <message>
            <source>The name {0} is not known here.</source>
            <translation>Der Name {0} ist hier nicht bekannt.</translation>
        </message>
        <message>
            <source>The names from Teamwork cannot be read</source>
            <translation>Die Namen aus Teamwork lassen sich nicht lesen</translation>
        </message>
        <message>
            <source>The names from Teamwork cannot be stored</source>
            <translation>Die Namen aus Teamwork lassen sich nicht speichern</translation>
        </message>
        <message>
            <source>The others are not concerned. It is tried again.</source>
            <translation>Die anderen sind nicht betroffen. Es wird wieder versucht.</translation>
        </message>
        <message>
            <source>The port for webhooks cannot be used</source>
            <translation>Der Port für Webhooks lässt sich nicht benutzen</translation>
        </message>
        <message>
            <source>The program could not be started</source>
            <translation>Das Programm konnte nicht gestartet werden</translation>
        </message>
        <message>
            <source>The proxy does not let us through</source>
            <translation>Der Proxy lässt uns nicht durch</translation>
        </message>
        <message>
            <source>The public address</source>
            <translation>Die öffentliche Adresse</translation>
        </message>
        <message>
            <source>The public address is not valid</source>
            <translation>Die öffentliche Adresse ist nicht gültig</translation>
        </message>
        <message>
            <source>The queue cannot take more deliveries now</source>
            <translation>Die Warteschlange kann jetzt keine Zustellungen mehr aufnehmen</translation>
        </message>
        <message>
            <source>The queue's folder cannot be used</source>
            <translation>Der Ordner der Warteschlange lässt sich nicht benutzen</translation>
        </message>
        <message>
            <source>The reverse proxy does not reach this program</source>
            <translation>Der Reverse-Proxy erreicht dieses Programm nicht</translation>
        </message>
        <message>
            <source>The role may not use the database</source>
            <translation>Die Rolle darf die Datenbank nicht benutzen</translation>
        </message>
        <message>
            <source>The role may not {0}</source>
            <translation>Die Rolle darf nicht {0}</translation>
        </message>
        <message>
            <source>The role {0} lacks {1}.</source>
            <translation>Der Rolle {0} fehlt {1}.</translation>
        </message>
        <message>
            <source>The schema {0} was not made by the demo.</source>
            <translation>Das Schema {0} wurde nicht von der Demo angelegt.</translation>
        </message>
        <message>
            <source>The settings could not be read</source>
            <translation>Die Einstellungen ließen sich nicht lesen</translation>
        </message>
        <message>
            <source>The tables were made by a newer Tray Connector</source>
            <translation>Die Tabellen wurden von einem neueren Tray Connector angelegt</translation>
        </message>
        <message>
            <source>The team {0} of MISSIVE_TEAMS is not among them</source>
            <translation>Das Team {0} aus MISSIVE_TEAMS ist nicht darunter</translation>
        </message>
        <message>
            <source>The token does not show this base</source>
            <translation>Das Token zeigt diese Base nicht</translation>
        </message>
        <message>
            <source>The token may not do this in Airtable</source>
            <translation>Das Token darf dies in Airtable nicht</translation>
        </message>
        <message>
            <source>The tunnel could not be opened</source>
            <translation>Der Tunnel ließ sich nicht öffnen</translation>
        </message>
        <message>
            <source>The tunnel does not reach this program</source>
            <translation>Der Tunnel erreicht dieses Programm nicht</translation>
        </message>
        <message>
            <source>The tunnel is not connected</source>
            <translation>Der Tunnel ist nicht verbunden</translation>
        </message>
        <message>
            <source>The tunnel's folder cannot be written</source>
            <translation>Der Ordner des Tunnels lässt sich nicht beschreiben</translation>
        </message>
        <message>
            <source>The work on {0} broke off.</source>
            <translation>Die Arbeit an {0} brach ab.</translation>
        </message>
        <message>
            <source>There is another {0}</source>
            <translation>Es gibt ein weiteres {0}</translation>
        </message>
        <message>
            <source>There is no {0} at this address</source>
            <translation>Unter dieser Adresse gibt es kein {0}</translation>
        </message>
        <message>
            <source>They are made when it runs.</source>
            <translation>Sie entstehen, wenn es läuft.</translation>
        </message>
        <message>
            <source>They are read again, and everything is written into the new one.</source>
            <translation>Sie werden noch einmal gelesen, und alles wird in die neue geschrieben.</translation>
        </message>
        <message>
            <source>They have version {0}, this program knows {1}.</source>
            <translation>Sie haben Version {0}, dieses Programm kennt {1}.</translation>
        </message>
        <message>
            <source>This agent knows no endpoints yet.</source>
            <translation>Dieser Agent kennt noch keine Endpunkte.</translation>
        </message>
        <message>
            <source>This computer has no keyring that keeps it.</source>
            <translation>Dieser Rechner hat keinen Schlüsselbund, der ihn aufbewahrt.</translation>
        </message>
        <message>
            <source>This file holds no label categories</source>
            <translation>Diese Datei enthält keine Label-Kategorien</translation>
        </message>
        <message>
            <source>This file is not a database</source>
            <translation>Diese Datei ist keine Datenbank</translation>
        </message>
        <message>
            <source>This month's Airtable calls are used up</source>
            <translation>Die Airtable-Aufrufe dieses Monats sind aufgebraucht</translation>
        </message>
        <message>
            <source>This page is not installed</source>
            <translation>Diese Seite ist nicht installiert</translation>
        </message>
        <message>
            <source>This record was asked for and left without an answer.</source>
            <translation>Nach diesem Eintrag wurde gefragt, und es kam keine Antwort.</translation>
        </message>
        <message>
            <source>Time zone for display and for Airtable's date columns.</source>
            <translation>Zeitzone für die Anzeige und für Airtables Datumsspalten.</translation>
        </message>
        <message>
            <source>Try again when it has ended.</source>
            <translation>Versuchen Sie es wieder, wenn er beendet ist.</translation>
        </message>
        <message>
            <source>Unlock it; we try again every minute.</source>
            <translation>Entsperren Sie ihn; wir versuchen es jede Minute wieder.</translation>
        </message>
        <message>
            <source>Update Tray Connector on this computer, or choose another schema in PG_SCHEMA.</source>
            <translation>Aktualisieren Sie Tray Connector auf diesem Rechner, oder wählen Sie ein anderes Schema in PG_SCHEMA.</translation>
        </message>
        <message>
            <source>Use a key that has this right.</source>
            <translation>Nehmen Sie einen Schlüssel, der dieses Recht hat.</translation>
        </message>
        <message>
            <source>Use another network, or give the address of a reverse proxy of your own in PUBLIC_URL. Until then we poll more often.</source>
            <translation>Nehmen Sie ein anderes Netz, oder geben Sie in PUBLIC_URL die Adresse eines eigenen Reverse-Proxys an. Bis dahin fragen wir häufiger ab.</translation>
        </message>
        <message>
            <source>Use the key of a person who may see the projects in Teamwork, best an administrator's.</source>
            <translation>Nehmen Sie den Schlüssel von jemandem, der die Projekte in Teamwork sehen darf, am besten den eines Administrators.</translation>
        </message>
        <message>
            <source>Use the key of a person who may see these mailboxes in Missive.</source>
            <translation>Nehmen Sie den Schlüssel von jemandem, der diese Postfächer in Missive sehen darf.</translation>
        </message>
        <message>
            <source>We connect to {0} again. Nothing is lost; changes wait here.</source>
            <translation>Wir verbinden uns wieder mit {0}. Nichts geht verloren; Änderungen warten hier.</translation>
        </message>
        <message>
            <source>We make it again and fill it.</source>
            <translation>Wir legen sie wieder an und füllen sie.</translation>
        </message>
        <message>
            <source>We make it again in {0} and fill it.</source>
            <translation>Wir legen sie in {0} wieder an und füllen sie.</translation>
        </message>
        <message>
            <source>We open {0} anew and fill it.</source>
            <translation>Wir öffnen {0} neu und füllen sie.</translation>
        </message>
        <message>
            <source>We try again. Nothing is lost; changes wait here.</source>
            <translation>Wir versuchen es wieder. Nichts geht verloren; Änderungen warten hier.</translation>
        </message>
        <message>
            <source>We try again. When it stays, look at the load of the server and at triggers on our tables.</source>
            <translation>Wir versuchen es wieder. Bleibt es so, sehen Sie nach der Last des Servers und nach Triggern auf unseren Tabellen.</translation>
        </message>
        <message>
            <source>Where tasks and e-mails are stored.</source>
            <translation>Wo Aufgaben und E-Mails gespeichert werden.</translation>
        </message>
        <message>
            <source>Windows keeps at most {0} characters.</source>
            <translation>Windows bewahrt höchstens {0} Zeichen auf.</translation>
        </message>
        <message>
            <source>Write postgresql://role:password@host:5432/database, and in the password %40 for @, %2F for /, %3A for : and %25 for %.</source>
            <translation>Schreiben Sie postgresql://rolle:passwort@rechner:5432/datenbank, und im Passwort %40 für @, %2F für /, %3A für : und %25 für %.</translation>
        </message>
        <message>
            <source>You see {0} tasks in {1} projects</source>
            <translation>Sie sehen {0} Aufgaben in {1} Projekten</translation>
        </message>
    </context>
    <context>
        <name>ExportBar</name>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Cancel the export</source>
            <translation>Export abbrechen</translation>
        </message>
        <message>
            <source>E&amp;xport as CSV…</source>
            <translation>Als &amp;CSV exportieren…</translation>
        </message>
        <message>
            <source>E-mails</source>
            <translation>E-Mails</translation>
        </message>
        <message>
            <source>Export as CSV</source>
            <translation>Als CSV exportieren</translation>
        </message>
        <message>
            <source>Progress of the export</source>
            <translation>Fortschritt des Exports</translation>
        </message>
        <message>
            <source>Show the folder</source>
            <translation>Ordner zeigen</translation>
        </message>
        <message>
            <source>Tasks</source>
            <translation>Aufgaben</translation>
        </message>
        <message>
            <source>{count} exported to {path}. Cells that begin with = + - or @ have an apostrophe in front: no spreadsheet takes them for formulas.</source>
            <translation>{count} exportiert nach {path}. Vor Zellen, die mit = + - oder @ beginnen, steht ein Apostroph: Keine Tabellenkalkulation hält sie für Formeln.</translation>
        </message>
    </context>
    <context>
        <name>FinishPage</name>
        <message numerus="yes">
            <source>%n chosen project(s)</source>
            <translation>
                <numerusform>%n gewähltes Projekt</numerusform>
                <numerusform>%n gewählte Projekte</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n chosen team(s)</source>
            <translation>
                <numerusform>%n gewähltes Team</numerusform>
                <numerusform>%n gewählte Teams</numerusform>
            </translation>
        </message>
        <message>
            <source>Destination</source>
            <translation>Ziel</translation>
        </message>
        <message>
            <source>Keep the keys only until I quit</source>
            <translation>Schlüssel nur behalten, bis ich beende</translation>
        </message>
        <message>
            <source>Label categories</source>
            <translation>Label-Kategorien</translation>
        </message>
        <message>
            <source>PostgreSQL, schema {schema}</source>
            <translation>PostgreSQL, Schema {schema}</translation>
        </message>
        <message>
            <source>Ready</source>
            <translation>Bereit</translation>
        </message>
        <message>
            <source>Speed</source>
            <translation>Tempo</translation>
        </message>
        <message>
            <source>Start syncing</source>
            <translation>Abgleich beginnen</translation>
        </message>
        <message>
            <source>Start when I log in</source>
            <translation>Beim Anmelden starten</translation>
        </message>
        <message>
            <source>This is what you chose. The first sync begins as soon as it is saved.</source>
            <translation>Das haben Sie gewählt. Der erste Abgleich beginnt, sobald es gespeichert ist.</translation>
        </message>
        <message>
            <source>Try again</source>
            <translation>Erneut versuchen</translation>
        </message>
        <message>
            <source>Volume</source>
            <translation>Umfang</translation>
        </message>
        <message>
            <source>Your keys are kept in the keyring of this computer's operating system, nowhere else. You find everything again under Settings.</source>
            <translation>Ihre Schlüssel liegen im Schlüsselbund des Betriebssystems dieses Rechners und nirgends sonst. Alles finden Sie unter Einstellungen wieder.</translation>
        </message>
        <message>
            <source>all projects</source>
            <translation>alle Projekte</translation>
        </message>
        <message>
            <source>all teams</source>
            <translation>alle Teams</translation>
        </message>
        <message>
            <source>from the older connector</source>
            <translation>vom älteren Connector</translation>
        </message>
        <message>
            <source>with private conversations</source>
            <translation>mit privaten Konversationen</translation>
        </message>
        <message>
            <source>within a second, by webhooks</source>
            <translation>innerhalb einer Sekunde, durch Webhooks</translation>
        </message>
        <message>
            <source>within five seconds, by polling</source>
            <translation>innerhalb von fünf Sekunden, durch Abfragen</translation>
        </message>
        <message>
            <source>without private conversations</source>
            <translation>ohne private Konversationen</translation>
        </message>
    </context>
    <context>
        <name>GeneralSettings</name>
        <message>
            <source>An export holds no keys.</source>
            <translation>Ein Export enthält keine Schlüssel.</translation>
        </message>
        <message>
            <source>Colours</source>
            <translation>Farben</translation>
        </message>
        <message>
            <source>Export settings</source>
            <translation>Einstellungen exportieren</translation>
        </message>
        <message>
            <source>Export…</source>
            <translation>Exportieren…</translation>
        </message>
        <message>
            <source>For times that are shown, and for Airtable's date columns.</source>
            <translation>Für gezeigte Zeiten und für Airtables Datumsspalten.</translation>
        </message>
        <message>
            <source>General</source>
            <translation>Allgemein</translation>
        </message>
        <message>
            <source>Import settings or an old .env</source>
            <translation>Einstellungen oder eine alte .env importieren</translation>
        </message>
        <message>
            <source>Import…</source>
            <translation>Importieren…</translation>
        </message>
        <message>
            <source>It was turned off in the settings of your system.</source>
            <translation>In den Einstellungen Ihres Systems wurde es abgeschaltet.</translation>
        </message>
        <message>
            <source>Language</source>
            <translation>Sprache</translation>
        </message>
        <message>
            <source>Log</source>
            <translation>Protokoll</translation>
        </message>
        <message>
            <source>Looks</source>
            <translation>Aussehen</translation>
        </message>
        <message>
            <source>Settings in files</source>
            <translation>Einstellungen in Dateien</translation>
        </message>
        <message>
            <source>Show the data folder</source>
            <translation>Datenordner zeigen</translation>
        </message>
        <message>
            <source>Start</source>
            <translation>Start</translation>
        </message>
        <message>
            <source>Start when I log in</source>
            <translation>Beim Anmelden starten</translation>
        </message>
        <message>
            <source>The entry leads to another place: {place}. It is mended when you save.</source>
            <translation>Der Eintrag führt an einen anderen Ort: {place}. Er wird beim Speichern berichtigt.</translation>
        </message>
        <message>
            <source>as the system</source>
            <translation>wie das System</translation>
        </message>
        <message>
            <source>dark</source>
            <translation>dunkel</translation>
        </message>
        <message>
            <source>light</source>
            <translation>hell</translation>
        </message>
    </context>
    <context>
        <name>HeadlineBar</name>
        <message>
            <source>&amp;Pause</source>
            <translation>&amp;Pause</translation>
        </message>
        <message>
            <source>&amp;Resume</source>
            <translation>&amp;Fortsetzen</translation>
        </message>
        <message>
            <source>&amp;Sync now</source>
            <translation>&amp;Jetzt abgleichen</translation>
        </message>
        <message>
            <source>1 hour</source>
            <translation>1 Stunde</translation>
        </message>
        <message>
            <source>30 minutes</source>
            <translation>30 Minuten</translation>
        </message>
        <message>
            <source>Next check {when}</source>
            <translation>Nächste Prüfung {when}</translation>
        </message>
        <message>
            <source>Until I resume</source>
            <translation>Bis ich fortsetze</translation>
        </message>
        <message>
            <source>Until tomorrow</source>
            <translation>Bis morgen</translation>
        </message>
        <message>
            <source>this network is paid for by volume</source>
            <translation>dieses Netz wird nach Volumen bezahlt</translation>
        </message>
        <message>
            <source>webhooks are working</source>
            <translation>Webhooks arbeiten</translation>
        </message>
    </context>
    <context>
        <name>HelpWindow</name>
        <message>
            <source>Help</source>
            <translation>Hilfe</translation>
        </message>
    </context>
    <context>
        <name>ImportPanel</name>
        <message>
            <source>All files</source>
            <translation>Alle Dateien</translation>
        </message>
        <message>
            <source>Choose a file of the older connector</source>
            <translation>Eine Datei des älteren Connectors wählen</translation>
        </message>
        <message>
            <source>Choose a file…</source>
            <translation>Datei wählen…</translation>
        </message>
        <message>
            <source>Did you use the older connector? Drop its .env or label_categories.json here.</source>
            <translation>Sie hatten den älteren Connector? Ziehen Sie seine .env oder label_categories.json hierher.</translation>
        </message>
        <message>
            <source>Files of the older connector</source>
            <translation>Dateien des älteren Connectors</translation>
        </message>
        <message>
            <source>Label categories recognised.</source>
            <translation>Label-Kategorien erkannt.</translation>
        </message>
        <message>
            <source>Not needed here: {names}.</source>
            <translation>Hier nicht nötig: {names}.</translation>
        </message>
        <message>
            <source>Recognised in {file}: {settings}.</source>
            <translation>In {file} erkannt: {settings}.</translation>
        </message>
        <message>
            <source>The keys go into the keyring at the end; then you can delete the file.</source>
            <translation>Die Schlüssel kommen am Ende in den Schlüsselbund; danach können Sie die Datei löschen.</translation>
        </message>
    </context>
    <context>
        <name>LabelView</name>
        <message>
            <source>&amp;Labels in use</source>
            <translation>&amp;Verwendete Labels</translation>
        </message>
        <message>
            <source>Add as &amp;pattern</source>
            <translation>Als &amp;Muster hinzufügen</translation>
        </message>
        <message>
            <source>All labels</source>
            <translation>Alle Labels</translation>
        </message>
        <message>
            <source>In no category</source>
            <translation>In keiner Kategorie</translation>
        </message>
        <message>
            <source>In no category: {none} · in several: {several}</source>
            <translation>In keiner Kategorie: {none} · in mehreren: {several}</translation>
        </message>
        <message>
            <source>In several categories</source>
            <translation>In mehreren Kategorien</translation>
        </message>
        <message>
            <source>In “{name}”</source>
            <translation>In „{name}“</translation>
        </message>
        <message>
            <source>Labels in use</source>
            <translation>Verwendete Labels</translation>
        </message>
        <message>
            <source>No label answers to this.</source>
            <translation>Kein Label passt dazu.</translation>
        </message>
        <message>
            <source>No labels are stored yet. They appear with the first sync.</source>
            <translation>Es sind noch keine Labels gespeichert. Sie erscheinen mit dem ersten Abgleich.</translation>
        </message>
        <message>
            <source>Search</source>
            <translation>Suchen</translation>
        </message>
        <message>
            <source>Search the labels</source>
            <translation>Labels durchsuchen</translation>
        </message>
        <message>
            <source>Which labels are shown</source>
            <translation>Welche Labels gezeigt werden</translation>
        </message>
    </context>
    <context>
        <name>LiveTest</name>
        <message>
            <source>Stop the test</source>
            <translation>Test anhalten</translation>
        </message>
        <message>
            <source>Test the connection</source>
            <translation>Verbindung testen</translation>
        </message>
        <message>
            <source>Test {what}</source>
            <translation>{what} testen</translation>
        </message>
        <message>
            <source>Testing {what}…</source>
            <translation>{what} wird getestet…</translation>
        </message>
    </context>
    <context>
        <name>Loading</name>
        <message>
            <source>Not read.</source>
            <translation>Nicht gelesen.</translation>
        </message>
        <message>
            <source>Stop</source>
            <translation>Anhalten</translation>
        </message>
        <message>
            <source>Try again</source>
            <translation>Erneut versuchen</translation>
        </message>
    </context>
    <context>
        <name>Log</name>
        <message>
            <source>Detail</source>
            <translation>Einzelheit</translation>
        </message>
        <message>
            <source>Error</source>
            <translation>Fehler</translation>
        </message>
        <message>
            <source>From</source>
            <translation>Von</translation>
        </message>
        <message>
            <source>Information</source>
            <translation>Hinweis</translation>
        </message>
        <message>
            <source>Level</source>
            <translation>Stufe</translation>
        </message>
        <message>
            <source>Message</source>
            <translation>Meldung</translation>
        </message>
        <message>
            <source>Time</source>
            <translation>Zeit</translation>
        </message>
        <message>
            <source>Warning</source>
            <translation>Warnung</translation>
        </message>
    </context>
    <context>
        <name>LogView</name>
        <message>
            <source>&amp;Follow new lines</source>
            <translation>Neuen Zeilen &amp;folgen</translation>
        </message>
        <message>
            <source>Choose a line to see all of it.</source>
            <translation>Wählen Sie eine Zeile, um sie ganz zu sehen.</translation>
        </message>
        <message>
            <source>Chosen line</source>
            <translation>Gewählte Zeile</translation>
        </message>
        <message>
            <source>Errors only</source>
            <translation>Nur Fehler</translation>
        </message>
        <message>
            <source>Everything</source>
            <translation>Alles</translation>
        </message>
        <message>
            <source>Log</source>
            <translation>Protokoll</translation>
        </message>
        <message>
            <source>No line has that in it.</source>
            <translation>In keiner Zeile kommt das vor.</translation>
        </message>
        <message>
            <source>Nothing of this kind was logged.</source>
            <translation>Davon wurde nichts protokolliert.</translation>
        </message>
        <message>
            <source>Open &amp;folder</source>
            <translation>&amp;Ordner öffnen</translation>
        </message>
        <message>
            <source>Warnings and errors</source>
            <translation>Warnungen und Fehler</translation>
        </message>
        <message>
            <source>Which lines</source>
            <translation>Welche Zeilen</translation>
        </message>
        <message>
            <source>Without details</source>
            <translation>Ohne Einzelheiten</translation>
        </message>
    </context>
    <context>
        <name>LogWindow</name>
        <message>
            <source>Export &amp;diagnostics…</source>
            <translation>&amp;Diagnose exportieren…</translation>
        </message>
        <message>
            <source>Tray Connector: log</source>
            <translation>Tray Connector: Protokoll</translation>
        </message>
    </context>
    <context>
        <name>Mark</name>
        <message>
            <source>in order</source>
            <translation>in Ordnung</translation>
        </message>
        <message>
            <source>in progress</source>
            <translation>läuft</translation>
        </message>
        <message>
            <source>needs a look</source>
            <translation>braucht einen Blick</translation>
        </message>
        <message>
            <source>wrong</source>
            <translation>falsch</translation>
        </message>
    </context>
    <context>
        <name>MissivePage</name>
        <message>
            <source>API token of a Missive user</source>
            <translation>API-Token eines Missive-Benutzers</translation>
        </message>
        <message>
            <source>In Missive, open Settings › API and create a token. It sees what its owner sees; the next pages ask what of it is taken.</source>
            <translation>Öffnen Sie in Missive Settings › API und legen Sie ein Token an. Es sieht, was sein Besitzer sieht; die nächsten Seiten fragen, was davon übernommen wird.</translation>
        </message>
        <message>
            <source>Open Missive's settings</source>
            <translation>Missives Einstellungen öffnen</translation>
        </message>
        <message>
            <source>With whose eyes may your e-mail be read?</source>
            <translation>Mit wessen Augen darf Ihre E-Mail gelesen werden?</translation>
        </message>
    </context>
    <context>
        <name>NoTray</name>
        <message>
            <source>Keep syncing</source>
            <translation>Weiter abgleichen</translation>
        </message>
        <message>
            <source>Keep syncing in the background?</source>
            <translation>Im Hintergrund weiter abgleichen?</translation>
        </message>
        <message>
            <source>Quit</source>
            <translation>Beenden</translation>
        </message>
        <message>
            <source>There is no tray icon on this desktop. To see the window again, start Tray Connector.</source>
            <translation>Auf diesem Desktop gibt es kein Symbol im Infobereich. Um das Fenster wieder zu sehen, starten Sie Tray Connector.</translation>
        </message>
        <message>
            <source>This desktop shows no tray icons</source>
            <translation>Dieser Desktop zeigt keine Symbole im Infobereich</translation>
        </message>
        <message>
            <source>Tray Connector works all the same, in the background. Start it again to see its window.

On GNOME, the extension “AppIndicator and KStatusNotifierItem Support” brings the icon.</source>
            <translation>Tray Connector arbeitet trotzdem, im Hintergrund. Starten Sie ihn noch einmal, um sein Fenster zu sehen.

Unter GNOME bringt die Erweiterung „AppIndicator and KStatusNotifierItem Support“ das Symbol.</translation>
        </message>
    </context>
    <context>
        <name>Notices</name>
        <message numerus="yes">
            <source>%n record(s) need a look</source>
            <translation>
                <numerusform>%n Eintrag braucht einen Blick</numerusform>
                <numerusform>%n Einträge brauchen einen Blick</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n record(s) vanished at once</source>
            <translation>
                <numerusform>%n Eintrag ist auf einmal verschwunden</numerusform>
                <numerusform>%n Einträge sind auf einmal verschwunden</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n stored record(s) have categories from an earlier list</source>
            <translation>
                <numerusform>%n gespeicherter Eintrag hat Kategorien aus einer früheren Liste</numerusform>
                <numerusform>%n gespeicherte Einträge haben Kategorien aus einer früheren Liste</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n thing(s) need a look</source>
            <translation>
                <numerusform>%n Sache braucht einen Blick</numerusform>
                <numerusform>%n Dinge brauchen einen Blick</numerusform>
            </translation>
        </message>
        <message>
            <source>Everything else goes on. The queue shows the reasons.</source>
            <translation>Alles andere geht weiter. Die Warteschlange zeigt die Gründe.</translation>
        </message>
        <message>
            <source>Label categories can bring them up to date.</source>
            <translation>Unter Label-Kategorien lassen sie sich auf den neuen Stand bringen.</translation>
        </message>
        <message>
            <source>Label categories…</source>
            <translation>Label-Kategorien…</translation>
        </message>
        <message>
            <source>Nothing could be checked for a while</source>
            <translation>Seit einer Weile konnte nichts geprüft werden</translation>
        </message>
        <message>
            <source>Nothing of that was flagged as deleted. It waits for your word.</source>
            <translation>Nichts davon wurde als gelöscht markiert. Es wartet auf Ihr Wort.</translation>
        </message>
        <message>
            <source>Stopped: {reason}</source>
            <translation>Angehalten: {reason}</translation>
        </message>
        <message>
            <source>The status window shows since when.</source>
            <translation>Das Statusfenster zeigt, seit wann.</translation>
        </message>
    </context>
    <context>
        <name>NotificationSettings</name>
        <message>
            <source>Notifications</source>
            <translation>Benachrichtigungen</translation>
        </message>
        <message>
            <source>Tell me when</source>
            <translation>Sagen Sie mir, wenn</translation>
        </message>
        <message>
            <source>There are none for success, and none for being offline: that mends itself.</source>
            <translation>Für Erfolge gibt es keine, und fürs Offline-Sein auch nicht: Das gibt sich von selbst.</translation>
        </message>
        <message>
            <source>records need a look</source>
            <translation>Einträge einen Blick brauchen</translation>
        </message>
        <message>
            <source>syncing has stopped and needs me, such as for a new key</source>
            <translation>der Abgleich angehalten hat und mich braucht, etwa für einen neuen Schlüssel</translation>
        </message>
    </context>
    <context>
        <name>PreviewPage</name>
        <message>
            <source>(no title)</source>
            <translation>(ohne Titel)</translation>
        </message>
        <message>
            <source>Column</source>
            <translation>Spalte</translation>
        </message>
        <message>
            <source>Columns as in {place}. Empty columns are not shown.</source>
            <translation>Spalten wie in {place}. Leere Spalten werden nicht gezeigt.</translation>
        </message>
        <message>
            <source>Columns of the record</source>
            <translation>Spalten des Eintrags</translation>
        </message>
        <message>
            <source>Continue without a preview</source>
            <translation>Ohne Vorschau weiter</translation>
        </message>
        <message>
            <source>E-mail</source>
            <translation>E-Mail</translation>
        </message>
        <message>
            <source>Next</source>
            <translation>Weiter</translation>
        </message>
        <message>
            <source>Preview</source>
            <translation>Vorschau</translation>
        </message>
        <message>
            <source>Reading a few of your newest tasks and e-mails…</source>
            <translation>Einige Ihrer neuesten Aufgaben und E-Mails werden gelesen…</translation>
        </message>
        <message>
            <source>Records</source>
            <translation>Einträge</translation>
        </message>
        <message>
            <source>Records of yours as they will be stored. Nothing has been written yet.</source>
            <translation>Ihre Einträge, wie sie gespeichert werden. Noch ist nichts geschrieben.</translation>
        </message>
        <message>
            <source>Task</source>
            <translation>Aufgabe</translation>
        </message>
        <message>
            <source>There is nothing to show: no task and no e-mail fits your choices.</source>
            <translation>Es gibt nichts zu zeigen: Keine Aufgabe und keine E-Mail passt zu Ihrer Auswahl.</translation>
        </message>
        <message>
            <source>Value</source>
            <translation>Wert</translation>
        </message>
    </context>
    <context>
        <name>QPlatformTheme</name>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
    </context>
    <context>
        <name>Queue</name>
        <message numerus="yes">
            <source>%n attempt(s)</source>
            <translation>
                <numerusform>%n Versuch</numerusform>
                <numerusform>%n Versuche</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n conversation(s) in Missive</source>
            <translation>
                <numerusform>%n Konversation in Missive</numerusform>
                <numerusform>%n Konversationen in Missive</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n of them failed before</source>
            <translation>
                <numerusform>%n davon ist schon gescheitert</numerusform>
                <numerusform>%n davon sind schon gescheitert</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n record(s) waiting</source>
            <translation>
                <numerusform>%n Eintrag wartet</numerusform>
                <numerusform>%n Einträge warten</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n task(s) in Teamwork</source>
            <translation>
                <numerusform>%n Aufgabe in Teamwork</numerusform>
                <numerusform>%n Aufgaben in Teamwork</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Discard %n event(s)?</source>
            <translation>
                <numerusform>%n Ereignis verwerfen?</numerusform>
                <numerusform>%n Ereignisse verwerfen?</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Flag %n record(s) as deleted?</source>
            <translation>
                <numerusform>%n Eintrag als gelöscht markieren?</numerusform>
                <numerusform>%n Einträge als gelöscht markieren?</numerusform>
            </translation>
        </message>
        <message>
            <source>Next try: {time}</source>
            <translation>Nächster Versuch: {time}</translation>
        </message>
        <message>
            <source>Not tried yet.</source>
            <translation>Noch nicht versucht.</translation>
        </message>
        <message>
            <source>Nothing is waiting.</source>
            <translation>Nichts wartet.</translation>
        </message>
        <message>
            <source>The e-mails stay in Missive and come again when something changes.</source>
            <translation>Die E-Mails bleiben in Missive und kommen wieder, wenn sich etwas ändert.</translation>
        </message>
        <message>
            <source>The task stays in Teamwork and comes again when it changes.</source>
            <translation>Die Aufgabe bleibt in Teamwork und kommt wieder, wenn sie sich ändert.</translation>
        </message>
        <message>
            <source>They can no longer be found there. Their rows stay in your database, marked as deleted; whatever comes back is marked as present again. If you did not expect this, look there first.</source>
            <translation>Dort sind sie nicht mehr zu finden. Ihre Zeilen bleiben in Ihrer Datenbank, als gelöscht markiert; was wiederkommt, wird wieder als vorhanden markiert. Wenn Sie das nicht erwartet haben, sehen Sie erst dort nach.</translation>
        </message>
        <message>
            <source>Waiting since {time}</source>
            <translation>Wartet seit {time}</translation>
        </message>
        <message>
            <source>What they stand for stays in Teamwork and Missive, and comes again when it changes there.</source>
            <translation>Wofür sie stehen, bleibt in Teamwork und Missive und kommt wieder, wenn es sich dort ändert.</translation>
        </message>
    </context>
    <context>
        <name>QueueView</name>
        <message numerus="yes">
            <source>%n event(s) chosen.</source>
            <translation>
                <numerusform>%n Ereignis gewählt.</numerusform>
                <numerusform>%n Ereignisse gewählt.</numerusform>
            </translation>
        </message>
        <message>
            <source>&amp;Copy details</source>
            <translation>Angaben &amp;kopieren</translation>
        </message>
        <message>
            <source>&amp;Discard…</source>
            <translation>Ver&amp;werfen…</translation>
        </message>
        <message>
            <source>&amp;Open</source>
            <translation>&amp;Öffnen</translation>
        </message>
        <message>
            <source>&amp;Open in {source}</source>
            <translation>In {source} &amp;öffnen</translation>
        </message>
        <message>
            <source>&amp;Try now</source>
            <translation>Jetzt &amp;versuchen</translation>
        </message>
        <message>
            <source>Choose a row to see the whole reason.</source>
            <translation>Wählen Sie eine Zeile, um den ganzen Grund zu sehen.</translation>
        </message>
        <message>
            <source>Discard</source>
            <translation>Verwerfen</translation>
        </message>
        <message>
            <source>Discard all…</source>
            <translation>Alle verwerfen…</translation>
        </message>
        <message>
            <source>Nothing is waiting.</source>
            <translation>Nichts wartet.</translation>
        </message>
        <message>
            <source>Queue</source>
            <translation>Warteschlange</translation>
        </message>
        <message>
            <source>Reason of the chosen event</source>
            <translation>Grund des gewählten Ereignisses</translation>
        </message>
        <message>
            <source>Try &amp;all now</source>
            <translation>Jetzt &amp;alle versuchen</translation>
        </message>
    </context>
    <context>
        <name>Refused</name>
        <message>
            <source>does not begin with https://</source>
            <translation>beginnt nicht mit https://</translation>
        </message>
        <message>
            <source>has a user name or password inside</source>
            <translation>enthält einen Benutzernamen oder ein Passwort</translation>
        </message>
        <message>
            <source>has no https:// in front</source>
            <translation>hat kein https:// davor</translation>
        </message>
        <message>
            <source>has something behind the path</source>
            <translation>hat etwas hinter dem Pfad</translation>
        </message>
        <message>
            <source>holds a character that no key has, such as a space or a line break</source>
            <translation>enthält ein Zeichen, das kein Schlüssel hat, etwa ein Leerzeichen oder einen Zeilenumbruch</translation>
        </message>
        <message>
            <source>holds a line break or a control character</source>
            <translation>enthält einen Zeilenumbruch oder ein Steuerzeichen</translation>
        </message>
        <message>
            <source>is neither yes nor no</source>
            <translation>ist weder ja noch nein</translation>
        </message>
        <message>
            <source>is no address</source>
            <translation>ist keine Adresse</translation>
        </message>
        <message>
            <source>is no day of the calendar</source>
            <translation>ist kein Tag des Kalenders</translation>
        </message>
        <message>
            <source>is no time zone</source>
            <translation>ist keine Zeitzone</translation>
        </message>
        <message>
            <source>is none of these words</source>
            <translation>ist keines dieser Wörter</translation>
        </message>
        <message>
            <source>is not a date</source>
            <translation>ist kein Datum</translation>
        </message>
        <message>
            <source>is not a number</source>
            <translation>ist keine Zahl</translation>
        </message>
        <message>
            <source>is not a whole number</source>
            <translation>ist keine ganze Zahl</translation>
        </message>
        <message>
            <source>is not encrypted</source>
            <translation>ist nicht verschlüsselt</translation>
        </message>
        <message>
            <source>is too far away</source>
            <translation>liegt zu weit entfernt</translation>
        </message>
        <message>
            <source>is too large</source>
            <translation>ist zu groß</translation>
        </message>
        <message>
            <source>is too long</source>
            <translation>ist zu lang</translation>
        </message>
        <message>
            <source>is too small</source>
            <translation>ist zu klein</translation>
        </message>
        <message>
            <source>names a home folder that is not known</source>
            <translation>nennt einen Benutzerordner, der nicht bekannt ist</translation>
        </message>
        <message>
            <source>{name} is one</source>
            <translation>{name} ist einer</translation>
        </message>
    </context>
    <context>
        <name>Rule</name>
        <message>
            <source>5 when polling only, 60 with webhooks</source>
            <translation>5 beim Abfragen allein, 60 mit Webhooks</translation>
        </message>
        <message>
            <source>all</source>
            <translation>alle</translation>
        </message>
        <message>
            <source>data/attachments below the home</source>
            <translation>data/attachments im Datenordner</translation>
        </message>
        <message>
            <source>data/connector.db below the home</source>
            <translation>data/connector.db im Datenordner</translation>
        </message>
    </context>
    <context>
        <name>ScopePage</name>
        <message numerus="yes">
            <source>%n private conversation(s)</source>
            <translation>
                <numerusform>%n private Konversation</numerusform>
                <numerusform>%n private Konversationen</numerusform>
            </translation>
        </message>
        <message>
            <source>A first sync finds more than {count}. Everybody who may open the database can read them.</source>
            <translation>Ein erster Abgleich findet mehr als {count}. Wer die Datenbank öffnen darf, kann sie lesen.</translation>
        </message>
        <message>
            <source>A first sync finds {count}. Everybody who may open the database can read them.</source>
            <translation>Ein erster Abgleich findet {count}. Wer die Datenbank öffnen darf, kann sie lesen.</translation>
        </message>
        <message>
            <source>All projects, new ones too</source>
            <translation>Alle Projekte, auch neue</translation>
        </message>
        <message>
            <source>All teams, new ones too</source>
            <translation>Alle Teams, auch neue</translation>
        </message>
        <message>
            <source>Leave private conversations out</source>
            <translation>Private Konversationen auslassen</translation>
        </message>
        <message>
            <source>Missive</source>
            <translation>Missive</translation>
        </message>
        <message>
            <source>Next</source>
            <translation>Weiter</translation>
        </message>
        <message>
            <source>Only some projects</source>
            <translation>Nur einige Projekte</translation>
        </message>
        <message>
            <source>Only some teams</source>
            <translation>Nur einige Teams</translation>
        </message>
        <message>
            <source>Only what belongs to an organisation or a team is stored.</source>
            <translation>Nur was zu einer Organisation oder einem Team gehört, wird gespeichert.</translation>
        </message>
        <message>
            <source>Private conversations of the token's owner</source>
            <translation>Private Konversationen des Token-Besitzers</translation>
        </message>
        <message>
            <source>Reading projects, teams and the number of conversations…</source>
            <translation>Projekte, Teams und die Zahl der Konversationen werden gelesen…</translation>
        </message>
        <message>
            <source>Store private conversations, too</source>
            <translation>Auch private Konversationen speichern</translation>
        </message>
        <message>
            <source>Teamwork</source>
            <translation>Teamwork</translation>
        </message>
        <message>
            <source>What to sync</source>
            <translation>Was abgeglichen wird</translation>
        </message>
        <message>
            <source>Which of it shall go into your database?</source>
            <translation>Was davon soll in Ihre Datenbank?</translation>
        </message>
    </context>
    <context>
        <name>SearchField</name>
        <message>
            <source>Search</source>
            <translation>Suchen</translation>
        </message>
        <message>
            <source>Search in the list</source>
            <translation>In der Liste suchen</translation>
        </message>
    </context>
    <context>
        <name>Settings</name>
        <message>
            <source>API key</source>
            <translation>API-Schlüssel</translation>
        </message>
        <message>
            <source>API token</source>
            <translation>API-Token</translation>
        </message>
        <message>
            <source>Accepted: {values}.</source>
            <translation>Möglich sind: {values}.</translation>
        </message>
        <message>
            <source>Address of Missive's API</source>
            <translation>Adresse von Missives API</translation>
        </message>
        <message>
            <source>Address of your Teamwork site</source>
            <translation>Adresse Ihrer Teamwork-Seite</translation>
        </message>
        <message>
            <source>Airtable plan of the workspace</source>
            <translation>Airtable-Tarif des Workspace</translation>
        </message>
        <message>
            <source>Ask before flagging more than so many percent as deleted</source>
            <translation>Fragen, bevor mehr als so viele Prozent als gelöscht markiert werden</translation>
        </message>
        <message>
            <source>Check every so many seconds</source>
            <translation>Alle so viele Sekunden prüfen</translation>
        </message>
        <message>
            <source>Collect changes before writing, in seconds</source>
            <translation>Änderungen vor dem Schreiben sammeln, in Sekunden</translation>
        </message>
        <message>
            <source>Compare everything every so many minutes</source>
            <translation>Alle so viele Minuten alles vergleichen</translation>
        </message>
        <message>
            <source>Connection string</source>
            <translation>Verbindungszeichenfolge</translation>
        </message>
        <message>
            <source>File of the database</source>
            <translation>Datei der Datenbank</translation>
        </message>
        <message>
            <source>First sync: completed tasks too</source>
            <translation>Erster Abgleich: auch erledigte Aufgaben</translation>
        </message>
        <message>
            <source>First sync: conversations of the last days</source>
            <translation>Erster Abgleich: Konversationen der letzten Tage</translation>
        </message>
        <message>
            <source>Folder for the files</source>
            <translation>Ordner für die Dateien</translation>
        </message>
        <message>
            <source>Given by the environment variable {name}; it is changed there.</source>
            <translation>Von der Umgebungsvariablen {name} vorgegeben; dort wird er geändert.</translation>
        </message>
        <message>
            <source>Given by the file .env as {name}; it is changed there.</source>
            <translation>Von der Datei .env als {name} vorgegeben; dort wird er geändert.</translation>
        </message>
        <message>
            <source>How much the log holds</source>
            <translation>Wie viel das Protokoll enthält</translation>
        </message>
        <message>
            <source>Id of the base</source>
            <translation>Kennung der Base</translation>
        </message>
        <message>
            <source>Kept in the keyring. Type a new one to replace it.</source>
            <translation>Im Schlüsselbund aufbewahrt. Ein neuer ersetzt ihn.</translation>
        </message>
        <message>
            <source>Kept until the program ends.</source>
            <translation>Bis zum Ende des Programms behalten.</translation>
        </message>
        <message>
            <source>Largest file, in MB</source>
            <translation>Größte Datei, in MB</translation>
        </message>
        <message>
            <source>Leave out e-mails delivered before</source>
            <translation>E-Mails auslassen, die zugestellt wurden vor dem</translation>
        </message>
        <message>
            <source>Leave out tasks created before</source>
            <translation>Aufgaben auslassen, die angelegt wurden vor dem</translation>
        </message>
        <message>
            <source>Missive teams, as ids</source>
            <translation>Missive-Teams, als Kennungen</translation>
        </message>
        <message>
            <source>Personal access token</source>
            <translation>Persönliches Zugriffstoken</translation>
        </message>
        <message>
            <source>Polling only, no webhooks</source>
            <translation>Nur abfragen, keine Webhooks</translation>
        </message>
        <message>
            <source>Port on this computer</source>
            <translation>Port auf diesem Rechner</translation>
        </message>
        <message>
            <source>Private conversations</source>
            <translation>Private Konversationen</translation>
        </message>
        <message>
            <source>Public address of your reverse proxy</source>
            <translation>Öffentliche Adresse Ihres Reverse-Proxys</translation>
        </message>
        <message>
            <source>Schema</source>
            <translation>Schema</translation>
        </message>
        <message>
            <source>Store the files of e-mails</source>
            <translation>Dateien der E-Mails speichern</translation>
        </message>
        <message>
            <source>Table for e-mails</source>
            <translation>Tabelle für E-Mails</translation>
        </message>
        <message>
            <source>Table for tasks</source>
            <translation>Tabelle für Aufgaben</translation>
        </message>
        <message>
            <source>Teamwork projects, as ids</source>
            <translation>Teamwork-Projekte, als Kennungen</translation>
        </message>
        <message>
            <source>The value {reason}.</source>
            <translation>Der Wert {reason}.</translation>
        </message>
        <message>
            <source>Time zone</source>
            <translation>Zeitzone</translation>
        </message>
        <message>
            <source>Validation secret of Missive rules made by hand</source>
            <translation>Prüfgeheimnis der von Hand angelegten Missive-Regeln</translation>
        </message>
        <message>
            <source>Where tasks and e-mails are stored</source>
            <translation>Wo Aufgaben und E-Mails gespeichert werden</translation>
        </message>
        <message>
            <source>ngrok authtoken</source>
            <translation>Authtoken von ngrok</translation>
        </message>
    </context>
    <context>
        <name>SettingsWindow</name>
        <message numerus="yes">
            <source>%n setting(s) written to {file}. No key is in it.</source>
            <translation>
                <numerusform>%n Einstellung nach {file} geschrieben. Es ist kein Schlüssel darin.</numerusform>
                <numerusform>%n Einstellungen nach {file} geschrieben. Es ist kein Schlüssel darin.</numerusform>
            </translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Keep the keys only until I quit</source>
            <translation>Schlüssel nur behalten, bis ich beende</translation>
        </message>
        <message>
            <source>Pages</source>
            <translation>Seiten</translation>
        </message>
        <message>
            <source>Save</source>
            <translation>Speichern</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>Einstellungen</translation>
        </message>
        <message>
            <source>Syncing begins anew with the changes when you save.</source>
            <translation>Beim Speichern beginnt der Abgleich mit den Änderungen neu.</translation>
        </message>
        <message>
            <source>Taken from {file}.</source>
            <translation>Aus {file} übernommen.</translation>
        </message>
    </context>
    <context>
        <name>Setup</name>
        <message>
            <source>All files</source>
            <translation>Alle Dateien</translation>
        </message>
        <message>
            <source>Export settings</source>
            <translation>Einstellungen exportieren</translation>
        </message>
        <message>
            <source>Forget all keys?</source>
            <translation>Alle Schlüssel vergessen?</translation>
        </message>
        <message>
            <source>Forget keys</source>
            <translation>Schlüssel vergessen</translation>
        </message>
        <message>
            <source>Import settings</source>
            <translation>Einstellungen importieren</translation>
        </message>
        <message>
            <source>Leave</source>
            <translation>Verlassen</translation>
        </message>
        <message>
            <source>Leave the setup?</source>
            <translation>Einrichtung verlassen?</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>Einstellungen</translation>
        </message>
        <message>
            <source>Settings, .env, label categories</source>
            <translation>Einstellungen, .env, Label-Kategorien</translation>
        </message>
        <message>
            <source>Stay</source>
            <translation>Bleiben</translation>
        </message>
        <message>
            <source>The changes are not saved.</source>
            <translation>Die Änderungen sind nicht gespeichert.</translation>
        </message>
        <message>
            <source>They are taken out of this computer's keyring, and syncing stops until you enter new ones. Your database and all settings stay. The keys themselves stay valid at the services.</source>
            <translation>Sie werden aus dem Schlüsselbund dieses Rechners genommen, und der Abgleich hält an, bis Sie neue eingeben. Ihre Datenbank und alle Einstellungen bleiben. Bei den Diensten bleiben die Schlüssel gültig.</translation>
        </message>
        <message>
            <source>What you typed is not saved. Everything saved before stays.</source>
            <translation>Was Sie eingegeben haben, ist nicht gespeichert. Alles früher Gespeicherte bleibt.</translation>
        </message>
    </context>
    <context>
        <name>SetupAssistant</name>
        <message>
            <source>Back</source>
            <translation>Zurück</translation>
        </message>
        <message>
            <source>Finish later</source>
            <translation>Später fertigstellen</translation>
        </message>
        <message>
            <source>Set up Tray Connector</source>
            <translation>Tray Connector einrichten</translation>
        </message>
    </context>
    <context>
        <name>Status</name>
        <message numerus="yes">
            <source>%n attachment(s) are being stored</source>
            <translation>
                <numerusform>%n Anhang wird gespeichert</numerusform>
                <numerusform>%n Anhänge werden gespeichert</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n attachment(s) are not stored</source>
            <translation>
                <numerusform>%n Anhang ist nicht gespeichert</numerusform>
                <numerusform>%n Anhänge sind nicht gespeichert</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n attachment(s) wait to be stored</source>
            <translation>
                <numerusform>%n Anhang wartet darauf, gespeichert zu werden</numerusform>
                <numerusform>%n Anhänge warten darauf, gespeichert zu werden</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n change(s) are written at {time}</source>
            <translation>
                <numerusform>%n Änderung wird um {time} geschrieben</numerusform>
                <numerusform>%n Änderungen werden um {time} geschrieben</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n day(s) ago</source>
            <translation>
                <numerusform>vor %n Tag</numerusform>
                <numerusform>vor %n Tagen</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n hour(s) ago</source>
            <translation>
                <numerusform>vor %n Stunde</numerusform>
                <numerusform>vor %n Stunden</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n minute(s) ago</source>
            <translation>
                <numerusform>vor %n Minute</numerusform>
                <numerusform>vor %n Minuten</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n record(s) need a look</source>
            <translation>
                <numerusform>%n Eintrag braucht einen Blick</numerusform>
                <numerusform>%n Einträge brauchen einen Blick</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n record(s) wait to be stored</source>
            <translation>
                <numerusform>%n Eintrag wartet darauf, gespeichert zu werden</numerusform>
                <numerusform>%n Einträge warten darauf, gespeichert zu werden</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n second(s) ago</source>
            <translation>
                <numerusform>vor %n Sekunde</numerusform>
                <numerusform>vor %n Sekunden</numerusform>
            </translation>
        </message>
        <message>
            <source>Attempts</source>
            <translation>Versuche</translation>
        </message>
        <message>
            <source>In step</source>
            <translation>Alles aktuell</translation>
        </message>
        <message>
            <source>In step, checked at {time}</source>
            <translation>Alles aktuell, geprüft um {time}</translation>
        </message>
        <message>
            <source>In step, checked {ago}</source>
            <translation>Alles aktuell, geprüft {ago}</translation>
        </message>
        <message>
            <source>Needs a look</source>
            <translation>Braucht einen Blick</translation>
        </message>
        <message>
            <source>Next try</source>
            <translation>Nächster Versuch</translation>
        </message>
        <message>
            <source>Not checked since {time}</source>
            <translation>Seit {time} nicht geprüft</translation>
        </message>
        <message>
            <source>Not checked yet</source>
            <translation>Noch nicht geprüft</translation>
        </message>
        <message>
            <source>Offline</source>
            <translation>Offline</translation>
        </message>
        <message>
            <source>Offline. Continues by itself</source>
            <translation>Offline. Geht von selbst weiter</translation>
        </message>
        <message>
            <source>Paused</source>
            <translation>Pausiert</translation>
        </message>
        <message>
            <source>Paused until you resume</source>
            <translation>Pausiert, bis Sie fortsetzen</translation>
        </message>
        <message>
            <source>Paused until {time}</source>
            <translation>Pausiert bis {time}</translation>
        </message>
        <message>
            <source>Reason</source>
            <translation>Grund</translation>
        </message>
        <message>
            <source>Source</source>
            <translation>Quelle</translation>
        </message>
        <message>
            <source>Starting</source>
            <translation>Startet</translation>
        </message>
        <message>
            <source>Stopped</source>
            <translation>Angehalten</translation>
        </message>
        <message>
            <source>Stopped: {reason}</source>
            <translation>Angehalten: {reason}</translation>
        </message>
        <message>
            <source>Syncing</source>
            <translation>Abgleich läuft</translation>
        </message>
        <message>
            <source>Syncing {done} of {total}</source>
            <translation>Abgleich läuft: {done} von {total}</translation>
        </message>
        <message>
            <source>The log names them. They are tried again.</source>
            <translation>Das Protokoll nennt sie. Sie werden wieder versucht.</translation>
        </message>
        <message>
            <source>The queue in the status window shows why.</source>
            <translation>Die Warteschlange im Statusfenster zeigt, warum.</translation>
        </message>
        <message>
            <source>Waiting since</source>
            <translation>Wartet seit</translation>
        </message>
        <message>
            <source>What</source>
            <translation>Was</translation>
        </message>
        <message numerus="yes">
            <source>about %n hour(s)</source>
            <translation>
                <numerusform>etwa %n Stunde</numerusform>
                <numerusform>etwa %n Stunden</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>about %n minute(s)</source>
            <translation>
                <numerusform>etwa %n Minute</numerusform>
                <numerusform>etwa %n Minuten</numerusform>
            </translation>
        </message>
        <message>
            <source>e-mail</source>
            <translation>E-Mail</translation>
        </message>
        <message numerus="yes">
            <source>in %n h</source>
            <translation>
                <numerusform>in %n h</numerusform>
                <numerusform>in %n h</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>in %n min</source>
            <translation>
                <numerusform>in %n min</numerusform>
                <numerusform>in %n min</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>in %n s</source>
            <translation>
                <numerusform>in %n s</numerusform>
                <numerusform>in %n s</numerusform>
            </translation>
        </message>
        <message>
            <source>just now</source>
            <translation>gerade eben</translation>
        </message>
        <message>
            <source>less than a minute</source>
            <translation>weniger als eine Minute</translation>
        </message>
        <message>
            <source>now</source>
            <translation>jetzt</translation>
        </message>
        <message>
            <source>task</source>
            <translation>Aufgabe</translation>
        </message>
    </context>
    <context>
        <name>StatusWindow</name>
        <message>
            <source>&amp;Activity</source>
            <translation>&amp;Aktivität</translation>
        </message>
        <message>
            <source>&amp;Log</source>
            <translation>&amp;Protokoll</translation>
        </message>
        <message>
            <source>&amp;Numbers</source>
            <translation>&amp;Zahlen</translation>
        </message>
        <message>
            <source>&amp;Queue</source>
            <translation>&amp;Warteschlange</translation>
        </message>
        <message>
            <source>Details</source>
            <translation>Einzelheiten</translation>
        </message>
        <message>
            <source>Flag as deleted</source>
            <translation>Als gelöscht markieren</translation>
        </message>
        <message>
            <source>Tray Connector: status</source>
            <translation>Tray Connector: Status</translation>
        </message>
    </context>
    <context>
        <name>Steps</name>
        <message>
            <source>Decide…</source>
            <translation>Entscheiden…</translation>
        </message>
        <message>
            <source>Enter a new key</source>
            <translation>Neuen Schlüssel eingeben</translation>
        </message>
        <message>
            <source>Open label categories</source>
            <translation>Label-Kategorien öffnen</translation>
        </message>
        <message>
            <source>Open settings</source>
            <translation>Einstellungen öffnen</translation>
        </message>
        <message>
            <source>Try again</source>
            <translation>Erneut versuchen</translation>
        </message>
    </context>
    <context>
        <name>SyncSettings</name>
        <message>
            <source>All projects, new ones too</source>
            <translation>Alle Projekte, auch neue</translation>
        </message>
        <message>
            <source>All teams, new ones too</source>
            <translation>Alle Teams, auch neue</translation>
        </message>
        <message>
            <source>Finds what no service announces. 0 = never.</source>
            <translation>Findet, was kein Dienst meldet. 0 = nie.</translation>
        </message>
        <message>
            <source>From when</source>
            <translation>Ab wann</translation>
        </message>
        <message>
            <source>How often</source>
            <translation>Wie oft</translation>
        </message>
        <message>
            <source>Missive teams</source>
            <translation>Missive-Teams</translation>
        </message>
        <message>
            <source>Only some projects</source>
            <translation>Nur einige Projekte</translation>
        </message>
        <message>
            <source>Only some teams</source>
            <translation>Nur einige Teams</translation>
        </message>
        <message>
            <source>Reading projects and teams…</source>
            <translation>Projekte und Teams werden gelesen…</translation>
        </message>
        <message>
            <source>Sync</source>
            <translation>Abgleich</translation>
        </message>
        <message>
            <source>Teamwork projects</source>
            <translation>Teamwork-Projekte</translation>
        </message>
        <message>
            <source>Those of the token's owner, in no team.</source>
            <translation>Die des Token-Besitzers, in keinem Team.</translation>
        </message>
        <message>
            <source>Up to 20 records are flagged without asking.</source>
            <translation>Bis zu 20 Einträge werden ohne Nachfrage markiert.</translation>
        </message>
        <message>
            <source>What</source>
            <translation>Was</translation>
        </message>
        <message>
            <source>What leaves the choice stays stored and is no longer updated.</source>
            <translation>Was aus der Auswahl fällt, bleibt gespeichert und wird nicht mehr aktualisiert.</translation>
        </message>
        <message>
            <source>are left out</source>
            <translation>werden ausgelassen</translation>
        </message>
        <message>
            <source>are stored, too</source>
            <translation>werden auch gespeichert</translation>
        </message>
        <message>
            <source>everything</source>
            <translation>alles</translation>
        </message>
    </context>
    <context>
        <name>TeamworkPage</name>
        <message>
            <source>API key of a Teamwork user</source>
            <translation>API-Schlüssel eines Teamwork-Benutzers</translation>
        </message>
        <message>
            <source>As in the address line of your browser.</source>
            <translation>Wie in der Adresszeile Ihres Browsers.</translation>
        </message>
        <message>
            <source>In Teamwork, click your picture, then Edit my details › API &amp; Mobile. An administrator's key sees all projects and can set up webhooks.</source>
            <translation>Klicken Sie in Teamwork auf Ihr Bild, dann auf Edit my details › API &amp; Mobile. Der Schlüssel eines Administrators sieht alle Projekte und kann Webhooks einrichten.</translation>
        </message>
        <message>
            <source>Where is your Teamwork, and with which key may it be read?</source>
            <translation>Wo ist Ihr Teamwork, und mit welchem Schlüssel darf es gelesen werden?</translation>
        </message>
    </context>
    <context>
        <name>TextField</name>
        <message>
            <source>Choose a place for: {what}</source>
            <translation>Einen Ort wählen für: {what}</translation>
        </message>
        <message>
            <source>Choose…</source>
            <translation>Wählen…</translation>
        </message>
        <message>
            <source>Hide what is typed</source>
            <translation>Verbergen, was eingegeben ist</translation>
        </message>
        <message>
            <source>Show what is typed</source>
            <translation>Zeigen, was eingegeben ist</translation>
        </message>
    </context>
    <context>
        <name>ThroughputPlot</name>
        <message>
            <source>Nothing was stored in this time.</source>
            <translation>In dieser Zeit wurde nichts gespeichert.</translation>
        </message>
        <message>
            <source>Records stored over time</source>
            <translation>Gespeicherte Einträge im Lauf der Zeit</translation>
        </message>
        <message>
            <source>{time}: not running</source>
            <translation>{time}: lief nicht</translation>
        </message>
        <message>
            <source>{time}: {tasks} tasks, {mails} e-mails</source>
            <translation>{time}: {tasks} Aufgaben, {mails} E-Mails</translation>
        </message>
        <message>
            <source>{total} records in all; most at {time}: {most}.</source>
            <translation>{total} Einträge insgesamt; die meisten um {time}: {most}.</translation>
        </message>
    </context>
    <context>
        <name>ThroughputView</name>
        <message>
            <source>How far the plot looks back</source>
            <translation>Wie weit das Diagramm zurückreicht</translation>
        </message>
        <message>
            <source>Last day</source>
            <translation>Letzter Tag</translation>
        </message>
        <message>
            <source>Last hour</source>
            <translation>Letzte Stunde</translation>
        </message>
        <message>
            <source>Records stored per 15 minutes</source>
            <translation>Gespeicherte Einträge je 15 Minuten</translation>
        </message>
        <message>
            <source>Records stored per minute</source>
            <translation>Gespeicherte Einträge je Minute</translation>
        </message>
        <message>
            <source>e-mails</source>
            <translation>E-Mails</translation>
        </message>
        <message>
            <source>tasks</source>
            <translation>Aufgaben</translation>
        </message>
    </context>
    <context>
        <name>TrayMenu</name>
        <message>
            <source>&amp;About Tray Connector</source>
            <translation>Ü&amp;ber Tray Connector</translation>
        </message>
        <message>
            <source>&amp;Help</source>
            <translation>&amp;Hilfe</translation>
        </message>
        <message>
            <source>&amp;Label categories…</source>
            <translation>&amp;Label-Kategorien…</translation>
        </message>
        <message>
            <source>&amp;Log…</source>
            <translation>&amp;Protokoll…</translation>
        </message>
        <message>
            <source>&amp;Open the data</source>
            <translation>&amp;Daten öffnen</translation>
        </message>
        <message>
            <source>&amp;Pause</source>
            <translation>&amp;Pause</translation>
        </message>
        <message>
            <source>&amp;Quit</source>
            <translation>&amp;Beenden</translation>
        </message>
        <message>
            <source>&amp;Resume</source>
            <translation>&amp;Fortsetzen</translation>
        </message>
        <message>
            <source>&amp;Sync now</source>
            <translation>&amp;Jetzt abgleichen</translation>
        </message>
        <message>
            <source>&amp;User guide</source>
            <translation>&amp;Anleitung</translation>
        </message>
        <message>
            <source>1 hour</source>
            <translation>1 Stunde</translation>
        </message>
        <message>
            <source>30 minutes</source>
            <translation>30 Minuten</translation>
        </message>
        <message>
            <source>Export &amp;diagnostics…</source>
            <translation>&amp;Diagnose exportieren…</translation>
        </message>
        <message>
            <source>Force &amp;backfill…</source>
            <translation>Neu &amp;einlesen…</translation>
        </message>
        <message>
            <source>Log &amp;folder</source>
            <translation>Protokoll&amp;ordner</translation>
        </message>
        <message>
            <source>S&amp;ettings…</source>
            <translation>Einstell&amp;ungen…</translation>
        </message>
        <message>
            <source>S&amp;tatus…</source>
            <translation>S&amp;tatus…</translation>
        </message>
        <message>
            <source>Starting</source>
            <translation>Startet</translation>
        </message>
        <message>
            <source>Until I resume</source>
            <translation>Bis ich fortsetze</translation>
        </message>
        <message>
            <source>Until tomorrow</source>
            <translation>Bis morgen</translation>
        </message>
    </context>
    <context>
        <name>UnreadableFiles</name>
        <message numerus="yes">
            <source>%n file(s) in the queue cannot be read and were set aside.</source>
            <translation>
                <numerusform>%n Datei der Warteschlange ist nicht lesbar und wurde beiseitegelegt.</numerusform>
                <numerusform>%n Dateien der Warteschlange sind nicht lesbar und wurden beiseitegelegt.</numerusform>
            </translation>
        </message>
        <message>
            <source>De&amp;lete…</source>
            <translation>&amp;Löschen…</translation>
        </message>
        <message>
            <source>Delete</source>
            <translation>Löschen</translation>
        </message>
        <message numerus="yes">
            <source>Delete %n unreadable file(s)?</source>
            <translation>
                <numerusform>%n unlesbare Datei löschen?</numerusform>
                <numerusform>%n unlesbare Dateien löschen?</numerusform>
            </translation>
        </message>
        <message>
            <source>Show &amp;folder</source>
            <translation>&amp;Ordner zeigen</translation>
        </message>
        <message>
            <source>What they stood for is read again at the next full comparison.</source>
            <translation>Wofür sie standen, wird beim nächsten vollständigen Vergleich wieder gelesen.</translation>
        </message>
        <message numerus="yes">
            <source>and %n more</source>
            <translation>
                <numerusform>und %n weitere</numerusform>
                <numerusform>und %n weitere</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Volume</name>
        <message numerus="yes">
            <source>%n call(s)</source>
            <translation>
                <numerusform>%n Aufruf</numerusform>
                <numerusform>%n Aufrufe</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n conversation(s)</source>
            <translation>
                <numerusform>%n Konversation</numerusform>
                <numerusform>%n Konversationen</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n message(s)</source>
            <translation>
                <numerusform>%n Nachricht</numerusform>
                <numerusform>%n Nachrichten</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n task(s)</source>
            <translation>
                <numerusform>%n Aufgabe</numerusform>
                <numerusform>%n Aufgaben</numerusform>
            </translation>
        </message>
        <message>
            <source>A first sync brings {tasks} and more than {messages} in {conversations}.</source>
            <translation>Ein erster Abgleich bringt {tasks} und mehr als {messages} in {conversations}.</translation>
        </message>
        <message>
            <source>A first sync brings {tasks} and {messages} in {conversations}.</source>
            <translation>Ein erster Abgleich bringt {tasks} und {messages} in {conversations}.</translation>
        </message>
        <message>
            <source>That takes about {calls}.</source>
            <translation>Dafür sind etwa {calls} nötig.</translation>
        </message>
        <message>
            <source>The plan {plan} allows {records} records in a base and any number of calls.</source>
            <translation>Der Tarif {plan} erlaubt {records} Einträge in einer Base und beliebig viele Aufrufe.</translation>
        </message>
        <message>
            <source>The plan {plan} allows {records} records in a base and {calls} calls a month.</source>
            <translation>Der Tarif {plan} erlaubt {records} Einträge in einer Base und {calls} Aufrufe im Monat.</translation>
        </message>
        <message>
            <source>This does not fit. Choose a larger plan, fewer projects or a shorter time of e-mails, or store it in SQLite or PostgreSQL.</source>
            <translation>Das passt nicht. Wählen Sie einen größeren Tarif, weniger Projekte oder eine kürzere Zeit der E-Mails, oder speichern Sie in SQLite oder PostgreSQL.</translation>
        </message>
    </context>
    <context>
        <name>WebhookSettings</name>
        <message>
            <source>By hand</source>
            <translation>Von Hand</translation>
        </message>
        <message>
            <source>Changes are then found within five seconds.</source>
            <translation>Änderungen werden dann innerhalb von fünf Sekunden gefunden.</translation>
        </message>
        <message>
            <source>Copy</source>
            <translation>Kopieren</translation>
        </message>
        <message>
            <source>Copy {what}</source>
            <translation>{what} kopieren</translation>
        </message>
        <message>
            <source>From dashboard.ngrok.com, Your Authtoken.</source>
            <translation>Von dashboard.ngrok.com, Your Authtoken.</translation>
        </message>
        <message>
            <source>Last delivery</source>
            <translation>Letzte Zustellung</translation>
        </message>
        <message>
            <source>Only for rules that you make by hand with a validation secret.</source>
            <translation>Nur für Regeln, die Sie von Hand mit einem Prüfgeheimnis anlegen.</translation>
        </message>
        <message>
            <source>Public address</source>
            <translation>Öffentliche Adresse</translation>
        </message>
        <message>
            <source>The way in</source>
            <translation>Der Weg hinein</translation>
        </message>
        <message>
            <source>Webhooks</source>
            <translation>Webhooks</translation>
        </message>
        <message>
            <source>Webhooks are not set up. Changes are found by polling.</source>
            <translation>Webhooks sind nicht eingerichtet. Änderungen werden durch Abfragen gefunden.</translation>
        </message>
        <message>
            <source>Webhooks are not working. Polling finds all changes.</source>
            <translation>Webhooks arbeiten nicht. Das Abfragen findet alle Änderungen.</translation>
        </message>
        <message>
            <source>Webhooks are set up and not proved yet. Polling finds all changes.</source>
            <translation>Webhooks sind eingerichtet und noch nicht erwiesen. Das Abfragen findet alle Änderungen.</translation>
        </message>
        <message>
            <source>Webhooks are working.</source>
            <translation>Webhooks arbeiten.</translation>
        </message>
        <message>
            <source>Your proxy passes requests on to this port of 127.0.0.1.</source>
            <translation>Ihr Proxy gibt Anfragen an diesen Port von 127.0.0.1 weiter.</translation>
        </message>
        <message>
            <source>if you like</source>
            <translation>wenn Sie mögen</translation>
        </message>
        <message>
            <source>needed</source>
            <translation>nötig</translation>
        </message>
        <message>
            <source>ngrok's tunnel, or the address of your own proxy, which comes first.</source>
            <translation>Der Tunnel von ngrok oder die Adresse Ihres eigenen Proxys, die Vorrang hat.</translation>
        </message>
        <message>
            <source>none since the start</source>
            <translation>keine seit dem Start</translation>
        </message>
        <message>
            <source>the way in</source>
            <translation>der Weg hinein</translation>
        </message>
    </context>
    <context>
        <name>WebhooksPage</name>
        <message>
            <source>A tunnel leads from the internet to this computer. Needs a free ngrok account.</source>
            <translation>Ein Tunnel führt aus dem Internet zu diesem Rechner. Dazu gehört ein kostenloses Konto bei ngrok.</translation>
        </message>
        <message>
            <source>Continue, and poll meanwhile</source>
            <translation>Weiter, und solange abfragen</translation>
        </message>
        <message>
            <source>For offices with a reverse proxy that can pass requests on to this computer.</source>
            <translation>Für Büros mit einem Reverse-Proxy, der Anfragen an diesen Rechner weitergeben kann.</translation>
        </message>
        <message>
            <source>How soon shall a change be in your database?</source>
            <translation>Wie bald soll eine Änderung in Ihrer Datenbank stehen?</translation>
        </message>
        <message>
            <source>Next</source>
            <translation>Weiter</translation>
        </message>
        <message>
            <source>Open ngrok's page with the token</source>
            <translation>Die Seite von ngrok mit dem Token öffnen</translation>
        </message>
        <message>
            <source>Speed</source>
            <translation>Tempo</translation>
        </message>
        <message>
            <source>We ask Teamwork and Missive every five seconds. There is nothing to set up.</source>
            <translation>Wir fragen Teamwork und Missive alle fünf Sekunden. Es gibt nichts einzurichten.</translation>
        </message>
        <message>
            <source>Within a second, by webhooks through an own address</source>
            <translation>Innerhalb einer Sekunde, durch Webhooks über eine eigene Adresse</translation>
        </message>
        <message>
            <source>Within a second, by webhooks through ngrok</source>
            <translation>Innerhalb einer Sekunde, durch Webhooks über ngrok</translation>
        </message>
        <message>
            <source>Within five seconds, by polling</source>
            <translation>Innerhalb von fünf Sekunden, durch Abfragen</translation>
        </message>
        <message>
            <source>Your proxy passes requests on to this port of 127.0.0.1.</source>
            <translation>Ihr Proxy gibt Anfragen an diesen Port von 127.0.0.1 weiter.</translation>
        </message>
        <message>
            <source>ngrok's own program is fetched with the first test.</source>
            <translation>Das Programm von ngrok wird beim ersten Test geholt.</translation>
        </message>
        <message>
            <source>the way in</source>
            <translation>der Weg hinein</translation>
        </message>
    </context>
    <context>
        <name>WelcomePage</name>
        <message>
            <source>An invented office on this computer. No account is needed, and nothing leaves this computer.</source>
            <translation>Ein erfundenes Büro auf diesem Rechner. Kein Konto ist nötig, und nichts verlässt diesen Rechner.</translation>
        </message>
        <message>
            <source>Connect my accounts</source>
            <translation>Meine Konten verbinden</translation>
        </message>
        <message>
            <source>Next</source>
            <translation>Weiter</translation>
        </message>
        <message>
            <source>Start the demo</source>
            <translation>Demo starten</translation>
        </message>
        <message>
            <source>Tray Connector keeps your Teamwork tasks and Missive e-mails in step with your own database. Setting it up takes about five minutes; nothing is written before the last page.</source>
            <translation>Tray Connector hält Ihre Teamwork-Aufgaben und Missive-E-Mails mit Ihrer eigenen Datenbank im Gleichstand. Das Einrichten dauert etwa fünf Minuten; vor der letzten Seite wird nichts geschrieben.</translation>
        </message>
        <message>
            <source>Try the demo first</source>
            <translation>Zuerst die Demo</translation>
        </message>
        <message>
            <source>Welcome</source>
            <translation>Willkommen</translation>
        </message>
        <message>
            <source>You need an API key of Teamwork and an API token of Missive. The next pages show where they are.</source>
            <translation>Sie brauchen einen API-Schlüssel von Teamwork und ein API-Token von Missive. Die nächsten Seiten zeigen, wo es sie gibt.</translation>
        </message>
    </context>
</TS>
