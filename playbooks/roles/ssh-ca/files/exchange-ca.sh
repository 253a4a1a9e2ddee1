#!/bin/sh
# The CAs in `next` take the place of those in use, which stay in `old`, each with the record of what it has signed. Wherever it is cut
# off, doing it again ends it: `old` is there whole or not at all, and `next` goes last.
set -e
umask 077
cd -- "$1"
if [ ! -d old ]; then
    rm -rf old.new
    mkdir old.new
    for ca in user_ca host_ca; do
        [ -f "next/$ca" ] && [ -f "next/$ca.pub" ] || { echo "$1/next holds no $ca" >&2; exit 1; }
        : >>"$ca.issued"
        : >>"next/$ca.issued"
        ln -- "$ca" "$ca.pub" "$ca.issued" old.new/
    done
    sync
    mv -T old.new old
fi
for file in user_ca user_ca.issued user_ca.pub host_ca host_ca.issued host_ca.pub; do
    if [ -f "next/$file" ]; then mv -fT -- "next/$file" "$file"; fi
done
sync
rm -rf next
