"""The token that proves to Google who asks.

Belongs here: a ready access token, or one that is got (and got again before it expires) with the
key file of a service account. Does not belong here: requests to the Data Manager API.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials
from pydantic import SecretStr

from orchestration.activation.connectors.base import DestinationDown

SCOPE = "https://www.googleapis.com/auth/datamanager"


class GoogleToken:
    """The `Authorization` header of every request."""

    def __init__(self, access_token: SecretStr | None, service_account_file: Path | None) -> None:
        """Raises `ValueError` unless exactly one of the two is given and the file is a key file."""
        if (access_token is None) == (service_account_file is None):
            raise ValueError(
                "Google needs one proof of who asks: the setting service_account_file, or the "
                "secret access_token (it lasts an hour)"
            )
        self._access_token = access_token
        self._account: Credentials | None = None
        if service_account_file is not None:
            try:
                self._account = Credentials.from_service_account_file(
                    str(service_account_file), scopes=[SCOPE]
                )
            except (OSError, ValueError):
                raise ValueError(
                    f"{service_account_file}: no key file of a Google service account"
                ) from None

    def headers(self, renew: bool) -> Mapping[str, str]:
        """The header; `renew`: the last token was refused. Raises `DestinationDown`."""
        if self._access_token is not None:
            return {"authorization": f"Bearer {self._access_token.get_secret_value()}"}
        account = self._account
        assert account is not None
        if renew or not account.valid:
            try:
                account.refresh(Request())
            except GoogleAuthError as error:
                raise DestinationDown(
                    f"no token for the service account ({type(error).__name__})"
                ) from None
        return {"authorization": f"Bearer {account.token}"}
