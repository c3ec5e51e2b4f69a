"""Reading the packages of an account, when a page needs them."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from billing.packages import services as packages
from billing.switches.services.budget import Work
from billing.switches.services.priority import doing


@shared_task(name=packages.READ_PACKAGES.name)
def read_packages(list_id: int) -> None:
    with doing(Work.MONEY):
        packages.read(list_id=list_id, now=timezone.now())
