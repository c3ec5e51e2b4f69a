from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.topups.models.topups import TopUp


class StrayPaymentQuerySet(models.QuerySet["StrayPayment"]):
    def unexplained(self) -> StrayPaymentQuerySet:
        """Those that were not matched with a top-up since."""
        return self.filter(~models.Exists(TopUp.objects.filter(payment=models.OuterRef("payment"))))


class StrayPayment(models.Model):
    """A payment at the switch with a reference of ours, which no top-up has, or which is another payment's already.

    So stands what was sent before the database was set back, as by the restore of a backup.
    """

    payment = models.OneToOneField("balances.Payment", on_delete=models.PROTECT, related_name="stray")
    reference = models.CharField(max_length=20)

    objects = StrayPaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("stray payment")
        indexes = [models.Index(fields=["reference"])]

    def __str__(self) -> str:
        return self.reference
