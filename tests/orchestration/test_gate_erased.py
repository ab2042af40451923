"""Files that come again after an erasure: the gate lets nothing of it back, into raw or landing.

Keys of the tombstones are hashed here with hashlib, not by the code under test.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.ops_tables import ensure_ops_tables
from tests.orchestration.landing_tenant import LandingTenant, column

KEY = "0123456789abcdef-test"
CONTACTS = [
    column("contact_id", required=True),
    column("email", path="Email"),
    column("phone", path="Phone", phone=True),
    column("first_name"),
    column("note"),
    column("amount", "decimal(18,4)"),
]
PERSONAL = {
    "identifiers": {"contact_id": "crm_contact_id", "email": "email", "phone": "phone"},
    "attributes": ["first_name"],
    "text": ["note"],
    "none": ["amount"],
}
HEADER = "contact_id,Email,Phone,first_name,note,amount\n"
ANN = (("crm_contact_id", "K1"), ("email", "ann@mail.ch"), ("phone", "+41791234567"))


def key_of(kind: str, value: str) -> str:
    """The key of an identifier by definition: SHA-256 of key, type and value, chr(31) between."""
    return hashlib.sha256("\x1f".join((KEY, kind, value)).encode()).hexdigest()


def tenant(
    root: Path, *erased: tuple[str, str], scope: str = "person", **tables: tuple
) -> LandingTenant:
    landing = LandingTenant(root, tables=tables or {"contacts": (CONTACTS, {}, PERSONAL)})
    with landing.connection() as connection:
        ensure_ops_tables(connection)
        connection.execute("create schema pii")
        connection.execute(
            "create table pii.hash_keys as select 1 as key_version, $1 as hash_key", [KEY]
        )
        for kind, value in erased:
            connection.execute(
                "insert into ops.erasures (erasure_id, identifier_key, identifier_type, scope) "
                "values ('e1', ?, ?, ?)",
                [key_of(kind, value), kind, scope],
            )
    return landing


def contacts(landing: LandingTenant) -> list[tuple]:
    return landing.rows(
        "select contact_id, email, phone, first_name, note, amount::varchar "
        "from raw.src__contacts order by _file_name, _row_number"
    )


def test_a_row_of_an_erased_person_keeps_what_names_nobody(tmp_path: Path) -> None:
    landing = tenant(tmp_path, *ANN)
    text = (
        f'{HEADER}K1,Ann@Mail.ch ,,Ann,"likes\nred",10.10\r\n'
        'K2,bob@mail.ch,,"Bob ""B""",,20.20\n'
        "K3,,079 123 45 67,Cem,,30\n"
    )
    file = landing.put("contacts_2026-01-01.csv", text)
    report = landing.land()
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (3, 3, 0)
    assert report.is_conserved
    assert contacts(landing) == [
        ("(erased)", None, None, None, None, "10.1000"),
        ("K2", "bob@mail.ch", None, 'Bob "B"', None, "20.2000"),
        # somebody else's row: K3 is stronger than the number
        ("K3", None, None, "Cem", None, "30.0000"),
    ]
    assert file.read_bytes().decode() == (
        f'{HEADER}(erased),,,,,10.10\r\nK2,bob@mail.ch,,"Bob ""B""",,20.20\nK3,,,Cem,,30\n'
    )
    assert landing.rows("select message from ops.landing_files") == [
        ("contacts_2026-01-01.csv: 2 rows without what was erased",)
    ]
    assert landing.land().rows_in == 0, "the rewritten file is no new delivery"


def test_an_address_that_is_told_by_its_hash_goes_too(tmp_path: Path) -> None:
    """Words of the preference centre: `email_key` names the address by the key that it has."""
    columns = [
        column("id", required=True),
        column("identifier_type", required=True),
        column("identifier_key", required=True),
        column("status"),
    ]
    personal = {
        "identifiers": {"identifier_key": {"type_column": "identifier_type"}},
        "none": ["id", "identifier_type", "status"],
    }
    landing = tenant(tmp_path, *ANN, words=(columns, {"key": ["id"]}, personal))
    ann, bob = key_of("email", "ann@mail.ch"), key_of("email", "bob@mail.ch")
    rows = [("w1", "email_key", ann), ("w2", "email_key", bob), ("w3", "phone_key", ann)]
    text = "".join(
        json.dumps({"id": name, "identifier_type": kind, "identifier_key": key, "status": "no"})
        + "\n"
        for name, kind, key in rows
    )
    file = landing.put("words_2026-01-01.jsonl", text)
    assert landing.land().rows_loaded == 3
    assert landing.rows("select id, identifier_key, status from raw.src__words order by id") == [
        ("w1", "(erased)", "no"),
        ("w2", bob, "no"),
        ("w3", ann, "no"),  # the key of no phone number: somebody else's mistake
    ]
    assert file.read_text().count(ann) == 1


def test_the_same_delivery_again_is_emptied_again(tmp_path: Path) -> None:
    landing = tenant(tmp_path, *ANN)
    for _ in range(2):
        file = landing.put("contacts_2026-01-01.csv", f"{HEADER}K1,ann@mail.ch,,Ann,,1\n")
        assert landing.land().rows_in == 1
        assert file.read_text() == f"{HEADER}(erased),,,,,1\n"
        assert contacts(landing) == [("(erased)", None, None, None, None, "1.0000")]


def test_an_address_alone_takes_no_name_along_where_somebody_is_left(tmp_path: Path) -> None:
    landing = tenant(tmp_path, ("email", "ann@mail.ch"), scope="identifier")
    landing.put("contacts.csv", f"{HEADER}K1,ann@mail.ch,,Ann,,1\nunknown,ann@mail.ch,,Ann,red,2\n")
    landing.land()
    # of the second row nobody is left: a placeholder tells of nobody
    assert contacts(landing) == [
        ("K1", None, None, "Ann", None, "1.0000"),
        ("(erased)", None, None, None, None, "2.0000"),
    ]


def test_free_text_of_others_that_holds_an_erased_value_goes(tmp_path: Path) -> None:
    landing = tenant(tmp_path, *ANN)
    file = landing.put(
        "contacts.csv",
        f'{HEADER}K2,,,Bob,"ask ann@mail.ch.",1\nK3,,,Cem,call +41 79 123 45 67 now,2\n'
        "K4,,,Dan,ask ann@mail.chat,3\n",
    )
    landing.land()
    assert [row[4] for row in contacts(landing)] == [None, None, "ask ann@mail.chat"]
    assert file.read_text() == f"{HEADER}K2,,,Bob,,1\nK3,,,Cem,,2\nK4,,,Dan,ask ann@mail.chat,3\n"


def test_rows_that_the_gate_cannot_read_keep_no_erased_address(tmp_path: Path) -> None:
    landing = tenant(tmp_path, *ANN)
    file = landing.put("contacts.csv", f"{HEADER}K1,ann@mail.ch\nK2,ann@mail.ch,,Ann,,much\n")
    report = landing.land()
    assert (report.rows_in, report.rows_quarantined) == (2, 2)
    assert file.read_text() == f"{HEADER}K1,(erased)\nK2,,,Ann,,much\n"


def test_json_lines_keep_nothing_that_no_declaration_lists_as_harmless(tmp_path: Path) -> None:
    nested = [*CONTACTS[:1], column("email", path="who.email"), column("note"),
              column("answers", "json", required=True),
              column("amount", "decimal(18,4)", path="order.amount")]  # fmt: skip
    classes = {**PERSONAL, "identifiers": {"contact_id": "crm_contact_id", "email": "email"},
               "attributes": ["answers"]}  # fmt: skip
    landing = tenant(tmp_path, *ANN, contacts=(nested, {}, classes))
    lines = [
        {"contact_id": "K1", "who": {"email": "ann@mail.ch", "nick": "annie"}, "answers": [1],
         "order": {"amount": "AMOUNT", "gift_to": "Ann"}, "hobby": "chess"},
        {"contact_id": "K2", "who": {"email": "bob@mail.ch"}, "answers": [2],
         "hobby": "with ann@mail.ch", "order": {"amount": 2}},
    ]  # fmt: skip
    text = "".join(json.dumps(line) + "\n" for line in lines).replace('"AMOUNT"', "1.10")
    file = landing.put("contacts.jsonl.gz", text)
    report = landing.land()
    assert (report.rows_in, report.rows_loaded) == (2, 2)
    told = gzip.decompress(file.read_bytes()).decode().splitlines()
    assert json.loads(told[0]) == {
        "contact_id": "(erased)", "answers": {}, "order": {"amount": 1.1},
    }  # fmt: skip
    assert '"amount": 1.10' in told[0], "money keeps its digits"
    assert json.loads(told[1]) == lines[1] | {"hobby": None}
    assert landing.rows("select contact_id, email, answers, amount::varchar, hobby "
                        "from raw.src__contacts order by _row_number") == [
        ("(erased)", None, "{}", "1.1000", None),
        ("K2", "bob@mail.ch", "[2]", "2.0000", None),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["contacts.parquet", "contacts.parquet.gz"])
def test_parquet_keeps_types_and_all_other_rows(tmp_path: Path, name: str) -> None:
    landing = tenant(tmp_path, *ANN)
    table = pa.table(
        {
            "contact_id": ["K1", "K2"],
            "Email": pa.array(["ann@mail.ch", None]).dictionary_encode(),
            "Phone": pa.array([None, None], pa.string()),
            "first_name": ["Ann", "Bob"],
            "note": ["", "x"],
            "amount": pa.array([1.5, 2.5]),
            "extra": pa.array([[1], [2]]),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    data = buffer.getvalue()
    file = landing.put(name, gzip.compress(data) if name.endswith(".gz") else data)
    landing.land()
    data = file.read_bytes()
    kept = pq.read_table(io.BytesIO(gzip.decompress(data) if name.endswith(".gz") else data))
    assert kept.to_pylist() == [
        {"contact_id": "(erased)", "Email": None, "Phone": None, "first_name": None, "note": None,
         "amount": 1.5, "extra": None},
        {"contact_id": "K2", "Email": None, "Phone": None, "first_name": "Bob", "note": "x",
         "amount": 2.5, "extra": [2]},
    ]  # fmt: skip
    assert contacts(landing)[0] == ("(erased)", None, None, None, None, "1.5000")


def test_a_record_that_was_erased_stays_so_without_its_identifiers(tmp_path: Path) -> None:
    identifiers = [column("source"), column("record_id"), column("type"),
                   column("value", required=True)]  # fmt: skip
    names = [column("source"), column("record_id"), column("first_name")]
    tied = {"none": ["source", "record_id"], "record": ["source", "record_id"]}
    landing = tenant(
        tmp_path,
        *ANN,
        identifiers=(identifiers, {}, {**tied, "none": ["source", "record_id", "type"],
                                       "identifiers": {"value": {"type_column": "type"}}}),
        names=(names, {}, {**tied, "attributes": ["first_name"]}),
    )  # fmt: skip
    landing.put(
        "identifiers.csv",
        "source,record_id,type,value\nweb,1,email,ann@mail.ch\nweb,1,cookie_id,c1\n"
        "web,2,cookie_id,c1\n",
    )
    text = "source,record_id,first_name\nweb,1,Ann\nweb,2,Bob\n"
    landing.put("names.csv", text)
    landing.land()
    landing.put("names_2026-02-01.csv", text)  # a later delivery, with no identifier in sight
    landing.land()
    assert landing.rows("select value from raw.src__identifiers order by _row_number") == [
        ("(erased)",), ("(erased)",), ("c1",),
    ]  # fmt: skip
    assert landing.rows(
        "select record_id, first_name from raw.src__names order by _file_name, _row_number"
    ) == [("1", None), ("2", "Bob"), ("1", None), ("2", "Bob")]


def test_where_nothing_was_erased_files_stay_as_they_are(tmp_path: Path) -> None:
    landing = tenant(tmp_path)
    text = f"{HEADER}K1,ann@mail.ch,,Ann,,1\n"
    file = landing.put("contacts.csv", text)
    landing.land()
    assert file.read_text() == text
    assert contacts(landing)[0][:2] == ("K1", "ann@mail.ch")


def test_nested_parquet_keeps_the_harmless_fields_of_a_struct_and_of_pairs(tmp_path: Path) -> None:
    """An export of BigQuery: revenue stands beside what tells of a person, in one column."""
    declared = [
        column("client", path="user_id"),
        column("page", path="params[page]"),
        column("revenue", "decimal(18,4)", path="shop.revenue"),
        column("gift_to", path="shop.gift_to"),
    ]
    classes = {"identifiers": {"client": {"type": ["customer_id", "cookie_id"]}},
               "text": ["page", "gift_to"], "none": ["revenue"]}  # fmt: skip
    landing = tenant(tmp_path, ("cookie_id", "c1"), *ANN, hits=(declared, {}, classes))
    pairs = [{"key": "page", "value": {"string_value": "/me?mail=ann@mail.ch"}},
             {"key": "other", "value": {"string_value": "x"}}]  # fmt: skip
    table = pa.table(
        {
            "user_id": ["c1", "c2"],
            "params": [pairs, pairs],
            "shop": [{"revenue": 9.5, "gift_to": "Ann"}, {"revenue": 1.5, "gift_to": "Bob"}],
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    file = landing.put("hits.parquet", buffer.getvalue())
    landing.land()
    assert pq.read_table(file).to_pylist() == [
        {"user_id": None, "params": None, "shop": {"revenue": 9.5, "gift_to": None}},
        {"user_id": "c2", "params": pairs[1:], "shop": {"revenue": 1.5, "gift_to": "Bob"}},
    ]
    assert landing.rows(
        "select client, page, revenue::varchar, gift_to from raw.src__hits order by _row_number"
    ) == [(None, None, "9.5000", None), ("c2", None, "1.5000", "Bob")]
