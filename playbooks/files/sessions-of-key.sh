#!/bin/sh
# Sessions that were let in by a key, one a line: process, account, address, time. With `end` they are ended. The session that this
# runs in is neither listed nor ended.
print=$1 wish=$2
own=" "
pid=$$
while [ "${pid:-0}" -gt 1 ]; do
    own="$own$pid "
    pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")
done
accepted() {
    # Anybody may write into the journal in the name of sshd, but not as root.
    if command -v journalctl >/dev/null 2>&1 && [ -d /run/systemd/system ]; then
        journalctl -q --no-pager -o short-iso _UID=0 -t sshd -t sshd-session
    else
        cat /var/log/auth.log 2>/dev/null
    fi | grep -F " SHA256:" | grep -F "Accepted publickey for "
}
accepted | awk -v wanted="$print" '$NF == wanted {
    for (i = 1; i <= NF; i++) {
        if ($i ~ /^sshd(-session)?\[[0-9]+\]:$/) { pid = $i; gsub(/[^0-9]/, "", pid) }
        if ($i == "for") user = $(i + 1)
        if ($i == "from") from = $(i + 1)
    }
    print pid, user, from, $1 }' |
while read -r pid user from since; do
    case $own in *" $pid "*) continue ;; esac
    case $(cat "/proc/$pid/comm" 2>/dev/null) in sshd | sshd-session) ;; *) continue ;; esac
    # The number may be another session's by now.
    tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF ": $user" || continue
    echo "$pid $user $from $since"
    [ "$wish" != end ] || kill -- "$pid"
done
