# Whether a host has its tunnels, however they were made. PEERS comes from the controller.
wrong=0
not() { echo "$1"; wrong=1; }
for loopback in $(echo "$PEERS" | cut -d'|' -f3); do
  ss -Hltn "src $loopback:8074" | grep -q . || not "no tunnel at $loopback"
  iptables -t nat -S MM-TUNNEL | grep -q "to-destination $loopback:8074" || not "nothing leads to $loopback"
done
iptables -t nat -S OUTPUT | grep -q 'j MM-TUNNEL' || not 'no jump'
[ "$(grep -c '^restrict,port-forwarding' /var/lib/mm-tunnel/.ssh/authorized_keys)" = "$(echo "$PEERS" | wc -l)" ] || not 'not all peers may come in'
ufw status | grep -q '^8074/tcp *DENY' || not 'the port is open'
sshd -T -C user=mm-tunnel | grep -q '^forcecommand /bin/false' || not 'the account may do more than forward'
[ $wrong = 1 ] || echo changed=0
