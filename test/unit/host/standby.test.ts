/** Recovery from standbys: what a lost hop held is there already, and all KV comes back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LEASES_MS } from './fault-schedules.ts'
import { PROMPT, SmallSwarm, THREE } from './small-swarm.ts'
import { greedyReference } from './stand-in-engine.ts'

const TOKENS = 12
const expected = await greedyReference(PROMPT, TOKENS)
/** Hosts 3, 4, 5 stand by for 0, 1, 2. */
const DOUBLE = [...THREE, ...THREE]

interface Outcome {
  tokens: number[]
  /** Of each recovery. */
  replayed: number[]
}

/** Runs to the end with standbys; `atToken` is told of each token. */
async function run(swarm: SmallSwarm, atToken: (count: number) => void | Promise<void>): Promise<Outcome> {
  const outcome: Outcome = { tokens: [], replayed: [] }
  const events = swarm.generate({ maxTokens: TOKENS, standby: true })
  for (let next = await swarm.clock.until(events.next()); !next.done; next = await swarm.clock.until(events.next())) {
    const event = next.value
    if (event.type === 'recovered') outcome.replayed.push(event.recovery.replayed)
    if (event.type === 'token') await atToken(outcome.tokens.push(event.token))
  }
  return outcome
}

async function assertAllFree(swarm: SmallSwarm): Promise<void> {
  await swarm.clock.pass(LEASES_MS)
  for (const { id, engine, host } of swarm.hosts) {
    if (swarm.gone.has(id)) continue
    const { sessions, standingBy, standbyLag, logBytes } = host.stats()
    assert.deepEqual(
      { free: engine.kv().freeBlocks, sessions, standingBy, standbyLag, logBytes },
      { free: engine.kv().totalBlocks, sessions: 0, standingBy: 0, standbyLag: 0, logBytes: 0 }
    )
  }
  assert.deepEqual(swarm.network.open, [])
}

/** Positions the host computed, each as often as it did. */
const computed = (swarm: SmallSwarm, at: number) =>
  swarm.hosts[at]!.engine.batches.flat().flatMap(({ position, count }) => Array.from({ length: count }, (_, i) => position + i))

test('an undisturbed run computes nothing twice, and its standbys are freed with it at once', async () => {
  const swarm = new SmallSwarm(DOUBLE)
  const { tokens } = await run(swarm, () => {})
  assert.deepEqual(tokens, expected)
  for (const at of [3, 4, 5]) {
    assert.deepEqual(computed(swarm, at), [])
    assert.equal(swarm.hosts[at]!.engine.kv().freeBlocks, 256)
    const written = swarm.hosts[at]!.engine.written.reduce((sum, { count }) => sum + count, 0)
    assert.equal(written, PROMPT.length + TOKENS - 1, 'each position once')
  }
  assert.deepEqual(swarm.network.open, [])
  await assertAllFree(swarm)
})

for (const victim of [0, 1, 2])
  test(`hop ${victim} dies: its standby goes on at most one step behind`, async () => {
    for (const step of [1, 2, 7, TOKENS - 1]) {
      const swarm = new SmallSwarm(DOUBLE)
      const { tokens, replayed } = await run(swarm, count => {
        if (count === step) swarm.kill(victim)
      })
      assert.deepEqual(tokens, expected, `killed after token ${step}`)
      // The step under way, and one that had not yet come to the standby.
      assert.equal(replayed.length, 1)
      assert.ok(replayed[0]! <= 2, `${replayed[0]} positions replayed after token ${step}`)
      const again = computed(swarm, victim + 3).filter(position => position < PROMPT.length + step)
      assert.ok(again.length <= 2, `${again} computed by the standby`)
      await assertAllFree(swarm)
    }
  })

test('a standby that dies first costs nothing; its hop, dying later, is replaced from logs', async () => {
  const swarm = new SmallSwarm([...DOUBLE, { first: 3, end: 6, decodeRate: 50 }])
  const { tokens, replayed } = await run(swarm, count => {
    if (count === 3) swarm.kill(4)
    if (count === 6) swarm.kill(1)
  })
  assert.deepEqual(tokens, expected)
  // The attempt over the dead standby fails, the next one runs over the third holder.
  assert.deepEqual(replayed, [PROMPT.length + 6])
  assert.ok(computed(swarm, 6).length >= PROMPT.length + 6)
  await assertAllFree(swarm)
})

test('hop and standby dying together are replaced as any hop', async () => {
  const swarm = new SmallSwarm([...DOUBLE, { first: 3, end: 6, decodeRate: 50 }])
  const { tokens, replayed } = await run(swarm, count => {
    if (count === 5) for (const victim of [1, 4]) swarm.kill(victim)
  })
  assert.deepEqual(tokens, expected)
  assert.deepEqual(replayed, [PROMPT.length + 5])
  await assertAllFree(swarm)
})

test('a standby that takes over gets one itself at the new epoch', async () => {
  const swarm = new SmallSwarm([...DOUBLE, { first: 3, end: 6, decodeRate: 50 }])
  const { tokens, replayed } = await run(swarm, count => {
    if (count === 4) swarm.kill(1)
    if (count === 9) swarm.kill(4)
  })
  assert.deepEqual(tokens, expected)
  assert.equal(replayed.length, 2)
  for (const positions of replayed) assert.ok(positions <= 2, `${replayed}`)
  assert.ok(computed(swarm, 6).every(position => position >= PROMPT.length + 7))
  await assertAllFree(swarm)
})

test('all hops dying at once go on from their standbys', async () => {
  const swarm = new SmallSwarm(DOUBLE)
  const { tokens, replayed } = await run(swarm, count => {
    if (count === 5) for (const victim of [0, 1, 2]) swarm.kill(victim)
  })
  assert.deepEqual(tokens, expected)
  assert.ok(replayed.length === 1 && replayed[0]! <= 2, `${replayed}`)
  await assertAllFree(swarm)
})

test('a standby may die at any frame while it takes over', async () => {
  for (let at = 0; at < 24; at += 3) {
    const swarm = new SmallSwarm([...DOUBLE, { first: 3, end: 6, decodeRate: 50 }])
    let due = Number.POSITIVE_INFINITY
    swarm.network.onFrame = ({ index }) => {
      if (index === due) swarm.kill(4)
    }
    const { tokens } = await run(swarm, count => {
      if (count !== 4) return
      swarm.kill(1)
      due = swarm.network.frames + at
    })
    assert.deepEqual(tokens, expected, `killed ${at} frames later`)
    await assertAllFree(swarm)
  }
})

test('a hop that freezes is replaced by its standby, and what it sends when it comes back changes nothing', async () => {
  const swarm = new SmallSwarm(DOUBLE)
  const { id } = swarm.hosts[1]!
  const events = swarm.generate({ maxTokens: TOKENS, standby: true }, { stallMs: 1_000 })
  const tokens: number[] = []
  const replayed: number[] = []
  for (let next = await swarm.clock.until(events.next()); !next.done; next = await swarm.clock.until(events.next())) {
    if (next.value.type === 'recovered') replayed.push(next.value.recovery.replayed)
    if (next.value.type !== 'token') continue
    const count = tokens.push(next.value.token)
    if (count === 4) swarm.network.freeze(id)
    if (count === 8) swarm.network.resume(id)
  }
  assert.deepEqual(tokens, expected)
  assert.ok(replayed.length === 1 && replayed[0]! <= 2, `${replayed}`)
  await assertAllFree(swarm)
})

test('a driver that vanishes leaves nothing on standbys either', async () => {
  const swarm = new SmallSwarm(DOUBLE)
  const events = swarm.generate({ maxTokens: TOKENS, standby: true })
  await swarm.clock.until(events.next())
  await swarm.clock.until(events.next())
  assert.equal(swarm.hosts[4]!.host.stats().standingBy, 1)
  swarm.network.kill(swarm.driverId)
  await assertAllFree(swarm)
})

test('without a second holder, or one of another numerics class or short of KV, hops simply have none', async () => {
  const swarm = new SmallSwarm([
    ...THREE,
    { first: 0, end: 3, numerics: 'other', decodeRate: 10 },
    { first: 3, end: 6, blocks: 2, decodeRate: 10 }
  ])
  const { tokens } = await run(swarm, () => {})
  assert.deepEqual(tokens, expected)
  for (const at of [3, 4]) assert.deepEqual(swarm.hosts[at]!.engine.written, [])
  await assertAllFree(swarm)
})

test('an open that wants the KV gets it from a standby, whose session goes on without', async () => {
  // The second middle has room for one session.
  const swarm = new SmallSwarm([...THREE, { first: 3, end: 6, blocks: 3, decodeRate: 50 }])
  let other: Promise<unknown> | undefined
  const { tokens } = await run(swarm, count => {
    if (count !== 3) return
    assert.equal(swarm.hosts[3]!.host.stats().standingBy, 1)
    assert.equal(swarm.hosts[3]!.host.offer()?.freeKvTokens, 48, 'what is held for others is to be had')
    // A second request finds the first middle gone from the directory.
    swarm.gone.add(swarm.hosts[1]!.id)
    other = Array.fromAsync(swarm.generate({ maxTokens: TOKENS }))
  })
  assert.deepEqual(tokens, expected)
  const events = (await swarm.clock.until(other!)) as { type: string; token?: number }[]
  assert.deepEqual(
    events.flatMap(({ token }) => (token === undefined ? [] : [token])),
    expected
  )
  assert.ok(computed(swarm, 3).length > 0)
  swarm.gone.clear()
  await assertAllFree(swarm)
})

test('where standbys make up for what is lost the directory is not asked', async () => {
  for (const [hosts, queries] of [
    [DOUBLE, 1],
    // No second holder of the middle's layers but one that has to be found and fed.
    [[...THREE, THREE[0]!, { first: 3, end: 4 }, { first: 4, end: 6 }], 2]
  ] as const) {
    const swarm = new SmallSwarm(hosts)
    const ask = swarm.directory
    let asked = 0
    swarm.directory = () => {
      asked++
      return ask.call(swarm)
    }
    const { tokens } = await run(swarm, count => {
      if (count === 4) swarm.kill(1)
    })
    assert.deepEqual(tokens, expected)
    assert.equal(asked, queries)
    await assertAllFree(swarm)
  }
})

test('a standby that can’t keep up holds up nobody, and the lag is told', async () => {
  const swarm = new SmallSwarm(DOUBLE)
  const { promise, resolve } = Promise.withResolvers<void>()
  swarm.hosts[4]!.engine.holdKv = () => promise
  const { tokens } = await run(swarm, async count => {
    await swarm.clock.quiet()
    const { standbyLag } = swarm.hosts[1]!.host.stats()
    if (count < 8) assert.ok(standbyLag >= PROMPT.length + count - 1, `${standbyLag} after token ${count}`)
    if (count === 8) resolve()
    if (count > 8) assert.equal(standbyLag, 0)
  })
  assert.deepEqual(tokens, expected)
  await assertAllFree(swarm)
})

test('a host that leaves gives up what it holds for others', async () => {
  const swarm = new SmallSwarm(DOUBLE)
  let left: Promise<void> | undefined
  const { tokens, replayed } = await run(swarm, count => {
    if (count === 3) left = swarm.hosts[4]!.host.goodbye(10_000)
    if (count === 4) assert.equal(swarm.hosts[4]!.engine.kv().freeBlocks, 256)
  })
  await left
  assert.deepEqual({ tokens, replayed }, { tokens: expected, replayed: [] })
  await assertAllFree(swarm)
})
