"""Maps, picked utterances, and what is done with stored K-Means runs, over HTTP."""

from __future__ import annotations

import pytest

from emovec_db.api.schemas.answers import Clustering, Utterance
from emovec_db.api.schemas.groups import Agreement, Map, Selection, UtterancePage
from emovec_db.emotions import LABELS
from emovec_db.index import maps
from tests.api.requests import COLLECTION, Api, checked, failed, wav

COLUMNS = ("utterance_id", "recording_id", "x", "y", "label", "customer")


@pytest.fixture
def stored(api: Api) -> list[int]:
    """Ids of five recordings, two of them of customer `low`."""
    for number in range(5):
        customer = {"customer": "low"} if number < 2 else {"customer": "high"} if number < 4 else {}
        api.stored_id(wav(200 * (number + 1)), f"{number}.wav", **customer)
    return [one["recording_id"] for one in api.client.get(f"{COLLECTION}/recordings").json["items"][::-1]]


def run(api: Api, **asked: object) -> int:
    return int(api.client.post(f"{COLLECTION}/clusterings", json=asked).json["clustering_id"])


def test_a_map_is_columns_of_one_length(api: Api, stored: list[int]) -> None:
    clustering_id = run(api, k=2, filter={"customer": "low"})
    made = checked(api.client.get(f"{COLLECTION}/maps?space=scores&clustering={clustering_id}"), 200, Map)
    assert (made["method"], made["space"], made["points"], made["of"]) == ("pca", "scores", 5, 5)
    assert all(len(made[column]) == 5 for column in (*COLUMNS, "cluster"))
    assert made["recording_id"] == stored
    assert made["labels"] == list(LABELS)
    assert [made["labels"][label] for label in made["label"]] == list(LABELS[:5])
    assert made["customers"] == ["high", "low"]
    assert made["customer"] == [1, 1, 0, 0, -1]
    assert sorted(made["cluster"][:2]) == [0, 1]
    assert made["cluster"][2:] == [-1, -1, -1]
    assert max(*made["x"], *made["y"]) == made["greatest"] == 65535
    assert 0 < sum(made["explained"]) <= 1


def test_a_map_takes_filters_a_limit_and_a_method(api: Api, stored: list[int]) -> None:
    some = checked(api.client.get(f"{COLLECTION}/maps?method=tsne&limit=2&where=customer exists"), 200, Map)
    assert (some["points"], some["of"], some["explained"], some["cluster"]) == (2, 4, None, None)
    assert some["utterance_id"] == sorted(some["utterance_id"])


def test_maps_that_cant_be(api: Api, stored: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    failed(api.client.get(f"{COLLECTION}/maps?method=mds"), 422, "invalid")
    failed(api.client.get(f"{COLLECTION}/maps?limit=100001"), 422, "invalid")
    failed(api.client.get(f"{COLLECTION}/maps?customer=nobody"), 400, "bad_query")
    failed(api.client.get(f"{COLLECTION}/maps?space=emotion"), 400, "bad_query")
    failed(api.client.get(f"{COLLECTION}/maps?clustering=9"), 404, "not_found")
    failed(api.client.get("/v1/collections/nosuch/maps"), 404, "not_found")
    monkeypatch.setattr(maps, "find_spec", lambda _name: None)
    problem = failed(api.client.get(f"{COLLECTION}/maps?method=umap"), 501, "missing_part")
    assert "pip install 'emovec-db[maps]'" in problem["message"]


def test_one_utterance(api: Api, stored: list[int]) -> None:
    of_recording = api.client.get(f"{COLLECTION}/recordings/{stored[1]}").json["utterances"][0]
    found = checked(api.client.get(f"{COLLECTION}/utterances/{of_recording['utterance_id']}"), 200, Utterance)
    assert found == of_recording
    assert (found["recording_id"], found["customer"], found["label"]) == (stored[1], "low", LABELS[1])
    failed(api.client.get(f"{COLLECTION}/utterances/999"), 404, "not_found")


def test_picked_utterances(api: Api, stored: list[int]) -> None:
    asked = {"utterance_ids": [5, 2, 999, 3, 2]}
    picked = checked(api.client.post(f"{COLLECTION}/utterances/selections", json=asked), 200, Selection)
    assert [one["utterance_id"] for one in picked["items"]] == [5, 2, 3]
    assert (picked["utterances"], picked["missing"], picked["duration_s"]) == (3, 1, pytest.approx(6.0))
    assert picked["labels"] == dict.fromkeys((LABELS[4], LABELS[1], LABELS[2]), 1)
    customers = [(one["customer"], one["utterances"]) for one in picked["customers"]]
    assert customers == [(None, 1), ("low", 1), ("high", 1)]
    for ids in ([], list(range(1, 202)), [0], ["a"]):
        body = {"utterance_ids": ids}
        failed(api.client.post(f"{COLLECTION}/utterances/selections", json=body), 422, "invalid")


def test_members_of_a_cluster_by_pages(api: Api, stored: list[int]) -> None:
    address = f"{COLLECTION}/clusterings/{run(api, k=1)}/clusters/0/utterances"
    ids, cursor = [], ""
    while cursor is not None:
        page = checked(api.client.get(f"{address}?limit=2{cursor}"), 200, UtterancePage)
        ids += [one["utterance_id"] for one in page["items"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert ids == [5, 4, 3, 2, 1]
    failed(api.client.get(f"{COLLECTION}/clusterings/1/clusters/1/utterances"), 404, "not_found")
    failed(api.client.get(f"{COLLECTION}/clusterings/1/clusters/1000/utterances"), 422, "invalid")
    failed(api.client.get(f"{address}?cursor=nonsense"), 400, "bad_query")


def test_a_cluster_is_named(api: Api, stored: list[int]) -> None:
    address = f"{COLLECTION}/clusterings/{run(api, k=2)}"
    named = checked(api.client.patch(f"{address}/clusters/1", json={"name": "  退款 <b>  "}), 200, Clustering)
    assert [one["name"] for one in named["clusters"]] == [None, "退款 <b>"]
    assert checked(api.client.get(address), 200, Clustering) == named
    again = checked(api.client.patch(f"{address}/clusters/1", json={"name": ""}), 200, Clustering)
    assert [one["name"] for one in again["clusters"]] == [None, None]
    wrong = {"x" * 81: "81 characters", "a\nb": "control characters", "a\x1b": "control characters"}
    for name, message in wrong.items():
        problem = failed(api.client.patch(f"{address}/clusters/1", json={"name": name}), 400, "bad_query")
        assert message in problem["message"]
    failed(api.client.patch(f"{address}/clusters/1", json={"name": "a\x00"}), 422, "invalid")
    failed(api.client.patch(f"{address}/clusters/1", json={}), 422, "invalid")
    failed(api.client.patch(f"{address}/clusters/2", json={"name": "a"}), 404, "not_found")


def test_a_run_is_deleted(api: Api, stored: list[int]) -> None:
    address = f"{COLLECTION}/clusterings/{run(api, k=2)}"
    deleted = api.client.delete(address)
    assert (deleted.status_code, deleted.data) == (204, b"")
    failed(api.client.get(address), 404, "not_found")
    failed(api.client.delete(address), 404, "not_found")
    assert api.client.get(f"{COLLECTION}/utterances/1").status_code == 200


def test_two_runs_side_by_side(api: Api, stored: list[int]) -> None:
    first, second, apart = run(api, k=2), run(api, k=3, seed=4), run(api, k=1, filter={"customer": "low"})
    address = f"{COLLECTION}/clustering-comparisons"
    same = checked(api.client.get(f"{address}?first={first}&second={first}"), 200, Agreement)
    assert (same["adjusted_rand"], same["both"], same["only_first"], same["only_second"]) == (1, 5, 0, 0)
    assert [(one["cluster"], one["match"], one["overlap"]) for one in same["best_matches"]] == [(0, 0, 1), (1, 1, 1)]
    other = checked(api.client.get(f"{address}?first={first}&second={second}"), 200, Agreement)
    assert [len(row) for row in other["contingency"]] == [3, 3]
    assert sum(map(sum, other["contingency"])) == 5
    part = checked(api.client.get(f"{address}?first={first}&second={apart}"), 200, Agreement)
    assert (part["both"], part["only_first"], part["only_second"]) == (2, 3, 0)
    strangers = run(api, k=1, filter={"customer": "high"})
    problem = failed(api.client.get(f"{address}?first={apart}&second={strangers}"), 400, "bad_query")
    assert "no utterance in common" in problem["message"]
    failed(api.client.get(f"{address}?first={first}&second=99"), 404, "not_found")
    failed(api.client.get(f"{address}?first={first}"), 422, "invalid")
