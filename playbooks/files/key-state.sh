#!/bin/sh
# What is there of a key pair that is being replaced: KEY is in use, KEY.next is to follow it, KEY.old was used before it, and
# KEY.rotation names the rotation that was the last to be finished. Prints a word and its value a line; `print` is the fingerprint of the key
# that is or was to be replaced.
key=$1
said() { if [ -f "$2" ]; then printf '%s %s\n' "$1" "$(head -n 1 -- "$2")"; fi; }
said done "$key.rotation"
said old "$key.old.pub"
said now "$key.pub"
for half in "$key.old.pub" "$key.pub"; do
    if [ -f "$half" ]; then
        echo "print $(ssh-keygen -l -f "$half" | cut -d ' ' -f 2)"
        break
    fi
done
if [ -f "$key.next" ]; then said next "$key.next.pub"; fi
