"""Messages of chats: what DingTalk, Feishu, WeCom and Slack take, how they are signed, and what their answers mean. No Django.

Sources: the vendors' pages on robots of groups (自定义机器人 / 群机器人) and Slack's incoming webhooks.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

TEXT_MOST = 3000  # characters of a message; WeCom takes 4,096 bytes
BUSY = {"dingtalk": {130101, 410100}, "feishu": {9499, 11232}, "wecom": {45009, -1}}  # codes that mean: later


@dataclass(frozen=True, slots=True)
class Message:
    """A headline with its address, and lines below; each line is a text and an address ("" for none)."""

    title: str
    url: str
    lines: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ready:
    """What is posted: query to add to the address, and the JSON value."""

    query: dict[str, str]
    body: dict[str, object]


def signature(secret: str, body: bytes) -> str:
    """Hex HMAC-SHA-256 of the very bytes that are sent, as `X-Hub-Signature-256` carries it after `sha256=`."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def dingtalk_sign(secret: str, milliseconds: int) -> str:
    """Base64 HMAC-SHA-256 of "<time>\\n<secret>" under the secret; goes into the query with the time."""
    return base64.b64encode(hmac.new(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256).digest()).decode()


def feishu_sign(secret: str, seconds: int) -> str:
    """Base64 HMAC-SHA-256 of nothing under the key "<time>\\n<secret>"; goes into the body with the time."""
    return base64.b64encode(hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


def ready(kind: str, message: Message, *, secret: str, keyword: str, now: float) -> Ready:
    """The message as `kind` (dingtalk | feishu | wecom | slack) takes it. `now`: seconds since 1970."""
    if keyword and keyword not in message.title and all(keyword not in text for text, _url in message.lines):
        message = Message(message.title, message.url, [*message.lines, (keyword, "")])
    return {"dingtalk": _dingtalk, "feishu": _feishu, "wecom": _wecom, "slack": _slack}[kind](message, secret, now)


def _dingtalk(message: Message, secret: str, now: float) -> Ready:
    query = {"timestamp": str(int(now * 1000)), "sign": dingtalk_sign(secret, int(now * 1000))} if secret else {}
    text = f"### {_link(_plain(message.title), message.url)}\n\n" + "\n\n".join(_link(_plain(text), url) for text, url in message.lines)
    return Ready(query, {"msgtype": "markdown", "markdown": {"title": message.title[:100], "text": text[:TEXT_MOST]}})


def _feishu(message: Message, secret: str, now: float) -> Ready:
    rows = [[_feishu_part(text, url)] for text, url in [(message.title, message.url), *message.lines]]
    content = {"post": {"zh_cn": {"title": message.title[:200], "content": [*rows[1:], [_feishu_part(message.url, message.url)]]}}}
    body: dict[str, object] = {"msg_type": "post", "content": content}
    if secret:
        body |= {"timestamp": str(int(now)), "sign": feishu_sign(secret, int(now))}
    return Ready({}, body)


def _feishu_part(text: str, url: str) -> dict[str, str]:
    return {"tag": "a", "text": text[:500], "href": url} if url else {"tag": "text", "text": text[:500]}


def _wecom(message: Message, secret: str, now: float) -> Ready:
    text = f"### {_link(_plain(message.title), message.url)}\n" + "\n".join(_link(_plain(text), url) for text, url in message.lines)
    return Ready({}, {"msgtype": "markdown", "markdown": {"content": text.encode()[:4000].decode("utf-8", "ignore")}})


def _slack(message: Message, secret: str, now: float) -> Ready:
    rows = [(message.title, message.url), *message.lines]
    text = "\n".join(f"<{url}|{_slack_plain(words)}>" if url else _slack_plain(words) for words, url in rows)
    return Ready({}, {"text": text[:TEXT_MOST], "unfurl_links": False})


def _slack_plain(text: str) -> str:
    """Slack's own escape: no mention, no link comes from what people wrote."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "¦").replace("`", "'")


def _plain(text: str) -> str:
    """Without what Markdown of DingTalk and WeCom would read as a link, a heading, markup or a mention."""
    table = {"[": "［", "]": "］", "<": "＜", ">": "＞", "`": "'", "*": "＊", "#": "＃", "_": "\\_", "\n": " ", "\r": " "}
    return "".join(table.get(letter, letter) for letter in text)


def _link(text: str, url: str) -> str:
    return f"[{text}]({url.replace('(', '%28').replace(')', '%29')})" if url else text


def with_query(address: str, query: dict[str, str]) -> str:
    """The address with more of a query."""
    parts = urlsplit(address)
    joined = "&".join(part for part in (parts.query, urlencode(query)) if part)
    return urlunsplit(parts._replace(query=joined))


def verdict(kind: str, status: int, body: bytes) -> tuple[bool, bool, str]:
    """(it worked, try again later, what they said) of an answer. Chats say 200 and mean it only if their code is 0."""
    if not 200 <= status < 300:
        return False, status in (408, 425, 429) or status >= 500, f"HTTP {status}"
    if kind not in BUSY:
        return True, False, ""
    try:
        answer = json.loads(body)
        code = int(answer.get("errcode", answer.get("code", answer.get("StatusCode", 0))) or 0)
    except (ValueError, TypeError, AttributeError):
        return False, False, "no JSON"
    said = str(answer.get("errmsg") or answer.get("msg") or "")[:200]
    return code == 0, code in BUSY[kind], "" if code == 0 else f"{code} {said}".strip()


def masked(address: str, *, is_chat: bool) -> str:
    """The address as pages and logs show it: no user name, no query values, and of a chat's path only the start of the last part."""
    parts = urlsplit(address)
    path = parts.path
    if is_chat and path.strip("/"):
        head, _slash, last = path.rstrip("/").rpartition("/")
        path = f"{head}/{last[:4]}…" if len(last) > 8 else path
        if parts.hostname and parts.hostname.endswith("slack.com"):
            path = "/" + "/".join(path.split("/")[1:2]) + "/…"
    query = "&".join(f"{part.partition('=')[0]}=…" for part in parts.query.split("&") if part)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], path=path, query=query, fragment=""))[:300]
