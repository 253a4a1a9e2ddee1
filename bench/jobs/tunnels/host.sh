# A host on which Mattermost is, and no tunnels yet; its service stands in for it.
cat >/etc/systemd/system/mattermost.service <<'END'
[Unit]
Description=Mattermost (stand-in)
[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl -q enable --now mattermost
