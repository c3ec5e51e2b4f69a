"""The groups that staff are put in. What each may do is restored after every migration; more may be added by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

from accounts.services.staff_groups import SUPPORT

BILLING, OPERATOR = "billing", "operator"
NAMES = (SUPPORT, BILLING, OPERATOR)
VERBS = {"v": "view", "a": "add", "c": "change", "d": "delete"}


def with_rights() -> list[AppConfig]:
    """The apps that say what staff may do with their rows; a test wants a line for every model of ours."""
    return [config for config in apps.get_app_configs() if getattr(config, "staff", None)]


def permissions_of(group: str) -> frozenset[str]:
    """What a group may do, such as "topups.view_topup"."""
    return frozenset(_given_to(group))


def _given_to(group: str) -> Iterator[str]:
    for config in with_rights():
        staff: dict[str, tuple[str, ...]] = config.staff  # type: ignore[attr-defined]  # as with_rights asked
        others: dict[str, tuple[str, ...]] = config.permissions  # type: ignore[attr-defined]
        for model, letters in staff.items():
            yield from (f"{config.label}.{VERBS[letter]}_{model}" for letter in letters[NAMES.index(group)])
        yield from (f"{config.label}.{name}" for name, groups in others.items() if group in groups)


def restore(sender: AppConfig, *, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Give every group what it may do, after a migration (and after a test's flush), once all tables are there."""
    if using != DEFAULT_DB_ALIAS or not _are_migrated(kwargs.get("apps", apps)):
        return
    for name in NAMES:
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*_named(permissions_of(name)))


def _are_migrated(state: Any) -> bool:
    try:
        return all(state.get_model(*model) for model in (("auth", "Group"), ("topups", "TopUp")))
    except LookupError:
        return False


def _named(permissions: Iterable[str]) -> list[Permission]:
    split = (permission.split(".") for permission in permissions)
    wanted = Q(*(Q(content_type__app_label=app, codename=name) for app, name in split), _connector=Q.OR)
    return list(Permission.objects.filter(wanted))
