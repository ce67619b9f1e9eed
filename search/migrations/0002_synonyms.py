from django.db import migrations

TERMS = """
大模型, 大语言模型, llm, large language model
目标检测, 物体检测, object detection
图像分割, image segmentation
语义分割, semantic segmentation
语音识别, speech recognition, asr
语音合成, text to speech, speech synthesis, tts
自然语言处理, natural language processing, nlp
计算机视觉, 机器视觉, computer vision
强化学习, reinforcement learning
深度学习, deep learning
机器学习, machine learning
自动机器学习, automl, automated machine learning
联邦学习, federated learning
迁移学习, transfer learning
少样本学习, 小样本学习, few shot learning
图神经网络, graph neural network, gnn
生成对抗网络, generative adversarial network, gan
扩散模型, diffusion model
文生图, text to image
文字识别, 光学字符识别, ocr, text recognition
人脸识别, face recognition
姿态估计, pose estimation
机器翻译, machine translation
知识图谱, knowledge graph
问答系统, question answering
情感分析, sentiment analysis
推荐系统, recommender system, recommendation system
时间序列, time series
量子计算, quantum computing
隐私计算, privacy computing
自动驾驶, autonomous driving, self driving
医学影像, medical imaging
遥感, remote sensing
模型量化, model quantization
模型压缩, model compression
数据标注, data annotation, data labeling
向量数据库, vector database
流处理, stream processing
大数据, big data
高性能计算, hpc, high performance computing
区块链, blockchain
爬虫, crawler, spider, scraper
机器人, robot, robotics
人工智能芯片, ai芯片, ai chip, ai accelerator
人工智能, artificial intelligence
多模态, multimodal
预训练, pretraining, pre training
数据集, dataset
教程, tutorial
昇思, mindspore
昇腾, ascend
飞桨, paddle, paddlepaddle
鸿蒙, openharmony, harmonyos
欧拉, openeuler
""".strip().splitlines()  # fmt: skip


def add(apps, schema_editor):
    Synonym = apps.get_model("search", "Synonym")
    Synonym.objects.bulk_create(Synonym(terms=[term.strip() for term in line.split(",")]) for line in TERMS)


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
