"""What a corpus tells of its words: abbreviations, and how words are spelt."""

from pathlib import Path

import pytest

from ds542_tutor.index.lexicon import Lexicon

TEXTS = [
    "Lecture 9 > Variational autoencoders\nA variational autoencoder (VAE) draws.",
    "Lecture 9 > Variational autoencoder loss\nThe reconstruction, the divergence.",
    "Notes > Rectified linear unit (ReLU)\nReLU of a divergence.",
    "Notes > Slopes\nA ReLU has two slopes. The variational autoencoder again.",
    "Lecture 12 > Retrieval Augmented Generation\nDocuments are looked up. A divergence.",
    "Notes > Maximum a posteriori (MAP)\nA map of the loss.",
]


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.build(TEXTS)


def test_a_short_form_is_read_off_the_brackets_after_its_long_form(lexicon: Lexicon) -> None:
    found = lexicon.abbreviations
    assert found["vae"].long == "variational autoencoder"
    assert (found["vae"].short_in, found["vae"].long_in) == (1, 3)
    assert found["relu"].long == "rectified linear unit"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("why do VAEs sample", ["variational autoencoder"]),
        ("why do vaes sample", ["variational autoencoder"]),
        ("what is RAG", ["retrieval augmented generation"]),
        ("cleaning with a rag", []),  # a word of its own
        ("what does a rectified linear unit do", ["relu"]),  # the course writes ReLU
        ("what does relu do", []),
        ("the variational autoencoder (VAE)", []),
        ("draw a map", []),
        ("", []),
    ],
)
def test_expansions_are_the_forms_that_the_corpus_uses(
    lexicon: Lexicon, question: str, expected: list[str]
) -> None:
    assert lexicon.expansions(question) == expected


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("the divergance", "the divergence"),
        ("the dviergence", "the divergence"),
        ("a diversity problem", "a diversity problem"),  # English, though not in the corpus
        ("parking near divergence", "parking near divergence"),
        ("divergences doesnt it", "divergences doesnt it"),
        ("the divergencx", "the divergencx"),  # a slip at the end may be another word
        ("the diverg", "the divergence"),  # cut short
        ("does divergnxe help", "does divergnxe help"),  # two slips in a word of nine letters
        ("theyre at ../divergance or divergance2", "theyre at ../divergance or divergance2"),
        ("la divergância", "la divergância"),
        ("DIVERGANCE and diverGance", "DIVERGANCE and diverGance"),  # may be names
        ("", ""),
    ],
)
def test_only_what_nobody_knows_is_respelt(lexicon: Lexicon, asked: str, meant: str) -> None:
    assert lexicon.spelt(asked) == meant


def test_a_lexicon_survives_its_file(lexicon: Lexicon, tmp_path: Path) -> None:
    lexicon.write(tmp_path / "lexicon.json")
    assert Lexicon.read(tmp_path / "lexicon.json") == lexicon


def test_an_index_without_one_has_an_empty_lexicon(tmp_path: Path) -> None:
    empty = Lexicon.read(tmp_path / "lexicon.json")
    assert empty.expansions("why do VAEs sample") == []
    assert empty.spelt("divergance") == "divergance"


HEARD = {"dropout", "adam", "graph", "net", "ta"}


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("what is the NF4 datatype in QLoRA", ["NF4", "QLoRA"]),
        ("do WGAN-GP and VAEs blur", ["WGAN-GP"]),  # the course writes VAE
        ("is a Graph-Net like ADAM", []),  # in parts, in other letters
        ("tried to allocate 2.31 GiB", []),
        ("WHY DOES IT USE NF4", []),  # shouted: capitals say nothing
        ("who are the TAs", []),
        ("what is Dropout", []),
        ("how does the state space of Mamba work", ["Mamba"]),  # a name inside a sentence
        ("Was lernt das Netz in Schichten", []),  # nouns of German are no names
        ("why does it walk UPHILL", []),  # stressed
        ("why an IndexError in my_Net", []),
        ("class TreeNet: model = TreeNet(3), x = ConvNet.eval", []),  # a student's own
    ],
)
def test_names_in_capitals_that_the_corpus_never_has(
    lexicon: Lexicon, question: str, names: list[str]
) -> None:
    assert lexicon.unheard_names(question, lambda word: word.lower() in HEARD) == names


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("mixup or cutmix", ["cutmix"]),
        ("the divergance of droput", []),  # slips
        ("weisfeiler test, low-rank, doesnt, entropies", ["weisfeiler"]),
        ("see notes/cutmix.ipynb", []),
    ],
)
def test_words_that_are_no_slip_of_a_known_one(
    lexicon: Lexicon, question: str, words: list[str]
) -> None:
    assert lexicon.unheard_words(question, lambda word: word.lower() in HEARD) == words


def test_a_short_form_with_a_hyphen_that_the_corpus_uses_stays() -> None:
    mined = Lexicon.build(["Book > Region-based CNNs (R-CNNs)\nR-CNN is slow.", "B > R-CNN\nFast."])
    assert mined.abbreviations["r-cnn"].short_in == 2
    assert mined.in_full("why is r-cnn slow") == "why is r-cnn slow"


def test_initials_of_a_part_of_a_heading_are_written_in_full_where_only_that_is_used() -> None:
    mined = Lexicon.build(
        [
            "Deck > Measures – Fréchet Inception Distance\nIts formula.",
            "Deck > Fréchet Inception Distance: math\nThe trace of a covariance.",
            "Notes > Linear zone quantizers\nOnce.",
        ]
    )
    assert mined.in_full("is the FID low") == "is the frechet inception distance low"
    assert mined.in_full("what is LZQ") == "what is LZQ"  # stands once: as likely another thing
    assert mined.unheard_names("is the FID lower than LZQ here", lambda word: False) == ["LZQ"]
