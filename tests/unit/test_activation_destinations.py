"""destinations.yml: what is accepted, and what a mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.activation import DestinationError, load_destinations
from orchestration.activation.connectors import CONNECTORS
from orchestration.activation.connectors.base import ConnectorType
from orchestration.activation.connectors.file import FileConnector
from orchestration.activation.destinations import Destination
from orchestration.settings import Paths


def _tenant(folder: Path, text: str) -> Paths:
    paths = Paths("brand", root=folder)
    paths.tenant_folder.mkdir(parents=True)
    (paths.tenant_folder / "destinations.yml").write_text(text, encoding="utf-8")
    return paths


def test_a_tenant_without_the_file_has_the_outbox(tmp_path: Path) -> None:
    assert list(load_destinations(Paths("brand", root=tmp_path))) == ["file"]


def test_all_mistakes_are_told_with_file_key_and_reason(tmp_path: Path) -> None:
    paths = _tenant(
        tmp_path, "kiosk: {connector: fax}\noutbox: {connector: file, settings: {hots: x}}\n"
    )
    with pytest.raises(DestinationError) as caught:
        load_destinations(paths)
    assert "destinations.yml: kiosk.connector: no connector 'fax'" in str(caught.value)
    assert "outbox.settings: hots: Extra inputs are not permitted" in str(caught.value)


@pytest.mark.parametrize("text", ["kiosk: [", "kiosk: file", "- kiosk"])
def test_a_file_of_another_shape_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(DestinationError, match=r"destinations\.yml"):
        load_destinations(_tenant(tmp_path, text))


def test_secrets_come_from_the_environment_and_are_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind = ConnectorType(FileConnector, secrets=("password",), optional_secrets=("key",))
    monkeypatch.setitem(CONNECTORS, "safe", kind)
    destination = Destination("news_mail", "safe")
    with pytest.raises(DestinationError, match="set CROSSWEAVE_NEWS_MAIL_PASSWORD"):
        destination.secrets()
    monkeypatch.setenv("CROSSWEAVE_NEWS_MAIL_PASSWORD", "open sesame")
    secrets = destination.secrets()
    assert secrets["password"].get_secret_value() == "open sesame"
    assert list(secrets) == ["password"]
    assert "sesame" not in repr(secrets)
