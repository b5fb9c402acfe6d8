"""A simulated user: somebody who knows the truth about themselves and tells it in any order, with detours.

``person`` draws who it is, ``words`` how things are said, ``user`` what is said next, ``conversation`` plays one
dialogue and judges it, ``report`` plays many. Nothing here is part of the assistant.
"""
