#!/bin/sh
# For maintainers, as root on Debian 12 or newer: runs the installed Windows program with windows and tray under a
# newer Wine (Debian 13's, in a folder of its own). Needs debootstrap, xvfb, trayer, openbox, and the installer that
# `python3 bootstrap.py package windows` makes. Takes 2.5 GB; the folder may be kept for the next time.
#   sh installers/windows/try_under_wine.sh FOLDER [PICTURE.png]
set -eu
root="$(realpath "${1:?a folder for the newer Debian}")"
picture="${2:-}"
here="$(cd "$(dirname "$0")/../.." && pwd)"
setup="$(ls "$here"/dist/TrayConnector-*-Setup-wine-test.exe | head -n 1)"
stubs="$here/build/wine/prefix/drive_c/windows/system32"

if [ ! -x "$root/usr/bin/wine" ]; then
    debootstrap --variant=minbase trixie "$root"
    chroot "$root" apt-get install -y -q --no-install-recommends wine wine64
fi
cp "$setup" "$root/root/setup.exe"
# Wine looks there for itself.
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"

display=:97
Xvfb "$display" -screen 0 1024x700x24 -nolisten tcp & screen=$!
trap 'kill $screen ${manager:-} ${tray:-} 2>/dev/null || true; umount "$root/proc" || true' EXIT
sleep 1
DISPLAY=$display openbox & manager=$!
DISPLAY=$display trayer --edge top --align right --SetDockType true --widthtype request --height 32 & tray=$!

windows() {
    chroot "$root" env -i PATH=/usr/bin:/bin HOME=/root LANG=C.UTF-8 DISPLAY="$display" WINEDEBUG=-all "$@" </dev/null 2>&1 | cat
}
windows wine wineboot -i
# What every Windows 10 has and Wine has not, as for the build.
for library in icuuc bcryptprimitives; do
    target="$root/root/.wine/drive_c/windows/system32/$library.dll"
    [ -e "$target" ] || cp "$stubs/$library.dll" "$target"
done
windows wine /root/setup.exe /S
program='C:\users\root\AppData\Local\Programs\Tray Connector'
windows wine "$program\\tray-connector.exe" self-test --tray | tee "$root/root/told.txt"
# The application itself, on an invented office; it ends when it is asked to.
windows wine "$program\\Tray Connector.exe" demo & application=$!
sleep 30
[ -z "$picture" ] || DISPLAY=$display import -window root "$picture"
windows wine "$program\\tray-connector.exe" quit | tee -a "$root/root/told.txt"
wait "$application"
windows wine "$program\\uninstall.exe" /S
chroot "$root" wineserver -k || true
grep -q "Everything works" "$root/root/told.txt"
grep -q "It has ended" "$root/root/told.txt"
