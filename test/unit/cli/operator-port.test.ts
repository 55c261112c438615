import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidArgumentError } from 'commander'
import { hostingMetrics } from '../../../peer/cli/hosting-metrics.ts'
import { parseAddress } from '../../../peer/cli/operator-option.ts'
import { openOperatorPort } from '../../../peer/cli/operator-port.ts'
import { SourceError } from '../../../peer/errors.ts'
import type { HostStats } from '../../../peer/host/span-host.ts'

const stats: HostStats = {
  sessions: 2,
  kvTokens: 4096,
  freeKvTokens: 1024,
  logBytes: 77,
  standingBy: 1,
  standbyLag: 3,
  tokensServed: 500,
  bytesReceived: 6_000,
  bytesSent: 7_000,
  waits: { prompts: 4, expectedMs: 30, waitedMs: 20, missedMs: 12 }
}

test('a peer tells whether it serves, and its figures as they are when asked', async () => {
  let serving: HostStats | undefined
  const registry = hostingMetrics(() => ({ stats: serving, peers: 5 }))
  const port = await openOperatorPort({ host: '127.0.0.1', port: 0 }, registry, () => serving !== undefined)
  const lines = async () => (await (await fetch(`${port.url}/metrics`)).text()).split('\n')
  try {
    assert.equal((await fetch(`${port.url}/ready`)).status, 503)
    assert.ok((await lines()).includes('shoal_host_serving 0'))
    serving = stats
    const ready = await fetch(`${port.url}/ready`)
    assert.deepEqual([ready.status, await ready.json()], [200, { status: 'ready' }])
    for (const each of [1, 2]) {
      const told = await lines()
      for (const line of [
        'shoal_host_serving 1',
        'shoal_peers_connected 5',
        'shoal_host_sessions 2',
        'shoal_host_free_kv_tokens 1024',
        'shoal_host_tokens_total 500',
        'shoal_host_sent_bytes_total 7000'
      ])
        assert.ok(told.includes(line), `${line}, asked for the ${each}. time`)
      assert.ok(told.some(line => line.startsWith('process_resident_memory_bytes ')))
    }
    assert.equal((await fetch(`${port.url}/`)).status, 404)
    assert.equal((await fetch(`${port.url}/metrics`, { method: 'POST', body: 'x' })).status, 405)
    const taken = { host: '127.0.0.1', port: Number(new URL(port.url).port) }
    await assert.rejects(
      openOperatorPort(taken, registry, () => true),
      SourceError
    )
  } finally {
    await port.close()
  }
})

test('an address to listen on is a port, or a host and a port', () => {
  assert.deepEqual(parseAddress('9100'), { host: '127.0.0.1', port: 9100 })
  assert.deepEqual(parseAddress('0.0.0.0:9100'), { host: '0.0.0.0', port: 9100 })
  assert.deepEqual(parseAddress('[::]:0'), { host: '::', port: 0 })
  for (const wrong of ['', 'x', ':9100', '70000', 'nowhere:9100', '1.2.3.4', '::1:9100', '1.2.3.4:'])
    assert.throws(() => parseAddress(wrong), InvalidArgumentError, wrong)
})
