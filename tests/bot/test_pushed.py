"""What is said to a visitor unasked: it is there until fetched, in order, and goes with the person."""

from bot.store import pushed
from bot.store.erasure import erase


def say(engine, sender, text):
    with engine.begin() as connection:
        return pushed.put(connection, sender, [{"kind": "text", "text": text}])


def texts(engine, sender, id=0):
    return [one.replies[0]["text"] for one in pushed.after(engine, sender, id)]


def test_each_is_told_its_own_in_order_and_what_came_after(engine):
    first = say(engine, "web:a", "您好")
    say(engine, "web:b", "别人的")
    say(engine, "web:a", "我是坐席")
    assert texts(engine, "web:a") == ["您好", "我是坐席"] and texts(engine, "web:a", first) == ["我是坐席"]
    assert pushed.after(engine, "web:a")[0].created_at.tzinfo is not None


def test_who_is_erased_takes_it_along_and_no_number_comes_twice(engine):
    last = say(engine, "web:a", "您好")
    erase(engine, ["web:a"])
    assert texts(engine, "web:a") == []
    assert say(engine, "web:a", "又来了") > last
