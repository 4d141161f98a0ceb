-- Amounts are sent in fen, a hundredth of a yuan.
-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    period AS month,
    tariff AS plan_id,
    CASE brand_name
        WHEN '全球通' THEN 'GoTone'
        WHEN '动感地带' THEN 'M-Zone'
        WHEN '神州行' THEN 'Easyown'
        ELSE brand_name
    END AS brand,
    rent_fen * 0.01 AS fee,
    free_minutes AS included_minutes,
    free_mb AS included_mb,
    free_sms AS included_sms,
    minute_price,
    mb_price,
    on_sale
FROM read_parquet('tariffs_*.parquet')
