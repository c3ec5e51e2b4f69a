from django.urls import URLPattern, path

from billing.card_payments.views.payments import online_form, online_payment
from billing.card_payments.views.webhooks import demo_pay, payment_report

urlpatterns: list[URLPattern] = [
    path("a/<slug:public_id>/topup/online/", online_form, name="online_form"),
    path("a/<slug:public_id>/online/<slug:reference>/", online_payment, name="online_payment"),
    path("payments/webhook/<slug:provider>/", payment_report, name="payment_report"),
    path("payments/demo/<slug:session>/", demo_pay, name="demo_pay"),
]
