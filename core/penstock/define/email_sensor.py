"""A sensor that writes an e-mail about each run that failed.

Owns: ``make_email_on_run_failure_sensor`` and what stands in the e-mail unless somebody says otherwise. The
e-mail is sent by the host, through the port.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Literal

from attrs import field

from penstock.define import port
from penstock.define.run_status_context import RunFailureSensorContext
from penstock.define.run_status_sensor import RunStatusSensorDefinition, run_failure_sensor
from penstock.errors import InvalidDefinitionError
from penstock.values import frozen

Security = Literal["SSL", "STARTTLS", "PLAIN"]
_PORTS = {"SSL": 465, "STARTTLS": 587, "PLAIN": 25}


@frozen(kw_only=True)
class MailServer:
    """Where e-mails are given to.

    Args:
        host, port: of the server.
        security: ``"SSL"`` from the first byte, ``"STARTTLS"`` after the greeting, or ``"PLAIN"`` for a relay
            that is nearby.
        user, password: without a password nobody logs in.
    """

    host: str
    port: int
    security: Security
    user: str
    password: str | None = field(repr=False)


@frozen(kw_only=True)
class Mail:
    """An e-mail in HTML."""

    sender: str
    receivers: tuple[str, ...]
    subject: str
    body: str


def failure_body(context: RunFailureSensorContext) -> str:
    """What an e-mail says of a run that failed, in HTML.

    Args:
        context: of the run.
    """
    run, steps = context.run, [event.step_key for event in context.get_step_failure_events()]
    lines = [
        f"The job {escape(run.job_name)} failed.",
        f"Run: {escape(run.run_id)}",
        *([f"Steps that failed: {escape(', '.join(str(step) for step in steps))}"] if steps else []),
        escape(context.failure_event.message),
    ]
    return "".join(f"<p>{line}</p>" for line in lines)


def failure_subject(context: RunFailureSensorContext) -> str:
    """The subject of an e-mail about a run that failed.

    Args:
        context: of the run.
    """
    return f"Penstock: the job {context.run.job_name} failed"


def make_email_on_run_failure_sensor(
    email_from: str,
    email_password: str | None,
    email_to: Sequence[str],
    email_body_fn: Callable[[RunFailureSensorContext], str] = failure_body,
    email_subject_fn: Callable[[RunFailureSensorContext], str] = failure_subject,
    smtp_host: str = "smtp.gmail.com",
    smtp_type: Security = "SSL",
    smtp_port: int | None = None,
    smtp_user: str | None = None,
    name: str | None = None,
    webserver_base_url: str | None = None,
    **options: Any,
) -> RunStatusSensorDefinition:
    """A sensor that writes an e-mail about each run that failed.

    Args:
        email_from: the sender.
        email_password: of the sender at the server; None does not log in.
        email_to: the receivers.
        email_body_fn, email_subject_fn: make body (HTML) and subject of the context.
        smtp_host, smtp_port: of the server; the port is that which is usual for the type.
        smtp_type: ``"SSL"``, ``"STARTTLS"``, or ``"PLAIN"`` for a relay that is nearby.
        smtp_user: at the server, the sender by default.
        name: of the sensor.
        webserver_base_url: of a web interface that shows runs; the e-mail links to the run.
        options: see ``run_failure_sensor``: ``monitored_jobs``, ``default_status`` and others.

    Raises:
        InvalidDefinitionError: when there is no such type of server, or nobody to write to.
    """
    if smtp_type not in _PORTS:
        raise InvalidDefinitionError(f"smtp_type is one of {', '.join(_PORTS)}, found {smtp_type!r}.")
    receivers = (email_to,) if isinstance(email_to, str) else tuple(email_to)
    if not receivers:
        raise InvalidDefinitionError("An e-mail wants somebody to read it: email_to is empty.")
    server = MailServer(
        host=smtp_host,
        port=smtp_port or _PORTS[smtp_type],
        security=smtp_type,
        user=smtp_user or email_from,
        password=email_password,
    )

    def email_on_run_failure(context: RunFailureSensorContext) -> None:
        body = email_body_fn(context) + _link(webserver_base_url, context.run.run_id)
        subject = email_subject_fn(context)
        port.call(
            "send_mail", server, Mail(sender=email_from, receivers=receivers, subject=subject, body=body)
        )

    return run_failure_sensor(name, **options)(email_on_run_failure)


def _link(base: str | None, run_id: str) -> str:
    return (
        f'<p><a href="{escape(base.rstrip("/"))}/runs/{escape(run_id)}">Look at the run</a></p>'
        if base
        else ""
    )
