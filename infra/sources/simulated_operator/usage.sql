SELECT
    msisdn AS customer_id,
    period AS month,
    out_minutes AS voice_out_minutes,
    in_minutes AS voice_in_minutes,
    same_net_minutes AS on_net_minutes,
    other_net_minutes AS off_net_minutes,
    toll_minutes AS long_distance_minutes,
    roam_minutes AS roaming_minutes,
    sms_sent AS sms_count,
    gprs_mb AS data_mb
FROM read_parquet('usage_*.parquet')
