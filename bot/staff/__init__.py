"""The operators' console, /staff: sign-in, cases, hand-off, answers to read aloud (docs/坐席台.md)."""
