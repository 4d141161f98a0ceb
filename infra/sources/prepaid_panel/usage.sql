-- Minutes and megabytes. The totals are the operator's own and exclude roaming; on-net and off-net include it.
-- A detail is empty where the month had no calls; it stays unknown, as delivered.
SELECT
    mobile_number AS customer_id,
    month,
    voice_out_minutes,
    voice_in_minutes,
    on_net_minutes,
    off_net_minutes,
    long_distance_minutes,
    international_minutes,
    try_cast(roamed_in AS DOUBLE) + try_cast(roamed_out AS DOUBLE) AS roaming_minutes,
    try_cast(data_2g AS DOUBLE) + try_cast(data_3g AS DOUBLE) AS data_mb
FROM read_csv(
    'telecom_churn_data_first1000.csv', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"'
)
UNPIVOT INCLUDE NULLS (
    (
        voice_out_minutes, voice_in_minutes, on_net_minutes, off_net_minutes, long_distance_minutes,
        international_minutes, roamed_in, roamed_out, data_2g, data_3g
    ) FOR month IN (
        (
            total_og_mou_6, total_ic_mou_6, onnet_mou_6, offnet_mou_6, std_og_mou_6,
            isd_og_mou_6, roam_ic_mou_6, roam_og_mou_6, vol_2g_mb_6, vol_3g_mb_6
        ) AS '2014-06',
        (
            total_og_mou_7, total_ic_mou_7, onnet_mou_7, offnet_mou_7, std_og_mou_7,
            isd_og_mou_7, roam_ic_mou_7, roam_og_mou_7, vol_2g_mb_7, vol_3g_mb_7
        ) AS '2014-07',
        (
            total_og_mou_8, total_ic_mou_8, onnet_mou_8, offnet_mou_8, std_og_mou_8,
            isd_og_mou_8, roam_ic_mou_8, roam_og_mou_8, vol_2g_mb_8, vol_3g_mb_8
        ) AS '2014-08',
        (
            total_og_mou_9, total_ic_mou_9, onnet_mou_9, offnet_mou_9, std_og_mou_9,
            isd_og_mou_9, roam_ic_mou_9, roam_og_mou_9, vol_2g_mb_9, vol_3g_mb_9
        ) AS '2014-09'
    )
)
