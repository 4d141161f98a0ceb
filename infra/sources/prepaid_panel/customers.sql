-- Every number is on the books in all four months: the file has its totals for each, if only as zeros.
--
-- `aon` is the age on network in days, one figure per number. It was counted on 30 June 2014, the end of the first
-- month: only from there do activations fall where they should (on first days of months, above all 1 January 2008
-- and 1 July 2004, and least on Sundays), and the least of them, 180, is then 1 January 2014. So it was known in
-- every month of the panel, and the day it gives is the same seen from each of them.
SELECT
    mobile_number AS customer_id,
    month,
    CAST(DATE '2014-06-30' - try_cast(aon AS INTEGER) AS DATE) AS activated_on,
    'active' AS status,
    'prepaid' AS payment_type,
    circle_id AS province
FROM read_csv(
    'telecom_churn_data_first1000.csv', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"'
)
CROSS JOIN (VALUES ('2014-06'), ('2014-07'), ('2014-08'), ('2014-09')) AS panel (month)
