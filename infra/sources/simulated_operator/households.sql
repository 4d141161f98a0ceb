-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    msisdn AS customer_id,
    period AS month,
    household AS household_id,
    CASE payer
        WHEN 'SELF' THEN 'head'
        WHEN 'OTHER' THEN 'member'
        ELSE payer
    END AS role,
    lines AS numbers,
    persons
FROM read_parquet('families_*.parquet')
