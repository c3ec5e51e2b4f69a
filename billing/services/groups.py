"""The groups that staff are put in. What each may do is restored after every migration; more may be added by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

from accounts.services import SUPPORT as SUPPORT_AGENTS

VIEWED = (
    *("accounts.user", "accounts.switch", "accounts.account", "accounts.membership"),
    *("billing.call", "billing.callday", "billing.payment", "billing.charge", "billing.syncmark"),
    *("billing.topup", "billing.transition", "billing.reconciliation", "billing.case", "billing.jobrun"),
)
SUPPORT = frozenset(f"{model.replace('.', '.view_')}" for model in VIEWED)
BILLING = SUPPORT | {"billing.change_topup", "billing.change_case"}
OPERATOR = SUPPORT | {
    *("accounts.add_user", "accounts.change_user", "accounts.view_auditentry"),
    *("accounts.add_switch", "accounts.change_switch", "accounts.change_account"),
    *("accounts.add_membership", "accounts.change_membership", "accounts.delete_membership"),
}
GROUPS = {SUPPORT_AGENTS: SUPPORT, "billing": BILLING, "operator": OPERATOR}


def ensure(sender: AppConfig, *, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """After a migration (and after a test's flush), when the tables of permissions and groups are there."""
    if using != DEFAULT_DB_ALIAS or not _migrated(kwargs.get("apps", apps)):
        return
    for label in ("accounts", "billing"):
        # Django makes permissions by the same signal, perhaps after this receiver.
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    for name, permissions in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*_named(permissions))


def _migrated(state: Any) -> bool:
    try:
        return all(state.get_model(*model) for model in (("auth", "Group"), ("billing", "TopUp")))
    except LookupError:
        return False


def _named(permissions: Iterable[str]) -> list[Permission]:
    split = (permission.split(".") for permission in permissions)
    wanted = Q(*(Q(content_type__app_label=app, codename=name) for app, name in split), _connector=Q.OR)
    return list(Permission.objects.filter(wanted))
