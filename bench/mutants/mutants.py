"""Deliberate defects, at least one for each invariant that would be broken by it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Edit:
    """`old` stands exactly once in the file."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    invariant: str
    name: str
    edits: tuple[Edit, ...]


class DoesNotApply(Exception):
    """The code has moved on: the mutant must be written again."""


CLIENT, CODEC, PAYMENTS, TRANSPORT = (
    f"billing/vos3000/{name}.py" for name in ("client", "codec", "operations/payments", "transport")
)
SENDING, STATES, DEAD_SENDERS = (f"billing/topups/services/{name}.py" for name in ("sending", "states", "dead_senders"))
DOUBT, REQUESTS = "billing/topups/services/doubt_resolution.py", "billing/topups/services/requests.py"
EARLIER, WITNESS = (f"billing/topups/services/{name}.py" for name in ("earlier_sendings", "witness"))
REISSUES = "billing/topups/services/reissues.py"
CARD_PAYMENT = "billing/card_payments/models/payments.py"
MATCHING = "billing/topups/services/payment_matching.py"
MODEL, REFERENCES = "billing/topups/models/topups.py", "billing/lib/references.py"
MIGRATION = "billing/topups/migrations/0001_initial.py"

MUTANTS = (
    Mutant(
        "T1",
        "retry a Pay whose answer is lost",
        (
            Edit(
                TRANSPORT,
                "            return self._whole(adapter, operation, body, close=True)\n",
                "            try:\n"
                "                return self._whole(adapter, operation, body, close=True)\n"
                "            except Lost:\n"
                "                return self._whole(adapter, operation, body, close=True)\n",
            ),
        ),
    ),
    Mutant(
        "T1",
        "claim without the condition",
        (Edit(STATES, ", pk=topup.pk, state=source, attempts=topup.attempts)", ", pk=topup.pk)"),),
    ),
    Mutant(
        "T2",
        "send before the claim is committed",
        (
            Edit(SENDING, "@transaction.atomic(durable=True)\ndef _claim", "@transaction.atomic\ndef _claim"),
            Edit(
                SENDING,
                "    with client:\n        deadline",
                "    with client, transaction.atomic():\n        deadline",
            ),
        ),
    ),
    Mutant(
        "T3",
        "take the newest payment for the one that is looked for",
        (
            Edit(DOUBT, "shown.found(topup)", "shown.found(topup) or rows[-1:]"),
            Edit(DOUBT, "return alone and row.account ==", "return True or alone and row.account =="),
        ),
    ),
    Mutant(
        "T4",
        "take any code but 0 for a refusal",
        (Edit(CLIENT, "if answer.code in self.endpoint.sure_refusals:", "if answer.code != 0:"),),
    ),
    Mutant(
        "T5",
        "take code 0 for done, whatever was paid",
        (Edit(PAYMENTS, "if paid.amount != amount or paid.account != account:", "if paid.account != account:"),),
    ),
    Mutant(
        "T6",
        "end doubt on not found",
        (
            Edit(
                DOUBT,
                "if counted and _is_settled(topup, asked_at) and looks >= switch.clean_looks:",
                "if counted:",
            ),
        ),
    ),
    Mutant(
        "T7",
        "forget what a dead worker was sending",
        (Edit(DEAD_SENDERS, "sent_at__lt=now - DEAD_AFTER", "sent_at__lt=now - 1000 * DEAD_AFTER"),),
    ),
    Mutant(
        "T8",
        "take a key again with another body",
        (
            Edit(
                REQUESTS,
                "if _body(known) != _body(requested):",
                "if not requested.key:",
            ),
        ),
    ),
    Mutant(
        "T9",
        "let transitions be changed",
        (
            Edit(
                MIGRATION,
                "'UPDATE OR DELETE', pgid='pgtrigger_append_only_04ee0'",
                "'DELETE', pgid='pgtrigger_append_only_04ee0'",
            ),
        ),
    ),
    Mutant(
        "T10",
        "let the same person approve a re-issue",
        (
            Edit(REISSUES, "if person == reissue.requested_by:", "if person is None:"),
            Edit(REISSUES, "if decided.exists():", "if person is None:"),
            Edit(MIGRATION, "('answered_by', models.F('requested_by'))", "('answered_by', 0)"),
            Edit(MIGRATION, "WHEN (NEW.answer = 'approved')", "WHEN (NEW.answer = 'never')"),
            Edit(MIGRATION, "WHEN (NEW.reissue_of_id IS NOT NULL)", "WHEN (NEW.reissue_of_id = 0)"),
        ),
    ),
    Mutant(
        "T11",
        "send amounts rounded to four places",
        (Edit(CODEC, 'text = f"{amount:f}"', 'text = f"{amount:.4f}"'),),
    ),
    Mutant(
        "T12",
        "give references out twice, and match no payments by them",
        (
            Edit(MATCHING, "    matched = sum(", "    matched = 0 and sum("),
            Edit(REFERENCES, "number >> 5 * place & 31", "number & 31"),
            Edit(
                REFERENCES,
                "{get_random_string(length, REFERENCE_ALPHABET)}",
                "{length * get_random_string(1, REFERENCE_ALPHABET)}",
            ),
            Edit(
                MODEL,
                "max_length=20, unique=True, default=new_topup_reference",
                "max_length=20, default=new_topup_reference",
            ),
            Edit(
                MIGRATION,
                "new_topup_reference, editable=False, max_length=20, unique=True",
                "new_topup_reference, editable=False, max_length=20",
            ),
        ),
    ),
    Mutant(
        "T13",
        "give nothing back",
        (Edit(STATES, "        _give_back(topup, now)\n", "        return\n"),),
    ),
    Mutant(
        "T14",
        "owe nothing once a credit was asked for",
        (Edit(CARD_PAYMENT, 'OuterRef("pk"), state=TopUpState.CONFIRMED)', 'OuterRef("pk"))'),),
    ),
    Mutant(
        "T1",
        "after a restore believe the database alone",
        (
            Edit(WITNESS, "    return None if before == now else before\n", "    return None\n"),
            Edit(EARLIER, "    return noted or (None if", "    return (None if"),
        ),
    ),
    Mutant(
        "T1",
        "after a restore send what the mirrored payments tell of",
        (Edit(EARLIER, "(None if stray is None else stray.payment.paid_at)", "None"),),
    ),
    Mutant(
        "T15",
        "tell of no payment whose top-up is lost",
        (Edit(MATCHING, "    _note_strays(payments)\n", ""),),
    ),
    Mutant(
        "T8",
        "give a form that is posted again after a restore another reference",
        (Edit(STATES, "if not TopUp.objects.filter(reference=reference).exists():", "if False:"),),
    ),
)


def apply(mutant: Mutant, tree: Path) -> None:
    """Raises DoesNotApply where the text that is to be changed does not stand exactly once."""
    for edit in mutant.edits:
        path = tree / edit.file
        path.write_text(changed(path.read_text(), edit))


def changed(text: str, edit: Edit) -> str:
    if text.count(edit.old) != 1:
        raise DoesNotApply(f"{edit.file} holds this {text.count(edit.old)} times: {edit.old.strip()}")
    return text.replace(edit.old, edit.new)
