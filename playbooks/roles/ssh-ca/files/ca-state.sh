#!/bin/sh
# What is there of the CAs in a folder: those in use, in `next` those that are to follow them, in `old` those that they have followed, and
# in `retired` those of rotations that are over. Prints a word and its value a line: `trusted-…` is each public key that hosts and clients
# trust beside the one in use, `print` the fingerprint of the CA for users that is or was to be replaced, `lost` a CA that has signed and whose
# private key is not there.
cd -- "$1" 2>/dev/null || exit 0
said() { if [ -f "$2" ]; then printf '%s %s\n' "$1" "$(head -n 1 -- "$2")"; fi; }
for place in next old; do
    if [ -d "$place" ]; then echo "has $place"; fi
done
for ca in user_ca host_ca; do
    if [ -s "$ca.issued" ] && [ ! -e "$ca" ]; then echo "lost $ca"; fi
done
for kind in user host; do said "old-$kind" "old/${kind}_ca.pub"; done
if [ -f old/user_ca.pub ] && [ "$(head -n 1 refused 2>/dev/null)" = "$(head -n 1 old/user_ca.pub)" ]; then
    echo "is refused"
    places=next
else
    places='next old'
fi
for place in $places; do
    for kind in user host; do said "trusted-$kind" "$place/${kind}_ca.pub"; done
done
for half in old/user_ca.pub user_ca.pub; do
    if [ -f "$half" ]; then
        echo "print $(ssh-keygen -l -f "$half" | cut -d ' ' -f 2)"
        break
    fi
done
for past in retired/*; do
    if [ -d "$past" ]; then echo "retired ${past#retired/}"; fi
    if [ -f "$past/user_ca" ] || [ -f "$past/host_ca" ]; then echo "is kept"; fi
done
