"""Who may ask what of the server."""

from __future__ import annotations

from flask import Flask

from emovec_db.api.security.access import Access
from emovec_db.api.security.headers import set_security_headers
from emovec_db.api.security.hosts import HostCheck
from emovec_db.api.security.proxies import trust_proxies
from emovec_db.api.serve import require_key
from emovec_db.settings import Settings


def secure(app: Flask, settings: Settings) -> None:
    """Check Host, origin and key of every request to `app`, and send security headers with every answer.

    Raises:
        SettingsError: the server would be open to the network without a key.
    """
    require_key(settings)
    trust_proxies(app, settings)
    access = Access(settings)
    app.before_request(HostCheck(settings).check)
    app.before_request(access.check)
    app.after_request(set_security_headers)
    app.extensions["emovec_db_access"] = access
