"""What the contract of a language is tried with: one entry for each folder."""

from dataclasses import dataclass

from agents.transcribe.redaction import Kind, Said


@dataclass(frozen=True)
class Examples:
    """Sentences in one language; nobody in them is real."""

    numbers: dict[str, str]
    """What is said, and how it is written in digits."""
    asked: dict[Kind, tuple[str, str]]
    """What an agent asks for, and a customer's answer that is personal from its first to its last word."""
    stays: tuple[str, ...]
    """What holds numbers, letters and names of things, and nothing personal."""

    def call(self) -> list[Said]:
        """Return a conversation in which all of it is asked and said."""
        turns = [turn for asked, told in self.asked.values() for turn in (Said("agent", asked), Said("customer", told))]
        return [*turns, *(Said("customer", text) for text in self.stays)]


EXAMPLES = {
    "en": Examples(
        numbers={
            "it's twenty one days": "it's 21 days",
            "oh seven seven double oh nine hundred one two three": "07700900123",
            "two thousand four hundred and fifty pounds": "2450 pounds",
            "a hundred and five": "105",
            "in nineteen eighty four": "in 1984",
            "two point five percent": "2.5%",
            "an hour and a half": "an hour and a half",
            "three and a half weeks": "3.5 weeks",
            "on the twenty first of may": "on the twenty first of may",
            "one of them, oh no": "one of them, oh no",
            "triple four one two": "44412",
        },
        asked={
            Kind.PHONE: ("what's your phone number", "oh seven seven double oh nine hundred one two three"),
            Kind.EMAIL: ("and your email", "tariq dot hussain eighty four at gmail dot com"),
            Kind.CARD: (
                "the long number please",
                "four five three nine one four eight eight oh three four three six four six seven",
            ),
            Kind.IBAN: (
                "sort code and account number",
                "twenty forty five ninety three and one two three four five six seven eight",
            ),
            Kind.NATIONAL_ID: ("your national insurance number", "a b one two three four five six c"),
            Kind.PLATE: ("the number plate of the car", "a b one two c d e"),
            Kind.ADDRESS: ("and your address", "flat three twenty two acacia avenue croydon c r o nine x y"),
            Kind.PERSON: ("can i take your name", "rebecca hollingworth"),
        },
        stays=(
            "the crown costs two hundred and fifty pounds",
            "i'd like to come on monday at ten thirty",
            "my order number is four four five six seven eight nine one two three",
            "it's the second tooth on the upper left and it has hurt for three weeks",
            "i was born on the fourth of may nineteen eighty four",
        ),
    ),
    "tr": Examples(
        numbers={
            "yirmi bir gün": "21 gün",
            "sıfır beş yüz otuz iki yüz yirmi üç kırk beş altmış yedi": "0532 123 45 67",
            "iki bin dört yüz elli lira": "2450 lira",
            "yüzde iki buçuk": "%2,5",
            "bir tane": "bir tane",
        },
        asked={
            Kind.PHONE: ("telefon numaranız", "sıfır beş yüz otuz iki yüz yirmi üç kırk beş altmış yedi"),
            Kind.EMAIL: ("mail adresiniz", "ayşe nokta yılmaz seksen dört et gmail nokta com"),
            Kind.CARD: (
                "kart numaranız",
                "kırk beş otuz dokuz on dört seksen sekiz sıfır üç kırk üç altmış dört altmış yedi",
            ),
            Kind.IBAN: (
                "iban alabilir miyim",
                "te re otuz üç sıfır sıfır altmış bir sıfır sıfır elli bir on dokuz "
                "yetmiş sekiz altmış dört elli yedi seksen dört on üç yirmi altı",
            ),
            Kind.NATIONAL_ID: ("kimlik numaranız", "on iki bin üç yüz kırk beş altı yüz yetmiş sekiz dokuz yüz elli"),
            Kind.PLATE: ("aracın plakası", "otuz dört a be ce yüz yirmi üç"),
            Kind.ADDRESS: ("adresiniz", "gül mahallesi lale sokak numara beş daire üç"),
            Kind.PERSON: ("adınız soyadınız", "ayşe yılmaz"),
        },
        stays=(
            "iki yüz elli lira tutar",
            "pazartesi saat on buçukta gelin",
            "sipariş numaram kırk dört elli altı yetmiş sekiz doksan bir yirmi üç",
        ),
    ),
}
