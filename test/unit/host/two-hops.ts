/** A chain of two hops under a driver by hand, as the tests of the protocol begin. */
import assert from 'node:assert/strict'
import { RawDriver, step } from './raw-driver.ts'
import { PROMPT, SmallSwarm } from './small-swarm.ts'
import { greedyReference } from './stand-in-engine.ts'

export const TWO = [
  { first: 0, end: 3 },
  { first: 3, end: 8 }
]
/** The greedy answer to `PROMPT`. */
export const [first, second, third] = (await greedyReference(PROMPT, 3)) as [number, number, number]
/** The position after the prompt. */
export const END = PROMPT.length

export function twoHops(options: { blocks?: number; maxBatchTokens?: number } = {}) {
  const swarm = new SmallSwarm(TWO.map(span => ({ ...span, ...options })))
  return { swarm, driver: new RawDriver(swarm), hosts: swarm.hosts }
}

/** Open, prompt fed, first token answered. */
export async function fed(options: { blocks?: number; maxBatchTokens?: number } = {}) {
  const { swarm, driver, hosts } = twoHops(options)
  const stream = await driver.open(hosts)
  await driver.send(stream, step(1, 0, PROMPT))
  assert.deepEqual(stream.tokens, [first])
  return { swarm, driver, hosts, stream }
}
