-- Blocks, the only status in the file. It does not say who asked for them, so they are plain suspensions.
SELECT
    SUBSCRIBER_ID AS customer_id,
    CASE STATUS WHEN 'Suspended' THEN 'suspension' ELSE STATUS END AS kind,
    START_DT AS started_on,
    END_DT AS ended_on
FROM read_csv('Suspended.csv', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')
