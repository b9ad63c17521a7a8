"""Files of sound as answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Response, send_file

#: what the OpenAPI document says of them
AUDIO: dict[str, Any] = {"content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}}


def sound_response(path: Path, media_type: str, name: str) -> Response:
    """The file, or the range of it that was asked for; `name` is what a browser saves it as, and has to be ours."""
    # anything but sound would let an uploaded page speak with this site's voice
    shown = media_type if media_type.startswith(("audio/", "video/")) else "application/octet-stream"
    response = send_file(path, mimetype=shown, download_name=name, conditional=True, max_age=0)
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response
