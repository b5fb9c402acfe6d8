"""What a request to any door may say about its circumstances."""

from datetime import date
from typing import Any

from pydantic import BaseModel, Extra, Field, StrictStr, validator

from bot.inputs import read_date


class Given(BaseModel):
    """The day and the place an answer is for; a name that is not a field is a typing error, not ignored."""

    as_of: date | None = Field(default=None, description="办理日期，如 2021-09-01；默认当天")
    place: StrictStr | None = Field(default=None, min_length=1, max_length=20, description="地点，默认本溪")

    class Config:
        extra = Extra.forbid

    @validator("as_of", pre=True)
    def _as_of(cls, value: Any) -> date | None:
        return None if value is None else read_date(value, "as_of")
