from accounts.admin import accounts, audit_trail, invitations, memberships, notes, users

__all__ = ["accounts", "audit_trail", "invitations", "memberships", "notes", "users"]
