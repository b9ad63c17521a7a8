"""The archive: its list, uploads, one recording, deleting; nothing of it changes what other tests look at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from emovec_db.domain.peaks import Peaks
from emovec_db.domain.sound import Quality
from emovec_db.domain.track import Track
from emovec_db.emotions import LABELS
from emovec_db.store.store import Store
from tests.browser.sites import Site, site
from tests.conftest import ROOT
from tests.sounds import tone, write
from tests.stored import IDENTITY, PROVENANCE, RECIPE, recording, utterance

OpenPage = Callable[..., Page]
Accessible = Callable[[Page], None]
Shots = Callable[[Page, str], None]
CALL = ROOT / "samples" / "amara" / "2026-04-14_call.webm"
CLIP = ROOT / "samples" / "amara" / "2026-03-26_complaint.webm"
EVIL = "<script>alert(1)<script>.wav"
LONG_S, UTTERANCES = 3 * 3600, 1_200


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The samples; in `support` both sides of a call; in `long` three hours without their sound."""
    folder = tmp_path_factory.mktemp("archive")
    customer_from = "{customer}/{recorded_at:%Y-%m-%d}_{topic}.*"
    with site(folder, ingest=[ROOT / "samples", "--customer-from", customer_from]) as one:
        sides = ("--collection", "support", "--roles", "left=agent,right=customer")
        assert one.emovec.run("ingest", CALL, *sides).code == 0
        store_hours(folder / "data")
        yield one


def store_hours(data: Path) -> None:
    each_s = LONG_S / UTTERANCES
    utterances = [
        utterance(at, at * each_s, (at + 0.9) * each_s, label=LABELS[at // 100 % 9]) for at in range(UTTERANCES)
    ]
    store = Store.open(f"sqlite:///{data / 'emovec.db'}")
    with store.write() as unit:
        collection = unit.collections.create("long", IDENTITY, RECIPE)
        hours = recording(
            "hours",
            utterances=utterances,
            quality=Quality(LONG_S, 0.5, 0.0, 20.0, 0.1, 16_000, "pcm_s16le", 1, ("long",)),
            track=Track(2.0, np.full((LONG_S * 2, 9), 28, np.uint8)),
            peaks=Peaks(LONG_S, np.full(2_000, 128, np.uint8)),
        )
        unit.recordings.add(collection, hours, PROVENANCE)
    store.close()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def send(page: Page, *files: Path, **said: str) -> None:
    """Upload by the form; what is said is by the fields' labels."""
    if not page.locator("#add").evaluate("element => element.open"):
        page.locator("#add summary").click()
    form = page.locator("#upload")
    for label, value in said.items():
        field = form.locator(f"[name={label}]")
        (field.select_option if field.evaluate("element => element.tagName") == "SELECT" else field.fill)(value)
    page.set_input_files("#files", list(files))
    page.get_by_role("button", name="Upload", exact=True).click()


def test_the_list_is_sorted_and_filtered_by_its_address(
    archive: Site, open_page: OpenPage, accessible: Accessible, shots: Shots
) -> None:
    page = open_page(archive.url("/archive"))
    page.expected_failures = {400}  # type: ignore[attr-defined]
    rows = page.locator("table.recordings tbody tr")
    expect(page.get_by_text("26 recordings")).to_be_visible()
    expect(rows).to_have_count(26)
    accessible(page)
    shots(page, "archive")
    page.get_by_role("link", name="Duration").click()
    expect(page.get_by_role("columnheader", name="Duration")).to_have_attribute("aria-sort", "descending")
    expect(rows.first).to_contain_text("2026-04-14_call.webm")
    narrow = page.locator("form", has_text="Which recordings")
    customer = narrow.get_by_role("textbox", name="Customer")
    customer.fill("beatriz")
    narrow.get_by_label("Emotion").select_option("angry")
    narrow.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("sort=-duration_s.*customer=beatriz.*label=angry"))
    expect(rows).to_have_count(2)
    page.reload()
    expect(rows).to_have_count(2)
    expect(customer).to_have_value("beatriz")
    narrow.get_by_label("Condition").fill("angry >")
    narrow.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("alert")).to_be_visible()
    accessible(page)
    page.goto(archive.url("/archive?customer=nobody"))
    expect(page.get_by_text("No recording fits")).to_be_visible()


def test_on_a_phone_in_chinese(archive: Site, open_page: OpenPage, accessible: Accessible, shots: Shots) -> None:
    page = open_page(archive.url("/archive"), locale="zh-CN", phone=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("录音库")
    expect(page.get_by_text("26 条录音")).to_be_visible()
    assert fits(page)
    accessible(page)
    shots(page, "archive-phone-zh")
    page.get_by_role("link", name="2026-04-14_call.webm").click()
    expect(page.get_by_role("button", name="播放", exact=True)).to_be_enabled()
    assert fits(page)
    accessible(page)
    shots(page, "recording-phone-zh")


def test_one_recording_is_seen_and_played(
    archive: Site, open_page: OpenPage, accessible: Accessible, shots: Shots
) -> None:
    page = open_page(archive.url("/archive/10"))
    play, position = page.get_by_role("button", name="Play", exact=True), page.locator("#position")
    expect(play).to_be_enabled()
    expect(page.locator("#waveform [part~=region]")).to_have_count(5)
    expect(page.locator("#waveform [part~=region-content]").nth(1)).to_contain_text("Angry")
    expect(page.locator("#course canvas")).to_be_visible()
    accessible(page)
    shots(page, "recording")

    waveform = page.get_by_role("slider")
    waveform.focus()
    page.keyboard.press("ArrowRight")
    expect(position).to_contain_text("0:01.6 /")
    page.keyboard.press("End")
    expect(position).to_contain_text("0:31.0 /")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    page.keyboard.press("Space")
    expect(play).to_be_visible()

    page.get_by_role("button", name="Play Happy from 0:08.7 68 %").click()
    expect(page.locator("#now")).to_contain_text("Happy")
    expect(page.locator("tr.now")).to_have_id("u12")
    page.get_by_role("button", name="Pause", exact=True).click()
    box = page.locator("#course").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + 40)
    expect(page.locator("tr.now")).to_have_id("u14")
    page.get_by_role("button", name="Play 0:00.0 – 0:04.4").click()
    expect(play).to_be_visible()  # one plays at a time
    expect(page.get_by_role("link", name="More like this: 0:04.9 – 0:08.4")).to_have_attribute(
        "href", "/search?like=11"
    )


def test_channels_are_apart(archive: Site, open_page: OpenPage, accessible: Accessible) -> None:
    page = open_page(archive.url("/archive?collection=support"))
    page.get_by_role("link", name="2026-04-14_call.webm").first.click()
    tabs = page.get_by_role("navigation", name="Channels of this file").get_by_role("link")
    expect(tabs).to_have_count(2)
    page.get_by_role("link", name="left channel agent").click()
    expect(page.get_by_role("link", name="left channel agent")).to_have_attribute("aria-current", "page")
    expect(page.locator("dl.facts").first).to_contain_text("agent")
    accessible(page)
    page.get_by_label("Collection").select_option("default")
    page.get_by_role("banner").get_by_role("button", name="Show").click()
    expect(page.get_by_text("26 recordings")).to_be_visible()


def test_hours_are_one_strip_and_a_table_in_pages(
    archive: Site, open_page: OpenPage, accessible: Accessible, shots: Shots
) -> None:
    page = open_page(archive.url("/archive?collection=long"))
    page.get_by_role("link", name="hours.wav").click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    assert 9 <= page.locator("#strip rect").count() <= 800
    expect(page.locator("#waveform [part~=region]")).to_have_count(0)
    expect(page.locator("table.utterances tbody tr")).to_have_count(50)
    accessible(page)
    shots(page, "recording-long")
    page.get_by_role("link", name="Later ones").click()
    expect(page.get_by_text("page 2 of 24")).to_be_visible()
    first = int((page.locator("table.utterances tbody tr").first.get_attribute("id") or "")[1:])
    page.goto(re.sub(r"\?.*", f"?collection=long#u{first + 500}", page.url))
    expect(page.get_by_text("page 12 of 24")).to_be_visible()
    expect(page.locator(f"#u{first + 500}")).to_be_in_viewport()
    page.expected_failures = {404}  # type: ignore[attr-defined]
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()  # its sound is nowhere


def test_uploads_are_followed_and_what_fails_says_why(
    archive: Site, open_page: OpenPage, accessible: Accessible, shots: Shots, tmp_path: Path
) -> None:
    evil = tmp_path / EVIL
    evil.write_bytes((ROOT / "samples" / "conor" / "2026-04-10_backup.wav").read_bytes())
    text = tmp_path / "notes.wav"
    text.write_text("no sound at all", encoding="utf-8")
    silent = write(tmp_path / "silent.wav", tone(200, 2, level=0))
    page = open_page(archive.url("/archive?collection=uploads"))
    expect(page.get_by_text("Nothing is stored here yet")).to_be_visible()
    accessible(page)
    send(page, evil, text, silent, customer="<b>dora</b>", recorded_at="2026-05-01T10:30")
    summary, entries = page.locator("#uploads-summary"), page.locator("#uploads-list li")
    expect(summary).to_have_text("1 of 3 stored, 2 not")
    expect(entries.nth(0)).to_contain_text(EVIL)
    expect(entries.nth(1).locator(".status")).to_contain_text("holds no sound that can be read")
    expect(entries.nth(1).get_by_role("button")).to_have_count(0)  # the file would be no other
    expect(page.locator("table.recordings tbody tr")).to_have_count(1)  # without loading the page again
    accessible(page)
    shots(page, "archive-uploads")
    entries.nth(0).get_by_role("link", name="Look at it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(EVIL)
    expect(page.get_by_text("<b>dora</b>").first).to_be_visible()
    expect(page.get_by_text("May 1, 2026 10:30").first).to_be_visible()


def test_what_is_said_of_a_stored_recording_is_taken_the_second_time(archive: Site, open_page: OpenPage) -> None:
    clip = ROOT / "samples" / "conor" / "2026-04-10_backup.wav"
    assert archive.emovec.run("ingest", clip, "--collection", "known", "--customer", "conor").code == 0
    page = open_page(archive.url("/archive?collection=known"))
    send(page, clip, customer="dora")
    entry = page.locator("#uploads-list li")
    expect(entry.locator(".status")).to_contain_text("is stored already. It came from elsewhere before")
    row = page.locator("table.recordings tbody tr")
    expect(row).to_contain_text("conor")
    entry.get_by_role("button", name="Change the stored details").click()
    expect(entry.locator(".status")).to_contain_text("is stored already. What was known of it was changed")
    expect(row).to_contain_text("dora")
    send(page, clip, customer="dora")
    expect(page.locator("#uploads-list li").nth(1).locator(".status")).to_have_text("is stored already")


def test_a_missing_channel_is_told_with_what_to_do_and_tried_by_the_form(
    archive: Site, open_page: OpenPage, accessible: Accessible
) -> None:
    page = open_page(archive.url("/archive?collection=mono"), locale="zh-CN", phone=True)
    page.locator("#upload [name=channels]").select_option("left,right")
    page.set_input_files("#files", CLIP)
    page.get_by_role("button", name="上传", exact=True).click()
    entry = page.locator("#uploads-list li")
    expect(entry.locator(".status")).to_contain_text("文件没有这个声道。 请在上方选择“所有声道混合”")
    assert fits(page)
    accessible(page)
    page.locator("#upload [name=channels]").select_option("")
    entry.get_by_role("button", name="按表单现在的内容重试").click()
    expect(entry.locator(".status")).to_have_text("已入库")


def test_what_is_too_large_is_told_before_it_is_sent(archive: Site, open_page: OpenPage) -> None:
    page = open_page(archive.url("/archive?collection=large"))
    expect(page.locator("#limits")).to_contain_text("at most 10 MB and 30 minutes")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.set_input_files("#files", {"name": "long.wav", "mimeType": "audio/wav", "buffer": b"x" * 10_100_000})
    page.get_by_role("button", name="Upload", exact=True).click()
    entry = page.locator("#uploads-list li")
    expect(entry.locator(".status")).to_contain_text("10.1 MB, and the server takes 10 MB at most")
    expect(entry.get_by_role("button")).to_have_count(0)
    assert "POST" not in sent


def test_while_the_server_is_away_uploads_say_so(archive: Site, open_page: OpenPage, accessible: Accessible) -> None:
    page = open_page(archive.url("/archive?collection=away"))
    page.expected_failures = {"net::ERR"}  # type: ignore[attr-defined]
    page.route("**/v1/jobs**", lambda route: route.abort("connectionrefused"))
    send(page, CLIP)
    away, status = page.locator("#uploads-away"), page.locator("#uploads-list .status")
    expect(away).to_have_text("The server can't be reached; trying again …")
    expect(status).to_have_text("waits for its turn")
    accessible(page)
    page.unroute("**/v1/jobs**")
    expect(status).to_have_text("stored")
    expect(away).to_be_empty()


def test_deleting_says_what_goes_and_the_same_comes_in_again_only_if_said(
    archive: Site, open_page: OpenPage, accessible: Accessible, shots: Shots
) -> None:
    page = open_page(archive.url("/archive?collection=deletions"))
    send(page, CLIP)
    page.get_by_role("link", name="Look at it").click()
    page.get_by_role("link", name="Delete …").click()
    expect(page.get_by_text("the recording with its 1 utterance")).to_be_visible()
    accessible(page)
    shots(page, "deletion")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("status").first).to_contain_text("is deleted")
    page.expected_failures = {409}  # type: ignore[attr-defined]
    send(page, CLIP)
    entry = page.locator("#uploads-list li")
    expect(entry.locator(".status")).to_contain_text("was deleted from the collection before")
    entry.get_by_role("button", name="Store it all the same").click()
    expect(entry.get_by_role("link", name="Look at it")).to_be_visible()


def test_the_rules_keep_a_forbidden_role_out(archive: Site, open_page: OpenPage) -> None:
    forbid = ("policy", "forbid", "agent", "--collection", "ruled", "--reason", "the law")
    assert archive.emovec.run("ingest", CLIP, "--collection", "ruled", "--role", "customer").code == 0
    assert archive.emovec.run(*forbid).code == 0
    page = open_page(archive.url("/archive?collection=ruled"), locale="zh-CN")
    page.expected_failures = {403}  # type: ignore[attr-defined]
    page.locator("#add summary").click()
    expect(page.locator("#add .hint")).to_contain_text("坐席")
    page.locator("#upload [name=role]").select_option("agent")
    page.set_input_files("#files", CLIP.with_name("2026-03-20_complaint.m4a"))
    page.get_by_role("button", name="上传", exact=True).click()
    expect(page.locator("#uploads-list .status")).to_contain_text("集合的规则不接收")


def test_without_scripts_the_form_is_sent_as_it_is(archive: Site, open_page: OpenPage) -> None:
    page = open_page(archive.url("/archive?collection=plain"))
    page.route("**/archive.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.reload()
    send(page, CLIP)
    expect(page).to_have_url(re.compile("/jobs"))
    expect(page.get_by_role("cell", name="plain").first).to_be_visible()
