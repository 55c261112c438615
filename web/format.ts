/**
 * Values as people read them.
 */
import type { Span } from '../peer/model/types.ts'

/** People count layers from one. */
export function spanText({ first, end }: Span): string {
  return end - first === 1 ? `layer ${end}` : `layers ${first + 1}–${end}`
}

/** Peer ids share their first eight characters; the last six tell them apart. */
export function shortPeer(peer: string): string {
  return peer.slice(-6)
}

const units = [
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3]
] as const

export function bytesText(bytes: number): string {
  for (const [unit, size] of units) if (bytes >= size) return `${trim(bytes / size)} ${unit}`
  return `${Math.round(bytes)} bytes`
}

export function msText(ms: number): string {
  return ms >= 1000 ? `${trim(ms / 1000)} s` : `${trim(ms)} ms`
}

export function rateText(tokensPerSecond: number): string {
  return `${trim(tokensPerSecond)} tokens/s`
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

export function durationText(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return `${Math.floor(ms / 1_000)} s`
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export function energyText(wattHours: number): string {
  return wattHours >= 1 ? `about ${trim(wattHours)} Wh` : `about ${Math.round(1_000 * wattHours)} mWh`
}

/** Joins as a sentence does: a, b and c. */
export function listText(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** The page's own blue stands for this tab; other peers keep this far from it. */
const OWN_HUE = 225
const OWN_DISTANCE = 30

/** 0 … 359: the same peer has the same colour in the picture of the swarm and under every answer. */
export function peerHue(peer: string, self: string | undefined): number {
  if (peer === self) return OWN_HUE
  // FNV-1a, then a last stir, since ids that differ in one character would get neighbouring hues.
  let hash = 0x811c9dc5
  for (const character of peer) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return (OWN_HUE + OWN_DISTANCE + (((hash ^ (hash >>> 13)) >>> 0) % (360 - 2 * OWN_DISTANCE))) % 360
}

function trim(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, '')
}
