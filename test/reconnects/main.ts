/** `npm run test:reconnects -- [--peers N]`: many peers lose their bootstrap at once. Fails where a bound is passed. */
import { parseArgs } from 'node:util'
import { MOST_DIALS, MOST_IDLE_SHARE } from './bounds.ts'
import { loseBootstrap } from './lose-bootstrap.ts'

const { values } = parseArgs({ options: { peers: { type: 'string', default: '30' } } })
const DOWN_MS = 10_000
/** Pings of 10 s come thrice in it. */
const IDLE_MS = 30_000

const peers = Number(values.peers)
if (!(Number.isSafeInteger(peers) && peers > 0)) {
  console.error('usage: npm run test:reconnects -- [--peers N]')
  process.exitCode = 2
} else {
  const { dials, backMs, idleShare } = await loseBootstrap(peers, DOWN_MS, IDLE_MS)
  console.log(
    `${peers} peers, their bootstrap away for ${DOWN_MS / 1_000} s: ${dials.toFixed(1)} dials each, at most ${MOST_DIALS}`
  )
  console.log(`all back ${(backMs / 1_000).toFixed(1)} s after its return`)
  console.log(`then ${(100 * idleShare).toFixed(2)} % of a core each, at most ${100 * MOST_IDLE_SHARE}`)
  if (dials === 0 || dials > MOST_DIALS || idleShare > MOST_IDLE_SHARE) process.exitCode = 1
}
