from __future__ import annotations

from django.db import models


class LoginAttempts(models.Model):
    """How often a login, or what leads to one, was tried lately: by an address, by a person, for a person.

    The rows are Django's database cache, in its own shape. They are not in Redis, so that neither its outage nor a
    flush lets a guesser go on. `ACCOUNT_RATE_LIMITS` (portal/settings/login_limits.py) says how often is too often.
    """

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key
