"""Contacts: how often each customer turned to the operator in the month, by which channel and about what."""

import dataframely as dy

from features.contracts.contract import Contract, count, customer_id


class Contacts(dy.Schema):
    customer_id = customer_id()
    hall_contacts = count("Visits to a business hall.")
    hotline_contacts = count("Calls to the hotline 10086.")
    sms_contacts = count("Requests by short message.")
    web_contacts = count("Visits to the web hall.")
    app_contacts = count("Visits to the app or WAP hall.")
    bill_queries = count("Queries about a bill or balance, on any channel.")
    plan_consultations = count("Enquiries about tariffs and plans, on any channel.")
    business_transactions = count("Orders, changes and cancellations, on any channel.")
    complaints = count("Complaints, on any channel.")
    portability_queries = count("Enquiries about taking the number to another operator.")


CONTRACT = Contract("contacts", Contacts, "One row per customer who turned to the operator in the month.")
