-- Amounts are sent in fen, a hundredth of a yuan.
SELECT
    msisdn AS customer_id,
    period AS month,
    total_fen * 0.01 AS amount,
    rent_fen * 0.01 AS plan_fee,
    excess_fen * 0.01 AS overage,
    toll_fen * 0.01 AS long_distance,
    roam_fen * 0.01 AS roaming,
    content_fen * 0.01 AS information,
    gprs_fen * 0.01 AS data_fee,
    rebate_fen * 0.01 AS discount,
    margin_fen * 0.01 AS margin,
    owing_fen * 0.01 AS arrears,
    days_late AS payment_delay_days,
    balance_fen * 0.01 AS balance,
    topped_up_fen * 0.01 AS recharge_amount,
    top_ups AS recharge_count,
    points,
    points_spent AS points_redeemed
FROM read_parquet('bills_*.parquet')
