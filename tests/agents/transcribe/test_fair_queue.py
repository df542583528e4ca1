"""Fair shares: the one with little to do does not wait for all that the other has to do."""

import asyncio

import pytest

from agents.transcribe.fair_queue import FairSlots


class Shop:
    """Customers with jobs, served by a fixed number of slots; keeps the order of service."""

    def __init__(self, slots: int) -> None:
        self.slots = FairSlots(slots)
        self.order: list[str] = []
        self.at_once = self.most_at_once = 0

    async def job(self, holder: str) -> None:
        async with self.slots.slot(holder):
            self.order.append(holder)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            await asyncio.sleep(0)
            self.at_once -= 1


async def test_a_late_holder_with_little_to_do_is_served_in_turn() -> None:
    shop = Shop(1)
    await asyncio.gather(*(shop.job("long") for _ in range(6)), *(shop.job("short") for _ in range(2)))
    assert shop.order == ["long", "long", "short", "long", "short", "long", "long", "long"]


async def test_three_holders_take_turns() -> None:
    shop = Shop(1)
    await asyncio.gather(*(shop.job(name) for name in "aaaabbbccc"))
    assert "".join(shop.order) == "aabcabcabc"


@pytest.mark.parametrize("slots", [1, 2, 3])
async def test_no_more_than_the_slots_are_held_and_all_of_them_are_used(slots: int) -> None:
    shop = Shop(slots)
    await asyncio.gather(*(shop.job(name) for name in "aabbcc"))
    assert shop.most_at_once == slots


async def test_a_holder_alone_gets_every_slot_and_keeps_its_order() -> None:
    slots, order = FairSlots(2), []

    async def job(number: int) -> None:
        async with slots.slot("alone"):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*map(job, range(7)))
    assert order == list(range(7))


async def test_who_gives_way_gets_the_only_slot_when_nobody_else_waits() -> None:
    slots, order = FairSlots(1), []

    async def job(name: str, *, gives_way: bool) -> None:
        async with slots.slot(name, gives_way=gives_way):
            order.append(name)
            await asyncio.sleep(0)

    async with slots.slot("first"):
        waiting = [asyncio.create_task(job("old", gives_way=True)), asyncio.create_task(job("live", gives_way=False))]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert order == ["live", "old"]


async def test_a_cancelled_wait_is_passed_over() -> None:
    shop = Shop(1)
    async with shop.slots.slot("first"):
        tired = [asyncio.create_task(shop.job("tired")) for _ in range(5)]
        patient = asyncio.create_task(shop.job("patient"))
        await asyncio.sleep(0)
        for task in tired:
            task.cancel()
    await patient
    assert shop.order == ["patient"]
    await shop.job("later")


async def test_a_slot_that_came_in_the_moment_of_cancellation_is_given_back() -> None:
    shop = Shop(1)
    async with shop.slots.slot("first"):
        tired = asyncio.create_task(shop.job("tired"))
        await asyncio.sleep(0)
    tired.cancel()  # the slot is its own already, it has only not run since
    await asyncio.wait([tired])
    assert shop.order == []
    await asyncio.wait_for(shop.job("later"), 10)


async def test_a_failure_gives_the_slot_back() -> None:
    shop = Shop(1)
    with pytest.raises(ZeroDivisionError):
        async with shop.slots.slot("clumsy"):
            1 / 0  # noqa: B018
    await asyncio.wait_for(shop.job("later"), 10)


async def test_who_gives_way_gets_no_slot_while_another_one_waits_and_never_the_last() -> None:
    slots, order, free = FairSlots(3), [], asyncio.Event()

    async def job(name: str, *, gives_way: bool) -> None:
        async with slots.slot(name, gives_way=gives_way):
            order.append(name)
            await free.wait()

    old = [asyncio.create_task(job(f"old {number}", gives_way=True)) for number in range(4)]
    await asyncio.sleep(0)
    assert order == ["old 0", "old 1"]
    live = [asyncio.create_task(job(f"live {number}", gives_way=False)) for number in range(3)]
    await asyncio.sleep(0)
    assert order[2:] == ["live 0"], "one slot was kept for it"
    free.set()
    await asyncio.gather(*old, *live)
    assert order[3:] == ["live 1", "live 2", "old 2", "old 3"]
