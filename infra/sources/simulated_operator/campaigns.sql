-- Amounts are sent in fen, a hundredth of a yuan.
-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    period AS month,
    campaign,
    CASE kind
        WHEN 'CARE' THEN 'care'
        WHEN 'SALES' THEN 'marketing'
        WHEN 'WIN_BACK' THEN 'win_back'
        WHEN 'NEW' THEN 'acquisition'
        ELSE kind
    END AS kind,
    offer AS plan,
    channel,
    since AS started_on,
    until AS ended_on,
    budget_fen * 0.01 AS budget
FROM read_parquet('campaigns_*.parquet')
