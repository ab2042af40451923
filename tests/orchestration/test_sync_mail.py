"""Mails through a real SMTP server: what arrives, what every reply means, nobody gets two."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.activation.connectors.base import NotDelivered
from orchestration.activation.connectors.smtp_journal import Journal
from orchestration.activation.connectors.smtp_session import Session
from orchestration.activation.opening import SyncError
from orchestration.preferences.links import VARIABLE, link_keys, read
from tests.mail_brand import KEY, VIEW, mail_sync, make_mail_brand, write_destination
from tests.smtp_server import ABORT, Post, make_certificate, smtp_server
from tests.syncs import Brand


@pytest.fixture(autouse=True)
def _link_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)


@pytest.fixture
def post() -> Generator[Post]:
    with smtp_server() as server:
        yield server


def _ledger(brand: Brand) -> dict[str, str]:
    """Latest outcome per person."""
    return dict(
        brand.rows(
            "select person_id, max_by(outcome, sequence) from ops.activation_delivery_ledger "
            "group by 1 order by 1"
        )
    )


def _reasons(brand: Brand) -> dict[str, tuple]:
    return {
        person: (outcome, reason)
        for person, outcome, reason in brand.rows(
            "select person_id, max_by(outcome, sequence), max_by(reason, sequence) "
            "from ops.activation_delivery_ledger group by 1 order by 1"
        )
    }


def _assert_ledger_and_server_agree(brand: Brand, post: Post) -> None:
    """Whom the ledger says was reached are those whom the server took a mail for, once each."""
    reached = {
        email
        for email, outcome in brand.rows(
            "select email, max_by(outcome, sequence) from ops.activation_delivery_ledger "
            "inner join pii.people using (person_id) group by 1"
        )
        if outcome == "succeeded"
    }
    assert post.arrived == dict.fromkeys(reached, 1)


def test_everybody_gets_one_mail_with_the_link_of_their_own_address(
    tmp_path: Path, post: Post
) -> None:
    """Mautic leaked one recipient's unsubscribe link into another's header (issue 6339)."""
    brand = make_mail_brand(tmp_path, post.port, people=4)
    report = brand.run(mail_sync())
    assert (report.total.succeeded, report.status, post.connections) == (4, "succeeded", 1)
    _assert_ledger_and_server_agree(brand, post)
    for number, item in enumerate(post.received):
        mail = item.mail
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        found = re.fullmatch(
            r"<(https://preferences\.example\.com/unsubscribe/(\S+))>", mail["List-Unsubscribe"]
        )
        assert found is not None
        link, token = found.groups()
        recipient = read("unsubscribe", link_keys("dev"), token)
        assert recipient.identifier_key == f"k000{number}"
        assert (recipient.channel, recipient.purpose) == ("email", "marketing")
        assert item.recipient == mail["To"].addresses[0].addr_spec == f"person{number}@example.com"
        for part in ("plain", "html"):
            body = mail.get_body((part,))
            assert body is not None
            others = re.findall(
                r"https://preferences\.example\.com/unsubscribe/[^\s\"<]+", body.get_content()
            )
            assert set(others) == {link}
    assert len({item.mail["List-Unsubscribe"] for item in post.received}) == 4
    assert brand.run(mail_sync()).total.planned == 0


def test_the_mail_is_in_the_recipients_language_and_the_ledger_knows_what_was_sent(
    tmp_path: Path, post: Post
) -> None:
    brand = make_mail_brand(tmp_path, post.port, people=3)
    brand.run(mail_sync())
    subjects = [item.mail["Subject"] for item in post.received]
    assert subjects == ["Danke, Anna", "Danke, Anna", "Thank you, Anna"]
    assert post.received[0].mail["From"].addresses[0].display_name == "Test & Co, Zürich"
    rows = brand.rows(
        "select content_id, variant, content_version, message_id from "
        "ops.activation_delivery_ledger where outcome = 'succeeded' order by person_id"
    )
    assert [row[:2] for row in rows] == [("thanks", "a"), ("thanks", "b"), ("thanks", "a")]
    assert [re.sub("[0-9a-f]{12}$", "hash", row[2]) for row in rows] == [
        "3-de-hash", "3-de-hash", "3-en-hash",
    ]  # fmt: skip
    assert [row[3] for row in rows] == [item.mail["Message-ID"] for item in post.received]


def test_a_change_of_content_alone_sends_nothing_again(tmp_path: Path, post: Post) -> None:
    brand = make_mail_brand(tmp_path, post.port, people=2)
    brand.run(mail_sync())
    file = brand.paths.tenant_folder / "content/messages/thanks/en.yml"
    file.write_text(file.read_text("utf-8").replace("Dear", "Dearest"), encoding="utf-8")
    brand.person(2)
    assert brand.run(mail_sync()).total.planned == 1
    versions = brand.rows(
        "select distinct content_version from ops.activation_delivery_ledger "
        "where outcome = 'succeeded'"
    )
    assert len(versions) == 2  # German for the first two, the changed English for the third
    assert sorted(post.arrived.values()) == [1, 1, 1]


@pytest.mark.parametrize("code", ["550 5.1.1", "553 5.1.3", "554 5.7.1"])
def test_one_permanent_refusal_is_for_that_row_only_and_for_good(
    tmp_path: Path, post: Post, code: str
) -> None:
    """A tool re-sent the whole job for one 554."""
    brand = make_mail_brand(tmp_path, post.port, people=5)
    post.at_recipient = lambda address: (
        f"{code} <{address}> unknown" if address.startswith("person2@") else None
    )
    report = brand.run(mail_sync())
    assert (report.total.succeeded, report.total.rejected, post.connections) == (4, 1, 1)
    assert _reasons(brand)["p0002"] == ("rejected", f"smtp_{code[:3]}")
    assert "person2@example.com" not in brand.everything_written()
    assert code.replace(" ", "/") in brand.everything_written()
    post.at_recipient = lambda address: None
    brand.clock += timedelta(days=30)
    again = brand.run(mail_sync())
    assert (again.total.planned, again.waiting) == (0, 1)
    _assert_ledger_and_server_agree(brand, post)


@pytest.mark.parametrize("stage", ["at_recipient", "at_dot"])
def test_a_temporary_refusal_is_tried_again_when_it_is_due(
    tmp_path: Path, post: Post, stage: str
) -> None:
    brand = make_mail_brand(tmp_path, post.port, people=3)
    busy = lambda address: "451 4.7.1 later" if address.startswith("person1@") else None  # noqa: E731
    setattr(post, stage, busy)
    first = brand.run(mail_sync())
    assert (first.total.succeeded, first.rejected_classes) == (2, {"smtp_451": 1})
    setattr(post, stage, lambda address: None)
    assert brand.run(mail_sync()).total.planned == 0  # not due yet
    brand.clock += timedelta(minutes=6)
    assert brand.run(mail_sync()).total.succeeded == 1
    _assert_ledger_and_server_agree(brand, post)
    assert sum(post.arrived.values()) == 3


@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        ("at_recipient", "421 4.3.2 closing"),
        ("at_recipient", ABORT),
        ("at_dot", "421 4.3.2 closing"),
    ],
)
def test_lost_before_the_dot_it_is_sent_again_in_the_same_run(
    tmp_path: Path, post: Post, stage: str, answer: str
) -> None:
    brand = make_mail_brand(tmp_path, post.port, people=3)
    faults = Counter({"person1@example.com": 2})

    def fail(address: str) -> str | None:
        faults[address] -= 1
        return answer if faults[address] >= 0 else None

    setattr(post, stage, fail)
    report = brand.run(mail_sync())
    assert (report.total.succeeded, report.status, post.connections) == (3, "succeeded", 3)
    assert post.arrived == {f"person{number}@example.com": 1 for number in range(3)}


def test_cut_off_within_a_mail_the_server_has_no_final_dot_and_it_is_sent_again(post: Post) -> None:
    """20 MB, more than a socket takes before anybody reads: the break is seen before the dot."""
    session = Session(
        "127.0.0.1", post.port, tls="none", login=None, sender="news@example.com", timeout_s=20
    )
    mail = b"Subject: long\r\n\r\n" + b".a line that begins with a dot\r\n" * 600_000
    post.at_data = lambda address: ABORT
    with pytest.raises(NotDelivered, match="lost within DATA"):
        session.deliver("anna@example.com", mail)
    assert post.received == []
    post.at_data = lambda address: None
    assert session.deliver("anna@example.com", mail).is_accepted
    assert [item.content for item in post.received] == [mail]
    session.close()


@pytest.mark.parametrize("is_taken", [True, False])
def test_lost_after_the_dot_nobody_knows_and_it_is_never_sent_again(
    tmp_path: Path, post: Post, is_taken: bool
) -> None:
    brand = make_mail_brand(tmp_path, post.port, people=3)
    if is_taken:
        post.lose_answer = lambda address: address.startswith("person1@")
    else:
        post.at_dot = lambda address: ABORT if address.startswith("person1@") else None
    report = brand.run(mail_sync())
    assert (report.total.succeeded, report.total.unknown, report.is_ok) == (2, 1, False)
    assert _reasons(brand)["p0001"] == ("unknown", "answer_lost")
    known = brand.rows(
        "select content_id, message_id is not null from ops.activation_delivery_ledger "
        "where outcome = 'unknown'"
    )
    assert known == [("thanks", True)]
    post.lose_answer, post.at_dot = lambda address: False, lambda address: None
    brand.clock += timedelta(days=2)
    again = brand.run(mail_sync())
    assert (again.total.planned, again.in_doubt) == (0, 1)
    brand.clock += timedelta(days=90)
    assert brand.run(mail_sync()).total.planned == 0
    assert post.arrived["person1@example.com"] == int(is_taken)


@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        ("at_mail", "553 5.7.1 not yours"),
        ("at_mail", "555 5.5.4 unsupported"),
        ("at_recipient", "550 5.1.8 sender's domain not found"),
        (
            "at_recipient",
            "553 5.7.1 <News@example.com>: Sender address rejected: not owned by user",
        ),
        ("at_recipient", "521 5.3.2 no mail here"),
        ("at_dot", "550 5.7.26 this sender is not authenticated"),
    ],
)
def test_a_sender_that_is_refused_ends_the_run_before_anybody_is_parked(
    tmp_path: Path, post: Post, stage: str, answer: str
) -> None:
    """Postfix tells only after RCPT that it refuses the sender: every row was parked for good."""
    brand = make_mail_brand(tmp_path, post.port, people=3)
    setattr(post, stage, lambda *address: answer)
    report = brand.run(mail_sync())
    assert (report.status, report.total.aborted) == ("failed", 3)
    assert f"sender or session refused: {answer[:3]}/5." in (report.error or "")
    assert brand.rows("select * from ops.activation_rejects") == []
    setattr(post, stage, lambda *address: None)
    assert brand.run(mail_sync()).total.succeeded == 3
    _assert_ledger_and_server_agree(brand, post)


def test_a_server_that_refuses_the_option_of_one_address_refuses_that_row_alone(
    tmp_path: Path, post: Post
) -> None:
    """It says SMTPUTF8 and does not take it: the option is the recipient's, not the sender's."""
    brand = make_mail_brand(tmp_path, post.port, people=3)
    brand.connection.execute(
        "update pii.people set email = 'änne@example.com' where person_id = 'p0001'"
    )
    answers = iter([None, "555 5.5.4 option unknown", None])
    post.at_mail = lambda: next(answers)
    assert brand.run(mail_sync()).total.succeeded == 2
    assert _reasons(brand)["p0001"] == ("rejected", "smtp_555")
    _assert_ledger_and_server_agree(brand, post)


def test_nobody_listens_the_run_ends_and_everybody_is_mailed_later(tmp_path: Path) -> None:
    with smtp_server() as gone:
        port = gone.port
    brand = make_mail_brand(tmp_path, port, people=5)
    report = brand.run(mail_sync())
    assert (report.status, report.total.rejected, report.total.aborted) == ("failed", 1, 4)
    assert "no connection 8 times in a row" in (report.error or "")
    with smtp_server() as post:
        write_destination(brand.paths.tenant_folder, post.port)
        brand.clock += timedelta(days=1)
        assert brand.run(mail_sync()).total.succeeded == 5
        _assert_ledger_and_server_agree(brand, post)


def test_starttls_with_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    monkeypatch.setenv("CROSSWEAVE_POST_PASSWORD", "open sesame")
    with smtp_server(certificate=certificate, credentials=("news", "open sesame")) as post:
        settings = "tls: starttls, username: news"
        brand = make_mail_brand(tmp_path, post.port, people=2, settings=settings)
        assert brand.run(mail_sync()).total.succeeded == 2
        assert [item.is_encrypted for item in post.received] == [True, True]
        brand.person(2)
        monkeypatch.setenv("CROSSWEAVE_POST_PASSWORD", "open barley")
        report = brand.run(mail_sync())
        assert (report.status, report.error) == (
            "failed", "DestinationDown: credentials refused: 535",
        )  # fmt: skip
        assert post.arrived.total() == 2
    assert "barley" not in caplog.text + brand.everything_written()


def test_implicit_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with smtp_server(certificate=certificate, implicit_tls=True) as post:
        brand = make_mail_brand(tmp_path, post.port, people=2, settings="tls: implicit")
        assert brand.run(mail_sync()).total.succeeded == 2


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_that_nobody_vouches_for_ends_the_run(tmp_path: Path, tls: str) -> None:
    certificate = make_certificate(tmp_path)
    with smtp_server(certificate=certificate, implicit_tls=tls == "implicit") as post:
        brand = make_mail_brand(tmp_path, post.port, people=2, settings=f"tls: {tls}")
        report = brand.run(mail_sync())
        assert (report.status, report.total.aborted, post.received) == ("failed", 2, [])
        assert "SSLCertVerificationError" in (report.error or "")


def test_a_server_without_starttls_is_given_nothing(tmp_path: Path, post: Post) -> None:
    brand = make_mail_brand(tmp_path, post.port, people=2, settings="tls: starttls")
    report = brand.run(mail_sync())
    assert (report.status, post.received) == ("failed", [])


def test_names_of_all_kinds_arrive_and_a_second_header_does_not(tmp_path: Path, post: Post) -> None:
    brand = make_mail_brand(tmp_path, post.port, people=0)
    names = ["Sinéad O'Brien", "王小明", 'Anna "Ann" Bär, Dr.', "Иван", "<b>Eve</b>",
             "Eve\r\nBcc: other@example.com"]  # fmt: skip
    for number, name in enumerate(names):
        brand.person(number, first_name=name)
    report = brand.run(mail_sync())
    assert report.rejected_classes == {"header_injection": 1}
    shown = [item.mail["To"].addresses[0].display_name for item in post.received]
    assert shown == names[:-1]
    assert post.received[1].mail["Subject"] == f"Danke, {names[1]}"
    html = post.received[4].mail.get_body(("html",))
    assert html is not None
    assert "<b>Eve" not in html.get_content()
    assert "&lt;b&gt;Eve" in html.get_content()
    assert post.arrived.keys() == {f"person{number}@example.com" for number in range(5)}
    assert "Bcc" not in brand.everything_written()


def test_addresses_beyond_ascii_and_what_is_no_address(tmp_path: Path, post: Post) -> None:
    brand = make_mail_brand(tmp_path, post.port, people=4)
    for person, address in (
        ("p0000", "grüße@example.com"), ("p0001", "anna@bücher.example"),
        ("p0002", "a@example.com> RCPT TO:<b@example.com"), ("p0003", "no address"),
    ):  # fmt: skip
        brand.connection.execute(
            "update pii.people set email = ? where person_id = ?", [address, person]
        )
    report = brand.run(mail_sync())
    assert report.rejected_classes == {"invalid_address": 2}
    assert post.arrived == {"grüße@example.com": 1, "anna@xn--bcher-kva.example": 1}


def test_an_opt_out_between_two_mails_of_a_run_is_honoured(tmp_path: Path, post: Post) -> None:
    settings = "tls: none, mails_per_receipt: 1"
    brand = make_mail_brand(tmp_path, post.port, people=3, settings=settings)

    def opt_out(done: int, total: int) -> None:
        if done == 1:
            brand.consent("k0001", "p0001", status="withdrawn", day=20)

    report = brand.run(mail_sync(), progress=opt_out)
    assert (report.total.succeeded, report.total.blocked) == (2, 1)
    assert "person1@example.com" not in post.arrived


def test_outside_prod_no_other_machine_is_reached(tmp_path: Path) -> None:
    brand = make_mail_brand(tmp_path, 587, people=2)
    file = brand.paths.tenant_folder / "destinations.yml"
    file.write_text(
        file.read_text("utf-8")
        .replace("127.0.0.1", "smtp.example.com")
        .replace("tls: none", "tls: starttls")
    )
    report = brand.run(mail_sync())
    assert (report.total.blocked, report.blocked_reasons) == (2, {"environment": 2})


@pytest.mark.parametrize(
    ("options", "settings", "told"),
    [
        ({"message": "thank"}, "tls: none", "no message 'thank'; there are: thanks"),
        ({"to_name": "surname"}, "tls: none", "the payload lacks surname"),
        ({}, "tls: none, username: news", "secret PASSWORD go together"),
        ({}, "tls: none, dkim_selector: s1", "secret DKIM_KEY go together"),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_planned(
    tmp_path: Path, post: Post, options: dict[str, str], settings: str, told: str
) -> None:
    brand = make_mail_brand(tmp_path, post.port, people=1, settings=settings)
    with pytest.raises(SyncError, match=told):
        brand.run(mail_sync(options={"message": "thanks", **options}))
    assert brand.rows("select * from ops.activation_sync_rows") == []
    assert post.connections == 0
    runs = brand.rows("select distinct planned, status from ops.activation_sync_runs")
    assert runs == [(0, "failed")]


def test_without_a_key_for_links_nothing_is_sent_in_prod(
    tmp_path: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    brand = make_mail_brand(tmp_path, post.port, people=1)
    brand.paths = replace(brand.paths, env="prod")
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(SyncError, match=f"set {VARIABLE}"):
        brand.run(mail_sync())
    assert post.received == []


def test_the_row_may_name_the_message_and_one_that_does_not_exist_is_refused(
    tmp_path: Path, post: Post
) -> None:
    brand = make_mail_brand(tmp_path, post.port, people=2)
    brand.connection.execute(
        VIEW.replace("'thanks'", "case when person_id = 'p0000' then 'thanks' else 'thx' end")
    )
    report = brand.run(mail_sync(options={}))
    assert (report.total.succeeded, report.rejected_classes) == (1, {"unknown_content": 1})
    assert post.arrived == {"person0@example.com": 1}


def test_without_its_journal_a_killed_run_is_in_doubt_altogether(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "run.smtp.txt")
    assert journal.known(["a", "b"]) == ["in doubt", "in doubt"]
    for word, key in (("begun", "a"), ("taken", "a"), ("begun", "b"), ("refused", "b"),
                      ("begun", "b"), ("begun", "c"), ("refused", "c")):  # fmt: skip
        journal.write(word, key)
    journal.close()
    with (tmp_path / "run.smtp.txt").open("a") as file:
        file.write("begun d")  # cut off by a loss of power
    assert Journal(tmp_path / "run.smtp.txt").known(["a", "b", "c", "d", "e"]) == [
        "taken", "in doubt", "not sent", "not sent", "not sent",
    ]  # fmt: skip
    assert (tmp_path / "run.smtp.txt").stat().st_mode & 0o777 == 0o600
