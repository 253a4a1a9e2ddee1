#!/bin/sh
# The next key takes the place of the one in use, which stays beside it as KEY.old. Wherever it is cut off, doing it again ends it.
set -e
key=$1
[ -f "$key.next" ] && [ -f "$key.next.pub" ]
if [ ! -f "$key.old" ]; then
    ln -f -- "$key.pub" "$key.old.pub"
    ln -- "$key" "$key.old"
fi
# The private half first: cut off here, the public one is written anew from it.
mv -fT -- "$key.next" "$key"
mv -fT -- "$key.next.pub" "$key.pub"
sync
