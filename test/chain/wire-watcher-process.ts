/**
 * A leaf and its directory node in a process of their own: tells the directory node's addresses, is told `{ self, addresses }`
 * of an echoing leaf on standard input, talks with it, says `connected`, and at its loss the name of the error.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { bytesProtocol, makeDirectoryNode, makeNode, pattern } from './wire-kit.ts'

const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)

const directory = await makeDirectoryNode()
const node = await makeNode({ directoryNodes: directory.addresses() })
const told = once(createInterface(process.stdin), 'line')
say(directory.addresses())
const { self, addresses } = JSON.parse(String((await told)[0])) as { self: string; addresses: string[] }
await node.ready()
const channel = await node.dial(self, addresses, bytesProtocol)
const direct = node.connections().some(({ peer, address, relayed }) => peer === self && !relayed && address.includes('/webrtc'))
const frames = channel.frames()[Symbol.asyncIterator]()
const sent = pattern(1024 * 1024, 3)
await channel.send(sent)
const { value } = await frames.next()
say({ connected: true, direct, echoed: Buffer.from(sent).equals(value as Uint8Array) })
await frames.next().then(
  () => say({ lost: 'nothing' }),
  (error: Error) => say({ lost: error.constructor.name })
)
