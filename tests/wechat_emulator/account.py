"""The official account that WeChat knows: its numbers and secrets, and what it may do."""

from dataclasses import dataclass

MODES = ("plain", "compat", "safe")


@dataclass
class Account:
    """As it stands in the console.

    Attributes:
        aes_key: EncodingAESKey, 43 characters; may be changed while the account works (rotation).
        mode: how messages are sent: ``plain``, ``compat`` (plain and encrypted side by side), ``safe``.
        verified: 已认证; without it there are no customer-service messages, menus with events and QR codes (48001).
        menu_messages: msgmenu may be sent; test accounts may not (40200).
    """

    appid: str = "wxb11529c136998cb6"
    secret: str = "0123456789abcdef0123456789abcdef"
    token: str = "EmulatedToken2021"
    aes_key: str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    name: str = "gh_7f083739789a"
    mode: str = "safe"
    verified: bool = True
    menu_messages: bool = True

    def environment(self, base: str) -> dict[str, str]:
        """What the server of the account has to be started with; `base`: where the emulator listens."""
        return {
            "WECHAT_APPID": self.appid,
            "WECHAT_SECRET": self.secret,
            "WECHAT_TOKEN": self.token,
            "WECHAT_AES_KEY": self.aes_key,
            "WECHAT_API_BASE": base,
        }
