"""What an agent can still give away. The switch deducts whatever it is told to, so the portal has to keep count."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db.models import Q, Sum

from accounts.models import Account
from billing.lib.amounts import ZERO
from billing.topups.models import UNSETTLED, Kind, Source, TopUp, TopUpState
from billing.topups.services.states import UNDONE


def left_for_transfer(*, agent: Account, debit: TopUp | None = None) -> Decimal | None:
    """What the agent can spend now, less the debits that the balance may not show yet. None: the balance is not known.

    With a `debit` that is about to be sent, only debits that came before it or have already left are deducted.
    """
    if agent.spendable is None:
        return None
    debits = TopUp.objects.filter(_not_in_balance(agent), account=agent, kind=Kind.DEBIT)
    if debit is not None:
        debits = debits.filter(Q(pk__lt=debit.pk) | ~Q(state=TopUpState.REQUESTED)).exclude(pk=debit.pk)
    return agent.spendable + (debits.aggregate(sum=Sum("amount"))["sum"] or ZERO)


def perhaps_counted_twice(*, agent: Account) -> Decimal:
    """By how much `left_for_transfer` may be too low, until the balance is asked for again."""
    debits = TopUp.objects.filter(_confirmed_since(agent), account=agent, kind=Kind.DEBIT)
    return -(debits.aggregate(sum=Sum("amount"))["sum"] or ZERO)


def _not_in_balance(agent: Account) -> Q:
    return Q(state__in=UNSETTLED) | _confirmed_since(agent)


def _confirmed_since(agent: Account) -> Q:
    """A confirmed debit counts until a balance was asked for after it, unless that balance came with its own answer."""
    return Q(state=TopUpState.CONFIRMED, settled_at__gte=agent.balance_at) & ~Q(sent_at=agent.balance_at)


def left_for_today(*, agent: Account, now: datetime) -> Decimal:
    """What is left of the agent's daily credit without debit, on the day of the switch's calendar."""
    midnight = now.astimezone(agent.switch.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    given = TopUp.objects.filter(payer=agent, source=Source.AGENT_CREDIT, requested_at__gte=midnight)
    sum_given = given.exclude(state__in=UNDONE).aggregate(sum=Sum("amount"))["sum"]
    return (agent.credit_without_debit or ZERO) - (sum_given or ZERO)
