/**
 * What single frames and streams may hold, for `shoal config`: the bounds themselves stand where they are checked.
 */
import { limit } from '../limit-table.ts'
import { MAX_BLOCK_BYTES, WINDOW_BYTES } from './block-stream.ts'
import {
  MAX_ANNOUNCEMENT_BYTES,
  MAX_EXTRA_IDS,
  MAX_FOUND_ENTRIES,
  MAX_HEAD_ROWS,
  MAX_MODEL_URLS,
  MAX_MODELS,
  MAX_PLAN_BYTES,
  MAX_RENEWALS,
  MAX_ROW_BYTES,
  MAX_STEP_TOKENS,
  MAX_TOP_K
} from './check-frames.ts'
import { IDLE_MS, IDLE_RELAYED_MS } from './idle-connections.ts'
import { LINGER_MS } from './libp2p-channel.ts'
import { MAX_MEMBER_MESSAGE_BYTES } from './member-proof.ts'
import { MAX_ANSWER_FRAME_BYTES, MAX_CHAIN_FRAME_BYTES, MAX_DIRECTORY_FRAME_BYTES, MAX_GOSSIP_BYTES } from './protocols.ts'
import { SEND_QUEUE_BYTES } from './send-queue.ts'

export const frameLimits = {
  WINDOW_BYTES: limit(
    WINDOW_BYTES,
    'bytes',
    'of one stream sent and not yet read: 50 ms of a 10 MB/s link, and all that a stalled reader holds'
  ),
  MAX_BLOCK_BYTES: limit(MAX_BLOCK_BYTES, 'bytes', 'what one stream puts ahead of others on a connection at a time'),
  SEND_QUEUE_BYTES: limit(SEND_QUEUE_BYTES, 'bytes', 'of one stream waiting for window or transport before its sender waits too'),
  LINGER_MS: limit(LINGER_MS, 'ms', 'how long the other side may go on sending after our end'),
  IDLE_MS: limit(IDLE_MS, 'ms', 'after which a connection without streams of Shoal is closed'),
  IDLE_RELAYED_MS: limit(IDLE_RELAYED_MS, 'ms', 'the same for a relayed one, which costs a third peer'),
  MAX_MEMBER_MESSAGE_BYTES: limit(
    MAX_MEMBER_MESSAGE_BYTES,
    'bytes',
    'one message of the proof of membership: version, nonce and network id'
  ),
  MAX_CHAIN_FRAME_BYTES: limit(MAX_CHAIN_FRAME_BYTES, 'bytes', 'a prefill chunk of 256 tokens at width 8192 in f32'),
  MAX_ANSWER_FRAME_BYTES: limit(MAX_ANSWER_FRAME_BYTES, 'bytes', 'a row of 512k logits in f32'),
  MAX_DIRECTORY_FRAME_BYTES: limit(MAX_DIRECTORY_FRAME_BYTES, 'bytes', '1,024 announcements of 2 KiB, or 128 of the largest'),
  MAX_GOSSIP_BYTES: limit(MAX_GOSSIP_BYTES, 'bytes', 'an announcement, 512 renewals, or a directory node’s models'),
  MAX_PLAN_BYTES: limit(MAX_PLAN_BYTES, 'bytes', 'a signed open; one of usual chains is a few KiB'),
  MAX_STEP_TOKENS: limit(MAX_STEP_TOKENS, 'tokens', 'of one step; a prefill chunk is far smaller'),
  MAX_TOP_K: limit(MAX_TOP_K, '', 'logits of one row in an answer: what the engine’s selection finds'),
  MAX_EXTRA_IDS: limit(MAX_EXTRA_IDS, '', 'ids biased, penalised or drafted in one step'),
  MAX_HEAD_ROWS: limit(MAX_HEAD_ROWS, 'rows', 'of head results in one step'),
  MAX_ROW_BYTES: limit(MAX_ROW_BYTES, 'bytes', 'logits of one row: a vocabulary of 512k in f32, twice the largest in use'),
  MAX_ANNOUNCEMENT_BYTES: limit(MAX_ANNOUNCEMENT_BYTES, 'bytes', 'one signed announcement'),
  MAX_FOUND_ENTRIES: limit(MAX_FOUND_ENTRIES, '', 'announcements in one answer of a directory node'),
  MAX_MODELS: limit(MAX_MODELS, '', 'models that one directory node tells of'),
  MAX_MODEL_URLS: limit(MAX_MODEL_URLS, '', 'URLs of one model'),
  MAX_RENEWALS: limit(MAX_RENEWALS, '', 'leases renewed by one gossip message: about 32 KiB')
} as const
