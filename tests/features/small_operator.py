"""A small operator for tests of the whole feature table: four customers, six months, every contract table."""

from __future__ import annotations

from features.custom_indicators import CustomName

PEOPLE = ("ann", "bob", "cyd", "dan")
CUSTOM = (CustomName("score"), CustomName("segment", "category"))

DRAWINGS = {
    "customers": """
        month    customer_id  activated_on  status     birth_year  contract_ends_on  brand   payment_type  plan_id
        2025-04  ann          2024-06-15    active     1980        2025-07-10        GoTone  postpaid      red
        2025-05  ann          2024-06-15    suspended  1980        2025-07-10        GoTone  postpaid      blue
        2025-06  ann          2024-06-15    suspended  1980        2025-07-10        GoTone  postpaid      blue
        2025-05  bob          2025-05-31    active     -           -                 Easy    prepaid       red
        2025-06  bob          2025-05-31    active     -           2024-02-29        Easy    prepaid       red
        2025-06  cyd          -             active     1999        -                 -       -             -
    """,
    "bills": """
        month    customer_id  amount    plan_fee  overage  roaming  discount  arrears  recharge_count
        2025-01  ann          90.10     58        12.35    0        0         0        -
        2025-02  ann          84.37     58        7.71     3.33     0.07      0        -
        2025-03  ann          71.93     58        0        0        1.19      0        -
        2025-04  ann          60.01     58        0        0        2         11.13    -
        2025-05  ann          58        58        0        0        0         58.58    -
        2025-06  ann          0         0         0        0        0         99.99    -
        2025-05  bob          19.99     -         -        0.01     0         0        3
        2025-06  bob          33.33     -         -        11.11    0         0        7
        2025-04  cyd          -1.5      0         0        0        0         0        0
        2025-06  cyd          1.1       0.3       0        0        0         0        0
    """,
    "usage": """
        month    customer_id  voice_out_minutes  voice_in_minutes  on_net_minutes  sms_count  data_mb
        2025-01  ann          310.7              200.1             123.4           40         1024.5
        2025-02  ann          290.3              180.9             117.7           31         900.25
        2025-03  ann          211.1              170.3             91.3            13         700.125
        2025-04  ann          97.9               150.7             33.1            7          0.1
        2025-05  ann          51.3               90.9              0.7             1          0.3
        2025-06  ann          3.7                20.3              0               0          0
        2025-05  bob          10.1               0                 10.1            -          1
        2025-06  bob          0.1                0.2               0.1             -          3
        2025-06  cyd          0                  0                 0               0          -
    """,
    "plan_periods": """
        month    customer_id  plan_id  started_on  ended_on
        2025-04  ann          red      2024-01-15  -
        2025-05  ann          red      2024-01-15  2025-05-09
        2025-05  ann          blue     2025-05-10  -
        2025-06  ann          blue     2025-05-10  -
        2025-06  bob          red      2023-06-01  -
        2025-06  bob          green    2023-06-01  -
    """,
    "service_events": """
        month    customer_id  kind              started_on  ended_on
        2025-01  bob          network_fault     2025-01-31  2025-01-31
        2025-02  bob          handset_change    2025-02-28  2025-02-28
        2025-03  ann          plan_change       2025-03-01  2025-03-01
        2025-04  ann          suspension        2025-04-20  -
        2025-05  ann          suspension        2025-04-20  2025-05-02
        2025-05  ann          severe_complaint  2025-05-07  2025-05-07
        2025-06  ann          arrears_stop      2025-06-29  -
        2025-06  bob          competitor_call   2025-06-11  2025-06-11
    """,
    "custom_indicators": """
        month    customer_id  name     number  category
        2025-04  ann          score    0.1     -
        2025-05  ann          score    0.7     -
        2025-06  ann          score    1.3     -
        2025-06  ann          segment  -       loyal
        2025-06  bob          segment  -       new
    """,
}
