#!/bin/sh
# KEY.next and CERT.next take the places of KEY and CERT, which stay beside them as .old. Cut off anywhere, the next run of it goes on.
set -e
umask 077
cert=$1 key=$2 mark="switching $3"
if [ "$(head -n 1 -- "$cert.rotation" 2>/dev/null)" != "$mark" ]; then
    for file in "$key" "$cert"; do
        cp -pT --remove-destination -- "$file" "$file.old.part"
        mv -fT -- "$file.old.part" "$file.old"
    done
    printf '%s\n' "$mark" >"$cert.rotation.part"
    chmod 0644 -- "$cert.rotation.part"
    mv -fT -- "$cert.rotation.part" "$cert.rotation"
    sync
fi
if [ -e "$key.next" ]; then mv -fT -- "$key.next" "$key"; fi
mv -fT -- "$cert.next" "$cert"
