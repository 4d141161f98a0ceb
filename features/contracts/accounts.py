"""Accounts: the enterprises that are customers, how large they are and who looks after them."""

import dataframely as dy

from features.contracts.contract import Contract, count, date, flag, money, name, one_of

CLASSES = ("A", "B", "C")


class Accounts(dy.Schema):
    account_id = name("Pseudonymous id of the enterprise.", key=True)
    industry = name("Line of business.", sensitivity="none")
    account_class = one_of(CLASSES, "A for the largest and most important, C for the small and loose.")
    phones = count("Phones in the enterprise, whoever's network they are on.", sensitivity="business", most=10_000_000)
    members = count("Members on record at the end of the month.", sensitivity="business", most=10_000_000)
    spend = money("What the enterprise as such was charged for the month.", sensitivity="business")
    manager = name("Customer manager who owns the account.")
    prefecture = name("Prefecture or city of its seat.", sensitivity="none")
    since = date("First day as a customer.", known="when it happens", sensitivity="business")
    has_closed_user_group = flag("Whether members call one another in a closed user group.", sensitivity="business")


CONTRACT = Contract("accounts", Accounts, "One row per enterprise account.")
