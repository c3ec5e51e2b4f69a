"""What a person may do with an account."""

from __future__ import annotations

from enum import Enum, auto


class Action(Enum):
    VIEW = auto()
    RESELL = auto()  # list the accounts below this one
    TOP_UP = auto()  # credit this account on behalf of an agent above it
    VOUCHER = auto()  # pay a voucher card into this account
    PAY = auto()  # pay for this account by card, at the payment provider
    PAY_IN = auto()  # bring money to this account, in whichever way
    OPEN_CUSTOMERS = auto()  # open an account directly below this one
    LOCK = auto()  # lock and unlock this account for the agent directly above it
    SET_OVERDRAFT = auto()  # the same agent's, within its own
    SEE_MARGIN = auto()  # what this agent's customers' calls cost it, beside what they cost them
    PAY_BATCHES = auto()  # credit many accounts below this one from its own balance
    MEMBERS = auto()  # see who the members of this account are, and who is invited
    MANAGE_MEMBERS = auto()  # invite, change and remove them
    RESEND_INVITATION = auto()
