#!/bin/sh
# What is there of a CA that may be being replaced: DIR is in use, DIR.next is to follow it, DIR.before-NAME was used before it. Prints a
# word and its value a line; certificates and public keys are in Base64. `done` and `begun` name the rotation that was the last in each.
dir=$1 next=$1.next
packed() { base64 | tr -d '\n'; }
said() {
    if [ -f "$2/ca.pem" ]; then
        printf '%s %s\n' "$1" "$(packed <"$2/ca.pem")"
        printf '%s-key %s\n' "$1" "$(openssl x509 -in "$2/ca.pem" -noout -pubkey | packed)"
    fi
}
named() { if [ -f "$2/rotation" ]; then printf '%s %s\n' "$1" "$(head -n 1 -- "$2/rotation")"; fi; }
old=$dir
if [ ! -e "$dir" ] && [ -f "$next/rotation" ]; then
    name=$(head -n 1 -- "$next/rotation")
    old=$dir.before-${name#ca }
fi
said now "$old"
said next "$next"
named done "$dir"
named begun "$next"
