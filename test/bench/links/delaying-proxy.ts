/** A TCP proxy whose bytes arrive later by a fixed time each way: a link of any length between processes of one machine. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface DelayingProxy {
  port: number
  /** Where connections go from now on. */
  target: number
  /** One way, of bytes that come from now on. */
  delayMs: number
  close: () => Promise<void>
}

/** On loopback. `target` is to be set before anybody connects. */
export async function startDelayingProxy(): Promise<DelayingProxy> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true, allowHalfOpen: true }, near => {
    const far = connect({ port: proxy.target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    for (const [from, to] of [
      [near, far],
      [far, near]
    ] as const) {
      sockets.add(from)
      // Timers of one length fire in the order they were set, so that bytes keep theirs.
      const later = (act: () => void) => setTimeout(() => to.destroyed || act(), proxy.delayMs)
      from.on('data', bytes => later(() => to.write(bytes)))
      from.on('end', () => later(() => to.end()))
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        later(() => to.destroy())
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: DelayingProxy = {
    port: (server.address() as AddressInfo).port,
    target: 0,
    delayMs: 0,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    }
  }
  return proxy
}
