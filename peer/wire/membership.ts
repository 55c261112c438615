/**
 * Which swarm a peer belongs to. A public one is named by its network id; a private one has a secret too, and both
 * together, as one string, are the invite. What strangers see is derived from the secret and never leads back to it.
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { toString as encode, fromString } from 'uint8arrays'
import { InvalidRequestError, InviteError } from '../errors.ts'

export interface Membership {
  /** Network id. */
  network: string
  /** Absent: anybody is a member. */
  secret?: Uint8Array
}

export const DEFAULT_NETWORK = 'shoal'
export const publicMembership: Membership = { network: DEFAULT_NETWORK }

/** As long as the hash that it keys: guessing it is hopeless, and no proof made with it helps. */
export const SECRET_BYTES = 32
const SECRET_CHARS = 43

export const MAX_NETWORK_CHARS = 32
const NETWORK = /^[a-z0-9][a-z0-9-]{0,31}$/

/** Tells private swarms apart in messages and logs; their secrets keep them apart. */
const NETWORK_SUFFIX_BYTES = 4

/** @throws InvalidRequestError */
export function checkNetwork(network: string): string {
  if (NETWORK.test(network)) return network
  throw new InvalidRequestError(
    `network ${network.slice(0, 80)}: up to ${MAX_NETWORK_CHARS} lower-case letters, digits and hyphens expected`
  )
}

/** A new private swarm. */
export function makePrivate(network?: string): Membership {
  const [secret, suffix] = [SECRET_BYTES, NETWORK_SUFFIX_BYTES].map(bytes => crypto.getRandomValues(new Uint8Array(bytes)))
  return { network: checkNetwork(network ?? `${DEFAULT_NETWORK}-${encode(suffix!, 'base16')}`), secret: secret! }
}

/** `NETWORK.SECRET`, safe in a URL's fragment. @throws InvalidRequestError for a public swarm, which needs no invite */
export function inviteOf({ network, secret }: Membership): string {
  if (secret === undefined) throw new InvalidRequestError(`network ${network} is public and has no invite`)
  return `${network}.${encode(secret, 'base64url')}`
}

/** @throws InviteError, which never quotes what may be a secret */
export function readInvite(invite: string): Membership {
  const [network = '', secret = '', ...more] = invite.trim().split('.')
  if (more.length > 0 || !NETWORK.test(network) || secret.length !== SECRET_CHARS || !/^[\w-]+$/.test(secret))
    throw new InviteError(`invite: NETWORK.SECRET with a secret of ${SECRET_CHARS} characters expected; it may have been cut`)
  return { network, secret: fromString(secret, 'base64url') }
}

/** What a member shows over HTTP to be told where the directory nodes are and what they publish. */
export function directoryToken(membership: Membership): string {
  return token(membership, 'shoal/directory/1', membership.network)
}

/** The part of a URL that lets whoever has it read one model's manifest and weights. */
export function modelToken(membership: Membership, digest: string): string {
  return token(membership, 'shoal/model/1', `${membership.network}/${digest}`)
}

/** An HMAC key for one purpose; that of a public network is known to everybody. */
export function deriveKey({ network, secret = new Uint8Array(0) }: Membership, purpose: string): Uint8Array {
  return hmac(sha256, secret, new TextEncoder().encode(`${purpose}\0${network}`))
}

/** Takes as long whatever the bytes are. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.byteLength ^ b.byteLength
  for (let i = 0; i < Math.max(a.byteLength, b.byteLength); i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

/** Compares tokens without telling by its time where they differ. */
export function equalTexts(a: string, b: string): boolean {
  const encoder = new TextEncoder()
  return equalBytes(sha256(encoder.encode(a)), sha256(encoder.encode(b)))
}

function token(membership: Membership, purpose: string, subject: string): string {
  return encode(hmac(sha256, deriveKey(membership, purpose), new TextEncoder().encode(subject)), 'base64url')
}
