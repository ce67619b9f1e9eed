"""The demo's issues: what people of the talk could have asked of 鹏程·盘古 α. Written through the commands, then given their dates."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.utils import timezone

from accounts.models import User
from core.actors import Actor
from issues import commands
from issues.models import Comment, Happening, Participation, Thread
from projects.models import Repository
from projects.places import demo_parts


@dataclass(frozen=True)
class Said:
    """A comment, or with `close` what ended the issue; `hours` after the one before."""

    by: str
    body: str
    hours: int = 20
    close: bool = False


@dataclass(frozen=True)
class Sample:
    """An issue, `days` old."""

    by: str
    days: int
    title: str
    body: str
    labels: tuple[str, ...] = ()
    assignee: str = ""
    planned: bool = False
    pinned: bool = False
    talk: tuple[Said, ...] = ()


SAMPLES = (
    Sample(
        "he-zm", 41, "推理 13B 需要多少显存？",
        "README 写“至少 2 颗昇腾 910 或一张 32 GB 的加速卡”。我手上是两张 24 GB 的卡，能不能切开放？\n\n环境：MindSpore 1.7，batch 1，长度 1024。",
        ("提问",),
        talk=(
            Said("zhangy03", "可以，把 `--op-level-model-parallel-num` 设为 2，权重会按层内切开。两张 24 GB 够 13B 的 fp16 推理，长度超过 1024 时再留意激活。"),
            Said("he-zm", "设为 2 以后正常，每张卡峰值 19.6 GB。谢谢 @zhangy03"),
            Said("zhangy03", "已写进 FAQ，关闭。", 3, close=True),
        ),
    ),
    Sample(
        "zhangy03", 33, "200B 分片加载工具",
        "README 任务清单里最后一项。目标：不改训练代码，按分片描述文件把 200B 权重装进任意张数的卡。\n\n- [x] 分片描述文件的格式\n- [x] 单机 8 卡\n- [ ] 多机\n- [ ] 校验和与断点续传",
        ("需求", "优先级::高"), "zhangy03", planned=True, pinned=True,
        talk=(Said("zhou-ning", "校验和建议直接用 SHA-256，和发行文件页上显示的一致，方便核对。"),),
    ),
    Sample(
        "wu-qian", 26, "连续空格被分词器合并，代码类语料还原不回来",
        "输入 `a  b`（两个空格），编码再解码得到 `a b`。\n\n```python\ntok = JIEBATokenizer(vocab, model)\nprint(repr(tok.decode(tok.encode(\"a  b\"))))\n```\n\n"
        "看起来是结巴切词之后丢掉了空串。影响所有带缩进的代码语料。",
        ("缺陷",), "zhou-ning",
        talk=(
            Said("zhou-ning", "能复现。切词前先把连续空格换成占位符就行，和换行的处理一样。我来改，顺便补一个往返测试。"),
            Said("lin-yue", "我的分支里也遇到了，往返测试可以直接用 `tests/` 里的样本。", 30),
        ),
    ),
    Sample(
        "lin-yue", 19, "推理服务支持批量请求",
        "现在服务端一次只处理一条请求，13B 单卡每秒不到 2 条。希望按长度分桶后成批推理。\n\n需要想清楚的地方：\n\n- [x] 结果与逐条推理一致（误差小于 1e-3）\n- [x] 空批次\n"
        "- [ ] 等待时间上限\n- [ ] 文档\n\n加载部分可以和 #2 共用。",
        ("需求",), "lin-yue", planned=True,
        talk=(
            Said("wu-qian", "按最长序列补齐会浪费显存，分桶时步长取 64 比较合适。"),
            Said("lin-yue", "同意，先按 64 一档做，补齐率会比现在低很多。合并请求写好后在这里贴出来。", 44),
        ),
    ),
    Sample(
        "pkumlq", 8, "小样本评测脚本缺少数据说明",
        "`scripts/evaluate.py` 里 few-shot 的样例是从哪里抽的、随机种子是多少，文档里没有写。想复现 16 个下游任务的结果，请补一段说明。",
        ("文档", "适合新手"),
    ),
)  # fmt: skip
WHERE = ("PCL-Platform.Intelligence", "PanGu-Alpha")
MILESTONE, IN_DAYS = "v1.1：服务与分片加载", 45


def load() -> None:
    """Labels, a milestone and the issues, unless the repository has any; nothing without the demo's repository."""
    repository = Repository.objects.filter(namespace__slug=WHERE[0], name=WHERE[1], deleted_at=None).select_related("namespace").first()
    people = {person.username: person for person in User.objects.filter(username__in=_people())}
    if repository is None or _people() - people.keys() or repository.threads.exists():
        return
    owner = Actor(person=people["zhangy03"])
    commands.add_default_labels(owner, repository)
    milestone = commands.save_milestone(
        owner,
        repository,
        title=MILESTONE,
        description="批量推理与 200B 加载一起发布。",
        due_on=timezone.localdate() + timedelta(days=IN_DAYS),
    )
    labels = {label.name: label for label in repository.issue_labels.all()}
    for sample in SAMPLES:
        writer = Actor(person=people[sample.by])
        chosen = [labels[name] for name in sample.labels if name in labels]
        thread = commands.open_issue(writer, repository, title=sample.title, body=sample.body, template_labels=chosen)
        if sample.planned:
            commands.set_milestone(owner, thread, milestone)
        if sample.assignee:
            commands.change_assignees(owner, thread, add=[people[sample.assignee]])
        if sample.pinned:
            commands.pin_thread(owner, thread)
        for said in sample.talk:
            commands.add_comment(Actor(person=people[said.by]), thread, body=said.body)
            if said.close:
                commands.close_issue(Actor(person=people[said.by]), thread)
        _settle(thread, sample)
        cache.clear()  # the demo writes faster than people may


def _people() -> set[str]:
    return {"zhangy03", "zhou-ning"} | {sample.by for sample in SAMPLES} | {said.by for sample in SAMPLES for said in sample.talk}


def _settle(thread: Thread, sample: Sample) -> None:
    """Dates as the sample says."""
    at = born = timezone.now() - timedelta(days=sample.days, hours=sample.days % 7)
    Participation.objects.filter(thread=thread).update(since=born)
    waits = iter(sample.talk)
    for row in thread.happenings.order_by("pk"):
        wait = next(waits, None) if row.comment_id else None
        at += timedelta(hours=wait.hours) if wait is not None else timedelta(minutes=4)
        _date(row, at)
    closed = {"closed_at": at} if any(said.close for said in sample.talk) else {}
    Thread.objects.filter(pk=thread.pk).update(created_at=born, updated_at=at, **closed)


def _date(row: Happening, at: datetime) -> None:
    Happening.objects.filter(pk=row.pk).update(at=at)
    if row.comment_id is not None:
        Comment.objects.filter(pk=row.comment_id).update(created_at=at)


demo_parts.add(load)
