-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    msisdn AS customer_id,
    period AS month,
    CASE code
        WHEN 'STOP' THEN 'suspension'
        WHEN 'STOP_ASKED' THEN 'voluntary_suspension'
        WHEN 'STOP_KEEP' THEN 'suspension_to_keep_number'
        WHEN 'STOP_OWING' THEN 'arrears_stop'
        WHEN 'RIVAL_CALL' THEN 'competitor_call'
        WHEN 'RIVAL_FORWARD' THEN 'forwarding_to_competitor'
        WHEN 'SECOND_SIM' THEN 'second_sim_suspected'
        WHEN 'COMPLAINT' THEN 'severe_complaint'
        WHEN 'FAULT' THEN 'network_fault'
        WHEN 'TARIFF' THEN 'plan_change'
        WHEN 'HANDSET' THEN 'handset_change'
        WHEN 'BACK' THEN 'reactivation'
        ELSE code
    END AS kind,
    since AS started_on,
    until AS ended_on,
    seconds
FROM read_parquet('events_*.parquet')
