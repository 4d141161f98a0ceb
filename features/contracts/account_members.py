"""Account members: which customers belong to which enterprise, and in what role."""

import dataframely as dy

from features.contracts.contract import Contract, customer_id, date, flag, name, one_of

ROLES = ("member", "key_contact", "it_lead", "leader")


class AccountMembers(dy.Schema):
    customer_id = customer_id()
    account_id = name("Enterprise account, as in `accounts`.", required=True)
    role = one_of(ROLES, "Role in the enterprise.", sensitivity="personal")
    in_closed_user_group = flag("Whether the number is in the enterprise's closed user group.")
    member_since = date("First day as a member.", known="when it happens")


CONTRACT = Contract("account_members", AccountMembers, "One row per customer who belongs to an enterprise account.")
