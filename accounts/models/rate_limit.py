from __future__ import annotations

from django.db import models


class Limit(models.Model):
    """How often something was tried lately. Django's database cache reads and writes the rows, in its own shape.

    They stand here and not in Redis, so that neither its outage nor a flush lets a guesser go on.
    """

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key
