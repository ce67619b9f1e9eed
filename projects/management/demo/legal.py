"""Sample legal pages of the demo, so that sign-up can be tried whole; an operator publishes a version of his own on the desk."""

from accounts import commands, queries
from core.actors import SYSTEM

VERSION = "2026-1 (sample)"

TERMS_ZH = """\
> 这是演示用的样例文本。正式运行前，请在管理台的“条款”页发布自己的版本。

## 1. 账户
1. 一个人一个账户。登录名公开可见，不得冒充他人或机构。
2. 密码、访问令牌和私钥由你自己保管；发现泄露，请立即撤销。

## 2. 内容与许可证
1. 上传的代码、数据和文字仍归权利人所有。许可证由你选择，写在仓库里。
2. 你确认有权公开所上传的内容。公开仓库可以被浏览、克隆和复刻。

## 3. 不能做的事
1. 不得上传恶意程序、他人的个人信息或法律禁止的内容。
2. 不得绕过配额、限速和访问控制。

## 4. 侵权投诉
权利人可以通过[投诉表单](/-/complaint)提出，无需注册。处理结果公开登记。

## 5. 离开
可以随时在[账户设置](/settings/account)导出数据、删除账户。
"""
TERMS_EN = """\
> This is sample text of the demo. Before going live, publish a version of your own on the desk under “Legal pages”.

## 1. Accounts
1. One account a person. The login is public; do not pose as another person or institution.
2. You keep your password, access tokens and private keys; revoke them at once if they leak.

## 2. Content and licences
1. What you upload stays its owner's. You choose the licence and write it into the repository.
2. You confirm that you may publish what you upload. Public repositories can be read, cloned and forked.

## 3. What is not allowed
1. No malware, no personal data of others, nothing the law forbids.
2. No way round quotas, rate limits and access control.

## 4. Complaints
Rights holders use the [complaint form](/-/complaint), without an account. Outcomes are registered in public.

## 5. Leaving
Export your data or delete your account at any time in the [account settings](/settings/account).
"""
PRIVACY_ZH = """\
> 这是演示用的样例文本。正式运行前，请在管理台的“条款”页发布自己的版本。

## 我们保存什么
- 你填写的资料：登录名、显示名称、邮箱；手机号加密保存。
- 安全日志：登录、令牌和公钥的变动及其网络地址，只有你和管理员能看到。
- Git 提交里的姓名和邮箱由你写入，随仓库公开。

## 我们不做什么
- 页面不调用外部服务，没有广告和第三方统计。
- 密码只保存散列，令牌只显示一次。

## 你的权利
在[账户设置](/settings/account)导出全部数据，或删除账户。
"""
PRIVACY_EN = """\
> This is sample text of the demo. Before going live, publish a version of your own on the desk under “Legal pages”.

## What is kept
- What you fill in: login, display name, e-mail; a phone number is stored encrypted.
- A security log: sign-ins and changes of tokens and keys with their network address, seen by you and administrators only.
- Names and addresses in Git commits are written by you and are as public as the repository.

## What is not done
- Pages call no outside service; no advertising, no third-party statistics.
- Passwords are stored as hashes only; a token is shown once.

## Your rights
Export all your data or delete your account in the [account settings](/settings/account).
"""


def publish() -> None:
    """Publish the samples where the site has no legal page of that kind."""
    for kind, text_zh, text_en in (("terms", TERMS_ZH, TERMS_EN), ("privacy", PRIVACY_ZH, PRIVACY_EN)):
        if queries.legal_document(kind) is None:
            commands.publish_legal_document(SYSTEM, kind=kind, version=VERSION, text_zh=text_zh, text_en=text_en)
