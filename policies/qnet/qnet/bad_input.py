"""What a person can repair is said in one sentence, without a stack."""


class BadInput(Exception):
    """What was given cannot be used. The message says what, where and what to do; `python -m qnet` exits with 2."""


class BadEpisodes(BadInput):
    """Logged episodes that cannot be used. The message says the file, the row, the rule, and what to do."""
