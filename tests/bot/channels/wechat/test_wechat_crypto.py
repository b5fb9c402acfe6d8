"""Safe mode: the official vectors, wechatpy as an independent oracle, and what must not be opened."""

import base64
import random
import re

import pytest
from wechat_letters import APPID, KEY, OLD_KEY, TOKEN
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.utils import WeChatSigner

from bot.channels.wechat.crypto import Cipher, Undecipherable

# The samples WeChat gives away with WXBizMsgCrypt (Java), those of 企业微信 (Python), and those of wechatpy's tests.
ACCOUNT = ("pamtest", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wxb11529c136998cb6")
COMPANY = ("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
WECHATPY = ("123456", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a")

VIDEO = (
    "<xml><ToUserName><![CDATA[oia2Tj我是中文jewbmiOUlr6X-1crbLOvLw]]></ToUserName>"
    "<FromUserName><![CDATA[gh_7f083739789a]]></FromUserName><CreateTime>1407743423</CreateTime>"
    "<MsgType><![CDATA[video]]></MsgType><Video>"
    "<MediaId><![CDATA[eYJ1MbwPRJtOvIEabaxHs7TX2D-HV71s79GUxqdUkjm6Gs2Ed1KF3ulAOA9H1xG0]]></MediaId>"
    "<Title><![CDATA[testCallBackReplyVideo]]></Title><Description><![CDATA[testCallBackReplyVideo]]></Description></Video></xml>"
)
WRITTEN = [
    (
        ACCOUNT, b"aaaabbbbccccdddd", "我是中文abcd123",
        "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==",
    ),
    (
        ACCOUNT, b"aaaabbbbccccdddd", VIDEO,
        "jn1L23DB+6ELqJ+6bruv23M2GmYfkv0xBh2h+XTBOKVKcgDFHle6gqcZ1cZrk3e1qjPQ1F4RsLWzQRG9udbKWesxlkupqcEcW7ZQ"
        "weImX9+wLMa0GaUz"
        "pkycA8+IamDBxn5loLgZpnS7fVAbExOkK5DYHBmv5tptA9tklE/fTIILHR8HLXa5nQvFb3tYPKAlHF3rtTeayNf0QuM+UW/wM9en"
        "GIDIJHF7CLHiDNAY"
        "xr+r+OrJCmPQyTy8cVWlu9iSvOHPT/77bZqJucQHQ04sq7KZI27OcqpQNSto2OdHCoTccjggX5Z9Mma0nMJBU+jLKJ38YB1fBIz+"
        "vBzsYjrTmFQ44Yfe"
        "EuZ+xRTQwr92vhA9OxchWVINGC50qE/6lmkwWTwGX9wtQpsJKhP+oS7rvTY8+VdzETdfakjkwQ5/Xka042OlUb1/slTwo4RscuQ+"
        "RdxSGvDahxAJ6+EA"
        "jLt9d8igHngxIbf6YyqqROxuxqIeIch3CssH/LqRs+iAcILvApYZckqmA7FNERspKA5f8GoJ9sv8xmGvZ9Yrf57cExWtnX8aCMMa"
        "BropU/1k+hKP5LVd"
        "zbWCG0hGwx/dQudYR/eXp3P0XxjlFiy+9DMlaFExWUZQDajPkdPrEeOwofJb",
    ),
    (
        WECHATPY, b"1234567890123456",
        "<xml>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[test]]></Content>\n"
        "<FromUserName><![CDATA[wx49f0ab532d5d035a]]></FromUserName>\n<ToUserName><![CDATA[messense]]></ToUserName>\n"
        "<AgentID>1</AgentID>\n<CreateTime>1411525903</CreateTime>\n</xml>",
        "9s4gMv99m88kKTh/H8IdkOiMg6bisoy3ypwy9H4hvSPe9nsGaqyw5hhSjdYbcrKk+j3nba4HMOTzHrluLBYqxgNcBqGsL8GqxlhZ"
        "gURnAtObvesEl5nZ"
        "+uBE8bviY0LWke8Zy9V/QYKxNV2FqllNXcfmstttyIkMKCCmVbCFM2JTF5wY0nFhHZSjPUL2Q1qvSUCUld+/WIXrx0oyKQmpB6o8"
        "NRrrNrsDf03oxI1p"
        "9FxUgMnwKKZeOA/uu+2IEvEBtb7muXsVbwbgX05UPPJvFurDXafG0RQyPR+mf1nDnAtQmmNOuiR5MIkdQ39xn1vWwi1O5oazPoQJ"
        "z0nTYjxxEE8kv3kF"
        "xtAGVRe3ypD3WeK2XeFYFMNMpatF9XiKzHo3",
    ),
]  # fmt: skip
READ = [  # account, timestamp, nonce, signature, encrypted, what stands in it
    (
        COMPANY, "1409659589", "263014780", "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
        "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
        r"1616140317555161061",
    ),
    (
        COMPANY, "1409659813", "1372623149", "477715d11cdb4164915debcba66cb864d751f3e6",
        "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg"
        "3W/sYYvuJTs3TUUk"
        "SUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwG"
        "c2hgf5gsijff0ekU"
        "NXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJW"
        "rQUax5wLVMNS0+rU"
        "PA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIG"
        "HBZZIs2pDBS8R07+"
        "qN+E7Q==",
        r"<FromUserName><!\[CDATA\[mycreate\]\]></FromUserName>",
    ),
    (
        WECHATPY, "1411443780", "437374425", "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96",
        "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==",
        r"\d+",
    ),
    (
        WECHATPY, "1411525903", "461056294", "74d92dfeb87ba7c714f89d98870ae5eb62dff26d",
        "RgqEoJj5A4EMYlLvWO1F86ioRjZfaex/gePD0gOXTxpsq5Yj4GNglrBb8I2BAJVODGajiFnXBu7mCPatfjsu6IHCrsTyeDXzF6Bv"
        "283dGymzxh6ydJRv"
        "ZsryDyZbLTE7rhnus50qGPMfp2wASFlzEgMW9z1ef/RD8XzaFYgm7iTdaXpXaG4+BiYyolBug/gYNx410cvkKR2/nPwBiT+P4hIi"
        "OAQqGp/TywZBtDh1"
        "yCF2KOd0gpiMZ5jSw3e29mTvmUHzkVQiMS6td7vXUaWOMZnYZlF3So2SjHnwh4jYFxdgpkHHqIrH/54SNdshoQgWYEvccTKe7FS7"
        "09/5t6NMxuGhcUGA"
        "POQipvWTT4dShyqio7mlsl5noTrb++x6En749zCpQVhDpbV6GDnTbcX2e8K9QaNWHp91eBdCRxthuL0=",
        r"<Content><!\[CDATA\[test\]\]></Content>",
    ),
]  # fmt: skip


def cipher(account):
    token, key, appid = account
    return Cipher(token, [key], appid)


@pytest.mark.parametrize(("account", "random_bytes", "content", "encrypted"), WRITTEN)
def test_official_samples_are_written_and_read(account, random_bytes, content, encrypted):
    assert cipher(account).encrypt(content, random=random_bytes) == encrypted
    assert cipher(account).decrypt(encrypted).decode() == content


@pytest.mark.parametrize(("account", "timestamp", "nonce", "signature", "encrypted", "holds"), READ)
def test_official_samples_are_verified_and_read(account, timestamp, nonce, signature, encrypted, holds):
    ours = cipher(account)
    assert ours.signature(timestamp, nonce, encrypted) == signature
    assert ours.signed(signature, timestamp, nonce, encrypted) and not ours.signed(signature, timestamp, "1", encrypted)
    assert re.search(holds, ours.decrypt(encrypted).decode())


def test_the_signature_of_an_official_reply():
    *_, encrypted = WRITTEN[2]
    expected = "407518b7649e86ef23978113f92d27afa9296533"
    assert cipher(WECHATPY).signature("1411525903", "461056294", encrypted) == expected


CHARACTERS = [  # emoji of several characters are cut apart: no text is too odd
    *"abcXYZ 019<>&\"']]>\n\t，。：；！？“”（）〔〕①％", *map(chr, range(0x4E00, 0x9FFF, 97)), *"😀🏠🧑‍🦽👨‍👩‍👧𠮷𡃁ﬁ",
]  # fmt: skip


def test_five_thousand_messages_each_way_as_wechatpy_has_them():
    draw, ours = random.Random(20210720), Cipher(TOKEN, [KEY], APPID)
    theirs = PrpCrypto(WeChatCrypto(TOKEN, KEY, APPID).key)
    for _ in range(5000):
        content = "".join(draw.choices(CHARACTERS, k=draw.randrange(0, 90)))
        assert theirs.decrypt(ours.encrypt(content), APPID) == content
        assert ours.decrypt(theirs.encrypt(content, APPID).decode()).decode() == content
        parts = [str(draw.randrange(2**40)), "".join(draw.choices(CHARACTERS, k=12))]
        signer = WeChatSigner()
        signer.add_data(TOKEN, *parts)
        assert ours.signature(*parts) == signer.signature


# ── what is not opened ──


def reason(ours, encrypted):
    with pytest.raises(Undecipherable) as caught:
        ours.decrypt(encrypted)
    return caught.value.reason


def test_what_is_wrong_is_told_by_a_word():
    ours, whole = Cipher(TOKEN, [KEY], APPID), Cipher(TOKEN, [KEY], APPID).encrypt("<xml/>")
    raw = base64.b64decode(whole)
    assert reason(ours, whole[:-1]) == "base64" and reason(ours, "不是" + whole) == "base64"
    assert reason(ours, whole[:40] + "\n" + whole[40:]) == "base64", "nothing is passed over"
    assert reason(ours, "") == "length" and reason(ours, base64.b64encode(raw[:-16]).decode()) == "length"
    assert reason(ours, Cipher(TOKEN, [KEY], "wx0000000000000000").encrypt("<xml/>")) == "appid"
    assert reason(ours, Cipher(TOKEN, [KEY], APPID + "0").encrypt("<xml/>")) == "appid"
    assert reason(Cipher(TOKEN, [], APPID), whole) == "key"
    assert reason(Cipher(TOKEN, [OLD_KEY], APPID), whole) in ("padding", "content", "appid")


def encrypted(plain):
    """These bytes under our key, as they are."""
    from cryptography.hazmat.primitives.ciphers import Cipher as Aes
    from cryptography.hazmat.primitives.ciphers import algorithms, modes

    key = base64.b64decode(KEY + "=")
    encryptor = Aes(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def plaintext(content=b"<xml/>", length=None):
    head = b"r" * 16 + (len(content) if length is None else length).to_bytes(4, "big")
    return head + content + APPID.encode()


def test_every_byte_of_the_padding_counts():
    ours, plain = Cipher(TOKEN, [KEY], APPID), plaintext()
    pad = 32 - len(plain) % 32
    assert pad > 3 and ours.decrypt(encrypted(plain + bytes([pad]) * pad)) == b"<xml/>"
    for wrong in (bytes([pad]) * (pad - 2) + bytes([1, pad]), bytes([0]) * pad, bytes([33]) * pad, bytes([255]) * pad):
        assert reason(ours, encrypted(plain + wrong)) == "padding"
    full = plaintext(b"x" * (64 - 20 - len(APPID)))
    assert len(full) == 64 and ours.decrypt(encrypted(full + bytes([32]) * 32)).startswith(b"xxx")


@pytest.mark.parametrize("length", [2**32 - 1, 10_000, 7])
def test_a_length_that_lies_reads_nothing_else(length):
    plain = plaintext(length=length)
    pad = 32 - len(plain) % 32
    told = reason(Cipher(TOKEN, [KEY], APPID), encrypted(plain + bytes([pad]) * pad))
    assert told == ("appid" if length == 7 else "content")


def test_nothing_but_padding_is_no_content():
    assert reason(Cipher(TOKEN, [KEY], APPID), encrypted(bytes([32]) * 32)) == "content"


def test_both_keys_open_while_they_are_exchanged_and_the_one_that_did_closes():
    both, old = Cipher(TOKEN, [KEY, OLD_KEY], APPID), Cipher(TOKEN, [OLD_KEY], APPID)
    xml, key = both.opened(old.encrypt("旧"))
    assert xml.decode() == "旧" and old.decrypt(both.encrypt("答", key=key)).decode() == "答"
    assert Cipher(TOKEN, [KEY], APPID).decrypt(both.encrypt("新")).decode() == "新"
    stranger = Cipher(TOKEN, [OLD_KEY], "wx0000000000000000")
    assert reason(both, stranger.encrypt("<xml/>")) == "appid", "the key that fits tells what is wrong"


def test_no_two_messages_are_encrypted_alike():
    ours = Cipher(TOKEN, [KEY], APPID)
    assert len({ours.encrypt("同样的话") for _ in range(50)}) == 50
