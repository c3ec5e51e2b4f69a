"""The rounds in which every switch is asked, each once per slot and switch, and the hourly housekeeping."""

from __future__ import annotations

from datetime import timedelta

from billing.jobs.services.periodic import for_each_switch, periodic
from billing.sync.services import clocks, rounds

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

refresh_balances = for_each_switch(job="balances", every=MINUTE, queue="default")(rounds.refresh_balances)
name_new_accounts = for_each_switch(job="new accounts", every=MINUTE, queue="default")(rounds.name_new_accounts)
refresh_profiles = for_each_switch(job="profiles", every=10 * MINUTE, queue="default")(rounds.refresh_profiles)
mirror_watched = for_each_switch(job="payments of watched accounts", every=MINUTE, queue="default")(
    rounds.mirror_watched
)
mirror_followed = for_each_switch(job="payments", every=5 * MINUTE, queue="default")(rounds.mirror_followed)

fetch_today = for_each_switch(job="calls of today", every=MINUTE, queue="calls")(rounds.fetch_today)
fetch_yesterday = for_each_switch(job="calls of yesterday", every=5 * MINUTE, queue="calls")(rounds.fetch_yesterday)
back_fill = for_each_switch(job="calls of older days", every=MINUTE, queue="calls")(rounds.back_fill)
fetch_asked = for_each_switch(job="calls asked for", every=MINUTE, queue="calls")(rounds.fetch_asked)
prove = for_each_switch(job="proofs", every=5 * MINUTE, queue="calls")(rounds.prove)
reconcile = for_each_switch(job="reconciliation", every=HOUR, queue="calls")(rounds.reconcile)
reconcile_month = for_each_switch(job="reconciliation of a month", every=DAY, queue="calls")(rounds.reconcile_month)

check_clock = for_each_switch(job="clocks", every=HOUR, queue="default")(clocks.check)

housekeeping = periodic(job="housekeeping", every=HOUR, queue="default")(rounds.housekeeping)
