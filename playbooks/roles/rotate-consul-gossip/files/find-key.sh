#!/bin/sh
# Which files name a key of the gossip, of those that Consul reads in the folders: .json and .hcl. A line `names FILE` for each, and
# `open FILE` when everybody may read it. `keeps`, when the agent keeps keys in DATA, where its state is.
data=$1
shift
[ -f "$data/serf/local.keyring" ] && echo keeps
for folder; do
    for file in "$folder"/*.json "$folder"/*.hcl; do
        case $file in
        *.json) pattern='"encrypt"[[:space:]]*:' ;;
        *) pattern='^[[:space:]]*"?encrypt"?[[:space:]]*=' ;;
        esac
        grep -qE "$pattern" "$file" 2>/dev/null || continue
        echo "names $file"
        [ -z "$(find -H "$file" -maxdepth 0 -perm /o+r)" ] || echo "open $file"
    done
done
exit 0
