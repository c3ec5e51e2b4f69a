"""Lets people claim an account by showing control of it, where the operator allows that. They get an invitation."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.crypto import get_random_string

from accounts.access import Access
from accounts.models import Account, AuditAction, ClaimPhrase, Invitation, Role, Switch, User
from accounts.models.account import ID_ALPHABET
from accounts.services import audit, invitations
from accounts.services.invitations import AlreadyMember, TooManyInvitations
from billing.switches.services.clients import PAGE_TIMEOUT, client
from billing.switches.services.failures import FAILURES, failure
from billing.vos3000.operations.phones import is_phone_of

log = logging.getLogger(__name__)

PHRASE_LETTERS, GROUP = 16, 4
LIFETIME = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a visitor says to claim an account. Either a phone with its password or a phrase shows control of it.

    None of these is kept or logged.
    """

    switch: Switch
    number: str
    email: str
    phrase: str = ""
    phone: str = ""
    password: str = ""

    @property
    def by_phone(self) -> bool:
        return bool(self.phone and self.password)

    def __repr__(self) -> str:
        return "Claim(…)"


def claimable_switches() -> QuerySet[Switch]:
    """List the switches whose accounts can be claimed."""
    return Switch.objects.filter(Q(claim_by_phrase=True) | Q(claim_by_phone=True)).order_by("name")


def place_phrase(*, account: Account, now: datetime, by: User | Access | None = None) -> str:
    """Make a new phrase for an account and return it: it is known at this moment alone. Those before it are void."""
    letters = get_random_string(PHRASE_LETTERS, ID_ALPHABET)
    with transaction.atomic():
        account.claim_phrases.filter(used_at=None).delete()
        phrase = ClaimPhrase(account=account, digest=_digest(letters), created_at=now, expires_at=now + LIFETIME)
        phrase.save()
        audit.note(action=AuditAction.ADDED, now=now, by=by, account=account, subject=phrase)
    return "-".join(letters[begin : begin + GROUP] for begin in range(0, PHRASE_LETTERS, GROUP))


def claim(*, claim: Claim, now: datetime) -> bool:
    """Mail an owner's invitation to the address of a visitor who shows control of the account.

    Returns False whatever is wrong: the visitor is not told which part it was.
    """
    account = Account.objects.filter(switch=claim.switch, number=claim.number).select_related("switch").first()
    # This stays outside the transaction: nothing may be locked while the switch is asked.
    is_of_phone = claim.by_phone and claim.switch.claim_by_phone and _phone_shows(claim)
    with transaction.atomic():
        is_shown = is_of_phone or (claim.switch.claim_by_phrase and _phrase_shows(claim, now))
        done = bool(is_shown and account and _invite(account, claim.email, now))
        if not done:
            proof = "a phone's password" if claim.by_phone else "a phrase"
            audit.note(action=AuditAction.CLAIM_FAILED, now=now, account=account, text=f"by {proof}")
    return done


def _phrase_shows(claim: Claim, now: datetime) -> bool:
    """Use the phrase up by one statement, so that it works once."""
    letters = claim.phrase.lower().replace("-", "").replace(" ", "")
    usable = ClaimPhrase.objects.filter(digest=_digest(letters), used_at=None, expires_at__gt=now)
    return bool(usable.filter(account__switch=claim.switch, account__number=claim.number).update(used_at=now))


def _phone_shows(claim: Claim) -> bool:
    """Ask the switch, and in the same way whether there is such an account or not."""
    try:
        with client(claim.switch, read_timeout=PAGE_TIMEOUT, total_timeout=PAGE_TIMEOUT) as asking:
            return is_phone_of(asking, e164=claim.phone, account=claim.number, web_password=claim.password)
    except FAILURES as error:
        log.warning("A claim on switch %s could not be checked: %s", claim.switch.name, failure(error))
        return False


def _invite(account: Account, email: str, now: datetime) -> bool:
    # Staff who place phrases must not become owners by one: a colleague lets them in.
    if User.objects.filter(email=email.strip().lower(), is_staff=True).exists():
        return False
    try:
        issued = invitations.invite(
            account=account, email=email, role=Role.OWNER, source=Invitation.Source.CLAIM, by=None, now=now
        )
    except (AlreadyMember, TooManyInvitations, ValidationError):
        return False
    audit.note(action=AuditAction.CLAIMED, now=now, account=account, subject=issued.invitation)
    transaction.on_commit(lambda: invitations.send(issued))
    return True


def _digest(letters: str) -> str:
    return hashlib.sha256(letters.encode()).hexdigest()
