"""Refusals. The vendor publishes -10007 alone, and a live server said -10033; the others are this simulator's own."""

NOT_FOUND = -10007
BAD_REQUEST = -10001
EXISTS = -10006
NOT_ALLOWED = -10009
CARD_SPENT = -10021
CARD_EXPIRED = -10022
OVER_RANGE = -10033
UNLISTED = -10999


class Refusal(Exception):
    """The switch says no; `code` and the text go into the answer."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def not_found() -> Refusal:
    return Refusal(NOT_FOUND, "Not found, operation failed.")
