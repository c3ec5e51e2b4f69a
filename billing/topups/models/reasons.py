"""Why a top-up was refused, is in doubt, or cannot be decided or sent again: codes, and the words that people read."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from billing.lib.reasons import Reason


class RequestReason(Reason):
    """Why a request for a top-up is refused: nothing was written, and nothing will be sent."""

    TOPUP_LIMIT = "request.topup_limit", _("One top-up may be at most %(most)s.")
    PERSON_LIMIT = "request.person_limit", _("This is more than you may still top up today.")
    PERSON_LIMIT_OF = "request.person_limit_of", _("This is more than %(person)s may still top up today.")
    ACCOUNT_LIMIT = "request.account_limit", _("This is more than %(account)s may still be topped up by today.")
    ACCOUNT_GONE = "request.account_gone", _("The switch no longer knows the account %(account)s.")
    OWN_ACCOUNT = "request.own_account", _("You cannot credit an account that you are a member of.")
    NOTE_MISSING = "request.note_missing", _("Give the reason.")
    NOTE_UNFIT = "request.note_unfit", _("The note may be at most %(most)d characters long, on one line.")
    KEY_UNFIT = "request.key_unfit", _("The key must be 1 to %(most)d characters long.")
    KEY_UNKEPT = "request.key_unkept", _("The key holds a character that cannot be kept.")
    KEY_REUSED = (
        "request.key_reused",
        _("This form was already used for another top-up. Start again from the account's page."),
    )


class TransferReason(Reason):
    """Why a request of an agent is refused."""

    NOT_BELOW = "transfer.not_below", _("%(account)s is not an account of %(agent)s.")
    NOT_COVERED_TODAY = "transfer.not_covered_today", _("This is more than what may still be credited today.")
    NOT_COVERED = (
        "transfer.not_covered",
        _("The balance to pay from does not cover this, counting what is already on its way."),
    )
    NOT_SURELY_COVERED = (
        "transfer.not_surely_covered",
        _("The balance to pay from is changing just now. Please try again in some seconds."),
    )
    BALANCE_UNKNOWN = (
        "transfer.balance_unknown",
        _("The balance to pay from is not known at the moment. Please try again shortly."),
    )


class VoucherReason(Reason):
    """Why a voucher card pays nothing in."""

    WRONG = "voucher.wrong", _("There is no card with this number and password. Please check both.")
    USED = "voucher.used", _("This card was already used.")
    USED_ON = "voucher.used_on", _("This card was already used on %(day)s.")
    USED_HERE = "voucher.used_here", _("%(used)s It was paid into this account.")
    EXPIRED = "voucher.expired", _("This card expired on %(day)s.")
    WORTHLESS = "voucher.worthless", _("There is no money on this card.")
    TAKEN = "voucher.taken", _("A top-up by this card is on its way already. Nothing is sent twice.")
    TOO_MANY_WRONG = (
        "voucher.too_many_wrong",
        ngettext_lazy(
            "Too many cards could not be found. Please try again in %(minutes)d minute.",
            "Too many cards could not be found. Please try again in %(minutes)d minutes.",
            "minutes",
        ),
    )
    NOT_HERE = "voucher.not_here", _("This switch does not take voucher cards. Nothing was done to the card.")
    NOT_SEEN = "voucher.not_seen", _("%(why)s Nothing was done to the card. Please try again shortly.")
    NO_COUNT = "voucher.no_count", _("Cards cannot be checked at the moment.")
    PAGE_TOO_OLD = (
        "voucher.page_too_old",
        _("This page was open for too long. Please enter the card again; nothing was done to it."),
    )


class CardFinding(TextChoices):
    """What the switch said of a voucher's card, as it is kept with a transition."""

    NOT_USED = "not_used", _("not used")
    USED = "used", _("used")
    NOT_FOUND = "not_found", _("not found")
    REFUSED = "refused", _("refused")
    UNREADABLE = "unreadable", _("not readable here")
    NO_ANSWER = "no_answer", _("no answer")


class TopUpReason(Reason):
    """Why a top-up came to its state."""

    NOT_SENT_YET = "topup.not_sent_yet", _("It could not be sent yet; it is tried again.")
    NOT_REACHED = "topup.not_reached", _("It could not be reached; nothing was sent.")
    NOT_COVERED = "topup.not_covered", _("The agent's balance no longer covers it; nothing was sent.")
    CARD_UNREADABLE = (
        "topup.card_unreadable",
        _("The card can no longer be read here; nothing was sent. Please enter it again."),
    )
    REFUSED_BY_SWITCH = (
        "topup.refused_by_switch",
        _("The switch refused it with code %(code)s; nothing was done."),
    )
    NOT_DEBITED = "topup.not_debited", _("The agent was not debited.")
    NOT_DEBITED_SINCE = "topup.not_debited_since", _("The agent was not debited. %(why)s")
    UNCLEAR = "topup.unclear", _("The switch did not say clearly whether it was done.")
    CUT_OFF = "topup.cut_off", _("The sending was cut off; the switch may have done it.")
    NOT_FOUND = "topup.not_found", _("It was not found in the payment history within the settling time.")
    NOT_AS_SENT = "topup.not_as_sent", _("The payment history holds it, but not once and exactly as it was sent.")
    CARD_USED_ELSEWHERE = "topup.card_used_elsewhere", _("The card was used for another account.")
    # What a person of the staff wrote stays as it was written.
    DECIDED = "topup.decided", "%(why)s"


class DecisionReason(Reason):
    """Why a decision about a top-up in review cannot be taken."""

    NOT_IN_REVIEW = (
        "decision.not_in_review",
        _("Only a top-up in review can be confirmed or marked as not applied."),
    )
    REASON_MISSING = "decision.reason_missing", _("Give the reason for your decision.")
    LISTED = "decision.listed", _("The switch lists a payment with this reference: it was applied.")
    CARD_USED = "decision.card_used", _("The card was used for this account: it was applied.")
    PAYMENT_MISSING = "decision.payment_missing", _("Say which of the payments on the switch this top-up is.")
    PAYMENT_UNFIT = "decision.payment_unfit", _("This payment is not one that the top-up could be.")
    MAY_STILL_LEAVE = (
        "decision.may_still_leave",
        _("A process that was stopped might still send it. End that process first, or wait until it has ended."),
    )
    JUST_DECIDED = "decision.just_decided", _("A colleague has just decided this top-up.")


class ReissueReason(Reason):
    """Why a top-up is not issued again, or not by this person."""

    REASON_MISSING = "reissue.reason_missing", _("Give the reason.")
    NOT_UNAPPLIED = "reissue.not_unapplied", _("Only a top-up that was found not applied can be issued again.")
    OTHER_SOURCE = "reissue.other_source", _("This kind of top-up cannot be issued again here.")
    ALREADY_REQUESTED = "reissue.already_requested", _("A re-issue of it was already asked for.")
    REQUESTED_BY_YOU = (
        "reissue.requested_by_you",
        _("You asked for it yourself: a colleague has to approve it."),
    )
    DECIDED_BY_YOU = (
        "reissue.decided_by_you",
        _("You decided that it was not applied: a colleague has to approve sending it again."),
    )
    JUST_ANSWERED = "reissue.just_answered", _("A colleague has just answered this request.")
    NOT_LOOKED = "reissue.not_looked", _("It cannot be sent again without a look first. %(why)s")
    LISTED = "reissue.listed", _("The switch now lists a payment with this reference: it was applied.")
    PAYER_UNKNOWN = "reissue.payer_unknown", _("It does not say which agent pays for it.")
    PAID_OTHERWISE_NOW = (
        "reissue.paid_otherwise_now",
        _("The agent's way of paying has changed since; make a new top-up instead."),
    )
