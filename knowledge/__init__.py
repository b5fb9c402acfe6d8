"""What the notices say: loads the packs, finds clauses, quotes them verbatim."""

from knowledge.catalogue import Choice, Fact, Question
from knowledge.errors import PackError
from knowledge.notice import Clause, Notice
from knowledge.pack import Knowledge, load
from knowledge.yaml_source import SourceFile

__all__ = ["Choice", "Clause", "Fact", "Knowledge", "Notice", "PackError", "Question", "SourceFile", "load"]
