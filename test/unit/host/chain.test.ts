import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROMPT, SmallSwarm, tokensOf } from './small-swarm.ts'
import { greedyReference } from './stand-in-engine.ts'

const expected = await greedyReference(PROMPT, 12)

test('the stand-in is whole and split at any boundary the same', async () => {
  const splits = [
    [0, 8],
    [0, 3, 8],
    [0, 1, 7, 8],
    [0, 2, 4, 6, 8],
    [0, 1, 2, 3, 4, 5, 6, 8]
  ]
  for (const bounds of splits) {
    const swarm = new SmallSwarm(bounds.slice(1).map((end, at) => ({ first: bounds[at]!, end })))
    const before = swarm.freeBlocks()
    assert.deepEqual(tokensOf(await swarm.run()), expected, `split at ${bounds}`)
    assert.deepEqual(swarm.freeBlocks(), before)
    assert.deepEqual(swarm.network.open, [])
  }
})
