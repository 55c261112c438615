/** Aborts WebRTC dials at various moments, stops its nodes and says so; then nothing may keep the process alive. */
import { bytesProtocol, echo, makeDirectoryNode, makeNode } from './wire-kit.ts'

const directory = await makeDirectoryNode()
const server = await makeNode({ directoryNodes: directory.addresses() })
server.handle(bytesProtocol, echo)
await server.ready()
const webrtc = server.addresses().filter(address => address.includes('/webrtc'))
for (let limitMs = 30; limitMs < 400; limitMs += 80) {
  const client = await makeNode({ directoryNodes: directory.addresses() })
  await client.ready()
  await client.dial(server.self, webrtc, bytesProtocol, AbortSignal.timeout(limitMs)).catch(() => {})
  await client.stop()
}
await server.stop()
await directory.stop()
process.stdout.write('stopped\n')
