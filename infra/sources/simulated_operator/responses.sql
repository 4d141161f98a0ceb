-- A result that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    msisdn AS customer_id,
    period AS month,
    campaign,
    called AS contacted_on,
    channel,
    plan,
    result AS outcome,
    agreed AS accepted,
    seconds AS talk_seconds
FROM read_parquet('responses_*.parquet')
