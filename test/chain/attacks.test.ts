/**
 * Strangers who do what no honest peer does, byte by byte on real streams of every protocol, while somebody else's answers
 * are computed by the same hosts: each attack resets its own stream with a reason, takes no memory, and changes no token.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, PrivateKey, Stream } from '@libp2p/interface'
import { serveDirectory } from '../../bootstrap/directory-service.ts'
import { type SpanHost, startHost } from '../../peer/host/span-host.ts'
import { DEFAULT_LIMITS } from '../../peer/session/driver-limits.ts'
import { generate } from '../../peer/session/generate.ts'
import { neutralSampling } from '../../peer/session/neutral-sampling.ts'
import { DirectoryTable } from '../../peer/swarm/directory.ts'
import { Reputation } from '../../peer/swarm/reputation.ts'
import { parseAddresses } from '../../peer/wire/addresses.ts'
import { encodeVarint } from '../../peer/wire/block-stream.ts'
import type { Protocol } from '../../peer/wire/channel.ts'
import { systemClock } from '../../peer/wire/clock.ts'
import { type ChainFrame, Encoding, type OpenPlan } from '../../peer/wire/frames.pb.js'
import { fromHex } from '../../peer/wire/hex.ts'
import { MAX_STREAMS_PER_PEER } from '../../peer/wire/limits.ts'
import { silent, type WireLogger } from '../../peer/wire/log.ts'
import type { PeerNode } from '../../peer/wire/node.ts'
import { signOpen } from '../../peer/wire/open-signature.ts'
import { answerProtocol, chainProtocol, directoryProtocol } from '../../peer/wire/protocols.ts'
import { DIGEST, MODEL, PROMPT } from '../unit/host/small-swarm.ts'
import { greedyReference, STAND_IN, StandInEngine } from '../unit/host/stand-in-engine.ts'
import { makeNode, withNodes } from './wire-kit.ts'

const LIMIT = { timeout: 180_000 }
const SPANS = [
  { first: 0, end: 3 },
  { first: 3, end: 8 }
]
const ANSWER_TOKENS = 8
const reference = await greedyReference(PROMPT, ANSWER_TOKENS)

const NEGATIVE = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]
const BILLION = [...encodeVarint(1_000_000_000)]
const block = (bytes: Uint8Array) => Uint8Array.from([...encodeVarint(bytes.byteLength), ...bytes])
/** A frame as it lies on the stream. */
const framed = (bytes: Uint8Array) => block(Uint8Array.from([...encodeVarint(bytes.byteLength), ...bytes]))
/** Protobuf by hand: a field of bytes, and one of a varint given as its bytes. */
const bytesField = (number: number, bytes: Uint8Array | number[]) =>
  Uint8Array.from([(number << 3) | 2, ...encodeVarint(bytes.length), ...bytes])
const numberField = (number: number, value: number | number[]) =>
  Uint8Array.from([number << 3, ...(typeof value === 'number' ? encodeVarint(value) : value)])
const concat = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap(part => [...part]))

/** Lengths that lie, at each layer of framing. */
const LYING_LENGTHS: [string, Uint8Array, RegExp][] = [
  ['a block of 4 GiB', encodeVarint(2 ** 32 - 1), /Block of 4294967295 bytes, at most 32768/],
  ['a block length of 10 bytes', Uint8Array.from(NEGATIVE), /Block length longer than 5 bytes/],
  ['a frame of 4 GiB', block(encodeVarint(2 ** 32 - 1)), /[Mm]essage length too long|data length too long/],
  ['a frame length of 10 bytes', block(Uint8Array.from(NEGATIVE)), /length/],
  ['bytes that are no frame', framed(Uint8Array.of(0xff, 0xff, 0xff)), /Frame/],
  ['no body at all', framed(new Uint8Array(0)), /exactly one body expected/]
]

const asBytes = new WeakMap<ChainFrame, Uint8Array>()
/** Chain frames, and past the codec what it would not write. */
const unchecked: Protocol<ChainFrame> = { ...chainProtocol, encode: frame => asBytes.get(frame) ?? chainProtocol.encode(frame) }
function written(bytes: Uint8Array): ChainFrame {
  const frame: ChainFrame = {}
  asBytes.set(frame, bytes)
  return frame
}

interface Scene {
  hosts: { node: PeerNode; host: SpanHost }[]
  directory: PeerNode
  table: DirectoryTable
  driver: PeerNode
  driverKey: PrivateKey
  /** Why the hosts and the directory node reset channels. */
  reasons: string[]
  attacker: () => Promise<{ node: PeerNode; key: PrivateKey; dial: (to: PeerNode) => Promise<Connection> }>
  /** An answer of an honest driver over both hosts. */
  answer: () => Promise<number[]>
  plan: (driver: PeerNode, change?: Partial<OpenPlan>) => OpenPlan
}

async function scene(body: (scene: Scene) => Promise<void>): Promise<void> {
  await withNodes(async add => {
    const reasons: string[] = []
    const logger: WireLogger = {
      ...silent,
      debug: (fields, message) => message === 'channel reset' && reasons.push(String((fields as { error: string }).error))
    }
    const listen = ['/ip4/127.0.0.1/tcp/0']
    const hosts = await Promise.all(
      SPANS.map(async span => {
        const node = await add(makeNode({ listen, logger, webrtc: false }))
        const engine = new StandInEngine({ ...span, model: MODEL })
        return { node, host: startHost({ links: node, engine, model: MODEL, rates: { prefill: 1_000, decode: 100 } }) }
      })
    )
    const directory = await add(makeNode({ listen, logger, webrtc: false }))
    const table = new DirectoryTable({ leaseMs: 20_000 })
    const stopDirectory = serveDirectory({
      links: directory,
      table,
      told: { announced: () => {}, withdrawn: () => {} },
      clock: systemClock,
      random: Math.random,
      models: () => []
    })
    const driverKey = await generateKeyPair('Ed25519')
    const driver = await add(makeNode({ privateKey: driverKey, webrtc: false }))
    const entries = () =>
      hosts.map(({ node, host }) => ({
        announcement: {
          peer: node.self,
          sequence: 1,
          addresses: node.addresses(),
          agent: 'node' as const,
          adapter: '',
          offers: [host.offer()!]
        },
        ageMs: 0
      }))
    try {
      await body({
        hosts,
        directory,
        table,
        driver,
        driverKey,
        reasons,
        attacker: async () => {
          const key = await generateKeyPair('Ed25519')
          const node = await add(makeNode({ privateKey: key, webrtc: false }))
          return { node, key, dial: to => node.node.dial(parseAddresses(to.addresses(), to.self)) }
        },
        answer: async () => {
          const context = {
            links: driver,
            privateKey: driverKey,
            directory: { query: async () => ({ entries: entries() }) },
            model: MODEL,
            reputation: new Reputation(),
            clock: systemClock,
            logger: silent,
            limits: DEFAULT_LIMITS
          }
          const sampling = { ...neutralSampling, temperature: 0, seed: 1 }
          const request = { prompt: PROMPT, maxTokens: ANSWER_TOKENS, sampling, endIds: new Set<number>() }
          const tokens: number[] = []
          for await (const event of generate(context, {
            ...request,
            choice: 0,
            logprobs: undefined,
            deadlineMs: undefined,
            standby: false
          }))
            if (event.type === 'token') tokens.push(event.token)
          return tokens
        },
        plan: (of, change = {}) => ({
          session: crypto.getRandomValues(new Uint8Array(16)),
          epoch: 1,
          driver: of.self,
          model: fromHex(DIGEST),
          hops: hosts.map(({ node }, at) => ({
            peer: node.self,
            firstLayer: SPANS[at]!.first,
            endLayer: SPANS[at]!.end,
            addresses: node.addresses(),
            numerics: 'stand-in'
          })),
          reserveTokens: 64,
          committed: 0,
          leaseMs: 120_000,
          waitMs: 0,
          encoding: Encoding.AUTO,
          window: 4,
          driverAddresses: [],
          issuedAt: BigInt(Math.round(systemClock.now())),
          background: false,
          ...change
        })
      })
    } finally {
      stopDirectory()
      await Promise.all(hosts.map(({ host }) => host.stop()))
    }
  })
}

const closed = (stream: Stream) =>
  new Promise<void>(resolve => {
    if (stream.status !== 'open') resolve()
    stream.addEventListener('close', () => resolve())
  })

async function within<Value>(promise: Promise<Value>, ms: number, what: string): Promise<Value> {
  const limit = new AbortController()
  const late = wait(ms, undefined, { signal: limit.signal }).then(
    () => assert.fail(`${what}: not in ${ms} ms`),
    () => assert.fail(what)
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    late.catch(() => {})
    limit.abort()
  }
}

test('lying lengths and broken frames reset their stream on every protocol, and take no memory', LIMIT, () =>
  scene(async ({ hosts, directory, reasons, attacker, answer }) => {
    const victims = [
      [hosts[0]!.node, chainProtocol.id],
      [hosts[1]!.node, answerProtocol.id],
      [directory, directoryProtocol.id]
    ] as const
    const before = process.memoryUsage().arrayBuffers
    let peak = before
    // Who breaks the protocol twice at one victim is refused there.
    const attackers: Awaited<ReturnType<typeof attacker>>[] = []
    for (const _ of LYING_LENGTHS) attackers.push(await attacker())
    for (const [node, protocol] of victims) {
      for (const [index, [what, bytes, why]] of LYING_LENGTHS.entries()) {
        const { dial } = attackers[index]!
        const stream = await (await dial(node)).newStream(protocol)
        reasons.length = 0
        stream.send(bytes)
        await within(closed(stream), 15_000, `${protocol}, ${what}: reset`)
        assert.match(reasons.join(), why, `${protocol}, ${what}`)
        assert.match(reasons.join(), /InvalidFrameError/)
        peak = Math.max(peak, process.memoryUsage().arrayBuffers)
      }
      assert.deepEqual(await answer(), reference)
    }
    assert.ok(peak - before < 64 * 1024 * 1024, `${peak - before} bytes more`)
  })
)

test('steps that lie end their own session, and nobody reaches another’s', LIMIT, () =>
  scene(async ({ hosts, driver, driverKey, reasons, attacker, answer, plan }) => {
    const [first, second] = hosts
    // A session of an honest driver that stays open meanwhile.
    const victim = plan(driver)
    const victimOpen = await signOpen(victim, driverKey)
    const channel = await driver.dial(first!.node.self, first!.node.addresses(), chainProtocol)
    const seen = channel.frames()[Symbol.asyncIterator]()
    await channel.send({ open: victimOpen })
    assert.ok((await seen.next()).value?.opened)
    const head = { rows: 1, topK: 1, temperature: 1, extraIds: [] }
    const at = (number: number, position: number, ids: number[]) => ({
      step: {
        session: victim.session,
        epoch: 1,
        number,
        position,
        count: ids.length,
        tokens: { ids },
        head,
        timings: [],
        parts: [],
        promptLeft: 0
      }
    })
    const next = async () => {
      for (;;) {
        const { value, done } = await seen.next()
        assert.ok(!done && value.failure === undefined, 'the victim lives')
        if (value.answer !== undefined) return value.answer.rows[0]!.ids[0]!
      }
    }
    await channel.send(at(1, 0, PROMPT))
    assert.equal(await next(), reference[0])

    /** The attacker is the chain's first hop itself, so that it may send hidden states to the second. */
    const behind = async () => {
      const { node, key } = await attacker()
      const own = plan(node)
      own.hops[0] = { ...own.hops[0]!, peer: node.self, addresses: [] }
      const stream = await node.dial(second!.node.self, second!.node.addresses(), unchecked)
      await stream.send({ open: await signOpen(own, key) })
      const frames = stream.frames()[Symbol.asyncIterator]()
      assert.ok((await frames.next()).value?.opened)
      return { own, stream, frames }
    }
    const row = new Uint8Array(2 * STAND_IN.width)
    const hidden = (
      session: Uint8Array,
      change: { count?: number; position?: number | number[]; dtype?: number; data?: Uint8Array }
    ) => {
      const { count = 1, position = 0, dtype = 0, data = row } = change
      const activation = concat(numberField(1, dtype), bytesField(2, data))
      const step = concat(
        bytesField(1, session),
        numberField(2, 1),
        numberField(3, 1),
        numberField(4, position),
        numberField(5, count)
      )
      return bytesField(2, concat(step, bytesField(7, activation), bytesField(9, [])))
    }
    const lies: [string, (session: Uint8Array) => Uint8Array][] = [
      ['dtype 200', session => hidden(session, { dtype: 200 })],
      ['fewer values than counted', session => hidden(session, { count: 3 })],
      ['more values than counted', session => hidden(session, { data: new Uint8Array(8 * STAND_IN.width) })],
      ['half a value', session => hidden(session, { data: new Uint8Array(3) })],
      ['position −1', session => hidden(session, { position: NEGATIVE })],
      ['position 10⁹', session => hidden(session, { position: BILLION })],
      ['a billion tokens', session => hidden(session, { count: 1_000_000_000 })],
      ['a session that is not there', () => hidden(crypto.getRandomValues(new Uint8Array(16)), {})],
      ['another’s session', () => hidden(victim.session, {})]
    ]
    for (const [what, lie] of lies) {
      const { own, stream, frames } = await behind()
      await stream.send(written(lie(own.session)))
      const end = await within(
        frames.next().then(
          ({ value }) => value?.failure?.code ?? 'ended',
          (error: { code: string }) => error.code
        ),
        15_000,
        what
      )
      assert.match(String(end), /INVALID_FRAME|PEER_LOST|UNKNOWN_SESSION/, what)
    }

    // The victim's own open, replayed by another; and an attach to its answers.
    const thief = await attacker()
    const replay = await thief.node.dial(first!.node.self, first!.node.addresses(), chainProtocol)
    await replay.send({ open: victimOpen })
    const told = await replay
      .frames()
      [Symbol.asyncIterator]()
      .next()
      .then(
        ({ value }) => value?.failure?.code,
        (error: { code: string }) => error.code
      )
    assert.match(String(told), /NOT_NAMED|PEER_LOST/)
    reasons.length = 0
    const attach = await thief.node.dial(second!.node.self, second!.node.addresses(), answerProtocol)
    await attach.send({ attach: { session: victim.session, epoch: 1 } })
    await assert.rejects(attach.frames()[Symbol.asyncIterator]().next())
    assert.match(reasons.join(), /no such session of this driver/)
    const close = await thief.node.dial(first!.node.self, first!.node.addresses(), chainProtocol)
    await close.send({ close: { session: victim.session, epoch: 1 } })
    await close.close()
    await close.closed

    // Untouched: the next tokens are the very ones, and so is a whole answer beside it.
    for (let token = 1; token < ANSWER_TOKENS; token++) {
      await channel.send(at(token + 1, PROMPT.length + token - 1, [reference[token - 1]!]))
      assert.equal(await next(), reference[token])
    }
    assert.deepEqual(await answer(), reference)
  })
)

test('ten thousand streams and a silent one: refused, in bounded room, and answers go on', LIMIT, () =>
  scene(async ({ hosts, reasons, attacker, answer }) => {
    const victim = hosts[0]!.node
    const silentOne = await (await (await attacker()).dial(victim)).newStream(chainProtocol.id)
    silentOne.send(block(encodeVarint(1_000)))
    const silenced = closed(silentOne)
    const { dial } = await attacker()
    const before = process.memoryUsage().heapUsed
    let opened = 0
    let refused = 0
    for (let batch = 0; batch < 100; batch++) {
      await Promise.all(
        Array.from({ length: 100 }, async () => {
          try {
            const connection = await dial(victim)
            await connection.newStream(chainProtocol.id, {
              maxOutboundStreams: 20_000,
              signal: AbortSignal.timeout(10_000)
            })
            opened++
          } catch {
            refused++
          }
        })
      )
      const here = victim.node.getConnections().flatMap(connection => connection.streams)
      assert.ok(here.length <= 3 * MAX_STREAMS_PER_PEER, `${here.length} streams`)
    }
    assert.equal(opened + refused, 10_000)
    assert.ok(refused > 8_000, `${refused} refused`)
    assert.deepEqual(await answer(), reference)
    const grown = process.memoryUsage().heapUsed - before
    assert.ok(grown < 256 * 1024 * 1024, `${grown} bytes more, both sides together`)
    await within(silenced, 30_000, 'the silent stream is reset')
    assert.match(reasons.join(), /no first frame within|the rest does not come/)
  })
)
