"""Hand-made canonical files, each a trap for a build that replaces only what new files touch.

Belongs here: what the files say, one of a table and a day. Does not belong here: the order in which
they arrive, and what is expected of it. Every value belongs to the source `mine`, which is not the
name of the landing folder.
"""

from __future__ import annotations

HEADERS = {
    "identifiers": "source,record_id,identifier_type,identifier_value,observed_at,is_authenticated",
    "touchpoints": "source,touchpoint_id,record_id,occurred_at,channel,source_channel,interaction,"
    "campaign_id,product_id,cart_id",
    "orders": "source,order_id,record_id,ordered_at,channel,status,revenue_amount,"
    "related_order_id,discount_amount,currency",
    "order_lines": "source,order_id,line_number,product_id,category,quantity,line_amount",
    "contacts": "source,record_id,updated_at,first_name,last_name,city,country_code,language_code",
    "consents": "source,record_id,occurred_at,channel,purpose,status",
    "traits": "source,record_id,trait,value,updated_at",
    "feedback": "source,feedback_id,record_id,occurred_at,channel,kind,score",
    "costs": "source,cost_date,channel,campaign_id,cost_amount,currency",
}
SOURCE = "mine"
# (table, day of the file): its rows without the source
Files = dict[tuple[str, str], list[tuple[str, ...]]]


def _visit(number: str, record: str, at: str, *, page: str = "product_view") -> tuple[str, ...]:
    return (number, record, at, "web", "organic_search", page, "", "P1", "")


def _order(
    number: str, record: str, at: str, amount: str, related: str = "", discount: str = "0"
) -> tuple[str, ...]:
    status = "refunded" if related else "completed"
    return (number, record, at, "web", status, amount, related, discount, "CHF")


HAND_MADE: Files = {
    # Alma is known by her login and her e-mail, Bruno by a card and a cookie.
    ("identifiers", "2026-05-14"): [
        ("a1", "customer_id", "alma", "2026-05-14T10:00:00Z", "true"),
        ("a1", "email", "alma@mail.example", "2026-05-14T10:00:00Z", "false"),
        ("b1", "loyalty_id", "BRUNO", "2026-05-14T11:00:00Z", "false"),
        ("b1", "cookie_id", "brunos-laptop", "2026-05-14T11:00:00Z", "false"),
        ("o1", "customer_id", "alma", "2026-05-14T12:00:00Z", "true"),
        ("o1b", "loyalty_id", "BRUNO", "2026-05-14T12:00:00Z", "false"),
    ],
    ("orders", "2026-05-14"): [_order("o1", "o1", "2026-05-14T12:00:00Z", "100.00", "", "10.00")],
    ("touchpoints", "2026-05-14"): [
        _visit("t1", "a1", "2026-05-14T10:00:00Z"),
        _visit("t2", "b1", "2026-05-14T11:00:00Z"),
        _visit("t3", "nobody", "2026-05-14T11:30:00Z"),  # a record without identifiers
    ],
    ("consents", "2026-05-14"): [("a1", "2026-05-14T10:00:00Z", "email", "marketing", "granted")],
    ("traits", "2026-05-14"): [("a1", "shoe_size", "38", "2026-05-14T10:00:00Z")],
    # Corrected: the amount, and whose order it was.
    ("orders", "2026-06-10"): [_order("o1", "o1b", "2026-05-14T12:00:00Z", "80.00", "", "10.00")],
    ("order_lines", "2026-05-13"): [  # before their order
        ("o1", "1", "P1", "footwear", "1", "60.00"),
        ("o1", "2", "P2", "camping", "2", "40.00"),
    ],
    ("order_lines", "2026-06-10"): [("o1", "2", "P2", "camping", "1", "20.00")],
    # Corrected: when a visit was and what was looked at; told again without a change.
    ("touchpoints", "2026-06-12"): [
        _visit("t1", "a1", "2026-05-20T09:00:00Z", page="search"),
        _visit("t2", "b1", "2026-05-14T11:00:00Z"),
    ],
    # Proved later, and a second address of the same record; the anonymous record gets a cookie.
    ("identifiers", "2026-06-12"): [
        ("a1", "email", "alma@mail.example", "2026-06-12T10:00:00Z", "true"),
        ("a1", "email", "alma@work.example", "2026-06-12T10:00:00Z", "false"),
        ("nobody", "cookie_id", "brunos-laptop", "2026-05-14T11:30:00Z", "false"),
    ],
    # A refund that names nobody but its order, four days before that order is told.
    ("orders", "2026-06-01"): [_order("r2", "r2", "2026-05-31T12:00:00Z", "-20.00", "o2")],
    ("orders", "2026-06-05"): [_order("o2", "a1", "2026-05-30T12:00:00Z", "55.50")],
    # ... which turns out to have been Bruno's.
    ("orders", "2026-06-29"): [_order("o2", "b1", "2026-05-30T12:00:00Z", "55.50")],
    # A number without its country: Swiss until a contact says German, then Austrian. Its reading
    # as a German one links it to the loyalty card of another record.
    ("identifiers", "2026-06-08"): [
        ("p1", "phone", "0171 2345678", "2026-06-08T10:00:00Z", "false"),
        ("p1", "crm_contact_id", "p1", "2026-06-08T10:00:00Z", "false"),
        ("q1", "phone", "+49 171 2345678", "2026-06-08T10:00:00Z", "false"),
        ("q1", "loyalty_id", "QUINN", "2026-06-08T10:00:00Z", "false"),
    ],
    ("touchpoints", "2026-06-08"): [
        _visit("t4", "p1", "2026-06-08T10:00:00Z"),
        _visit("t5", "q1", "2026-06-08T10:10:00Z"),
    ],
    ("contacts", "2026-06-03"): [
        ("p1", "2026-06-03T10:00:00Z", "Paul", "Prinz", "Ulm", "DE", "de"),
        ("a1", "2026-06-03T10:00:00Z", "Alma", "Amrein", "Bern", "CH", "de"),
    ],
    ("contacts", "2026-06-20"): [
        ("p1", "2026-06-20T10:00:00Z", "Paul", "Prinz", "Graz", "AT", "de"),
        ("a1", "2026-06-03T10:00:00Z", "Alma", "Amrein", "Biel", "CH", "fr"),
    ],
    ("consents", "2026-06-28"): [("a1", "2026-06-27T10:00:00Z", "email", "marketing", "withdrawn")],
    ("traits", "2026-06-29"): [("a1", "shoe_size", "39", "2026-06-29T10:00:00Z")],
    ("feedback", "2026-06-28"): [("f1", "b1", "2026-06-27T10:00:00Z", "web", "nps", "9")],
    ("costs", "2026-05-14"): [("2026-05-14", "paid_search", "CMP", "12.00", "CHF")],
    ("costs", "2026-06-29"): [("2026-05-14", "paid_search", "CMP", "14.00", "CHF")],
    # The last file says that Alma and Bruno are one person.
    ("identifiers", "2026-06-30"): [
        ("m1", "email", "alma@mail.example", "2026-06-29T10:00:00Z", "false"),
        ("m1", "loyalty_id", "BRUNO", "2026-06-29T10:00:00Z", "false"),
        ("b9", "cookie_id", "brunos-laptop", "2026-06-30T11:00:00Z", "false"),
    ],
    ("touchpoints", "2026-06-30"): [_visit("t9", "b9", "2026-06-30T11:00:00Z")],
}

# The same names with other content: rows gone, changed, added.
REPLACED: Files = {
    ("orders", "2026-05-14"): [
        _order("o1", "o1", "2026-05-14T12:30:00Z", "101.00", "", "10.00"),
        _order("o9", "b1", "2026-05-14T13:00:00Z", "9.00"),
    ],
    ("identifiers", "2026-05-14"): [  # Bruno's card is gone, and with it what joins him to Alma
        ("a1", "customer_id", "alma", "2026-05-14T10:00:00Z", "true"),
        ("b1", "cookie_id", "brunos-laptop", "2026-05-14T11:00:00Z", "false"),
        ("o1", "customer_id", "alina", "2026-05-14T12:00:00Z", "true"),
    ],
    ("touchpoints", "2026-06-12"): [_visit("t2", "nobody", "2026-05-15T11:00:00Z")],
    ("identifiers", "2026-06-30"): [
        ("b9", "cookie_id", "nobodys", "2026-06-30T11:00:00Z", "false")
    ],
    ("orders", "2026-06-05"): [],
    ("contacts", "2026-06-03"): [("p1", "2026-06-03T10:00:00Z", "Paul", "P", "Wien", "AT", "de")],
    ("order_lines", "2026-06-10"): [("o1", "3", "P3", "camping", "1", "5.00")],
}
