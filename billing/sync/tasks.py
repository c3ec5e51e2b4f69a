"""The rounds in which every switch is asked, each once per slot and switch, and the hourly housekeeping."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from billing.jobs.services.periodic import for_each_switch, periodic
from billing.switches.services.budget import Work
from billing.sync.services import clocks, rounds

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

money = partial(for_each_switch, queue="default", share=Work.MONEY)
calls = partial(for_each_switch, queue="calls", share=Work.CALLS)
proofs = partial(for_each_switch, queue="calls", share=Work.PROOFS)
older_calls = partial(for_each_switch, queue="calls", share=Work.BACK_FILL)

refresh_balances = money(job="balances", every=MINUTE)(rounds.refresh_balances)
name_new_accounts = money(job="new accounts", every=MINUTE)(rounds.name_new_accounts)
refresh_profiles = money(job="profiles", every=10 * MINUTE)(rounds.refresh_profiles)
mirror_watched = money(job="payments of watched accounts", every=MINUTE)(rounds.mirror_watched)
mirror_followed = money(job="payments", every=5 * MINUTE)(rounds.mirror_followed)

fetch_today = calls(job="calls of today", every=MINUTE)(rounds.fetch_today)
fetch_yesterday = calls(job="calls of yesterday", every=5 * MINUTE)(rounds.fetch_yesterday)
back_fill = older_calls(job="calls of older days", every=MINUTE)(rounds.back_fill)
fetch_asked = older_calls(job="calls asked for", every=MINUTE)(rounds.fetch_asked)
prove = proofs(job="proofs", every=5 * MINUTE)(rounds.prove)
reconcile = proofs(job="reconciliation", every=HOUR)(rounds.reconcile)
reconcile_month = proofs(job="reconciliation of a month", every=DAY)(rounds.reconcile_month)

check_clock = money(job="clocks", every=HOUR)(clocks.check)

housekeeping = periodic(job="housekeeping", every=HOUR, queue="default")(rounds.housekeeping)
