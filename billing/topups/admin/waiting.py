"""Top-ups that wait for a person of the staff."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from billing.subject import Waiting
from billing.topups.models import Answer, Kind, Reissue, StrayPayment, TopUp, TopUpState
from billing.topups.queries.progress import listed_after_all

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def waiting(*, now: datetime) -> Iterator[Waiting]:
    """Each kind with the list that shows them."""

    def line(label: StrOrPromise, count: int, query: dict[str, object]) -> Waiting:
        return Waiting(label=label, model="topups.topup", count=count, query=query)

    in_state = {state: TopUp.objects.filter(state=state) for state in (TopUpState.REVIEW, TopUpState.IN_DOUBT)}
    # The switch did not give it back, as a person found: nothing sends it again by itself.
    owed = TopUp.objects.filter(kind=Kind.GIVE_BACK, state=TopUpState.NOT_APPLIED, reissued_as__isnull=True)
    asked = Reissue.objects.filter(answer=Answer.OPEN)
    yield line(_("Top-ups that a person must decide"), in_state[TopUpState.REVIEW].count(), {"state__exact": "review"})
    yield line(_("Top-ups being checked"), in_state[TopUpState.IN_DOUBT].count(), {"state__exact": "in_doubt"})
    yield line(_("Not done as we know, yet listed by the switch"), listed_after_all().count(), {"listed": "after_all"})
    yield Waiting(
        label=_("Payments with a reference of ours that no top-up tells of"),
        model="balances.payment",
        count=StrayPayment.objects.unexplained().count(),
        query={"from": "lost"},
    )
    yield line(_("Give-backs that are owed to an agent"), owed.count(), {"kind__exact": "give_back", "reissue": "none"})
    yield line(_("Re-issues that wait for a second person"), asked.count(), {"reissue": "asked"})
