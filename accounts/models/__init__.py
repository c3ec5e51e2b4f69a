from accounts.models.account import Account, ExpiryKind, LockType
from accounts.models.look import Look
from accounts.models.membership import Membership, Role
from accounts.models.switch import Switch
from accounts.models.user import User

__all__ = ["Account", "ExpiryKind", "LockType", "Look", "Membership", "Role", "Switch", "User"]
