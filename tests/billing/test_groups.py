"""Who of the staff may do what: one table, and every permission there is has its place in it."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from billing.services import groups

pytestmark = pytest.mark.django_db


def test_every_permission_is_given_to_somebody_or_said_to_be_nobodys() -> None:
    models = [model for app in ("accounts", "billing") for model in apps.get_app_config(app).get_models()]
    assert sorted(groups.ROWS) == sorted(model._meta.label_lower for model in models)
    own = [f"{model._meta.app_label}.{codename}" for model in models for codename, _ in model._meta.permissions]
    assert sorted(groups.OTHERS) == sorted(own)


@pytest.mark.parametrize("name", groups.NAMES)
def test_a_group_holds_what_the_table_says_and_no_more(name: str) -> None:
    held = Permission.objects.filter(group__name=name).values_list("content_type__app_label", "codename")
    assert {f"{app}.{codename}" for app, codename in held} == groups.permissions_of(name)


def test_support_looks_and_notes_billing_decides_and_closes_and_the_operator_lets_in() -> None:
    support, billing, operator = map(groups.permissions_of, groups.NAMES)
    beside = {"accounts.add_note", "accounts.resend_invitation", "billing.change_case"}
    assert {name for name in support if ".view_" not in name} == beside
    assert {"billing.change_topup", "billing.close_case"} <= billing - operator
    assert {"accounts.change_switch", "accounts.change_user", "accounts.add_membership"} <= operator - billing


def test_nobody_is_given_the_right_to_write_money_or_calls() -> None:
    """Of a backfill, to add is to ask for it. Of a top-up and of an online payment, to change is to decide, on a page
    of its own. Their rows are read-only.
    """
    written = {name for name, given in groups.ROWS.items() if set("".join(given)) & set("acd")}
    of_money = {name for name in written if name.startswith("billing.")}
    assert of_money == {"billing.backfill", "billing.case", "billing.topup", "billing.onlinepayment"}


def test_a_group_gets_back_what_it_lacks_after_a_migration_and_keeps_what_was_added() -> None:
    support = Group.objects.get(name="support")
    support.permissions.set(Permission.objects.filter(codename="view_auditentry"))
    Group.objects.exclude(name="support").delete()
    call_command("migrate", verbosity=0)
    assert set(Group.objects.values_list("name", flat=True)) == set(groups.NAMES)
    assert set(support.permissions.values_list("codename", flat=True)) > {"view_auditentry", "view_call"}
