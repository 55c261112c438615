/**
 * Noise, and right behind it the proof that both ends belong to one swarm (member-proof.ts). It is the last step of making
 * a connection private and comes before the first protocol, libp2p's own included: a stranger gets no multiplexer, no
 * identify, no relay and no directory. Relayed connections pass here end to end; WebRTC ones are signalled over those.
 */
import { type NoiseComponents, type NoiseExtensions, noise } from '@chainsafe/libp2p-noise'
import type { ConnectionEncrypter, MessageStream, SecureConnectionOptions, SecuredConnection } from '@libp2p/interface'
import { serviceCapabilities } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { InviteError } from '../errors.ts'
import {
  checkHello,
  checkProof,
  decodeHello,
  encodeHello,
  helloOf,
  MAX_MEMBER_MESSAGE_BYTES,
  type Part,
  PROOF_BYTES,
  proofOf
} from './member-proof.ts'
import type { Membership } from './membership.ts'

/** Two messages each way once noise is done; libp2p's own limit on the whole upgrade is as long. */
const PROOF_MS = 10_000

/** A refused dialler that reads slowly may still learn why before its connection goes. */
const REFUSAL_MS = 500

/** Named apart from plain noise, whose peers would take the hello for the multiplexer's first bytes. */
const PROTOCOL = '/shoal/member/1.0.0'

/** `refused` is told of each connection that ended for want of membership: libp2p keeps only an error's text. */
export function memberEncrypter(
  membership: Membership,
  refused: (error: InviteError, peer: string, dialled: boolean) => void
): (components: NoiseComponents) => ConnectionEncrypter<NoiseExtensions> {
  return components => new MemberEncrypter(components, membership, refused)
}

class MemberEncrypter implements ConnectionEncrypter<NoiseExtensions> {
  readonly protocol = PROTOCOL
  readonly [serviceCapabilities] = ['@libp2p/connection-encryption']
  readonly #noise: ConnectionEncrypter<NoiseExtensions>
  readonly #self: string
  readonly #membership: Membership
  readonly #refused: (error: InviteError, peer: string, dialled: boolean) => void

  constructor(
    components: NoiseComponents,
    membership: Membership,
    refused: (error: InviteError, peer: string, dialled: boolean) => void
  ) {
    this.#noise = noise()(components)
    this.#self = components.peerId.toString()
    this.#membership = membership
    this.#refused = refused
  }

  async secureOutbound(
    connection: MessageStream,
    options?: SecureConnectionOptions
  ): Promise<SecuredConnection<NoiseExtensions>> {
    return this.#prove(await this.#noise.secureOutbound(connection, options), 'initiator', options?.signal)
  }

  async secureInbound(connection: MessageStream, options?: SecureConnectionOptions): Promise<SecuredConnection<NoiseExtensions>> {
    return this.#prove(await this.#noise.secureInbound(connection, options), 'responder', options?.signal)
  }

  async #prove(
    secured: SecuredConnection<NoiseExtensions>,
    part: Part,
    signal: AbortSignal | undefined
  ): Promise<SecuredConnection<NoiseExtensions>> {
    const peer = secured.remotePeer.toString()
    const deadline = AbortSignal.timeout(PROOF_MS)
    const limit = { signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]) }
    const messages = lpStream(secured.connection, {
      maxDataLength: MAX_MEMBER_MESSAGE_BYTES,
      // What follows the proof at once is the multiplexer's, a frame of noise at most.
      maxBufferSize: 128 * 1024
    })
    const own = helloOf(this.#membership)
    try {
      await messages.write(encodeHello(own), limit)
      const theirs = decodeHello((await messages.read(limit)).subarray())
      checkHello(this.#membership, theirs, peer)
      const [self, other] = [
        { peer: this.#self, nonce: own.nonce },
        { peer, nonce: theirs.nonce }
      ]
      const parties = part === 'initiator' ? { initiator: self, responder: other } : { initiator: other, responder: self }
      await messages.write(proofOf(this.#membership, part, parties), limit)
      const proof = (await messages.read(limit)).subarray()
      checkProof(this.#membership, proof.subarray(0, PROOF_BYTES + 1), part === 'initiator' ? 'responder' : 'initiator', parties)
    } catch (error) {
      if (error instanceof InviteError) {
        this.#refused(error, peer, part === 'initiator')
        // Whoever dialled is told by our proof or hello, which a reset at once would overtake.
        if (part === 'responder') await messages.read({ signal: AbortSignal.timeout(REFUSAL_MS) }).catch(() => {})
      }
      throw error
    }
    messages.unwrap()
    return secured
  }
}
