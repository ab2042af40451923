"""Google's official client against a server, or its types against JSON.

`{"url", "token", "account", "audience", "member"}`: adds a member, asks for the result, removes it
again, asks again, and tries a list that does not exist and a token that has expired.
`{"parse": [[message, JSON], ...]}`: reads JSON as the messages of the API; no unknown field passes.
"""

import json
import sys

from google.ads import datamanager_v1 as api
from google.ads.datamanager_v1.services.ingestion_service.transports import (
    IngestionServiceRestTransport,
)
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from google.protobuf import json_format


def client_of(question, token):
    """The client, over HTTP with JSON."""
    scheme, _, host = question["url"].partition("://")
    transport = IngestionServiceRestTransport(
        host=host, url_scheme=scheme, credentials=Credentials(token=token)
    )
    return api.IngestionServiceClient(transport=transport)


def destination_of(question, audience):
    """The list."""
    return api.Destination(
        operating_account=api.ProductAccount(
            account_type=api.ProductAccount.AccountType.GOOGLE_ADS, account_id=question["account"]
        ),
        product_destination_id=audience,
    )


def ingest(question, audience, token):
    """Add the member."""
    request = api.IngestAudienceMembersRequest(
        destinations=[destination_of(question, audience)],
        audience_members=[member_of(question)],
        encoding=api.Encoding.HEX,
        terms_of_service=api.TermsOfService(
            customer_match_terms_of_service_status=api.TermsOfServiceStatus.ACCEPTED
        ),
    )
    return client_of(question, token).ingest_audience_members(request=request).request_id


def member_of(question):
    """The member as the client has it."""
    return api.AudienceMember(
        user_data=api.UserData(
            user_identifiers=[json_of(api.UserIdentifier, item) for item in question["member"]]
        )
    )


def json_of(kind, value):
    """JSON as a message; an unknown field is an error."""
    return kind.from_json(json.dumps(value), ignore_unknown_fields=False)


def remove(question):
    """Take the member out."""
    request = api.RemoveAudienceMembersRequest(
        destinations=[destination_of(question, question["audience"])],
        audience_members=[member_of(question)],
        encoding=api.Encoding.HEX,
    )
    return (
        client_of(question, question["token"]).remove_audience_members(request=request).request_id
    )


def result(question, request_id):
    """The result of a request, as JSON of the client."""
    answer = client_of(question, question["token"]).retrieve_request_status(
        request=api.RetrieveRequestStatusRequest(request_id=request_id)
    )
    return json_format.MessageToDict(api.RetrieveRequestStatusResponse.pb(answer))


def error_of(call):
    """The error that the client makes of an answer."""
    try:
        call()
    except GoogleAPICallError as error:
        return {
            "class": type(error).__name__,
            "reason": error.reason,
            "violations": [
                violation["reason"]
                for detail in error.details
                for violation in detail.get("fieldViolations", [])
            ],
        }
    except RefreshError as error:  # 401: the client wants a new token first
        return {"class": type(error).__name__}
    return None


def main(question):
    """One question."""
    if "parse" in question:
        return [
            json_format.MessageToDict(getattr(api, name).pb(json_of(getattr(api, name), value)))
            for name, value in question["parse"]
        ]
    added = ingest(question, question["audience"], question["token"])
    first = [result(question, added) for _ in range(2)]
    removed = remove(question)
    second = [result(question, removed) for _ in range(2)]
    return {
        "added": first,
        "removed": second,
        "no_list": error_of(lambda: ingest(question, "1", question["token"])),
        "expired": error_of(lambda: ingest(question, question["audience"], "old")),
    }


print(json.dumps(main(json.load(sys.stdin))))
