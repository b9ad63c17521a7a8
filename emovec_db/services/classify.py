"""Emotion of a recording that need not be stored, and how near two recordings are."""

from __future__ import annotations

import numpy as np

from emovec_db.domain.classification import Classification
from emovec_db.domain.query import Heard
from emovec_db.domain.sound import Sound
from emovec_db.services.encoding import SoundEncoder
from emovec_db.services.methods import Method
from emovec_db.spaces.protocol import Space


def classify(
    method: Method, sounds: SoundEncoder, sound: Sound, *, frames: bool, frame_embeddings: bool = False
) -> Classification:
    """Nine scores for the whole sound and, if asked, for each of its frames, with each frame's embedding if asked."""
    sound = method.cleaned(sound)
    encoded = sounds.encode(method, [sound])[0]
    return Classification(
        prediction=encoded.summary,
        embedding=encoded.embedding,
        encoder_id=method.encoder.identity.encoder_id,
        encoder_notice=method.encoder.notice,
        sound=sound,
        timeline=encoded.timeline,
        left_out=encoded.left_out,
        frames=method.encoder.encode_frames(
            sound.waveform, pauses_s=encoded.timeline.pauses_s(), embeddings=frame_embeddings
        )
        if frames or frame_embeddings
        else None,
    )


def compare(method: Method, sounds: SoundEncoder, space: Space, first: Sound, second: Sound) -> float:
    """Similarity of two sounds in a space, -1..1."""
    encoded = sounds.encode(method, [first, second])
    embeddings = np.stack([one.embedding for one in encoded])
    scores = np.array([one.summary.scores for one in encoded], dtype=np.float32)
    vectors = space.project(Heard.by_nobody_known(embeddings, scores))
    return float(np.clip(vectors[0] @ vectors[1], -1.0, 1.0))
