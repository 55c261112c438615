import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ActivationLogs } from '../../../peer/host/activation-logs.ts'
import { ChainFrame } from '../../../peer/wire/frames.pb.js'
import { checkFaultSchedules, LAST_RESORT, LEASES_MS } from './fault-schedules.ts'
import { PROMPT, ROW_BYTES, SmallSwarm, THREE, tokensOf } from './small-swarm.ts'
import { greedyReference } from './stand-in-engine.ts'

const expected = await greedyReference(PROMPT, 12)

test('a hop that dies at any frame is replaced and the answer is the same', async () => {
  const counting = new SmallSwarm([...THREE, ...THREE])
  await counting.run()
  const frames = counting.network.frames
  assert.ok(frames > 60, `${frames} frames`)
  for (let frame = 0; frame < frames; frame += 3) {
    for (const victim of [0, 1, 2]) {
      const swarm = new SmallSwarm([...THREE, ...THREE])
      const before = swarm.freeBlocks()
      swarm.network.onFrame = ({ index }) => {
        if (index === frame) swarm.kill(victim)
      }
      const events = await swarm.run()
      assert.deepEqual(tokensOf(events), expected, `hop ${victim} killed at frame ${frame}`)
      await swarm.clock.pass(LEASES_MS)
      const alive = swarm.freeBlocks().filter((_, at) => at !== victim)
      assert.deepEqual(
        alive,
        before.filter((_, at) => at !== victim)
      )
    }
  }
})

test('recovery tells who was lost and over which hops it goes on', async () => {
  const swarm = new SmallSwarm([...THREE, { first: 3, end: 6 }])
  const lost = swarm.hosts[1]!.id
  let seen = 0
  for await (const event of untilDone(swarm)) {
    if (event.type === 'token' && ++seen === 4) swarm.kill(1)
    if (event.type === 'recovered') {
      assert.equal(event.recovery.lost, lost)
      assert.deepEqual(
        event.recovery.route.hops.map(hop => hop.peer),
        [swarm.hosts[0]!.id, swarm.hosts[3]!.id, swarm.hosts[2]!.id]
      )
      assert.equal(event.recovery.epoch, 2)
      seen += 100
    }
  }
  assert.equal(seen, 112)
})

/** How often the host computed each position, from 0. */
function timesComputed(swarm: SmallSwarm, at: number): number[] {
  const times: number[] = []
  for (const { position, count } of swarm.hosts[at]!.engine.batches.flat())
    for (let computed = position; computed < position + count; computed++) times[computed] = (times[computed] ?? 0) + 1
  return times
}

/** Runs to the end, killing the hosts after the fourth token. */
async function runAndKill(swarm: SmallSwarm, victims: readonly number[]): Promise<number[]> {
  const tokens: number[] = []
  for await (const event of untilDone(swarm)) {
    if (event.type !== 'token') continue
    tokens.push(event.token)
    if (tokens.length === 4) for (const victim of victims) swarm.kill(victim)
  }
  return tokens
}

const FED = PROMPT.length + 11
const once = Array.from({ length: FED }, () => 1)

for (const { what, victims, spares, survivors, newcomers } of [
  { what: 'the first hop', victims: [0], spares: [{ first: 0, end: 3 }], survivors: [1, 2], newcomers: [3] },
  { what: 'the middle hop', victims: [1], spares: [{ first: 3, end: 6 }], survivors: [0, 2], newcomers: [3] },
  { what: 'the last hop', victims: [2], spares: [{ first: 6, end: 8 }], survivors: [0, 1], newcomers: [3] },
  {
    what: 'a hop that two smaller ones replace',
    victims: [1],
    spares: [
      { first: 3, end: 4 },
      { first: 4, end: 6 }
    ],
    survivors: [0, 2],
    newcomers: [3, 4]
  },
  { what: 'two neighbours', victims: [1, 2], spares: THREE.slice(1), survivors: [0], newcomers: [3, 4] },
  {
    what: 'two hops apart',
    victims: [0, 2],
    spares: [
      { first: 0, end: 3 },
      { first: 6, end: 8 }
    ],
    survivors: [1],
    newcomers: [3, 4]
  }
]) {
  test(`logs replace ${what}: no survivor computes a position again`, async () => {
    const swarm = new SmallSwarm([...THREE, ...spares])
    assert.deepEqual(await runAndKill(swarm, victims), expected)
    for (const at of survivors) assert.deepEqual(timesComputed(swarm, at), once, `survivor ${at}`)
    for (const at of newcomers) assert.deepEqual(timesComputed(swarm, at), once, `newcomer ${at}`)
    await swarm.clock.pass(LEASES_MS)
    for (const { id, host } of swarm.hosts) if (!swarm.gone.has(id)) assert.equal(host.stats().logBytes, 0)
  })
}

test('logs that are too small are made up for from token ids', async () => {
  // 12 of the prompt's 21 positions: no log begins at the first.
  const swarm = new SmallSwarm([...THREE, { first: 3, end: 6 }].map(span => ({ ...span, logBytes: 12 * ROW_BYTES })))
  assert.deepEqual(await runAndKill(swarm, [1]), expected)
  assert.equal(timesComputed(swarm, 0)[0], 2)
  // The hop behind the lost one has lost nothing.
  assert.deepEqual(timesComputed(swarm, 2), once)
  await swarm.clock.pass(LEASES_MS)
  assert.deepEqual(
    [0, 2, 3].map(at => swarm.hosts[at]!.host.stats().logBytes),
    [0, 0, 0]
  )
})

test('a log that goes between a hop’s answer and its replay costs another epoch, not the answer', async () => {
  const swarm = new SmallSwarm([...THREE, { first: 3, end: 6 }])
  const tokens: number[] = []
  let epoch = 0
  swarm.network.onFrame = ({ from, protocol, bytes }) => {
    if (from !== swarm.hosts[0]!.id || !protocol.includes('/chain/')) return
    const { opened } = ChainFrame.decode(bytes)
    // Behind the hop's back, so that what it said of its log is no longer so.
    if (opened?.epoch === 2) read.fails = true
  }
  const read = failingReads()
  try {
    for await (const event of untilDone(swarm)) {
      if (event.type === 'recovered') epoch = event.recovery.epoch
      if (event.type === 'token' && tokens.push(event.token) === 4) swarm.kill(1)
    }
  } finally {
    read.restore()
  }
  assert.deepEqual(tokens, expected)
  assert.equal(epoch, 5, 'three epochs from logs, then one from token ids')
  assert.ok(timesComputed(swarm, 0)[0]! > 1)
})

/** Has every log lose what it holds when it is read, once `fails` is set. */
function failingReads() {
  const { read } = ActivationLogs.prototype
  const control = {
    fails: false,
    restore: () => {
      ActivationLogs.prototype.read = read
    }
  }
  ActivationLogs.prototype.read = function (...args) {
    return control.fails ? undefined : read.apply(this, args)
  }
  return control
}

test('several hops die one after the other, also while the chain is being replaced', async () => {
  const swarm = new SmallSwarm([...THREE, ...THREE, LAST_RESORT])
  const victims = [1, 3, 2, 4]
  swarm.network.onFrame = ({ index }) => {
    if (index >= 40 && (index - 40) % 7 === 0) {
      const victim = victims.shift()
      if (victim !== undefined) swarm.kill(victim)
    }
  }
  assert.deepEqual(tokensOf(await swarm.run()), expected)
  assert.equal(victims.length, 0)
})

test('when nobody holds the layers any more it waits for a newcomer, and gives up at the deadline', async () => {
  const swarm = new SmallSwarm(THREE)
  swarm.network.onFrame = ({ index }) => {
    if (index !== 50) return
    swarm.kill(1)
    swarm.clock.after(20_000, () => swarm.add({ first: 3, end: 6 }))
  }
  assert.deepEqual(tokensOf(await swarm.run()), expected)

  const hopeless = new SmallSwarm(THREE)
  hopeless.network.onFrame = ({ index }) => {
    if (index === 50) hopeless.kill(1)
  }
  await assert.rejects(hopeless.run({ deadlineMs: 30_000 }), { code: 'NO_ROUTE' })
  await hopeless.clock.pass(LEASES_MS)
  assert.deepEqual(
    hopeless.freeBlocks().filter((_, at) => at !== 1),
    [256, 256]
  )
})

/** The middle hop of every chain is cut off at the first step, and it and its spare freeze for two seconds. */
function loseChains(swarm: SmallSwarm, chains: number): void {
  const [first, ...middles] = [0, 1, 3].map(at => swarm.hosts[at]!.id)
  const struck = new Set<number>()
  swarm.network.onFrame = ({ from, protocol, bytes }) => {
    if (from !== swarm.driverId || !protocol.includes('/chain/') || struck.size >= chains) return
    const epoch = ChainFrame.decode(bytes).step?.epoch
    if (epoch === undefined || struck.has(epoch)) return
    struck.add(epoch)
    for (const middle of middles) {
      swarm.network.cut(first!, middle)
      swarm.network.freeze(middle)
      swarm.clock.after(2_000, () => swarm.network.resume(middle))
    }
  }
}

test('chains that are lost one after the other cost time, not the answer, while every layer stays held', async () => {
  const swarm = new SmallSwarm([...THREE, { first: 3, end: 6 }])
  const startedAt = swarm.clock.now()
  loseChains(swarm, 8)
  assert.deepEqual(tokensOf(await swarm.run({}, { recoverMs: 6_000 })), expected)
  assert.ok(swarm.clock.now() - startedAt > 12_000, 'longer than a chain may be missing')
})

test('an answer that breaks every chain is given up in the end', async () => {
  const swarm = new SmallSwarm([...THREE, { first: 3, end: 6 }])
  loseChains(swarm, Number.POSITIVE_INFINITY)
  const startedAt = swarm.clock.now()
  await assert.rejects(swarm.run({}, { recoverMs: 6_000, longestRecoverMs: 40_000 }), { code: 'PEER_LOST' })
  const tookMs = swarm.clock.now() - startedAt
  assert.ok(tookMs > 36_000 && tookMs < 50_000, `given up after ${tookMs} ms`)
})

test('a host that says goodbye is replaced at once', async () => {
  const swarm = new SmallSwarm([...THREE, { first: 3, end: 6 }])
  const startedAt = swarm.clock.now()
  let goodbye: Promise<void> | undefined
  let tokens = 0
  const seen: number[] = []
  for await (const event of untilDone(swarm)) {
    if (event.type === 'token') {
      seen.push(event.token)
      if (++tokens === 3) goodbye = swarm.hosts[1]!.host.goodbye()
    }
  }
  await goodbye
  assert.deepEqual(seen, expected)
  assert.equal(swarm.hosts[1]!.host.offer(), undefined)
  assert.equal(swarm.hosts[1]!.engine.kv().freeBlocks, 256)
  assert.ok(swarm.clock.now() - startedAt < 1_000)
})

test('a lost device ends its sessions and they go on elsewhere', async () => {
  const swarm = new SmallSwarm([...THREE, { first: 3, end: 6 }])
  swarm.network.onFrame = ({ index }) => {
    if (index === 50) swarm.hosts[1]!.engine.lose()
  }
  const events = await swarm.run()
  assert.deepEqual(tokensOf(events), expected)
  assert.ok(events.some(event => event.type === 'recovered' && event.recovery.lost === swarm.hosts[1]!.id))
  assert.equal(swarm.hosts[1]!.host.offer(), undefined)
})

test('whatever happens to frames, links and peers, each token is given once and is the undisturbed run’s', async () => {
  await checkFaultSchedules({ numRuns: 300, seed: 3 })
})

/** The events of one generation while the clock runs beside it. */
async function* untilDone(swarm: SmallSwarm) {
  const events = swarm.generate()
  for (let next = await swarm.clock.until(events.next()); !next.done; next = await swarm.clock.until(events.next())) {
    yield next.value
  }
}
