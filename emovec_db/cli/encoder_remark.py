"""Which encoder stands behind a collection's results, said wherever they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from emovec_db.cli.text import printable
from emovec_db.encoder import compact, registry

if TYPE_CHECKING:
    from emovec_db.database import Collection


def encoder_remark(collection: Collection) -> Text:
    """The encoder's id, and that compact is a demonstration; does not load the encoder."""
    identity = collection.encoder()
    remark = Text(f"\nencoder {printable(identity.encoder_id)}", "dim")
    if identity.name == registry.COMPACT:
        remark.append(f"\nⓘ {compact.NOTICE}", "not dim yellow")
    return remark
