/**
 * Clients that leave and drivers that are killed, over real sockets: an HTTP client that closes its side or all of it, while
 * its answer streams, waits for KV or is still in its prompt; a process of a driver gone by SIGKILL. Afterwards every hop
 * holds what it held before: no KV, session, log, stream or timer more.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { describeHealth } from '../../peer/gateway/health.ts'
import { startGateway } from '../../peer/gateway/server.ts'
import { manifestOf } from '../../peer/model/manifest.ts'
import { openCompletionService } from '../../peer/session/completion.ts'
import { bytesSource } from '../../peer/weights/source.ts'
import { goldenModelPath } from '../oracle/goldens.ts'
import { announcementsOf, CountingClock, modelOf, NOTHING, startHosts, streamsOf, type TestHost, tracesOf } from './leaks-kit.ts'
import { eventually } from './swarm-kit.ts'
import { makeNode, withNodes } from './wire-kit.ts'

const LIMIT = { timeout: 60_000 }
/** KV of one answer as it is first reserved, and none for a second. */
const BLOCKS = 3
const TOKENS = 12
/** KV of one of the killed driver's answers: 4 tokens of prompt and 200. */
const BLOCKS_OF_LONG = 13
const LEASE_MS = 1_500
/** What a busy machine may need beyond it. */
const LATE_MS = 5_000

const named = await manifestOf(bytesSource(readFileSync(goldenModelPath()), 'model'))

/** Runs of a host wait here until they may go on. */
class Gate {
  waiting = 0
  #open = Promise.withResolvers<void>()
  readonly #host: TestHost

  constructor(host: TestHost) {
    this.#host = host
    host.engine.hold = async () => {
      this.waiting++
      await this.#open.promise
      this.waiting--
    }
  }

  open(): void {
    this.#host.engine.hold = undefined
    this.#open.resolve()
  }
}

async function untilBaseline(hosts: readonly TestHost[], what: string): Promise<void> {
  await eventually(
    async () => hosts.map(tracesOf),
    traces => traces.every(trace => JSON.stringify(trace) === JSON.stringify(NOTHING)),
    what
  )
}

interface Client {
  socket: Socket
  /** All that came. */
  text: () => string
  ended: Promise<void>
}

function ask(url: string, stream: boolean, prompt = 'The LORD is my shepherd'): Client {
  const { hostname, port } = new URL(url)
  const body = JSON.stringify({ model: named.digest, prompt, max_tokens: TOKENS, temperature: 0, stream })
  const head = ['POST /v1/completions HTTP/1.1', `host: ${hostname}`, 'content-type: application/json', 'connection: close']
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
  let text = ''
  socket.setEncoding('utf8').on('data', part => {
    text += part
  })
  socket.on('error', () => {})
  socket.write(`${[...head, `content-length: ${Buffer.byteLength(body)}`].join('\r\n')}\r\n\r\n${body}`)
  const ended = new Promise<void>(resolve => {
    socket.once('end', resolve).once('close', () => resolve())
  })
  return { socket, text: () => text, ended }
}

const whole = async (url: string) => {
  const client = ask(url, false)
  await client.ended
  client.socket.destroy()
  assert.match(client.text(), /^HTTP\/1\.1 200 /)
  return JSON.parse(client.text().slice(client.text().indexOf('{'), client.text().lastIndexOf('}') + 1)).choices[0].text as string
}

const leavings: [string, (socket: Socket) => void][] = [
  ['closes', socket => socket.destroy()],
  ['half-closes', socket => socket.end()]
]

test('clients that leave or half-close, streaming, queued and in their prompt, leave nothing on any hop', LIMIT, () =>
  withNodes(async add => {
    const hosts = await startHosts(named, BLOCKS, add)
    const privateKey = await generateKeyPair('Ed25519')
    const links = await add(makeNode({ privateKey, webrtc: false }))
    const clock = new CountingClock()
    const announced = await announcementsOf(hosts)
    const directory = { query: async () => announced }
    const service = openCompletionService({ links, privateKey, directory, manifest: named, clock })
    const gateway = await startGateway({
      services: () => [service],
      health: async counts => describeHealth(links.self, counts, [], { entries: [] }),
      host: '127.0.0.1',
      port: 0
    })
    try {
      const expected = await whole(gateway.url)
      await untilBaseline(hosts, 'after an answer')
      for (const [how, leave] of leavings) {
        const prompted = new Gate(hosts[0]!)
        const inPrompt = ask(gateway.url, true)
        await eventually(
          async () => prompted.waiting,
          waiting => waiting === 1,
          'a prompt is computed'
        )
        leave(inPrompt.socket)
        // The gateway has heard of it, while the run goes on.
        await inPrompt.ended
        prompted.open()
        await untilBaseline(hosts, `one that ${how} in its prompt`)

        const first = new Gate(hosts[1]!)
        const answered = whole(gateway.url)
        await eventually(
          async () => first.waiting,
          waiting => waiting === 1,
          'the first answer has the KV'
        )
        const queued = ask(gateway.url, true)
        await eventually(
          async () => hosts[0]!.host.stats().sessions,
          sessions => sessions === 2,
          'the second waits'
        )
        leave(queued.socket)
        await eventually(
          async () => hosts[0]!.host.stats().sessions,
          sessions => sessions === 1,
          `one that ${how} while it waits is out of the line`
        )
        first.open()
        assert.equal(await answered, expected)
        await untilBaseline(hosts, `one that ${how} while it waits`)

        const streaming = ask(gateway.url, true)
        await eventually(
          async () => streaming.text(),
          text => text.includes('"text"'),
          'the answer streams'
        )
        leave(streaming.socket)
        await streaming.ended
        await untilBaseline(hosts, `one that ${how} while it is answered`)
        for (const { socket } of [inPrompt, queued, streaming]) socket.destroy()
      }
      assert.equal(streamsOf({ node: links }), 0)
      await eventually(
        async () => clock.pending,
        pending => pending === 0,
        'the driver’s timers'
      )
      assert.equal(await whole(gateway.url), expected)
    } finally {
      await gateway.close()
      await Promise.all(hosts.map(({ host }) => host.stop()))
    }
  })
)

test(
  'a driver killed while some of its answers run and others wait for KV leaves nothing once its leases have ended',
  LIMIT,
  () =>
    withNodes(async add => {
      const hosts = await startHosts(named, 2 * BLOCKS_OF_LONG, add)
      const announcements = (await announcementsOf(hosts)).map(({ announcement }) => Buffer.from(announcement).toString('hex'))
      const told = JSON.stringify({ model: modelOf(named), announcements, answers: 4, leaseMs: LEASE_MS })
      const child = spawn(process.execPath, [`${import.meta.dirname}/leaks-driver-process.ts`, told], {
        stdio: ['ignore', 'pipe', 'inherit']
      })
      try {
        const gone = new Promise(resolve => child.once('exit', resolve))
        let tokens = 0
        for await (const _ of createInterface(child.stdout)) if (++tokens === 20) break
        const held = hosts.map(tracesOf)
        assert.deepEqual(
          held.map(({ sessions, taken }) => [sessions, taken]),
          [
            [4, 2 * BLOCKS_OF_LONG],
            [2, 2 * BLOCKS_OF_LONG]
          ],
          'two answers run, two wait at the first hop'
        )
        child.kill('SIGKILL')
        await gone
        const killedAt = performance.now()
        await untilBaseline(hosts, 'a driver killed')
        const tookMs = performance.now() - killedAt
        assert.ok(tookMs < LEASE_MS + LATE_MS, `${tookMs} ms`)
      } finally {
        child.kill('SIGKILL')
        await Promise.all(hosts.map(({ host }) => host.stop()))
      }
    })
)
