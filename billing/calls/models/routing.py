"""What an operator alone may see of a call. A contract in pyproject.toml names the modules that may read it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Switch


class CallRouting(models.Model):
    """The operator's own routing of a call (manual §3.47): kept only where the switch's `keep_routing` says so.

    The table is partitioned by month like that of calls. A row goes with its call, and with its call's month, by
    itself.
    """

    pk = models.CompositePrimaryKey("switch_id", "flow_no", "started_at")
    switch = models.ForeignKey(Switch, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    flow_no = models.BigIntegerField()
    started_at = models.DateTimeField()
    caller_gateway = models.TextField(_("caller's gateway"))
    caller_ip = models.TextField(_("caller's address"))
    caller_access_e164 = models.TextField(_("caller's access number"))
    caller_to_gateway_e164 = models.TextField(_("caller as sent to the gateway"))
    caller_product_id = models.TextField(_("caller's equipment"))
    callee_gateway = models.TextField(_("called side's gateway"))
    callee_ip = models.TextField(_("called side's address"))
    callee_access_e164 = models.TextField(_("called side's access number"))
    callee_to_gateway_e164 = models.TextField(_("called number as sent to the gateway"))
    callee_product_id = models.TextField(_("called side's equipment"))

    def __str__(self) -> str:
        return f"Routing of {self.flow_no}"


# The name of each field that is kept, with its words for staff.
ROUTING = {field.name: field.verbose_name for field in CallRouting._meta.fields if isinstance(field, models.TextField)}
