"""The demo's other repositories, and what surrounds all of them: topics, stars, forks, releases."""

from collections.abc import Callable
from dataclasses import dataclass, field

from projects.management.demo import pangu
from projects.management.demo.history import History, Step

QIU = ("邱悦", "qiu-baai@example.org")
WU = ("吴倩", "wu-qian@example.org")
MA = ("马立群", "pkumlq@example.org")
LIN, HE = pangu.LIN, pangu.HE


@dataclass(frozen=True)
class DemoRepository:
    """`owner/name` with its history; `stars` are logins."""

    owner: str
    name: str
    description: str
    history: Callable[[], History]
    topics: tuple[str, ...] = ()
    website: str = ""
    visibility: str = "public"
    stars: tuple[str, ...] = ()
    releases: dict[str, str] = field(default_factory=dict)  # tag → notes


def _wudao_model() -> History:
    steps = [
        Step(
            "首次提交",
            QIU,
            {
                "README.md": "# 悟道\n\n悟道系列预训练模型的代码与使用示例。\n\n| 模型 | 用途 |\n| --- | --- |\n| 文澜 | 图文检索 |\n| 文源 | 中文对话 |\n| 文汇 | 诗词与作文 |\n"
            },
        )
    ]
    for number, name in enumerate(("wenlan", "wenyuan", "wenhui") * 6):
        steps.append(
            Step(
                f"{name}: 示例 {number // 3 + 1}",
                QIU if number % 2 else WU,
                {
                    f"{name}/example_{number // 3 + 1}.py": f'"""{name} 的第 {number // 3 + 1} 个示例。"""\n\n\ndef run(prompt: str) -> str:\n    """返回提示词本身加编号，真实推理见 serving。"""\n    return f"{{prompt}} #{number}"\n'
                },
            )
        )
    return History(steps, span_days=200, ends_days_ago=30, seed=11)


def _wudao_data() -> History:
    steps = [
        Step(
            "说明与字段",
            QIU,
            {
                "README.md": "# WuDao-Data\n\n语料的说明、字段与清洗脚本；数据本身不在仓库里。\n",
                "fields.csv": "字段,类型,说明\nid,整数,编号\ntitle,文本,标题\ncontent,文本,正文\ndataType,文本,来源类别\n",
            },
        )
    ]
    steps += [
        Step(
            f"清洗规则第 {number} 版",
            QIU,
            {
                "clean/rules.py": f'"""清洗规则第 {number} 版。"""\n\nMIN_LENGTH = {50 + 10 * number}\nMAX_REPEAT = {20 - number}\n\n\ndef keep(text: str) -> bool:\n    """长度够，且没有单个字符过度重复。"""\n    return len(text) >= MIN_LENGTH and max(map(text.count, set(text)), default=0) <= MAX_REPEAT\n'
            },
        )
        for number in range(1, 13)
    ]
    return History(steps, span_days=160, ends_days_ago=40, seed=12)


def _wudao_tools() -> History:
    steps = [
        Step(
            "工具箱骨架",
            WU,
            {
                "README.md": "# WuDao-Algorithm_Tool\n\n训练与评测工具。\n",
                "tool/__init__.py": "",
                "CMakeLists.txt": "cmake_minimum_required(VERSION 3.16)\nproject(wudao_tool CXX)\nadd_library(moe src/moe.cpp)\n",
            },
        )
    ]
    steps += [
        Step(
            f"moe: 路由第 {number} 步",
            WU,
            {
                "src/moe.cpp": "#include <vector>\n\n// 取门控值最大的 k 个专家\nstd::vector<int> route(const std::vector<float>& gate, int k) {\n  std::vector<int> best;\n"
                + f"  const int step = {number};\n"
                + "  for (int i = 0; i < k && i < static_cast<int>(gate.size()); ++i) best.push_back((i + step) % gate.size());\n  return best;\n}\n"
            },
        )
        for number in range(1, 10)
    ]
    return History(steps, span_days=120, ends_days_ago=25, seed=13)


def _to_fu() -> History:
    steps = [
        Step(
            "to-fu: Toolbox for Few-Shot Learning",
            MA,
            {
                "README.md": "# to-fu\n\nToolbox for Few-Shot Learning。少样本学习工具箱：统一的数据划分、训练循环与 12 种基线方法。\n\n```python\nfrom tofu import episode\n\nsupport, query = episode(ways=5, shots=1)\n```\n",
                "tofu/__init__.py": 'from tofu.sampler import episode\n\n__all__ = ["episode"]\n',
            },
        )
    ]
    steps += [
        Step(f"基线 {number}/12：{name}", MA, {f"tofu/baselines/{name}.py": f'"""{name}。"""\n\nWAYS, SHOTS = 5, {1 + number % 5}\n'})
        for number, name in enumerate(
            (
                "protonet",
                "matchingnet",
                "relationnet",
                "maml",
                "reptile",
                "r2d2",
                "metaopt",
                "feat",
                "deepemd",
                "simpleshot",
                "tim",
                "laplacian",
            ),
            1,
        )
    ]
    return History(steps, span_days=90, ends_days_ago=32, seed=14)


def _club() -> History:
    steps = [
        Step(
            "校园行：活动手册",
            LIN,
            {
                "README.md": "# 启智社区校园行\n\n以“培育高校开放精神，培养未来开源人才”为宗旨。报告所记：走进 9 所高校，社员 500 余人（2021 年）。\n\n- [哈工大（深圳）站](stations/hit-sz.md)\n"
            },
        )
    ]
    for slug, place in (
        ("hit-sz", "哈尔滨工业大学（深圳）"),
        ("sustech", "南方科技大学"),
        ("nudt", "国防科技大学"),
        ("thu", "清华大学"),
        ("buaa", "北京航空航天大学"),
        ("bjtu", "北京交通大学"),
        ("xjtu", "西安交通大学"),
        ("cqu", "重庆大学"),
    ):
        steps.append(
            Step(
                f"{place}站议程",
                HE if len(slug) % 2 else LIN,
                {f"stations/{slug}.md": f"# {place}站\n\n1. 人工智能领域开源生态建设及 OpenI 启智社区介绍\n2. 动手：第一次合并请求\n"},
            )
        )
    return History(steps, span_days=300, ends_days_ago=12, seed=15)


def _notes() -> History:
    return History(
        [
            Step("论文提纲", LIN, {"README.md": "# 论文笔记\n\n只给自己看。\n"}),
            Step("第二章", LIN, {"chapter2.md": "# 推理服务的批处理\n"}),
        ],
        span_days=20,
        ends_days_ago=4,
        seed=16,
    )


def _seg() -> History:
    steps = [
        Step(
            "医学影像分割的反演扰动增强",
            HE,
            {"README.md": "# seg-invert\n\n论文代码、权重与三份公开数据集上的结果。\n", "model.py": "LAYERS = 4\n"},
        )
    ]
    steps += [Step(f"实验 {number}", HE, {"experiments.ipynb": NOTEBOOK % number}) for number in range(1, 8)]
    return History(steps, span_days=60, ends_days_ago=6, seed=17)


NOTEBOOK = '{"cells":[{"cell_type":"markdown","metadata":{},"source":["# 实验记录\\n","分割精度随轮次变化。"]},{"cell_type":"code","execution_count":%d,"metadata":{},"source":["print(sum(range(10)))"],"outputs":[{"output_type":"stream","name":"stdout","text":["45\\n"]}]}],"metadata":{"kernelspec":{"language":"python","name":"python3","display_name":"Python 3"}},"nbformat":4,"nbformat_minor":5}\n'

REPOSITORIES = [
    DemoRepository(
        "PCL-Platform.Intelligence",
        "PanGu-Alpha",
        "两千亿参数中文预训练语言模型：随机顺序自回归 ALM，代码、模型、语料全开源。",
        pangu.history,
        ("自然语言处理", "预训练", "mindspore", "昇腾"),
        "https://www.pcl.ac.cn/",
        stars=("zhangy03", "lin-yue", "zhou-ning", "he-zm", "wu-qian", "qiu-baai", "pkumlq"),
        releases={"v1.0": "## 首个正式版本\n\n- 2.6B 与 13B 权重\n- 推理服务示例\n- 16 个下游任务的评测脚本\n"},
    ),
    DemoRepository(
        "BAAI",
        "WuDao-Model",
        "悟道系列预训练模型的代码与使用示例，含中文对话、诗词与图文生成。",
        _wudao_model,
        ("自然语言处理", "多模态"),
        stars=("lin-yue", "wu-qian", "qiu-baai", "pkumlq"),
    ),
    DemoRepository(
        "BAAI",
        "WuDao-Algorithm_Tool",
        "训练与评测工具：混合专家路由、分布式加载。",
        _wudao_tools,
        ("训练工具",),
        stars=("wu-qian", "zhangy03"),
    ),
    DemoRepository(
        "BAAI",
        "WuDao-Data",
        "悟道语料的说明、字段与清洗脚本。",
        _wudao_data,
        ("数据集", "自然语言处理"),
        stars=("zhou-ning", "qiu-baai", "lin-yue"),
    ),
    DemoRepository(
        "pkumlq",
        "to-fu",
        "Toolbox for Few-Shot Learning：少样本学习工具箱，含常用数据集划分与基线。",
        _to_fu,
        ("计算机视觉", "少样本学习"),
        stars=("he-zm",),
    ),
    DemoRepository("OpenI-Club", "campus-workshop", "启智社区校园行的议程、讲义与报名。", _club, ("社区",), stars=("he-zm", "pkumlq")),
    DemoRepository("he-zm", "seg-invert", "医学影像分割的反演扰动增强。", _seg, ("计算机视觉", "医学影像"), stars=("wu-qian",)),
    DemoRepository("lin-yue", "thesis-notes", "论文笔记。", _notes, visibility="private"),
]
FORKS = [("PCL-Platform.Intelligence", "PanGu-Alpha", "lin-yue"), ("PCL-Platform.Intelligence", "PanGu-Alpha", "wu-qian")]
