"""The templates of the systemd units that `schedule` prints.

Text in braces is filled in, with % doubled.
"""

from __future__ import annotations

UNIT_FOLDER = "/etc/systemd/system"
# the nginx block of docs/serving.md passes /browse/ on to this address
SERVED_HOST = "127.0.0.1"

_HARDENED = """\
NoNewPrivileges=true
PrivateTmp=true
PrivateDevices=true
ProtectSystem=strict
ProtectKernelTunables=true
ProtectKernelModules=true
ProtectControlGroups=true
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictSUIDSGID=true
LockPersonality=true
"""

UNITS = {
    "foreign-eyes.service": f"""\
[Unit]
Description=Foreign Eyes: crawl {{source}} and publish it
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={{user}}
WorkingDirectory={{directory}}
ExecStart={{round}}
# 65, 69 and 75 have their cause at the source: see the journal and "foreign-eyes status"; the next round tries again
SuccessExitStatus=65 69 75
{_HARDENED}ReadWritePaths={{writes}}
""",
    "foreign-eyes.timer": """\
[Unit]
Description=Foreign Eyes every {every}

[Timer]
OnActiveSec=2min
OnUnitActiveSec={seconds}s
RandomizedDelaySec={spread}s

[Install]
WantedBy=timers.target
""",
    "foreign-eyes-serve.service": f"""\
[Unit]
Description=Foreign Eyes: serve feeds, pages and Datasette on {{address}}
After=network.target

[Service]
User={{user}}
WorkingDirectory={{directory}}
ExecStart={{serve}}
Restart=on-failure
RestartSec=30s
# wrong usage and wrong settings are not fixed by a restart
RestartPreventExitStatus=64 78
{_HARDENED}# it only reads, except that it first rolls back the transaction of a killed round
ReadWritePaths={{archive_folder}}

[Install]
WantedBy=multi-user.target
""",
}

AFTERWARDS = """\
# then: systemctl daemon-reload && systemctl enable --now foreign-eyes.timer foreign-eyes-serve.service
"""
