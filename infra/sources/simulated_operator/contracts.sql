-- Amounts are sent in fen, a hundredth of a yuan.
-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    msisdn AS customer_id,
    period AS month,
    CASE kind
        WHEN 'TARIFF' THEN 'plan'
        WHEN 'HANDSET' THEN 'handset'
        WHEN 'PREPAID_HANDSET' THEN 'prepay_for_handset'
        WHEN 'BUNDLE' THEN 'bundle'
        WHEN 'ENTERPRISE' THEN 'enterprise'
        ELSE kind
    END AS kind,
    since AS started_on,
    bound_until AS ends_on,
    penalty_fen * 0.01 AS penalty,
    agreed_fen * 0.01 AS expected_spend
FROM read_parquet('agreements_*.parquet')
