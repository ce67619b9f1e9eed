"""The demo's PanGu-Alpha: 105 commits on master, a branch for serving, a tag. Code is a small working sketch of the real project's layout."""

from projects.management.demo.history import History, Step

ZHANG = ("zhangy03", "zhangy03@example.org")
LIN = ("林越", "lin-yue@example.org")
ZHOU = ("周宁", "zhou-ning@example.org")
HE = ("何志明", "he-zm@example.org")

README = """# 鹏程·盘古 α

[English](README_EN.md)

鹏程·盘古 α 是首个两千亿参数的中文预训练语言模型，代码、模型、语料全部开源。它在鹏城云脑 II 的 4,096 颗昇腾 910 处理器上训练，
语料由 80 TB 原始数据清洗、加权与质量评估而成，约 1.1 TB（数字见 2021 年的报告《鹏城云脑开源生态与数据共享安全》）。

## 开放程度

| 模型 | 数据开源 | 算法开源 | 模型开放 | 服务开放 |
| --- | :-: | :-: | :-: | :-: |
| 英文 GPT-3 175B | ✗ | ✗ | ✗ | ✓ |
| 开源清源 CPM 2.6B | ✗ | ✗ | ✓ | ✗ |
| 鹏程·盘古 200B + 13B | ✓ | ✓ | ✓ | ✓ |

## 快速开始

```bash
pip install -r requirements.txt
python scripts/run_predict.py \\
  --load_ckpt_path ./ckpt/pangu-alpha-13b \\
  --strategy ./strategy_load_ckpt/13b.strategy \\
  --prompt "四川的省会是？"
```

## 成绩

在 16 个下游任务上与 CPM 2.6B 相比[^1]：零样本 11 个任务领先，单样本 12 个任务超越，小样本 13 个任务超越。

困惑度按 $\\mathrm{PPL} = \\exp\\left(-\\frac{1}{N}\\sum_{i=1}^{N} \\log p(x_i \\mid x_{<i})\\right)$ 计算，见 [docs/evaluation.md](docs/evaluation.md)。

> [!NOTE]
> 推理 13B 至少需要 2 颗昇腾 910 或一张 32 GB 显存的加速卡，见 [FAQ](FAQ.md)。

## 任务清单

- [x] 2.6B、13B 权重
- [x] 在线推理服务
- [ ] 200B 分片加载工具

[^1]: 报告第 16 页的表，2021 年。
"""

README_EN = """# PanGu-α

A Chinese pre-trained language model with 200 billion parameters; code, model and corpus are open.
See [README.md](README.md) for the Chinese text.
"""

TOKENIZER = '''"""鹏程·盘古 α 的分词器：结巴切词之后再做 BPE。"""
import jieba
import sentencepiece as spm


class JIEBATokenizer:
    """先切词，再把每个词交给 SentencePiece。"""

    def __init__(self, vocab_file, model_file, max_len=None):
        self.max_len = max_len if max_len is not None else int(1e12)
        self.encoder = {}
        with open(vocab_file, encoding="utf-8") as f:
            for index, line in enumerate(f):
                self.encoder[line.split("\\t")[0]] = index
        self.sp = spm.SentencePieceProcessor(model_file=model_file)
        # 空格与换行在语料里换成这两个字符，解码时还原
        self.translator = str.maketrans(" \\n", "\\u2582\\u2583")
        self.eod_id = self.encoder["<eot>"]
        self.pad_id = self.encoder["<pad>"]

    @property
    def vocab_size(self):
        return len(self.encoder)

    def tokenize(self, text):
        words = [w.translate(self.translator) for w in jieba.cut(text, cut_all=False)]
        return self.sp.encode(" ".join(words))

    def decode(self, tokens):
        text = self.sp.decode(tokens)
        text = text.replace(" ", "")
        return text.replace("\\u2582", " ").replace("\\u2583", "\\n")
'''

PREDICT = '''"""加载权重并生成一段文本。"""
import argparse

from tokenizer.tokenization_jieba import JIEBATokenizer


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--load_ckpt_path", required=True)
    parser.add_argument("--strategy", required=True)
    parser.add_argument("--prompt", default="四川的省会是？")
    parser.add_argument("--top_k", type=int, default={top_k})
    parser.add_argument("--max_length", type=int, default={length})
    return parser.parse_args()


def sample(logits, top_k):
    """只在概率最高的 top_k 个词元里取。"""
    best = sorted(range(len(logits)), key=logits.__getitem__, reverse=True)[:top_k]
    return best[0]


if __name__ == "__main__":
    args = parse()
    tokenizer = JIEBATokenizer("tokenizer/vocab", "tokenizer/vocab.model")
    print(tokenizer.decode(tokenizer.tokenize(args.prompt)))
'''

SERVER = '''"""推理服务：一个进程一个模型，请求排队成批。"""
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BATCH = {batch}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers["Content-Length"])
        request = json.loads(self.rfile.read(length))
        body = json.dumps({{"text": request["prompt"], "max_batch": MAX_BATCH}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", 5000), Handler).serve_forever()
'''

TASKS = [
    "CMRC2018",
    "DRCD",
    "Dureader",
    "CHID",
    "PD&CFT",
    "CMRC2017",
    "CMRC2019",
    "CMNLI",
    "OCNLI",
    "TNEWS",
    "IFLYTEK",
    "AFQMC",
    "CSL",
    "WebQA.v1.0",
    "CLUEWSC2020",
    "C3",
]


def _strategy(stages: int) -> str:
    return "".join(f"stage {index}: layers {index * 40 // stages}-{(index + 1) * 40 // stages - 1}\n" for index in range(stages))


def _evaluation(done: int) -> str:
    rows = "".join(f"| {name} | {'零、单、小样本' if index < done else '待测'} |\n" for index, name in enumerate(TASKS))
    return f"# 评测\n\n16 个下游任务，脚本见 scripts/evaluate.py。\n\n| 任务 | 状态 |\n| --- | --- |\n{rows}"


def _faq(entries: int) -> str:
    questions = [
        ("没有 NPU 能否运行？", "可以。2.6B 能在一张 32 GB 显存的 GPU 上推理。"),
        ("如何用 2 张卡加载 2.6B？", "把 `--strategy` 换成 2p 的策略文件。"),
        ("为什么结果每次不同？", "默认按概率采样；`--top_k 1` 得到确定的结果。"),
        ("语料在哪里下载？", "见数据集页；使用前请阅读许可证。"),
        ("能否微调？", "能。从 13B 检查点出发，学习率不要超过 5e-6。"),
        ("显存不足怎么办？", "减小 batch，或打开优化器并行。"),
    ]
    return "# 常见问题\n\n" + "".join(f"## {question}\n\n{answer}\n\n" for question, answer in questions[:entries])


def _beginning() -> list[Step]:
    """The first public commits."""
    return [
        Step(
            "初始提交：导入工程",
            ZHANG,
            {
                ".idea/modules.xml": "<project/>\n",
                "README.md": "# 鹏程·盘古 α\n",
                "LICENSE": APACHE_NOTICE,
                "requirements.txt": "jieba\nsentencepiece\n",
            },
        ),
        Step("首次公开：分词器与词表", ZHANG, {"tokenizer/tokenization_jieba.py": TOKENIZER, "tokenizer/README.md": "词表 4 万，BPE。\n"}),
        Step("按并行策略切分并加载 200B 权重", ZHANG, {"strategy_load_ckpt/200b.strategy": _strategy(16)}),
        Step("推理脚本", ZHANG, {"scripts/run_predict.py": PREDICT.format(top_k=1, length=256)}),
    ]


def _evaluations() -> list[Step]:
    """One task after the other is added to the evaluation."""
    steps = []
    for number in range(1, 17):
        steps.append(
            Step(
                f"评测：接入 {TASKS[number - 1]}",
                ZHOU if number % 3 else LIN,
                {
                    "docs/evaluation.md": _evaluation(number),
                    f"scripts/tasks/task_{number:02}.py": f'"""{TASKS[number - 1]} 的数据读取与打分。"""\n\nNAME = "{TASKS[number - 1]}"\nSHOTS = (0, 1, {4 + number % 5})\n',
                },
            )
        )
    return steps


def _training() -> list[Step]:
    """Launch scripts and training."""
    steps = []
    for number in range(1, 31):
        steps.append(
            Step(
                [
                    "多机启动脚本：由环境变量给出 rank table",
                    "训练：按阶段重计算",
                    "流水线：减少气泡",
                    "优化器并行：切分动量",
                    "日志：每步记录吞吐",
                ][number % 5],
                ZHANG if number % 2 else HE,
                {
                    f"scripts/launch/stage_{number % 6}.sh": f"#!/bin/bash\n# 第 {number} 次调整\nexport RANK_TABLE_FILE=${{RANK_TABLE_FILE:?}}\nexport MICRO_BATCH={number}\npython scripts/run_train.py --stage {number % 6}\n"
                },
            )
        )
    return steps


def _serving() -> list[Step]:
    """The inference service."""
    steps = []
    for number in range(1, 21):
        steps.append(
            Step(
                ["serving: 返回每个词元的概率", "serving: 流式返回，支持中断", "serving: 请求排队成批", "serving: 超时后释放显存"][
                    number % 4
                ],
                LIN,
                {"serving_demo/server.py": SERVER.format(batch=number), "serving_demo/README.md": f"# 推理服务\n\n最大批量 {number}。\n"},
            )
        )
    return steps


def _questions() -> list[Step]:
    """The FAQ grows."""
    steps = []
    for number in range(1, 7):
        steps.append(
            Step(
                "FAQ：增加「"
                + ["没有 NPU 能否运行", "如何用 2 张卡加载 2.6B", "结果为何不同", "语料下载", "微调", "显存不足"][number - 1]
                + "」一节",
                ZHOU,
                {"FAQ.md": _faq(number)},
            )
        )
    return steps


def _decoding() -> list[Step]:
    """Prediction script and strategy files."""
    steps = []
    for number in range(1, 25):
        steps.append(
            Step(
                ["tokenizer: 修正全角空格与换行的还原", "推理：top_k 采样", "推理：限制最大长度", "策略文件：13B 两机十六卡"][number % 4],
                LIN if number % 3 else ZHANG,
                {
                    "scripts/run_predict.py": PREDICT.format(top_k=number, length=256 + 16 * number),
                    "strategy_load_ckpt/13b.strategy": _strategy(number),
                },
            )
        )
    return steps


def _documentation() -> list[Step]:
    """README, the tag v1.0, and the steps on an NPU."""
    steps = []
    steps.append(Step("README：开放程度、成绩与快速开始", ZHANG, {"README.md": README, "README_EN.md": README_EN}, tag="v1.0"))
    for number in range(1, 4):
        steps.append(
            Step(
                f"docs: NPU 推理步骤（{number}/3）",
                ZHANG,
                {
                    "docs/inference_npu.md": "# 在 NPU 上推理\n\n"
                    + "".join(f"{index}. 步骤 {index}\n" for index in range(1, 3 * number + 1))
                },
            )
        )
    steps.append(
        Step(
            "docs: 补充 13B 模型在 NPU 上的推理步骤与显存估算",
            ZHANG,
            {"docs/memory.md": "# 显存估算\n\n13B 参数，半精度 26 GB，另加激活约 4 GB。\n"},
        )
    )
    return steps


def _steps() -> list[Step]:
    return [*_beginning(), *_evaluations(), *_training(), *_serving(), *_questions(), *_decoding(), *_documentation()]


APACHE_NOTICE = """Copyright 2021 Peng Cheng Laboratory

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
"""


def history() -> History:
    """105 commits on master and 3 on dev-13b-serving."""
    steps = _steps()
    branch = [
        Step(
            f"serving: 13B 服务（{number}/3）",
            LIN,
            {"serving_demo/serve_13b.py": SERVER.format(batch=8 * number)},
            branch="dev-13b-serving",
        )
        for number in range(1, 4)
    ]
    return History(steps[:-1] + branch + steps[-1:], span_days=140, ends_days_ago=7)
