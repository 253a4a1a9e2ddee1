#!/bin/sh
# Sessions, one a line: process, account, address, time. With `end` as the first word in place of `list` they are ended with all that
# they have started, and so is whatever else runs as one of the accounts. Then come words by two: `key PUBLIC-KEY` and `print SHA256:…`
# (sessions by this key, or a certificate of it), `ca SHA256:…` (by certificates of this CA), `id KEY-ID` (by certificates with this id),
# `account NAME`. The session that this runs in is neither listed nor ended.
wish=$1
shift
wanted=
while [ $# -gt 1 ]; do
    case $1 in
    key) word="print $(printf '%s\n' "$2" | ssh-keygen -l -f - | cut -d ' ' -f 2)" ;;
    *) word="$1 $2" ;;
    esac
    wanted="$wanted$word
"
    shift 2
done
export wanted

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
    fi | grep -F "Accepted publickey for "
}

# Prints process, account, address and time of each session that a wanted key or certificate has opened.
by_key() {
    accepted | awk 'BEGIN {
        n = split(ENVIRON["wanted"], lines, "\n")
        for (i = 1; i <= n; i++) if (lines[i] != "") is[lines[i]] = 1
    }
    {
        at = index($0, " ssh2: ")
        if (!match($0, /sshd(-session)?\[[0-9]+\]: Accepted publickey for /) || !at) next
        pid = substr($0, RSTART, RLENGTH); sub(/^[^[]*\[/, "", pid); sub(/\].*/, "", pid)
        who = substr($0, RSTART + RLENGTH); split(who, w, " ")
        shown = substr($0, at + 7); split(shown, s, " ")
        hit = ("print " s[2]) in is
        if (match(shown, / ID .* \(serial [0-9]+\) CA /)) {
            id = substr(shown, RSTART + 4, RLENGTH - 8); sub(/ \(serial [0-9]+\)$/, "", id)
            hit = hit || ("id " id) in is || ("ca " $NF) in is
        }
        if (hit) print pid, w[1], w[3], $1
    }'
}

# The number of a session that is over may be another process by now.
is_session() {
    case $(cat "/proc/$1/comm" 2>/dev/null) in sshd | sshd-session) ;; *) return 1 ;; esac
    tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF ": $2"
}

# Prints the processes of the accounts.
of_accounts() {
    printf '%s' "$wanted" | sed -n 's/^account //p' | while IFS= read -r name; do
        uid=$(id -u -- "$name" 2>/dev/null) && [ "$uid" != 0 ] || continue
        for process in /proc/[0-9]*; do
            [ "$(stat -c %u -- "$process" 2>/dev/null)" = "$uid" ] || continue
            case $(sed -n 's/^State:[[:space:]]*//p' "$process/status" 2>/dev/null) in Z*) continue ;; esac
            echo "${process#/proc/} $name - its processes"
        done
    done
}

# Prints what a session has started: all that descends from it, and what has left its parent and is still in its scope.
members() {
    grep -Hs '^PPid:' /proc/[0-9]*/status | awk -v root="$1" '{ split($1, part, "/"); parent[part[3]] = $2 }
    END {
        found[root] = 1
        do {
            more = 0
            for (pid in parent) if (!(pid in found) && parent[pid] in found) { found[pid] = 1; more = 1 }
        } while (more)
        for (pid in found) print pid
    }'
    scope=$(sed -n 's,^0::\(.*/session-[^/]*\.scope\)$,\1,p' "/proc/$1/cgroup" 2>/dev/null)
    [ -z "$scope" ] || cat "/sys/fs/cgroup$scope/cgroup.procs" 2>/dev/null
}

# The programs of a session go at once, as nobody could tell afterwards whose they were; sshd may close it in order.
stop() {
    for one in $(members "$1"); do
        case $own in *" $one "*) continue ;; esac
        case $(cat "/proc/$one/comm" 2>/dev/null) in
        sshd | sshd-session) kill -s "$2" -- "$one" 2>/dev/null ;;
        *) kill -s KILL -- "$one" 2>/dev/null ;;
        esac
    done
}

all() {
    {
        by_key | while read -r pid user from since; do
            if is_session "$pid" "$user"; then echo "$pid $user $from $since"; fi
        done
        of_accounts
    } | while read -r pid rest; do
        case $own in *" $pid "*) ;; *) printf '%s %s\n' "$pid" "$rest" ;; esac
    done
}

found=$(all)
[ -n "$found" ] || exit 0
printf '%s\n' "$found"
[ "$wish" = end ] || exit 0
signal=TERM
for try in 1 2 3 4 5 6 7 8 9 10; do
    all | while read -r pid rest; do stop "$pid" "$signal"; done
    [ -n "$(all)" ] || exit 0
    sleep 0.5
    [ "$try" -lt 3 ] || signal=KILL
done
echo 'these sessions do not end:' >&2
all >&2
exit 1
