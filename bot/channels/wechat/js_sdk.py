"""What a page signs itself with before WeChat's own browser lets it use the JS-SDK (share cards, closing the window).

The chat itself does without: the JS-SDK is a script of another host, and the component asks nothing of third parties. A
page of the county's site that embeds it may have its address signed here.
Source: developers.weixin.qq.com, JS-SDK 使用权限签名算法.
"""

import hashlib


def page_signature(ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """Return what signs a page: 40 hex digits.

    `ticket`: the account's jsapi_ticket; `nonce`, `timestamp` (seconds): as given to ``wx.config``; `url`: of the page,
    with its query; what stands behind ``#`` does not count.
    """
    signed = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url.partition('#')[0]}"
    return hashlib.sha1(signed.encode()).hexdigest()
