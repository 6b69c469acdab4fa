"""What the definition of a fault says, member by member. Imported when one is set: it is pydantic.

JSON is in camelCase, so are the members here.
"""

# ruff: noqa: N815

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from emulator.json_types import Json, JsonObject

Names = Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
Seconds = Annotated[float, Field(ge=0, le=3600)]


class _Selection(BaseModel):
    """Which of all calls, runs or batches a fault is about, and which of them it hits.

    They have to fit every list that is given. Of those that fit, the first `after` pass; of the
    others each is hit with `probability`, and no more than `count` in all. Outside of `from` and
    `until`, by the emulator's clock, nothing counts.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = Field(
        default=None, description="names the fault; one is made up if it is left out"
    )
    organizations: Names | None = Field(default=None, description="values of x-gw-ims-org-id")
    sandboxes: Names | None = Field(default=None, description="values of x-sandbox-name")
    probability: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="how likely each is hit; the emulator's seed decides which"
    )
    count: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="how many are hit at most"
    )
    after: Annotated[int, Field(ge=0)] = Field(
        default=0, description="how many pass before the first is hit"
    )
    since: AwareDatetime | None = Field(
        default=None, alias="from", description="when the fault begins, as an ISO 8601 date-time"
    )
    until: AwareDatetime | None = Field(default=None, description="when the fault ends")


class _Definition(_Selection):
    """Which calls a fault is about."""

    operations: Names | None = Field(
        default=None, description="operation ids; * stands for any text, as in flow_service.*"
    )
    services: Names | None = Field(default=None, description="services by name")


class ErrorFault(_Definition):
    """The call is refused with an entry of an error catalogue, and changes nothing.

    `status` names one of the gateway's own instead: 429, 500, 502, 503 or 504.
    """

    kind: Literal["error"]
    problem: str | None = Field(default=None, description="id of an entry of an error catalogue")
    status: Literal[429, 500, 502, 503, 504] | None = None
    values: dict[str, str] = Field(default={}, description="what the entry's text asks for")
    retryAfter: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="seconds, for a Retry-After header, which no document shows"
    )

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.problem is None) == (self.status is None):
            raise ValueError("an error fault has either a problem or a status")
        return self


class DelayFault(_Definition):
    """The reply is held back for `seconds`, and up to `jitter` seconds more; the call is done."""

    kind: Literal["delay"]
    seconds: Seconds = 0.0
    jitter: Seconds = 0.0


class ResetFault(_Definition):
    """The connection is reset instead of an answer, and nothing is changed."""

    kind: Literal["reset"]


class LostReplyFault(_Definition):
    """The call is done, and then the connection is reset: the client cannot know what happened."""

    kind: Literal["lostReply"]


class TruncateFault(_Definition):
    """The call is done, and the connection ends within the body of the reply."""

    kind: Literal["truncate"]
    bytes: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="how many bytes of the body are sent; half of it if left out"
    )


class ExpiredTokenFault(_Definition):
    """An access token is refused for good once it has been used for a while; a new one is good."""

    kind: Literal["expiredToken"]
    calls: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="how many calls a token is good for"
    )
    seconds: Seconds | None = Field(
        default=None, description="how long it is good for, from its first call on"
    )


class NotVisibleFault(_Definition):
    """What a call creates is left out of reads for a while; rules know it at once.

    Without `reads` and `seconds` the first read misses it.
    """

    kind: Literal["notVisible"]
    reads: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="how many reads miss it"
    )
    seconds: Seconds | None = Field(default=None, description="for how long reads miss it")


class StuckRunFault(_Selection):
    """A flow run stays in progress: for `seconds`, or until the fault is taken away."""

    kind: Literal["stuckRun"]
    flows: Names | None = Field(default=None, description="flows by id or name; * as above")
    seconds: Annotated[float, Field(gt=0)] | None = None


class FailedRunFault(_Selection):
    """A flow run fails without having read anything."""

    kind: Literal["failedRun"]
    flows: Names | None = Field(default=None, description="flows by id or name; * as above")
    code: str | None = Field(default=None, description="CONNECTOR-2001-500 if left out")
    message: str | None = None


class FailedBatchFault(_Selection):
    """A batch fails, and nothing of it lands."""

    kind: Literal["failedBatch"]
    datasets: Names | None = Field(default=None, description="data sets by id or name")
    code: str | None = Field(default=None, description="EMULATOR-FAULT if left out")
    message: str | None = None


class StuckBatchFault(_Selection):
    """A batch that has been completed waits: for `reads` reads of it, or for ever."""

    kind: Literal["stuckBatch"]
    datasets: Names | None = Field(default=None, description="data sets by id or name")
    reads: Annotated[int, Field(ge=1)] | None = None


AnyFault: TypeAlias = Annotated[
    ErrorFault
    | DelayFault
    | ResetFault
    | LostReplyFault
    | TruncateFault
    | ExpiredTokenFault
    | NotVisibleFault
    | StuckRunFault
    | FailedRunFault
    | FailedBatchFault
    | StuckBatchFault,
    Field(discriminator="kind"),
]

_ADAPTER: TypeAdapter[BaseModel] = TypeAdapter(AnyFault)


def read(raw: Json) -> JsonObject:
    """Return a definition as it was given, without what was left out.

    Raises:
        pydantic.ValidationError: It is not of the form.
    """
    return _ADAPTER.validate_python(raw).model_dump(mode="json", by_alias=True, exclude_unset=True)


def schema() -> JsonObject:
    """Return the JSON Schema of a definition."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Definition of a fault",
        **_ADAPTER.json_schema(by_alias=True),
    }
