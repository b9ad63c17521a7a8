"""Two people in one recording: each is heard for itself, and both at once are marked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import emovec_db
from emovec_db.api.schemas.answers import Classification as ClassificationAnswer
from emovec_db.api.schemas.answers import Recording as RecordingAnswer
from emovec_db.api.schemas.matches import SearchResult
from emovec_db.database import Collection, Database
from emovec_db.documents import classification_document, recording_document, search_document
from emovec_db.domain.segmentation import Turn
from emovec_db.domain.sound import Waveform
from emovec_db.domain.timeline import Timeline
from emovec_db.errors import MissingPartError, QueryError, RecipeMismatchError
from emovec_db.speech import pauses
from tests.calls import agent, customer, holds_agent
from tests.conversations import Conversation, Knows, conversation
from tests.sounds import write


@pytest.fixture(autouse=True)
def _hears_what_hums(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parties hum, each at a pitch of its own: the detector is made to take that for speech."""

    def hear(waveform: Waveform) -> np.ndarray:
        steps = [waveform[start : start + 512] for start in range(0, len(waveform), 512)]
        return np.array([np.abs(step).max() > 0.05 for step in steps], np.float32)

    monkeypatch.setattr(pauses, "speech_probabilities", hear)


@pytest.fixture
def talk() -> Conversation:
    """The agent (angry to the fake encoder), the customer (neutral), both at once for 2 s, the agent again."""
    return conversation(
        (1, agent(4), 0), (0, customer(6), 1), (1, agent(5), -2), (0, customer(0.5), 0.2), (1, agent(3), 0.2)
    )


@pytest.fixture
def knows(talk: Conversation) -> Knows:
    return Knows([talk])


@pytest.fixture
def database(tmp_path: Path, knows: Knows, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr("emovec_db.bootstrap.load_diarizer", lambda _kind, _models_dir: knows)
    with emovec_db.open(tmp_path / "data", encoder="fake") as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path, talk: Conversation) -> Path:
    return write(tmp_path / "talk.wav", talk.waveform, subtype="FLOAT")


@pytest.fixture
def calls(database: Database, file: Path) -> Collection:
    collection = database.collection("calls")
    assert collection.ingest(file, diarize="campplus").ingested == 1
    return collection


def test_each_voice_is_heard_for_itself_and_both_at_once_are_marked(calls: Collection, talk: Conversation) -> None:
    recording, utterances = calls.recording(1), calls.utterances(1)
    spans = [(round(one.start_s, 1), round(one.end_s, 1), one.voice) for one in utterances]
    assert spans == [(0, 4.1, "A"), (4.9, 9, "B"), (11, 14.1, "A"), (14.8, 17.9, "A")]
    (overlap,) = recording.left_out.overlaps
    assert (overlap.start_s, overlap.end_s) == pytest.approx((9, 11), abs=0.04)
    assert recording.left_out.fragments_s == pytest.approx(0.5, abs=0.1), "half a second is no utterance"
    both = sorted((*utterances, overlap), key=lambda one: one.start_s)
    assert all(before.end_s <= after.start_s for before, after in pairwise(both))
    heard_s = sum(one.end_s - one.start_s for one in utterances)
    assert heard_s + recording.left_out.total_s == pytest.approx(recording.quality.duration_s)

    for one in utterances:
        sound = talk.waveform[round(one.start_s * 16_000) : round(one.end_s * 16_000)]
        assert holds_agent(sound) == (one.voice == "A")
        assert one.prediction.label == ("angry" if one.voice == "A" else "neutral")
    assert calls.audit().max_embedding_deviation == 0
    assert calls.check().consistent
    recipe = calls.summary().collection.generation.recipe
    assert (recipe.diarization, recipe.voices) == ("campplus-1@000000000000", None)


def test_each_voice_is_summed_up(calls: Collection) -> None:
    voices = Timeline(calls.utterances(1)).by_voice()
    assert {voice: own.summary().label for voice, own in voices.items()} == {"A": "angry", "B": "neutral"}
    assert voices["A"].time_shares()["angry"] == voices["B"].time_shares()["neutral"] == 1
    document = recording_document(calls.recording(1), calls.utterances(1), ())
    RecordingAnswer.model_validate(document)
    assert [(one["voice"], one["label"], list(one["strongest"])) for one in document["voices"]] == [
        ("A", "angry", ["angry"]),
        ("B", "neutral", ["neutral"]),
    ]
    assert document["left_out"]["overlap_s"] == pytest.approx(2, abs=0.05)
    assert len(document["overlaps"]) == 1


def test_a_match_tells_whose_it_is(calls: Collection, tmp_path: Path) -> None:
    matches = calls.similar(write(tmp_path / "agent.wav", agent(3)), k=4)
    assert [match.utterance.voice for match in matches] == ["A", "A", "A", "B"]
    document = search_document(matches)
    SearchResult.model_validate(document)
    assert document["matches"][3]["voice"] == "B"


def test_classifying_gives_the_utterances_that_are_stored(calls: Collection, database: Database, file: Path) -> None:
    stored = [(one.start_s, one.end_s, one.voice) for one in calls.utterances(1)]
    for heard in (calls.classify(file), database.classify(file, diarize="campplus")):
        assert [(one.start_s, one.end_s, one.voice) for one in heard.timeline.utterances] == stored
        assert heard.left_out == calls.recording(1).left_out
        ClassificationAnswer.model_validate(classification_document("talk.wav", heard, "utterance"))
    assert {one.voice for one in database.classify(file).timeline.utterances} == {None}


def test_the_same_sound_in_another_file_has_the_same_voices(calls: Collection, file: Path, knows: Knows) -> None:
    calls.ingest(write(file.with_name("twin.wav"), calls_sound(file), subtype="DOUBLE"))
    assert [one.voice for one in calls.utterances(2)] == [one.voice for one in calls.utterances(1)]
    assert calls.recording(2).left_out == calls.recording(1).left_out


def calls_sound(file: Path) -> Waveform:
    import soundfile

    sound: Waveform = soundfile.read(file, dtype="float32")[0]
    return sound


def test_how_many_voices_there_are_is_told(database: Database, file: Path, knows: Knows) -> None:
    calls = database.collection("calls")
    calls.ingest(file, diarize="campplus", voices=2)
    assert knows.asked == [2]
    assert calls.summary().collection.generation.recipe.voices == 2
    calls.classify(file.with_name("talk.wav"))
    with pytest.raises(RecipeMismatchError, match=r"apart by campplus, 2 of them, not with .* campplus, 3 of them"):
        calls.ingest(file, diarize="campplus", voices=3)
    assert calls.ingest(file, diarize="campplus").unchanged == calls.ingest(file).unchanged == 1


def test_recordings_whose_voices_were_told_apart_meet_no_others(
    calls: Collection, database: Database, file: Path
) -> None:
    with pytest.raises(RecipeMismatchError, match="apart by campplus, not with voices told apart by pyannote"):
        calls.ingest(file, diarize="pyannote")
    plain = database.collection("plain")
    plain.ingest(file)
    assert {one.voice for one in plain.utterances(2)} == {None}
    with pytest.raises(RecipeMismatchError, match="'plain' was made without telling voices apart, not with voices"):
        plain.ingest(file, diarize="campplus")


def test_other_weights_are_refused(calls: Collection, database: Database, file: Path, knows: Knows) -> None:
    knows.name = "campplus-1@ffffffffffff"
    with pytest.raises(RecipeMismatchError, match=r"apart by campplus-1@0{12}, and here is campplus-1@f{12}"):
        calls.classify(file)
    assert len(calls.similar_by_id(1)) == 3, "what is stored is searched without a diarizer"


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"diarize": "whisper"}, "unknown diarizer 'whisper'; expected one of: campplus, pyannote"),
        ({"voices": 2}, "not who tells them apart"),
        ({"diarize": "campplus", "voices": 0}, "0 voices are asked for: expected 1 or more"),
        ({"diarize": "campplus", "segmentation": "windows"}, "between pauses, and windows-1 is asked for"),
    ],
)
def test_wishes_that_make_no_sense_make_no_collection(
    database: Database, file: Path, wishes: dict[str, object], said: str
) -> None:
    calls = database.collection("calls")
    with pytest.raises(QueryError, match=said):
        calls.ingest(file, **wishes)  # type: ignore[arg-type]
    assert not calls.exists()


@pytest.mark.parametrize(("kind", "said"), [("campplus", "weights of CAM"), ("pyannote", "weights of pyannote")])
def test_missing_weights_are_said_before_a_collection_is_made(tmp_path: Path, file: Path, kind: str, said: str) -> None:
    with emovec_db.open(tmp_path / "other", encoder="fake") as database:
        calls = database.collection("calls")
        with pytest.raises(MissingPartError, match=rf"{said}.* not there \(.*models.*into that folder"):
            calls.ingest(file, diarize=kind)
        assert not calls.exists()
        with pytest.raises(MissingPartError, match=said):
            database.classify(file, diarize=kind)


def test_a_voice_has_no_role_so_a_policy_still_wants_to_know(
    database: Database, file: Path, talk: Conversation, tmp_path: Path, knows: Knows
) -> None:
    calls = database.collection("calls")
    calls.create(diarize="campplus")
    calls.forbid_role("agent", reason="the law")
    two = np.stack([talk.waveform, talk.waveform], axis=1)
    mixed = write(tmp_path / "mixed.wav", two)
    assert calls.ingest(file).refused == 1
    assert calls.ingest(mixed, role="customer").refused == 1
    assert calls.ingest(write(tmp_path / "agent.wav", talk.waveform), role="agent").refused == 1
    assert knows.asked == [], "nobody listens to what is refused"
    assert calls.summary().recordings == 0


def test_another_encoder_hears_the_same_voices(calls: Collection, database: Database) -> None:
    before, left_out = calls.utterances(1), calls.recording(1).left_out
    calls.generations.reencode("compact")
    after = calls.utterances(1)
    assert [one.encoder.name for one in after] == ["compact"] * len(before)
    assert [(one.start_s, one.end_s, one.voice) for one in after] == [
        (one.start_s, one.end_s, one.voice) for one in before
    ]
    assert calls.recording(1).left_out == left_out
    with pytest.raises(QueryError, match="between pauses, and windows-1 is asked for"):
        calls.generations.reencode("fake", segmentation="windows")


def test_where_nobody_is_heard_alone_the_recording_fails(database: Database, tmp_path: Path, knows: Knows) -> None:
    both = conversation((0, agent(12), 0), (1, customer(12), -12))
    assert both.turns == (Turn(0, 12, 0), Turn(0, 12, 1))
    knows.told = [both]
    report = database.collection("calls").ingest(write(tmp_path / "both.wav", both.waveform), diarize="campplus")
    assert (report.ingested, report.failed) == (0, 1)
    assert "nobody speaks alone for 1 s (12 s of it several voices at once)" in report.errors[0].message
