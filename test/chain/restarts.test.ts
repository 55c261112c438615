/**
 * Three directory nodes, each restarted once while an answer runs whose every link goes over their relays: tokens come to
 * the end, the right ones, each once.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { type Bootstrap, startBootstrap } from '../../bootstrap/bootstrap.ts'
import { type Donation, startDonation } from '../../peer/host/donate.ts'
import { directoryOf } from '../../peer/session/directory-query.ts'
import { DEFAULT_LIMITS } from '../../peer/session/driver-limits.ts'
import { generate } from '../../peer/session/generate.ts'
import { neutralSampling } from '../../peer/session/neutral-sampling.ts'
import { Reputation } from '../../peer/swarm/reputation.ts'
import { systemClock } from '../../peer/wire/clock.ts'
import { DirectoryClient } from '../../peer/wire/directory-client.ts'
import { silent } from '../../peer/wire/log.ts'
import { smallManifest } from '../unit/host/donors.ts'
import { DIGEST, MODEL, PROMPT } from '../unit/host/small-swarm.ts'
import { greedyReference, StandInEngine } from '../unit/host/stand-in-engine.ts'
import { eventually } from './swarm-kit.ts'
import { makeNode, withNodes } from './wire-kit.ts'

const LIMIT = { timeout: 90_000 }
const NODES = 3
const SPANS = [
  { first: 0, end: 4 },
  { first: 4, end: 8 }
]
/** Of a step on each host, so that the answer outlasts the restarts. */
const STEP_MS = 15
const TOKENS = 80
const RESTART_EVERY = 20

test('three directory nodes are restarted one by one under an answer that runs over their relays', LIMIT, async t => {
  const directoryNodes: Bootstrap[] = []
  const clients: DirectoryClient[] = []
  const donations: Donation[] = []
  const keys = await Promise.all(Array.from({ length: NODES }, () => generateKeyPair('Ed25519')))
  const start = async (at: number, httpPort: number) => {
    const others = directoryNodes.flatMap((node, other) => (other === at ? [] : [node.httpUrl]))
    const options = { host: '127.0.0.1', httpPort, models: [], privateKey: keys[at]!, directoryNodes: others }
    directoryNodes[at] = await startBootstrap(options)
  }
  const announced = (at: number, what: string) =>
    eventually(
      async () => directoryNodes[at]!.health().announcements,
      count => count === SPANS.length,
      what
    )
  await withNodes(async add => {
    try {
      for (let at = 0; at < NODES; at++) await start(at, 0)
      const places = directoryNodes.map(({ addresses }) => addresses.find(address => address.includes('/ws'))!)
      const leaf = async () => {
        const privateKey = await generateKeyPair('Ed25519')
        const links = await add(makeNode({ privateKey, directoryNodes: places, webrtc: false }))
        await links.ready(30_000)
        const client = new DirectoryClient({ links, directoryNodes: places })
        clients.push(client)
        return { privateKey, links, client }
      }
      for (const span of SPANS) {
        const { privateKey, links, client: directory } = await leaf()
        const engine = new StandInEngine({ ...span, model: MODEL })
        engine.hold = () => wait(STEP_MS)
        const donation = startDonation({
          links,
          privateKey,
          directory,
          manifest: { manifest: smallManifest(), bytes: new Uint8Array(0), digest: DIGEST },
          agent: 'node',
          adapter: 'none',
          memoryBytes: 1e9,
          kvTokens: 256,
          span,
          expectedDecodeRate: 100,
          createEngine: async () => ({ engine, rates: { prefill: 1_000, decode: 100 } })
        })
        donations.push(donation)
        await donation.serving
      }
      for (let at = 0; at < NODES; at++) await announced(at, `directory node ${at} knows both`)
      const { privateKey, links, client } = await leaf()
      const context = {
        links,
        privateKey,
        directory: directoryOf(client, silent),
        model: MODEL,
        reputation: new Reputation(),
        clock: systemClock,
        logger: silent,
        limits: DEFAULT_LIMITS
      }
      const request = { prompt: PROMPT, maxTokens: TOKENS, endIds: new Set<number>(), choice: 0, standby: false }
      const sampling = { ...neutralSampling, temperature: 0, seed: 1 }
      const tokens: number[] = []
      let recoveries = 0
      let restarted = 0
      for await (const event of generate(context, { ...request, sampling, logprobs: undefined, deadlineMs: undefined })) {
        if (event.type === 'recovered') recoveries++
        if (event.type !== 'token') continue
        tokens.push(event.token)
        if (tokens.length % RESTART_EVERY !== 0 || restarted === NODES) continue
        const at = restarted++
        const { httpUrl } = directoryNodes[at]!
        await directoryNodes[at]!.stop()
        await start(at, Number(new URL(httpUrl).port))
        await announced(at, `the restarted directory node ${at} knows both`)
      }
      assert.equal(restarted, NODES)
      t.diagnostic(`${recoveries} chains replaced`)
      assert.ok(recoveries > 0, 'links went over the relays')
      assert.deepEqual(tokens, await greedyReference(PROMPT, TOKENS))
    } finally {
      for (const client of clients) client.stop()
      await Promise.all(donations.map(donation => donation.stop()))
      await Promise.all(directoryNodes.map(node => node.stop()))
    }
  })
})
