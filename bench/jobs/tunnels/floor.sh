# The tunnels as one shell script: CHECK=1 tells what differs and changes nothing. The controller sends before it
# HOST, ADDRESS, PRIVATE and PUBLIC (this host's key pair for the tunnels) and PEERS, a line each: name|address|loopback|key|host key.
set -u
changed=0
differs() { changed=$((changed + 1)); [ -z "${CHECK-}" ] || { echo "$1"; return 1; }; }
each() { echo "$PEERS" | while IFS='|' read -r name address loopback key hostkey; do eval "$1"; done; }

content() { # path owner mode, the text on stdin
  text=$(cat; echo .)
  [ "$(stat -c '%U %a' "$1" 2>/dev/null)" = "$2 $3" ] && [ "$(cat "$1"; echo .)" = "$text" ] ||
    { differs "file $1" && (umask 077; printf %s "${text%.}" >"$1.new") && chown "$2:" "$1.new" && chmod "$3" "$1.new" && mv "$1.new" "$1"; }
}
folder() { [ "$(stat -c '%F %U %a' "$1" 2>/dev/null)" = "directory $2 $3" ] || { differs "folder $1" && install -d -o "$2" -m "$3" "$1"; }; }
runs() { systemctl -q is-active "$1" || { differs "$1 does not run" && systemctl start "$1"; }; }
starts() { systemctl -q is-enabled "$1" 2>/dev/null || { differs "$1 does not start at boot" && systemctl -q enable "$1"; }; }
rule() { echo "$added" | grep -qxF "ufw $1" || { differs "ufw $1" && eval "ufw ${2-}$1" >/dev/null; }; }

[ "$(dpkg-query -W -f '${db:Status-Status}\n' openssh-client openssh-server ufw iptables 2>/dev/null | sort -u)" = installed ] ||
  { differs packages && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y openssh-client openssh-server ufw iptables; }
getent passwd mm-tunnel >/dev/null ||
  { differs 'account mm-tunnel' && useradd --system --user-group --home-dir /var/lib/mm-tunnel --create-home --shell /usr/sbin/nologin mm-tunnel; }
folder /var/lib/mm-tunnel/.ssh mm-tunnel 700
echo "$PRIVATE" | content /var/lib/mm-tunnel/.ssh/id_ed25519 mm-tunnel 600
echo "$PUBLIC" | content /var/lib/mm-tunnel/.ssh/id_ed25519.pub mm-tunnel 644
each 'echo "restrict,port-forwarding,permitopen=\"$ADDRESS:8074\",from=\"$address\" $key"' |
  content /var/lib/mm-tunnel/.ssh/authorized_keys mm-tunnel 600
folder /etc/mm-tunnels root 755
each 'echo "$address $hostkey"' | content /etc/mm-tunnels/known_hosts root 644

added=$(ufw show added)
rule "allow 22/tcp comment 'mm-tunnel open: administrators'"
rule "allow 8065/tcp comment 'mm-tunnel open: clients'"
for peer in $(each 'echo "$name,$address"'); do
  rule "allow from ${peer#*,} to any port 22 proto tcp comment 'mm-tunnel open: ${peer%,*}'"
done

before=$changed
content /etc/ssh/sshd_config.d/50-mm-tunnel.conf root 644 <<END
Match User mm-tunnel
    AuthenticationMethods publickey
    AllowTcpForwarding local
    PermitOpen $ADDRESS:8074
    PermitListen none
    AllowStreamLocalForwarding no
    AllowAgentForwarding no
    X11Forwarding no
    PermitTTY no
    PermitTunnel no
    ForceCommand /bin/false
Match all
END
[ $changed = $before ] || [ -n "${CHECK-}" ] || { sshd -t && systemctl reload ssh; }

before=$changed
for peer in $(each 'echo "$name,$address,$loopback"'); do
  IFS=, read -r name address loopback <<END
$peer
END
  content "/etc/systemd/system/mm-tunnel-$name.service" root 644 <<END
[Unit]
Description=SSH tunnel for Mattermost's cluster traffic (%n)
After=network-online.target ssh.service
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
User=mm-tunnel
ExecStart=/usr/bin/ssh -NT -F none -i /var/lib/mm-tunnel/.ssh/id_ed25519 -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/etc/mm-tunnels/known_hosts -o GlobalKnownHostsFile=/dev/null -o ExitOnForwardFailure=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -o ServerAliveCountMax=3 -o BindAddress=$ADDRESS -L $loopback:8074:$address:8074 mm-tunnel@$address
Restart=always
RestartSec=5
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
END
done
content /etc/mm-tunnels/nat.rules root 644 <<END
*nat
:MM-TUNNEL - [0:0]
$(each 'echo "-A MM-TUNNEL -d $address/32 -p tcp -m tcp --dport 8074 -j DNAT --to-destination $loopback:8074"')
COMMIT
END
content /etc/systemd/system/mm-redirect.service root 644 <<'END'
[Unit]
Description=What is sent to a peer goes into its tunnel
After=ufw.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=iptables-restore -n /etc/mm-tunnels/nat.rules
ExecStart=/bin/sh -c 'iptables -t nat -C OUTPUT -j MM-TUNNEL 2>/dev/null || iptables -t nat -A OUTPUT -j MM-TUNNEL'
[Install]
WantedBy=multi-user.target
END
[ -d /etc/systemd/system/mattermost.service.d ] || { differs drop-in && mkdir /etc/systemd/system/mattermost.service.d; }
content /etc/systemd/system/mattermost.service.d/10-tunnels.conf root 644 <<END
[Unit]
Wants=$(each 'printf "mm-tunnel-$name.service "')
After=$(each 'printf "mm-tunnel-$name.service "')
END
[ $changed = $before ] || [ -n "${CHECK-}" ] || systemctl daemon-reload
for name in $(each 'echo "$name"'); do
  starts "mm-tunnel-$name"
  runs "mm-tunnel-$name"
done
for loopback in $(each 'echo "$loopback"'); do
  tries=0
  until ss -Hltn "src $loopback:8074" | grep -q .; do
    [ -z "${CHECK-}" ] || { differs "no tunnel at $loopback"; break; }
    tries=$((tries + 1)); [ $tries -lt 600 ] || { echo "no tunnel at $loopback"; exit 1; }
    sleep 0.1
  done
done
starts mm-redirect
runs mm-redirect
chain=$(iptables -t nat -S 2>/dev/null)
[ "$(echo "$chain" | grep '^-A MM-TUNNEL')" = "$(grep '^-A' /etc/mm-tunnels/nat.rules 2>/dev/null)" ] &&
  echo "$chain" | grep -qxF -- '-A OUTPUT -j MM-TUNNEL' || { differs redirections && systemctl restart mm-redirect; }

rule "deny 8074/tcp comment 'mm-tunnel closed: only through SSH'" 'insert 1 '
rule "deny 8074/udp comment 'mm-tunnel udp: dropped'"
rule "deny out 8074/udp comment 'mm-tunnel udp: dropped'"
grep -q '^DEFAULT_INPUT_POLICY="DROP"' /etc/default/ufw || { differs 'ufw default' && ufw default deny incoming >/dev/null; }
grep -q '^ENABLED=yes' /etc/ufw/ufw.conf || { differs 'ufw is off' && ufw --force enable >/dev/null; }
runs mattermost
echo "changed=$changed"
