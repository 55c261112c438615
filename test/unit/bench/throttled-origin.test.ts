/** The origin that a cold start reads from: the right bytes, and no sooner than its rate allows. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openHttpSource } from '../../../peer/weights/http-source.ts'
import { openThrottledOrigin } from '../../bench/start/throttled-origin.ts'

const BYTES = 400_000
const RATE = 4_000_000
const folder = mkdtempSync(join(tmpdir(), 'shoal-origin-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'file')
const content = Uint8Array.from({ length: BYTES }, (_, index) => (index * 31) & 255)
writeFileSync(path, content)

test('ranges hold their bytes, and all connections together get the rate', async () => {
  const origin = await openThrottledOrigin(path, RATE)
  try {
    const source = await openHttpSource(origin.url)
    assert.equal(source.size, BYTES)
    const startedAt = performance.now()
    const half = BYTES / 2
    const parts = await Promise.all([source.read(0, half), source.read(half, half)])
    assert.deepEqual(Buffer.concat(parts), Buffer.from(content))
    // Timers may fire a millisecond early.
    const leastMs = (BYTES / RATE) * 1000
    assert.ok(performance.now() - startedAt >= leastMs * 0.9, `${performance.now() - startedAt} ms, not ${leastMs}`)
    assert.equal((await fetch(origin.url)).status, 416)
  } finally {
    await origin.close()
  }
})
