-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    msisdn AS customer_id,
    period AS month,
    asked AS surveyed_on,
    CASE question
        WHEN 'ALL' THEN 'overall'
        WHEN 'NETWORK' THEN 'network'
        WHEN 'TARIFF' THEN 'tariff'
        WHEN 'SERVICE' THEN 'service'
        ELSE question
    END AS topic,
    score
FROM read_parquet('surveys_*.parquet')
