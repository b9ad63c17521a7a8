"""Classify, compare, search, cluster, profile."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import numpy as np
import pytest
import soundfile
from flask import url_for
from werkzeug.datastructures import MultiDict

from emovec_db.api.app import EmovecApp
from emovec_db.api.schemas.answers import Classification, Clustering, ClusteringPage, Deletion, EncoderInUse
from emovec_db.api.schemas.matches import BatchResult, SearchResult, Similarity
from emovec_db.api.schemas.overviews import Counts, TrajectoryResult
from emovec_db.api.schemas.profiles import CustomerComparison, CustomerPage, Profile
from emovec_db.emotions import LABELS
from tests.api.requests import COLLECTION, Api, checked, failed, file, wav
from tests.sounds import tone


@pytest.fixture
def stored(api: Api) -> dict[float, int]:
    """Recording id by pitch: five recordings of two customers."""
    return {
        hz: api.stored_id(wav(hz), customer="low" if hz < 700 else "high", recorded_at=f"2026-03-{day:02}")
        for day, hz in enumerate((200, 400, 600, 800, 1000), start=1)
    }


@pytest.mark.parametrize("path", ["predictions", "searches", "trajectories", "similarities", "recordings"])
def test_a_text_is_no_recording(api: Api, path: str) -> None:
    response = api.client.post(
        f"{COLLECTION}/{path}", data={"recording": "call.wav"}, content_type="multipart/form-data"
    )
    assert "recording: expected a file, got a text" in failed(response, 422, "invalid")["message"]


def test_classify_by_utterance(api: Api, stored: dict[float, int]) -> None:
    response = api.client.post(f"{COLLECTION}/predictions", data={"recording": file(wav(800), "x/y/z.wav")})
    answer = checked(response, 200, Classification)
    assert (answer["file"], answer["label"], answer["granularity"]) == ("z.wav", LABELS[3], "utterance")
    assert sum(answer["scores"].values()) == pytest.approx(1, abs=1e-5)
    assert "frames" not in answer
    assert answer["encoder"] == checked(api.client.get("/v1/encoder"), 200, EncoderInUse)["encoder"]


def test_classify_by_frame(api: Api, stored: dict[float, int]) -> None:
    data = {"recording": file(wav(800, seconds=1)), "granularity": "frame"}
    answer = checked(api.client.post(f"{COLLECTION}/predictions", data=data), 200, Classification)
    assert answer["frames"]["hz"] == 50
    assert np.shape(answer["frames"]["scores"]) == (50, 9)
    assert set(np.argmax(answer["frames"]["scores"], axis=1)) == {3}


def test_a_bad_recording_is_told_by_the_name_that_was_sent(api: Api, stored: dict[float, int]) -> None:
    response = api.client.post(f"{COLLECTION}/predictions", data={"recording": file(b"no sound" * 100, "notes.wav")})
    problem = failed(response, 422, "not_audio")
    assert "notes.wav" in problem["message"]
    assert "emovec-upload" not in str(problem)


def test_uploads_leave_no_files(
    api: Api, stored: dict[float, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    assert api.client.post(f"{COLLECTION}/predictions", data={"recording": file(wav(200))}).status_code == 200
    assert api.client.post(f"{COLLECTION}/predictions", data={"recording": file(b"x" * 5000)}).status_code == 422
    assert list(folder.iterdir()) == []


def test_compare(api: Api) -> None:
    def similarity(first: float, second: float, space: str) -> float:
        data = MultiDict([("recording", file(wav(first))), ("recording", file(wav(second))), ("space", space)])
        answer = checked(api.client.post(f"{COLLECTION}/similarities", data=data), 200, Similarity)
        assert answer["space"] == space
        return float(answer["similarity"])

    assert similarity(200, 200, "embedding") == pytest.approx(1, abs=1e-5)
    assert similarity(200, 400, "embedding") == pytest.approx(0, abs=0.01)
    # Bhattacharyya coefficient of (.92, .01, 7 x .01) and (.01, .92, 7 x .01)
    assert similarity(200, 400, "scores") == pytest.approx(2 * (0.92 * 0.01) ** 0.5 + 0.07, abs=1e-3)


def test_compare_wants_two(api: Api) -> None:
    failed(api.client.post(f"{COLLECTION}/similarities", data={"recording": file(wav(200))}), 422, "invalid")


def test_search_by_recording(api: Api, stored: dict[float, int]) -> None:
    data = {"recording": file(wav(600, level=0.2)), "k": "2", "space": "embedding"}
    answer = checked(api.client.post(f"{COLLECTION}/searches", data=data), 200, SearchResult)
    assert len(answer["matches"]) == 2
    assert answer["matches"][0]["recording_id"] == stored[600]
    assert answer["matches"][0]["similarity"] == pytest.approx(1, abs=1e-3)
    assert answer["matches"][0]["same"] == {"recording": None, "customer": None, "speaker": None}
    data = {"recording": file(wav(600)), "recording_customer": "low", "recording_speaker": "s1", "k": "5"}
    answer = checked(api.client.post(f"{COLLECTION}/searches", data=data), 200, SearchResult)
    assert sorted(match["same"]["customer"] for match in answer["matches"]) == [False, False, True, True, True]


def test_search_by_utterance_leaves_it_out(api: Api, stored: dict[float, int]) -> None:
    (utterance,) = api.client.get(f"{COLLECTION}/recordings/{stored[600]}").json["utterances"]
    body = {"utterance_id": utterance["utterance_id"], "space": "scores"}
    answer = checked(api.client.post(f"{COLLECTION}/searches", json=body), 200, SearchResult)
    assert answer["space"] == "scores"
    assert sorted(match["recording_id"] for match in answer["matches"]) == sorted(set(stored.values()) - {stored[600]})


def test_search_by_what_is_stored(api: Api, stored: dict[float, int]) -> None:
    def found(**body: object) -> list[int]:
        answer = checked(api.client.post(f"{COLLECTION}/searches", json=body), 200, SearchResult)
        return [match["recording_id"] for match in answer["matches"]]

    by_recording = {}
    for recording_id in stored.values():
        (utterance,) = api.client.get(f"{COLLECTION}/recordings/{recording_id}").json["utterances"]
        by_recording[recording_id] = utterance["utterance_id"]
    others = set(stored.values()) - {stored[600]}
    assert set(found(recording_id=stored[600])) == others
    assert set(found(like=[by_recording[stored[600]]], unlike=[by_recording[stored[200]]])) == others - {stored[200]}
    assert set(found(of_customer="low")) == set(stored.values())
    assert len(found(of_customer="low", per_recording=1)) == len(stored)
    body = {"of_customer": "low", "exact": True, "diversify": True, "group_by": "customer", "per_group": 2}
    answer = checked(api.client.post(f"{COLLECTION}/searches", json=body), 200, SearchResult)
    assert answer["matches"] == []
    assert [(group["customer"], len(group["matches"])) for group in answer["groups"]] == [("low", 2), ("high", 2)]
    answer = checked(api.client.post(f"{COLLECTION}/searches", json={"scores": {"happy": 1}}), 200, SearchResult)
    assert answer["space"] == "scores"
    similarities = [match["scores"]["happy"] ** 0.5 for match in answer["matches"]]
    assert [match["similarity"] for match in answer["matches"]] == pytest.approx(similarities, abs=1e-5)


def test_every_search_may_say_what_matches_should_not_be_like(api: Api, stored: dict[float, int]) -> None:
    kept = [stored[hz] for hz in (400, 800, 1000)]
    against = [_utterance(api, stored[hz]) for hz in (200, 600)]
    vector = np.eye(16, dtype="<f4")[0]
    draft = api.send(f"{COLLECTION}/drafts", {"recording": file(wav(600))}).json["token"]

    def found(**request: Any) -> dict[int, float]:
        answer = checked(api.client.post(f"{COLLECTION}/searches", **request), 200, SearchResult)
        return {match["recording_id"]: match["similarity"] for match in answer["matches"]}

    for body in (
        {"of_customer": "low"},
        {"scores": {"happy": 1}},
        {"embedding": vector.tolist()},
        {"draft": draft},
        {"draft": draft, "start_s": 0.5},
    ):
        assert sorted(found(json={**body, "unlike": against})) == kept
        assert len(found(json=body)) == len(stored)
    assert sorted(found(json={"recording_id": stored[1000], "unlike": against})) == kept[:2]
    assert sorted(found(json={"utterance_id": _utterance(api, stored[1000]), "unlike": against})) == kept[:2]
    form = MultiDict(
        [("recording", file(wav(600))), ("space", "embedding"), *(("unlike", str(one)) for one in against)]
    )
    assert sorted(found(data=form)) == kept
    asked = {"unlike": against, "k": "3"}
    by_bytes = found(data=vector.tobytes(), content_type="application/octet-stream", query_string=asked)
    assert by_bytes == found(json={"embedding": vector.tolist(), "unlike": against})


def test_a_form_says_it_by_ids(api: Api, stored: dict[float, int]) -> None:
    for wrong, status, code in (("x", 422, "invalid"), ("999", 404, "not_found")):
        data = {"recording": file(wav(600)), "unlike": wrong}
        failed(api.client.post(f"{COLLECTION}/searches", data=data), status, code)
    data = {"recording": file(wav(600)), "unlike": ""}
    assert len(checked(api.client.post(f"{COLLECTION}/searches", data=data), 200, SearchResult)["matches"]) == len(
        stored
    )


def _utterance(api: Api, recording_id: int) -> int:
    (utterance,) = api.client.get(f"{COLLECTION}/recordings/{recording_id}").json["utterances"]
    return int(utterance["utterance_id"])


def test_conditions_choose_in_lists_searches_and_clusterings(api: Api, stored: dict[float, int]) -> None:
    asked = {"where": "customer = low and recorded_at >= 2026-03-02"}
    listed = api.client.get(f"{COLLECTION}/recordings", query_string=asked).json["items"]
    assert {one["recording_id"] for one in listed} == {stored[400], stored[600]}
    body = {"scores": {"happy": 1}, "filter": asked}
    answer = checked(api.client.post(f"{COLLECTION}/searches", json=body), 200, SearchResult)
    assert {match["recording_id"] for match in answer["matches"]} == {stored[400], stored[600]}
    made = api.client.post(f"{COLLECTION}/clusterings", json={"k": 1, "filter": asked}).json
    assert made["filter"] == {"where": "customer = low and recorded_at >= 2026-03-02T00:00:00+00:00"}
    again = api.client.get(f"{COLLECTION}/clusterings/{made['clustering_id']}").json
    assert again["filter"] == made["filter"]
    refused = api.client.get(f"{COLLECTION}/recordings", query_string={"where": "customer ="})
    failed(refused, 400, "bad_query")
    assert "at character 11" in refused.json["message"]


def test_counts(api: Api, stored: dict[float, int]) -> None:
    asked = {"by": ["label", "customer"], "where": "customer = low and recorded_at >= 2026-03-02"}
    answer = checked(api.client.get(f"{COLLECTION}/counts", query_string=asked), 200, Counts)
    assert (answer["utterances"], answer["recordings"]) == (2, 2)
    assert answer["facets"]["customer"] == [{"value": "low", "utterances": 2, "recordings": 2}]
    assert sum(one["utterances"] for one in answer["facets"]["label"]) == 2
    failed(api.client.get(f"{COLLECTION}/counts", query_string={"by": "colour"}), 422, "invalid")


def test_search_by_embedding_with_filter(api: Api, stored: dict[float, int]) -> None:
    embedding = [0.0] * 16
    embedding[0] = 2.0
    body = {"embedding": embedding, "k": 3, "filter": {"customer": "low", "since": "2026-03-02"}}
    answer = checked(api.client.post(f"{COLLECTION}/searches", json=body), 200, SearchResult)
    assert {match["recording_id"] for match in answer["matches"]} == {stored[400], stored[600]}
    body = {"embedding": embedding, "min_similarity": 0.9}
    answer = checked(api.client.post(f"{COLLECTION}/searches", json=body), 200, SearchResult)
    assert [match["recording_id"] for match in answer["matches"]] == [stored[200]]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"utterance_id": 1, "embedding": [1.0]}, 422, "invalid"),
        ({"recording_id": 1, "scores": {"angry": 1}}, 422, "invalid"),
        ({"unlike": [1]}, 422, "invalid"),
        ({"utterance_id": 1, "unlike": [999]}, 404, "not_found"),
        ({"utterance_id": 1, "unlike": [1]}, 400, "bad_query"),
        ({"scores": {"angry": 1}, "unlike": [999]}, 404, "not_found"),
        ({"scores": {"angry": 1}, "unlike": [0]}, 422, "invalid"),
        ({"scores": {"angry": 1}, "unlike": 1}, 422, "invalid"),
        ({"scores": {"angry": 1}, "unlike": [1] * 1001}, 422, "invalid"),
        ({"scores": {"cross": 1}}, 422, "invalid"),
        ({"scores": {"angry": 0}}, 400, "bad_query"),
        ({"scores": {"angry": 1}, "exclude_same": "customer"}, 400, "bad_query"),
        ({"utterance_id": 1, "exclude_same": "voice"}, 422, "invalid"),
        ({"of_customer": "nobody"}, 404, "not_found"),
        ({"recording_id": 999}, 404, "not_found"),
        ({"utterance_id": 1, "k": 0}, 422, "invalid"),
        ({"utterance_id": 1, "diversify": 2}, 422, "invalid"),
        ({"utterance_id": 1, "group_by": "speaker"}, 422, "invalid"),
        ({"utterance_id": 1, "group_by": "customer", "per_customer": 1}, 400, "bad_query"),
        ({"utterance_id": 1, "kk": 1}, 422, "invalid"),
        ({"utterance_id": 1, "filter": {"label": "cross"}}, 422, "invalid"),
        ({"utterance_id": 2**70}, 422, "invalid"),
        ({"utterance_id": 999}, 404, "not_found"),
        ({"embedding": [1.0, 2.0]}, 400, "bad_query"),
        ({"embedding": [1.0] * 16, "space": "scores"}, 400, "bad_query"),
        ({"utterance_id": 1, "filter": {"since": "soon"}}, 400, "bad_query"),
        ([1], 422, "invalid"),
    ],
)
def test_questions_that_make_no_sense(api: Api, stored: dict[float, int], body: object, status: int, code: str) -> None:
    failed(api.client.post(f"{COLLECTION}/searches", json=body), status, code)


def test_a_body_that_is_no_json(api: Api) -> None:
    url = f"{COLLECTION}/searches"
    failed(api.client.post(url, data="{", content_type="application/json"), 400, "bad_request")
    failed(api.client.post(url, data='{"k": NaN}', content_type="application/json"), 400, "bad_request")
    failed(api.client.post(url, data="[" * 100_000, content_type="application/json"), 400, "bad_request")
    failed(api.client.post(url, data="k=1", content_type="text/plain"), 415, "unsupported_media_type")


def test_cluster_is_stored(api: Api, stored: dict[float, int]) -> None:
    response = api.client.post(f"{COLLECTION}/clusterings", json={"k": 2, "seed": 7, "filter": {"customer": "low"}})
    run = checked(response, 201, Clustering)
    assert (run["k"], run["seed"], run["utterances"], run["filter"]) == (2, 7, 3, {"customer": "low"})
    assert sorted(cluster["size"] for cluster in run["clusters"]) == [1, 2]
    assert checked(api.client.get(response.headers["Location"]), 200, Clustering) == run
    assert checked(api.client.get(f"{COLLECTION}/clusterings"), 200, ClusteringPage)["items"] == [run]
    failed(api.client.get(f"{COLLECTION}/clusterings/999"), 404, "not_found")


def test_more_clusters_than_utterances(api: Api, stored: dict[float, int]) -> None:
    failed(api.client.post(f"{COLLECTION}/clusterings", json={"k": 6}), 400, "bad_query")


def test_profile(api: Api, stored: dict[float, int]) -> None:
    url = f"{COLLECTION}/customers/low/profile"
    answer = checked(api.client.get(f"{url}?period=day&examples=1"), 200, Profile)
    assert (answer["customer"], answer["recordings"]) == ("low", 3)
    assert answer["labels"] == pytest.approx(dict.fromkeys(LABELS[:3], 1 / 3))
    assert [point["start"][:10] for point in answer["trend"]] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert len(answer["typical"]) == 1
    later = checked(api.client.get(f"{url}?since=2026-03-03"), 200, Profile)
    assert later["recordings"] == 1
    assert "low" in failed(api.client.get(f"{COLLECTION}/customers/nobody/profile"), 404, "not_found")["message"]


def test_a_customer_may_have_a_slash(api: Api) -> None:
    api.stored_id(wav(200), customer="north/c 1")
    answer = checked(api.client.get(f"{COLLECTION}/customers/north/c%201/profile"), 200, Profile)
    assert answer["customer"] == "north/c 1"


@pytest.mark.parametrize("name", ["a/b", "a//b", "/a/b", "a/b/", "x/../a/b", "../customers/a/b", "a?b#c", "100%25"])
def test_a_name_is_never_taken_for_another(app: EmovecApp, api: Api, name: str) -> None:
    """What browsers and routers make of dots and slashes must not lead to somebody else."""
    api.stored_id(wav(200), customer="b")
    if name != "a/b":
        api.stored_id(wav(400), customer="a/b")
    api.stored_id(wav(600), customer=name)
    with app.test_request_context():
        address = url_for("customers.delete_customer", name="default", customer=name)
    assert urljoin(f"http://here{COLLECTION}/customers/b", address) == f"http://here{address}", "nothing to normalise"
    assert checked(api.client.get(f"{address}/profile"), 200, Profile)["customer"] == name
    assert checked(api.client.delete(address), 200, Deletion)["recordings"] == 1
    left = checked(api.client.get(f"{COLLECTION}/customers"), 200, CustomerPage)["items"]
    assert [one["customer"] for one in left] == (["b"] if name == "a/b" else ["a/b", "b"])


@pytest.mark.parametrize("name", [".", ".."])
def test_a_name_that_no_address_has_is_refused(api: Api, name: str) -> None:
    sent = api.send(f"{COLLECTION}/recordings", {"recording": file(wav(200)), "customer": name})
    assert "no address can name" in failed(sent, 400, "bad_query")["message"]


def test_customers_at_a_glance(api: Api, stored: dict[float, int]) -> None:
    url = f"{COLLECTION}/customers"
    first = checked(api.client.get(f"{url}?sort=recordings&limit=1"), 200, CustomerPage)
    (low,) = first["items"]
    assert (low["customer"], low["recordings"], low["duration_s"]) == ("low", 3, 6)
    assert low["trend"]["direction"] == "unknown"
    assert [week["recordings"] for week in low["trend"]["weeks"]] == [3]
    cursor = first["next_cursor"]
    second = checked(
        api.client.get(url, query_string={"sort": "recordings", "limit": 1, "cursor": cursor}), 200, CustomerPage
    )
    assert ([one["customer"] for one in second["items"]], second["next_cursor"]) == (["high"], None)
    found = checked(api.client.get(f"{url}?containing=HI"), 200, CustomerPage)["items"]
    assert [one["customer"] for one in found] == ["high"]
    failed(api.client.get(url, query_string={"sort": "name", "cursor": cursor}), 400, "bad_query")
    failed(api.client.get(f"{url}?sort=colour"), 422, "invalid")
    failed(api.client.get(f"{url}?limit=501"), 422, "invalid")


def test_a_profile_as_a_table(api: Api) -> None:
    api.stored_id(wav(200), customer="=1+1/李", recorded_at="2026-03-01")
    url = f"{COLLECTION}/customers/%3D1%2B1/%E6%9D%8E/profile"
    response = api.client.get(f"{url}?format=csv")
    assert (response.status_code, response.content_type) == (200, "text/csv; charset=utf-8")
    name = "emovec-_1_1_%E6%9D%8E.csv"
    assert response.headers["Content-Disposition"] == f"attachment; filename=emovec-_1_1_.csv; filename*=UTF-8''{name}"
    rows = list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"))))
    assert {row["customer"] for row in rows} == {"'=1+1/李"}
    profile = checked(api.client.get(url), 200, Profile)
    scores = {row["name"]: float(row["value"]) for row in rows if row["section"] == "score"}
    assert scores == {label: estimate["mean"] for label, estimate in profile["scores"].items()}
    failed(api.client.get(f"{url}?format=xlsx"), 422, "invalid")


def test_what_is_recent_in_a_profile(api: Api, stored: dict[float, int]) -> None:
    url = f"{COLLECTION}/customers/low/profile"
    change = checked(api.client.get(f"{url}?recent_since=2026-03-02"), 200, Profile)["change"]
    assert (change["since"], change["recordings"], change["baseline_recordings"]) == ("2026-03-02T00:00:00Z", 2, 1)
    assert {one["verdict"] for one in change["scores"].values()} == {"too_few"}
    failed(api.client.get(f"{url}?recent_since=yesterday"), 400, "bad_query")


def test_two_customers_side_by_side(api: Api, stored: dict[float, int]) -> None:
    api.stored_id(wav(1200), customer="north/c 1")
    url = f"{COLLECTION}/customer-comparisons"
    answer = checked(
        api.client.get(url, query_string={"first": "low", "second": "north/c 1", "period": "day"}),
        200,
        CustomerComparison,
    )
    assert [answer[side]["customer"] for side in ("first", "second")] == ["low", "north/c 1"]
    assert [point["recordings"] for point in answer["first"]["trend"]] == [1, 1, 1]
    assert answer["second"]["change"] is None
    assert set(answer["differences"]) == set(LABELS)
    assert -1 <= answer["similarity"] <= 1
    table = api.client.get(f"{url}?first=low&second=high&format=csv")
    assert (table.status_code, table.content_type) == (200, "text/csv; charset=utf-8")
    assert table.headers["Content-Disposition"] == "attachment; filename=emovec-low-high.csv"
    rows = list(csv.DictReader(io.StringIO(table.data.decode("utf-8-sig"))))
    assert {row["customer"] for row in rows} == {"low", "high"}
    failed(api.client.get(f"{url}?first=low&second=nobody"), 404, "not_found")
    failed(api.client.get(f"{url}?first=low&second=low"), 400, "bad_query")
    failed(api.client.get(f"{url}?first=low"), 422, "invalid")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/recordings",
        "/recordings/1",
        "/customers",
        "/clusterings",
        "/failures",
        "/customers/c/profile",
        "/customer-comparisons?first=a&second=b",
    ],
)
def test_an_absent_collection(api: Api, address: str) -> None:
    assert "nosuch" in failed(api.client.get(f"/v1/collections/nosuch{address}"), 404, "not_found")["message"]


@pytest.fixture
def rising(api: Api) -> dict[str, int]:
    """Ids of a recording that turns from neutral to angry, of one twice as slow, and of one the other way round."""

    def stored(*stretches: tuple[int, float]) -> int:
        hum = np.concatenate([tone(hz, seconds) for hz, seconds in stretches])
        content = io.BytesIO()
        soundfile.write(content, hum, 16_000, format="WAV", subtype="PCM_16")
        return api.stored_id(content.getvalue(), customer="c7")

    return {
        "rises": stored((1000, 6.0), (200, 6.0)),
        "slowly": stored((1000, 11.0), (200, 11.0)),
        "falls": stored((200, 6.0), (1000, 6.0)),
    }


def test_trajectories_by_a_pattern(api: Api, rising: dict[str, int]) -> None:
    body = {"pattern": "neutral > angry 5s", "k": 1, "filter": {"customer": "c7"}}
    answer = checked(api.client.post(f"{COLLECTION}/trajectories", json=body), 200, TrajectoryResult)
    (match,) = answer["matches"]
    assert (answer["pattern"], match["recording_id"]) == ("neutral > angry 5s", rising["rises"])
    assert [(part["part"], part["start_s"], part["end_s"]) for part in match["parts"]] == [
        ("neutral", 0.0, 6.0), ("angry", 6.0, 12.0),
    ]  # fmt: skip
    assert match["clarity"] > 0.85
    body = {"pattern": "neutral > angry 5s", "min_clarity": 1}
    assert checked(api.client.post(f"{COLLECTION}/trajectories", json=body), 200, TrajectoryResult)["matches"] == []


def test_trajectories_like_a_recording(api: Api, rising: dict[str, int]) -> None:
    body = {"recording_id": rising["rises"], "k": 5}
    answer = checked(api.client.post(f"{COLLECTION}/trajectories", json=body), 200, TrajectoryResult)
    assert [part["part"] for part in answer["course"]] == ["neutral", "angry"]
    assert [match["recording_id"] for match in answer["matches"]] == [rising["slowly"], rising["falls"]]
    response = api.send(f"{COLLECTION}/trajectories", {"recording": file(wav(200, seconds=6)), "stretch": "2"})
    answer = checked(response, 200, TrajectoryResult)
    assert [part["part"] for part in answer["course"]] == ["angry"]
    assert {match["recording_id"] for match in answer["matches"]} == {rising["rises"], rising["falls"]}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"pattern": "angry", "recording_id": 1}, 422, "invalid"),
        ({"pattern": "angry", "stretch": 2}, 422, "invalid"),
        ({"recording_id": 1, "min_clarity": 0.5}, 422, "invalid"),
        ({"pattern": "angry", "min_clarity": 2}, 422, "invalid"),
        ({"pattern": "anger"}, 400, "bad_query"),
        ({"pattern": "angry", "filter": {"since": "soon"}}, 400, "bad_query"),
        ({"recording_id": 999}, 404, "not_found"),
    ],
)
def test_trajectories_that_make_no_sense(
    api: Api, stored: dict[float, int], body: object, status: int, code: str
) -> None:
    failed(api.client.post(f"{COLLECTION}/trajectories", json=body), status, code)


def _as_npy(vector: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, vector)
    return file.getvalue()


def test_an_embedding_may_be_the_body(api: Api, stored: dict[float, int]) -> None:
    vector = np.zeros(16)
    vector[0] = 2.0
    body = {"embedding": vector.tolist(), "k": 3, "filter": {"customer": "low", "metadata": {}}}
    wanted = checked(api.client.post(f"{COLLECTION}/searches", json=body), 200, SearchResult)
    assert len(wanted["matches"]) == 3
    asked = {"k": "3", "customer": "low", "exact": "true"}
    for content, mimetype in (
        (_as_npy(vector[None].astype(np.float16)), "application/x-npy"),
        (vector.astype("<f4").tobytes(), "application/octet-stream"),
    ):
        response = api.client.post(f"{COLLECTION}/searches", data=content, content_type=mimetype, query_string=asked)
        assert checked(response, 200, SearchResult) == wanted


@pytest.mark.parametrize(
    ("content", "mimetype", "status", "code"),
    [
        (b"", "application/x-npy", 400, "bad_query"),
        (b"no file", "application/x-npy", 400, "bad_query"),
        (_as_npy(np.ones(5, np.float32)), "application/x-npy", 400, "bad_query"),
        (_as_npy(np.full(16, np.nan)), "application/x-npy", 400, "bad_query"),
        (b"\0" * 63, "application/octet-stream", 400, "bad_query"),
        (b"\0" * 64, "application/octet-stream", 400, "bad_query"),
        (b"\0" * 80_001, "application/octet-stream", 413, "too_large"),
    ],
    ids=lambda value: f"{len(value)} bytes" if isinstance(value, bytes) else str(value),
)
def test_bytes_that_are_no_embedding(
    api: Api, stored: dict[float, int], content: bytes, mimetype: str, status: int, code: str
) -> None:
    failed(api.client.post(f"{COLLECTION}/searches", data=content, content_type=mimetype), status, code)


def test_options_are_in_the_address_of_bytes_only(api: Api, stored: dict[float, int]) -> None:
    url = f"{COLLECTION}/searches"
    failed(api.client.post(f"{url}?k=3", json={"scores": {"happy": 1}}), 422, "invalid")
    content = np.ones(16, "<f4").tobytes()
    for asked in ({"kk": "3"}, {"k": "0"}, {"exact": "perhaps"}):
        failed(
            api.client.post(url, data=content, content_type="application/octet-stream", query_string=asked),
            422,
            "invalid",
        )
    failed(
        api.client.post(f"{url}?space=scores", data=content, content_type="application/octet-stream"), 400, "bad_query"
    )


def test_a_batch_has_an_answer_or_an_error_for_each(api: Api, stored: dict[float, int]) -> None:
    queries: list[Any] = [
        {"recording_id": stored[600]},
        {"recording_id": 999},
        {"scores": {"happy": 1}},
        {"utterance_id": 1, "embedding": [1.0]},
        {"embedding": [1.0, 2.0]},
        {"like": [1], "unlike": [1]},
        {"recording_id": stored[600], "k": 3},
    ]
    asked = {"k": 2, "filter": {"customer": "low"}}
    response = api.client.post(f"{COLLECTION}/searches/batch", json={"queries": queries, **asked})
    outcomes = checked(response, 200, BatchResult)["answers"]
    codes = [outcome["error"] and outcome["error"]["code"] for outcome in outcomes]
    assert codes == [None, "not_found", None, "invalid", "bad_query", "bad_query", "invalid"]
    for at in (0, 2):
        alone = api.client.post(f"{COLLECTION}/searches", json={**queries[at], **asked})
        assert outcomes[at]["answer"] == checked(alone, 200, SearchResult)


def test_of_a_batch_each_may_say_what_its_matches_should_not_be_like_and_all_the_same(
    api: Api, stored: dict[float, int]
) -> None:
    one, other = _utterance(api, stored[200]), _utterance(api, stored[600])
    queries: list[dict[str, Any]] = [
        {"scores": {"happy": 1}, "unlike": [one]},
        {"embedding": [1.0] * 16},
        {"like": [_utterance(api, stored[800])], "unlike": [one]},
        {"of_customer": "low", "unlike": [999]},
        {"utterance_id": other},
    ]
    response = api.client.post(f"{COLLECTION}/searches/batch", json={"queries": queries, "unlike": [other]})
    outcomes = checked(response, 200, BatchResult)["answers"]
    codes = [outcome["error"] and outcome["error"]["code"] for outcome in outcomes]
    assert codes == [None, None, None, "not_found", "bad_query"]
    for query, outcome in zip(queries[:3], outcomes[:3], strict=True):
        body = {**query, "unlike": [*query.get("unlike", []), other]}
        alone = api.client.post(f"{COLLECTION}/searches", json=body)
        assert outcome["answer"] == checked(alone, 200, SearchResult)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"queries": []},
        {"queries": [{"utterance_id": 1}] * 101},
        {"queries": [1]},
        {"queries": [{"utterance_id": 1}], "k": 0},
    ],
)
def test_batches_that_make_no_sense(api: Api, stored: dict[float, int], body: object) -> None:
    failed(api.client.post(f"{COLLECTION}/searches/batch", json=body), 422, "invalid")


def test_a_batch_may_be_larger_than_other_bodies(api: Api, stored: dict[float, int]) -> None:
    queries = [{"embedding": [0.125] * 2_000} for _ in range(100)]
    response = api.client.post(f"{COLLECTION}/searches/batch", json={"queries": queries})
    outcomes = checked(response, 200, BatchResult)["answers"]
    assert {outcome["error"]["code"] for outcome in outcomes} == {"bad_query"}
    queries = [{"embedding": [0.125] * 20_000} for _ in range(100)]
    failed(api.client.post(f"{COLLECTION}/searches/batch", json={"queries": queries}), 413, "too_large")


def test_a_search_goes_on_where_it_ended(api: Api, stored: dict[float, int]) -> None:
    asked: dict[str, Any] = {"recording_id": stored[600], "space": "embedding", "k": 3}
    first = checked(api.client.post(f"{COLLECTION}/searches", json=asked), 200, SearchResult)
    asked["cursor"] = first["next_cursor"]
    second = checked(api.client.post(f"{COLLECTION}/searches", json=asked), 200, SearchResult)
    found = [match["recording_id"] for match in first["matches"] + second["matches"]]
    assert sorted(found) == sorted(set(stored.values()) - {stored[600]})
    assert second["next_cursor"] is None
    asked["cursor"] = "abc"
    failed(api.client.post(f"{COLLECTION}/searches", json=asked), 400, "bad_query")
