"""Redaction of a transcript's turns: nothing personal stays in text, normalised text, words or what was heard."""

import pytest

from agents.transcribe.languages.tr import TURKISH
from agents.transcribe.languages.tr.inverse_text_normalisation import normalised
from schemas import Speaker, Turn, Word
from tests.agents.transcribe.redaction.measure import labelled_lines, labels, said


def turn(text: str, speaker: Speaker = Speaker.CUSTOMER, start_s: float = 0.0) -> Turn:
    words = tuple(
        Word(text=word, start_s=start_s + place, end_s=start_s + place + 0.5, confidence=0.5 if place % 2 else 1.0)
        for place, word in enumerate(text.split())
    )
    ends_at = words[-1].end_s if words else start_s
    return Turn(
        speaker=speaker,
        start_s=start_s,
        end_s=ends_at,
        text=text,
        normalised=normalised(text),
        confidence=0.8,
        words=words,
    )


def test_a_number_becomes_one_word_with_the_times_and_the_mean_confidence_of_its_words() -> None:
    (own,) = TURKISH.cleared([turn("numaram beş yüz otuz iki yüz yirmi üç kırk beş altmış yedi efendim")]).turns
    assert own.text == own.normalised == "numaram [phone] efendim"
    assert [word.text for word in own.words] == ["numaram", "[phone]", "efendim"]
    assert own.words[1] == Word(text="[phone]", start_s=1, end_s=11.5, confidence=0.7273)
    assert (own.start_s, own.end_s) == (0, 12.5)


def test_other_numbers_stay_in_the_normalised_text() -> None:
    (own,) = TURKISH.cleared([turn("ücret beş yüz elli lira numaram 05321234567")]).turns
    assert own.normalised == "ücret 550 lira numaram [phone]"


def test_a_turn_without_personal_data_is_the_same_object() -> None:
    own = turn("ücret beş yüz elli lira")
    assert TURKISH.cleared([own]).turns[0] is own


def test_a_turn_from_before_there_was_a_normalised_text_gets_none() -> None:
    old = turn("numaram 05321234567").model_copy(update={"normalised": None, "words": ()})
    (own,) = TURKISH.cleared([old]).turns
    assert (own.text, own.normalised, own.words) == ("numaram [phone]", None, ())


def test_a_redacted_turn_keeps_no_word_as_it_was_heard_before_its_correction() -> None:
    heard = turn("arçelik adım ahmet yılmaz")
    words = tuple(word.model_copy(update={"heard": f"heard {word.text}"}) for word in heard.words)
    (own,) = TURKISH.cleared([heard.model_copy(update={"words": words})]).turns
    assert own.text == "arçelik adım [person]"
    assert "heard" not in own.model_dump_json().replace('"heard":null', "")


def test_a_turn_whose_words_are_not_those_of_its_text_is_withheld(caplog: pytest.LogCaptureFixture) -> None:
    wrong = turn("numaram 05321234567").model_copy(update={"text": "numaranız 05321234567"})
    cleared = TURKISH.cleared([turn("merhaba"), wrong])
    assert cleared.withheld == 1
    assert [own.text for own in cleared.turns] == ["merhaba", "[withheld]"]
    assert cleared.turns[1].normalised == "[withheld]"
    assert cleared.turns[1].words == (Word(text="[withheld]", start_s=0, end_s=1.5, confidence=0.75),)
    assert (cleared.turns[1].speaker, cleared.turns[1].end_s) == (wrong.speaker, wrong.end_s)
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert "05321234567" not in str(vars(record))


def test_turns_are_normalised_where_that_is_asked_for() -> None:
    own = turn("ücret beş yüz elli lira").model_copy(update={"normalised": None})
    assert TURKISH.cleared([own]).turns == (own,)
    assert TURKISH.cleared([own], normalise=True).turns[0].normalised == "ücret 550 lira"


@pytest.mark.parametrize("part", ["tuning", "held_out"])
def test_words_text_and_normalised_text_agree_in_every_labelled_line(part: str) -> None:
    for line in labelled_lines(part):
        own = [turn(one.text, Speaker(one.speaker), 100.0 * place) for place, one in enumerate(said(line))]
        for before, after in zip(own, TURKISH.cleared(own).turns, strict=True):
            if before is not after:
                spoken = " ".join(word.text for word in after.words)
                assert after.text.count("[") == spoken.count("[") and spoken.count("[") > 0
                assert after.normalised == normalised(after.text)
        assert len(own) >= len({span.turn for span in labels(line)})
