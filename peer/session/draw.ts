/**
 * The draw a token is sampled with: a function of (seed, choice, position) alone. Whoever knows these three knows the
 * draw, so recovery repeats it and a drafted token is accepted exactly when it equals it.
 */

/** Murmur3's 32-bit finaliser: every input bit flips every output bit about half the time. */
function scramble(value: number): number {
  let hash = value >>> 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function absorb(hash: number, word: number): number {
  return scramble((hash ^ scramble(word + 0x9e3779b9)) + 0x6d2b79f5)
}

/** Uniform in [0, 1) with 53 bits, the same on every machine. */
export function draw(seed: number, choice: number, position: number): number {
  const state = absorb(absorb(absorb(0x5a0a1, seed), choice), position)
  const high = absorb(state, 1) >>> 5
  const low = absorb(state, 2) >>> 6
  return (high * 2 ** 26 + low) / 2 ** 53
}
