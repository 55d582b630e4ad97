"""The recipe: what it may say, and one clear sentence for the rest."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduction.definition.recipe import Recipe, ScheduleStep, read_recipe, with_setting
from reproduction.errors import DefinitionError

FULL = """
definition = "a.cfg"
parameters = "b.cfg"
description = "what"
source = "whence"
dialect = "2012"
image-size = 256
crop-size = 224
channels = 3
classes = 10
flip = true
color-noise = 0.1
crop-chunk = 32
batch-size = 64
epochs = 5
test-views = "multi"
test-every = 0.5
archive-minutes = 2
report-every = 7

[[schedule]]
epoch = 4
set = { "*.epsW" = 0.001, "flip" = false }

[[schedule]]
epoch = 2
set = { "color-noise" = 0 }
"""


def error(text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        read_recipe(text, "r.toml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_key_is_read_and_steps_are_put_in_order() -> None:
    assert read_recipe(FULL, "r.toml") == Recipe(
        definition="a.cfg",
        parameters="b.cfg",
        description="what",
        source="whence",
        dialect="2012",
        image_size=256,
        crop_size=224,
        channels=3,
        classes=10,
        flip=True,
        color_noise=0.1,
        crop_chunk=32,
        batch_size=64,
        epochs=5,
        test_views="multi",
        test_every=0.5,
        archive_minutes=2.0,
        report_every=7,
        schedule=(
            ScheduleStep(2, (("color-noise", "0"),)),
            ScheduleStep(4, (("*.epsW", "0.001"), ("flip", "false"))),
        ),
    )


def test_an_empty_recipe_is_the_default_one() -> None:
    recipe = read_recipe("", "r.toml")
    assert recipe == Recipe()
    assert recipe.input_size == recipe.image_size == 224


def test_without_a_crop_the_network_reads_the_whole_picture() -> None:
    assert read_recipe("image-size = 32", "r.toml").input_size == 32
    assert read_recipe("image-size = 32\ncrop-size = 24", "r.toml").input_size == 24


WRONG = {
    "epoch = 3": ("there is no recipe key 'epoch'; did you mean 'epochs'?"),
    "image-size = 0": ("recipe key 'image-size': expected a whole number from 1 to 8192, got '0'"),
    "image-size = 32.5": ("recipe key 'image-size': expected a whole number from 1 to 8192, got '32.5'"),
    "epochs = true": ("recipe key 'epochs': expected a whole number from 0 to 1000000, got 'True'"),
    "flip = 1": ("recipe key 'flip': expected true or false, got '1'"),
    "color-noise = nan": ("recipe key 'color-noise': expected a number from 0 to 100, got 'nan'"),
    "color-noise = 'a'": ("recipe key 'color-noise': expected a number from 0 to 100, got 'a'"),
    "dialect = '2013'": ('recipe key \'dialect\': expected "2011" or "2012" or "2014", got \'2013\''),
    "dialect = []": ('recipe key \'dialect\': expected "2011" or "2012" or "2014", got \'[]\''),
    "test-views = 'some'": ("recipe key 'test-views': expected \"center\" or \"multi\", got 'some'"),
    "definition = '../../etc/x'": (
        "recipe key 'definition': expected a file name, of a file beside the recipe, got '../../etc/x'"
    ),
    "image-size = 24\ncrop-size = 32": (
        "recipe key 'crop-size': expected at most image-size, which is 24, got 32"
    ),
    "schedule = 3": ("recipe key 'schedule': expected tables [[schedule]] with epoch and set, got '3'"),
    "[[schedule]]\nepoch = -1\nset = {a = 1}": (
        "schedule step 1: key 'epoch': expected a whole number of epochs, got '-1'"
    ),
    "[[schedule]]\nepoch = 1": (
        "schedule step 1: key 'set': expected a table such as { \"*.epsW\" = 0.001 }, got 'None'"
    ),
    "[[schedule]]\nepochs = 1": ("schedule step 1: there is no key 'epochs'; did you mean 'epoch'?"),
    "[[schedule]]\nepoch = 1\nset = { a = [1] }": (
        "schedule step 1: key 'a': expected a number, true, false or a text, got '[1]'"
    ),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_said_with_file_and_key(text: str) -> None:
    assert error(text) == f"r.toml: {WRONG[text]}"


@pytest.mark.parametrize(
    "text", ["= 3", "a = ", "[a\n", "a = " + "[" * 5000, "a = " + "9" * 9000, "a=1\na=2", "\0"]
)
def test_a_text_that_is_no_toml_is_refused_in_one_line(text: str) -> None:
    assert error(text).startswith("r.toml: is no TOML text: ")


def test_settings_are_texts_of_the_type_their_key_has() -> None:
    recipe = Recipe()
    for key, text in (("flip", "yes"), ("epochs", "7"), ("color-noise", "1e-1"), ("test-views", "multi")):
        recipe = with_setting(recipe, key, text, "--set")
    assert (recipe.flip, recipe.epochs, recipe.color_noise, recipe.test_views) == (True, 7, 0.1, "multi")


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        (
            "epochs",
            "many",
            "--set: recipe key 'epochs': expected a whole number from 0 to 1000000, got 'many'",
        ),
        ("flip", "maybe", "--set: recipe key 'flip': expected true or false, got 'maybe'"),
        ("epoch", "3", "--set: there is no recipe key 'epoch'; did you mean 'epochs'?"),
        ("definition", "x.cfg", "--set: there is no recipe key 'definition'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(key: str, text: str, expected: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        with_setting(Recipe(), key, text, "--set")
    assert str(caught.value) == expected


@given(st.text(max_size=200))
@settings(deadline=None)
def test_any_text_is_read_or_refused_with_one_line(text: str) -> None:
    try:
        read_recipe(text, "r.toml")
    except DefinitionError as caught:
        assert "\n" not in str(caught)
