"""One recording: what was heard in it over time, how its sound is, where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template, request

from emovec_db.api.pages.choice import shown
from emovec_db.api.pages.warnings import warning
from emovec_db.domain.recording import Utterance
from emovec_db.domain.timeline import Heard, Timeline

#: utterances on one page of the table
PER_PAGE = 50
#: so many at most are regions of their own on the waveform; more are drawn as one strip
MAX_REGIONS = 400
#: stretches of the strip, each with the label that fills most of it
STRIP_STEPS = 800
#: stretches of several voices at once that are listed
MAX_OVERLAPS = 50


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the strip, in steps from the start, and what is heard most in it."""

    start: int
    steps: int
    label: str


@dataclass(frozen=True, slots=True)
class Part:
    """The utterances of one page of the table."""

    utterances: Sequence[Utterance]
    number: int
    count: int


def recording(recording_id: int) -> str:
    """Everything that is stored of it."""
    stored = shown()
    one, utterances = stored.recording(recording_id), stored.utterances(recording_id)
    duration_s = one.quality.duration_s
    has_regions = len(utterances) <= MAX_REGIONS
    return render_template(
        "recording.html",
        recording=one,
        siblings=stored.siblings(recording_id),
        timeline=Timeline(utterances),
        part=part_with(utterances, request.args.get("page", "1"), request.args.get("utterance", "")),
        regions=[_region(utterance) for utterance in utterances] if has_regions else [],
        strip=[] if has_regions else strip(utterances, duration_s),
        strip_steps=STRIP_STEPS,
        overlaps=one.left_out.overlaps[:MAX_OVERLAPS],
        warnings=[warning(code) for code in one.quality.warnings],
        encoder=utterances[0].encoder if utterances else None,
        provenance=utterances[0].provenance if utterances else None,
    )


def part_with(utterances: Sequence[Utterance], number: str, utterance_id: str) -> Part:
    """The page of this number, or of this utterance where it is one of them; what makes no sense is the first."""
    count = max(1, -(-len(utterances) // PER_PAGE))
    place = int(number) if number.isdecimal() and len(number) < 9 else 1
    for at, utterance in enumerate(utterances):
        if str(utterance.utterance_id) == utterance_id:
            place = at // PER_PAGE + 1
    place = min(max(place, 1), count)
    return Part(utterances[(place - 1) * PER_PAGE : place * PER_PAGE], place, count)


def strip(utterances: Sequence[Heard], duration_s: float) -> list[Block]:
    """The utterances in `STRIP_STEPS` equal steps, each with the label heard longest in it; neighbours as one block."""
    step_s = max(duration_s, 1e-9) / STRIP_STEPS
    heard_s: list[dict[str, float]] = [{} for _ in range(STRIP_STEPS)]
    for one in utterances:
        for step in range(max(0, int(one.start_s / step_s)), min(int(one.end_s / step_s), STRIP_STEPS - 1) + 1):
            within_s = min(one.end_s, (step + 1) * step_s) - max(one.start_s, step * step_s)
            label = one.prediction.label
            heard_s[step][label] = heard_s[step].get(label, 0.0) + max(within_s, 0.0)
    blocks: list[Block] = []
    for step, by_label in enumerate(heard_s):
        if not by_label:
            continue
        label = max(by_label, key=lambda each: by_label[each])
        last = blocks[-1] if blocks else None
        if last is not None and last.label == label and last.start + last.steps == step:
            blocks[-1] = Block(last.start, last.steps + 1, label)
        else:
            blocks.append(Block(step, 1, label))
    return blocks


def _region(utterance: Utterance) -> dict[str, float | int | str]:
    return {
        "id": utterance.utterance_id,
        "start": round(utterance.start_s, 3),
        "end": round(utterance.end_s, 3),
        "label": utterance.prediction.label,
        "confidence": round(utterance.prediction.confidence, 4),
    }
