"""How a top-up stands: its outcome, its steps in plain words, and the top-ups that are in doubt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing.balances.models import Payment
from billing.topups.models import DOUBTFUL, UNSETTLED, Kind, TopUp, TopUpState

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# By how much the switch's clock may be wrong.
CLOCKS = timedelta(days=1)


class StepState(StrEnum):
    DONE = "done"
    NOW = "now"
    LATER = "later"
    FAILED = "failed"


@dataclass(frozen=True)
class Step:
    """One step of a top-up, as a person sees it. `at` is when it was done, or when it began."""

    title: StrOrPromise
    detail: StrOrPromise
    at: datetime | None
    state: StepState


def outcome(topup: TopUp) -> TopUpState:
    """The state that people are shown: for a transfer that of its debit until it has ended, then that of the credit."""
    if topup.debit is not None and topup.debit.state in UNSETTLED:
        return TopUpState(topup.debit.state)
    return TopUpState(topup.state)


def is_final(topup: TopUp) -> bool:
    """Whether nothing will change any more. A refused transfer is final once the agent has its money back."""
    if outcome(topup) in UNSETTLED:
        return False
    given_back = _give_back(topup)
    return given_back is None or given_back.state not in UNSETTLED


def doubtful(account: Account, *, most: int) -> list[TopUp]:
    """Top-ups, of the account or paid by it, that may or may not have been done, the newest first.

    Each row is the leg that is in doubt, and comes with the credit that it belongs to.
    """
    concerned = Q(account=account) | Q(payer=account) | Q(credit__account=account)
    rows = TopUp.objects.filter(concerned, state__in=DOUBTFUL).order_by("-requested_at", "-id")
    return list(rows.select_related("account", "debit", "credit__account", "gives_back__credit__account")[:most])


def listed_after_all() -> QuerySet[TopUp]:
    """Top-ups that were refused or found not applied, and yet the switch lists a payment with their reference."""
    earliest = OuterRef("requested_at") - CLOCKS
    listed = Payment.objects.filter(account=OuterRef("account"), memo=OuterRef("reference"), paid_at__gte=earliest)
    return TopUp.objects.filter(Exists(listed), state__in=(TopUpState.REFUSED, TopUpState.NOT_APPLIED))


def find(*, account: Account, reference: str) -> TopUp | None:
    """Find a top-up, with all rows that `outcome` and `steps` look at."""
    rows = TopUp.objects.filter(account=account, reference=reference)
    related = ("account__switch", "debit__reissued_as__credit", "payer", "requested_by", "reissued_as")
    fetched = ("transitions", "debit__transitions", "debit__give_backs")
    return rows.select_related(*related).prefetch_related(*fetched).first()


def issued_again(topup: TopUp) -> TopUp | None:
    """The credit that now stands for one that was found not applied, or whose debit was."""
    again: TopUp | None = getattr(topup, "reissued_as", None)
    debit: TopUp | None = getattr(topup.debit, "reissued_as", None)
    return again or (debit.credit if debit is not None else None)


def steps(topup: TopUp, *, for_payer: bool = False) -> list[Step]:
    """The steps of a top-up as a person sees them. Only the payer is shown why the agent was not debited."""
    steps = [Step(_("Written down"), "", topup.requested_at, StepState.DONE)]
    if topup.debit is not None:
        debit = _leg(topup.debit, DEBIT_WORDS)
        steps.append(debit if for_payer or debit.state != StepState.FAILED else replace(debit, detail=""))
        if topup.debit.state != TopUpState.CONFIRMED:
            return [*steps, *_after_the_debit(topup.debit)]
    steps.append(_leg(topup, GIVE_BACK_WORDS if topup.kind == Kind.GIVE_BACK else CREDIT_WORDS))
    given_back = _give_back(topup)
    if given_back is not None:
        steps.append(_leg(given_back, GIVE_BACK_WORDS))
    return steps


@dataclass(frozen=True)
class Words:
    """How a leg is called before it is done, once it is done, and when it was not done."""

    later: StrOrPromise
    done: StrOrPromise
    undone: StrOrPromise


CREDIT_WORDS = Words(_("Credit the account"), _("Credited"), _("Not credited"))
DEBIT_WORDS = Words(_("Debit the agent"), _("Agent debited"), _("Agent not debited"))
GIVE_BACK_WORDS = Words(
    _("Give the money back to the agent"), _("Given back to the agent"), _("Not given back to the agent")
)

DETAILS = {
    TopUpState.REQUESTED: _("Waiting to be sent."),
    TopUpState.SENDING: _("Sent to the switch; it has not answered yet."),
    TopUpState.CONFIRMED: _("Confirmed by the switch."),
    TopUpState.IN_DOUBT: _(
        "The switch did not say clearly whether it was done. "
        "We keep looking in the switch's payment history. Nothing is sent twice."
    ),
    TopUpState.REVIEW: _("It could not be settled by itself. Our staff is looking at it."),
    TopUpState.NOT_APPLIED: _("Our staff found that it was not done."),
}


def _leg(leg: TopUp, words: Words) -> Step:
    state = TopUpState(leg.state)
    if state == TopUpState.CONFIRMED:
        return Step(words.done, DETAILS[state], leg.settled_at, StepState.DONE)
    if state in (TopUpState.REFUSED, TopUpState.NOT_APPLIED):
        return Step(words.undone, DETAILS.get(state, leg.why), leg.settled_at, StepState.FAILED)
    # After a failed attempt, a waiting leg says why.
    detail = leg.why if state == TopUpState.REQUESTED and leg.why else DETAILS[state]
    at = leg.sent_at if state != TopUpState.REQUESTED else None
    return Step(words.later, detail, at, StepState.NOW)


def _after_the_debit(debit: TopUp) -> list[Step]:
    if debit.state in UNSETTLED:
        return [Step(CREDIT_WORDS.later, "", None, StepState.LATER)]
    return [Step(CREDIT_WORDS.undone, _("Nothing was sent."), debit.settled_at, StepState.FAILED)]


def _give_back(topup: TopUp) -> TopUp | None:
    """The latest give-back of a transfer: one that was refused is followed by another."""
    if topup.debit is None:
        return None
    return max(topup.debit.give_backs.all(), key=lambda give_back: give_back.pk, default=None)
