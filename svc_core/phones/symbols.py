"""From labels to phones: one symbol for each sound, whatever the language spells it with.

Phone labels (Japanese romaji as in PJS, pinyin as in M4Singer and Opencpop) keep their own symbols
but for the ones below; one that is not known here stays as it is. Words are read letter by letter, as
Turkish is spelled: one letter, one sound (Göksel & Kerslake, Turkish: A Comprehensive Grammar, 2005, ch. 1).

    sound          Turkish      Japanese   symbol
    [ʃ]            ş            sh         sh
    [tʃ], [tɕ]     ç            ch         ch
    [dʒ], [dʑ]     c            j          j
    [ʒ]            j            -          zh
    [ɯ]            ı            -          ih
    [ø], [y]       ö, ü         -          oe, ue
    [u], [ɯ]       u            u          u    (sung Japanese u lies between the two)
    lengthened     ğ            -          none: the vowel before it goes on
    moraic nasal   -            N          n    (held like a syllable of its own; its place varies)
    palatalised    -            ky, my ..  k y, m y .. : the consonant, then the glide
    closed         -            cl         cl   (the silent first half of a long consonant)

Circumflexes (â, î, û) mark length or a soft consonant before them, not another vowel. Capitals are read
as the phone set of a Turkish speech corpus writes them (IY is i, I is ih); the devoiced vowels that some
Japanese labels write as I and U must therefore be written small.
"""

from __future__ import annotations

SILENCE = "sil"
BREATH = "breath"

SILENT_LABELS = frozenset(("", "pau", "sil", "sp", "SP", "<SP>", "silence", "-", "_"))
BREATH_LABELS = frozenset(("AP", "<AP>", "br", "breath"))
UNKNOWN_LABELS = frozenset(("xx", "?", "spn", "<unk>"))  # somebody listened and could not tell

_PALATALISED = {consonant + "y": (consonant, "y") for consonant in "kgnhbpmrdt"}
_METU = {  # the phone set of the METU Turkish speech corpus (Salor et al. 2007), in capitals
    **{letter: letter.lower() for letter in "BDEFGHKLMNOPRSTUVYZ"},
    **{"AA": "a", "A": "a", "EE": "e", "I": "ih", "IY": "i", "OE": "oe", "UE": "ue", "C": "j", "CH": "ch"},
    **{"J": "zh", "KK": "k", "LL": "l", "NN": "n", "RR": "r", "RH": "r", "SH": "sh", "VV": "v", "ZH": "z"},
}
_SPELLED = {
    **{letter: (letter,) for letter in "abdefghiklmnoprstuvyz"},
    **{"ş": ("sh",), "ç": ("ch",), "c": ("j",), "j": ("zh",), "ı": ("ih",), "ö": ("oe",), "ü": ("ue",), "ğ": ()},
    **{"â": ("a",), "î": ("i",), "û": ("u",), "ê": ("e",), "q": ("k",), "w": ("v",), "x": ("k", "s")},
}
_TYPED_ASCII = {"S": "ş", "C": "ç", "I": "ı", "G": "ğ", "O": "ö", "U": "ü"}  # "yetiS": a capital inside a word


def label_phones(label: str) -> tuple[str, ...] | None:
    """Phones of one phone label: ``"my"`` -> ``("m", "y")``; None where the label says that nobody knows."""
    label = label.strip()
    if label in UNKNOWN_LABELS:
        return None
    if label in SILENT_LABELS:
        return (SILENCE,)
    if label in BREATH_LABELS:
        return (BREATH,)
    if label == "N":
        return ("n",)
    if label in _METU:
        return (_METU[label],)
    return _PALATALISED.get(label, (label,))


def spelled_phones(word: str) -> tuple[str, ...]:
    """Phones of a word that is spelled as it sounds: ``"çare"`` -> ``("ch", "a", "r", "e")``.

    A letter that Turkish does not have is a phone of its own; what is not a letter is left out.
    """
    first, rest = word[:1].replace("I", "ı").replace("İ", "i"), word[1:].replace("İ", "i")
    if not word.isupper():
        rest = "".join(_TYPED_ASCII.get(letter, letter) for letter in rest)
    else:
        rest = rest.replace("I", "ı")
    phones: list[str] = []
    for letter in (first + rest).lower():
        if letter.isalpha():
            phones += _SPELLED.get(letter, (letter,))
    return tuple(phones)


def is_held(phone: str) -> bool:
    """Whether a phone lasts as long as the note does: silence, a vowel, or a final of pinyin (``"ang"``)."""
    return phone == SILENCE or phone[0] in "aeiou"
