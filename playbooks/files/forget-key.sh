#!/bin/sh
# The key that was replaced goes.
rm -f -- "$1.old" "$1.old.pub"
