#!/bin/sh
# What is there of a key and its certificate that are being replaced: CERT and KEY are in use, those with .next are to follow them, those
# with .old were used before, and CERT.rotation names the rotation that was the last to switch or to be done. Prints a word and its value a line.
cert=$1 key=$2 ca=$3 tag=$4
mark=$(head -n 1 -- "$cert.rotation" 2>/dev/null)
echo "mark $mark"
if [ -f "$ca" ]; then echo "ca $(base64 <"$ca" | tr -d '\n')"; fi
# A reload that failed has put the old pair back.
if [ "$mark" = "switching $tag" ] && [ ! -e "$key.next" ] && ! cmp -s -- "$key" "$key.old"; then
    echo key-switched
    if [ ! -e "$cert.next" ]; then echo cert-switched; fi
fi
if [ "$mark" = "done $tag" ] && { [ -e "$ca.next" ] || [ -e "$key.old" ] || [ -e "$cert.old" ]; }; then echo left; fi
