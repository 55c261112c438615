import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { HopServer } from '../../../peer/host/hop-server.ts'
import { startHost } from '../../../peer/host/span-host.ts'
import { DEFAULT_LIMITS } from '../../../peer/session/driver-limits.ts'
import { type GenerationEvent, generate } from '../../../peer/session/generate.ts'
import { Reputation } from '../../../peer/swarm/reputation.ts'
import { silent } from '../../../peer/wire/log.ts'
import { OTHER_DIGEST } from './donors.ts'
import { MemoryNetwork } from './memory-links.ts'
import { DEFAULT_REQUEST, MODEL, PROMPT, tokensOf } from './small-swarm.ts'
import { greedyReference, STAND_IN, StandInEngine } from './stand-in-engine.ts'
import { VirtualClock } from './virtual-clock.ts'

const TOKENS = 12

test('a peer’s hosts of two models get their own sessions alone, and one that stops takes nothing from the other', async () => {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const [key, driverKey] = await Promise.all([generateKeyPair('Ed25519'), generateKeyPair('Ed25519')])
  const [peer, driver] = [key, driverKey].map(each => peerIdFromPrivateKey(each).toString()) as [string, string]
  const links = network.peer(peer)
  const server = new HopServer(links, clock)
  const models = [MODEL, { ...MODEL, digest: OTHER_DIGEST }]
  const hosts = models.map(model => {
    const engine = new StandInEngine({ first: 0, end: STAND_IN.layers })
    return startHost({ links, engine, model, rates: { prefill: 1_000, decode: 100 }, clock, server })
  })
  const about = { peer, sequence: 1, addresses: links.addresses(), agent: 'node' as const, adapter: '' }
  const offers = hosts.map(host => host.offer()!)
  const directory = { query: async () => ({ entries: [{ announcement: { ...about, offers }, ageMs: 0 }] }) }
  const context = { links: network.peer(driver), privateKey: driverKey, directory, clock, logger: silent }
  const [first, second] = models.map(model => {
    const limits = { ...DEFAULT_LIMITS, recoverMs: 1_000 }
    const answer = generate(
      { ...context, model, reputation: new Reputation(), limits },
      { ...DEFAULT_REQUEST, maxTokens: TOKENS }
    )
    const events: GenerationEvent[] = []
    const until = async (tokens: number) => {
      while (tokensOf(events).length < tokens) {
        const { value, done } = await clock.until(answer.next())
        if (done) return
        events.push(value)
      }
    }
    return { events, until, answer }
  }) as [Answer, Answer]
  for (const { until } of [first, second]) await until(4)
  const sessions = () => hosts.map(host => host.stats().sessions)
  assert.deepEqual(sessions(), [1, 1])
  await clock.until(hosts[0]!.stop())
  await assert.rejects(clock.until(Array.fromAsync(first.answer)))
  await second.until(TOKENS)
  assert.deepEqual(tokensOf(second.events), await greedyReference(PROMPT, TOKENS))
  await clock.until(second.answer.return(undefined))
  await clock.pass(1_000)
  assert.deepEqual(sessions(), [0, 0])
  await clock.until(hosts[1]!.stop())
})

interface Answer {
  events: GenerationEvent[]
  until: (tokens: number) => Promise<void>
  answer: AsyncGenerator<GenerationEvent>
}
