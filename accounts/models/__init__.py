from accounts.models.account import Account, ExpiryKind, LockType
from accounts.models.audit import AuditAction, AuditEntry
from accounts.models.invitation import Invitation, InvitationState
from accounts.models.membership import Membership, Role
from accounts.models.note import Note
from accounts.models.switch import Switch
from accounts.models.user import User

__all__ = [
    "Account",
    "AuditAction",
    "AuditEntry",
    "ExpiryKind",
    "Invitation",
    "InvitationState",
    "LockType",
    "Membership",
    "Note",
    "Role",
    "Switch",
    "User",
]
