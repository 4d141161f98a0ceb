-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    msisdn AS customer_id,
    period AS month,
    enterprise AS account_id,
    CASE role
        WHEN 'STAFF' THEN 'member'
        WHEN 'CONTACT' THEN 'key_contact'
        WHEN 'IT' THEN 'it_lead'
        WHEN 'BOSS' THEN 'leader'
        ELSE role
    END AS role,
    closed_group AS in_closed_user_group,
    since AS member_since
FROM read_parquet('staff_*.parquet')
