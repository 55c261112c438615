/** A leaf in a process of its own that echoes: argv holds its directory nodes; tells its id and addresses in one line. */
import { bytesProtocol, echo, makeNode } from './wire-kit.ts'

const node = await makeNode({ directoryNodes: process.argv.slice(2) })
node.handle(bytesProtocol, echo)
await node.ready()
process.stdout.write(`${JSON.stringify({ self: node.self, addresses: node.addresses() })}\n`)
