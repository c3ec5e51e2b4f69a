"""The groups that staff are put in. What each may do is restored after every migration; more may be added by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

from accounts.services.staff_groups import SUPPORT

BILLING, OPERATOR = "billing", "operator"
NAMES = (SUPPORT, BILLING, OPERATOR)

# Of each kind of row what (support, billing, operator) may do: v(iew), a(dd), c(hange), d(elete). A letter that stands
# nowhere is given to nobody; every model has its line, which a test wants.
ROWS: dict[str, tuple[str, str, str]] = {
    "accounts.account": ("v", "v", "vc"),
    "accounts.auditentry": ("", "", "v"),
    "accounts.claimphrase": ("v", "v", "va"),
    "accounts.invitation": ("v", "v", "v"),
    "accounts.knownbrowser": ("", "", ""),
    "accounts.limit": ("", "", ""),
    "accounts.membership": ("v", "v", "vacd"),
    "accounts.note": ("va", "va", "va"),
    "accounts.notice": ("", "", ""),
    "accounts.switch": ("v", "v", "vac"),
    "accounts.user": ("v", "v", "vac"),
    "billing.backfill": ("v", "v", "va"),
    "billing.balancereading": ("", "", ""),
    "billing.batch": ("v", "v", "v"),
    "billing.batchrow": ("v", "v", "v"),
    "billing.call": ("v", "v", "v"),
    "billing.callchange": ("v", "v", "v"),
    "billing.callelsewhere": ("", "", ""),
    "billing.callrouting": ("", "", "v"),
    "billing.callday": ("v", "v", "v"),
    "billing.calltotal": ("", "", ""),
    "billing.case": ("vc", "vc", "vc"),
    "billing.charge": ("v", "v", "v"),
    "billing.customerchange": ("v", "v", "v"),
    "billing.droppedmonth": ("", "", ""),
    "billing.export": ("v", "v", "v"),
    "billing.jobrun": ("v", "v", "v"),
    "billing.lookup": ("v", "v", "v"),
    "billing.onlinepayment": ("v", "vc", "v"),
    "billing.package": ("", "", ""),
    "billing.packagelist": ("", "", ""),
    "billing.payment": ("v", "v", "v"),
    "billing.rate": ("", "", ""),
    "billing.rategroup": ("", "", ""),
    "billing.receiptmail": ("", "", ""),
    "billing.reconciliation": ("v", "v", "v"),
    "billing.reissue": ("v", "v", "v"),
    "billing.syncmark": ("v", "v", "v"),
    "billing.topup": ("v", "vc", "v"),
    "billing.transition": ("v", "v", "v"),
    "billing.unreadablerecord": ("v", "v", "v"),
}
# Who has each permission that is of none of these four kinds.
OTHERS: dict[str, tuple[str, ...]] = {
    "accounts.resend_invitation": NAMES,
    "billing.close_case": (BILLING,),
    "billing.credit_account": (BILLING,),
    "billing.reissue_topup": (BILLING,),
}
VERBS = {"v": "view", "a": "add", "c": "change", "d": "delete"}


def permissions_of(group: str) -> frozenset[str]:
    """Such as "billing.view_topup"."""
    of_rows = (
        f"{app}.{VERBS[letter]}_{model}"
        for (app, model), letters in ((name.split("."), given[NAMES.index(group)]) for name, given in ROWS.items())
        for letter in letters
    )
    return frozenset(of_rows) | {name for name, groups in OTHERS.items() if group in groups}


def ensure(sender: AppConfig, *, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """After a migration (and after a test's flush), when the tables of permissions and groups are there."""
    if using != DEFAULT_DB_ALIAS or not _migrated(kwargs.get("apps", apps)):
        return
    for label in ("accounts", "billing"):
        # Django makes permissions by the same signal, perhaps after this receiver.
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    for name in NAMES:
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*_named(permissions_of(name)))


def _migrated(state: Any) -> bool:
    try:
        return all(state.get_model(*model) for model in (("auth", "Group"), ("billing", "TopUp")))
    except LookupError:
        return False


def _named(permissions: Iterable[str]) -> list[Permission]:
    split = (permission.split(".") for permission in permissions)
    wanted = Q(*(Q(content_type__app_label=app, codename=name) for app, name in split), _connector=Q.OR)
    return list(Permission.objects.filter(wanted))
