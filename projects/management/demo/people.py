"""Demo people and organisations. Logins are invented, but for names that the talk shows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoPerson:
    """One account; `hue` colours the generated picture (0–360 degrees)."""

    login: str
    name: str
    bio: str
    affiliation: str
    location: str
    hue: int
    is_admin: bool = False


@dataclass(frozen=True)
class DemoOrganization:
    """One organisation with its members as login → role."""

    slug: str
    name: str
    description: str
    website: str
    location: str
    members: dict[str, str]


PEOPLE = [
    DemoPerson("openi-admin", "站点管理员", "维护本站。", "鹏城实验室", "深圳", 190, is_admin=True),
    DemoPerson("zhangy03", "张毅", "鹏程·盘古 α 的模型并行与推理。", "鹏城实验室", "深圳", 150),
    DemoPerson("lin-yue", "林越", "做中文预训练模型的推理与服务化，正在把批量推理合并回上游。", "哈尔滨工业大学（深圳）", "深圳", 200),
    DemoPerson("zhou-ning", "周宁", "分词与语料清洗。", "鹏城实验室", "深圳", 280),
    DemoPerson("he-zm", "何志明", "医学影像分割，昇腾迁移。", "东北大学", "沈阳", 30),
    DemoPerson("wu-qian", "吴倩", "MindSpore 训练框架。", "北京航空航天大学", "北京", 340),
    DemoPerson("qiu-baai", "邱悦", "悟道数据与模型工具。", "北京智源人工智能研究院", "北京", 10),
    DemoPerson("pkumlq", "马立群", "少样本学习。", "北京大学", "北京", 100),
]

ORGANIZATIONS = [
    DemoOrganization(
        "PCL-Platform.Intelligence",
        "鹏城实验室智能平台",
        "依托鹏城云脑 II，开放大模型的代码、模型与语料。",
        "https://www.pcl.ac.cn/",
        "深圳",
        {"zhangy03": "owner", "openi-admin": "owner", "zhou-ning": "maintainer", "lin-yue": "developer"},
    ),
    DemoOrganization(
        "BAAI",
        "北京智源人工智能研究院",
        "聚焦原始创新和核心技术，建立自由探索与目标导向相结合的科研体制。支持科学家勇闯人工智能科技前沿“无人区”。",
        "https://www.baai.ac.cn/",
        "北京",
        {"qiu-baai": "owner", "wu-qian": "developer"},
    ),
    DemoOrganization(
        "OpenI-Club",
        "启智社区校园行",
        "以“培育高校开放精神，培养未来开源人才”为宗旨的校园行与集结号活动。",
        "",
        "深圳",
        {"lin-yue": "owner", "he-zm": "maintainer", "pkumlq": "developer"},
    ),
]
