SELECT
    msisdn AS customer_id,
    period AS month,
    tariff AS plan_id,
    since AS started_on,
    until AS ended_on
FROM read_parquet('tariff_history_*.parquet')
