; The Windows installer: for one user, without administrator rights. Called by `python3 bootstrap.py package windows`
; with these defines: VERSION, FOLDER (the frozen program), OUT, ICON, and on Linux TARGET.
; Silent: /S [/AUTOSTART] [/D=folder]. The uninstaller: /S [/REMOVEDATA] [/REMOVEKEYS].
Unicode true
!ifdef TARGET
  Target ${TARGET}
!endif
ManifestDPIAware true
ManifestSupportedOS all
SetCompressor /SOLID lzma

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include Sections.nsh
!include x64.nsh

!define TITLE "Tray Connector"
!define PUBLISHER "Tray Connector contributors"
!define PROGRAM "${TITLE}.exe"
!define COMMAND "tray-connector.exe"
; The window asks what to do after so many half seconds of waiting for the program to end.
!define LOOKS 40
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${TITLE}"
!define OWN_KEY "Software\${TITLE}"
; The same value as the program itself writes.
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"
!define APPROVED_KEY "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
!define STILL_RUNNING 3

Name "${TITLE}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\${TITLE}"
InstallDirRegKey HKCU "${OWN_KEY}" "Folder"
RequestExecutionLevel user
BrandingText "${TITLE} ${VERSION}"
ShowInstDetails nevershow
ShowUninstDetails nevershow

VIProductVersion "${VERSION}.0"
VIAddVersionKey ProductName "${TITLE}"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "${TITLE} Setup"
VIAddVersionKey CompanyName "${PUBLISHER}"
VIAddVersionKey LegalCopyright "MIT licence, ${PUBLISHER}"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_RUN "$INSTDIR\${PROGRAM}"
!define MUI_COMPONENTSPAGE_SMALLDESC
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_COMPONENTS
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "German"

!macro Words ID ENGLISH GERMAN
  LangString ${ID} ${LANG_ENGLISH} "${ENGLISH}"
  LangString ${ID} ${LANG_GERMAN} "${GERMAN}"
!macroend
!insertmacro Words PROGRAM_PART "${TITLE}" "${TITLE}"
!insertmacro Words PROGRAM_TEXT "The program and its entry in the Start menu." "Das Programm und sein Eintrag im Startmenü."
!insertmacro Words AUTOSTART_PART "Start when I sign in" "Beim Anmelden starten"
!insertmacro Words AUTOSTART_TEXT "May be changed later in the settings." "Lässt sich später in den Einstellungen ändern."
!insertmacro Words DATA_PART "Settings and data" "Einstellungen und Daten"
!insertmacro Words DATA_TEXT "Also delete settings, log and the database that was kept on this computer." "Auch Einstellungen, Protokoll und die auf diesem Computer geführte Datenbank löschen."
!insertmacro Words KEYS_PART "Keys" "Schlüssel"
!insertmacro Words KEYS_TEXT "Also delete the keys for Teamwork, Missive and the database from Windows' credential manager." "Auch die Schlüssel für Teamwork, Missive und die Datenbank aus der Anmeldeinformationsverwaltung von Windows löschen."
!insertmacro Words RUNNING_TEXT "${TITLE} is still running. Save or close its windows and choose Quit in its menu, then try again." "${TITLE} läuft noch. Speichern oder schließen Sie seine Fenster, wählen Sie in seinem Menü Beenden und versuchen Sie es dann erneut."
!insertmacro Words OLD_TEXT "${TITLE} needs Windows 10 (1903) or newer, 64 bit." "${TITLE} braucht Windows 10 (1903) oder neuer, 64 Bit."

; Ask the running program to end over its own channel, and wait until its files are free.
!macro CloseRunning UN
Function ${UN}CloseRunning
  ${IfNot} ${FileExists} "$INSTDIR\${PROGRAM}"
    Return
  ${EndIf}
  ask:
  ${If} ${FileExists} "$INSTDIR\${COMMAND}"
    nsExec::Exec /TIMEOUT=60000 '"$INSTDIR\${COMMAND}" quit'
    Pop $0
  ${EndIf}
  ${For} $1 1 ${LOOKS}
    ClearErrors
    FileOpen $2 "$INSTDIR\${PROGRAM}" a
    ${IfNot} ${Errors}
      FileClose $2
      ClearErrors
      FileOpen $2 "$INSTDIR\${COMMAND}" a
      ${IfNot} ${Errors}
        FileClose $2
        Return
      ${EndIf}
    ${EndIf}
    Sleep 500
  ${Next}
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(RUNNING_TEXT)" /SD IDCANCEL IDRETRY ask
  SetErrorLevel ${STILL_RUNNING}
  Quit
FunctionEnd
!macroend
!insertmacro CloseRunning ""
!insertmacro CloseRunning "un."

Section "!$(PROGRAM_PART)" ProgramSection
  SectionIn RO
  Call CloseRunning
  SetOutPath "$INSTDIR"
  ; What an older version had and this one has not would stay.
  RMDir /r "$INSTDIR\_internal"
  File /r "${FOLDER}\*.*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\${TITLE}.lnk" "$INSTDIR\${PROGRAM}"
  WriteRegStr HKCU "${OWN_KEY}" "Folder" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayName" "${TITLE}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "Publisher" "${PUBLISHER}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\${PROGRAM}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "EstimatedSize" $0
SectionEnd

Section /o "$(AUTOSTART_PART)" AutostartSection
  WriteRegStr HKCU "${RUN_KEY}" "${TITLE}" '"$INSTDIR\${PROGRAM}" --autostart'
SectionEnd

Section "un.$(PROGRAM_PART)" un.ProgramSection
  SectionIn RO
SectionEnd

; Before the program goes: it knows where its keys are.
Section /o "un.$(KEYS_PART)" un.KeysSection
SectionEnd

Section /o "un.$(DATA_PART)" un.DataSection
SectionEnd

Section "un."
  Call un.CloseRunning
  ${If} ${SectionIsSelected} ${un.KeysSection}
    nsExec::Exec /TIMEOUT=60000 '"$INSTDIR\${COMMAND}" forget-keys'
    Pop $0
  ${EndIf}
  DeleteRegValue HKCU "${RUN_KEY}" "${TITLE}"
  DeleteRegValue HKCU "${APPROVED_KEY}" "${TITLE}"
  DeleteRegKey HKCU "${UNINSTALL_KEY}"
  DeleteRegKey HKCU "${OWN_KEY}"
  Delete "$SMPROGRAMS\${TITLE}.lnk"
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\${PROGRAM}"
  Delete "$INSTDIR\${COMMAND}"
  Delete "$INSTDIR\uninstall.exe"
  ; Only if nothing else lies there.
  RMDir "$INSTDIR"
  ${If} ${SectionIsSelected} ${un.DataSection}
    RMDir /r "$LOCALAPPDATA\${TITLE}"
  ${EndIf}
SectionEnd

Function .onInit
  ${IfNot} ${RunningX64}
    MessageBox MB_OK|MB_ICONSTOP "$(OLD_TEXT)" /SD IDOK
    Abort
  ${EndIf}
  ; What was chosen before, or is asked for now.
  ReadRegStr $0 HKCU "${RUN_KEY}" "${TITLE}"
  ${If} $0 != ""
    !insertmacro SelectSection ${AutostartSection}
  ${EndIf}
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/AUTOSTART" $1
  ${IfNot} ${Errors}
    !insertmacro SelectSection ${AutostartSection}
  ${EndIf}
FunctionEnd

Function un.onInit
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/REMOVEDATA" $1
  ${IfNot} ${Errors}
    !insertmacro SelectSection ${un.DataSection}
  ${EndIf}
  ClearErrors
  ${GetOptions} $0 "/REMOVEKEYS" $1
  ${IfNot} ${Errors}
    !insertmacro SelectSection ${un.KeysSection}
  ${EndIf}
FunctionEnd

!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${ProgramSection} "$(PROGRAM_TEXT)"
  !insertmacro MUI_DESCRIPTION_TEXT ${AutostartSection} "$(AUTOSTART_TEXT)"
!insertmacro MUI_FUNCTION_DESCRIPTION_END
!insertmacro MUI_UNFUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${un.ProgramSection} "$(PROGRAM_TEXT)"
  !insertmacro MUI_DESCRIPTION_TEXT ${un.KeysSection} "$(KEYS_TEXT)"
  !insertmacro MUI_DESCRIPTION_TEXT ${un.DataSection} "$(DATA_TEXT)"
!insertmacro MUI_UNFUNCTION_DESCRIPTION_END
