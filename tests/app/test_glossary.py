"""The dictionary: its checks, its links, its page, and that nothing on the pages is missing in it."""

import ast
import re
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.parts.cards import DATA_CARD, MODEL_CARD
from app.parts.course import BY_ID
from app.parts.glossary import TOPICS, GlossaryError, dictionary, glossary, read_glossary, with_terms

APP = Path(__file__).resolve().parents[2] / "app"

SNR = '[snr]\nterm = "SNR"\nalso = ["signal-to-noise ratio"]\nshort = "How strong."\nlesson = "noising"\n'


@pytest.fixture
def folder(tmp_path):
    """Six files without terms, but for one in the first."""
    for topic in TOPICS:
        (tmp_path / f"{topic}.toml").write_text("")
    (tmp_path / "sound.toml").write_text(SNR)
    return tmp_path


# --- reading


def test_a_term_is_read_with_what_may_be_left_out(folder):
    (term,) = read_glossary(folder).values()
    assert (term.id, term.term, term.also, term.short) == ("snr", "SNR", ("signal-to-noise ratio",), "How strong.")
    assert (term.more, term.see, term.lesson, term.topic) == ("", (), "noising", "sound")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[hop", ("voice.toml cannot be read", "Expected", "mend it")),
        ('hop = "a text"', ("voice.toml, [hop]", "outside of any term")),
        ('[Hop_size]\nterm = "hop"\nshort = "s"', ("voice.toml, [Hop_size]", "small letters", "rename")),
        ('[hop]\nterm = "hop"\nshort = "s"\nlong = "l"', ('[hop]: has "long"', "short, more")),
        ('[hop]\nterm = "hop"', ('[hop]: "short" is missing', "write a text")),
        ('[hop]\nterm = 3\nshort = "s"', ('"term" is missing or of another kind', "write a text")),
        ('[hop]\nterm = "hop"\nalso = "hops"\nshort = "s"', ('"also" is missing or of another kind', "list of texts")),
        ('[hop]\nterm = "hop"\nalso = [" "]\nshort = "s"', ('"also" is missing or of another kind', "list of texts")),
        ('[hop]\nterm = "hop"\nshort = " "', ('[hop]: "short" is empty', "write it")),
        ('[hop]\nterm = "hop"\nshort = "a *b*"', ('[hop]: "short" is plain text', 'take out "*"')),
        ('[hop]\nterm = "hop"\nshort = "see [[snr]]"', ('[hop]: "short" is plain text', 'take out "[["')),
        (f'[hop]\nterm = "hop"\nshort = "{"s" * 221}"', ('"short" has 221 signs', "cut it down to 220")),
        ('[hop]\nterm = "hop"\nshort = "s"\nlesson = "time-grid"', ('no lesson "time-grid"', "time_grid", "empty")),
        ('[hop]\nterm = "hop"\nshort = "s"\nsee = ["SNR"]', ('"see" names "SNR"', 'did you mean "snr"?')),
        ('[hop]\nterm = "hop"\nshort = "s"\nsee = ["zebra"]', ('"see" names "zebra"', "add it or mend it")),
        ('[hop]\nterm = "hop"\nshort = "s"\nsee = ["hop"]', ('"see" names "hop"', "the term itself")),
        ('[hop]\nterm = "hop"\nshort = "s"\nmore = "[[snrr|x]]"', ('"more" links to "snrr"', 'mean "snr"?')),
        ('[snr]\nterm = "hop"\nshort = "s"', ("voice.toml, [snr]", "sound.toml already", "another id")),
        ('[hop]\nterm = "SNR"\nshort = "s"', ('[hop]: the spelling "SNR" also belongs to "snr"', "leave it to one")),
        ('[hop]\nterm = "hop"\nalso = ["a", "a"]\nshort = "s"', ('[hop]: the spelling "a"', "leave it to one")),
    ],
)
def test_what_is_wrong_is_said_with_file_id_and_remedy(folder, text, said):
    (folder / "voice.toml").write_text(text)
    with pytest.raises(GlossaryError) as caught:
        read_glossary(folder)
    assert "voice.toml" in str(caught.value)
    assert all(part in str(caught.value) for part in said), str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_longest_short_is_allowed_and_a_missing_file_is_said(folder):
    (folder / "voice.toml").write_text(f'[hop]\nterm = "hop"\nshort = "{"s" * 220}"')
    assert len(read_glossary(folder)["hop"].short) == 220
    (folder / "data.toml").unlink()
    with pytest.raises(GlossaryError, match=r"data\.toml cannot be read"):
        read_glossary(folder)


# --- links


def test_links_take_the_terms_own_words_or_others():
    text = "A [[mel-spectrogram]], or [[mel-spectrogram|the picture]]; [a list](x) and [1] stay."
    assert with_terms(text) == (
        "A [mel spectrogram](glossary#mel-spectrogram), or [the picture](glossary#mel-spectrogram); "
        "[a list](x) and [1] stay."
    )


def test_a_link_to_no_term_is_said_with_its_surroundings():
    with pytest.raises(GlossaryError, match=r'strong the \[\[SNR\]\] is.*links to "SNR".*did you mean "snr"'):
        with_terms("Say how strong the [[SNR]] is.")


def test_the_browsers_dictionary_is_small_plain_and_complete():
    assert set(dictionary()) == set(glossary())
    assert dictionary()["hop"] == {"term": "hop", "short": glossary()["hop"].short}
    assert sum(len(entry["term"] + entry["short"]) for entry in dictionary().values()) < 30_000


def test_no_two_terms_explain_themselves_alike():
    shorts = [term.short for term in glossary().values()]
    assert len(set(shorts)) == len(shorts)
    assert all(short.endswith((".", "?")) for short in shorts)


# --- the page


def open_glossary() -> AppTest:
    return AppTest.from_file(str(APP / "lessons" / "glossary.py"), default_timeout=60).run()


def listed(page: AppTest) -> list[str]:
    return re.findall(r'<dt id="([^"]+)"', "".join(element.value for element in page.markdown))


def test_the_page_lists_every_term_once_by_topic_and_from_a_to_z():
    page = open_glossary()
    assert not page.exception
    assert listed(page) == list(glossary())
    assert [header.value for header in page.header] == list(TOPICS.values())
    page.segmented_control[0].set_value("A to Z").run()
    assert not page.exception
    assert listed(page) == sorted(glossary(), key=lambda id: glossary()[id].term.casefold())
    assert not page.header


def test_terms_are_found_by_any_of_their_names_and_what_is_not_found_is_said():
    page = open_glossary()
    page.text_input[0].input("signal-to-noise").run()
    assert listed(page)[0] == "snr"
    assert len(listed(page)) < 5
    page.text_input[0].input("no *such* term").run()
    assert not page.exception
    assert listed(page) == []
    assert r"\*such\*" in page.info[0].value


def test_a_term_names_its_lesson_and_its_relatives():
    text = next(element.value for element in open_glossary().markdown if 'id="source-hop"' in element.value)
    entry = text[text.index('id="source-hop"') : text.index('id="target-hop"')]
    assert f'<a href="time-grid" target="_self">{BY_ID["time_grid"].title}</a>' in entry
    assert "[hop](glossary#hop)" in entry


# --- everything on the pages is in it


def python_texts(path: Path) -> Iterator[str]:
    """String literals without docstrings; what an f-string puts in is an ellipsis."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            inside.update(node.values)
            yield "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside:
            yield node.value


def toml_texts(path: Path) -> Iterator[str]:
    def inside(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for part in value.values() if isinstance(value, dict) else value:
                yield from inside(part)

    yield from inside(tomllib.loads(path.read_text(encoding="utf-8")))


class _Shown(HTMLParser):
    """What of an HTML file is read or read aloud."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.feed(text)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [
            value for name, value in attrs if value and name in {"title", "alt", "aria-label", "placeholder"}
        ]


JS_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`""", re.DOTALL
)

PATH = re.compile(r"M[\s\d.…-][MLHVCSQTAZ\d\s.,…-]*", re.IGNORECASE)


def js_texts(path: Path) -> Iterator[str]:
    """String literals, what is put into them an ellipsis; comments and what SVG draws along are left out."""
    for match in JS_TOKEN.finditer(path.read_text(encoding="utf-8")):
        text = next((group for group in match.groups() if group is not None), "")
        text = re.sub(r"\$\{[^{}]*\}", "…", text).partition("${")[0]  # a template within a template ends the literal
        if not PATH.fullmatch(text):
            yield text


def css_texts(path: Path) -> Iterator[str]:
    yield from re.findall(r'content:\s*"([^"]*)"', path.read_text(encoding="utf-8"))


def texts() -> Iterator[tuple[str, str]]:
    """Where, and what: every text that a page may show."""
    for pattern, read in (
        ("lessons/*.py", python_texts),
        ("parts/*.py", python_texts),
        ("texts/**/*.toml", toml_texts),
        ("figures/*.html", lambda path: _Shown(path.read_text(encoding="utf-8")).texts),
        ("figures/*.css", css_texts),
        ("web/*.js", js_texts),
    ):
        for path in sorted(APP.glob(pattern)):
            for text in read(path):
                yield str(path.relative_to(APP)), text
    for card in (MODEL_CARD, DATA_CARD):  # shown by the page about the data, whole but for code
        yield (
            card.name,
            re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", " ", card.read_text(encoding="utf-8"), flags=re.DOTALL),
        )


ABBREVIATION = re.compile(
    r"(?:t-)?[a-z]{0,2}[A-Z]{2,}[A-Za-z]*\d*"  # SNR, iSTFT, MP3, t-SNE, dBFS
    r"|[A-Z]\d+[A-Z]*"  # F0, F0CORR, L2
    r"|[kMG]?Hz|dB|[kMG]B|ms"  # units
)
SYMBOL = re.compile(r"x\u0302?[₀ₜ]|[ᾱεσβ]")
NOTE = re.compile(r"[A-G]\d")  # A4: the notes themselves are no abbreviations, but F0 is
NAMES_OF_FILES = re.compile(r"[\w/-]+\.(?:md|csv|toml|json|py|js)\b|[A-Z]+(?:_[A-Z]+)+")  # and of settings
NO_TERMS = {
    "GET": "of HTTP, in code",
    "HEAD": "of HTTP, in code",
    "POST": "of HTTP, in code",
    "DELETE": "of HTTP, in code",
    "ABCDEFGH": "letters of a question's answers",
    "ABCD": "letters of what is compared",
    "AB": "two of them",
    "ADDRESS": "to be filled in, in a sample of HTML",
    "PORT": "to be filled in, in a command",
    "RIFF": "of WAV files, in code",
    "WAVEfmt": "of WAV files, in code",
    "CONNECTED": "what Streamlit calls its connection, in code",
}


def spellings() -> set[str]:
    return {name for term in glossary().values() for name in (term.term, *term.also)}


def unknown_in(text: str) -> set[str]:
    """Abbreviations and symbols of a text that no term explains."""
    known = spellings()
    text = NAMES_OF_FILES.sub(" ", text)
    for name in sorted((name for name in known if " " in name or "-" in name), key=len, reverse=True):
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", " ", text)
    words = re.findall(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*", text)
    parts = {part for word in words if word not in known for part in word.split("-")}
    found = {part for part in parts if ABBREVIATION.fullmatch(part) and not (NOTE.fullmatch(part) and part != "F0")}
    found = {word.removesuffix("s") if word[-2:].endswith("s") and word[-2:-1].isupper() else word for word in found}
    return (found | set(SYMBOL.findall(text))) - known - set(NO_TERMS)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("An SNR of 3 dB at 2 kHz, F0 of A4, t-SNE and iSTFTs; DDPM-1000, BY-SA, MP3.", set()),
        ("XYZ and fooZZ", {"XYZ"}),
        ("a QRS-100 of 3 GHz", {"QRS", "GHz"}),
        ("x̂₀ and xₜ at σ", set()),
        ("It's A plain Sentence with ArrowLeft in it", set()),
    ],
)
def test_the_search_for_abbreviations_finds_them(text, unknown):
    assert unknown_in(text) == unknown


def test_every_abbreviation_on_any_page_is_in_the_glossary():
    assert {Path(where).suffix for where, _ in texts()} == {".py", ".toml", ".html", ".css", ".js", ".md"}
    missing = {(word, where) for where, text in texts() for word in unknown_in(text)}
    assert sorted(missing) == []


def test_every_link_to_the_glossary_names_a_term():
    wrong = []
    for where, text in texts():
        ids = re.findall(r"\[\[([^\[\]|…]+)(?:\|[^\[\]]*)?\]\]", text) + re.findall(r"glossary#([a-z0-9-]+)", text)
        wrong += [(where, id) for id in ids if id not in glossary()]
    for path in sorted(APP.glob("figures/*.html")):  # addresses are no texts
        ids = re.findall(r"glossary#([\w-]+)", path.read_text(encoding="utf-8"))
        wrong += [(path.name, id) for id in ids if id not in glossary()]
    assert wrong == []
