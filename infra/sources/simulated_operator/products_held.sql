-- Amounts are sent in fen, a hundredth of a yuan.
-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    msisdn AS customer_id,
    period AS month,
    product,
    CASE family
        WHEN 'FIXED' THEN 'fixed_line'
        WHEN 'BROADBAND' THEN 'broadband'
        WHEN 'FAMILY' THEN 'family_network'
        WHEN 'VAS' THEN 'value_added'
        WHEN 'APP' THEN 'application'
        ELSE family
    END AS family,
    since AS started_on,
    until AS ended_on,
    rent_fen * 0.01 AS fee
FROM read_parquet('products_*.parquet')
