"""The judged queries. `held` ones were written before anything was tuned and are never looked at while tuning.

A judgement is either projects by name (owner/name → grade) or a subject of the generated rows, with an aspect that a row should have too.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Query:
    """What is typed, and what is good."""

    text: str
    names: dict[str, int] = field(default_factory=dict)
    subject: str = ""
    aspect: str = ""


PANGU = {"PCL-Platform.Intelligence/PanGu-Alpha": 3, "lin-yue/PanGu-Alpha": 1, "wu-qian/PanGu-Alpha": 1}

TUNED = [
    Query("pytorch", {"pytorch/pytorch": 3}),
    Query("PanGu-Alpha", PANGU),
    Query("盘古", PANGU),
    Query("悟道", {"BAAI/WuDao-Model": 3, "BAAI/WuDao-Data": 3}),
    Query("pytroch", {"pytorch/pytorch": 3}),
    Query("mindspore lite", {"mindspore-ai/mindspore-lite": 3, "mindspore-ai/mindspore": 1}),
    Query("飞桨", {"PaddlePaddle/Paddle": 3, "PaddlePaddle/PaddleNLP": 2, "PaddlePaddle/PaddleOCR": 1}),
    Query("结巴分词", {"fxsjy/jieba": 3}),
    Query("xiangshan", {"OpenXiangShan/XiangShan": 3}),
    Query("香山处理器", {"OpenXiangShan/XiangShan": 3}),
    Query("llama cpp", {"ggerganov/llama.cpp": 3}),
    Query("org:PaddlePaddle ocr", {"PaddlePaddle/PaddleOCR": 3}),
    Query("聯邦學習框架", {"FederatedAI/FATE": 3}),
    Query("scikit learn", {"scikit-learn/scikit-learn": 3}),
    Query("stable diffusion webui", {"AUTOMATIC1111/stable-diffusion-webui": 3}),
    Query("openGauss 数据库", {"openGauss/openGauss-server": 3}),
    Query("自动驾驶 apollo", {"ApolloAuto/apollo": 3}),
    Query("隐语", {"secretflow/secretflow": 3}),
    Query("tongyi qianwen", {"QwenLM/Qwen": 3}),
    Query("目标检测", subject="detection"),
    Query("object detection", subject="detection"),
    Query("语音识别 mindspore", subject="asr", aspect="mindspore"),
    Query("强化学习教程", subject="rl", aspect="tutorial"),
    Query("图神经网络", subject="gnn"),
    Query("知识图谱 数据集", subject="kg", aspect="dataset"),
    Query("machine translation", subject="translation"),
    Query("量子计算", subject="quantum"),
    Query("推荐系统", subject="recsys"),
    Query("爬虫", subject="crawler"),
    Query("情感分析 论文复现", subject="sentiment", aspect="papers"),
    Query("medical imaging", subject="medical"),
    Query("模型量化", subject="quantization"),
    Query("数据标注工具包", subject="annotation", aspect="toolkit"),
    Query("区块链", subject="blockchain"),
    Query("pose estimation pytorch", subject="pose", aspect="pytorch"),
    Query("lang:go vector database", {"milvus-io/milvus": 3}),
]
HELD = [
    Query("tensorflow", {"tensorflow/tensorflow": 3}),
    Query("WuDao-Data", {"BAAI/WuDao-Data": 3}),
    Query("少样本学习", {"pkumlq/to-fu": 3}),
    Query("校园行", {"OpenI-Club/campus-workshop": 3}),
    Query("tensoflow", {"tensorflow/tensorflow": 3}),
    Query("Paddle OCR", {"PaddlePaddle/PaddleOCR": 3}),
    Query("昇思", {"mindspore-ai/mindspore": 3, "mindspore-ai/mindspore-lite": 3}),
    Query("中文分词", {"fxsjy/jieba": 3, "hankcs/HanLP": 3}),
    Query("feijiang", {"PaddlePaddle/Paddle": 3, "PaddlePaddle/PaddleNLP": 2}),
    Query("欧拉内核", {"openEuler/kernel": 3}),
    Query("stable-diffusion", {"AUTOMATIC1111/stable-diffusion-webui": 3}),
    Query("org:apache stream", {"apache/flink": 3}),
    Query("隱私保護", {"secretflow/secretflow": 3}),
    Query("light gbm", {"microsoft/LightGBM": 3}),
    Query("chatglm 6b", {"THUDM/ChatGLM-6B": 3}),
    Query("物联网操作系统", {"RT-Thread/rt-thread": 3}),
    Query("protein structure alphafold", {"deepmind/alphafold": 3}),
    Query("rt thread", {"RT-Thread/rt-thread": 3}),
    Query("医学影像分割", {"he-zm/seg-invert": 3}),
    Query("图像分割", subject="segmentation"),
    Query("speech synthesis", subject="tts"),
    Query("人脸识别 pytorch", subject="face", aspect="pytorch"),
    Query("联邦学习教程", subject="federated", aspect="tutorial"),
    Query("时间序列", subject="forecast"),
    Query("机器人 数据集", subject="robot", aspect="dataset"),
    Query("question answering", subject="qa"),
    Query("遥感", subject="remote"),
    Query("深度学习编译器", subject="compiler"),
    Query("视频理解", subject="video"),
    Query("扩散模型 论文复现", subject="diffusion", aspect="papers"),
    Query("weather forecast", subject="weather"),
    Query("人工智能芯片", subject="chip"),
    Query("机器翻译工具包", subject="translation", aspect="toolkit"),
    Query("数据安全", subject="privacy"),
    Query("knowledge graph mindspore", subject="kg", aspect="mindspore"),
    Query("自动机器学习", subject="automl"),
]
