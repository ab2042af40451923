"""Meta's official client against a server: `{"url", "token", "audience", "people"}`.

Adds people (EXTERN_ID, EMAIL, PHONE), removes the first by EXTERN_ID, and tries an audience that
does not exist and a token that has expired. Answers with what the client made of the answers.
"""

import json
import sys

from facebook_business.adobjects.customaudience import CustomAudience
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

SCHEMA = CustomAudience.Schema.MultiKeySchema


def audience_of(question, audience, token):
    """The audience as the client has it."""
    FacebookSession.GRAPH = question["url"]
    api = FacebookAdsApi.init(access_token=token, api_version="v25.0", crash_log=False)
    return CustomAudience(audience, api=api)


def add(question, audience, token):
    """Add everybody; the client normalises and hashes."""
    return (
        audience_of(question, audience, token)
        .add_users(
            schema=[SCHEMA.extern_id, SCHEMA.email, SCHEMA.phone],
            users=question["people"],
            is_raw=True,
            session={"session_id": 7, "batch_seq": 1, "last_batch_flag": True},
        )
        .json()
    )


def error_of(call):
    """The codes that the client reads in an answer."""
    try:
        call()
    except FacebookRequestError as error:
        return [error.http_status(), error.api_error_code(), error.api_error_subcode()]
    return None


def main(question):
    """One question."""
    token, audience = question["token"], question["audience"]
    added = add(question, audience, token)
    removed = (
        audience_of(question, audience, token)
        .remove_users(schema=[SCHEMA.extern_id], users=[question["people"][0][:1]], is_raw=True)
        .json()
    )
    return {
        "added": added,
        "removed": removed,
        "no_audience": error_of(lambda: add(question, "1", token)),
        "expired": error_of(lambda: add(question, audience, "old")),
    }


print(json.dumps(main(json.load(sys.stdin))))
