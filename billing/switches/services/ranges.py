"""How many days one question to a switch may be about: set for it, or learnt when it refused more."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import cached_property

from django.utils import timezone

from accounts.models import Switch
from billing.switches.models import Observation

# An operator may allow more: what was learnt is then found out again.
LEARNT_FOR = timedelta(days=7)

logger = logging.getLogger(__name__)


class SwitchRanges:
    """The `billing.vos3000.Ranges` of one switch."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def longest(self) -> int | None:
        return self._switch.longest_range or self._learnt

    def learnt(self, days: int) -> None:
        """Keep it; a switch that is not kept yet is asked by halves again."""
        logger.warning("Switch %s: questions are about %s days at most from now on", self._switch, days)
        self.__dict__["_learnt"] = days
        if self._switch.pk:
            facts = {"longest_range": days, "range_learnt_at": timezone.now()}
            Observation.objects.update_or_create(switch=self._switch, defaults=facts)

    @cached_property
    def _learnt(self) -> int | None:
        lately = Observation.objects.filter(switch_id=self._switch.pk, range_learnt_at__gt=timezone.now() - LEARNT_FOR)
        return lately.values_list("longest_range", flat=True).first()
