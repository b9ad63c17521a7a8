"""Classifying in the browser: a file, an example, the microphone, and what is done with the result."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from emovec_db.emotions import EMOTION_BY_LABEL
from tests.browser.sites import Site, site
from tests.calls import write_call
from tests.conftest import ROOT

OpenPage = Callable[..., Page]
Accessible = Callable[[Page], None]
Shots = Callable[[Page, str], None]

COMPLAINT = ROOT / "samples" / "amara" / "2026-03-26_complaint.webm"
CALL = ROOT / "samples" / "amara" / "2026-04-14_call.webm"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server of small uploads, with a collection of its own for each that is changed."""
    folder = tmp_path_factory.mktemp("site")
    with site(folder, ingest=[COMPLAINT], environment={"EMOVEC_UPLOAD_MAX_MB": "1"}) as one:
        yield one


def choose(page: Page, recording: Path | dict[str, object]) -> None:
    page.locator("#recording").set_input_files(recording)  # type: ignore[arg-type]


def classify(page: Page, *, frames: bool = False) -> Locator:
    """Send what is chosen; the result, once it is there."""
    if frames:
        page.get_by_label("also a curve over time").check()
    page.get_by_role("button", name="Classify", exact=True).click()
    page.wait_for_url("**/drafts/*")
    return page.get_by_role("region", name="Result")


def no_wider_than_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_file_is_classified_and_everything_can_be_had_of_it(
    served: Site, open_page: OpenPage, accessible: Accessible, shots: Shots, tmp_path: Path
) -> None:
    (by_command,) = served.emovec.json("classify", COMPLAINT)
    page = open_page(served.url("/"))
    accessible(page)
    choose(page, COMPLAINT)
    expect(page.locator("#chosen")).to_contain_text(COMPLAINT.name)
    page.get_by_label("offer the embedding too").check()
    result = classify(page)
    emotion = EMOTION_BY_LABEL[by_command["label"]]
    for _ in range(2):
        expect(page.get_by_role("heading", level=1)).to_have_text(COMPLAINT.name)
        expect(result).to_contain_text(emotion.en)
        expect(result).to_contain_text(emotion.zh)
        expect(result).to_contain_text(f"{by_command['confidence'] * 100:.1f}")
        expect(page.locator("table.scores tr")).to_have_count(9)
        page.reload()
    page.get_by_text("What was done, step by step").click()
    steps = page.locator("ol li")
    expect(steps).to_have_count(7)
    expect(steps.nth(1)).to_contain_text("opus")
    accessible(page)
    shots(page, "result")

    saved = {}
    for name in ("result.json", "embedding.npy", "processed.wav"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        assert download.value.suggested_filename == name
        saved[name] = tmp_path / name
        download.value.save_as(saved[name])
    document = json.loads(saved["result.json"].read_text())
    assert (document["emotion"], document["scores"]) == (by_command["label"], pytest.approx(by_command["scores"]))
    assert np.load(saved["embedding.npy"], allow_pickle=False).shape == (256,)
    assert saved["processed.wav"].read_bytes().startswith(b"RIFF")


def test_an_example_by_its_frames(served: Site, open_page: OpenPage, accessible: Accessible, shots: Shots) -> None:
    page = open_page(served.url("/"))
    page.get_by_role("button", name="a complaint").click()
    expect(page.get_by_role("button", name="Classify", exact=True)).to_be_focused()
    classify(page, frames=True)
    drawn = page.locator("#curve canvas")
    expect(drawn).to_be_visible()
    accessible(page)
    shots(page, "frames")
    page.get_by_text("The curve as a table").click()
    assert 5 < page.get_by_role("region", name="The curve as a table").locator("tbody tr").count() <= 30
    # a click in the curve plays from there
    box = drawn.bounding_box()
    assert box is not None
    drawn.click(position={"x": box["width"] / 2, "y": box["height"] * 0.7})
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator("#now")).to_have_text(re.compile(r"0:0[1-2]\.\d"))
    expect(page.locator("#cursor")).to_be_visible()


def test_spoken_into_the_microphone(served: Site, open_page: OpenPage, accessible: Accessible) -> None:
    page = open_page(served.url("/"))
    page.get_by_role("button", name="Record from the microphone").click()
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    expect(page.locator("#elapsed")).to_have_text(re.compile(r"0:0[2-9]"))
    assert page.evaluate("document.getElementById('level').value") > 0
    accessible(page)
    page.keyboard.press("Enter")
    expect(page.locator("#chosen")).to_contain_text("microphone.webm")
    result = classify(page)
    expect(result).to_contain_text("%")
    page.get_by_text("What was done, step by step").click()
    expect(page.locator("ol")).to_contain_text("opus")


@pytest.mark.parametrize(("devices", "said"), [
    ("{getUserMedia: () => Promise.reject(new DOMException('', 'NotAllowedError'))}", "Allow it for this page"),
    ("{getUserMedia: () => Promise.reject(new DOMException('', 'NotFoundError'))}", "no microphone"),
    ("undefined", "localhost or https only"),
])  # fmt: skip
def test_without_a_microphone_it_is_said_what_to_do(served: Site, open_page: OpenPage, devices: str, said: str) -> None:
    page = open_page(served.url("/"))
    page.evaluate(f"Object.defineProperty(navigator, 'mediaDevices', {{value: {devices}}})")
    page.get_by_role("button", name="Record from the microphone").click()
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_role("button", name="Record from the microphone")).to_be_enabled()


def test_by_the_keyboard_alone(served: Site, open_page: OpenPage) -> None:
    page = open_page(served.url("/"))

    def reach(found: Locator) -> None:
        for _ in range(40):
            if found.evaluate("element => element === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {found}")

    reach(page.locator("#recording"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(CALL)
    reach(page.get_by_role("button", name="Classify", exact=True))
    page.keyboard.press("Enter")
    page.wait_for_url("**/drafts/*")
    reach(page.locator("#position"))
    page.keyboard.press("End")
    expect(page.locator("#now")).to_have_text("0:31.0")
    reach(page.locator("[name=start_s]"))
    page.keyboard.type("4.9")
    page.keyboard.press("Tab")
    page.keyboard.type("8.4")
    reach(page.get_by_role("button", name="Classify it"))
    page.keyboard.press("Enter")
    expect(page.locator("#part")).to_contain_text("Angry")


def test_a_part_is_chosen_by_dragging_and_classified_alone(
    served: Site, open_page: OpenPage, accessible: Accessible, shots: Shots
) -> None:
    page = open_page(served.url("/"))
    choose(page, CALL)
    classify(page)
    expect(page.get_by_text("Longer than 30 s")).to_be_visible()
    expect(page.get_by_role("region", name="Utterances").locator("tbody tr")).to_have_count(5)
    expect(page.locator("#wave [part~=region]")).to_have_count(5)
    box = page.locator("#wave").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.16, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 40, steps=4)
    page.mouse.move(box["x"] + box["width"] * 0.27, box["y"] + 40, steps=4)
    page.mouse.up()
    start_s, end_s = (float(page.locator(f"[name={name}]").input_value()) for name in ("start_s", "end_s"))
    assert (start_s, end_s) == (pytest.approx(0.16 * 31, abs=0.3), pytest.approx(0.27 * 31, abs=0.3))
    page.get_by_role("button", name="Classify it").click()
    for _ in range(2):
        expect(page.locator("#part")).to_contain_text("Angry")
        assert f"start_s={start_s:.2f}" in page.url
        page.reload()
    accessible(page)
    shots(page, "part")
    page.locator("[name=end_s]").fill(f"{start_s + 0.05:.2f}")
    page.get_by_role("button", name="Classify it").click()
    expect(page.locator("#part").get_by_role("alert")).to_contain_text("at least 0.2 s")
    page.get_by_role("button", name="Play from 0:04.9 to 0:08.4").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    similar = page.get_by_role("link", name="Find similar").get_attribute("href")
    assert similar == "/search?draft=" + page.url.partition("/drafts/")[2].partition("?")[0]


def test_added_to_a_collection_and_again_after_it_was_deleted(
    served: Site, open_page: OpenPage, accessible: Accessible
) -> None:
    page = open_page(served.url("/?collection=calls"))
    recording = ROOT / "samples" / "conor" / "2026-03-25_pictures.mp3"

    def add(customer: str) -> None:
        choose(page, recording)
        classify(page)
        assert "collection=calls" in page.url
        page.get_by_text("Add to collection calls").click()
        page.get_by_label("Customer", exact=True).fill(customer)
        page.locator("#store-form").get_by_label("Role").select_option("customer")
        page.get_by_label("Recorded at").fill("2026-03-25T10:30")
        page.get_by_role("button", name="Add", exact=True).click()

    add("<script>conor</script>")
    stored = page.locator("#stored")
    expect(stored).to_contain_text("calls")
    page.reload()
    recording_id = int(stored.get_by_role("link").inner_text().removeprefix("recording "))
    address = served.url(f"/v1/collections/calls/recordings/{recording_id}")
    shown = page.request.get(address).json()
    assert (shown["customer"], shown["role"]) == ("<script>conor</script>", "customer")
    assert shown["recorded_at"].startswith("2026-03-25T10:30")

    assert page.request.delete(address).ok
    page.goto(served.url("/?collection=calls"))
    page.expected_failures = {409}  # type: ignore[attr-defined]
    add("conor")
    expect(page.get_by_role("alert")).to_contain_text("deleted")
    accessible(page)
    page.get_by_role("button", name="Store it all the same").click()
    expect(stored.get_by_role("link")).to_be_visible()


def test_a_stored_recordings_details_change_when_they_are_said_again(
    served: Site, open_page: OpenPage, accessible: Accessible
) -> None:
    assert served.emovec.run("ingest", COMPLAINT, "--collection", "known").code == 0
    page = open_page(served.url("/?collection=known"))
    choose(page, COMPLAINT)
    classify(page)
    said, form = page.locator("#stored"), page.locator("#store-form")
    page.get_by_text("Add to collection known").click()
    form.get_by_role("textbox", name="Customer").fill("Newcomer")
    form.get_by_role("button", name="Add").click()
    expect(said).to_contain_text("It was stored in collection known already: recording")
    expect(said).to_contain_text("what was said of it now was not taken")
    accessible(page)
    page.get_by_text("Change what is known of it", exact=True).click()
    form.get_by_role("textbox", name="Customer").fill("Newcomer")
    form.get_by_role("button", name="Change").click()
    expect(said).to_contain_text("What was known of it was changed")
    said.get_by_role("link").click()
    expect(page.locator("dl.facts").first).to_contain_text("Newcomer")


def test_what_is_no_recording_is_told_and_the_choice_stays(
    served: Site, open_page: OpenPage, accessible: Accessible, shots: Shots
) -> None:
    page = open_page(served.url("/"), locale="zh-CN", phone=True)
    page.expected_failures = {422}  # type: ignore[attr-defined]
    choose(page, {"name": "<script>笔记.wav", "mimeType": "audio/wav", "buffer": b"no sound " * 200})
    page.get_by_role("button", name="识别", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("没有可读取的声音")
    expect(page.locator("#chosen")).to_contain_text("<script>笔记.wav")
    assert page.evaluate("document.getElementById('recording').files.length") == 1
    assert no_wider_than_the_screen(page)
    accessible(page)
    shots(page, "bad-file-zh-phone")


def test_too_large_is_told_before_it_is_sent(served: Site, open_page: OpenPage) -> None:
    page = open_page(served.url("/"))
    expect(page.locator("#limits")).to_contain_text("at most 1 MB")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    choose(page, {"name": "long.wav", "mimeType": "audio/wav", "buffer": b"x" * 1_200_000})
    expect(page.get_by_role("alert")).to_contain_text("1.2 MB")
    page.get_by_role("button", name="Classify", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("1 MB at most")
    assert "POST" not in sent


def test_a_policy_wants_the_role_and_is_kept(
    served: Site, open_page: OpenPage, accessible: Accessible, tmp_path: Path
) -> None:
    call = write_call(tmp_path / "call.wav")
    page = open_page(served.url("/?collection=law"))
    forbidding = served.url("/v1/collections/law/policy/forbidden-roles")
    assert page.request.post(forbidding, data={"role": "agent"}).ok
    page.reload()
    page.expected_failures = {403}  # type: ignore[attr-defined]
    expect(page.get_by_text("never scores: agent")).to_be_visible()
    accessible(page)
    choose(page, call)
    page.get_by_label("Role").select_option("agent")
    page.get_by_label("Channel").select_option("left")
    page.get_by_role("button", name="Classify", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("policy forbids")
    page.get_by_label("Role").select_option("customer")
    page.get_by_label("Channel").select_option("right")
    expect(classify(page)).to_contain_text("%")
    expect(page.get_by_text("right channel").first).to_be_visible()
    # another collection has no such draft, so the choice leads to its start
    page.get_by_label("Collection", exact=True).select_option("default")
    page.get_by_role("banner").get_by_role("button", name="Show").click()
    expect(page.locator("#recording")).to_be_visible()
    assert page.url == served.url("/?collection=default")


def test_what_is_gone_meanwhile_is_told_where_it_is_played(served: Site, open_page: OpenPage) -> None:
    page = open_page(served.url("/"))
    choose(page, COMPLAINT)
    classify(page)
    token = page.url.rpartition("/")[2]
    page.expected_failures = {404}  # type: ignore[attr-defined]
    assert page.request.delete(served.url(f"/v1/collections/default/drafts/{token}")).ok
    page.locator("#play").click()
    expect(page.get_by_role("alert")).to_contain_text("there is no such draft")


def test_forgotten_and_gone(served: Site, open_page: OpenPage, accessible: Accessible, shots: Shots) -> None:
    page = open_page(served.url("/"))
    choose(page, COMPLAINT)
    classify(page)
    address = page.url
    page.get_by_role("button", name="Forget it now").click()
    expect(page.get_by_role("status").first).to_contain_text("are gone")
    page.expected_failures = {404}  # type: ignore[attr-defined]
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("This result is gone")
    accessible(page)
    shots(page, "gone")
    page.get_by_role("link", name="Classify a recording").click()
    expect(page.locator("#recording")).to_be_visible()


def test_in_the_other_language_on_a_phone(
    served: Site, open_page: OpenPage, accessible: Accessible, shots: Shots
) -> None:
    page = open_page(served.url("/"), phone=True)
    choose(page, CALL)
    classify(page, frames=True)
    expect(page.locator("#curve canvas")).to_be_visible()
    address = page.url
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="全部分数")).to_be_visible()
    assert page.url == address
    assert no_wider_than_the_screen(page)
    accessible(page)
    shots(page, "result-zh-phone")
