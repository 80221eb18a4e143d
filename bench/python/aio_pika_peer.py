"""One run of aio-pika in one case: `python3 aio_pika_peer.py <job as JSON>`; it prints the result as JSON.

What a job is stands in src/cases/load.ts, what a result is in src/run/measure.ts.
"""

import asyncio
import json
import os
import resource
import sys
import time

import aio_pika
from aio_pika.patterns import JsonMaster, JsonRPC

JOB = json.loads(sys.argv[1])
LOAD = JOB["load"]
QUEUES = JOB["queues"]
OPERATIONS = JOB["operations"]
WARM_UP = JOB["warmUp"]
# Its content need not press well: gzip is not measured here.
TEXT = "x" * LOAD.get("size", 0)


class Clock:
    def __init__(self):
        self.wall = time.perf_counter()
        self.cpu = time.process_time()

    def read(self):
        return {
            "duration": (time.perf_counter() - self.wall) * 1e3,
            "cpu": (time.process_time() - self.cpu) * 1e6,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }


async def in_parallel(count, width, operation):
    numbers = iter(range(count))

    async def lane():
        for number in numbers:
            await operation(number)

    await asyncio.gather(*(lane() for _ in range(width)))


async def measure_each(operation):
    await in_parallel(WARM_UP, LOAD["inFlight"], operation)
    latencies = [0.0] * OPERATIONS

    async def timed(number):
        before = time.perf_counter()
        await operation(number)
        latencies[number] = (time.perf_counter() - before) * 1e3

    clock = Clock()
    await in_parallel(OPERATIONS, LOAD["inFlight"], timed)
    return {"values": clock.read(), "latencies": latencies}


async def open_channel(prefetch=None):
    connection = await aio_pika.connect_robust(JOB["url"])
    channel = await connection.channel()
    if prefetch is not None:
        await channel.set_qos(prefetch_count=prefetch)
    return channel


async def publish():
    master = JsonMaster(await open_channel())

    async def operation(task_id):
        await master.create_task(
            QUEUES[0], {"task_id": task_id, "at": time.time() * 1e3, "text": TEXT}
        )

    return await measure_each(operation)


async def consume():
    master = JsonMaster(await open_channel(LOAD["prefetch"]))
    total = WARM_UP + OPERATIONS
    finished = asyncio.get_running_loop().create_future()
    state = {"count": 0, "sum": 0, "clock": Clock()}

    async def handle(*, task_id, at, text):
        if LOAD["disorder"] and task_id % 3:
            await asyncio.sleep(task_id % 3 / 1e3)
        state["count"] += 1
        state["sum"] += task_id
        if state["count"] == WARM_UP:
            state["clock"] = Clock()
        if state["count"] == total:
            finished.set_result(None)

    await master.create_worker(QUEUES[0], handle, durable=True)
    await finished
    await asyncio.sleep(0)
    values = state["clock"].read()
    if state["sum"] != total * (total - 1) // 2:
        raise ValueError(f"tasks add up to {state['sum']}")
    return {"values": values}


async def call():
    caller = await JsonRPC.create(await open_channel())
    callee = await JsonRPC.create(await open_channel(LOAD["inFlight"]))

    async def multiply(*, x, y, text):
        return {"product": x * y, "text": text}

    for name in QUEUES:
        await callee.register(name, multiply, durable=True)

    async def operation(x):
        name = QUEUES[x % len(QUEUES)]
        result = await caller.call(name, {"x": x, "y": 7, "text": TEXT})
        if result["product"] != x * 7 or len(result["text"]) != len(TEXT):
            raise ValueError(f"a call gave {result}")

    return await measure_each(operation)


KINDS = {"publish": publish, "consume": consume, "call": call}


async def main():
    result = await KINDS[LOAD["kind"]]()
    print(json.dumps({"operations": OPERATIONS, **result}), flush=True)
    os._exit(0)  # as peers of Node end: without closing anything


asyncio.run(main())
