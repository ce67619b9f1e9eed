"""Rows of a made-up catalogue: some 60 projects everybody knows, and any number of mirrors whose subject is known because we chose it.

Everything follows from the seed, so a grade is a rule and not an opinion: a row's subject stands in its name or topics (3), its description
(2), or only in passing in its README (1).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.documents import Document

# subject → Chinese names, English names, stems of project names
SUBJECTS: dict[str, tuple[list[str], list[str], list[str]]] = {
    "detection": (["目标检测", "物体检测"], ["object detection"], ["yolo", "rcnn", "detector", "anchor-free"]),
    "segmentation": (["图像分割", "语义分割"], ["image segmentation", "semantic segmentation"], ["unet", "maskseg", "deeplab"]),
    "asr": (["语音识别"], ["speech recognition", "ASR"], ["asr", "wav2text", "listen"]),
    "tts": (["语音合成"], ["speech synthesis", "text to speech"], ["tts", "vocoder", "speak"]),
    "llm": (["大模型", "大语言模型"], ["large language model", "LLM"], ["llm", "chatglm", "lingua"]),
    "rl": (["强化学习"], ["reinforcement learning"], ["rl", "policy", "gym"]),
    "gnn": (["图神经网络"], ["graph neural network", "GNN"], ["gnn", "graphnet"]),
    "ocr": (["文字识别"], ["OCR", "text recognition"], ["ocr", "textspot"]),
    "face": (["人脸识别"], ["face recognition"], ["face", "facenet"]),
    "translation": (["机器翻译"], ["machine translation"], ["nmt", "translate"]),
    "kg": (["知识图谱"], ["knowledge graph"], ["kg", "ontology"]),
    "quantum": (["量子计算"], ["quantum computing"], ["qsim", "qubit"]),
    "federated": (["联邦学习"], ["federated learning"], ["fed", "federate"]),
    "privacy": (["隐私计算", "数据安全"], ["privacy computing", "data security"], ["psi", "enclave"]),
    "recsys": (["推荐系统"], ["recommender system", "recommendation"], ["rec", "ranker"]),
    "forecast": (["时间序列", "时序预测"], ["time series", "forecasting"], ["ts", "forecast"]),
    "diffusion": (["扩散模型", "文生图"], ["diffusion model", "text to image"], ["diffusion", "painter"]),
    "robot": (["机器人"], ["robotics", "robot"], ["robot", "arm-control"]),
    "driving": (["自动驾驶"], ["autonomous driving"], ["autodrive", "lidar"]),
    "medical": (["医学影像"], ["medical imaging"], ["medical", "ct-scan"]),
    "remote": (["遥感"], ["remote sensing"], ["satellite", "rs-image"]),
    "quantization": (["模型量化", "模型压缩"], ["model quantization", "model compression"], ["quant", "prune"]),
    "serving": (["模型部署", "推理服务"], ["model serving", "inference server"], ["serving", "inference"]),
    "annotation": (["数据标注"], ["data annotation", "labeling"], ["label", "annotate"]),
    "compiler": (["深度学习编译器"], ["deep learning compiler"], ["compiler", "mlir"]),
    "chip": (["人工智能芯片"], ["AI chip", "AI accelerator"], ["npu", "accel"]),
    "riscv": (["RISC-V 处理器"], ["RISC-V processor", "RISC-V core"], ["riscv", "rv64"]),
    "stream": (["流处理", "实时计算"], ["stream processing"], ["stream", "realtime"]),
    "vectordb": (["向量数据库"], ["vector database"], ["vectordb", "ann-index"]),
    "embedding": (["词向量", "文本向量"], ["text embedding", "word embedding"], ["embedding", "word2vec"]),
    "crawler": (["爬虫"], ["web crawler", "scraper"], ["crawler", "spider"]),
    "blockchain": (["区块链"], ["blockchain"], ["chain", "ledger"]),
    "sentiment": (["情感分析"], ["sentiment analysis"], ["sentiment", "mood"]),
    "qa": (["问答系统"], ["question answering"], ["qa", "answer"]),
    "video": (["视频理解"], ["video understanding"], ["video", "action-rec"]),
    "pose": (["姿态估计"], ["pose estimation"], ["pose", "keypoint"]),
    "gan": (["生成对抗网络"], ["generative adversarial network", "GAN"], ["gan", "stylegan"]),
    "automl": (["自动机器学习"], ["AutoML", "automated machine learning"], ["automl", "nas"]),
    "bioinfo": (["生物信息", "蛋白质结构"], ["bioinformatics", "protein structure"], ["fold", "genome"]),
    "weather": (["气象预报"], ["weather forecast"], ["weather", "climate"]),
}
ASPECTS = {
    "pytorch": ("基于 PyTorch 实现", "implemented in PyTorch"),
    "mindspore": ("基于昇思 MindSpore 实现", "implemented in MindSpore"),
    "paddle": ("基于飞桨 PaddlePaddle 实现", "implemented in PaddlePaddle"),
    "dataset": ("数据集与基准", "datasets and benchmarks"),
    "tutorial": ("中文教程与示例代码", "tutorials and sample code"),
    "toolkit": ("工具包", "toolkit"),
    "edge": ("面向移动端和边缘设备", "for mobile and edge devices"),
    "papers": ("论文复现", "reproduction of papers"),
    "deploy": ("一键部署", "one-click deployment"),
    "survey": ("论文与资料汇总", "curated list of papers"),
}
FILLER_ZH = [
    "支持",
    "多卡",
    "训练",
    "与",
    "分布式",
    "评估，提供",
    "预训练",
    "权重、配置",
    "文件",
    "和",
    "日志。",
    "安装",
    "依赖",
    "后",
    "运行",
    "脚本",
    "即可。",
    "欢迎",
    "提交",
    "问题",
    "与",
    "贡献",
    "代码。",
    "文档",
    "持续",
    "更新",
    "中",
]
FILLER_EN = [
    "supports",
    "training",
    "on",
    "several",
    "cards",
    "and",
    "distributed",
    "evaluation",
    "with",
    "pretrained",
    "weights",
    "configuration",
    "files",
    "and",
    "logs",
    "install",
    "the",
    "requirements",
    "and",
    "run",
    "the",
    "script",
    "issues",
    "and",
    "contributions",
    "are",
    "welcome",
    "documentation",
    "is",
    "updated",
    "continuously",
    "see",
    "the",
    "examples",
    "folder",
    "for",
    "usage",
]
LANGUAGES = (
    ["Python"] * 9 + ["C++"] * 4 + ["Go", "Go", "Java", "Java", "JavaScript", "TypeScript", "Rust", "C", "C", "Jupyter Notebook", "Shell"]
)
LICENCES = ["Apache-2.0"] * 5 + ["MIT"] * 5 + ["GPL-3.0-only", "BSD-3-Clause", "MulanPSL-2.0", "LGPL-3.0-only", ""]
OWNERS = [f"{left}-{right}" for left in ("deep", "open", "fast", "tiny", "smart", "meta", "north", "blue") for right in
          ("lab", "team", "mind", "works", "ai", "group", "river", "code", "labs", "data", "stack", "vision")]  # fmt: skip
START = datetime(2020, 1, 1, tzinfo=UTC)

# owner, name, description, topics, language, licence, stars: what people look for by name
KNOWN = [line.split("|") for line in """
pytorch|pytorch|Tensors and dynamic neural networks in Python with strong GPU acceleration 深度学习框架|deep-learning,python|Python|BSD-3-Clause|83000
tensorflow|tensorflow|An open source machine learning framework for everyone 机器学习框架|machine-learning|C++|Apache-2.0|186000
mindspore-ai|mindspore|昇思 MindSpore：面向端边云全场景的深度学习训练推理框架|deep-learning,ascend|C++|Apache-2.0|4300
mindspore-ai|mindspore-lite|昇思轻量推理引擎，用于手机与嵌入式|inference|C++|Apache-2.0|260
PaddlePaddle|Paddle|飞桨：产业级深度学习平台 PArallel Distributed Deep LEarning|deep-learning|C++|Apache-2.0|22000
PaddlePaddle|PaddleOCR|多语言 OCR 工具库，中文文字识别|ocr,chineseocr|Python|Apache-2.0|43000
PaddlePaddle|PaddleNLP|飞桨自然语言处理模型库|nlp|Python|Apache-2.0|12000
opencv|opencv|Open Source Computer Vision Library|computer-vision|C++|Apache-2.0|78000
huggingface|transformers|State-of-the-art machine learning for text, vision and audio|nlp,transformer|Python|Apache-2.0|133000
huggingface|diffusers|Diffusion models for image and audio generation|diffusion|Python|Apache-2.0|25000
vllm-project|vllm|A high-throughput and memory-efficient inference engine for LLMs|llm,inference|Python|Apache-2.0|29000
ggerganov|llama.cpp|LLM inference in C/C++|llm|C++|MIT|67000
ultralytics|yolov5|YOLOv5 in PyTorch|yolo,object-detection|Python|AGPL-3.0-only|50000
open-mmlab|mmdetection|OpenMMLab detection toolbox and benchmark 目标检测工具箱|object-detection|Python|Apache-2.0|29000
open-mmlab|mmsegmentation|OpenMMLab semantic segmentation toolbox|segmentation|Python|Apache-2.0|8100
THUDM|ChatGLM-6B|ChatGLM-6B：开源双语对话语言模型|llm,chat|Python|Apache-2.0|40000
QwenLM|Qwen|通义千问大模型 Tongyi Qianwen|llm|Python|Apache-2.0|14000
OpenBMB|MiniCPM|面壁端侧大模型|llm|Python|Apache-2.0|7000
scikit-learn|scikit-learn|Machine learning in Python|machine-learning|Python|BSD-3-Clause|60000
numpy|numpy|The fundamental package for scientific computing with Python|numpy|Python|BSD-3-Clause|28000
pandas-dev|pandas|Flexible and powerful data analysis library|data-analysis|Python|BSD-3-Clause|43000
kubernetes|kubernetes|Production-grade container scheduling and management 容器编排|containers|Go|Apache-2.0|110000
pingcap|tidb|TiDB：分布式 SQL 数据库|database|Go|Apache-2.0|37000
milvus-io|milvus|High-performance vector database 向量数据库|vector-database|Go|Apache-2.0|30000
RT-Thread|rt-thread|RT-Thread 物联网操作系统|rtos,iot|C|Apache-2.0|10000
apache|flink|Stateful computations over data streams 流计算引擎|big-data,streaming|Java|Apache-2.0|24000
apache|spark|A unified analytics engine for large-scale data processing 大数据|big-data|Scala|Apache-2.0|39000
apache|tvm|Open deep learning compiler stack 深度学习编译器|compiler|Python|Apache-2.0|11000
fxsjy|jieba|结巴中文分词|nlp,segmentation|Python|MIT|33000
hankcs|HanLP|中文分词 词性标注 命名实体识别 依存句法分析|nlp|Python|Apache-2.0|33000
Tencent|ncnn|High-performance neural network inference framework optimized for the mobile platform 移动端推理|inference|C++|BSD-3-Clause|20000
alibaba|MNN|轻量级深度神经网络推理引擎|inference|C++|Apache-2.0|8700
Ascend|ModelZoo|昇腾模型库|ascend|Python|Apache-2.0|900
OpenXiangShan|XiangShan|香山：开源高性能 RISC-V 处理器|risc-v,chisel|Scala|MulanPSL-2.0|4700
OSCPU|yosys-sta|一生一芯开源 EDA 工具|eda|C++|MulanPSL-2.0|150
openGauss|openGauss-server|openGauss 企业级关系型数据库内核|database|C++|MulanPSL-2.0|600
openEuler|kernel|openEuler 欧拉操作系统内核|kernel,linux|C|GPL-2.0-only|500
OpenHarmony|ark_js_vm|方舟 JS 运行时|runtime|C++|Apache-2.0|120
FederatedAI|FATE|工业级联邦学习框架|federated-learning|Python|Apache-2.0|5700
secretflow|secretflow|隐语：隐私保护数据分析和机器学习框架|privacy|Python|Apache-2.0|2300
WeBankFinTech|WeDataSphere|大数据平台套件|big-data|Java|Apache-2.0|600
wenet-e2e|wenet|端到端语音识别工具包 production first speech recognition|asr|Python|Apache-2.0|4000
modelscope|FunASR|基础语音识别工具包|asr|Python|MIT|6500
espnet|espnet|End-to-end speech processing toolkit|speech|Python|Apache-2.0|8400
dmlc|dgl|Deep Graph Library 图神经网络库|gnn|Python|Apache-2.0|13000
dmlc|xgboost|Scalable, portable and distributed gradient boosting|gbdt|C++|Apache-2.0|26000
microsoft|LightGBM|A fast, distributed, high performance gradient boosting framework|gbdt|C++|MIT|16000
deepinsight|insightface|State-of-the-art 2D and 3D face analysis 人脸识别|face-recognition|Python|MIT|23000
ApolloAuto|apollo|An open autonomous driving platform 百度阿波罗自动驾驶|autonomous-driving|C++|Apache-2.0|25000
Autodesk|maya-usd|A Maya plugin for USD|usd|C++|Apache-2.0|750
qiskit|qiskit|Quantum computing SDK|quantum|Python|Apache-2.0|5000
Baidu|QCompute|量易伏量子计算平台|quantum|Python|Apache-2.0|100
Netflix|metaflow|Build and manage real-life ML projects|mlops|Python|Apache-2.0|8000
iterative|dvc|Data version control|mlops|Python|Apache-2.0|13000
gogs|gogs|A painless self-hosted Git service|git|Go|MIT|44000
labmlai|annotated_deep_learning_paper_implementations|深度学习论文逐行注释实现|papers|Python|MIT|55000
scrapy|scrapy|A fast high-level web crawling and scraping framework|crawler|Python|BSD-3-Clause|52000
deepmind|alphafold|Protein structure prediction 蛋白质结构预测|bioinformatics|Python|Apache-2.0|12600
facebookresearch|faiss|Similarity search and clustering of dense vectors|vector-search|C++|MIT|31000
AUTOMATIC1111|stable-diffusion-webui|Stable Diffusion web UI|diffusion,text-to-image|Python|AGPL-3.0-only|140000
""".strip().splitlines()]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """A generated row and what it is about."""

    document: Document
    subject: str  # "" for a known project
    aspect: str
    strength: int  # 3: name or topics, 2: description
    passing: frozenset[str]  # subjects only its README mentions


def known(first: int) -> list[Made]:
    """The projects everybody knows, with ids from `first`."""
    made = []
    for number, (owner, name, description, topics, language, licence, stars) in enumerate(KNOWN):
        when = START + timedelta(days=30 * number)
        made.append(
            Made(
                Document(
                    pk=first + number, name=name, url=f"/{owner}/{name}", owner=owner, description=description, topics=tuple(topics.split(",")),
                    language=language, licence=licence, stars=int(stars), forks=int(stars) // 4, updated=when, created=START, readme=f"{name} {description}",
                ),
                "", "", 0, frozenset(),
            )
        )  # fmt: skip
    return made


def mirrors(count: int, first: int, *, seed: int = 7) -> Iterator[Made]:
    """Generated mirrors, ids from `first`."""
    chance = random.Random(seed)
    subjects, aspects = list(SUBJECTS), list(ASPECTS)
    weights = [1 / (1 + place * 0.12) for place in range(len(subjects))]
    for number in range(count):
        yield _mirror(chance, first + number, chance.choices(subjects, weights)[0], chance.choice(aspects))


def _mirror(chance: random.Random, pk: int, subject: str, aspect: str) -> Made:
    chinese, english, stems = SUBJECTS[subject]
    in_chinese = chance.random() < 0.55
    term = chance.choice(chinese if in_chinese else english)
    strength = 3 if chance.random() < 0.35 else 2
    plain = ("awesome", "project", "demo", "lab", "course", "kit", "study", "hub")
    name = f"{chance.choice(stems) if strength == 3 else chance.choice(plain)}-{chance.choice(['plus', 'lite', 'x', 'next', 'pro', 'v2', 'core', 'zoo'])}-{pk % 9973}"
    said = ASPECTS[aspect][0 if in_chinese else 1]
    description = f"{term}{said}" if in_chinese else f"{term.capitalize() if term.islower() else term} {said}"
    topics = (english[0].lower().replace(" ", "-"), aspect) if strength == 3 else (aspect,)
    passing = frozenset(chance.sample(list(SUBJECTS), 2)) - {subject}
    words = FILLER_ZH if in_chinese else FILLER_EN
    prose = [chance.choice(words) for _ in range(chance.randint(40, 160))]
    for other in sorted(passing):
        prose.insert(chance.randrange(len(prose)), chance.choice(SUBJECTS[other][0] if in_chinese else SUBJECTS[other][1]))
    readme = f"{name} {description}。 " + " ".join(prose)
    stars = int(chance.paretovariate(0.9)) - 1
    return Made(
        Document(
            pk=pk, name=name, url=f"/{chance.choice(OWNERS)}/{name}", owner=chance.choice(OWNERS), description=description, topics=topics,
            language=chance.choice(LANGUAGES), licence=chance.choice(LICENCES), stars=min(stars, 20_000), forks=stars // 5, readme=readme,
            is_fork=chance.random() < 0.05, updated=START + timedelta(minutes=chance.randrange(3_000_000)), created=START,
        ),
        subject, aspect, strength, passing,
    )  # fmt: skip
