#!/bin/sh
# The CAs in `old` are done with: what is left of them is kept under the name of the rotation, which is over by that.
set -e
umask 077
cd -- "$1"
[ -d old ] || exit 0
mkdir -p retired
mv -T old "retired/$2"
sync
