"""What stands for the top-ups of batches that a person found not applied and others had issued again."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from billing.models import BatchRow, Kind, TopUp, TopUpState

NOT_APPLIED = Q(topup__state=TopUpState.NOT_APPLIED) | Q(topup__debit__state=TopUpState.NOT_APPLIED)


def standing(rows: QuerySet[BatchRow]) -> dict[int, TopUp]:
    """By row, the credit that was issued last; rows of which nothing was issued again are left out."""
    latest: dict[int, TopUp] = {}
    current = {row.pk: row.topup for row in rows.filter(NOT_APPLIED).select_related("topup") if row.topup is not None}
    while current:
        following = _following(list(current.values()))
        current = {pk: following[topup.pk] for pk, topup in current.items() if topup.pk in following}
        latest.update(current)
    return latest


def _following(credits: list[TopUp]) -> dict[int, TopUp]:
    """By credit, the one that was issued in its place, or with a new debit in place of its own."""
    by_leg = {topup.debit_id: topup.pk for topup in credits if topup.debit_id} | {
        topup.pk: topup.pk for topup in credits
    }
    issued = TopUp.objects.filter(kind=Kind.CREDIT).select_related("debit")
    found = issued.filter(Q(reissue_of__in=by_leg) | Q(debit__reissue_of__in=by_leg))
    old = ((topup, topup.reissue_of_id or (topup.debit.reissue_of_id if topup.debit else None)) for topup in found)
    return {by_leg[leg]: topup for topup, leg in old if leg is not None}
