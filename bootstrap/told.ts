/** What a bootstrap tells of itself: to joining peers in /shoal.json, to peers over libp2p, and to its like. */
import { MAX_TOLD_ADDRESSES } from '../peer/wire/check-frames.ts'
import type { ModelEntry } from '../peer/wire/frames.pb.js'
import { fromHex, toHex } from '../peer/wire/hex.ts'
import { type RendezvousModel, socketAddress } from '../peer/wire/join.ts'
import { type Membership, modelToken } from '../peer/wire/membership.ts'
import type { PublishedModel } from './published-model.ts'

/**
 * With URLs under `base`; '' for those relative to /shoal.json. In a private swarm a URL brings the right to read what it
 * names: no token goes to whatever else a model's sources are.
 */
export function publishedAt(base: string, models: readonly PublishedModel[], membership: Membership): RendezvousModel[] {
  const root = base === '' ? '' : `${base.replace(/\/$/, '')}/`
  return models.map(({ name, digest, layers, weightsPath, weightsParts, sources }) => {
    const key = membership.secret === undefined ? '' : `?key=${modelToken(membership, digest)}`
    const served = (weightsPath ?? weightsParts) === undefined ? [] : [`${root}models/${digest}/weights${key}`]
    return { name, digest, layers, manifestUrl: `${root}models/${digest}/manifest${key}`, sources: [...served, ...sources] }
  })
}

export function toEntry({ digest, name, layers, manifestUrl, sources }: RendezvousModel): ModelEntry {
  return { model: fromHex(digest), name, layers, manifests: [manifestUrl], sources }
}

export function fromEntry({ model, name, layers, manifests, sources }: ModelEntry): RendezvousModel {
  return { name, digest: toHex(model), layers, manifestUrl: manifests[0] ?? '', sources }
}

/**
 * Addresses of the node where others may dial it, those that tabs can dial first: over the public URL, else over the HTTP
 * port of each address that its TCP port has.
 */
export function toldAddresses(
  peer: string,
  listening: readonly string[],
  httpPort: number,
  secure: boolean,
  publicUrl: string | undefined
): string[] {
  const tcp = listening.filter(address => /^\/ip[46]\/[^/]+\/tcp\/\d+(\/p2p\/[^/]+)?$/.test(address))
  const sockets = tcp.map(address => `${hostOf(address)}/tcp/${httpPort}/${secure ? 'tls/ws' : 'ws'}/p2p/${peer}`)
  const overHttp = publicUrl === undefined ? sockets : [socketAddress(new URL(publicUrl), peer)]
  const half = Math.floor(MAX_TOLD_ADDRESSES / 2)
  return [...new Set([...overHttp.slice(0, half), ...tcp.slice(0, half)])]
}

function hostOf(address: string): string {
  return address.split('/').slice(0, 3).join('/')
}
