-- Amounts are sent in fen, a hundredth of a yuan.
-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    period AS month,
    seller AS dealer,
    CASE kind
        WHEN 'HALL' THEN 'own_hall'
        WHEN 'FRANCHISE' THEN 'franchise'
        WHEN 'STREET' THEN 'street'
        WHEN 'NET' THEN 'online'
        WHEN 'DIRECT' THEN 'direct'
        ELSE kind
    END AS kind,
    city AS prefecture,
    since,
    commission_fen * 0.01 AS commission
FROM read_parquet('sellers_*.parquet')
