#!/bin/sh
# Whether the member has the key, which comes on standard input: in the keyrings that it starts with, `has` it beside others, seals with it
# (`first`), or has no other (`only`); and as the one that each of the files names. Prints no key.
level=$1 data=$2
shift 2
IFS= read -r key && [ -n "$key" ] || exit 1
fail() {
    echo "$1" >&2
    exit 1
}
for ring in "$data/serf/local.keyring" "$data/serf/remote.keyring"; do
    [ -f "$ring" ] || continue # a client is in no gossip between datacenters
    keys=,$(tr -d '][" \t\n' <"$ring"),
    case $level,$keys in
    has,*",$key,"* | first,",$key,"* | only,",$key,") ;;
    has,*) fail "$ring lacks the new key" ;;
    first,*) fail "$ring seals with another key" ;;
    *) fail "$ring has other keys" ;;
    esac
done
for file; do
    named=$(sed -n 's/.*"encrypt"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' "$file")
    [ "$named" = "$key" ] || fail "$file names another key"
done
exit 0
