from django.urls import URLPattern, path

from billing.topups.views.topups import topup, topup_confirm, topup_form
from billing.topups.views.vouchers import voucher_confirm, voucher_form

urlpatterns: list[URLPattern] = [
    path("a/<slug:public_id>/topup/", topup_form, name="topup_form"),
    path("a/<slug:public_id>/topup/confirm/", topup_confirm, name="topup_confirm"),
    path("a/<slug:public_id>/topup/voucher/", voucher_form, name="voucher_form"),
    path("a/<slug:public_id>/topup/voucher/confirm/", voucher_confirm, name="voucher_confirm"),
    path("a/<slug:public_id>/topups/<slug:reference>/", topup, name="topup"),
]
