"""What the rules of several languages need to read text."""


def words(text: str) -> frozenset[str]:
    """Return the words of a list that is written as running text."""
    return frozenset(text.split())


def lowered(text: str) -> str:
    """Return the text in lower case, each character in its old place."""
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
