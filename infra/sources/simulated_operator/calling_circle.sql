-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    msisdn AS customer_id,
    period AS month,
    other_msisdn AS contact_id,
    CASE net
        WHEN 'CM' THEN 'own'
        WHEN 'CU' THEN 'competitor_1'
        WHEN 'CT' THEN 'competitor_2'
        WHEN 'XX' THEN 'other'
        ELSE net
    END AS network,
    minutes,
    calls
FROM read_parquet('call_partners_*.parquet')
