"""How long it takes from sending a clip of 5 s until its draft is there, beside a prediction that keeps nothing.

python -m benchmarks.draft
"""

from __future__ import annotations

import http.client
import io
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from benchmarks.clips import gather, waveforms
from benchmarks.http_search import served
from benchmarks.report import Report, Spread, arguments, table
from emovec_db.audio.wav import write_wav

SECONDS = 5.0
#: address below the collection, granularity
WAYS = (("predictions", "utterance"), ("drafts", "utterance"), ("predictions", "frame"), ("drafts", "frame"))
_BOUNDARY = "a-boundary-that-no-clip-holds"


def clips(folder: Path, count: int) -> list[bytes]:
    """Clips of 5 s as 16-bit WAV files, each another one."""
    place, _ = gather(folder, count * 2)
    made = []
    for waveform in waveforms(sorted(place.iterdir()), SECONDS, count):
        file = io.BytesIO()
        write_wav(file, waveform)
        made.append(file.getvalue())
    return made


def form(clip: bytes, granularity: str) -> bytes:
    """A multipart form, as a browser sends it."""
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="granularity"\r\n\r\n{granularity}\r\n--{_BOUNDARY}\r\n'
        'Content-Disposition: form-data; name="recording"; filename="clip.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    )
    return head.encode() + clip + f"\r\n--{_BOUNDARY}--\r\n".encode()


def took_ms(address: http.client.HTTPConnection, way: tuple[str, str], clip: bytes) -> float:
    """Send a clip and read the whole answer as JSON."""
    path, granularity = way
    body = form(clip, granularity)
    began_s = perf_counter()
    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    address.request("POST", f"/v1/collections/default/{path}", body, headers)
    answer = address.getresponse()
    document = json.loads(answer.read())
    if answer.status not in {200, 201}:
        raise SystemExit(f"{answer.status}: {document}")
    return (perf_counter() - began_s) * 1000


def measured(address: http.client.HTTPConnection, sent: Sequence[bytes]) -> dict[tuple[str, str], list[float]]:
    """Each way by turns, each time with a clip that the server never heard before: what it knows it does not encode."""
    for number, way in enumerate(WAYS):
        took_ms(address, way, sent[number])
    took: dict[tuple[str, str], list[float]] = {way: [] for way in WAYS}
    for number, clip in enumerate(sent[len(WAYS) :]):
        way = WAYS[number % len(WAYS)]
        took[way].append(took_ms(address, way, clip))
    return took


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="clips for each way (default 50)")
    asked = parser.parse_args()
    rounds = 2 if asked.smoke else asked.rounds
    report = Report("draft", asked.out)
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=asked.out) as folder, served(Path(folder)) as address:
        took = measured(address, clips(asked.out, (rounds + 1) * len(WAYS)))
    rows = [[path, granularity, Spread.of(times), f"{max(times):.0f}"] for (path, granularity), times in took.items()]
    report.publish(
        [
            f"{rounds} clips of {SECONDS:g} s for each way, 16-bit WAV, by turns over one kept connection, no clip "
            "twice, by `compact`; ms until the whole answer is read, median (10th to 90th percentile):",
            table(["address", "granularity", "ms", "slowest"], rows),
        ],
        {f"{path}, {granularity}": times for (path, granularity), times in took.items()},
    )


if __name__ == "__main__":
    main()
