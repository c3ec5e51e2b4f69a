"""The requests that the access table speaks of, each with what must come of it."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from dataclasses import replace

from django.contrib import admin
from django.urls import reverse

from billing.card_payments.models import CardPayment
from billing.topups.models import TopUp, TopUpState
from tests.access import table
from tests.access.grids import cells
from tests.access.table import ROLES
from tests.access.walking import Step
from tests.access.world import World, a_row

MODELS = {f"{model._meta.app_label}_{model._meta.model_name}": model for model in admin.site._registry}
ARGUMENTS = {
    "notify": {"secret": "x" * 64, "page": "CustomerMoneyChange"},
    "payment_report": {"provider": "demo"},
    "demo_pay": {"session": "demo_unknown"},
    "account_confirm_email": {"key": "x"},
    "invitation_link": {"token": "x"},
    "account_reset_password_from_key": {"uidb36": "1", "key": "x-y"},
    "admin:view_on_site": {"content_type_id": "1", "object_id": "1"},
}
WITHOUT_A_NAME = {
    "healthz": "/healthz",
    "readyz": "/readyz",
    "metrics": "/metrics",
    **{
        page: f"/{page}"
        for page in (
            "account/email/",
            "account/password/set/",
            "account/2fa/",
            "account/2fa/webauthn/",
            "account/sessions/",
        )
    },
    "account/confirm-email/<str:key>/": "/account/confirm-email/x/",
    "staff/(?P<url>.*)$": "/staff/no/such/page/",
}


def account_steps(world: World, roles: Collection[str] = ROLES) -> Iterator[Step]:
    for page, method, grid, allowed in table.ACCOUNT_PAGES:
        for (role,), about, cell in cells(grid):
            if role not in roles:
                continue
            address = reverse(page, args=[world.public_id(about.partition("/")[0]), *world.rest(page, about)])
            # A method that a page does not know is refused before anything is looked up.
            expected = allowed if cell == "page" or (allowed == "405" and cell == "404") else cell
            step = Step(page=page, about=about, address=address, role=role, method=method, expected=expected)
            step = replace(step, data={"amount": "0.25", "key": f"{role} {about}", "again": "on", "kind": "csv"})
            yield from (step, replace(step, fragment=True)) if allowed != "405" else (step,)


def other_steps(world: World, roles: Collection[str] = ROLES) -> Iterator[Step]:
    groups = {"anonymous": ("anonymous",), "customer": table.CUSTOMERS, "staff": table.STAFF}
    # No one who walks here has this one.
    passkey = {"pk": world.passkey.pk}
    arguments = {**ARGUMENTS, "mfa_edit_webauthn": passkey, "mfa_remove_webauthn": passkey}
    for (page, method), group, expected in cells(table.OTHER_PAGES):
        address = WITHOUT_A_NAME.get(page) or reverse(page, kwargs=arguments.get(page))
        for role in filter(roles.__contains__, groups[group]):
            yield Step(page=page, about="no account", address=address, role=role, method=method, expected=expected)


def staff_steps(world: World, roles: Collection[str] = ROLES) -> Iterator[Step]:
    rights = {(model, role): cell for (model,), role, cell in cells(table.STAFF_PAGES)}
    for model, ((verb, method), (needed, then)) in itertools.product(MODELS, verbs().items()):
        address = _address(model, verb, world)
        for role in roles:
            if role not in table.STAFF:
                expected = _outside(role)
            elif not set(rights[model, role]) & set(needed):
                expected = "403"
            elif verb == "change" and then == "refused" and model in table.SAVED_EMPTY:
                expected = f"→admin:{model}_changelist"
            else:
                expected = then.replace("→", f"→admin:{model}_")
            page = page_of(model, verb)
            yield Step(page=page, about="a row", address=address, role=role, method=method, expected=expected)


def other_staff_steps(roles: Collection[str] = ROLES) -> Iterator[Step]:
    topup = TopUp.objects.get(state=TopUpState.REVIEW)
    payment = CardPayment.objects.get(account__number="A-20417")
    arguments: dict[str, list[object]] = {
        "admin:app_list": ["topups"],
        "admin:topups_topup_decide": [topup.pk],
        "admin:reissue": [topup.pk],
        "admin:reissue_answer": [topup.pk, 0],
        "admin:credit": [topup.account_id],
        "admin:credit_confirm": [topup.account_id],
        "admin:card_payments_cardpayment_settle": [payment.pk],
        "admin:card_payments_cardpayment_reversals": [payment.pk],
    }
    addresses = {page: reverse(page, args=args) for page, args in arguments.items()}
    allowed = {(page, method, role): cell for (page, method), role, cell in cells(table.OTHER_STAFF_PAGES)}
    for (page, address), method, role in itertools.product(addresses.items(), ("GET", "POST"), roles):
        expected = allowed.get((page, method, role), "→admin:login")
        yield Step(page=page, about="a row", address=address, role=role, method=method, expected=expected)


def verbs() -> dict[tuple[str, str], tuple[str, str]]:
    """Which letters each page and method needs, and what comes of it."""
    read = {(*left, column): cell for left, column, cell in cells(table.STAFF_VERBS)}
    return {(verb, method): (read[verb, method, "needs"], read[verb, method, "then"]) for verb, method, _ in read}


def _outside(role: str) -> str:
    return "login" if role == "anonymous" else "→admin:login"


def page_of(model: str, verb: str) -> str:
    # The app's label may hold an underscore, the model's name does not.
    return f"staff/{'/'.join(model.rsplit('_', 1))}/<path:object_id>/" if verb == "row" else f"admin:{model}_{verb}"


def _address(model: str, verb: str, world: World) -> str:
    if verb in ("changelist", "add"):
        return reverse(f"admin:{model}_{verb}")
    pk = a_row(MODELS[model], world).pk
    return (
        f"{reverse(f'admin:{model}_changelist')}{pk}/" if verb == "row" else reverse(f"admin:{model}_{verb}", args=[pk])
    )
