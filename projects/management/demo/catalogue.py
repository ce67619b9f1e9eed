"""The demo's catalogue: mirrors that are listed and not copied, and what curators and readers did with them.

Nothing is asked of another host: the APIs of the demo's hosts are off until an administrator switches them on, and no bytes a day are given
to the first fill. Figures of the old site stand as dated quotations alone.
"""

from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from accounts import queries as accounts
from core.actors import SYSTEM, Actor
from projects import commands
from projects.hosts import USUAL
from projects.mirrors import lists
from projects.models import Category, HostApi, Mirror, Repository, Tag
from projects.queries.curation import Selection

LIST = Path(__file__).with_name("mirrors.csv")
EVERY = timedelta(days=1.5)  # a new mirror
HOSTED = {  # the demo's own projects → category
    "PanGu-Alpha": "language-models",
    "WuDao-Model": "nlp",
    "WuDao-Algorithm_Tool": "distributed-training",
    "WuDao-Data": "data-tools",
    "to-fu": "few-shot-learning",
    "campus-workshop": "education",
    "seg-invert": "medical",
}
HOT = ("PCL-Platform.Intelligence", "BAAI", "gitee.com/mindspore", "github.com/apache", "github.com/open-mmlab")
COLLECTIONS = (  # address, titles, texts, icon, members with why they are here
    (
        "language-models", "大模型", "Large language models", "从预训练、微调到部署的开源项目。", "Open projects from pre-training to serving.", "brain",
        (
            ("PCL-Platform.Intelligence/PanGu-Alpha", "代码、模型与语料都开放"),
            ("https://github.com/THUDM/ChatGLM-6B", "双语对话"),
            ("https://gitee.com/mindspore/mindformers", "在昇腾上训练与部署"),
            ("https://github.com/huggingface/transformers", "模型最全的库"),
        ),
    ),
    (
        "risc-v-toolchain", "RISC-V 工具链", "RISC-V toolchain", "从处理器、模拟器到编译器。", "From cores and simulators to compilers.", "circuit-board",
        (
            ("https://github.com/OpenXiangShan/XiangShan", ""),
            ("https://github.com/riscv-software-src/riscv-isa-sim", "先在模拟器里跑起来"),
            ("https://github.com/riscv-collab/riscv-gnu-toolchain", ""),
        ),
    ),
    (
        "ihub-front-page", "旧站首页所列", "On the old site’s front page",
        "2021 年的报告记：iHub 鹏城汇智有开源托管项目 206 个、开源镜像项目 25,741 个；类别中计算机视觉 244、自然语言处理 137、大数据 54、语音语义 36、"
        "RISC-V 23、量子计算 23、未分类 19、机器人 15、人工智能芯片 9、其他 24,529。",
        "A report of 2021 says: iHub has 206 hosted projects and 25,741 mirrors; by category computer vision 244, natural language processing 137, "
        "big data 54, speech 36, RISC-V 23, quantum computing 23, uncategorised 19, robotics 15, AI chips 9, other 24,529.",
        "award",
        (
            ("pkumlq/to-fu", "2021 年的报告记：浏览量 59，下载量 0，类别 计算机视觉"),
            ("https://github.com/lgy96/open-exchange", "2021 年的报告记：浏览量 72，下载量 0，类别 深度学习"),
        ),
    ),
)  # fmt: skip
NOMINATED = (
    ("zhou-ning", "https://github.com/ucb-bar/chipyard", "RISC-V 课程实验要用，从境外克隆太慢。"),
    ("he-zm", "https://github.com/MIC-DKFZ/nnUNet", "医学影像分割的常用基线，组里每个人都要克隆一次。"),
)
REPORTED = ("wu-qian", "github.com/dmlc/dgl", "misplaced", "它是图神经网络库，应该在“图学习”，不在“其他”。")


def load() -> None:
    """Everything of it, on a site that has no mirror yet."""
    if Mirror.objects.exists():
        return
    curator = Actor(person=accounts.person("openi-admin"))
    _stay_at_home(curator)
    commands.list_mirrors(curator, lists.read(LIST))
    _settle()
    for name, slug in HOSTED.items():
        _edit(curator, _hosted(name), {"category": Category.objects.get(slug=slug).pk}, "演示：给托管项目归类")
    _arrange(curator)
    for login, address, reason in NOMINATED:
        commands.nominate(Actor(person=accounts.person(login)), address, reason=reason)
    login, key, reason, text = REPORTED
    commands.file_report(Actor(person=accounts.person(login)), Mirror.objects.get(key=key).repository, reason=reason, text=text)
    commands.roll_up_mirrors(SYSTEM)


def _stay_at_home(curator: Actor) -> None:
    """No API is asked about projects that came with the demo."""
    for host, (kind, base) in USUAL.items():
        if not HostApi.objects.filter(host=host).exists():
            commands.change_api(curator, host, kind=kind, base=base, is_on=False)


def _settle() -> None:
    """They came one after the other, the first of the list last."""
    now = timezone.now()
    for number, mirror in enumerate(Mirror.objects.order_by("pk")):
        came = now - EVERY * (number + 0.5)
        Mirror.objects.filter(pk=mirror.pk).update(created_at=came)
        Repository.objects.filter(pk=mirror.repository_id).update(created_at=came, updated_at=came)


def _hosted(name: str) -> Selection:
    return Selection(kind="all", ids=tuple(Repository.objects.filter(name=name, forked_from=None).values_list("pk", flat=True)))


def _mirrored(*keys: str) -> Selection:
    return Selection(kind="all", ids=tuple(Mirror.objects.filter(key__in=keys).order_by("pk").values_list("repository_id", flat=True)))


def _edit(curator: Actor, selection: Selection, changes: dict[str, object], reason: str) -> None:
    commands.request_edit(curator, selection, changes, reason=reason)


def _arrange(curator: Actor) -> None:
    today = timezone.localdate()
    tag = Tag.objects.filter(slug="ascend").first() or commands.save_tag(curator, None, slug="ascend", name_zh="昇腾", name_en="Ascend")
    _edit(curator, Selection(q="mindspore"), {"add_tags": [tag.pk]}, "演示：能在昇腾上运行的")
    _edit(curator, _hosted("PanGu-Alpha"), {"boutique": [today, None]}, "演示：精品")
    chosen = _mirrored("github.com/openxiangshan/xiangshan", "gitee.com/mindspore/mindspore", "github.com/hankcs/hanlp")
    _edit(curator, chosen, {"featured": [today, today + timedelta(days=90)]}, "演示：推荐")
    for slug, zh, en, text_zh, text_en, icon, members in COLLECTIONS:
        made = commands.save_collection(
            curator, None, slug=slug, title_zh=zh, title_en=en, text_zh=text_zh, text_en=text_en, icon=icon, is_published=True
        )
        for text, note in members:
            commands.add_to_collection(curator, made, text, note=note)
    for owner in HOT:
        commands.add_hot_owner(curator, owner)
