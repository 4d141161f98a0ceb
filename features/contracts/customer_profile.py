"""Customer profile: the person behind a number, and what they agreed to have used."""

import dataframely as dy

from features.contracts.contract import Contract, count, customer_id, described, flag, identifier, name, one_of

INFLUENCE = ("none", "party_government_or_army", "enterprise_key_contact", "enterprise_it_lead")
BARRED_FROM_MODELS = ("ethnicity",)
"""Serves festival care only; no indicator may be made of it."""


class CustomerProfile(dy.Schema):
    customer_id = customer_id()
    document_hash = identifier("Keyed hash of the identity document under which the number is registered.")
    numbers_held = count("Numbers registered under the same document at the end of the month.")
    influence = one_of(INFLUENCE, "Whose voice others follow.", sensitivity="personal")
    gender = one_of(("female", "male"), "Gender, as in the document.", sensitivity="personal")
    occupation = name("Occupation, as far as told.", sensitivity="personal")
    interests = name("Interests that the customer told, apart by semicolons.", sensitivity="personal")
    relations = name("Relations that the customer told, for example parent of a student.", sensitivity="personal")
    anniversary = dy.String(
        nullable=True,
        regex=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
        description="Month and day to congratulate on, MM-DD; with consent only.",
        metadata=described(sensitivity="personal"),
    )
    ethnicity = name("Ethnic group, for festival care and nothing else.", sensitivity="personal")
    consents_to_care = flag("Whether anniversaries, interests and relations may be used for personal care.")
    consents_to_marketing = flag("Whether offers may be made by phone and message.")


CONTRACT = Contract("customer_profile", CustomerProfile, "One row per customer: the person, as far as known.")
