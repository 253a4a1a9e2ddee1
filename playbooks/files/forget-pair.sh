#!/bin/sh
# What a change of the CA needed goes.
rm -f -- "$1.old" "$2.old" "$3.next"
