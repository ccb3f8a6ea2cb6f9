#!/bin/sh
# Puts the certificate and the notary's account of the release owner into a keychain of this build machine.
set -eu
keychain="$RUNNER_TEMP/signing.keychain-db"
password="$(openssl rand -hex 16)"
file="$RUNNER_TEMP/certificate.p12"
printf '%s' "$CERTIFICATE" | openssl base64 -d -A -out "$file"
security create-keychain -p "$password" "$keychain"
security set-keychain-settings -lut 21600 "$keychain"
security unlock-keychain -p "$password" "$keychain"
security import "$file" -P "$CERTIFICATE_PASSWORD" -A -t cert -f pkcs12 -k "$keychain"
security set-key-partition-list -S apple-tool:,apple: -k "$password" "$keychain" >/dev/null
security list-keychains -d user -s "$keychain" login.keychain-db
rm -f "$file"
if [ -n "${NOTARY_ACCOUNT:-}" ]; then
    xcrun notarytool store-credentials notary --keychain "$keychain" \
        --apple-id "$NOTARY_ACCOUNT" --password "$NOTARY_PASSWORD" --team-id "$NOTARY_TEAM"
    printf 'MACOS_NOTARY_PROFILE=notary\nMACOS_NOTARY_KEYCHAIN=%s\n' "$keychain" >> "$GITHUB_ENV"
fi
