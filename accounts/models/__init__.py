from accounts.models.account import Account, ExpiryKind, LockType
from accounts.models.audit_entry import AuditAction, AuditEntry
from accounts.models.claim_phrase import ClaimPhrase
from accounts.models.invitation import Invitation, InvitationState
from accounts.models.known_browser import KnownBrowser
from accounts.models.login_attempts import LoginAttempts
from accounts.models.membership import Membership, Role
from accounts.models.outgoing_mail import Notice, OutgoingMail
from accounts.models.staff_note import Note
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
    "LockType",
    "LoginAttempts",
    "Membership",
    "Note",
    "Notice",
    "OutgoingMail",
    "Role",
    "Switch",
    "User",
]
