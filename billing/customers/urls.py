from django.urls import URLPattern, path

from billing.customers.views.changes import (
    customer_change,
    customer_changes,
    lock_customer,
    open_customer,
    set_overdraft,
)
from billing.customers.views.customers import customers
from billing.customers.views.margin import margin

urlpatterns: list[URLPattern] = [
    path("a/<slug:public_id>/customers/", customers, name="customers"),
    path("a/<slug:public_id>/customers/open/", open_customer, name="customer_open"),
    path("a/<slug:public_id>/customers/changes/", customer_changes, name="customer_changes"),
    path("a/<slug:public_id>/customers/changes/<slug:reference>/", customer_change, name="customer_change"),
    path("a/<slug:public_id>/lock/", lock_customer, name="customer_lock"),
    path("a/<slug:public_id>/overdraft/", set_overdraft, name="customer_overdraft"),
    path("a/<slug:public_id>/customers/margin/", margin, name="margin"),
]
