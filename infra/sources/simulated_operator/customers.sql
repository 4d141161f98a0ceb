-- The operator works in one province, so its files do not name it.
-- A state that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    msisdn AS customer_id,
    period AS month,
    brand_name AS brand,
    opened AS activated_on,
    CASE state
        WHEN 'normal' THEN 'active'
        WHEN 'stopped' THEN 'suspended'
        WHEN 'cancelled' THEN 'closed'
        WHEN 'cancelled_owing' THEN 'closed_arrears'
        WHEN 'ported' THEN 'ported_out'
        ELSE state
    END AS status,
    CASE pays WHEN 'before' THEN 'prepaid' WHEN 'after' THEN 'postpaid' ELSE pays END AS payment_type,
    plan AS plan_id,
    bound_until AS contract_ends_on,
    born AS birth_year,
    'Fairland' AS province,
    city AS prefecture,
    county,
    grid AS area,
    hall,
    manager,
    seller AS dealer,
    left(msisdn, 3) || '****' || right(msisdn, 4) AS masked_number
FROM read_parquet('customers_*.parquet')
