-- A code that is not listed is passed on as it is, so that the contract refuses it by name.
SELECT
    period AS month,
    CASE level
        WHEN '1' THEN 'province'
        WHEN '2' THEN 'prefecture'
        WHEN '3' THEN 'county'
        WHEN '4' THEN 'area'
        WHEN '5' THEN 'hall'
        WHEN '6' THEN 'manager'
        ELSE level
    END AS level,
    unit,
    parent,
    tasks_a_month AS capacity
FROM read_parquet('units_*.parquet')
