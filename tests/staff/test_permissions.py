"""What each group of the staff may do: every permission has its place in one table."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from billing.staff.services import permissions
from billing.subject import subjects

pytestmark = pytest.mark.django_db


def test_every_permission_is_given_to_a_group_or_said_to_be_no_ones() -> None:
    ours = [config for config in apps.get_app_configs() if config.name.startswith(("accounts", "billing"))]
    for config in ours:
        models = list(config.get_models())
        assert sorted(getattr(config, "staff", {})) == sorted(model._meta.model_name or "" for model in models)
        own = [codename for model in models for codename, _ in model._meta.permissions]
        assert sorted(getattr(config, "permissions", {})) == sorted(own)


@pytest.mark.parametrize("name", permissions.NAMES)
def test_a_group_holds_what_the_table_says_and_no_more(name: str) -> None:
    held = Permission.objects.filter(group__name=name).values_list("content_type__app_label", "codename")
    assert {f"{app}.{codename}" for app, codename in held} == permissions.permissions_of(name)


def test_support_looks_and_notes_billing_decides_and_closes_and_the_operator_lets_in() -> None:
    support, billing, operator = map(permissions.permissions_of, permissions.NAMES)
    beside = {"accounts.add_note", "accounts.resend_invitation", "balances.change_case"}
    assert {name for name in support if ".view_" not in name} == beside
    assert {"topups.change_topup", "balances.close_case"} <= billing - operator
    assert {"accounts.change_switch", "accounts.change_user", "accounts.add_membership"} <= operator - billing


def test_no_group_is_given_the_right_to_write_money_or_calls() -> None:
    """Of a backfill, to add is to ask for it. Of a top-up and of an online payment, to change is to decide, on a page
    of its own. Their rows are read-only.
    """
    rights = [(config.label, *of_model) for config in subjects() for of_model in config.staff.items()]
    of_money = {f"{label}.{model}" for label, model, given in rights if set("".join(given)) & set("acd")}
    assert of_money == {"calls.backfill", "balances.case", "topups.topup", "card_payments.cardpayment"}


def test_a_group_gets_back_what_it_lacks_after_a_migration_and_keeps_what_was_added() -> None:
    support = Group.objects.get(name="support")
    support.permissions.set(Permission.objects.filter(codename="view_auditentry"))
    Group.objects.exclude(name="support").delete()
    call_command("migrate", verbosity=0)
    assert set(Group.objects.values_list("name", flat=True)) == set(permissions.NAMES)
    assert set(support.permissions.values_list("codename", flat=True)) > {"view_auditentry", "view_call"}
