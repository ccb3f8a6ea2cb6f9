#!/bin/sh
# Tries the disk image on real macOS as its user gets it: open, copy to the programs, self-test, remove.
set -eu
image="$(ls dist/TrayConnector-*.dmg | head -n 1)"
place="$(mktemp -d)"
hdiutil attach "$image" -nobrowse -readonly -mountpoint "$place"
app="/Applications/Tray Connector.app"
ditto "$place/Tray Connector.app" "$app"
hdiutil detach "$place"
codesign --verify --deep --strict "$app"
test "$(/usr/libexec/PlistBuddy -c 'Print :LSUIElement' "$app/Contents/Info.plist")" = true
"$app/Contents/MacOS/tray-connector" self-test
rm -rf "$app"
