"""Mirrors of the catalogue whose subject is in their words."""

from core.actors import SYSTEM
from projects import commands
from projects.mirrors.lists import Wish
from projects.models import Category, Repository

WORDED = {
    "quantum-computing": [
        "Quantum circuit simulator with many qubit gates",
        "量子线路 编译 与 量子计算 仿真",
        "qiskit experiments on a quantum computer",
    ],
    "object-detection": ["Object detection with anchor free heads", "目标检测 工具箱 yolo", "rcnn and yolov5 detectors"],
    "speech": ["Speech recognition for Mandarin", "语音识别 与 语音合成", "A vocoder for text to speech"],
    "": ["Dotfiles and shell aliases", "A small web shop in PHP", "Wallpaper collection", "个人 博客 主题", "Terminal games"],
}


def mirror(path: str, description: str = "", *, topics: tuple[str, ...] = (), category: str = "other", **fields: object) -> Repository:
    """One listed mirror of github.com; `category` is a slug, "" for none."""
    commands.list_mirrors(SYSTEM, [Wish(1, address=f"https://github.com/{path}", description=description, topics=topics)])
    row = Repository.objects.select_related("mirror", "namespace").get(
        namespace__slug=f"github.com/{path.split('/')[0]}", name=path.split("/")[1]
    )
    row.category = Category.objects.get(slug=category) if category else None
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    return row


def catalogue(*, each: int = 4, category: str = "other") -> dict[str, list[Repository]]:
    """Some mirrors of each subject, all unsorted: what their words say → them."""
    made: dict[str, list[Repository]] = {}
    for subject, texts in WORDED.items():
        for number in range(each):
            text = f"{texts[number % len(texts)]} {number}"
            made.setdefault(subject, []).append(mirror(f"lab{number}/{subject or 'misc'}-{number}", text, category=category))
    return made
