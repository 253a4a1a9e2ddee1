#!/bin/sh
# The public keys of all certificates in a file, one after the other; nothing when there is none.
[ -f "$1" ] || exit 0
pem=
while IFS= read -r line || [ -n "$line" ]; do
    case $line in *'-----BEGIN CERTIFICATE-----'*) pem= ;; esac
    pem="$pem$line
"
    case $line in *'-----END CERTIFICATE-----'*) printf '%s' "$pem" | openssl x509 -noout -pubkey ;; esac
done <"$1"
