"""The parts of the Rasa pipeline that are ours: how a message becomes words, spans and an intent."""
