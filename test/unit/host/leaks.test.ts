/**
 * Drivers that vanish, clients that leave and peers that flap, at any moment of an answer: nothing of theirs stays on any
 * hop, and whoever comes after them waits no longer.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generate } from '../../../peer/session/generate.ts'
import { LEASES_MS } from './fault-schedules.ts'
import { DEFAULT_REQUEST, PROMPT, SmallSwarm, THREE, tokensOf } from './small-swarm.ts'
import { greedyReference } from './stand-in-engine.ts'

const expected = await greedyReference(PROMPT, 12)

/** Each way between two peers, ms: time passes for the clock. */
const LINK_MS = 5

function slowLinks(spans: ConstructorParameters<typeof SmallSwarm>[0]): SmallSwarm {
  const swarm = new SmallSwarm(spans)
  swarm.network.fate = () => [{ heldMs: LINK_MS }]
  return swarm
}

/** All that a session could leave behind; hosts that are gone keep nothing anybody could miss. */
function traces(swarm: SmallSwarm) {
  return {
    streams: swarm.network.open,
    timers: swarm.clock.pending,
    hosts: swarm.hosts
      .filter(({ id }) => !swarm.gone.has(id))
      .map(({ engine, host }) => {
        const { sessions, logBytes, standingBy, standbyLag } = host.stats()
        const { freeBlocks, totalBlocks } = engine.kv()
        return { takenBlocks: totalBlocks - freeBlocks, sessions, logBytes, standingBy, standbyLag }
      })
  }
}

const nothing = (swarm: SmallSwarm, timers: number) => ({
  streams: [],
  timers,
  hosts: traces(swarm).hosts.map(() => ({ takenBlocks: 0, sessions: 0, logBytes: 0, standingBy: 0, standbyLag: 0 }))
})

/** Median time that five answers took, and what hosts keep timers for when nobody asks anything. */
async function fiveAnswers(swarm: SmallSwarm): Promise<{ medianMs: number; timers: number }> {
  const took: number[] = []
  for (let run = 0; run < 5; run++) {
    const began = swarm.clock.now()
    assert.deepEqual(tokensOf(await swarm.run()), expected)
    took.push(swarm.clock.now() - began)
  }
  await swarm.clock.pass(LEASES_MS)
  return { medianMs: took.sort((a, b) => a - b)[2]!, timers: swarm.clock.pending }
}

/** Runs an answer until `strike` at its frame `at`, then without its driver: to the driver's end, whatever that is. */
async function runAndStrike(swarm: SmallSwarm, at: number, standby: boolean, strike: (left: AbortController) => void) {
  const left = new AbortController()
  const from = swarm.network.frames
  swarm.network.onFrame = ({ index }) => {
    if (index === from + at) strike(left)
  }
  const ended = Array.fromAsync(swarm.generate({ standby }, {}, left.signal)).catch(() => [])
  const events = await swarm.clock.until(ended)
  swarm.network.onFrame = () => {}
  return events
}

/** As a process that is killed: nothing of it is ever heard again, and then another one with its key. */
function vanish(swarm: SmallSwarm, left: AbortController): void {
  swarm.network.kill(swarm.driverId)
  left.abort()
}

async function framesOf(spans: ConstructorParameters<typeof SmallSwarm>[0]): Promise<number> {
  const swarm = slowLinks(spans)
  await swarm.run()
  return swarm.network.frames
}

for (const { vanishing, standby } of [
  { vanishing: 50, standby: false },
  { vanishing: 12, standby: true }
])
  test(`${vanishing} drivers that vanish${standby ? ' with standbys' : ''} leave nothing when their leases end, and the next answers are as quick`, async () => {
    const spans = standby ? [...THREE, ...THREE] : THREE
    const frames = await framesOf(spans)
    const swarm = slowLinks(spans)
    const control = await fiveAnswers(swarm)
    for (let driver = 0; driver < vanishing; driver++) {
      await runAndStrike(swarm, Math.floor((driver * frames) / vanishing), standby, left => vanish(swarm, left))
      swarm.network.peer(swarm.driverId)
    }
    assert.ok(
      traces(swarm).hosts.some(({ sessions }) => sessions > 0),
      'hops wait for a lease before they forget'
    )
    await swarm.clock.pass(LEASES_MS)
    assert.deepEqual(traces(swarm), nothing(swarm, control.timers))
    const after = await fiveAnswers(swarm)
    assert.ok(after.medianMs <= 1.2 * control.medianMs, `${after.medianMs} ms, before ${control.medianMs} ms`)
  })

test('drivers that vanish while they queue for KV leave their place in the queue', async () => {
  const swarm = slowLinks(THREE.map(span => ({ ...span, blocks: 3 })))
  const control = await fiveAnswers(swarm)
  const holderLinks = swarm.network.peer(swarm.strangerId)
  for (let driver = 0; driver < 5; driver++) {
    const holder = generate(
      { ...swarm.context(), links: holderLinks, privateKey: swarm.strangerKey, clock: swarm.network.clockOf(swarm.strangerId) },
      DEFAULT_REQUEST
    )
    await swarm.clock.until(holder.next())
    const left = new AbortController()
    const queued = Array.fromAsync(swarm.generate({}, {}, left.signal)).catch(() => [])
    await swarm.clock.pass(500 + 500 * driver)
    vanish(swarm, left)
    await swarm.clock.until(queued)
    swarm.network.peer(swarm.driverId)
    const rest = await swarm.clock.until(Array.fromAsync(holder))
    assert.deepEqual(tokensOf(rest), expected)
  }
  await swarm.clock.pass(LEASES_MS)
  assert.deepEqual(traces(swarm), nothing(swarm, control.timers))
  const after = await fiveAnswers(swarm)
  assert.ok(after.medianMs <= 1.2 * control.medianMs, `${after.medianMs} ms, before ${control.medianMs} ms`)
})

test('a client that leaves frees everything before its answer’s end is heard of', async () => {
  const frames = await framesOf(THREE)
  const swarm = slowLinks(THREE)
  const { timers } = await fiveAnswers(swarm)
  for (let at = 0; at < frames; at += 3) {
    await runAndStrike(swarm, at, false, left => left.abort())
    // The last frame's way, and a stream's two sides ending.
    await swarm.clock.pass(10 * LINK_MS)
    const { hosts } = traces(swarm)
    assert.deepEqual(hosts, nothing(swarm, timers).hosts, `left at frame ${at}`)
  }
  await swarm.clock.pass(LEASES_MS)
  assert.deepEqual(traces(swarm), nothing(swarm, timers))
})

test('a client that leaves in the moment a hop dies frees the others', async () => {
  const frames = await framesOf(THREE)
  for (let at = 0; at < frames; at += 6) {
    const swarm = slowLinks(THREE)
    await runAndStrike(swarm, at, false, left => {
      swarm.kill(1)
      left.abort()
    })
    await swarm.clock.pass(LEASES_MS)
    assert.deepEqual(traces(swarm), nothing(swarm, swarm.clock.pending), `left at frame ${at}`)
  }
})

test('peers that flap through many answers keep nothing of any', async () => {
  const swarm = slowLinks([...THREE, ...THREE])
  const control = await fiveAnswers(swarm)
  let flaps = 0
  const flap = () => {
    const { id } = swarm.hosts[flaps % 6]!
    swarm.network.freeze(id)
    forget = swarm.clock.after(1_500, () => {
      swarm.network.resume(id)
      if (++flaps < 12) flap()
    })
  }
  let forget = () => {}
  flap()
  let answers = 0
  while (flaps < 12) {
    assert.deepEqual(tokensOf(await swarm.run({ standby: answers % 2 === 1 })), expected)
    answers++
  }
  forget()
  assert.ok(answers >= 3, `${answers} answers`)
  await swarm.clock.pass(LEASES_MS)
  assert.deepEqual(traces(swarm), nothing(swarm, control.timers))
})
