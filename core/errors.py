"""What a rule says no to. The web alone knows status codes.

Refused                 a business "no": stable code, fields at fault, words to show
├── Invalid             what was handed in cannot be taken: names the fields
├── Forbidden           this actor may not do this
├── NotFound            no such thing, or not for this actor's eyes
├── TransitionRefused   the ticket or order is not in a state that allows it
├── Conflict            somebody else was first, or a key was reused
├── TooMany             a limit of rate or number is reached
└── Unavailable         what this needs does not answer; nothing was done
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One field at fault: its name as the caller wrote it, a stable code, a sentence.

    The sentence is a msgid: it is translated at the edge, then filled from `params`.
    """

    field: str
    code: str
    message: str
    params: Mapping[str, str | int] = dataclasses.field(default_factory=dict)


class Refused(Exception):
    """The request was understood and refused."""

    code = "refused"
    message = "请求未被接受"

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        faults: tuple[Fault, ...] = (),
        params: Mapping[str, str | int] | None = None,
    ) -> None:
        self.message = message or type(self).message
        self.code = code or type(self).code
        self.faults = faults
        # words are translated at the edge: the message is a msgid, these fill its gaps
        self.params = dict(params or {})
        super().__init__(f"{self.code}: {self.message}")


class Invalid(Refused):
    """What was handed in cannot be taken as it is."""

    code = "invalid"
    message = "提交的内容有误，请按提示修改"

    @classmethod
    def one(cls, field: str, code: str, message: str, **params: str | int) -> "Invalid":
        return cls(faults=(Fault(field, code, message, params),))


class Forbidden(Refused):
    """The actor's roles do not allow this."""

    code = "forbidden"
    message = "您没有进行此操作的权限"


class NotFound(Refused):
    """There is no such thing, or it is not for this actor's eyes: the two look alike."""

    code = "not_found"
    message = "没有找到，或您无权查看"


class TransitionRefused(Refused):
    """The state of the ticket or order does not allow this step."""

    code = "wrong_state"
    message = "当前状态不能进行此操作"


class Conflict(Refused):
    """Somebody was first, or a key came again with another body."""

    code = "conflict"
    message = "与已有记录冲突"


class TooMany(Refused):
    """A limit is reached; try again later."""

    code = "too_many"
    message = "操作过于频繁，请稍后再试"


class Unavailable(Refused):
    """Something this cannot do without does not answer; nothing was done."""

    code = "unavailable"
    message = "服务暂不可用，请稍后再试"
