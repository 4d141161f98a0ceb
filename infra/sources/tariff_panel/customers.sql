-- There is no customer file: whoever has a bill line for a month was on the books in it, also with a charge of zero.
WITH billed AS (
    SELECT
        SUBSCRIBER_ID AS customer_id,
        BILL_MONTH AS month,
        last_day(try_cast(BILL_MONTH AS DATE)) AS month_end
    FROM read_csv('Charges.csv', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')
),

plans AS (
    SELECT
        SUBSCRIBER_ID AS customer_id,
        TARIFF_PLAN_ID AS plan_id,
        try_cast(START_DTTM AS TIMESTAMP) AS started_at
    FROM read_csv('Tariff_plans_change.csv', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')
),

activations AS (
    -- The first tariff's start. For who joins later it lies after the month and is hidden on the way in.
    SELECT customer_id, min(started_at) AS activated_at
    FROM plans
    GROUP BY customer_id
),

plans_at_month_end AS (
    -- Only starts are looked at: an end that lies after the month was not known in it.
    SELECT billed.customer_id, billed.month, max_by(plans.plan_id, (plans.started_at, plans.plan_id)) AS plan_id
    FROM billed
    JOIN plans ON plans.customer_id = billed.customer_id AND CAST(plans.started_at AS DATE) <= billed.month_end
    GROUP BY billed.customer_id, billed.month
),

suspensions AS (
    SELECT
        SUBSCRIBER_ID AS customer_id,
        try_cast(START_DT AS DATE) AS started_on,
        try_cast(END_DT AS DATE) AS ended_on
    FROM read_csv('Suspended.csv', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')
    WHERE STATUS = 'Suspended'
),

suspended_at_month_end AS (
    -- Blocked on the month's last day. Which day after it the block ended makes no difference.
    SELECT DISTINCT billed.customer_id, billed.month
    FROM billed
    JOIN suspensions ON suspensions.customer_id = billed.customer_id
        AND suspensions.started_on <= billed.month_end
        AND coalesce(suspensions.ended_on >= billed.month_end, true)
)

SELECT
    billed.customer_id,
    billed.month,
    CAST(activations.activated_at AS DATE) AS activated_on,
    CASE WHEN suspended_at_month_end.customer_id IS NULL THEN 'active' ELSE 'suspended' END AS status,
    plans_at_month_end.plan_id
FROM billed
LEFT JOIN activations ON activations.customer_id = billed.customer_id
LEFT JOIN plans_at_month_end
    ON plans_at_month_end.customer_id = billed.customer_id AND plans_at_month_end.month = billed.month
LEFT JOIN suspended_at_month_end
    ON suspended_at_month_end.customer_id = billed.customer_id AND suspended_at_month_end.month = billed.month
