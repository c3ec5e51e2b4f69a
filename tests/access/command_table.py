"""What the commands do, whomever and whatever they name: a table for each.

A command is the operator's, who holds the server; it asks no one who they are. A row is the person that it names (`·`:
none), a column is the call as it stands in `CALLS` with that one parameter changed. A cell is what comes of it:

    done      exit code 0
    failed    exit code 1: tried, or not to be had now
    refused   exit code 2: it makes no sense

What is not done leaves no row and no mail behind, and no money moves. A command or a parameter that is new has to be
entered here.
"""

from __future__ import annotations

from billing.switches.management.switch_options import FIELDS

# A-31001 is below the agent R-210, which is below R-200; R-100 and A-20417 have nothing to do with it. X-1 is of the
# switch called other, which does not answer. `unknown` is no one's. `taken` is a key that everybody here has used once;
# `left` may no longer log in, and `nobody` and `rubbish` are not known, the latter being no address at all.
CALLS = {
    "after_restore": {},
    "audit": {"account": "A-31001"},
    "forget_routing": {"switch": "demo"},
    "grant": {"switch": "demo", "account": "A-31001"},
    "invite": {"switch": "demo", "account": "A-31001"},
    "phrase": {"switch": "demo", "account": "A-31001"},
    "reconcile": {"switch": "demo", "accounts": "A-31001"},
    "resolve": {"switch": "demo"},
    "switch": {"name": "demo", "url": "http://127.0.0.1:9"},
    "sync": {"switch": "demo", "accounts": "A-31001"},
    "topup": {"switch": "demo", "account": "A-31001", "amount": "0.01", "key": "fresh", "again": ""},
}
# Which of its parameters holds the row's person.
PERSON = {"audit": "user", "grant": "email", "invite": "email", "topup": "by"}

# What a command is told that belongs to no one and names nothing of the portal's.
VALUES = {
    "after_restore": ("since",),
    "audit": ("since", "until"),
    "grant": ("role", "password_stdin", "staff"),
    "invite": ("role", "mail"),
    "reconcile": ("since", "until"),
    "switch": ("notify", "probe", *(option for option in FIELDS if option != "url")),
    "sync": ("since", "until"),
    "topup": ("amount", "note", "again"),
}

# It starts a whole demo of its own, and its only parameter is --json.
SHOWN_ELSEWHERE = {"demo": "tests/portal/test_demo.py"}

# It reads all switches, of which one does not answer.
AFTER_RESTORE = """
   as-it-is
·  failed
"""

# The trail is of all switches: a number names the accounts of all that have it.
AUDIT = """
             as-it-is  account=A-20417  account=X-1  account=unknown
·            done      done             done         refused
stranger     done      done             done         refused
viewer       done      done             done         refused
owner        done      done             done         refused
sibling      done      done             done         refused
parent       done      done             done         refused
grandparent  done      done             done         refused
staff        done      done             done         refused
support      done      done             done         refused
billing      done      done             done         refused
operator     done      done             done         refused
superuser    done      done             done         refused
left         done      done             done         refused
nobody       refused   refused          refused      refused
"""
FORGET_ROUTING = """
             as-it-is  switch=other  switch=unknown
·            done      done          refused
"""
GRANT = """
             as-it-is  switch=other  switch=unknown  account=X-1  account=unknown
stranger     done      failed        refused         failed       failed
viewer       done      failed        refused         failed       failed
owner        done      failed        refused         failed       failed
sibling      done      failed        refused         failed       failed
parent       done      failed        refused         failed       failed
grandparent  done      failed        refused         failed       failed
staff        done      failed        refused         failed       failed
support      done      failed        refused         failed       failed
billing      done      failed        refused         failed       failed
operator     done      failed        refused         failed       failed
superuser    done      failed        refused         failed       failed
left         done      failed        refused         failed       failed
nobody       done      failed        refused         failed       failed
rubbish      refused   refused       refused         refused      refused
"""
# A person who is a member already has no need of a link.
INVITE = """
             as-it-is  switch=other  switch=unknown  account=X-1  account=unknown
stranger     done      failed        refused         failed       failed
viewer       failed    failed        refused         failed       failed
owner        failed    failed        refused         failed       failed
sibling      done      failed        refused         failed       failed
parent       done      failed        refused         failed       failed
grandparent  done      failed        refused         failed       failed
staff        done      failed        refused         failed       failed
support      done      failed        refused         failed       failed
billing      done      failed        refused         failed       failed
operator     done      failed        refused         failed       failed
superuser    done      failed        refused         failed       failed
left         done      failed        refused         failed       failed
nobody       done      failed        refused         failed       failed
rubbish      refused   refused       refused         refused      refused
"""
PHRASE = """
             as-it-is  switch=other  switch=unknown  account=X-1  account=unknown
·            done      failed        refused         failed       failed
"""
RECONCILE = """
             as-it-is  switch=other  switch=unknown  accounts=X-1  accounts=unknown
·            done      refused       refused         refused       refused
"""
RESOLVE = """
             as-it-is  switch=other  switch=unknown
·            done      done          refused
"""
SWITCH = """
             as-it-is  name=other  name=new  url=ftp://127.0.0.1
·            done      done        done      refused
"""
SYNC = """
             as-it-is  switch=other  switch=unknown  accounts=X-1  accounts=unknown
·            done      failed        refused         failed        failed
"""
# Everybody can be named who may log in: what they may is asked at the portal's pages, and their limits count here too.
TOPUP = """
             as-it-is  switch=other  switch=unknown  account=X-1  account=unknown  key=taken
stranger     done      failed        refused         refused      refused          refused
viewer       done      failed        refused         refused      refused          refused
owner        done      failed        refused         refused      refused          refused
sibling      done      failed        refused         refused      refused          refused
parent       done      failed        refused         refused      refused          refused
grandparent  done      failed        refused         refused      refused          refused
staff        done      failed        refused         refused      refused          refused
support      done      failed        refused         refused      refused          refused
billing      done      failed        refused         refused      refused          refused
operator     done      failed        refused         refused      refused          refused
superuser    done      failed        refused         refused      refused          refused
left         refused   refused       refused         refused      refused          refused
nobody       refused   refused       refused         refused      refused          refused
"""
# An agent pays for what is below it, at whatever depth.
TOPUP_FROM_AN_AGENT = """
             agent=R-210  agent=R-200  agent=R-100  agent=A-20417  agent=X-1  agent=unknown
stranger     done         done         refused      refused        refused    refused
viewer       done         done         refused      refused        refused    refused
owner        done         done         refused      refused        refused    refused
sibling      done         done         refused      refused        refused    refused
parent       done         done         refused      refused        refused    refused
grandparent  done         done         refused      refused        refused    refused
staff        done         done         refused      refused        refused    refused
support      done         done         refused      refused        refused    refused
billing      done         done         refused      refused        refused    refused
operator     done         done         refused      refused        refused    refused
superuser    done         done         refused      refused        refused    refused
left         refused      refused      refused      refused        refused    refused
nobody       refused      refused      refused      refused        refused    refused
"""

GRIDS = (
    ("after_restore", AFTER_RESTORE),
    ("audit", AUDIT),
    ("forget_routing", FORGET_ROUTING),
    ("grant", GRANT),
    ("invite", INVITE),
    ("phrase", PHRASE),
    ("reconcile", RECONCILE),
    ("resolve", RESOLVE),
    ("switch", SWITCH),
    ("sync", SYNC),
    ("topup", TOPUP),
    ("topup", TOPUP_FROM_AN_AGENT),
)
