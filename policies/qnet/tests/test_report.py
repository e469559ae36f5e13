"""The report of a model: a page that stands alone and can be read by eye, keyboard or ear."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch
from by_hand import Decided, episodes_by_hand
from synthetic import synthetic_episodes

from qnet import plots, report, sections
from qnet.episodes import Episodes
from qnet.learners import table
from qnet.progress import SILENT

CPU = torch.device("cpu")
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Elements, attributes and text of a page; fails where an element closes another."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.text.setdefault(self._open[-1], []).append(data.strip())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def model_of(episodes: Episodes) -> table.Table:
    return table.fit(episodes, table.Config(), seed=1, device=CPU, progress=SILENT)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Page]:
    folder = tmp_path_factory.mktemp("model")
    episodes = synthetic_episodes(60, 1)
    file = report.write_report(folder, episodes, {"td": [2.0, 1.0], "cql": [1.0, 0.5]}, model=model_of(episodes))
    text = file.read_text(encoding="utf-8")
    return text, Page(text)


def test_the_page_fetches_nothing(written: tuple[str, Page]) -> None:
    text, page = written

    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", text)
    assert not [tag for tag, attributes in page.elements if tag in ("script", "link", "img") or "src" in attributes]
    assert all(str(one.get("href", "#")).startswith("#") for _, one in page.elements)


def test_every_id_stands_once_and_every_reference_has_its_id(written: tuple[str, Page]) -> None:
    text, page = written
    ids = [one["id"] for _, one in page.elements if "id" in one]

    asked = re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"|aria-labelledby="([^"]+)"', text)

    assert len(ids) == len(set(ids))
    assert {"".join(one) for one in asked} <= set(ids)


def test_every_plot_has_a_title_for_those_who_hear_it(written: tuple[str, Page]) -> None:
    text, page = written

    drawn = page.all("svg")

    assert len(drawn) == 4
    for one in drawn:
        assert one["role"] == "img"
        assert re.search(f'<title id="{one["aria-labelledby"]}">[^<]{{20,}}</title>', text)


def test_every_table_has_a_caption_and_named_columns_and_is_reached_by_keyboard(written: tuple[str, Page]) -> None:
    text, page = written
    tables = len(page.all("table"))

    assert len(page.all("caption")) == tables
    assert len(page.all("thead")) == tables
    assert len(re.findall(r'role="region" aria-label="[^"]+" tabindex="0"', text)) == tables
    assert all(one.get("scope") in ("col", "row") for one in page.all("th"))


def test_headings_go_down_one_level_at_a_time_from_a_single_first(written: tuple[str, Page]) -> None:
    _, page = written

    levels = [tag for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]

    assert levels == ["h1"] + ["h2"] * 7
    assert page.all("html")[0]["lang"] == "en"


def test_colours_come_from_the_page_in_light_and_in_dark(written: tuple[str, Page]) -> None:
    text, _ = written

    assert "prefers-color-scheme: dark" in text
    assert not [one for one in plots.PAGE_COLOURS if one in text]
    assert {one.lower() for one in re.findall(r"(?:stroke|fill): ?(#[0-9a-f]+)", text)} <= {"#ffffff"}


def test_it_says_what_it_was_trained_from_and_what_it_does_not_show(written: tuple[str, Page]) -> None:
    text, _ = written

    assert "synthetic-60-1" in text
    assert "pseudo_count" in text
    assert all(one.split(".")[0] in text for one in report.LIMITS)


def test_the_same_model_and_episodes_give_the_same_bytes(tmp_path: Path) -> None:
    episodes = synthetic_episodes(30, 1)

    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        report.write_report(tmp_path / name, episodes, {}, model=model_of(episodes))

    assert (tmp_path / "a" / report.FILE).read_bytes() == (tmp_path / "b" / report.FILE).read_bytes()


def test_a_name_that_looks_like_markup_is_shown_as_text() -> None:
    drawn = plots.bars(["<b>&"], {"one": [1.0]}, "x", "a title & more <i>", "name")

    assert "<b>" not in drawn
    assert "<i>" not in drawn


def test_without_a_known_action_there_is_still_a_report(tmp_path: Path) -> None:
    episodes = episodes_by_hand([Decided([7, 8], -1, -1.0, -1.0)])

    file = report.write_report(tmp_path, episodes, {}, model=model_of(episodes))

    assert "No decision executed a candidate of its list." in file.read_text(encoding="utf-8")


def test_agreement_counts_the_allowed_candidate_of_the_highest_score() -> None:
    decided = [
        Decided([7, 8], 0, -1.0, -3.0, follows=1),
        Decided([7, 8], 1, -2.0, -2.0),
        Decided([7, 8], 1, -9.0, -9.0, forbidden=[0]),
    ]
    episodes = episodes_by_hand(decided)

    scored = sections.score_episodes(model_of(episodes), episodes)

    assert scored.step.tolist() == [0, 1, 0]
    assert (scored.best == episodes.executed).tolist() == [True, False, True]  # 7 returned -3, 8 -5.5
    assert sections.agreement(episodes, scored).rows == [("1", "100.0%", "2"), ("2", "0.0%", "1")]
