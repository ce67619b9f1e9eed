"""The demo's pull request: batches for the inference service of 鹏程·盘古 α. Made through the commands, then given its dates."""

from datetime import datetime, timedelta

from django.core.cache import cache
from django.utils import timezone

from accounts.models import User
from core.actors import Actor
from issues.models import Happening, Thread
from projects import commands as hosting
from projects.commands.edits import Write
from projects.models import Repository
from projects.places import demo_parts
from pulls import commands
from pulls.models import LineComment, LineThread, Pull, Review, Version

WHERE, AUTHOR, REVIEWER = ("PCL-Platform.Intelligence", "PanGu-Alpha"), "lin-yue", "wu-qian"
BRANCH, DAYS = "batch-infer", 2
PATH = "serving_demo/batch.py"
FIRST = '''"""把排队的请求按长度分桶，成批推理。"""


class BatchRunner:
    """一次最多取 `max_batch` 条。"""

    def __init__(self, model, queue, max_batch=16):
        self.model, self.queue, self.max_batch = model, queue, max_batch

    def collect(self, timeout=0.02):
        items = self.queue.drain(self.max_batch, timeout)
        width = max(len(item.ids) for item in items)
        return [pad(item.ids, width) for item in items]

    def run(self, batch):
        return self.model.generate(batch)


def pad(ids, width, fill=0):
    """补到同一长度。"""
    return ids + [fill] * (width - len(ids))
'''
SECOND = FIRST.replace(
    "        width = max(len(item.ids)", "        if not items:\n            return []\n        width = max(len(item.ids)"
)
TITLE = "推理服务支持批量请求"
BODY = (
    "服务端原来一次只处理一条请求。这里按长度分桶后成批推理，结果与逐条推理一致（误差小于 1e-3）。\n\n解决 #4。\n\n"
    "- [x] 空批次\n- [ ] 等待时间上限\n"
)
REMARK = "这里按最长序列补齐会浪费显存，能否先按长度分桶？\n\n```suggestion\n        width = -(-max(len(item.ids) for item in items) // 64) * 64\n```"


def load() -> None:
    """The pull request, unless the repository has one; nothing without the demo's fork."""
    rows = Repository.objects.select_related("namespace").filter(name=WHERE[1], deleted_at=None)
    home, fork = rows.filter(namespace__slug=WHERE[0]).first(), rows.filter(namespace__slug=AUTHOR).first()
    people = {person.username: person for person in User.objects.filter(username__in=(AUTHOR, REVIEWER, "zhangy03"))}
    if home is None or fork is None or len(people) < 3 or Pull.objects.filter(repository=home).exists():
        return
    author, reviewer = Actor(person=people[AUTHOR]), Actor(person=people[REVIEWER])
    default = fork.default_branch
    hosting.commit_files(
        author, fork, branch=default, changes=[Write(PATH, FIRST.encode())], message="serving: 请求按长度成批", new_branch=BRANCH
    )
    pull = commands.open_pull(author, home, head=fork, head_branch=BRANCH, base_branch=home.default_branch, title=TITLE, body=BODY)
    commands.request_review(author, pull, people=[people[REVIEWER], people["zhangy03"]])
    new = hosting.commit_files(
        author, fork, branch=BRANCH, changes=[Write(PATH, SECOND.encode(), expected=None)], message="serving: 空批次直接返回"
    )
    commands.add_version(author, pull, source=fork, head_oid=new)
    line = SECOND[: SECOND.index("        width = max")].count("\n") + 1
    said = commands.comment_on_lines(reviewer, pull, path=PATH, side="new", line=line, body=REMARK, pending=True)
    commands.submit_review(
        reviewer,
        pull,
        verdict=Review.State.CHANGES,
        body="思路没有问题。有一处补齐方式会浪费显存，见下面的意见；另外请补一个空批次的测试。",
    )
    said.thread.pull = pull
    commands.reply(author, said.thread, body="同意改为 64 一档，测试今天补上。")
    cache.clear()  # the demo writes faster than people may
    _settle(pull)


def _settle(pull: Pull) -> None:
    """Dates of the last two days."""
    born = timezone.now() - timedelta(days=DAYS)
    at = born
    for row in Happening.objects.filter(thread=pull.thread).order_by("pk"):
        at += timedelta(hours=5)
        Happening.objects.filter(pk=row.pk).update(at=at)
    _date(pull, born, at)


def _date(pull: Pull, born: datetime, last: datetime) -> None:
    Thread.objects.filter(pk=pull.thread_id).update(created_at=born, updated_at=last)
    Version.objects.filter(pull=pull, number=1).update(at=born)
    Version.objects.filter(pull=pull, number=2).update(at=last - timedelta(hours=5))
    Review.objects.filter(pull=pull).update(created_at=last, submitted_at=last)
    LineThread.objects.filter(pull=pull).update(created_at=last)
    LineComment.objects.filter(thread__pull=pull).update(created_at=last)


demo_parts.add(load, order=60)
