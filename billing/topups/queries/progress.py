"""How a top-up stands: its outcome, its steps as people see them, and the top-ups that are in doubt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing.balances.models import Payment
from billing.lib.reasons import Because, Reason
from billing.topups.models import DOUBTFUL, UNSETTLED, Kind, TopUp, TopUpState

# By how much the switch's clock may be wrong.
CLOCKS = timedelta(days=1)


class StepState(StrEnum):
    DONE = "done"
    NOW = "now"
    LATER = "later"
    FAILED = "failed"


class StepTitle(TextChoices):
    """What a step is, or what it has come to."""

    WRITTEN = "written", _("Written down")
    CREDIT = "credit", _("Credit the account")
    CREDITED = "credited", _("Credited")
    NOT_CREDITED = "not_credited", _("Not credited")
    DEBIT = "debit", _("Debit the agent")
    DEBITED = "debited", _("Agent debited")
    NOT_DEBITED = "not_debited", _("Agent not debited")
    GIVE_BACK = "give_back", _("Give the money back to the agent")
    GIVEN_BACK = "given_back", _("Given back to the agent")
    NOT_GIVEN_BACK = "not_given_back", _("Not given back to the agent")


class StepDetail(Reason):
    """Why a step stands as it does."""

    WAITING = "step.waiting", _("Waiting to be sent.")
    SENT = "step.sent", _("Sent to the switch; it has not answered yet.")
    CONFIRMED = "step.confirmed", _("Confirmed by the switch.")
    IN_DOUBT = (
        "step.in_doubt",
        _(
            "The switch did not say clearly whether it was done. "
            "We keep looking in the switch's payment history. Nothing is sent twice."
        ),
    )
    IN_REVIEW = "step.in_review", _("It could not be settled by itself. Our staff is looking at it.")
    NOT_APPLIED = "step.not_applied", _("Our staff found that it was not done.")
    NOTHING_SENT = "step.nothing_sent", _("Nothing was sent.")


@dataclass(frozen=True)
class Step:
    """One step, as a person sees it. `at` is when it was done, or when it began."""

    title: TextChoices
    detail: Because | None
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
    steps = [Step(StepTitle.WRITTEN, None, topup.requested_at, StepState.DONE)]
    if topup.debit is not None:
        debit = _leg(topup.debit, OF_DEBIT)
        steps.append(debit if for_payer or debit.state != StepState.FAILED else replace(debit, detail=None))
        if topup.debit.state != TopUpState.CONFIRMED:
            return [*steps, *_after_the_debit(topup.debit)]
    steps.append(_leg(topup, OF_GIVE_BACK if topup.kind == Kind.GIVE_BACK else OF_CREDIT))
    given_back = _give_back(topup)
    if given_back is not None:
        steps.append(_leg(given_back, OF_GIVE_BACK))
    return steps


@dataclass(frozen=True)
class Titles:
    """How a leg is called before it is done, once it is done, and when it was not done."""

    later: StepTitle
    done: StepTitle
    undone: StepTitle


OF_CREDIT = Titles(StepTitle.CREDIT, StepTitle.CREDITED, StepTitle.NOT_CREDITED)
OF_DEBIT = Titles(StepTitle.DEBIT, StepTitle.DEBITED, StepTitle.NOT_DEBITED)
OF_GIVE_BACK = Titles(StepTitle.GIVE_BACK, StepTitle.GIVEN_BACK, StepTitle.NOT_GIVEN_BACK)

DETAILS = {
    TopUpState.REQUESTED: StepDetail.WAITING,
    TopUpState.SENDING: StepDetail.SENT,
    TopUpState.CONFIRMED: StepDetail.CONFIRMED,
    TopUpState.IN_DOUBT: StepDetail.IN_DOUBT,
    TopUpState.REVIEW: StepDetail.IN_REVIEW,
    TopUpState.NOT_APPLIED: StepDetail.NOT_APPLIED,
}


def _leg(leg: TopUp, titles: Titles) -> Step:
    state = TopUpState(leg.state)
    if state == TopUpState.CONFIRMED:
        return Step(titles.done, Because(DETAILS[state]), leg.settled_at, StepState.DONE)
    if state == TopUpState.REFUSED:
        return Step(titles.undone, leg.why, leg.settled_at, StepState.FAILED)
    if state == TopUpState.NOT_APPLIED:
        return Step(titles.undone, Because(DETAILS[state]), leg.settled_at, StepState.FAILED)
    # After a failed attempt, a waiting leg says why.
    detail = leg.why if state == TopUpState.REQUESTED and leg.why else Because(DETAILS[state])
    at = leg.sent_at if state != TopUpState.REQUESTED else None
    return Step(titles.later, detail, at, StepState.NOW)


def _after_the_debit(debit: TopUp) -> list[Step]:
    if debit.state in UNSETTLED:
        return [Step(OF_CREDIT.later, None, None, StepState.LATER)]
    return [Step(OF_CREDIT.undone, Because(StepDetail.NOTHING_SENT), debit.settled_at, StepState.FAILED)]


def _give_back(topup: TopUp) -> TopUp | None:
    """The latest give-back of a transfer: one that was refused is followed by another."""
    if topup.debit is None:
        return None
    return max(topup.debit.give_backs.all(), key=lambda give_back: give_back.pk, default=None)
