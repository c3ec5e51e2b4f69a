"""How often a login, a forgotten password, an invitation or a claim may be tried, before a page says to wait.

allauth counts and refuses, in PostgreSQL (accounts/models/login_attempts.py). Its defaults hold for what is not named.
"""

ACCOUNT_RATE_LIMITS = {
    # Logging in; the key is the person.
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/300s/key",
    "reauthenticate": "10/m/user",
    "reset_password": "20/m/ip,5/m/key",
    "change_password": "5/m/user",
    # Counted by accounts/web/login_limits.py: links in mails, mails that an owner has sent, accounts that an agent
    # opens, claims.
    "invitation": "30/m/ip",
    "invite": "20/h/user",
    "open_customer": "30/h/user",
    "claim_from": "20/h/ip",
    "claim_of": "5/h/key",
    "claim_by": "5/h/key",
}
