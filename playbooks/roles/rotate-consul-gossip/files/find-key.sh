#!/bin/sh
# Which files name a key of the gossip, of those that Consul reads in the folders: .json and .hcl. A line `names FILE` for each, and
# `open FILE` when everybody may read it. DATA is where the agent keeps its state.
data=$1
shift
[ -f "$data/serf/local.keyring" ] || {
    echo "the agent keeps no keys in $data/serf: let consul-cluster.yml run first where there is no cluster with encrypted gossip yet, or say where its state is with consul_data_dir" >&2
    exit 1
}
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
