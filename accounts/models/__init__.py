from accounts.models.account import Account, ExpiryKind, LockType
from accounts.models.audit import AuditAction, AuditEntry
from accounts.models.browser import KnownBrowser
from accounts.models.invitation import Invitation, InvitationState
from accounts.models.limit import Limit
from accounts.models.mail import Notice, OutgoingMail
from accounts.models.membership import Membership, Role
from accounts.models.note import Note
from accounts.models.phrase import ClaimPhrase
from accounts.models.switch import Switch
from accounts.models.user import User

__all__ = [
    "Account",
    "AuditAction",
    "AuditEntry",
    "ClaimPhrase",
    "ExpiryKind",
    "Invitation",
    "InvitationState",
    "KnownBrowser",
    "Limit",
    "LockType",
    "Membership",
    "Note",
    "Notice",
    "OutgoingMail",
    "Role",
    "Switch",
    "User",
]
