"""The shapes of requests and replies: how they are documented, and what every request may say of its circumstances."""

from datetime import date
from typing import Any

from pydantic import BaseModel, Extra, Field, StrictStr, validator

from bot.inputs import read_date


class Documented(BaseModel):
    """What a request or a reply looks like, told in the OpenAPI document as it is: what may be null says so.

    pydantic 1 leaves that out, and a client made from the document would break at the first null.
    """

    class Config:
        @staticmethod
        def schema_extra(schema: dict[str, Any], model: type[BaseModel]) -> None:
            properties = schema.get("properties", {})
            for field in model.__fields__.values():
                told = properties.get(field.alias, {})
                kind = {key: value for key, value in told.items() if key not in ("title", "description", "default")}
                if field.allow_none and kind:
                    words = {key: value for key, value in told.items() if key not in kind}
                    properties[field.alias] = {**words, "anyOf": [kind, {"type": "null"}]}


class Given(Documented):
    """The day and the place an answer is for; a name that is not a field is a typing error, not ignored."""

    as_of: date | None = Field(default=None, description="办理日期，如 2021-09-01；默认当天")
    place: StrictStr | None = Field(default=None, min_length=1, max_length=20, description="地点，默认本溪")

    class Config:
        extra = Extra.forbid

    @validator("as_of", pre=True)
    def _as_of(cls, value: Any) -> date | None:
        return None if value is None else read_date(value, "as_of")
