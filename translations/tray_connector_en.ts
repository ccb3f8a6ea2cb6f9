<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
    <context>
        <name>ApplyBar</name>
        <message numerus="yes">
            <source>%Ln missing, stored again with the next sync</source>
            <translation>
                <numerusform>%Ln missing, stored again with the next sync</numerusform>
                <numerusform>%Ln missing, stored again with the next sync</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%Ln refused, the log has the reasons</source>
            <translation>
                <numerusform>%Ln refused, the log has the reason</numerusform>
                <numerusform>%Ln refused, the log has the reasons</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%Ln stored record(s) still have the old categories</source>
            <translation>
                <numerusform>%Ln stored record still has the old categories</numerusform>
                <numerusform>%Ln stored records still have the old categories</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>&amp;Apply to %Ln stored record(s)…</source>
            <translation>
                <numerusform>&amp;Apply to %Ln stored record…</numerusform>
                <numerusform>&amp;Apply to %Ln stored records…</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Applied: %Ln record(s) changed</source>
            <translation>
                <numerusform>Applied: %Ln record changed</numerusform>
                <numerusform>Applied: %Ln records changed</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Write the saved categories into %Ln stored record(s)?</source>
            <translation>
                <numerusform>Write the saved categories into %Ln stored record?</numerusform>
                <numerusform>Write the saved categories into %Ln stored records?</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Backfill</name>
        <message numerus="yes">
            <source>%n conversation(s)</source>
            <translation>
                <numerusform>%n conversation</numerusform>
                <numerusform>%n conversations</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n record(s) still wait to be stored.</source>
            <translation>
                <numerusform>%n record still waits to be stored.</numerusform>
                <numerusform>%n records still wait to be stored.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n task(s)</source>
            <translation>
                <numerusform>%n task</numerusform>
                <numerusform>%n tasks</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Cards</name>
        <message numerus="yes">
            <source>%n attachment(s) not stored</source>
            <translation>
                <numerusform>%n attachment not stored</numerusform>
                <numerusform>%n attachments not stored</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n attachment(s) on the way</source>
            <translation>
                <numerusform>%n attachment on the way</numerusform>
                <numerusform>%n attachments on the way</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n change(s) since {time}</source>
            <translation>
                <numerusform>%n change since {time}</numerusform>
                <numerusform>%n changes since {time}</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n change(s) today</source>
            <translation>
                <numerusform>%n change today</numerusform>
                <numerusform>%n changes today</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n e-mail(s)</source>
            <translation>
                <numerusform>%n e-mail</numerusform>
                <numerusform>%n e-mails</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n left out, as set</source>
            <translation>
                <numerusform>%n left out, as set</numerusform>
                <numerusform>%n left out, as set</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n record(s)</source>
            <translation>
                <numerusform>%n record</numerusform>
                <numerusform>%n records</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n task(s)</source>
            <translation>
                <numerusform>%n task</numerusform>
                <numerusform>%n tasks</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Categories</name>
        <message numerus="yes">
            <source>%Ln e-mail(s)</source>
            <translation>
                <numerusform>%Ln e-mail</numerusform>
                <numerusform>%Ln e-mails</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%Ln label(s)</source>
            <translation>
                <numerusform>%Ln label</numerusform>
                <numerusform>%Ln labels</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%Ln of them also in another category</source>
            <translation>
                <numerusform>%Ln of them also in another category</numerusform>
                <numerusform>%Ln of them also in another category</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%Ln task(s)</source>
            <translation>
                <numerusform>%Ln task</numerusform>
                <numerusform>%Ln tasks</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Matches %Ln label(s) in use</source>
            <translation>
                <numerusform>Matches %Ln label in use</numerusform>
                <numerusform>Matches %Ln labels in use</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{name} holds %Ln categories.</source>
            <translation>
                <numerusform>{name} holds %Ln category.</numerusform>
                <numerusform>{name} holds %Ln categories.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>CategoriesWindow</name>
        <message numerus="yes">
            <source>%Ln categories imported. Save puts them in force.</source>
            <translation>
                <numerusform>%Ln category imported. Save puts it in force.</numerusform>
                <numerusform>%Ln categories imported. Save puts them in force.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%Ln name(s) must be corrected before saving.</source>
            <translation>
                <numerusform>%Ln name must be corrected before saving.</numerusform>
                <numerusform>%Ln names must be corrected before saving.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>ConnectionsPage</name>
        <message numerus="yes">
            <source>%n key(s) are kept in the keyring.</source>
            <translation>
                <numerusform>%n key is kept in the keyring.</numerusform>
                <numerusform>%n keys are kept in the keyring.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n key(s) are kept until the program ends.</source>
            <translation>
                <numerusform>%n key is kept until the program ends.</numerusform>
                <numerusform>%n keys are kept until the program ends.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Data</name>
        <message numerus="yes">
            <source>%Ln e-mail(s)</source>
            <translation>
                <numerusform>%Ln e-mail</numerusform>
                <numerusform>%Ln e-mails</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%Ln task(s)</source>
            <translation>
                <numerusform>%Ln task</numerusform>
                <numerusform>%Ln tasks</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>DiagnosticsDialog</name>
        <message numerus="yes">
            <source>%n file(s), looked through and ready to be saved.</source>
            <translation>
                <numerusform>%n file, looked through and ready to be saved.</numerusform>
                <numerusform>%n files, looked through and ready to be saved.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>FinishPage</name>
        <message numerus="yes">
            <source>%n chosen project(s)</source>
            <translation>
                <numerusform>%n chosen project</numerusform>
                <numerusform>%n chosen projects</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n chosen team(s)</source>
            <translation>
                <numerusform>%n chosen team</numerusform>
                <numerusform>%n chosen teams</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Notices</name>
        <message numerus="yes">
            <source>%n record(s) need a look</source>
            <translation>
                <numerusform>%n record needs a look</numerusform>
                <numerusform>%n records need a look</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n record(s) vanished at once</source>
            <translation>
                <numerusform>%n record vanished at once</numerusform>
                <numerusform>%n records vanished at once</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n stored record(s) have categories from an earlier list</source>
            <translation>
                <numerusform>%n stored record has categories from an earlier list</numerusform>
                <numerusform>%n stored records have categories from an earlier list</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n thing(s) need a look</source>
            <translation>
                <numerusform>%n thing needs a look</numerusform>
                <numerusform>%n things need a look</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Queue</name>
        <message numerus="yes">
            <source>%n attempt(s)</source>
            <translation>
                <numerusform>%n attempt</numerusform>
                <numerusform>%n attempts</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n conversation(s) in Missive</source>
            <translation>
                <numerusform>%n conversation in Missive</numerusform>
                <numerusform>%n conversations in Missive</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n of them failed before</source>
            <translation>
                <numerusform>%n of them failed before</numerusform>
                <numerusform>%n of them failed before</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n record(s) waiting</source>
            <translation>
                <numerusform>%n record waiting</numerusform>
                <numerusform>%n records waiting</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n task(s) in Teamwork</source>
            <translation>
                <numerusform>%n task in Teamwork</numerusform>
                <numerusform>%n tasks in Teamwork</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Discard %n event(s)?</source>
            <translation>
                <numerusform>Discard %n event?</numerusform>
                <numerusform>Discard %n events?</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Flag %n record(s) as deleted?</source>
            <translation>
                <numerusform>Flag %n record as deleted?</numerusform>
                <numerusform>Flag %n records as deleted?</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>QueueView</name>
        <message numerus="yes">
            <source>%n event(s) chosen.</source>
            <translation>
                <numerusform>%n event chosen.</numerusform>
                <numerusform>%n events chosen.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>ScopePage</name>
        <message numerus="yes">
            <source>%n private conversation(s)</source>
            <translation>
                <numerusform>%n private conversation</numerusform>
                <numerusform>%n private conversations</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>SettingsWindow</name>
        <message numerus="yes">
            <source>%n setting(s) written to {file}. No key is in it.</source>
            <translation>
                <numerusform>%n setting written to {file}. No key is in it.</numerusform>
                <numerusform>%n settings written to {file}. No key is in it.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Status</name>
        <message numerus="yes">
            <source>%n attachment(s) are being stored</source>
            <translation>
                <numerusform>%n attachment is being stored</numerusform>
                <numerusform>%n attachments are being stored</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n attachment(s) are not stored</source>
            <translation>
                <numerusform>%n attachment is not stored</numerusform>
                <numerusform>%n attachments are not stored</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n attachment(s) wait to be stored</source>
            <translation>
                <numerusform>%n attachment waits to be stored</numerusform>
                <numerusform>%n attachments wait to be stored</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n change(s) are written at {time}</source>
            <translation>
                <numerusform>%n change is written at {time}</numerusform>
                <numerusform>%n changes are written at {time}</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n day(s) ago</source>
            <translation>
                <numerusform>%n day ago</numerusform>
                <numerusform>%n days ago</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n hour(s) ago</source>
            <translation>
                <numerusform>%n hour ago</numerusform>
                <numerusform>%n hours ago</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n minute(s) ago</source>
            <translation>
                <numerusform>%n minute ago</numerusform>
                <numerusform>%n minutes ago</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n record(s) need a look</source>
            <translation>
                <numerusform>%n record needs a look</numerusform>
                <numerusform>%n records need a look</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n record(s) wait to be stored</source>
            <translation>
                <numerusform>%n record waits to be stored</numerusform>
                <numerusform>%n records wait to be stored</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n second(s) ago</source>
            <translation>
                <numerusform>%n second ago</numerusform>
                <numerusform>%n seconds ago</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>about %n hour(s)</source>
            <translation>
                <numerusform>about %n hour</numerusform>
                <numerusform>about %n hours</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>about %n minute(s)</source>
            <translation>
                <numerusform>about %n minute</numerusform>
                <numerusform>about %n minutes</numerusform>
            </translation>
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
    </context>
    <context>
        <name>UnreadableFiles</name>
        <message numerus="yes">
            <source>%n file(s) in the queue cannot be read and were set aside.</source>
            <translation>
                <numerusform>%n file in the queue cannot be read and was set aside.</numerusform>
                <numerusform>%n files in the queue cannot be read and were set aside.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Delete %n unreadable file(s)?</source>
            <translation>
                <numerusform>Delete %n unreadable file?</numerusform>
                <numerusform>Delete %n unreadable files?</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>and %n more</source>
            <translation>
                <numerusform>and %n more</numerusform>
                <numerusform>and %n more</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Volume</name>
        <message numerus="yes">
            <source>%n call(s)</source>
            <translation>
                <numerusform>%n call</numerusform>
                <numerusform>%n calls</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n conversation(s)</source>
            <translation>
                <numerusform>%n conversation</numerusform>
                <numerusform>%n conversations</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n message(s)</source>
            <translation>
                <numerusform>%n message</numerusform>
                <numerusform>%n messages</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n task(s)</source>
            <translation>
                <numerusform>%n task</numerusform>
                <numerusform>%n tasks</numerusform>
            </translation>
        </message>
    </context>
</TS>
