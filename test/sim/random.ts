/** Random numbers that are functions of (seed, name, index): every policy meets the same requests and the same noise. */

/** Uniform in (0, 1): MurmurHash3's finaliser over the mixed keys. */
export function uniform(seed: number, name: number, index: number): number {
  let hash = Math.imul(seed, 0x9e3779b1) ^ Math.imul(name + 1, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (((hash ^ (hash >>> 16)) >>> 0) + 0.5) / 2 ** 32
}

/** Standard normal, by Box and Muller. */
export function normal(seed: number, name: number, index: number): number {
  return Math.sqrt(-2 * Math.log(uniform(seed, name, index))) * Math.cos(2 * Math.PI * uniform(seed, name + 7_919, index))
}
