/** Nodes for the tests of the network layer: a directory node that relays, leaves behind it, and a protocol of plain bytes. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Channel, Protocol } from '../../peer/wire/channel.ts'
import { createNode, type NodeOptions, type PeerNode } from '../../peer/wire/node.ts'

export const bytesProtocol: Protocol<Uint8Array> = {
  id: '/shoal/test-bytes/1.0.0',
  maxFrameBytes: 2 * 1024 * 1024,
  encode: frame => frame,
  decode: bytes => bytes
}

export async function makeNode(options: Partial<NodeOptions> = {}): Promise<PeerNode> {
  return createNode({ privateKey: await generateKeyPair('Ed25519'), directoryNodes: [], ...options })
}

export const makeDirectoryNode = (options: Partial<NodeOptions> = {}) =>
  makeNode({ relay: true, webrtc: false, listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'], ...options })

export async function echo(channel: Channel<Uint8Array>): Promise<void> {
  for await (const frame of channel.frames()) await channel.send(frame)
}

/** A frame that no other is like. */
export function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + seed * 17 + (i >> 8)) & 0xff
  return bytes
}

/** Runs `body` with nodes that are stopped however it ends. */
export async function withNodes<T>(body: (add: (node: Promise<PeerNode>) => Promise<PeerNode>) => Promise<T>): Promise<T> {
  const nodes: PeerNode[] = []
  try {
    return await body(async making => {
      const node = await making
      nodes.push(node)
      return node
    })
  } finally {
    await Promise.all(nodes.map(node => node.stop()))
  }
}
