"""The signature of a page: the pairs that WeChat's documentation has printed."""

import pytest

from bot.channels.wechat.js_sdk import page_signature

TICKET = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        ("http://mp.weixin.qq.com", "f4d90daf4b3bca3078ab155816175ba34c443a7b"),
        ("http://mp.weixin.qq.com?params=value", "0f9de62fce790f9a083d5c99e95740ceb90c27ed"),
        ("http://mp.weixin.qq.com?params=value#card", "0f9de62fce790f9a083d5c99e95740ceb90c27ed"),
    ],
)
def test_the_printed_pairs(url, signature):
    assert page_signature(TICKET, "Wm3WZYTPz0wzccnW", 1414587457, url) == signature
