-- Each month's file holds the plans in force in that month, with the ends known by then.
SELECT
    msisdn AS customer_id,
    period AS month,
    plan AS plan_id,
    since AS started_on,
    until AS ended_on
FROM read_parquet('plans_*.parquet')
