import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import { wayToPeers } from '../../../peer/cli/peer-way.ts'

const network = (address: string, cidr: string, internal = false): NetworkInterfaceInfo => {
  const family = address.includes(':') ? { family: 'IPv6' as const, scopeid: 0 } : { family: 'IPv4' as const }
  return { address, cidr, internal, netmask: '', mac: '', ...family }
}
const way = wayToPeers('me', {
  lo: [network('127.0.0.1', '127.0.0.1/8', true), network('::1', '::1/128', true)],
  eth0: [network('192.168.7.20', '192.168.7.20/24'), network('fd00::20', 'fd00::20/64')]
})
const to = (...addresses: string[]) => way({ peer: 'other', sequence: 1, addresses, agent: 'node', adapter: '', offers: [] })

test('a peer is as far as the nearest address it announces', () => {
  assert.equal(way({ peer: 'me', sequence: 1, addresses: [], agent: 'node', adapter: '', offers: [] }), 'local')
  assert.equal(to('/ip4/127.0.0.1/tcp/1'), 'local')
  assert.equal(to('/ip4/127.0.0.1/tcp/1', '/ip4/192.168.7.20/tcp/1'), 'local')
  assert.equal(to('/ip4/127.0.0.1/tcp/1', '/ip4/192.168.7.31/tcp/1'), 'lan')
  assert.equal(to('/ip6/fd00::31/tcp/1'), 'lan')
  assert.equal(to('/ip4/192.168.8.31/tcp/1'), 'wan')
  assert.equal(to('/ip4/203.0.113.5/tcp/1', '/ip4/127.0.0.1/tcp/1'), 'wan')
  assert.equal(to('/dns4/example.com/tcp/443/wss'), 'wan')
  // A relay in this network says nothing of who is behind it.
  assert.equal(to('/ip4/192.168.7.1/tcp/1/p2p/relay/p2p-circuit/p2p/other'), 'wan')
  assert.equal(to(), 'wan')
})
