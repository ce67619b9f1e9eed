"""Who is a machine, who counts, what is rising: pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.counting import agents, rising, visits
from projects.counting.visits import Admission

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
WECHAT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.49"
)
CUBOT = "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36"
PAGE = {"User-Agent": FIREFOX, "Accept": "text/html,application/xhtml+xml", "Accept-Language": "zh-CN"}


@pytest.mark.parametrize("agent", [FIREFOX, CHROME, WECHAT, CUBOT])
def test_browsers(agent: str) -> None:
    assert agents.is_browser(agent)


@pytest.mark.parametrize(
    "agent",
    [
        "", "-", "curl/8.5.0", "python-requests/2.32", "Go-http-client/1.1", "Mozilla/5.0", "git/2.43.0",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 (compatible; bingbot/2.0)", FIREFOX + "x" * 2000,
    ],
)  # fmt: skip
def test_machines(agent: str) -> None:
    assert not agents.is_browser(agent)


@pytest.mark.parametrize(
    "change",
    [
        {"Accept-Language": ""}, {"Accept": "*/*"}, {"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}, {"HX-Request": "true"},
        {"Sec-Fetch-Mode": "cors"}, {"Sec-Fetch-Dest": "image"}, {"User-Agent": "curl/8"},
    ],
)  # fmt: skip
def test_what_is_no_reading(change: dict[str, str]) -> None:
    assert agents.is_reading(PAGE)
    assert agents.is_reading({**PAGE, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
    assert not agents.is_reading({**PAGE, **change})


def test_programs_may_download_and_robots_are_not_counted() -> None:
    assert agents.is_downloading("curl/8.5.0")
    assert agents.is_downloading("git/2.43.0")
    assert not agents.is_downloading("Googlebot/2.1")
    assert not agents.is_downloading("")


def stranger(address: str, agent: str = FIREFOX, **changes: object) -> visits.Visit:
    values: dict = {"account": "", "is_settled": False, "secret": b"s" * 32, "address": address, "agent": agent, **changes}
    day, repository, kind = values.pop("day", "2026-11-24"), values.pop("repository", 1), values.pop("kind", visits.VIEW)
    return visits.anonymous(day, repository, kind, **values)


def test_a_visit_names_nobody_and_cannot_be_followed_to_the_next_day() -> None:
    one = stranger("203.0.113.9", account="person 5", is_settled=True)
    text = repr(visits.packed(one))
    assert not [word for word in ("203.0.113", "person", "Firefox") if word in text]
    assert stranger("203.0.113.9").who != stranger("203.0.113.9", secret=b"t" * 32).who
    assert visits.unpacked(visits.packed(one)) == one
    for broken in ([], [1, 2], ["2026-11-24", "x", "view", "a", "b", "c", 0], ["2026-11-24", 1, "evil", "a", "b", "c", 0]):
        assert visits.unpacked(broken) is None


def test_one_person_is_one_whatever_the_last_octet() -> None:
    assert stranger("203.0.113.9").key == stranger("203.0.113.200").key
    assert stranger("203.0.113.9").key != stranger("203.0.114.9").key
    assert stranger("::ffff:203.0.113.9").key == stranger("203.0.113.9").key
    assert stranger("2001:db8:1::1").key == stranger("2001:db8:1:ffff::2").key
    assert stranger("1.1.1.1", account="person 3").key == stranger("2.2.2.2", account="person 3", agent="other").key


def test_a_farm_of_a_thousand_addresses_in_few_networks_gains_next_to_nothing() -> None:
    farm = [stranger(f"203.{network}.113.{host}", agent=f"{FIREFOX} {host}") for network in (0, 1, 2, 3) for host in range(250)]
    admission = Admission()
    assert len(visits.once(farm)) == 1000
    assert sum(admission.admits(visit) for visit in farm) == 4 * visits.PER_NETWORK
    near = [stranger(f"198.51.{network}.{host}", agent=f"{CHROME} {host}") for network in range(100) for host in range(10)]
    assert sum(admission.admits(visit) for visit in near) == visits.PER_REGION


def test_young_accounts_are_strangers_and_old_ones_are_not_capped() -> None:
    admission = Admission()
    young = [stranger("203.0.113.1", account=f"person {n}") for n in range(1000)]
    assert sum(map(admission.admits, young)) == visits.PER_NETWORK
    old = [stranger("203.0.113.1", account=f"person {n}", is_settled=True) for n in range(1000, 1100)]
    assert sum(map(admission.admits, old)) == 100


def test_one_network_adds_so_much_to_all_projects_together() -> None:
    admission = Admission()
    spread = [stranger("203.0.113.1", repository=number) for number in range(2000)]
    assert sum(map(admission.admits, spread)) == visits.PER_NETWORK_IN_ALL


day = st.builds(rising.Day, age=st.integers(0, 119), known=st.integers(0, 1000), strangers=st.integers(0, 1000), stars=st.integers(0, 50))


@given(st.lists(day, max_size=40))
def test_scores_are_finite_and_never_below_zero(days: list[rising.Day]) -> None:
    assert 0 <= rising.score(days) < float("inf")


@given(st.integers(1, 5000))
def test_what_is_always_the_same_does_not_rise(attention: int) -> None:
    always = [rising.Day(age, known=attention) for age in range(600)]
    assert rising.score(always) < 0.05 * attention**0.5
    assert rising.rate(always, rising.FAST) == pytest.approx(attention, rel=0.01)


def test_a_rate_and_not_a_sum() -> None:
    large = [rising.Day(age, known=1000) for age in range(119)]
    small = [rising.Day(age, known=20 if age < 3 else 1) for age in range(119)]
    over = [rising.Day(age, known=20 if 30 <= age < 33 else 1) for age in range(119)]
    assert rising.score(small) > rising.score(large)
    assert rising.score(small) > rising.score(over)
    hired = [rising.Day(0, strangers=900), *(rising.Day(age, known=1) for age in range(119))]
    loved = [rising.Day(0, known=60), *(rising.Day(age, known=1) for age in range(119))]
    assert rising.score(loved) > rising.score(hired)
