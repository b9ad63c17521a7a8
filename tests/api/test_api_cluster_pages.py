"""What the server writes into the pages of maps and K-Means runs."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html import unescape
from importlib import import_module

import numpy as np
import pytest
from werkzeug.datastructures import MultiDict

from emovec_db.api.app import EmovecApp
from emovec_db.api.pages.cluster_table import MOST, cluster_table
from emovec_db.api.pages.fields import filter_form_of
from emovec_db.api.pages.filter_words import filter_words
from emovec_db.api.pages.whole_numbers import whole_number
from emovec_db.domain.agreement import Agreement
from emovec_db.domain.query import Filter
from emovec_db.errors import QueryError
from tests.api.requests import COLLECTION, Api, wav

CLUSTERS = 3
EVERYTHING = Filter(
    customer="c; <7>",
    speaker="s",
    role="agent",
    label="angry",
    since=datetime(2026, 3, 1, tzinfo=UTC),
    until=datetime(2026, 4, 1, tzinfo=UTC),
    min_confidence=0.6,
    min_duration_s=1.5,
    max_duration_s=9,
    metadata={"campaign": "spring"},
    where="angry >= 0.5 and not speaker = x",
)


@pytest.fixture
def stored(api: Api) -> None:
    for number in range(CLUSTERS + 1):
        api.stored_id(wav(200 * (number + 1)), f"{number}.wav", customer="<script>")


def agreement(cells: np.ndarray) -> Agreement:
    return Agreement(
        first=1, second=2, both=int(cells.sum()), only_first=0, only_second=0, contingency=cells,
        adjusted_rand=0, normalised_mutual_information=0, best_matches=(),
    )  # fmt: skip


@pytest.mark.parametrize("chosen", [Filter(), Filter(customer="c7"), EVERYTHING])
def test_a_stored_filter_is_what_one_would_have_typed(app: EmovecApp, chosen: Filter) -> None:
    with app.test_request_context():
        assert Filter(**filter_form_of(chosen).conditions()) == chosen


def test_a_filter_in_words_names_all_that_it_asks_for(app: EmovecApp) -> None:
    with app.test_request_context():
        assert filter_words(Filter()) == "everything"
        said = filter_words(EVERYTHING)
    parts = (
        "customer c; <7>", "speaker s", "role agent", "😠 Angry", "60", "Mar 1, 2026", "Apr 1, 2026", "1.5 s", "9 s",
        "campaign = spring", "angry >= 0.5",
    )  # fmt: skip
    assert [part for part in parts if part not in said] == []


def test_a_table_of_two_runs_is_bounded_and_says_shares_of_rows() -> None:
    cells = np.array([[3, 1], [0, 0]])
    shown = cluster_table(agreement(cells))
    assert shown is not None
    assert [[cell.utterances for cell in row] for row in shown] == cells.tolist()
    assert [[cell.share for cell in row] for row in shown] == [[0.75, 0.25], [0, 0]]
    assert [[cell.shade for cell in row] for row in shown] == [[8, 2], [0, 0]]
    assert cluster_table(agreement(np.zeros((MOST + 1, 2), np.int64))) is None


@pytest.mark.parametrize("text", ["-1", "8", "1e3", "٣", "9" * 50, "x"])
def test_whole_numbers_that_are_none(text: str) -> None:
    with pytest.raises(QueryError, match="expected a whole number from 0 to 7"):
        whole_number(MultiDict({"n": text}), "n", most=7)
    assert whole_number(MultiDict({"n": "7"}), "n", most=7) == 7
    assert whole_number(MultiDict(), "n", most=7) is None


@pytest.mark.usefixtures("stored")
def test_a_run_of_many_clusters_has_pages(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("emovec_db.api.pages.clusters"), "CLUSTERS", CLUSTERS)
    body = {"k": CLUSTERS + 1, "space": "embedding", "filter": {"customer": "<script>"}}
    run = api.client.post(f"{COLLECTION}/clusterings", json=body).json["clustering_id"]
    first = api.client.get(f"/clusters/{run}").text
    assert len(re.findall(r'id="cluster-\d+"', first)) == CLUSTERS
    assert f"from={CLUSTERS}" in first
    second = api.client.get(f"/clusters/{run}?from={CLUSTERS}").text
    assert re.findall(r'id="cluster-(\d+)"', second) == [str(CLUSTERS)]
    asked = re.search(r'data-question="([^"]*)"', first)
    assert asked is not None
    assert json.loads(unescape(asked[1])) == {"space": "embedding", "customer": "<script>", "clustering": str(run)}
    assert "<script>," not in first
    assert api.client.get(f"/clusters/{run}?from={CLUSTERS + 1}", headers={"Accept": "text/html"}).status_code == 400
    assert api.client.get("/cluster-comparison?first=x").status_code == 400
    missing = api.client.get(f"/cluster-comparison?first={run}&second=99")
    assert (missing.status_code, "no clustering 99" in missing.text) == (404, True)
    shown = [re.findall(r"/archive/\d+", article) for article in first.split("<article")[1:]]
    assert all(shown), "each cluster has an utterance in its middle"


def test_problems_are_told_in_the_readers_language_and_the_servers_words(api: Api) -> None:
    api.stored_id(wav(200))
    for address in ("/clusters?colour=cluster&run=99", "/cluster-comparison?first=99"):
        page = api.client.get(address, headers={"Accept": "text/html", "Accept-Language": "zh"})
        assert page.status_code == 404
        problem = re.search(r'<div class="problem" role="alert">(.*?)</div>', page.text, re.DOTALL)
        assert problem is not None
        assert '<p class="small" lang="en">no clustering 99 in collection' in problem[1]
        assert re.search("[一-龥]", problem[1])


def test_before_a_deletion_utterances_are_counted_and_not_read(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    recording_id = api.stored_id(wav(200))
    count = len(api.database.collection().utterances(recording_id))
    monkeypatch.setattr("emovec_db.store.utterances.Utterances.of_recording", None)
    assert f"{count} utterance" in api.client.get(f"/archive/{recording_id}/deletion").text
    assert api.client.get("/archive/99/deletion").status_code == 404
    assert api.database.collection().delete(recording_id).utterances == count


def test_nothing_is_stored(api: Api) -> None:
    assert "Nothing is stored yet" in api.client.get("/clusters").text
    assert api.client.get("/clusters?collection=nosuch").status_code == 200
