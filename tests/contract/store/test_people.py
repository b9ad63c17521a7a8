"""The database takes for a person whom the code does."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from emovec_db.domain.collection import Collection
from emovec_db.domain.person import person_of
from emovec_db.domain.recording import ROLES
from emovec_db.store.store import Store
from tests.stored import PROVENANCE, recording, utterance


def test_whoever_is_told_to_speak_is_taken_for_the_same_person(store: Store, calls: Collection) -> None:
    told = list(product([None, "s1"], [None, "c1"], [None, *ROLES], [None, "A"]))
    with store.write() as unit:
        for number, (speaker, customer, role, voice) in enumerate(told):
            heard = [replace(utterance(number), voice=voice)]
            new = recording(f"{number}", utterances=heard, speaker=speaker, customer=customer, role=role)
            unit.recordings.add(calls, new, PROVENANCE)
    with store.read() as unit:
        (vectors,) = unit.utterances.all_vectors(calls)
    assert vectors.people.tolist() == [
        person_of(speaker=speaker, customer=customer, role=role, voice=voice) for speaker, customer, role, voice in told
    ]
    assert {*vectors.people} == {None, "speaker:s1", "customer:c1"}
