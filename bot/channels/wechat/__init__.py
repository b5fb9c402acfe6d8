"""The official account of WeChat (公众号): what it sends us, what we send back within five seconds, what goes later.

Coming in: ``route.py`` (HTTP) → ``envelope.py`` (XML) and ``crypto.py`` (safe mode) → ``incoming.py`` (what was sent) →
``inbox.py`` (kept, once) → ``answering.py`` (one turn, answered on whichever try is open) → ``render.py``.
Going out: ``push.py`` sends what the outbox has through ``api.py``; ``people.py`` knows to whom.
Beside: ``js_sdk.py`` signs a page that is opened in WeChat's own browser.
Why it is built like this: docs/decisions/0006-wechat-five-seconds.md.
"""
