/**
 * The topic on which directory nodes gossip: gossipsub, every message signed by the node it comes from, checked before it
 * is passed on, and refused from neighbours that are banned.
 */
import { type GossipSub, gossipsub, TopicValidatorResult } from '@libp2p/gossipsub'
import type { ServiceFactoryMap } from 'libp2p'
import type { GossipSources } from '../peer/swarm/gossip.ts'
import type { Clock } from '../peer/wire/clock.ts'
import type { WireLogger } from '../peer/wire/log.ts'
import { GOSSIP_TOPIC, MAX_GOSSIP_BYTES } from '../peer/wire/protocols.ts'

/** Bytes kept for a neighbour that reads slowly; beyond it messages are lost to it, and the next renewals tell. */
export const MAX_OUTBOUND_BYTES = 4 * 1024 * 1024

/** Messages a neighbour may ask for again at once; they come in one frame of at most 4 MiB. */
export const MAX_ASKED_AGAIN = 512
export const MAX_FRAME_BYTES = 4 * 1024 * 1024

/** Far below gossipsub's threshold of −80 for hearing a neighbour at all, with its weight of 10. */
const BANNED_SCORE = -100

/** Neighbours on one machine are usual: several directory nodes behind one address, tests. */
export const NEIGHBOURS_PER_ADDRESS = 64

/** What became of a message: passed on, dropped, or dropped as one that no honest node would pass on. */
export type Reception = 'accept' | 'ignore' | 'reject'

/** `source` is the neighbour it came through, `from` the directory node that signed it. */
export type Receive = (source: string, from: string, data: Uint8Array) => Promise<Reception>

export interface GossipTopic {
  /** For the node of this topic. */
  services: ServiceFactoryMap
  /** Once the node runs. `onNeighbour` is called with each directory node that takes part from then on. */
  open: (receive: Receive, onNeighbour: (peer: string) => void) => void
  /** To everybody on the topic. Returns the neighbours it was handed to: one just met may not be among them yet. */
  publish: (data: Uint8Array) => Promise<string[]>
  neighbours: () => string[]
}

const VERDICTS = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject
}

export function gossipTopic(sources: GossipSources, clock: Clock, logger: WireLogger): GossipTopic {
  let pubsub: GossipSub | undefined
  return {
    services: {
      gossip: components => {
        pubsub = gossipsub({
          fallbackToFloodsub: false,
          allowPublishToZeroTopicPeers: true,
          allowedTopics: [GOSSIP_TOPIC],
          canRelayMessage: false,
          maxInboundDataLength: MAX_FRAME_BYTES,
          maxOutboundBufferSize: MAX_OUTBOUND_BYTES,
          decodeRpcLimits: {
            maxSubscriptions: 16,
            maxMessages: MAX_ASKED_AGAIN,
            maxIhaveMessageIDs: MAX_ASKED_AGAIN,
            maxIwantMessageIDs: MAX_ASKED_AGAIN,
            maxIdontwantMessageIDs: MAX_ASKED_AGAIN,
            maxControlMessages: 64,
            maxPeerInfos: 16
          },
          scoreParams: {
            appSpecificScore: peer => (sources.isBanned(peer, clock.now()) ? BANNED_SCORE : 0),
            IPColocationFactorThreshold: NEIGHBOURS_PER_ADDRESS
          }
        })(components)
        return pubsub
      }
    },
    open: (receive, onNeighbour) => {
      pubsub?.topicValidators.set(GOSSIP_TOPIC, async (source, message) => {
        if (message.type !== 'signed' || message.data.byteLength > MAX_GOSSIP_BYTES) {
          sources.charge(source.toString(), 'forged', clock.now())
          return TopicValidatorResult.Reject
        }
        return VERDICTS[await receive(source.toString(), message.from.toString(), message.data)]
      })
      pubsub?.addEventListener('subscription-change', ({ detail: { peerId, subscriptions } }) => {
        if (subscriptions.some(({ topic, subscribe }) => subscribe && topic === GOSSIP_TOPIC)) onNeighbour(peerId.toString())
      })
      pubsub?.subscribe(GOSSIP_TOPIC)
      for (const peer of pubsub?.getSubscribers(GOSSIP_TOPIC) ?? []) onNeighbour(peer.toString())
    },
    publish: async data => {
      try {
        const sent = await pubsub?.publish(GOSSIP_TOPIC, data)
        return sent?.recipients.map(peer => peer.toString()) ?? []
      } catch (error) {
        logger.warn({ error: String(error) }, 'gossip not published')
        return []
      }
    },
    neighbours: () => (pubsub?.getSubscribers(GOSSIP_TOPIC) ?? []).map(peer => peer.toString())
  }
}
