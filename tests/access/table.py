"""Who may do what: every address of the portal, as one table.

A cell is what comes of a request:

    page      the page, or its fragment
    refused   the form again, with what is to be corrected
    login     to the login, by a status or, for a fragment, by a header
    →name     to the page of that name
    403 404 405 and so on: that status

A page that is new has to be entered here.
"""

from __future__ import annotations

ROLES = (
    *("anonymous", "stranger", "viewer", "owner", "sibling", "parent", "grandparent"),
    *("staff", "support", "billing", "operator", "superuser"),
)
CUSTOMERS = ("stranger", "viewer", "owner", "sibling", "parent", "grandparent")
STAFF = ("staff", "support", "billing", "operator", "superuser")

# The tree: grand > parent > (account > child, sibling > cousin). `viewer` and `owner` are of `account`, `sibling`,
# `parent` and `grandparent` own those agents, and `stranger` owns `elsewhere`. `unknown` is an id that no account has.

SEES = """
               parent    account    child    cousin    elsewhere    unknown
anonymous      login     login      login    login     login        login
stranger       404       404        404      404       page         404
viewer         404       page       page     404       404          404
owner          404       page       page     404       404          404
sibling        404       404        404      page      404          404
parent         page      page       page     page      404          404
grandparent    page      page       page     page      404          404
staff          404       404        404      404       404          404
support        page      page       page     page      page         404
billing        page      page       page     page      page         404
operator       page      page       page     page      page         404
superuser      page      page       page     page      page         404
"""

# The account of the address / the kind of file.
SEES_FILE = """
               parent/csv    account/csv    account/xlsx    child/csv    child/xlsx    elsewhere/xlsx    unknown/csv
anonymous      login         login          login           login        login         login             login
stranger       404           404            404             404          404           page              404
viewer         404           page           page            page         page          404               404
owner          404           page           page            page         page          404               404
sibling        404           404            404             404          404           404               404
parent         page          page           page            page         page          404               404
grandparent    page          page           page            page         page          404               404
staff          404           404            404             404          404           404               404
support        page          page           page            page         page          page              404
billing        page          page           page            page         page          page              404
operator       page          page           page            page         page          page              404
superuser      page          page           page            page         page          page              404
"""

# Only agents have customers.
RESELLS = """
               parent    account    child    cousin    elsewhere    unknown
anonymous      login     login      login    login     login        login
stranger       404       404        404      404       404          404
viewer         404       page       404      404       404          404
owner          404       page       404      404       404          404
sibling        404       404        404      404       404          404
parent         page      page       404      404       404          404
grandparent    page      page       404      404       404          404
staff          404       404        404      404       404          404
support        page      page       404      404       404          404
billing        page      page       404      404       404          404
operator       page      page       404      404       404          404
superuser      page      page       404      404       404          404
"""

# An agent's owner tops up what is below it; no one tops up their own account, and staff no account.
TOPS_UP = """
               parent    account    child    cousin    elsewhere    unknown
anonymous      login     login      login    login     login        login
stranger       404       404        404      404       404          404
viewer         404       404        404      404       404          404
owner          404       404        page     404       404          404
sibling        404       404        404      page      404          404
parent         404       page       page     page      404          404
grandparent    page      page       page     page      404          404
staff          404       404        404      404       404          404
support        404       404        404      404       404          404
billing        404       404        404      404       404          404
operator       404       404        404      404       404          404
superuser      404       404        404      404       404          404
"""

# Bringing money from outside, such as a voucher card: an account's own owner too.
PAYS_IN = """
               parent    account    child    cousin    elsewhere    unknown
anonymous      login     login      login    login     login        login
stranger       404       404        404      404       page         404
viewer         404       404        404      404       404          404
owner          404       page       page     404       404          404
sibling        404       404        404      page      404          404
parent         page      page       page     page      404          404
grandparent    page      page       page     page      404          404
staff          404       404        404      404       404          404
support        404       404        404      404       404          404
billing        404       404        404      404       404          404
operator       404       404        404      404       404          404
superuser      404       404        404      404       404          404
"""

# Owners pay for their own account by card.
PAYS = """
               parent    account    child    cousin    elsewhere    unknown
anonymous      login     login      login    login     login        login
stranger       404       404        404      404       page         404
viewer         404       404        404      404       404          404
owner          404       page       404      404       404          404
sibling        404       404        404      404       404          404
parent         page      404        404      404       404          404
grandparent    404       404        404      404       404          404
staff          404       404        404      404       404          404
support        404       404        404      404       404          404
billing        404       404        404      404       404          404
operator       404       404        404      404       404          404
superuser      404       404        404      404       404          404
"""

# One's own account has no balance above it: its owner is led to another way.
TOPS_UP_SOMEHOW = """
               parent           account          child    cousin    elsewhere        unknown
anonymous      login            login            login    login     login            login
stranger       404              404              404      404       →voucher_form    404
viewer         404              404              404      404       404              404
owner          404              →voucher_form    page     404       404              404
sibling        404              404              404      page      404              404
parent         →voucher_form    page             page     page      404              404
grandparent    page             page             page     page      404              404
staff          404              404              404      404       404              404
support        404              404              404      404       404              404
billing        404              404              404      404       404              404
operator       404              404              404      404       404              404
superuser      404              404              404      404       404              404
"""

# The account of the address / one call, which is of `account`.
SEES_CALL = """
               account/call  child/call  account/unknown
anonymous      login         login       login
stranger       404           404         404
viewer         page          404         404
owner          page          404         404
sibling        404           404         404
parent         page          404         404
grandparent    page          404         404
staff          404           404         404
support        page          404         404
billing        page          404         404
operator       page          404         404
superuser      page          404         404
"""

# The account of the address / the payment by card, which is of `account`.
SEES_PAYMENT = """
               account/paid  child/paid  account/unknown
anonymous      login         login       login
stranger       404           404         404
viewer         page          404         404
owner          page          404         404
sibling        404           404         404
parent         page          404         404
grandparent    page          404         404
staff          404           404         404
support        page          404         404
billing        page          404         404
operator       page          404         404
superuser      page          404         404
"""

# The account of the address / the top-up's. `debit` is what a transfer took from its payer: it has no page.
SEES_TOPUP = """
               account/account  child/child  cousin/cousin  account/child  account/cousin  parent/debit  account/unknown
anonymous      login            login        login          login          login           login         login
stranger       404              404          404            404            404             404           404
viewer         page             page         404            404            404             404           404
owner          page             page         404            404            404             404           404
sibling        404              404          page           404            404             404           404
parent         page             page         page           404            404             404           404
grandparent    page             page         page           404            404             404           404
staff          404              404          404            404            404             404           404
support        page             page         page           404            404             404           404
billing        page             page         page           404            404             404           404
operator       page             page         page           404            404             404           404
superuser      page             page         page           404            404             404           404
"""

# Owners of the account itself see its members; the owner of an agent above it does not. Staff look.
SEES_MEMBERS = """
               parent    account    child    cousin    elsewhere    unknown
anonymous      login     login      login    login     login        login
stranger       404       404        404      404       page         404
viewer         404       404        404      404       404          404
owner          404       page       404      404       404          404
sibling        404       404        404      404       404          404
parent         page      404        404      404       404          404
grandparent    404       404        404      404       404          404
staff          404       404        404      404       404          404
support        page      page       page     page      page         404
billing        page      page       page     page      page         404
operator       page      page       page     page      page         404
superuser      page      page       page     page      page         404
"""

# Inviting, changing and removing wants a fresh login before anything is looked up.
MANAGES_MEMBERS = """
               parent    account    child    cousin    elsewhere    unknown
anonymous      login     login      login    login     login        login
stranger       404       404        404      404       page         404
viewer         404       404        404      404       404          404
owner          404       page       404      404       404          404
sibling        404       404        404      404       404          404
parent         page      404        404      404       404          404
grandparent    404       404        404      404       404          404
staff          404       404        404      404       404          404
support        404       404        404      404       404          404
billing        404       404        404      404       404          404
operator       404       404        404      404       404          404
superuser      404       404        404      404       404          404
"""

# The account of the address / the one that the invitation is of.
REVOKES = """
               account/account  account/child  elsewhere/elsewhere  elsewhere/account  account/unknown
anonymous      login            login          login                login              login
stranger       404              404            page                 404                404
viewer         404              404            404                  404                404
owner          page             404            404                  404                404
sibling        404              404            404                  404                404
parent         404              404            404                  404                404
grandparent    404              404            404                  404                404
staff          404              404            404                  404                404
support        404              404            404                  404                404
billing        404              404            404                  404                404
operator       404              404            404                  404                404
superuser      404              404            404                  404                404
"""
RESENDS = """
               account/account  account/child  elsewhere/elsewhere  elsewhere/account  account/unknown
anonymous      login            login          login                login              login
stranger       404              404            page                 404                404
viewer         404              404            404                  404                404
owner          page             404            404                  404                404
sibling        404              404            404                  404                404
parent         404              404            404                  404                404
grandparent    404              404            404                  404                404
staff          404              404            404                  404                404
support        page             404            page                 404                404
billing        page             404            page                 404                404
operator       page             404            page                 404                404
superuser      page             404            page                 404                404
"""

# What an agent earns is its owners' to see, where the operator lets it: `parent` and `account` are let, others not.
SEES_MARGIN = """
               parent    account    child    cousin    elsewhere    unknown
anonymous      login     login      login    login     login        login
stranger       404       404        404      404       404          404
viewer         404       404        404      404       404          404
owner          404       page       404      404       404          404
sibling        404       404        404      404       404          404
parent         page      404        404      404       404          404
grandparent    404       404        404      404       404          404
staff          404       404        404      404       404          404
support        page      page       404      404       404          404
billing        page      page       404      404       404          404
operator       page      page       404      404       404          404
superuser      page      page       404      404       404          404
"""

# The same for opening accounts below it, which wants a fresh login first; staff open none.
OPENS_CUSTOMERS = """
               parent    account    child    cousin    elsewhere    unknown
anonymous      login     login      login    login     login        login
stranger       404       404        404      404       404          404
viewer         404       404        404      404       404          404
owner          404       page       404      404       404          404
sibling        404       404        404      404       404          404
parent         page      404        404      404       404          404
grandparent    404       404        404      404       404          404
staff          404       404        404      404       404          404
support        404       404        404      404       404          404
billing        404       404        404      404       404          404
operator       404       404        404      404       404          404
superuser      404       404        404      404       404          404
"""

# An agent locks what is directly below it, and sets its overdraft; nothing deeper, and `sibling` is not let.
MANAGES_CUSTOMER = """
               parent    account    child    cousin    elsewhere    unknown
anonymous      login     login      login    login     login        login
stranger       404       404        404      404       404          404
viewer         404       404        404      404       404          404
owner          404       404        page     404       404          404
sibling        404       404        404      404       404          404
parent         404       page       404      404       404          404
grandparent    404       404        404      404       404          404
staff          404       404        404      404       404          404
support        404       404        404      404       404          404
billing        404       404        404      404       404          404
operator       404       404        404      404       404          404
superuser      404       404        404      404       404          404
"""

# The agent of the address / what was asked for by `account` for its customer.
SEES_CHANGE = """
               account/change    parent/change    child/change    account/unknown    unknown/change
anonymous      login             login            login           login              login
stranger       404               404              404             404                404
viewer         page              404              404             404                404
owner          page              404              404             404                404
sibling        404               404              404             404                404
parent         page              404              404             404                404
grandparent    page              404              404             404                404
staff          404               404              404             404                404
support        page              404              404             404                404
billing        page              404              404             404                404
operator       page              404              404             404                404
superuser      page              404              404             404                404
"""

# An agent pays many at once from its own balance: the owner of the agent above has a page of their own for that.
PAYS_MANY = """
               parent    account    child    cousin    elsewhere    unknown
anonymous      login     login      login    login     login        login
stranger       404       404        404      404       404          404
viewer         404       404        404      404       404          404
owner          404       page       404      404       404          404
sibling        404       404        404      404       404          404
parent         page      404        404      404       404          404
grandparent    404       404        404      404       404          404
staff          404       404        404      404       404          404
support        404       404        404      404       404          404
billing        404       404        404      404       404          404
operator       404       404        404      404       404          404
superuser      404       404        404      404       404          404
"""

# The agent of the address / the batch, which is the one of `account`.
SEES_BATCH = """
               account/batch    parent/batch    child/batch    account/unknown    unknown/batch
anonymous      login            login           login          login              login
stranger       404              404             404            404                404
viewer         page             404             404            404                404
owner          page             404             404            404                404
sibling        404              404             404            404                404
parent         page             404             404            404                404
grandparent    page             404             404            404                404
staff          404              404             404            404                404
support        page             404             404            404                404
billing        page             404             404            404                404
operator       page             404             404            404                404
superuser      page             404             404            404                404
"""
PAYS_BATCH = """
               account/batch    parent/batch    child/batch    account/unknown    unknown/batch
anonymous      login            login           login          login              login
stranger       404              404             404            404                404
viewer         404              404             404            404                404
owner          page             404             404            404                404
sibling        404              404             404            404                404
parent         404              404             404            404                404
grandparent    404              404             404            404                404
staff          404              404             404            404                404
support        404              404             404            404                404
billing        404              404             404            404                404
operator       404              404             404            404                404
superuser      404              404             404            404                404
"""

# The account of the address / the file, which is the owner's own: no one else has it, whatever they may see.
SEES_EXPORT = """
               account/export    child/export    parent/export    account/unknown    unknown/export
anonymous      login             login           login            login              login
stranger       404               404             404              404                404
viewer         404               404             404              404                404
owner          page              404             404              404                404
sibling        404               404             404              404                404
parent         404               404             404              404                404
grandparent    404               404             404              404                404
staff          404               404             404              404                404
support        404               404             404              404                404
billing        404               404             404              404                404
operator       404               404             404              404                404
superuser      404               404             404              404                404
"""

BATCH_ACTIONS = ("confirm", "stop", "again", "rest")

# Page, method, the table of it, and what the table's "page" is there. A page that is only looked at refuses the method
# itself: to everybody alike, whatever the id.
ACCOUNT_PAGES = (
    ("overview", "GET", SEES, "page"),
    ("overview", "POST", SEES, "405"),
    ("balance", "GET", SEES, "page"),
    ("balance", "POST", SEES, "405"),
    ("calls", "GET", SEES, "page"),
    ("calls", "POST", SEES, "405"),
    ("call", "GET", SEES_CALL, "page"),
    ("call", "POST", SEES_CALL, "405"),
    ("calls_destinations", "GET", SEES, "page"),
    ("calls_destinations", "POST", SEES, "405"),
    ("calls_filling", "GET", SEES, "page"),
    ("calls_filling", "POST", SEES, "405"),
    ("calls_file", "GET", SEES_FILE, "page"),
    ("calls_file", "POST", SEES_FILE, "405"),
    ("exports", "GET", SEES, "page"),
    ("exports", "POST", SEES, "405"),
    ("export_ask", "GET", SEES, "→exports"),
    ("export_ask", "POST", SEES, "→export"),
    ("export", "GET", SEES_EXPORT, "page"),
    ("export", "POST", SEES_EXPORT, "405"),
    ("export_file", "GET", SEES_EXPORT, "page"),
    ("export_file", "POST", SEES_EXPORT, "405"),
    ("export_end", "GET", SEES_EXPORT, "→export"),
    ("export_end", "POST", SEES_EXPORT, "→export"),
    ("payments", "GET", SEES, "page"),
    ("payments", "POST", SEES, "405"),
    ("statements", "GET", SEES, "page"),
    ("statements", "POST", SEES, "405"),
    ("statement", "GET", SEES, "page"),
    ("statement", "POST", SEES, "405"),
    ("statement_pdf", "GET", SEES, "page"),
    ("statement_pdf", "POST", SEES, "405"),
    ("customers", "GET", RESELLS, "page"),
    ("customers", "POST", RESELLS, "405"),
    ("margin", "GET", SEES_MARGIN, "page"),
    ("margin", "POST", SEES_MARGIN, "405"),
    ("customer_open", "GET", OPENS_CUSTOMERS, "→account_reauthenticate"),
    ("customer_open", "POST", OPENS_CUSTOMERS, "→account_reauthenticate"),
    ("customer_lock", "GET", MANAGES_CUSTOMER, "page"),
    ("customer_lock", "POST", MANAGES_CUSTOMER, "refused"),
    ("customer_overdraft", "GET", MANAGES_CUSTOMER, "page"),
    ("customer_overdraft", "POST", MANAGES_CUSTOMER, "refused"),
    ("customer_changes", "GET", RESELLS, "page"),
    ("customer_changes", "POST", RESELLS, "405"),
    ("customer_change", "GET", SEES_CHANGE, "page"),
    ("customer_change", "POST", SEES_CHANGE, "405"),
    ("batches", "GET", RESELLS, "page"),
    ("batches", "POST", RESELLS, "405"),
    ("upload_batch", "GET", PAYS_MANY, "→batches"),
    ("upload_batch", "POST", PAYS_MANY, "refused"),
    ("batch", "GET", SEES_BATCH, "page"),
    ("batch", "POST", SEES_BATCH, "405"),
    *((f"batch_{what}", method, PAYS_BATCH, "→batch") for what in BATCH_ACTIONS for method in ("GET", "POST")),
    ("batch_results", "GET", SEES_BATCH, "page"),
    ("batch_results", "POST", SEES_BATCH, "405"),
    ("topup_form", "GET", TOPS_UP_SOMEHOW, "page"),
    ("topup_form", "POST", TOPS_UP_SOMEHOW, "page"),
    ("topup_confirm", "GET", TOPS_UP, "→topup_form"),
    ("topup_confirm", "POST", TOPS_UP, "→topup"),
    ("voucher_form", "GET", PAYS_IN, "page"),
    ("voucher_form", "POST", PAYS_IN, "refused"),
    ("voucher_confirm", "GET", PAYS_IN, "→voucher_form"),
    ("voucher_confirm", "POST", PAYS_IN, "page"),
    ("topup", "GET", SEES_TOPUP, "page"),
    ("topup", "POST", SEES_TOPUP, "405"),
    ("members", "GET", SEES_MEMBERS, "page"),
    ("members", "POST", SEES_MEMBERS, "405"),
    ("member_invite", "GET", MANAGES_MEMBERS, "→account_reauthenticate"),
    ("member_invite", "POST", MANAGES_MEMBERS, "→account_reauthenticate"),
    ("member_role", "GET", MANAGES_MEMBERS, "405"),
    ("member_role", "POST", MANAGES_MEMBERS, "→account_reauthenticate"),
    ("member_remove", "GET", MANAGES_MEMBERS, "→account_reauthenticate"),
    ("member_remove", "POST", MANAGES_MEMBERS, "→account_reauthenticate"),
    ("invitation_resend", "GET", RESENDS, "405"),
    ("invitation_resend", "POST", RESENDS, "→members"),
    ("invitation_revoke", "GET", REVOKES, "405"),
    ("invitation_revoke", "POST", REVOKES, "→members"),
    ("online_form", "GET", PAYS, "page"),
    ("online_form", "POST", PAYS, "→demo_pay"),
    ("online_payment", "GET", SEES_PAYMENT, "page"),
    ("online_payment", "POST", SEES_PAYMENT, "405"),
)

OTHER_PAGES = """
                                              anonymous                customer            staff
healthz                                 GET   page                     page                page
healthz                                 POST  page                     page                page
metrics                                 GET   404                      404                 404
metrics                                 POST  405                      405                 405
readyz                                  GET   page                     page                page
readyz                                  POST  page                     page                page
home                                    GET   login                    →overview           →admin:index
home                                    POST  login                    405                 405
notify                                  GET   405                      405                 405
notify                                  POST  404                      404                 404
payment_report                          GET   405                      405                 405
payment_report                          POST  400                      400                 400
demo_pay                                GET   login                    404                 404
demo_pay                                POST  login                    404                 404
account/email/                          GET   login                    page                page
account/email/                          POST  login                    →/account/email/     →/account/email/
account_email                           GET   login                    page                page
account_email                           POST  login                    →/account/email/     →/account/email/
account/confirm-email/<str:key>/        GET   page                     page                page
account/confirm-email/<str:key>/        POST  404                      404                 404
account/password/set/                   GET   login                →account_reauthenticate →account_reauthenticate
account/password/set/                   POST  login                →/account/password/set/ →/account/password/set/
account_login                           GET   page                     →home               →home
account_login                           POST  refused                  →home               →home
account_logout                          GET   login                    page                page
account_logout                          POST  login                    login               login
account_signup                          GET   page                     →home               →home
account_signup                          POST  page                     →home               →home
account_inactive                        GET   page                     page                page
account_inactive                        POST  405                      405                 405
account_reauthenticate                  GET   login                    page                page
account_reauthenticate                  POST  login                    refused             refused
account_change_password                 GET   login                    page                page
account_change_password                 POST  login                    refused             refused
account_set_password                    GET   login                →account_reauthenticate →account_reauthenticate
account_set_password                    POST  login                →/account/password/set/ →/account/password/set/
account_reset_password                  GET   page                     page                page
account_reset_password                  POST  refused                  refused             refused
account_reset_password_done             GET   page                     page                page
account_reset_password_done             POST  405                      405                 405
account_reset_password_from_key         GET   page                     page                page
account_reset_password_from_key         POST  refused                  refused             refused
account_reset_password_from_key_done    GET   page                     page                page
account_reset_password_from_key_done    POST  405                      405                 405
account_confirm_email                   GET   page                     page                page
account_confirm_email                   POST  404                      404                 404
account_email_verification_sent         GET   page                     page                page
account_email_verification_sent         POST  405                      405                 405
account_confirm_login_code              GET   login                    →home               →home
account_confirm_login_code              POST  login                    →home               →home
claim                                   GET   404                      404                 404
claim                                   POST  404                      404                 404
time_zone                               GET   login                    page                page
time_zone                               POST  login                    →/account/2fa/      →/account/2fa/
invitation                              GET   410                      410                 410
invitation                              POST  405                      405                 405
invitation_link                         GET   →invitation              →invitation         →invitation
invitation_link                         POST  405                      405                 405
invitation_join                         GET   405                      405                 405
invitation_join                         POST  410                      410                 410
invitation_accept                       GET   login                    405                 405
invitation_accept                       POST  login                    →invitation         →invitation
account/2fa/                            GET   login                    page                page
account/2fa/                            POST  login                    405                 405
account/2fa/webauthn/                   GET   login                    →/account/2fa/      →/account/2fa/
account/2fa/webauthn/                   POST  login                    →/account/2fa/      →/account/2fa/
account/sessions/                       GET   login                    →/account/2fa/      →/account/2fa/
account/sessions/                       POST  login          →account_reauthenticate →account_reauthenticate
mfa_index                               GET   login                    page                page
mfa_index                               POST  login                    405                 405
mfa_list_webauthn                       GET   login                    →/account/2fa/      →/account/2fa/
mfa_list_webauthn                       POST  login                    →/account/2fa/      →/account/2fa/
mfa_activate_totp                       GET   login          →account_reauthenticate →account_reauthenticate
mfa_activate_totp                       POST  login          →account_reauthenticate →account_reauthenticate
mfa_deactivate_totp                     GET   login                    404                 404
mfa_deactivate_totp                     POST  login                    404                 404
mfa_view_recovery_codes                 GET   login                    404                 404
mfa_view_recovery_codes                 POST  login                    405                 405
mfa_generate_recovery_codes             GET   login          →account_reauthenticate →account_reauthenticate
mfa_generate_recovery_codes             POST  login          →account_reauthenticate →account_reauthenticate
mfa_download_recovery_codes             GET   login                    404                 404
mfa_download_recovery_codes             POST  login                    404                 404
mfa_add_webauthn                        GET   login          →account_reauthenticate →account_reauthenticate
mfa_add_webauthn                        POST  login          →account_reauthenticate →account_reauthenticate
mfa_edit_webauthn                       GET   login          →account_reauthenticate →account_reauthenticate
mfa_edit_webauthn                       POST  login          →account_reauthenticate →account_reauthenticate
mfa_remove_webauthn                     GET   login          →account_reauthenticate →account_reauthenticate
mfa_remove_webauthn                     POST  login          →account_reauthenticate →account_reauthenticate
mfa_authenticate                        GET   login                    →home               →home
mfa_authenticate                        POST  login                    →home               →home
mfa_reauthenticate                      GET   login          →account_reauthenticate →account_reauthenticate
mfa_reauthenticate                      POST  login          →account_reauthenticate →account_reauthenticate
mfa_reauthenticate_webauthn             GET   login          →account_reauthenticate →account_reauthenticate
mfa_reauthenticate_webauthn             POST  login          →account_reauthenticate →account_reauthenticate
mfa_login_webauthn                      GET   login                    →home               →home
mfa_login_webauthn                      POST  login                    →home               →home
usersessions_list                       GET   login                    →/account/2fa/      →/account/2fa/
usersessions_list                       POST  login          →account_reauthenticate →account_reauthenticate
admin:index                             GET   →admin:login             →admin:login        page
admin:index                             POST  →admin:login             →admin:login        page
admin:login                             GET   login                    403                 →admin:index
admin:login                             POST  login                    403                 →admin:index
admin:logout                            GET   →admin:login             →admin:index        login
admin:logout                            POST  →admin:login             →admin:index        login
admin:password_change                   GET   →admin:login             →admin:login        →account_change_password
admin:password_change                   POST  →admin:login             →admin:login        →account_change_password
admin:password_change_done              GET   →admin:login             →admin:login        page
admin:password_change_done              POST  →admin:login             →admin:login        405
admin:autocomplete                      GET   →admin:login             →admin:login        403
admin:autocomplete                      POST  →admin:login             →admin:login        405
admin:jsi18n                            GET   →admin:login             →admin:login        page
admin:jsi18n                            POST  →admin:login             →admin:login        405
admin:view_on_site                      GET   →admin:login             →admin:login        404
admin:view_on_site                      POST  →admin:login             →admin:login        404
staff/(?P<url>.*)$                      GET   →admin:login             →admin:login        404
staff/(?P<url>.*)$                      POST  →admin:login             →admin:login        404
"""

# Of the staff site's rows: v(iew), a(dd), c(hange), d(elete), – none. No one else comes into the staff site at all.
STAFF_PAGES = """
                          staff    support    billing    operator    superuser
accounts_account          –        v          v          vc          vc
accounts_auditentry       –        –          –          v           v
accounts_claimphrase      –        v          v          va          va
accounts_invitation       –        v          v          v           v
accounts_membership       –        v          v          vacd        vacd
accounts_note             –        va         va         va          va
accounts_switch           –        v          v          vac         vac
accounts_user             –        v          v          vac         vac
auth_group                –        –          –          –           vacd
calls_backfill          –        v          v          va          va
batches_batch             –        v          v          v           v
batches_batchrow          –        v          v          v           v
calls_call              –        v          v          v           v
calls_callchange        –        v          v          v           v
calls_callday           –        v          v          v           v
calls_countingrule      –        v          v          v           v
calls_reportcalendar    –        v          v          v           v
balances_case              –        vc         vc         vc          vc
balances_charge            –        v          v          v           v
customers_customerchange    –        v          v          v           v
exports_export            –        v          v          v           v
jobs_jobrun            –        v          v          v           v
switches_observation      –        v          v          v           v
switches_unusableanswer  –      v          v          v           v
card_payments_cardpayment     –        v          v          v           v
balances_payment           –        v          v          v           v
balances_reconciliation    –        v          v          v           v
balances_syncmark          –        v          v          v           v
topups_topup             –        v          v          v           v
calls_unreadablerecord  –        v          v          v           v
"""

# Page of a row or of its list, method, the letters of which one opens it, and what comes of it then; otherwise 403.
# `row` is the row's bare address, which only says where its page is.
STAFF_VERBS = """
                   needs    then
changelist GET     vc       page
changelist POST    vc       page
add        GET     a        page
add        POST    a        refused
row        GET     –vacd    →change
change     GET     vc       page
change     POST    c        refused
history    GET     vc       page
delete     GET     d        page
delete     POST    d        page
"""
# Nothing in their forms must be filled in, so the empty one is saved.
SAVED_EMPTY = ("accounts_account", "balances_case")

OTHER_STAFF_PAGES = """
                                  anonymous       staff    support    billing          operator    superuser
admin:app_list              GET   →admin:login    404      page       page             page        page
admin:app_list              POST  →admin:login    404      page       page             page        page
admin:topups_topup_decide  GET   login           403      403        page             403         page
admin:topups_topup_decide  POST  login           403      403        page             403         page
admin:reissue               GET   login           403      403        page             403         page
admin:reissue               POST  login           403      403        page             403         page
admin:reissue_answer        GET   login           403      403        404              403         404
admin:reissue_answer        POST  login           403      403        404              403         404
admin:credit                GET   login           403      403        page             403         page
admin:credit                POST  login           403      403        refused          403         refused
admin:credit_confirm        GET   login           403      403        →admin:credit    403         →admin:credit
admin:credit_confirm        POST  login           403      403        refused          403         refused
admin:card_payments_cardpayment_settle  GET   login   403      403        page             403         page
admin:card_payments_cardpayment_settle  POST  login   403      403        refused          403         refused
"""
