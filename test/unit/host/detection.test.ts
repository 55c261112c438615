/**
 * How a driver finds out that a hop is gone: which one, how soon, and that nobody is taken for lost who is only slow, or
 * because the driver itself was away.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generate } from '../../../peer/session/generate.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import { ChainFrame } from '../../../peer/wire/frames.pb.js'
import { answerProtocol, chainProtocol } from '../../../peer/wire/protocols.ts'
import { LEASES_MS } from './fault-schedules.ts'
import { DEFAULT_REQUEST, PROMPT, SmallSwarm, THREE, tokensOf } from './small-swarm.ts'
import { greedyReference } from './stand-in-engine.ts'

const expected = await greedyReference(PROMPT, 12)
/** A frozen hop of a chain whose steps take tens of milliseconds, from its last sign of life. */
const FROZEN_MS = 2_500
/** Two at once: the second is found when the chain opens without the first. */
const TWO_FROZEN_MS = 3_500
const names = ['first', 'middle', 'last']

/** As a small GPU: every run of the hosts takes so long. */
function takeTime(swarm: SmallSwarm, ms: number, hosts = swarm.hosts): void {
  for (const { engine } of hosts) engine.hold = () => new Promise(resolve => swarm.clock.after(ms, resolve))
}

/** The events of one generation while the clock runs beside it. */
async function* untilDone(swarm: SmallSwarm, request = {}) {
  const events = swarm.generate(request)
  for (let next = await swarm.clock.until(events.next()); !next.done; next = await swarm.clock.until(events.next())) {
    yield next.value
  }
}

interface Loss {
  tokens: number[]
  lost: string[]
  /** Until the last token. */
  tookMs: number
}

/** Runs to the end; `strike` at the frame of that number, or after that many tokens. */
async function runLosing(
  swarm: SmallSwarm,
  at: { frame: (frame: ChainFrame, to: string) => boolean } | { tokens: number },
  strike: () => void
): Promise<Loss> {
  const startedAt = swarm.clock.now()
  const loss: Loss = { tokens: [], lost: [], tookMs: 0 }
  let struck = false
  const once = () => {
    if (!struck) strike()
    struck = true
  }
  if ('frame' in at) {
    swarm.network.onFrame = ({ to, protocol, bytes }) => {
      if (protocol === chainProtocol.id && at.frame(ChainFrame.decode(bytes), to)) once()
    }
  }
  for await (const event of untilDone(swarm)) {
    if (event.type === 'recovered') loss.lost.push(event.recovery.lost)
    if (event.type === 'token') loss.tokens.push(event.token)
    if (event.type === 'token') loss.tookMs = swarm.clock.now() - startedAt
    if ('tokens' in at && loss.tokens.length === at.tokens) once()
  }
  assert.ok(struck)
  return loss
}

async function checkFreed(swarm: SmallSwarm): Promise<void> {
  for (const { id } of swarm.hosts) swarm.network.resume(id)
  await swarm.clock.pass(LEASES_MS)
  assert.deepEqual(swarm.freeBlocks(), Array(swarm.hosts.length).fill(256))
  assert.deepEqual(swarm.network.open, [])
}

for (const victim of [0, 1, 2]) {
  test(`a frozen ${names[victim]} hop is named and replaced within seconds in decode, and frees when it comes back`, async () => {
    const undisturbed = new SmallSwarm([...THREE, ...THREE])
    takeTime(undisturbed, 30)
    const { tookMs } = await runLosing(undisturbed, { tokens: 1 }, () => {})
    const swarm = new SmallSwarm([...THREE, ...THREE])
    takeTime(swarm, 30)
    const { id } = swarm.hosts[victim]!
    const loss = await runLosing(swarm, { tokens: 4 }, () => swarm.network.freeze(id))
    assert.deepEqual(loss.tokens, expected)
    assert.deepEqual(loss.lost, [id])
    assert.ok(loss.tookMs - tookMs < FROZEN_MS, `${loss.tookMs - tookMs} ms more than undisturbed`)
    const banned = swarm.hosts.filter(host => swarm.reputation.isBanned(host.id, swarm.clock.now()))
    assert.deepEqual(
      banned.map(host => host.id),
      [id]
    )
    await checkFreed(swarm)
  })

  test(`a hop whose run never ends is named: the ${names[victim]}`, async () => {
    const swarm = new SmallSwarm([...THREE, ...THREE])
    takeTime(swarm, 30)
    const { id, engine } = swarm.hosts[victim]!
    let release = () => {}
    const loss = await runLosing(swarm, { tokens: 4 }, () => {
      engine.hold = () =>
        new Promise(resolve => {
          release = resolve
        })
    })
    assert.deepEqual(loss.tokens, expected)
    assert.deepEqual(loss.lost, [id])
    // 12 steps of 90 ms, and the same for what the new hop has to catch up with.
    assert.ok(loss.tookMs < 3_000 + 1_500, `${loss.tookMs} ms`)
    release()
    await checkFreed(swarm)
  })

  test(`a frozen ${names[victim]} hop is named in prefill`, async () => {
    const swarm = new SmallSwarm([...THREE, ...THREE])
    takeTime(swarm, 30)
    const { id } = swarm.hosts[victim]!
    const loss = await runLosing(swarm, { frame: ({ step }, to) => step?.number === 2 && to === id }, () =>
      swarm.network.freeze(id)
    )
    assert.deepEqual(loss.tokens, expected)
    assert.ok(swarm.reputation.isBanned(id, swarm.clock.now()))
    assert.equal(swarm.hosts.filter(host => swarm.reputation.isBanned(host.id, swarm.clock.now())).length, 1)
    assert.ok(loss.tookMs < FROZEN_MS + 3_000, `${loss.tookMs} ms`)
    await checkFreed(swarm)
  })

  test(`a hop that freezes while the chain opens is named: the ${names[victim]}`, async () => {
    const swarm = new SmallSwarm([...THREE, ...THREE])
    const { id } = swarm.hosts[victim]!
    const loss = await runLosing(swarm, { frame: ({ open }, to) => open !== undefined && to === id }, () =>
      swarm.network.freeze(id)
    )
    assert.deepEqual(loss.tokens, expected)
    assert.deepEqual(
      swarm.hosts.filter(host => swarm.reputation.isBanned(host.id, swarm.clock.now())).map(host => host.id),
      [id]
    )
    assert.ok(loss.tookMs < FROZEN_MS, `${loss.tookMs} ms`)
    await checkFreed(swarm)
  })
}

for (const victims of [
  [0, 1],
  [1, 2]
])
  test(`two neighbours frozen at once are both named within seconds: hops ${victims.join(' and ')}`, async () => {
    const swarm = new SmallSwarm([...THREE, ...THREE])
    // As promised, so that who was observed is as good as who was not.
    for (const host of swarm.hosts) takeTime(swarm, 10 * (host.engine.shape.span.end - host.engine.shape.span.first), [host])
    const frozen = victims.map(victim => swarm.hosts[victim]!.id)
    const loss = await runLosing(swarm, { tokens: 4 }, () => {
      for (const id of frozen) swarm.network.freeze(id)
    })
    assert.deepEqual(loss.tokens, expected)
    // 12 steps of 80 ms, and the same for what two new hops catch up with.
    assert.ok(loss.tookMs < TWO_FROZEN_MS + 2_000, `${loss.tookMs} ms`)
    for (const { id } of swarm.hosts) assert.equal(swarm.reputation.isBanned(id, swarm.clock.now()), frozen.includes(id), id)
    await checkFreed(swarm)
  })

test('a neighbour of a frozen hop that nobody can stand in for is waited for until it comes back', async () => {
  const swarm = new SmallSwarm([...THREE, THREE[0]!])
  takeTime(swarm, 30)
  const [first, only] = swarm.hosts.map(({ id }) => id) as [string, string]
  const loss = await runLosing(swarm, { tokens: 4 }, () => {
    swarm.network.freeze(first)
    swarm.network.freeze(only)
    swarm.clock.after(6_000, () => swarm.network.resume(only))
  })
  assert.deepEqual(loss, { ...loss, tokens: expected, lost: [first] })
  assert.ok(!swarm.reputation.isBanned(only, swarm.clock.now()))
  await checkFreed(swarm)
})

test('a row of logits asked of a frozen last hop comes from another one', async () => {
  const swarm = new SmallSwarm([...THREE, ...THREE])
  const { id } = swarm.hosts[2]!
  const request = { sampling: { ...neutralSampling, temperature: 20, seed: 44 } }
  const calm = new SmallSwarm([...THREE, ...THREE])
  const wanted = tokensOf(await calm.run(request))
  let frozen = false
  swarm.network.onFrame = ({ to, protocol, bytes }) => {
    if (frozen || to !== id) return
    const asked = protocol === chainProtocol.id && ChainFrame.decode(bytes).rowRequest !== undefined
    const askedDirectly = protocol === answerProtocol.id && answerProtocol.decode(bytes).rowRequest !== undefined
    frozen = asked || askedDirectly
    if (frozen) swarm.network.freeze(id)
  }
  const startedAt = swarm.clock.now()
  const tokens: number[] = []
  let lastAt = startedAt
  for await (const event of untilDone(swarm, request)) {
    if (event.type === 'token') tokens.push(event.token)
    if (event.type === 'token') lastAt = swarm.clock.now()
  }
  assert.ok(frozen)
  assert.deepEqual(tokens, wanted)
  assert.ok(swarm.reputation.isBanned(id, swarm.clock.now()))
  assert.ok(lastAt - startedAt < FROZEN_MS)
  await checkFreed(swarm)
})

for (const ms of [500, 6_000]) {
  test(`hops whose runs take ${ms} ms, against a promise of a few, are slow and not lost`, async () => {
    const swarm = new SmallSwarm([...THREE, ...THREE].map(span => ({ ...span, decodeRate: 10_000 })))
    takeTime(swarm, ms)
    const events = await swarm.run()
    assert.deepEqual(tokensOf(events), expected)
    assert.ok(events.every(event => event.type !== 'recovered'))
    assert.ok(swarm.hosts.every(({ id }) => !swarm.reputation.isBanned(id, swarm.clock.now())))
  })
}

test('one run that takes ten seconds, as a pipeline compiles, is slow and not lost', async () => {
  const swarm = new SmallSwarm([...THREE, ...THREE])
  let runs = 0
  swarm.hosts[1]!.engine.hold = () => new Promise(resolve => swarm.clock.after(runs++ === 0 ? 10_000 : 20, resolve))
  const events = await swarm.run()
  assert.deepEqual(tokensOf(events), expected)
  assert.ok(events.every(event => event.type !== 'recovered'))
})

test('a link of 200 ms a frame makes the answer slow and loses nobody', async () => {
  const swarm = new SmallSwarm([...THREE, ...THREE])
  swarm.network.crawl(swarm.hosts[1]!.id, 200)
  const events = await swarm.run()
  assert.deepEqual(tokensOf(events), expected)
  assert.ok(events.every(event => event.type !== 'recovered'))
})

test('where nobody else holds the layers, a link slower than any limit still gets the answer through', async () => {
  const swarm = new SmallSwarm(THREE)
  const startedAt = swarm.clock.now()
  swarm.network.crawl(swarm.hosts[1]!.id, 1_000)
  assert.deepEqual(tokensOf(await swarm.run()), expected)
  // A step's way to the hop and on to the next, a second each, for each of the 12 tokens.
  assert.ok(swarm.clock.now() - startedAt >= 24_000)
})

for (const ms of [1_400, 4_000, 20_000]) {
  test(`a driver that stood still for ${ms} ms accuses nobody`, async () => {
    const swarm = new SmallSwarm([...THREE, ...THREE])
    takeTime(swarm, 30)
    const loss = await runLosing(swarm, { tokens: 4 }, () => {
      swarm.network.freeze(swarm.driverId)
      swarm.clock.after(ms, () => swarm.network.resume(swarm.driverId))
    })
    assert.deepEqual(loss.tokens, expected)
    assert.ok(swarm.hosts.every(({ id }) => !swarm.reputation.isBanned(id, swarm.clock.now())))
    await checkFreed(swarm)
  })
}

test('a driver whose links broke while it stood still goes on over the same hops and bans none', async () => {
  const swarm = new SmallSwarm(THREE)
  takeTime(swarm, 30)
  const loss = await runLosing(swarm, { tokens: 4 }, () => {
    swarm.network.freeze(swarm.driverId)
    swarm.clock.after(8_000, () => {
      for (const { id } of swarm.hosts) swarm.network.cut(swarm.driverId, id)
      swarm.network.resume(swarm.driverId)
    })
  })
  assert.deepEqual(loss.tokens, expected)
  assert.ok(swarm.hosts.every(({ id }) => !swarm.reputation.isBanned(id, swarm.clock.now())))
  await checkFreed(swarm)
})

test('a hop frozen for less than the driver waits goes on where it stopped', async () => {
  const swarm = new SmallSwarm([...THREE, ...THREE])
  takeTime(swarm, 30)
  const { id } = swarm.hosts[1]!
  const loss = await runLosing(swarm, { tokens: 4 }, () => {
    swarm.network.freeze(id)
    swarm.clock.after(900, () => swarm.network.resume(id))
  })
  assert.deepEqual(loss, { ...loss, tokens: expected, lost: [] })
})

test('a whole swarm that sleeps, as on one laptop, goes on where it stopped', async () => {
  const swarm = new SmallSwarm(THREE)
  takeTime(swarm, 30)
  const everybody = [swarm.driverId, ...swarm.hosts.map(({ id }) => id)]
  const loss = await runLosing(swarm, { tokens: 4 }, () => {
    for (const id of everybody) swarm.network.freeze(id)
    // Longer than a lease, and the hosts first: the driver's beats come last.
    swarm.clock.after(100_000, () => {
      for (const id of everybody.toReversed()) swarm.network.resume(id)
    })
  })
  assert.deepEqual(loss, { ...loss, tokens: expected, lost: [] })
  assert.ok(swarm.hosts.every(({ id }) => !swarm.reputation.isBanned(id, swarm.clock.now())))
  await checkFreed(swarm)
})

test('a hint that a hop has gone is checked at once, between steps too; an idle word of it changes nothing', async () => {
  const swarm = new SmallSwarm([...THREE, ...THREE])
  takeTime(swarm, 30)
  const { id } = swarm.hosts[1]!
  let hint = (_: string) => {}
  let watched: readonly string[] = []
  const context = swarm.context()
  context.directory.watch = (peers, onGone) => {
    watched = peers
    hint = onGone
    return () => {
      watched = []
    }
  }
  const events = generate(context, { ...DEFAULT_REQUEST })
  const tokens: number[] = []
  const lost: string[] = []
  let frozenAt = 0
  for (let next = await swarm.clock.until(events.next()); !next.done; next = await swarm.clock.until(events.next())) {
    const event = next.value
    if (event.type === 'recovered') {
      lost.push(event.recovery.lost)
      assert.equal(swarm.clock.now() - frozenAt < 500 + 500, true, `${swarm.clock.now() - frozenAt} ms`)
    }
    if (event.type !== 'token') continue
    tokens.push(event.token)
    for (const peer of watched) hint(peer)
    if (tokens.length !== 4) continue
    assert.deepEqual(
      watched,
      swarm.hosts.slice(0, 3).map(host => host.id)
    )
    await swarm.clock.pass(2_000)
    swarm.network.freeze(id)
    frozenAt = swarm.clock.now()
    hint(id)
    await swarm.clock.pass(600)
  }
  assert.deepEqual(tokens, expected)
  assert.deepEqual(lost, [id])
  assert.deepEqual(watched, [])
  await checkFreed(swarm)
})
