/** How long a peer's place on a relay lasts: until it has gone, or until it was not renewed in time. */
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { RESERVATION_MS } from '../../../peer/wire/limits.ts'
import { RelayPlaces } from '../../../peer/wire/relay-places.ts'
import { makeDirectoryNode } from '../../chain/wire-kit.ts'

const LIMITS = { maxReservations: 2, reservationTtl: 10_000, circuitMs: 1_000 }
const address = multiaddr('/ip4/127.0.0.1/tcp/1')

async function places() {
  // Its map keys peers by value, as the relay server's does.
  const node = await makeDirectoryNode()
  const { relay } = node.node.services as { relay: { reservations: RelayPlaces['reservations'] } }
  await node.stop()
  return new RelayPlaces(relay.reservations, LIMITS)
}

const newPeer = async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))

test('a place ends when it is not renewed, and one that is renewed again and again stays', async () => {
  const store = await places()
  const [stays, goes] = [await newPeer(), await newPeer()]
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 })
  try {
    assert.deepEqual(store.reserve(stays, address), { status: 'OK', expire: 1_010 })
    assert.equal(store.reserve(goes, address).status, 'OK')
    const [staying, going] = [store.get(stays)!, store.get(goes)!]
    for (let renewals = 0; renewals < 5; renewals++) {
      mock.timers.tick(9_000)
      assert.equal(store.reserve(stays, address).status, 'OK')
    }
    assert.equal(store.get(stays), staying)
    assert.equal(staying.signal.aborted, false)
    assert.equal(staying.expiry.getTime(), Date.now() + 10_000)
    assert.equal(store.get(goes), undefined)
    assert.equal(going.signal.aborted, true)
    mock.timers.tick(10_000)
    assert.equal(store.reservations.size, 0)
  } finally {
    mock.timers.reset()
  }
})

test('a place given back counts no more, and its time says nothing about the next', async () => {
  const store = await places()
  const [first, second, third] = [await newPeer(), await newPeer(), await newPeer()]
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  try {
    store.reserve(first, address)
    store.reserve(first, address)
    store.reserve(second, address)
    assert.equal(store.reserve(third, address).status, 'RESERVATION_REFUSED')
    store.removeReservation(first)
    assert.equal(store.reserve(third, address).status, 'OK')
    store.removeReservation(second)
    mock.timers.tick(9_000)
    store.reserve(first, address)
    // The times of the place that was given back have come.
    mock.timers.tick(9_000)
    assert.notEqual(store.get(first), undefined)
    assert.equal(store.get(third), undefined)
    store.clear()
    assert.equal(store.reservations.size, 0)
  } finally {
    mock.timers.reset()
  }
})

test('a place lasts no longer than a timer can', () => assert.ok(RESERVATION_MS < 2 ** 31))
