-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    msisdn AS customer_id,
    period AS month,
    imei AS imei_hash,
    maker AS brand,
    CASE class
        WHEN '1' THEN 'low'
        WHEN '2' THEN 'middle'
        WHEN '3' THEN 'high'
        WHEN '4' THEN 'flagship'
        ELSE class
    END AS price_band,
    since AS used_since
FROM read_parquet('handsets_*.parquet')
