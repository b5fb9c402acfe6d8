"""The model of a stock Rasa project over our training data: Rasa's default pipeline and policies, for Chinese.

It is trained with `rasa train`, unpatched, once for the same data, and kept in var/stock/.
"""

import hashlib
import os
import subprocess
from pathlib import Path

from machine import ROOT
from servers import PROGRAMS

EPOCHS = 15  # of DIET; Rasa's default is 100. Epochs change how well it understands, not what a turn costs
FOLDER = ROOT / "var" / "stock"
CONFIG = """\
# rasa/engine/recipes/config_files/default_config.yml of Rasa 3.6.21, with JiebaTokenizer for WhitespaceTokenizer.
recipe: default.v1
assistant_id: stock
language: zh
pipeline:
- name: JiebaTokenizer
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 4
- name: DIETClassifier
  epochs: {epochs}
  constrain_similarities: true
- name: EntitySynonymMapper
- name: ResponseSelector
  epochs: {epochs}
  constrain_similarities: true
- name: FallbackClassifier
  threshold: 0.3
  ambiguity_threshold: 0.1
policies:
- name: MemoizationPolicy
- name: RulePolicy
- name: UnexpecTEDIntentPolicy
  max_history: 5
  epochs: {epochs}
- name: TEDPolicy
  max_history: 5
  epochs: {epochs}
  constrain_similarities: true
"""


def stock_model(epochs: int = EPOCHS) -> Path:
    """Return the archive, training it first when it is missing. Raises RuntimeError with the last line Rasa said."""
    config = CONFIG.format(epochs=epochs)
    name = f"stock-{_digest(config)}.tar.gz"
    if not (FOLDER / name).exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "config.yml").write_text(config, encoding="utf-8")
        command: list[str | Path] = [
            PROGRAMS / "rasa",
            "train",
            "--config",
            FOLDER / "config.yml",
            "--domain",
            "bot/domain",
        ]
        command += ["--data", "data", "--out", FOLDER, "--fixed-model-name", name, "--force"]
        environment = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}
        said = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if said.returncode or not (FOLDER / name).exists():
            raise RuntimeError(f"rasa train: {said.stdout.strip().splitlines()[-1:]}")
    return FOLDER / name


def _digest(config: str) -> str:
    digest = hashlib.sha256(config.encode())
    for path in sorted(path for folder in ("data", "bot/domain") for path in (ROOT / folder).rglob("*.yml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
