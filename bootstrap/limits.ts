/**
 * What a directory node grants strangers, for `shoal config`: the bounds themselves stand where they are enforced.
 */
import { limit } from '../peer/limit-table.ts'
import { LEASE_MS, MAX_JOINED } from './bootstrap.ts'
import { GONE_MS, MAX_ANSWER_BYTES, MAX_CHANNELS_PER_PEER, MAX_PER_REGION, REQUESTS } from './directory-service.ts'
import { FELLOW_LEASE_MS, MAX_FELLOWS } from './fellows.ts'
import { MAX_ASKED_AGAIN, MAX_FRAME_BYTES, MAX_OUTBOUND_BYTES, NEIGHBOURS_PER_ADDRESS } from './gossip-topic.ts'
import { MAX_BODY_BYTES, MAX_TUNNELS, REQUEST_MS } from './http-service.ts'

export const bootstrapLimits = {
  LEASE_MS: limit(
    LEASE_MS,
    'ms',
    'a peer that neither renews nor says goodbye is planned with for this long: three missed renewals'
  ),
  REQUEST_BURST: limit(REQUESTS.burst, '', 'directory requests that a peer may make at once'),
  REQUESTS_PER_SECOND: limit(REQUESTS.perSecond, 'per second', 'in the long run: renewals, a query a session, a change of offer'),
  MAX_CHANNELS_PER_PEER: limit(
    MAX_CHANNELS_PER_PEER,
    '',
    'a peer keeps one; more are reconnects that the old one has not noticed'
  ),
  GONE_MS: limit(GONE_MS, 'ms', 'after its last channel is gone a peer may come back before its announcement goes'),
  MAX_PER_REGION: limit(MAX_PER_REGION, '', 'candidates for a region of layers in one answer'),
  MAX_ANSWER_BYTES: limit(MAX_ANSWER_BYTES, 'bytes', 'announcements in one answer, which must fit a frame'),
  MAX_JOINED: limit(MAX_JOINED, '', 'fellow directory nodes to keep a connection to; gossip reaches the others through them'),
  MAX_FELLOWS: limit(MAX_FELLOWS, '', 'directory nodes remembered: those of a large swarm'),
  FELLOW_LEASE_MS: limit(FELLOW_LEASE_MS, 'ms', 'a directory node tells of itself three times within it'),
  MAX_FRAME_BYTES: limit(MAX_FRAME_BYTES, 'bytes', 'of gossip in one frame'),
  MAX_OUTBOUND_BYTES: limit(MAX_OUTBOUND_BYTES, 'bytes', 'kept for a neighbour in the gossip that reads slowly'),
  MAX_ASKED_AGAIN: limit(MAX_ASKED_AGAIN, '', 'messages a neighbour may ask for again at once'),
  NEIGHBOURS_PER_ADDRESS: limit(NEIGHBOURS_PER_ADDRESS, '', 'in the gossip before their address counts against them'),
  MAX_TUNNELS: limit(MAX_TUNNELS, '', 'WebSockets passed to libp2p at once; it has its own, lower limit of peers'),
  MAX_BODY_BYTES: limit(MAX_BODY_BYTES, 'bytes', 'of an HTTP request: none has a body worth reading'),
  REQUEST_MS: limit(REQUEST_MS, 'ms', 'longest a client may take to send its request line and headers')
} as const
