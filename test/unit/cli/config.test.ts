import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectLimits } from '../../../peer/cli/config.ts'
import { MAX_SESSIONS } from '../../../peer/host/limits.ts'
import { chainProtocol } from '../../../peer/wire/protocols.ts'

test('every limit has a value, and a reason for it; those shown are those enforced', async () => {
  const limits = await collectLimits()
  for (const [part, rows] of Object.entries(limits)) {
    assert.ok(Object.keys(rows).length > 5, part)
    for (const [name, { value, why }] of Object.entries(rows)) {
      assert.ok(value > 0 && Number.isFinite(Number(value)), name)
      assert.ok(why.length > 10, name)
    }
  }
  assert.equal(limits.host!.MAX_SESSIONS!.value, MAX_SESSIONS)
  assert.equal(limits['frames and streams']!.MAX_CHAIN_FRAME_BYTES!.value, chainProtocol.maxFrameBytes)
})
