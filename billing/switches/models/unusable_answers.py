from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Switch
from accounts.models.account import LONGEST_NUMBER
from billing.lib.reasons import BecauseField


class UnusableAnswer(models.Model):
    """What a switch says of one account in answer to one operation, where it cannot be used: it is left out by name.

    The row ends once an answer can be used. Until then the account is asked for apart from others, ever more rarely.
    """

    switch = models.ForeignKey(Switch, on_delete=models.CASCADE, related_name="unusable_answers")
    operation = models.CharField(max_length=40)
    number = models.CharField(
        _("name on the switch"),
        max_length=LONGEST_NUMBER,
        blank=True,
        help_text=_("The account, or the prefix of a rate; empty where the switch does not say whose row it is"),
    )
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="unusable_answers"
    )
    why = BecauseField()
    since = models.DateTimeField()
    tried_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=1, help_text=_("How often in a row"))
    next_try_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["switch", "operation", "number"], name="unusable_answer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.operation}, {self.number or '?'}"
