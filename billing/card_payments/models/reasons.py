"""Why payments by card are not taken, not credited, or not settled: codes, which pages word."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from billing.lib.reasons import Reason


class CardPaymentReason(Reason):
    """Why a payment by card is not taken, or not credited."""

    NOT_TAKEN = "card_payment.not_taken", _("Payments by card are not taken at the moment.")
    LIMIT_WITH_OPEN = (
        "card_payment.limit_with_open",
        _(
            "With a payment by card that was begun and may still be paid, this is more than the day's limit allows. "
            "A payment that is not made no longer counts %(minutes)d minutes after it was begun."
        ),
    )
    KEY_REUSED = (
        "card_payment.key_reused",
        _("This form was already used for another payment. Start again from the account's page."),
    )
    DIFFERS = "card_payment.differs", _("What arrived is not what was asked for.")
    PAID_BACK = "card_payment.paid_back", _("Paid back instead: %(why)s")
    NOT_OPENED = "card_payment.not_opened", _("The payment provider made no page to pay on: %(why)s")
    REVERSED = (
        "card_payment.reversed",
        _("Not credited: the payment provider has paid it back, or the cardholder disputes it."),
    )


class ProviderReason(Reason):
    """Why a payment provider did not do what it was asked: nothing was paid by that."""

    NO_ANSWER = (
        "provider.no_answer",
        _("The payment provider does not answer at the moment. Nothing was paid."),
    )
    REFUSED = "provider.refused", _("The payment provider refused to take this payment. Nothing was paid.")
    TOO_SMALL = "provider.too_small", _("The payment provider does not take so small an amount.")
    TOO_LARGE = "provider.too_large", _("The payment provider does not take so large an amount.")
    CLOSED = "provider.closed", _("This payment can no longer be made. Please start again.")
    FORGOTTEN = "provider.forgotten", _("The demo has forgotten this payment. Please start again.")


class SettlingReason(Reason):
    """Why a payment that is not credited cannot be settled in this way, or not by this person."""

    REASON_MISSING = "settling.reason_missing", _("Give the reason.")
    NOT_OWED = (
        "settling.not_owed",
        _("Its credit is done or may still be, or a colleague has just settled it."),
    )
    ONLY_PAID_BACK = (
        "settling.only_paid_back",
        _("What arrived is not what was asked for: it can only be paid back."),
    )
    REVERSED = (
        "settling.reversed",
        _("It was paid back at the payment provider, in whole or in part, or is disputed: it is not credited."),
    )
    NOTHING_NEW = "settling.nothing_new", _("It has no refund and no dispute that waits for a person.")
    DECIDED_BY_YOU = (
        "settling.decided_by_you",
        _("You decided that it was not applied: a colleague has to credit it again."),
    )


class DisputeLockReason(Reason):
    """Why an account was not locked after a dispute, or not by us."""

    LOCKED_ALREADY = "dispute_lock.locked_already", _("It was locked already.")
    NOT_YET = "dispute_lock.not_yet", _("The switch cannot be asked just now; it is tried again.")
    UNCLEAR = "dispute_lock.unclear", _("The switch did not say clearly whether it is locked.")
    NOT_LOCKED = "dispute_lock.not_locked", _("The switch was asked to lock it, and shows it unlocked.")
    REFUSED = "dispute_lock.refused", _("The switch refused it with code %(code)s.")
    ACCOUNT_GONE = "dispute_lock.account_gone", _("The switch no longer knows this account.")
    DISPUTE_OVER = "dispute_lock.dispute_over", _("The dispute ended before the account was locked.")
