/**
 * A few of `npm run test:deaths`' cells, one after another on the peers that are left: a peer killed in prefill; one frozen
 * in the middle of an answer; two neighbours killed together, after which the one that was frozen is needed again.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Cell, cellName, PARTS, runCell } from '../deaths/cells.ts'
import { Pool } from '../deaths/pool.ts'

const CELLS: readonly Cell[] = [
  { signal: 'SIGKILL', hops: [0], moment: 'prefill', again: false },
  { signal: 'SIGSTOP', hops: [1], moment: 1, again: false },
  { signal: 'SIGKILL', hops: [0, 1], moment: 20, again: false }
]
/** As many as these lose, and one. */
const HOLDERS = [3, 2, 1]

let pool: Pool

before(async () => {
  pool = await Pool.start(PARTS, HOLDERS)
})

after(() => pool?.end())

for (const cell of CELLS) {
  test(cellName(cell), async () => {
    await runCell(pool, cell)
    pool.resume()
  })
}

test('nobody holds KV of any of these answers', async () => {
  await pool.drained()
  assert.equal(pool.holders.filter(({ state }) => state === 'alive').length, 3)
})
