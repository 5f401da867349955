"""The templates of the systemd units that `schedule` prints.

Text in braces is filled in, with % doubled.
"""

from __future__ import annotations

UNIT_FOLDER = "/etc/systemd/system"
# the nginx block of docs/serving.md passes /browse/ on to this address
SERVED_HOST = "127.0.0.1"
# variables that the settings name, read by systemd as root; it need not exist
ENVIRONMENT_FILE = "/etc/default/foreign-eyes"
# the account of units that root prints
OWN_USER = "foreign-eyes"

# without MemoryDenyWriteExecute, under which pyOpenSSL cannot make its callbacks: each crawl by HTTPS would fail
_HARDENED = """\
NoNewPrivileges=true
CapabilityBoundingSet=
AmbientCapabilities=
PrivateTmp=true
PrivateDevices=true
PrivateUsers=true
ProtectSystem=strict
ProtectHome={homes}
ProtectClock=true
ProtectControlGroups=true
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
ProtectProc=invisible
ProcSubset=pid
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
LockPersonality=true
RemoveIPC=true
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
"""

_RUNS = f"""\
User={{user}}
WorkingDirectory={{directory}}
EnvironmentFile=-{ENVIRONMENT_FILE}
"""

_ONCE = f"""\
[Service]
Type=oneshot
{_RUNS}"""

# every other code needs a person, so the unit fails
_SUCCESS = "# 75: the next run tries again; all other codes need a person\nSuccessExitStatus=75\n"

UNITS = {
    "foreign-eyes.service": f"""\
[Unit]
Description=Foreign Eyes: crawl {{source}} and publish it
Wants=network-online.target
After=network-online.target

{_ONCE}ExecStart={{round}}
TimeoutStartSec={{limit}}s
{_SUCCESS}{_HARDENED}ReadWritePaths={{writes}}
""",
    "foreign-eyes.timer": """\
[Unit]
Description=Foreign Eyes every {every}

[Timer]
{timer}

[Install]
WantedBy=timers.target
""",
    "foreign-eyes-check.service": f"""\
[Unit]
Description=Foreign Eyes: check the archive and the published files, then make a backup
Wants=network-online.target
After=network-online.target

{_ONCE}# the backup is made even if the check finds a problem
ExecStart={{check}}
TimeoutStartSec=6h
{_SUCCESS}{_HARDENED}ReadWritePaths={{check_writes}}
""",
    "foreign-eyes-check.timer": """\
[Unit]
Description=Foreign Eyes: a check and a backup every day

[Timer]
OnCalendar=*-*-* 03:00:00
Persistent=true
RandomizedDelaySec=3h
FixedRandomDelay=true

[Install]
WantedBy=timers.target
""",
    "foreign-eyes-serve.service": f"""\
[Unit]
Description=Foreign Eyes: serve feeds, pages and Datasette on {{address}}
After=network.target

[Service]
{_RUNS}ExecStart={{serve}}
Restart=on-failure
RestartSec=30s
# wrong usage and wrong settings are not fixed by a restart
RestartPreventExitStatus=64 78
{_HARDENED}# it rolls back the transaction of a killed round, and tells when rounds are overdue
ReadWritePaths={{serve_writes}}

[Install]
WantedBy=multi-user.target
""",
}

AFTERWARDS = """\
# then: systemctl daemon-reload && systemctl enable --now foreign-eyes.timer foreign-eyes-check.timer foreign-eyes-serve.service
# the first round, now: systemctl start foreign-eyes.service
"""
MAKE_USER = """\
# first: useradd --system --no-create-home --shell /usr/sbin/nologin {user} && chown -R {user}: {folders}
"""
