-- Amounts are sent in fen, a hundredth of a yuan.
SELECT
    period AS month,
    enterprise AS account_id,
    industry,
    class AS account_class,
    phones,
    lines AS members,
    spend_fen * 0.01 AS spend,
    manager,
    city AS prefecture,
    since,
    closed_group AS has_closed_user_group
FROM read_parquet('enterprises_*.parquet')
