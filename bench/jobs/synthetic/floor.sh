# The synthetic job as one shell script: CHECK=1 tells what differs and changes nothing.
# HOST and ADDRESS come from the controller, as do the variables of an inventory.
set -u
changed=0
differs() { changed=$((changed + 1)); [ -z "${CHECK-}" ] || { echo "$1"; return 1; }; }

group() { getent group "$1" >/dev/null || { differs "group $1" && groupadd --system --gid "$2" "$1"; }; }
account() { getent passwd "$1" >/dev/null || { differs "account $1" && useradd --uid "$2" --gid bench --home-dir "$3" --create-home --shell /usr/sbin/nologin --comment "$4" "$1"; }; }
package() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] || { differs "package $1" && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$1" >/dev/null; }; }
folder() { [ "$(stat -c '%F %U %G %a' "$1" 2>/dev/null)" = "directory bench bench $2" ] || { differs "folder $1" && install -d -o bench -g bench -m "$2" "$1"; }; }
content() { # path owner mode, the text on stdin
  text=$(cat; echo .)
  [ "$(stat -c '%U %a' "$1" 2>/dev/null)" = "$2 $3" ] && [ "$(cat "$1"; echo .)" = "$text" ] ||
    { differs "file $1" && printf %s "${text%.}" >"$1.new" && chown "$2" "$1.new" && chmod "$3" "$1.new" && mv "$1.new" "$1"; }
}
link() { [ "$(readlink "$1")" = "$2" ] || { differs "link $1" && ln -sfn "$2" "$1"; }; }
line() { # path expression line
  grep -qxF -- "$3" "$1" 2>/dev/null || { differs "line $3" && { grep -qE -- "$2" "$1" 2>/dev/null && sed -i -E "s/$2.*/$3/" "$1" || echo "$3" >>"$1"; }; }
}
block() { # path mark, the text on stdin
  text=$(echo "# BEGIN $2"; cat; echo "# END $2")
  [ "$(sed -n "/^# BEGIN $2\$/,/^# END $2\$/p" "$1" 2>/dev/null)" = "$text" ] ||
    { differs "block $2" && { [ ! -e "$1" ] || sed -i "/^# BEGIN $2\$/,/^# END $2\$/d" "$1"; echo "$text" >>"$1"; }; }
}
kernel() {
  [ "$(sysctl -n "$1")" = "$2" ] || { differs "kernel $1" && sysctl -qw "$1=$2"; }
  echo "$1 = $2" | content "/etc/sysctl.d/zz-$1.conf" root 644
}
runs() { systemctl -q is-active "$1" || { differs "$1 does not run" && systemctl start "$1"; }; }
starts() { systemctl -q is-enabled "$1" 2>/dev/null || { differs "$1 does not start at boot" && systemctl -q enable "$1"; }; }

group bench 4700
account bench 4700 /var/lib/bench 'The service'
account benchadm 4701 /home/benchadm 'Its administrator'
key='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx anna'
grep -qF "$key" /home/benchadm/.ssh/authorized_keys 2>/dev/null || {
  differs 'key of benchadm' && install -d -o benchadm -g bench -m 700 /home/benchadm/.ssh &&
    echo "$key" >>/home/benchadm/.ssh/authorized_keys && chown benchadm:bench /home/benchadm/.ssh/authorized_keys && chmod 600 /home/benchadm/.ssh/authorized_keys
}
package hello
package tree
folder /srv/bench/conf 755
folder /srv/bench/data 750
folder /srv/bench/log 755
folder /srv/bench/run 711
content /srv/bench/conf/part0.conf bench 640 <<'END'
# part 0
workers = 2
queue = part-0
timeout = 10
END
content /srv/bench/conf/part1.conf bench 640 <<'END'
# part 1
workers = 3
queue = part-1
timeout = 20
END
content /srv/bench/conf/part2.conf bench 640 <<'END'
# part 2
workers = 4
queue = part-2
timeout = 30
END
content /srv/bench/conf/part3.conf bench 640 <<'END'
# part 3
workers = 5
queue = part-3
timeout = 40
END
content /srv/bench/conf/part4.conf bench 640 <<'END'
# part 4
workers = 6
queue = part-4
timeout = 50
END
content /srv/bench/conf/part5.conf bench 640 <<'END'
# part 5
workers = 7
queue = part-5
timeout = 60
END
content /srv/bench/conf/part6.conf bench 640 <<'END'
# part 6
workers = 8
queue = part-6
timeout = 70
END
content /srv/bench/host.conf root 644 <<END
# $HOST
name = $HOST
address = $ADDRESS
END
content /srv/bench/listen.conf root 644 <<END
listen = $ADDRESS:8074
END
content /srv/bench/peers.conf root 644 <<END
peers = 4
END
content /srv/bench/limits.conf root 644 <<END
workers = 4
files = 4000
END
link /srv/bench/current conf
link /srv/bench/spool data
link /srv/bench/main.conf conf/part0.conf
line /etc/bench.conf '^#? *port *=' 'port = 8074'
line /etc/bench.conf '^#? *mode *=' 'mode = fast'
line /etc/ssh/ssh_config.d/bench.conf '^ServerAliveInterval' 'ServerAliveInterval 60'
line /etc/ssh/ssh_config.d/bench.conf '^ConnectTimeout' 'ConnectTimeout 10'
block /etc/bench-hosts 'bench 1' <<'END'
10.1.1.1 alpha1
10.1.1.2 beta1
END
block /etc/bench-hosts 'bench 2' <<'END'
10.1.2.1 alpha2
10.1.2.2 beta2
END
kernel net.ipv4.conf.all.rp_filter 1
kernel net.ipv4.conf.all.log_martians 1
kernel net.ipv4.tcp_fin_timeout 30
kernel net.ipv4.ip_forward 1
before=$changed
content /etc/systemd/system/bench-1.service root 644 <<'END'
[Unit]
Description=Worker 1 of the bench
[Service]
ExecStart=/bin/sleep infinity
Nice=1
[Install]
WantedBy=multi-user.target
END
content /etc/systemd/system/bench-2.service root 644 <<'END'
[Unit]
Description=Worker 2 of the bench
[Service]
ExecStart=/bin/sleep infinity
Nice=2
[Install]
WantedBy=multi-user.target
END
[ $changed = $before ] || [ -n "${CHECK-}" ] || systemctl daemon-reload
starts bench-1
runs bench-1
starts bench-2
runs bench-2
runs ssh
runs dbus
echo "changed=$changed"
