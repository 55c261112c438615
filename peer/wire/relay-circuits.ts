/**
 * Joins the two streams of a relayed circuit. libp2p's relay server does so with `pipe(src, dst, src)`, and the second `src`
 * queues whatever comes from there for a reader that does not exist: a relay would keep each byte it passed on for as long
 * as the circuit stands, and what a slow peer has not taken yet besides (@libp2p/circuit-relay-v2 4.2.13, utils 7.4.1).
 * Here what one side does not take makes the other wait.
 */
import type { CircuitRelayService } from '@libp2p/circuit-relay-v2'
import type { AbortOptions, Stream } from '@libp2p/interface'
import { BusyError, PeerLostError } from '../errors.ts'

/** Longest that one side may take to read what is left when the other has ended. */
const CLOSE_MS = 15_000

/** Passes on what comes from either until both are over; `maxBytes` together, then both are reset. Never rejects. */
export function joinStreams(a: Stream, b: Stream, maxBytes: bigint): Promise<void> {
  let left = maxBytes
  const abort = (error: Error) => {
    a.abort(error)
    b.abort(error)
  }
  const passOn = (from: Stream, to: Stream): Promise<void> => {
    const { promise: over, resolve } = Promise.withResolvers<void>()
    const end = () => {
      if (to.writeStatus !== 'writable') return
      to.close({ signal: AbortSignal.timeout(CLOSE_MS) }).catch(error => abort(errorOf(error)))
    }
    from.addEventListener('message', ({ data }) => {
      left -= BigInt(data.byteLength)
      if (left < 0n) return abort(new BusyError(`a circuit carries at most ${maxBytes} bytes`))
      try {
        if (!to.send(data)) hold(from, to)
      } catch (error) {
        abort(errorOf(error))
      }
    })
    from.addEventListener('end', end)
    from.addEventListener('close', ({ error }) => {
      if (error === undefined) end()
      else to.abort(error)
      resolve()
    })
    // It may have ended before this listens.
    if (from.readableEnded) end()
    if (from.status === 'aborted' || from.status === 'reset') to.abort(new PeerLostError('the other end of the circuit is gone'))
    if (from.status !== 'open' && from.status !== 'closing') resolve()
    return over
  }
  return Promise.all([passOn(a, b), passOn(b, a)]).then(() => {})
}

/** Reads no more from the one until the other has sent what it has. */
function hold(from: Stream, to: Stream): void {
  if (from.readStatus !== 'readable') return
  from.pause()
  const goOn = () => {
    if (from.readStatus === 'paused') from.resume()
  }
  to.addEventListener('drain', goOn, { once: true })
}

/** What libp2p's class does for a CONNECT, of which its type says nothing. */
interface CircuitServer {
  handleConnect: (asked: Connecting, options: AbortOptions) => Promise<void>
  stopHop: (asked: object, options: AbortOptions) => Promise<Stream | undefined>
}

interface Connecting {
  stream: { pb: (codec: object) => object; unwrap: () => Stream }
}

/** Has the relay server join its circuits as above. */
export function mendCircuits(relay: CircuitRelayService, maxBytes: bigint): void {
  const server = relay as unknown as CircuitServer
  const { handleConnect } = server
  server.handleConnect = async (asked, options) => {
    let far: Stream | undefined
    let over: Promise<void> = Promise.resolve()
    // What the server pipes, once it has asked both sides: stand-ins that carry nothing and can be aborted.
    const standIn = (stream: () => Stream) => ({
      source: [],
      sink: () => over,
      abort: (error: Error) => stream().abort(error)
    })
    const asking: object = Object.create(relay, {
      stopHop: {
        value: async (stop: object, limit: AbortOptions) => {
          far = await server.stopHop(stop, limit)
          return far && standIn(() => far!)
        }
      }
    })
    const stream = {
      pb: (codec: object) => asked.stream.pb(codec),
      unwrap: () => {
        const near = asked.stream.unwrap()
        over = joinStreams(near, far!, maxBytes)
        return standIn(() => near)
      }
    }
    await Reflect.apply(handleConnect, asking, [{ ...asked, stream }, options])
  }
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new PeerLostError('the circuit broke', {}, { cause: error })
}
