"""转人工: what is believed goes along, for whoever takes over (bot/handoff.py reads it)."""


async def test_what_is_believed_goes_along(assistant):
    await assistant.reply("human", "我们公司28个人，能领稳岗返还吗", as_of="2021-09-01")
    reply, *_ = await assistant.reply("human", "转人工", as_of="2021-09-01")
    assert reply["kind"] == "handoff" and "28" in reply["summary"] and reply["summary"] in reply["text"]
    nothing_known, *_ = await assistant.reply("human-2", "转人工", as_of="2021-09-01")
    assert nothing_known["summary"] == ""
