-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    msisdn AS customer_id,
    period AS month,
    campaign,
    called AS contacted_on,
    channel,
    offer AS plan,
    CASE result
        WHEN 'BUSY' THEN 'busy'
        WHEN 'SILENT' THEN 'no_answer'
        WHEN 'SPOKEN' THEN 'reached'
        ELSE result
    END AS outcome,
    agreed AS accepted,
    seconds AS talk_seconds
FROM read_parquet('answers_*.parquet')
