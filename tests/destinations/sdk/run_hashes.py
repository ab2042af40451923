"""What the SDKs hash: `[[rule, text], ...]` in, the hash or text of each, null where refused.

Rules are `google.email`, `google.region`, `meta.em`, `meta.ph`, ...: Google's formatter and Meta's
normaliser under their own names.
"""

import json
import sys

from facebook_business.adobjects.serverside.normalize import Normalize
from google.ads.datamanager_util import Encoding, Formatter

formatter = Formatter()
GOOGLE = {
    "email": lambda text: formatter.process_email_address(text, Encoding.HEX),
    "phone": lambda text: formatter.process_phone_number(text, Encoding.HEX),
    "given": lambda text: formatter.process_given_name(text, Encoding.HEX),
    "family": lambda text: formatter.process_family_name(text, Encoding.HEX),
    "region": formatter.process_region_code,
    "postal": formatter.process_postal_code,
}


def answer(rule, text):
    """The SDK's word for a text, None when it refuses."""
    vendor, name = rule.split(".")
    try:
        return GOOGLE[name](text) if vendor == "google" else Normalize.normalize_field(name, text)
    except (ValueError, TypeError):
        return None


print(json.dumps([answer(rule, text) for rule, text in json.load(sys.stdin)]))
