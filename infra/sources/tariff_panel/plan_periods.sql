-- A history without months. `$null$` is an open end. 36 periods are delivered twice: of those with the same plan and
-- first day the last to begin is kept, and of exact repeats one (the earlier end first, so that an end
-- that is still to come never decides).
SELECT
    SUBSCRIBER_ID AS customer_id,
    TARIFF_PLAN_ID AS plan_id,
    START_DTTM AS started_on,
    END_DTTM AS ended_on
FROM read_csv('Tariff_plans_change.csv', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')
QUALIFY row_number() OVER (
    PARTITION BY SUBSCRIBER_ID, TARIFF_PLAN_ID, coalesce(CAST(try_cast(START_DTTM AS DATE) AS VARCHAR), START_DTTM)
    ORDER BY START_DTTM DESC, try_cast(END_DTTM AS TIMESTAMP) ASC NULLS LAST, END_DTTM
) = 1
