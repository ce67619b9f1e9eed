"""Words, phrases, the model and the figures, without a database."""

import io
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.market import tree
from projects.suggesting import fields, figures, model
from projects.suggesting.bags import Lexicon
from projects.suggesting.features import Project, features, shown
from projects.suggesting.fields import Field
from projects.suggesting.figures import Labelled
from search.logic.analysis import words

FIELDS = [
    Field("computer-vision", ("计算机视觉", "Computer vision", "cv")),
    Field("object-detection", ("目标检测", "Object detection", "yolo"), "computer-vision"),
    Field("quantum-computing", ("量子计算", "Quantum computing", "quantum")),
]
KNOWN = fields.phrases(FIELDS, words)
PARENTS = {one.slug: one.parent for one in FIELDS}


def said(**parts) -> dict[str, float]:
    return features(Project(1, **parts), words, KNOWN.fields)


def test_a_word_has_the_weight_of_the_best_place_it_stands_in():
    found = said(
        name="YoloKit", description="目标检测 with deep learning", topics=("object-detection",), language="C++", readme="yolo fish"
    )
    assert found["yolo"] == 2.0
    assert found["object detection"] == 3.0
    assert found["目标检测"] == 2.0
    assert found["deep learning"] == 2.0
    assert found["fish"] == 0.6
    assert found["language:c++"] == 0.5
    assert "yolo fish" not in found
    assert not {"with", "the", "2"} & set(found)


def test_what_is_shown_is_written_as_people_write_it():
    known = fields.phrases([Field("frameworks", ("昇思 MindSpore",)), Field("nlp", ("自然语言处理", "NLP"))], words)
    found = features(Project(1, description="自然语言处理 工具, nlp"), words, known.fields)
    (phrase,) = [feature for feature in found if known.spelled.get(feature) == "自然语言处理"]
    assert shown([(phrase, 0.5), ("自然", 0.2), ("language:go", 0.1), ("go", 0.1), ("object detection", 0.1)], known.spelled) == [
        ("自然语言处理", 0.5),
        ("go", 0.1),
        ("object detection", 0.1),
    ]
    assert not [feature for feature in found if " " in feature and feature not in known.fields]


def test_phrases_know_names_synonyms_and_halves_of_names():
    assert KNOWN.fields["目标检测"] == {"object-detection"}
    assert "object detection" in KNOWN.of("object-detection")
    both = fields.phrases([Field("frameworks", ("框架与编译器", "Frameworks and compilers"))], words)
    assert {"框架", "编译器", "compilers"} <= set(both.fields)
    assert "量子线路" in KNOWN.fields or "quantum circuit" in KNOWN.fields, "words of field_words.json count too"


def test_words_beyond_the_names_belong_to_fields_of_the_default_tree():
    slugs = {row["slug"] for field in tree.fields() for row in (field, *field.get("children", ()))}
    assert set(fields.more_words()) <= slugs


@pytest.mark.parametrize(
    "parts, expected",
    [
        ({"topics": ("quantum",)}, "quantum-computing"),
        ({"description": "量子计算 仿真"}, "quantum-computing"),
        ({"topics": ("yolo", "computer-vision")}, "object-detection"),  # the child takes over
        ({"topics": ("yolo", "quantum")}, None),  # two fields: not clear
        ({"description": "Wallpapers"}, None),
        ({"readme": "quantum quantum quantum"}, None),  # in passing only
    ],
)
def test_what_a_projects_own_words_say_clearly(parts, expected):
    assert fields.clear_field(fields.spoken_for(said(**parts), KNOWN, {}), PARENTS) == expected


def test_a_word_that_everybody_uses_says_little():
    everybody = [said(name=f"p{number}", description="quantum") for number in range(60)] + [said(description="yolo")] * 2
    weights = fields.rarity(everybody, KNOWN)
    assert weights["quantum"] < 0.05 < weights["yolo"]
    assert fields.clear_field(fields.spoken_for(everybody[0], KNOWN, weights), PARENTS) is None


def test_a_word_that_people_contradict_speaks_for_nothing_more():
    shops = [(said(description="quantum shoes"), "")] * 8
    labs = [(said(description="yolo"), "object-detection")] * 3 + [(said(description="目标检测"), "computer-vision")] * 2
    found = fields.trust([*shops, *labs], KNOWN, PARENTS)
    assert found["quantum"] == pytest.approx(1 / 9)
    assert found["yolo"] == 1.0
    assert found["目标检测"] == 1.0, "the parent is no contradiction"
    assert "qiskit" not in found
    assert fields.mentions(said(readme="quantum"), KNOWN)
    assert not fields.mentions(said(readme="shoes"), KNOWN)


def test_a_bag_is_the_same_mapping():
    found = said(name="YoloKit", description="目标检测 with deep learning", topics=("a-b",))
    bag = Lexicon().bag(found)
    assert dict(bag) == pytest.approx(found)
    assert len(bag) == len(found)
    with pytest.raises(KeyError):
        bag["nothing"]


def examples() -> list[model.Example]:
    made = [model.Example({phrase: 1.0}, slug, "name") for phrase, slugs in KNOWN.fields.items() for slug in slugs]
    made += [
        model.Example(said(description=f"{text} {number}"), "", "words")
        for number in range(10)
        for text in ("wallpaper images", "php shop")
    ]
    return made


def test_a_field_without_any_example_is_suggested_from_its_names():
    made = model.fit(examples())
    judged = made.judge([said(topics=("quantum",), description="量子计算"), said(description="php shop with wallpaper")])
    assert judged[0].slug == "quantum-computing"
    assert judged[0].words[0][0] in ("quantum", "量子计算")
    assert sum(share for _word, share in judged[0].words) <= 1.001
    assert judged[1].slug == ""
    assert 0 <= judged[1].confidence <= 1
    assert made.judge([]) == []


def test_decisions_teach_new_words():
    plain = model.fit(examples())
    asked = said(name="stim", description="stabilizer tableau sampler")
    taught = [
        model.Example(said(name=f"tool{number}", description="stabilizer tableau code"), "quantum-computing", "decision")
        for number in range(4)
    ]
    assert plain.judge([asked])[0].slug != "quantum-computing" or plain.judge([asked])[0].confidence < 0.5
    judged = model.fit([*examples(), *taught]).judge([asked])[0]
    assert judged.slug == "quantum-computing"
    assert {"stabilizer", "tableau", "stabilizer tableau"} & {word for word, _share in judged.words}


def test_two_classes_and_one():
    two = [model.Example({"a": 1.0}, "x", "name"), model.Example({"b": 1.0}, "y", "name")]
    judged = model.fit(two).judge([{"a": 1.0}, {"b": 1.0}, {}])
    assert [one.slug for one in judged[:2]] == ["x", "y"]
    assert judged[0].confidence > 0.5
    with pytest.raises(ValueError):
        model.fit(two[:1])


def test_stored_arrays_are_the_same_model_and_no_code():
    made = model.fit(examples())
    kept = model.from_bytes(made.to_bytes())
    asked = [said(topics=("quantum",)), said(description="目标检测")]
    assert [one.slug for one in kept.judge(asked)] == [one.slug for one in made.judge(asked)]
    assert kept.judge(asked)[0].confidence == pytest.approx(made.judge(asked)[0].confidence, abs=0.01)

    class Bomb:
        def __reduce__(self):
            return (Path("/tmp/never").touch, ())

    out = io.BytesIO()
    np.savez(out, format=np.array([model.FORMAT]), classes=np.array([Bomb()], dtype=object))
    for bad in (out.getvalue(), pickle.dumps(Bomb()), b"", b"PK\x03\x04", json.dumps({}).encode()):
        with pytest.raises(ValueError):
            model.from_bytes(bad)


def test_agreement_needs_enough_examples_of_people():
    assert model.agreement(examples()) == {}
    people = [
        model.Example(said(description=f"{text} number {number}"), slug, "curated")
        for number in range(30)
        for slug, text in (("quantum-computing", "quantum gates"), ("object-detection", "目标检测"))
    ]
    found = model.agreement([*examples(), *people])
    assert found["asked"] == 12
    assert found["right"] >= 11


@pytest.mark.parametrize(
    "right, asked, bound",
    [(0, 0, 0.0), (100, 100, 0.9630), (95, 100, 0.8882), (0, 10, 0.0), (5, 10, 0.2366), (119, 120, 0.9543), (196, 200, 0.9497)],
)
def test_wilson(right, asked, bound):
    """Against the closed form as published calculators give it."""
    assert figures.wilson(right, asked) == pytest.approx(bound, abs=0.0002)


@given(st.integers(1, 3000), st.data())
def test_the_bound_lies_below_the_share_and_grows_with_what_is_right(asked, data):
    right = data.draw(st.integers(0, asked))
    bound = figures.wilson(right, asked)
    assert 0 <= bound <= right / asked
    assert right == asked or bound < figures.wilson(right + 1, asked)


def test_precision_counts_conservatively():
    sample = [
        Labelled("cv", 0.95, ("cv",)),
        Labelled("cv", 0.95, ("det",), ("cv",)),  # the label is a child of what is suggested: right
        Labelled("det", 0.95, ("cv",)),  # finer than the label: not right
        Labelled("cv", 0.95, (None,)),  # cannot be told
        Labelled("cv", 0.95, ("cv", "nlp")),  # two people disagree
        Labelled("cv", 0.95, ("cv", "cv")),
        Labelled("cv", 0.95, ("",)),  # stays in other
        Labelled("cv", 0.5, ("nlp",)),  # below
        Labelled("", 0.99, ("cv",)),  # nothing is sorted
        Labelled("cv", 0.99, ()),  # nobody has labelled it
    ]
    found = figures.precision(sample, 0.9)
    assert (found.asked, found.right) == (7, 3)
    assert not found.is_enough
    assert not found.allows_automatic


@pytest.mark.parametrize("asked, right, allowed", [(99, 99, False), (100, 100, True), (100, 99, False), (120, 119, True), (119, 119, True)])
def test_automatic_sorting_needs_a_hundred_and_the_bound(asked, right, allowed):
    sample = [Labelled("cv", 0.95, ("cv",))] * right + [Labelled("cv", 0.95, ("nlp",))] * (asked - right)
    assert figures.precision(sample, 0.9).allows_automatic is allowed


def test_kappa():
    assert figures.agreement([]).kappa is None
    assert figures.agreement([("a", "a")] * 5).kappa is None  # chance alone would agree
    found = figures.agreement([("a", "a")] * 20 + [("b", "b")] * 15 + [("a", "b")] * 5 + [("b", "a")] * 10)
    assert (found.both, found.same) == (50, 35)
    assert found.kappa == pytest.approx(0.4)
