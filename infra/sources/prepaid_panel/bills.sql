-- Prepaid: the amount is what was consumed, and `arpu` is that of the one user. Reversals make a few negative.
SELECT mobile_number AS customer_id, month, amount, recharge_amount, recharge_count
FROM read_csv(
    'telecom_churn_data_first1000.csv', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"'
)
UNPIVOT INCLUDE NULLS (
    (amount, recharge_amount, recharge_count) FOR month IN (
        (arpu_6, total_rech_amt_6, total_rech_num_6) AS '2014-06',
        (arpu_7, total_rech_amt_7, total_rech_num_7) AS '2014-07',
        (arpu_8, total_rech_amt_8, total_rech_num_8) AS '2014-08',
        (arpu_9, total_rech_amt_9, total_rech_num_9) AS '2014-09'
    )
)
