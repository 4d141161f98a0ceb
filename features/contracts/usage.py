"""Usage: how much each customer called, texted and surfed in the month."""

import dataframely as dy

from features.contracts.contract import Contract, customer_id, volume


class Usage(dy.Schema):
    customer_id = customer_id()
    voice_out_minutes = volume("Outgoing call minutes in all.", "minutes")
    voice_in_minutes = volume("Incoming call minutes in all.", "minutes")
    on_net_minutes = volume("Outgoing minutes to the operator's own numbers.", "minutes")
    off_net_minutes = volume("Outgoing minutes to other operators' numbers.", "minutes")
    competitor_1_minutes = volume("Outgoing minutes to the numbers of the largest competitor.", "minutes")
    competitor_2_minutes = volume("Outgoing minutes to the numbers of the second competitor.", "minutes")
    local_minutes = volume("Outgoing local minutes.", "minutes")
    long_distance_minutes = volume("Outgoing long-distance minutes.", "minutes")
    international_minutes = volume("Outgoing international minutes.", "minutes")
    roaming_minutes = volume("Minutes while roaming, both directions.", "minutes")
    sms_count = volume("Short messages sent.", "count")
    mms_count = volume("Multimedia messages sent.", "count")
    data_mb = volume("Data used.", "MB")
    content_count = volume("Purchases of content: ring tones, newspapers, video, games.", "count")
    content_minutes = volume("Time spent with bought content.", "minutes")
    active_days = volume("Days of the month with any use.", "days")
    partners_count = volume("Different numbers called.", "count")


CONTRACT = Contract("usage", Usage, "One row per customer: the month's traffic.", activity=True)
