/**
 * Which addresses a peer tells others and in which order it tries theirs. A relay with several addresses would give each
 * peer behind it twice as many; a few suffice, since whoever dials is mostly connected to that relay already.
 */
import { CODE_P2P, type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { InvalidRequestError } from '../errors.ts'

/** What one peer announces at most. */
export const MAX_ADDRESSES = 16

/** Longest address accepted from others: a DNS name of 253 characters would not fit, and none in use comes near. */
export const MAX_ADDRESS_CHARS = 256

/** Relayed addresses told of each relay and way (WebSockets, other): one to dial, one spare network. */
const PER_RELAY_AND_WAY = 2

export function isRelayed(address: string): boolean {
  return address.includes('/p2p-circuit') && !address.includes('/webrtc')
}

export function isWebRtc(address: string): boolean {
  return address.includes('/webrtc')
}

/** The last peer id in it: whom the address leads to. */
export function peerOfAddress(address: Multiaddr): string | undefined {
  return address.getComponents().findLast(component => component.code === CODE_P2P)?.value
}

/** Parses strangers' addresses, leaving out what is too long, malformed or leads to somebody else. */
export function parseAddresses(addresses: readonly string[], peer: string): Multiaddr[] {
  const parsed: Multiaddr[] = []
  for (const text of addresses.slice(0, MAX_ADDRESSES)) {
    if (text.length > MAX_ADDRESS_CHARS) continue
    try {
      const address = multiaddr(text)
      const target = peerOfAddress(address)
      if (target === peer) parsed.push(address)
      else if (target === undefined) parsed.push(address.encapsulate(`/p2p/${peer}`))
    } catch {
      // Not an address: the others may do.
    }
  }
  return parsed
}

/** What to announce of the addresses libp2p listens on: direct ones first, then WebRTC, then relayed. */
export function announcedAddresses(addresses: readonly Multiaddr[]): string[] {
  const direct: string[] = []
  const webrtc: string[] = []
  const relayed: string[] = []
  const perRelayAndWay = new Map<string, number>()
  for (const address of addresses) {
    const text = address.toString()
    if (text.length > MAX_ADDRESS_CHARS) continue
    if (!text.includes('/p2p-circuit')) {
      direct.push(text)
      continue
    }
    const [toRelay] = text.split('/p2p-circuit')
    const relay = toRelay?.split('/').at(-1)
    const key = `${relay} ${toRelay?.includes('/ws')} ${isWebRtc(text)}`
    const told = perRelayAndWay.get(key) ?? 0
    if (told >= PER_RELAY_AND_WAY) continue
    perRelayAndWay.set(key, told + 1)
    ;(isWebRtc(text) ? webrtc : relayed).push(text)
  }
  // Whatever the number of interfaces, both ways over a relay stay in.
  const room = MAX_ADDRESSES - Math.min(webrtc.length, 4) - Math.min(relayed.length, 4)
  return [...direct.slice(0, room), ...webrtc.slice(0, 4), ...relayed.slice(0, 4)]
}

/** Addresses by the node they lead to; without a peer id there is no telling whom one reached. @throws InvalidRequestError */
export function groupByPeer(addresses: readonly string[]): Multiaddr[][] {
  const byPeer = new Map<string, Multiaddr[]>()
  for (const text of addresses) {
    let address: Multiaddr
    try {
      address = multiaddr(text)
    } catch (cause) {
      throw new InvalidRequestError(`Directory node ${text}: not a multiaddr`, {}, { cause })
    }
    const peer = peerOfAddress(address)
    if (peer === undefined) throw new InvalidRequestError(`Directory node ${text}: must end in /p2p/ and its peer id`)
    byPeer.set(peer, [...(byPeer.get(peer) ?? []), address])
  }
  return [...byPeer.values()]
}
