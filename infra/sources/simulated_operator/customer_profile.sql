-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    msisdn AS customer_id,
    period AS month,
    document AS document_hash,
    lines AS numbers_held,
    CASE standing
        WHEN '0' THEN 'none'
        WHEN '1' THEN 'party_government_or_army'
        WHEN '2' THEN 'enterprise_key_contact'
        WHEN '3' THEN 'enterprise_it_lead'
        ELSE standing
    END AS influence,
    CASE sex
        WHEN 'F' THEN 'female'
        WHEN 'M' THEN 'male'
        ELSE sex
    END AS gender,
    occupation,
    interests,
    relations,
    feast_day AS anniversary,
    ethnicity,
    may_care AS consents_to_care,
    may_offer AS consents_to_marketing
FROM read_parquet('persons_*.parquet')
