#!/bin/sh
# The private keys of CAs that were replaced go; their public keys stay, and so does the record of what they have signed.
set -e
cd -- "$1"
rm -f -- retired/*/user_ca retired/*/host_ca
