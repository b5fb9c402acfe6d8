"""`wengang evaluate`: how well questions, search, intents and entities go; written to docs/evaluation.md."""
