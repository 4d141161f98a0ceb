-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
-- The operator sends numbers whole; people at Holdfast see their ends.
SELECT
    msisdn AS customer_id,
    period AS month,
    CASE brand_name
        WHEN '全球通' THEN 'GoTone'
        WHEN '动感地带' THEN 'M-Zone'
        WHEN '神州行' THEN 'Easyown'
        ELSE brand_name
    END AS brand,
    opened AS activated_on,
    CASE state
        WHEN '正常' THEN 'active'
        WHEN '停机' THEN 'suspended'
        WHEN '销户' THEN 'closed'
        WHEN '携出' THEN 'ported_out'
        WHEN '欠费销户' THEN 'closed_arrears'
        WHEN '欺诈销户' THEN 'closed_fraud'
        ELSE state
    END AS status,
    CASE pays
        WHEN '预付' THEN 'prepaid'
        WHEN '后付' THEN 'postpaid'
        ELSE pays
    END AS payment_type,
    tariff AS plan_id,
    bound_until AS contract_ends_on,
    born AS birth_year,
    province,
    city AS prefecture,
    county,
    grid AS area,
    hall,
    manager,
    seller AS dealer,
    left(msisdn, 3) || '****' || right(msisdn, 4) AS masked_number
FROM read_parquet('subscribers_*.parquet')
