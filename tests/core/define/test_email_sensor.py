"""The sensor that writes e-mails about failed runs, down to a server that takes them."""

from __future__ import annotations

import smtplib
import socket
import socketserver
import ssl
import threading
from email import message_from_string
from email.policy import default

import pytest

from penstock import (
    Instance,
    InvalidDefinitionError,
    RunStatus,
    build_run_status_sensor_context,
    build_sensor_context,
    job,
    make_email_on_run_failure_sensor,
    op,
)
from penstock.define.email_sensor import MailServer


class Relay(socketserver.StreamRequestHandler):
    """Speaks as much SMTP as a client needs to hand over one e-mail."""

    timeout = 30

    def handle(self):
        self.say("220 relay")
        for line in iter(lambda: self.line().strip().upper(), "QUIT"):
            if line == "DATA":
                self.say("354 go on")
                self.server.taken.append(self.body())
            elif line == "":
                return
            self.say("250 fine")
        self.say("221 bye")

    def body(self):
        return "".join(iter(self.line, ".\r\n"))

    def line(self):
        return self.rfile.readline().decode(errors="replace")

    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def relay():
    with socketserver.TCPServer(("127.0.0.1", 0), Relay) as server:
        server.taken = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@op
def fail():
    raise ValueError("told to <fail>")


@job
def failing():
    fail()


def near(relay, **options):
    place = {"smtp_host": "127.0.0.1", "smtp_port": relay.server_address[1], "smtp_type": "PLAIN"}
    return make_email_on_run_failure_sensor("me@shop.example", None, ["you@shop.example"], **place, **options)


def told(instance):
    result = failing.execute_in_process(instance=instance, raise_on_error=False)
    run = instance.get_run_by_id(result.run_id)
    return build_run_status_sensor_context("mail", result.get_run_failure_event(), instance, run)


def taken(relay):
    (text,) = relay.taken
    mail = message_from_string(text, policy=default)
    return mail, mail.get_content().strip()


def test_a_failed_run_is_written_of(relay):
    with Instance.ephemeral() as instance:
        context = told(instance)
        near(relay)(context)
    mail, body = taken(relay)
    assert (mail["From"], mail["To"]) == ("me@shop.example", "you@shop.example")
    assert mail["Subject"] == "Penstock: the job failing failed"
    assert f"<p>Run: {context.run.run_id}</p><p>Steps that failed: fail</p>" in body


def test_subject_and_body_may_be_others(relay):
    options = {
        "email_subject_fn": lambda context: f"Oh\nno: {context.run.job_name}",
        "email_body_fn": lambda context: "<b>Look.</b>",
        "webserver_base_url": "https://runs.example/",
    }
    with Instance.ephemeral() as instance:
        context = told(instance)
        near(relay, **options)(context)
    mail, body = taken(relay)
    assert mail["Subject"] == "Oh no: failing"
    link = f'<a href="https://runs.example/runs/{context.run.run_id}">Look at the run</a>'
    assert body == f"<b>Look.</b><p>{link}</p>"


def tick(sensor, instance, cursor=None):
    return sensor.evaluate_tick(build_sensor_context(instance, cursor))


def test_a_tick_writes_of_each_run(relay):
    with Instance.ephemeral() as instance:
        sensor = near(relay, name="mail", monitored_jobs=[failing])
        begun = tick(sensor, instance).cursor
        told(instance)
        data = tick(sensor, instance, begun)
    assert [one.error for one in data.run_reactions] == [None]
    assert len(relay.taken) == 1


def test_a_server_that_is_not_there_is_told_of_the_run():
    with Instance.ephemeral() as instance, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and never listens, so that nobody else has the port
        place = {"smtp_host": "127.0.0.1", "smtp_port": silent.getsockname()[1], "smtp_type": "PLAIN"}
        sensor = make_email_on_run_failure_sensor("a@b.example", None, "c@d.example", **place)
        begun = tick(sensor, instance).cursor
        told(instance)
        (seen,) = tick(sensor, instance, begun).run_reactions
    assert seen.error.cls_name == "ConnectionRefusedError"


@pytest.mark.parametrize(
    ("security", "error"), [("STARTTLS", smtplib.SMTPNotSupportedError), ("SSL", ssl.SSLError)]
)
def test_nothing_goes_to_a_server_that_does_not_encrypt(relay, security, error):
    place = {"smtp_host": "127.0.0.1", "smtp_port": relay.server_address[1], "smtp_type": security}
    sensor = make_email_on_run_failure_sensor("a@b.example", "secret", "c@d.example", **place)
    with Instance.ephemeral() as instance, pytest.raises(error):
        sensor(told(instance))
    assert relay.taken == []


def test_it_is_named_after_what_it_does():
    made = make_email_on_run_failure_sensor("a@b.example", "secret", "c@d.example")
    assert (made.name, made.run_status) == ("email_on_run_failure", RunStatus.FAILURE)
    assert "secret" not in repr(made)


@pytest.mark.parametrize(
    ("given", "said"), [({"smtp_type": "UUCP"}, "SSL, STARTTLS, PLAIN"), ({"email_to": []}, "empty")]
)
def test_what_cannot_be_is_refused(given, said):
    with pytest.raises(InvalidDefinitionError, match=said):
        make_email_on_run_failure_sensor(
            **({"email_from": "a", "email_password": None, "email_to": ["b"]} | given)
        )


def test_the_password_is_not_shown():
    server = MailServer(host="h", port=25, security="PLAIN", user="me", password="hush")
    assert "hush" not in repr(server)
