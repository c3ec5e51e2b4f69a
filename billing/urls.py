from django.urls import URLPattern, path, register_converter

from billing.views.balance import balance
from billing.views.batches import (
    batch,
    batch_again,
    batch_confirm,
    batch_rest,
    batch_results,
    batch_stop,
    batches,
    upload_batch,
)
from billing.views.call_files import calls_file
from billing.views.calls import calls
from billing.views.claims import claim
from billing.views.customer_changes import (
    customer_change,
    customer_changes,
    lock_customer,
    open_customer,
    set_overdraft,
)
from billing.views.customers import customers
from billing.views.destinations import calls_destinations
from billing.views.exports import export, export_ask, export_end, export_file, exports
from billing.views.filling import calls_filling
from billing.views.home import home
from billing.views.margin import margin
from billing.views.members import change_role, invite, members, remove, resend, revoke
from billing.views.notifications import notify
from billing.views.one_call import FlowNumber, one_call
from billing.views.online import online_form, online_payment
from billing.views.overview import overview
from billing.views.payments import payments
from billing.views.providers import demo_pay, payment_report
from billing.views.statements import statement, statement_pdf, statements
from billing.views.topups import topup, topup_confirm, topup_form
from billing.views.vouchers import voucher_confirm, voucher_form

register_converter(FlowNumber, "flow")

urlpatterns: list[URLPattern] = [
    path("", home, name="home"),
    path("account/claim/", claim, name="claim"),
    path("a/<slug:public_id>/", overview, name="overview"),
    path("a/<slug:public_id>/balance/", balance, name="balance"),
    path("a/<slug:public_id>/calls/", calls, name="calls"),
    path("a/<slug:public_id>/calls/<flow:flow_no>/", one_call, name="call"),
    path("a/<slug:public_id>/calls/filling/", calls_filling, name="calls_filling"),
    path("a/<slug:public_id>/calls/destinations/", calls_destinations, name="calls_destinations"),
    path("a/<slug:public_id>/calls/<slug:kind>/", calls_file, name="calls_file"),
    path("a/<slug:public_id>/exports/", exports, name="exports"),
    path("a/<slug:public_id>/exports/ask/", export_ask, name="export_ask"),
    path("a/<slug:public_id>/exports/<slug:reference>/", export, name="export"),
    path("a/<slug:public_id>/exports/<slug:reference>/end/", export_end, name="export_end"),
    path("a/<slug:public_id>/exports/<slug:reference>/file/", export_file, name="export_file"),
    path("a/<slug:public_id>/payments/", payments, name="payments"),
    path("a/<slug:public_id>/statements/", statements, name="statements"),
    path("a/<slug:public_id>/statements/<slug:month>/", statement, name="statement"),
    path("a/<slug:public_id>/statements/<slug:month>.pdf", statement_pdf, name="statement_pdf"),
    path("a/<slug:public_id>/customers/", customers, name="customers"),
    path("a/<slug:public_id>/customers/open/", open_customer, name="customer_open"),
    path("a/<slug:public_id>/customers/changes/", customer_changes, name="customer_changes"),
    path("a/<slug:public_id>/customers/changes/<slug:reference>/", customer_change, name="customer_change"),
    path("a/<slug:public_id>/lock/", lock_customer, name="customer_lock"),
    path("a/<slug:public_id>/overdraft/", set_overdraft, name="customer_overdraft"),
    path("a/<slug:public_id>/customers/margin/", margin, name="margin"),
    path("a/<slug:public_id>/customers/batch/", batches, name="batches"),
    path("a/<slug:public_id>/customers/batch/upload/", upload_batch, name="upload_batch"),
    path("a/<slug:public_id>/customers/batch/<slug:reference>/", batch, name="batch"),
    path("a/<slug:public_id>/customers/batch/<slug:reference>/confirm/", batch_confirm, name="batch_confirm"),
    path("a/<slug:public_id>/customers/batch/<slug:reference>/stop/", batch_stop, name="batch_stop"),
    path("a/<slug:public_id>/customers/batch/<slug:reference>/again/", batch_again, name="batch_again"),
    path("a/<slug:public_id>/customers/batch/<slug:reference>/rest/", batch_rest, name="batch_rest"),
    path("a/<slug:public_id>/customers/batch/<slug:reference>/results/", batch_results, name="batch_results"),
    path("a/<slug:public_id>/members/", members, name="members"),
    path("a/<slug:public_id>/members/invite/", invite, name="member_invite"),
    path("a/<slug:public_id>/members/<int:pk>/role/", change_role, name="member_role"),
    path("a/<slug:public_id>/members/<int:pk>/remove/", remove, name="member_remove"),
    path("a/<slug:public_id>/invitations/<int:pk>/resend/", resend, name="invitation_resend"),
    path("a/<slug:public_id>/invitations/<int:pk>/revoke/", revoke, name="invitation_revoke"),
    path("a/<slug:public_id>/topup/", topup_form, name="topup_form"),
    path("a/<slug:public_id>/topup/online/", online_form, name="online_form"),
    path("a/<slug:public_id>/topup/confirm/", topup_confirm, name="topup_confirm"),
    path("a/<slug:public_id>/topup/voucher/", voucher_form, name="voucher_form"),
    path("a/<slug:public_id>/topup/voucher/confirm/", voucher_confirm, name="voucher_confirm"),
    path("a/<slug:public_id>/topups/<slug:reference>/", topup, name="topup"),
    path("a/<slug:public_id>/online/<slug:reference>/", online_payment, name="online_payment"),
    path("notify/<slug:secret>/<slug:page>", notify, name="notify"),
    path("payments/webhook/<slug:provider>/", payment_report, name="payment_report"),
    path("payments/demo/<slug:session>/", demo_pay, name="demo_pay"),
]
