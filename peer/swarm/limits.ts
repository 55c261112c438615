/**
 * What is believed of announcements and kept of them, for `shoal config`: the bounds themselves stand where they are checked.
 */
import { limit } from '../limit-table.ts'
import {
  MAX_ADAPTER_CHARS,
  MAX_ADDRESS_CHARS,
  MAX_ADDRESSES,
  MAX_KV_TOKENS,
  MAX_LAYERS,
  MAX_OFFERS,
  MAX_QUEUE_MS,
  MAX_RATE,
  MAX_SESSION_COUNT,
  MAX_SIGNED_BYTES
} from './announcement.ts'
import { MAX_ENTRIES, MAX_TOTAL_BYTES, VOUCHED_SHARE } from './directory.ts'
import { GOSSIP_PACE, LATE_MS, MAX_SOURCES, MAX_VOUCHED_MS, PATIENCE } from './gossip.ts'

export const swarmLimits = {
  MAX_SIGNED_BYTES: limit(MAX_SIGNED_BYTES, 'bytes', 'one announcement: sixteen addresses and sixteen offers, with room'),
  MAX_ADDRESSES: limit(MAX_ADDRESSES, '', 'addresses of one peer'),
  MAX_ADDRESS_CHARS: limit(MAX_ADDRESS_CHARS, 'characters', 'of one address; none in use comes near'),
  MAX_OFFERS: limit(MAX_OFFERS, '', 'spans that one peer offers: one or a few, of one model or a few'),
  MAX_LAYERS: limit(MAX_LAYERS, '', 'layers of a model: more than any in use'),
  MAX_ADAPTER_CHARS: limit(MAX_ADAPTER_CHARS, 'characters', 'of an adapter’s name'),
  MAX_RATE: limit(MAX_RATE, 'tokens/s', 'through one layer; no machine comes near, so larger is a lie'),
  MAX_QUEUE_MS: limit(MAX_QUEUE_MS, 'ms', 'announced queue: a peer with an hour’s has none to offer'),
  MAX_KV_TOKENS: limit(MAX_KV_TOKENS, 'tokens', 'announced free KV'),
  MAX_SESSION_COUNT: limit(MAX_SESSION_COUNT, '', 'announced sessions, and those asked for in a minute'),
  MAX_ENTRIES: limit(MAX_ENTRIES, '', 'peers in one directory; a directory node holds no more connections'),
  MAX_TOTAL_BYTES: limit(MAX_TOTAL_BYTES, 'bytes', 'signed bytes of all of them together'),
  VOUCHED_SHARE: limit(
    VOUCHED_SHARE,
    'of the table',
    'that may be filled by way of other directory nodes: a node’s own peers always find room'
  ),
  MAX_VOUCHED_MS: limit(MAX_VOUCHED_MS, 'ms', 'others’ word keeps one announcement alive; peers sign anew well within it'),
  LATE_MS: limit(LATE_MS, 'ms', 'how long a replaced announcement may still be on its way'),
  GOSSIP_BURST: limit(GOSSIP_PACE.burst, '', 'signatures to verify that one neighbour may cause at once'),
  GOSSIP_PER_SECOND: limit(GOSSIP_PACE.perSecond, 'per second', 'in the long run: a full directory node’s leaves make 820'),
  STALE_BURST: limit(PATIENCE.burst, '', 'stale or surplus gossip taken for accidents, such as those of a link that was down'),
  MAX_SOURCES: limit(MAX_SOURCES, '', 'neighbours in the gossip remembered; directory nodes have a few')
} as const
