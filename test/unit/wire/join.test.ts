import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidRequestError } from '../../../peer/errors.ts'
import { checkPlace, checkRendezvous, fellowAddresses, join } from '../../../peer/wire/join.ts'

const A = '12D3KooWKD1fCkVwEPm8vUiGCkfgwLDnQRw9W2uLQvaUjbVJBthX'
const B = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const document = { version: 1, peerId: A, addresses: [], tcpPort: 0, models: [] }

test('a place is a URL of HTTP or a multiaddr of a peer', () => {
  checkPlace('https://shoal.example')
  checkPlace(`/ip4/192.0.2.1/tcp/1/p2p/${A}`)
  for (const place of ['shoal.example', 'ftp://shoal.example', '/ip4/192.0.2.1/tcp/1', '/nonsense'])
    assert.throws(() => checkPlace(place), InvalidRequestError)
})

test('fellow directory nodes are those that a tab can dial too', () => {
  const addresses = [
    `/ip4/192.0.2.1/tcp/8080/ws/p2p/${A}`,
    `/ip4/192.0.2.1/tcp/4001/p2p/${A}`,
    `/dns/b.example/tcp/443/tls/ws/p2p/${B}`,
    `/ip4/127.0.0.1/tcp/8080/ws/p2p/${B}`,
    'nonsense'
  ]
  assert.deepEqual(fellowAddresses(addresses, new URL('https://shoal.example/shoal.json')), [addresses[2]])
  assert.deepEqual(fellowAddresses(addresses, new URL('http://shoal.example/shoal.json')), addresses.slice(0, 3))
  assert.deepEqual(fellowAddresses(addresses, new URL('http://localhost:8080/shoal.json')), addresses.slice(0, 4))
  assert.deepEqual(fellowAddresses([`/ip4/192.0.2.1/tcp/4001/p2p/${A}`], new URL('http://shoal.example')), [], 'TCP alone')
})

test('a bootstrap that tells of no fellows has none; one that tells too many is refused', () => {
  assert.deepEqual(checkRendezvous(document, 'here').directoryNodes, [])
  assert.throws(() => checkRendezvous({ ...document, directoryNodes: Array(65).fill('/x') }, 'here'), /directoryNodes/)
  assert.throws(() => checkRendezvous({ ...document, directoryNodes: [1] }, 'here'), /directoryNodes/)
})

test('one place that answers suffices', async () => {
  const multiaddr = `/ip4/192.0.2.1/tcp/1/p2p/${A}`
  const point = await join(['http://127.0.0.1:1', multiaddr])
  assert.deepEqual(point.directoryNodes, [multiaddr])
  assert.equal(point.failures[0]?.code, 'SOURCE_FAILED')
  await assert.rejects(join(['http://127.0.0.1:1']), { code: 'SOURCE_FAILED' })
})
