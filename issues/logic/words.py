"""The words of the query language: keys, their Chinese spellings, values that are fixed."""

STATES = ("open", "closed")
KINDS = ("issue", "pull")
IS = (*STATES, *KINDS, "locked", "unlocked", "pinned", "blocked", "blocking", "draft", "merged")
HAVING = ("label", "milestone", "assignee", "due", "comments", "parent", "children", "tasks")
REASONS = ("completed", "not_planned", "duplicate")
SORTS = ("created", "updated", "comments", "due")
PEOPLE = ("author", "assignee", "mentions", "involves", "commenter", "closed-by")
DATES = ("created", "updated", "closed", "due")
NUMBERS = ("comments", "number")
NAMED = ("label", "milestone")
KEYS = ("is", "has", "no", "reason", "in", "parent", "repo", "sort", *PEOPLE, *DATES, *NUMBERS, *NAMED)
PLACES = ("title", "body")
NONE, ME, ANY = "none", "me", "any"

KEY_ALIASES = {
    "state": "is", "type": "is", "状态": "is", "是": "is",
    "有": "has", "含": "has", "无": "no", "没有": "no", "原因": "reason",
    "标记": "label", "标签": "label", "labels": "label",
    "里程碑": "milestone", "作者": "author", "负责人": "assignee", "assigned": "assignee",
    "提到": "mentions", "mention": "mentions", "参与": "involves", "评论人": "commenter", "关闭人": "closed-by",
    "创建": "created", "更新": "updated", "关闭": "closed", "到期": "due", "截止": "due",
    "评论": "comments", "评论数": "comments", "编号": "number",
    "仓库": "repo", "repository": "repo", "项目": "repo", "上级": "parent", "范围": "in", "排序": "sort", "order": "sort",
}  # fmt: skip
VALUE_ALIASES = {
    "is": {
        "开启": "open", "打开": "open", "未关闭": "open", "已关闭": "closed", "关闭": "closed", "任务": "issue", "issues": "issue",
        "合并请求": "pull", "pr": "pull", "pulls": "pull", "已锁定": "locked", "锁定": "locked", "未锁定": "unlocked", "置顶": "pinned",
        "被阻塞": "blocked", "阻塞": "blocking", "草稿": "draft", "已合并": "merged",
    },
    "reason": {"完成": "completed", "已完成": "completed", "不做": "not_planned", "not-planned": "not_planned", "重复": "duplicate"},
    "in": {"标题": "title", "正文": "body"},
}  # fmt: skip
PERSON_ALIASES = {"@me": ME, "我": ME, "无": NONE, "没有": NONE, "任何人": ANY, "*": ANY}
SORT_ALIASES = {
    "newest": "created-desc", "oldest": "created-asc", "最新": "created-desc", "最早": "created-asc", "最近更新": "updated-desc",
    "评论最多": "comments-desc",
}  # fmt: skip
HAVING_ALIASES = {
    "标记": "label", "标签": "label", "labels": "label", "里程碑": "milestone", "负责人": "assignee", "到期": "due", "评论": "comments", "上级": "parent",
    "下级": "children", "sub-issues": "children", "清单": "tasks",
}  # fmt: skip
