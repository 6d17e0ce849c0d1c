"""Sending e-mails.

Owns: ``send_mail``, which the sensor for failed runs reaches through its port. Lazy: the modules of the
standard library that speak to mail servers are imported when there is something to send.
"""

from __future__ import annotations

from email.message import EmailMessage
from importlib import import_module
from typing import Any

from penstock.define.email_sensor import Mail, MailServer

_PATIENCE = 60.0
"""Seconds to wait for an answer of a server."""


def send_mail(server: MailServer, mail: Mail) -> None:
    """Give an e-mail to a server.

    Args:
        server: where.
        mail: what.

    Raises:
        OSError: when the server cannot be reached, or refuses (``smtplib.SMTPException`` is one).
    """
    message = EmailMessage()
    message["From"], message["To"] = mail.sender, ", ".join(mail.receivers)
    message["Subject"] = " ".join(mail.subject.split())
    message.set_content(mail.body, subtype="html")
    with _client(server) as client:
        if server.password is not None:
            client.login(server.user, server.password)
        client.send_message(message)


def _client(server: MailServer) -> Any:
    smtp: Any = import_module("smtplib")
    where = {"host": server.host, "port": server.port, "local_hostname": _own_name(), "timeout": _PATIENCE}
    if server.security == "PLAIN":
        return smtp.SMTP(**where)
    safe = import_module("ssl").create_default_context()
    if server.security == "SSL":
        return smtp.SMTP_SSL(**where, context=safe)
    client = smtp.SMTP(**where)
    try:
        client.starttls(context=safe)
    except BaseException:
        client.close()
        raise
    return client


def _own_name() -> str:
    """How a client calls itself. Nobody is asked for its full name: without a net that takes long."""
    name = import_module("socket").gethostname()
    return name if "." in name else "[127.0.0.1]"
