from django.urls import URLPattern, path

from billing.statements.views.balance import balance
from billing.statements.views.payments import payments
from billing.statements.views.statements import statement, statement_pdf, statements

urlpatterns: list[URLPattern] = [
    path("a/<slug:public_id>/balance/", balance, name="balance"),
    path("a/<slug:public_id>/payments/", payments, name="payments"),
    path("a/<slug:public_id>/statements/", statements, name="statements"),
    path("a/<slug:public_id>/statements/<slug:month>/", statement, name="statement"),
    path("a/<slug:public_id>/statements/<slug:month>.pdf", statement_pdf, name="statement_pdf"),
]
