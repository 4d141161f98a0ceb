-- One charge per subscriber and month. A few are zero or negative (credits); they are kept as they are,
-- because the churn definition asks for a positive charge.
SELECT
    SUBSCRIBER_ID AS customer_id,
    BILL_MONTH AS month,
    CHARGES AS amount
FROM read_csv('Charges.csv', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')
