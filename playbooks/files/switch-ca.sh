#!/bin/sh
# The folder DIR.next takes the place of DIR, which stays as DIR.before-NAME or goes. Cut off anywhere, the next run of it goes on.
set -e
dir=$1 before=$1.before-$2
if [ -e "$dir" ]; then mv -T -- "$dir" "$before"; fi
if [ "$3" = remove ]; then rm -rf -- "$before"; fi
mv -T -- "$dir.next" "$dir"
