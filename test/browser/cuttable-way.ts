/**
 * A way to a server that can be cut as a network is when the Wi-Fi goes: nothing passes any more, and no socket says so.
 * Chromium's own "offline" leaves WebSockets that are open alone.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface CuttableWay extends AsyncDisposable {
  /** By which the server is reached through here. */
  readonly url: string
  cut: () => void
}

export async function cuttableWay(to: string): Promise<CuttableWay> {
  const { hostname, port } = new URL(to)
  const sockets = new Set<Socket>()
  let whole = true
  const server = createServer(near => {
    const far = connect(Number(port), hostname)
    for (const [from, into] of [
      [near, far],
      [far, near]
    ] as const) {
      sockets.add(from)
      from.on('close', () => {
        sockets.delete(from)
        if (whole) into.destroy()
      })
      // What a socket ends with, its close tells.
      from.on('error', () => {})
      from.on('data', bytes => {
        if (!whole || into.write(bytes)) return
        from.pause()
        into.once('drain', () => from.resume())
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => {
      whole = false
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    }
  }
}
