-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    msisdn AS customer_id,
    period AS month,
    CASE code
        WHEN 'STOP_ASKED' THEN 'voluntary_suspension'
        WHEN 'STOP_OWING' THEN 'arrears_stop'
        WHEN 'RIVAL_CALL' THEN 'competitor_call'
        WHEN 'RIVAL_FORWARD' THEN 'forwarding_to_competitor'
        WHEN 'COMPLAINT' THEN 'severe_complaint'
        WHEN 'FAULT' THEN 'network_fault'
        WHEN 'PLAN' THEN 'plan_change'
        ELSE code
    END AS kind,
    since AS started_on,
    until AS ended_on
FROM read_parquet('events_*.parquet')
