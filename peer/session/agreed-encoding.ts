/** How hidden states go between the hops of a chain: as the driver wants it where all of its hops can. */
import type { Route } from '../swarm/types.ts'
import { INT8_BLOCK } from '../wire/activation-codec.ts'
import { Encoding } from '../wire/frames.pb.js'

/** Int8 blocks only where every hop offers to take them, and rows of `width` values are whole blocks. */
export function agreedEncoding(wanted: Encoding, { hops }: Route, width: number): Encoding {
  if (wanted !== Encoding.INT8) return wanted
  return width % INT8_BLOCK === 0 && hops.every(({ int8 }) => int8) ? Encoding.INT8 : Encoding.AUTO
}
