"""Errors of serving: requests that cannot be answered."""

from __future__ import annotations

from features.errors import CallfirstError


class ServingError(CallfirstError):
    """A request that serving cannot answer."""


class NothingPublishedError(ServingError):
    """No night has published anything yet."""

    def __init__(self) -> None:
        super().__init__("Nothing is published yet.", "Publish scores and lists: callfirst nightly.")


class UnknownCustomerError(ServingError):
    """A customer that is not among the published ones the caller may see."""

    def __init__(self) -> None:
        super().__init__("There is no such customer.", "Check the id; new customers appear with the next nightly.")


class UnknownListError(ServingError):
    """A call list that is not among the published ones the caller may see."""

    def __init__(self) -> None:
        super().__init__("There is no such call list.", "Ask without manager_id for every list this key may see.")


class NoKeyError(ServingError):
    """A request without a valid key."""

    def __init__(self) -> None:
        super().__init__(
            "This needs a valid access key.",
            "Send it as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'; make one: callfirst keys create NAME.",
        )


class NoPushRightError(ServingError):
    """Rows pushed with a key that may only read."""

    def __init__(self) -> None:
        super().__init__(
            "This access key may read but not push.", "Use one made with: callfirst keys create NAME --rights push."
        )


class ForeignRowsError(ServingError):
    """Rows of customers that are not the caller's own."""

    def __init__(self) -> None:
        super().__init__(
            "Some rows are of customers that this access key may not see, or name another manager; nothing was stored.",
            "Push the rows of your own customers, or use a key of the whole company.",
        )


class ForeignOriginError(ServingError):
    """A form sent from another site."""

    def __init__(self) -> None:
        super().__init__("This form was sent from another site.", "Open the page itself and send the form from there.")


class UnreadableBodyError(ServingError):
    """A body that is not strict JSON."""

    def __init__(self, why: str, to_do: str) -> None:
        super().__init__(f"The body cannot be read: {why}.", to_do)


class RepeatedQueryError(ServingError):
    """A query that names a parameter twice."""

    def __init__(self) -> None:
        super().__init__("The query has a name twice.", "Give each once.")


class BodyTypeError(ServingError):
    """A body of a media type that is not accepted."""

    def __init__(self, media_type: str) -> None:
        super().__init__("The body has a type that is not accepted here.", f"Send Content-Type: {media_type}.")


class BodyTooLargeError(ServingError):
    """A body beyond the limit."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The body is larger than {limit_bytes:,d} bytes.", "Split it into several requests.")
