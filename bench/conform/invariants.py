"""What must hold after a run, whatever was done to it. Each check gives its violations as sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from django.db import DatabaseError, connection, transaction

from bench.conform.evidence import Burst, Evidence, memo_of, moment
from bench.conform.sums import t12_sums_agree, t13_transfers_conserve, t14_paid_is_credited_or_owed
from billing.lib.amounts import ZERO
from billing.topups.models import EDGES, Answer, CardFinding, Kind, Source, TopUp, TopUpState, Transition
from billing.topups.services.states import ENDS

# The switch's log knows milliseconds, the portal microseconds.
ROUNDING = timedelta(milliseconds=5)
AT_REST = ENDS | {TopUpState.REVIEW}
TRIED_AGAINST_THE_DATABASE = 5
CHANGE_A_STEP = "UPDATE topups_transition SET why = 'changed' WHERE id = %s"
DELETE_A_STEP = "DELETE FROM topups_transition WHERE id = %s"
CHANGES = (
    "DELETE FROM topups_topup WHERE id = %s",
    "UPDATE topups_topup SET amount = amount * 2 WHERE id = %s",
    # To where no edge leads from its state.
    "UPDATE topups_topup SET"
    " state = CASE WHEN state IN ('requested', 'sending') THEN 'not_applied' ELSE 'requested' END,"
    " settled_at = CASE WHEN state IN ('requested', 'sending') THEN now() END WHERE id = %s",
)


def t1_sent_once(evidence: Evidence) -> Iterator[str]:
    """At most one `Pay` is received per reference."""
    for reference, requests in evidence.received_under.items():
        if len(requests) > 1:
            yield f"{reference} was received {len(requests)} times"


def t2_written_before(evidence: Evidence) -> Iterator[str]:
    """Every received `Pay` has a row committed before it, if that was not lost with its database since."""
    for request in evidence.received:
        topup = evidence.by_reference.get(memo_of(request))
        if memo_of(request) in evidence.seen.lost:
            continue
        if topup is None:
            yield f"a Pay was received under {memo_of(request)!r}, which no top-up has"
            continue
        claims = [step.at for step in evidence.steps[topup.pk] if step.to_state == TopUpState.SENDING]
        if not any(at <= moment(request.at) + ROUNDING for at in claims):
            yield f"{topup} was received before it was claimed"


def t3_confirmed_is_there(evidence: Evidence) -> Iterator[str]:
    """Confirmed: exactly one matching row on the switch."""
    for topup in evidence.topups:
        if topup.state == TopUpState.CONFIRMED and len(evidence.rows_of(topup)) != 1:
            yield f"{topup} is confirmed and stands {len(evidence.rows_of(topup))} times on the switch"


def t4_refused_is_not(evidence: Evidence) -> Iterator[str]:
    """Refused, or not applied by a person's word: no row on the switch, even after delayed actions were done."""
    for topup in evidence.topups:
        if topup.state in (TopUpState.REFUSED, TopUpState.NOT_APPLIED) and evidence.rows_of(topup):
            yield f"{topup} is {topup.state} and stands on the switch"


def t5_unsure_is_doubt(evidence: Evidence) -> Iterator[str]:
    """Anything but a right `retCode` 0, a listed refusal or provably unsent is in doubt."""
    for topup in evidence.topups:
        for step in evidence.steps[topup.pk]:
            if step.from_state == TopUpState.SENDING and not _is_justified(evidence, topup, step):
                yield f"{topup} went from sending to {step.to_state} by {step.evidence}"


def _is_justified(evidence: Evidence, topup: TopUp, step: Transition) -> bool:
    requests = evidence.received_under.get(topup.reference, [])
    match step.to_state:
        case TopUpState.CONFIRMED:
            said = Decimal(str(step.evidence.get("pay_money", "NaN")))
            return said == topup.amount and any(request.acted for request in requests)
        case TopUpState.REFUSED if "code" in step.evidence:
            return step.evidence["code"] in evidence.switch.sure_refusals
        case TopUpState.REFUSED | TopUpState.REQUESTED:
            return not any(moment(request.at) <= step.at for request in requests)
    return bool(step.to_state == TopUpState.IN_DOUBT)


def t6_absence_is_no_end(evidence: Evidence) -> Iterator[str]:
    """ "Not found" alone never ends doubt: it leads to a person, after the settling time and several clean looks."""
    for topup in evidence.topups:
        for step in evidence.steps[topup.pk]:
            if step.from_state == TopUpState.IN_DOUBT and not _ends_doubt(evidence, topup, step):
                yield f"{topup} went from in doubt to {step.to_state} by {step.evidence}"
            if step.from_state == TopUpState.REVIEW and step.by_id is None:
                yield f"{topup} left the review without a person"


def _ends_doubt(evidence: Evidence, topup: TopUp, step: Transition) -> bool:
    if "found" in step.evidence or "pay_money" in step.evidence or _says_card(step):
        return True
    settled = step.at - (topup.sent_at or topup.requested_at) >= evidence.switch.settling_time
    looks = int(step.evidence.get("looks", 0))
    return step.to_state == TopUpState.REVIEW and settled and looks >= evidence.switch.clean_looks


def _says_card(step: Transition) -> bool:
    """Of a voucher: the card was used, for this account or another."""
    card = step.evidence.get("card")
    return isinstance(card, dict) and card.get("state") == CardFinding.USED


def t7_comes_to_rest(evidence: Evidence) -> Iterator[str]:
    """Once faults stop, every top-up is confirmed, refused or in review within the settling time."""
    for reference, state in evidence.seen.at_rest.items():
        if state not in AT_REST:
            yield f"{reference} was {state} when the settling time was over"
    for topup in evidence.topups:
        if topup.state not in ENDS:
            yield f"{topup} is {topup.state} although nothing is left to be decided"


def t8_one_key_one_topup(evidence: Evidence) -> Iterator[str]:
    """Simultaneous submits of one key: one top-up, one `Pay`, equal answers. Same key, other body: refused."""
    for burst in evidence.seen.bursts:
        yield from _of_burst(evidence, burst)
    for key, answers in evidence.seen.posted.items():
        if len(answers) > 1:
            yield f"the key {key}, posted again after a loss, was answered {sorted(answers)}"


def _of_burst(evidence: Evidence, burst: Burst) -> Iterator[str]:
    rows = [topup for topup in evidence.topups if topup.key == burst.key and topup.kind == Kind.CREDIT]
    if len(rows) != 1:
        yield f"the key {burst.key} made {len(rows)} top-ups"
        return
    if set(burst.answers) != {rows[0].reference}:
        yield f"the key {burst.key} was answered {sorted(map(str, set(burst.answers)))}"
    if len(evidence.received_under.get(rows[0].reference, [])) > 1:
        yield f"the key {burst.key} was sent several times"
    if burst.other_body is not None:
        yield f"the key {burst.key} was taken with another body: {burst.other_body}"


def t9_append_only(evidence: Evidence) -> Iterator[str]:
    """Transitions are append-only in the database, only along the listed edges, with one end."""
    for topup in evidence.topups:
        if not _is_one_path([(step.from_state, step.to_state) for step in evidence.steps[topup.pk]], topup.state):
            yield f"{topup} came to {topup.state} by {[step.to_state for step in evidence.steps[topup.pk]]}"
    for topup in evidence.topups[:: max(1, len(evidence.topups) // TRIED_AGAINST_THE_DATABASE)]:
        last = evidence.steps[topup.pk][-1].pk
        for change, key in [(CHANGE_A_STEP, last), (DELETE_A_STEP, last), *((change, topup.pk) for change in CHANGES)]:
            if not _is_refused(change, key):
                yield f"the database let this be done to {key}: {change}"


def _is_one_path(steps: list[tuple[str, str]], state: str) -> bool:
    if not steps or steps[0] != ("", TopUpState.REQUESTED) or steps[-1][1] != state:
        return False
    joined = all(before[1] == after[0] for before, after in pairwise(steps))
    ends = sum(to in ENDS for _, to in steps)
    return joined and all(step in EDGES for step in steps[1:]) and ends == (state in ENDS)


def _is_refused(change: str, key: int) -> bool:
    """Nothing stays of it either way."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change, [key])
            transaction.set_rollback(True)
    except DatabaseError:
        return True
    return False


def t10_reissued_by_two(evidence: Evidence) -> Iterator[str]:
    """Issued again only out of a review, once, by a second person, under a new reference."""
    approved = defaultdict(list)
    for reissue in evidence.reissues:
        if reissue.answer == Answer.APPROVED:
            approved[reissue.topup_id].append(reissue)
    stands_for: dict[int, str] = {}
    for topup in evidence.topups:
        old = topup.reissue_of
        if old is None:
            continue
        if old.pk in stands_for:
            yield f"{old} was issued again as {stands_for[old.pk]} and as {topup}"
        stands_for[old.pk] = topup.reference
        by = [step.by_id for step in evidence.steps[old.pk] if step.from_state == TopUpState.REVIEW]
        if old.state != TopUpState.NOT_APPLIED or by in ([], [None]):
            yield f"{topup} stands for {old}, which is {old.state} without a person's review"
        if (topup.kind, topup.account_id, topup.amount) != (old.kind, old.account_id, old.amount):
            yield f"{topup} is not what {old} was"
        if topup.reference == old.reference:
            yield f"{topup} has no new reference"
        if [r for r in approved[old.pk] if r.answered_by_id not in (None, r.requested_by_id, *by)] == []:
            yield f"{topup} was issued without a second person"
    yield from _credited_again_alone(evidence)


def _credited_again_alone(evidence: Evidence) -> Iterator[str]:
    """A person who decided about a credit of a payment by card does not credit it again."""
    deciders: dict[int, set[int | None]] = defaultdict(set)
    for topup in sorted(evidence.topups, key=lambda row: row.pk):
        if topup.online_id is None:
            continue
        if topup.requested_by_id in deciders[topup.online_id]:
            yield f"{topup} credits a payment by card again without a second person"
        by = [step.by_id for step in evidence.steps[topup.pk] if step.from_state == TopUpState.REVIEW]
        deciders[topup.online_id].update(by)


def t11_decimals_throughout(evidence: Evidence) -> Iterator[str]:
    """Amounts are decimals from wire to wire, and what is unfit never leaves."""
    for request in evidence.received:
        topup = evidence.by_reference.get(memo_of(request))
        sent = (request.body or {}).get("money")
        # What a voucher's request pays is the card's to know.
        if topup and topup.source != Source.VOUCHER and (sent is None or Decimal(str(sent)) != topup.amount):
            yield f"{topup} was sent as {sent}"
    for topup in evidence.topups:
        if topup.kind == Kind.CREDIT and not ZERO < topup.amount <= evidence.switch.topup_limit:
            yield f"{topup} is over {topup.amount}"
        if topup.state == TopUpState.CONFIRMED:
            for row in evidence.rows_of(topup):
                here, there = (topup.amount, topup.balance_after), (row.fee, row.customer_money)
                # A card tells that it was paid in, not what the balance was then.
                is_known = topup.balance_after is not None or topup.source != Source.VOUCHER
                if here != there and (is_known or topup.amount != row.fee):
                    yield f"{topup} says {here}, the switch {there}"
    for reference in evidence.seen.unfit_accepted:
        yield f"{reference} was made although its amount is unfit"


def t15_lost_is_found(evidence: Evidence) -> Iterator[str]:
    """A payment whose row was lost with its database has a row again, or is listed as no top-up's."""
    for account in evidence.ledger:
        for row in evidence.rows_with_references(account):
            if row.memo in evidence.seen.lost - evidence.by_reference.keys() - evidence.strays:
                yield f"{row.memo} of {row.fee} stands at {account} on the switch, and nothing tells of it"


INVARIANTS: dict[str, Callable[[Evidence], Iterator[str]]] = {
    check.__name__.partition("_")[0].upper(): check
    for check in (
        t1_sent_once,
        t2_written_before,
        t3_confirmed_is_there,
        t4_refused_is_not,
        t5_unsure_is_doubt,
        t6_absence_is_no_end,
        t7_comes_to_rest,
        t8_one_key_one_topup,
        t9_append_only,
        t10_reissued_by_two,
        t11_decimals_throughout,
        t12_sums_agree,
        t13_transfers_conserve,
        t14_paid_is_credited_or_owed,
        t15_lost_is_found,
    )
}
# T7, T12, T13 and T15 speak of what has come to rest; T9 tries things out on the database, which takes its time.
AT_ANY_TIME = tuple(name for name in INVARIANTS if name not in {"T7", "T9", "T12", "T13", "T15"})
