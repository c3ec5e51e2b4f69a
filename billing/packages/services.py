"""Reading the packages of an account (manual §3.25, §3.29) when a page needs them; a worker does it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Account
from billing.lib.queued_tasks import QueuedTask
from billing.packages.models import Package, PackageList
from billing.switches.services import on_demand, unusable_answers
from billing.switches.services.clients import client
from billing.switches.services.failures import FAILURES
from billing.switches.services.unusable_answers import why_unusable
from billing.vos3000 import Listed
from billing.vos3000.operations.packages import Suite, SuiteOrder, get_suite_orders, get_suites

READ_PACKAGES = QueuedTask(name="billing.packages.tasks.read_packages", queue="default")


def of_account(*, account: Account, now: datetime, packages: PackageList | None = None) -> tuple[PackageList, bool]:
    """Get an account's packages as they are known, and whether a worker is reading them again.

    `packages` is the list of them where that was read already.
    """
    if packages is None:
        packages, _ = PackageList.objects.get_or_create(account=account)
    return packages, on_demand.request_refresh(packages, task=READ_PACKAGES, now=now)


def read(*, list_id: int, now: datetime) -> None:
    """Ask the switch for an account's packages and store them in place of those known before."""
    packages = PackageList.objects.select_related("account__switch").get(pk=list_id)
    if not packages.is_open:
        return
    try:
        with client(packages.account.switch) as asking:
            orders = get_suite_orders(asking, account=packages.account.number)
            suites = get_suites(asking, ids=sorted({order.suite_id for order in orders}))
    except FAILURES as error:
        on_demand.failed(packages, error, now=now)
        return
    for operation, listed in (("GetSuiteOrder", orders), ("GetSuite", suites)):
        _note_unreadable(packages.account, operation, listed, now)
    _store(packages, orders, {suite.id: suite for suite in suites}, now)


def _note_unreadable(account: Account, operation: str, listed: Listed[Any], now: datetime) -> None:
    """Note that a package or an order of the account cannot be read; the others are shown without it."""
    about: dict[str, Any] = {"switch": account.switch, "operation": operation}
    if listed.unreadable:
        unusable_answers.note(failed={account.number: why_unusable(listed.unreadable[0])}, now=now, **about)
    else:
        unusable_answers.settle(numbers=[account.number], **about)


@transaction.atomic
def _store(packages: PackageList, orders: Iterable[SuiteOrder], suites: dict[int, Suite], now: datetime) -> None:
    # Two answers are stored one after another.
    PackageList.objects.select_for_update(of=("self",)).get(pk=packages.pk)
    packages.packages.all().delete()
    rows = [_row(packages, order, suites[order.suite_id]) for order in orders if order.suite_id in suites]
    Package.objects.bulk_create(rows)
    on_demand.refreshed(packages, now=now)


def _row(packages: PackageList, order: SuiteOrder, suite: Suite) -> Package:
    return Package(
        package_list=packages,
        name=suite.name,
        prefixes=suite.prefixes,
        begins_at=order.begins_at,
        ends_at=order.expiry.instant,
    )
