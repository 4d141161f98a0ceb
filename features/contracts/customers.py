"""Customers: who was on the operator's books at the end of the month, and where they belong."""

import dataframely as dy

from features.contracts.contract import Contract, customer_id, date, described, name

ON_NET = ("active", "suspended")
LEFT_BY_CHOICE = ("closed", "ported_out")
LEFT_BY_FORCE = ("closed_arrears", "closed_fraud")
MASKED = r"^[^*]{0,3}\*+[^*]{0,4}$"
"""At most the first three and the last four characters show: enough to know one's customer, too little to call."""


class Customers(dy.Schema):
    customer_id = customer_id()
    brand = name("Brand of the plan, for example GoTone, M-Zone or Easyown.", sensitivity="none")
    activated_on = date("First day on net.", known="when it happens")
    status = dy.Enum(
        [*ON_NET, *LEFT_BY_CHOICE, *LEFT_BY_FORCE],
        nullable=False,
        description="Standing at the end of the month; a closing status says by whose will.",
        metadata=described(sensitivity="none"),
    )
    payment_type = dy.Enum(
        ["prepaid", "postpaid"],
        nullable=True,
        description="Whether the customer pays before or after use.",
        metadata=described(sensitivity="none"),
    )
    plan_id = name("Tariff plan in force at the end of the month.")
    contract_ends_on = date("Last day of the agreed minimum term.", known="in advance")
    birth_year = dy.Int32(
        nullable=True,
        min=1900,
        max=2100,
        description="Year of birth.",
        metadata=described(unit="year", sensitivity="personal"),
    )
    province = name("Province.", sensitivity="none")
    prefecture = name("Prefecture or city.", sensitivity="none")
    county = name("County or district.", sensitivity="none")
    area = name("Area or grid, the fourth level of the organisation.")
    hall = name("Business hall that looks after the customer.")
    manager = name("Customer manager who owns the customer.")
    dealer = name("Dealer who sold the number.")
    masked_number = dy.String(
        nullable=True,
        regex=MASKED,
        max_length=20,
        description="The number with its middle hidden, for example 139****1234; at most 3 + 4 characters may show.",
        metadata=described(sensitivity="personal"),
    )


CONTRACT = Contract("customers", Customers, "One row per customer on the books at the end of the month.", required=True)
