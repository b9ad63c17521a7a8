"""The maps that were asked for last, as long as they are true."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from emovec_db.domain.space_map import SpaceMap

#: of 100,000 points each takes 2.5 MB
MAPS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MapKey:
    """What makes a map what it is, besides the state of its collection."""

    collection_id: int
    generation_id: int
    #: name and version
    space: tuple[str, int]
    method: str
    seed: int
    limit: int
    condition: str


class KeptMaps:
    """Maps by key, each of one state of its collection: the number of the newest change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._maps: OrderedDict[MapKey, tuple[int, SpaceMap]] = OrderedDict()

    def get(self, key: MapKey, head: int) -> SpaceMap | None:
        """The map at this change, if it is kept; what is kept of the collection at others is let go."""
        with self._lock:
            for stale in [
                one for one, (at, _) in self._maps.items() if one.collection_id == key.collection_id and at != head
            ]:
                del self._maps[stale]
            if key not in self._maps:
                return None
            self._maps.move_to_end(key)
            return self._maps[key][1]

    def keep(self, key: MapKey, head: int, made: SpaceMap) -> None:
        """Keep it, and let go of that which nobody asked for longest."""
        with self._lock:
            self._maps[key] = (head, made)
            while len(self._maps) > MAPS:
                self._maps.popitem(last=False)

    def forget(self) -> None:
        """Let go of all."""
        with self._lock:
            self._maps.clear()
