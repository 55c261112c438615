/**
 * The gateway's limits, each with its reason.
 */
import { limit, valuesOf } from '../limit-table.ts'

export const gatewayLimits = {
  MAX_BODY_BYTES: limit(1024 * 1024, 'bytes', 'a request body: a context of 128 Ki tokens is about half of this as text'),
  HEADERS_MS: limit(10_000, 'ms', 'longest a client may take to send its request line and headers'),
  REQUEST_MS: limit(60_000, 'ms', 'longest a client may take to send a whole request: the largest body at 17 KiB a second'),
  SLOW_CHECK_MS: limit(
    1_000,
    'ms',
    'how often connections are held against these two: a slow client is cut so much later at most'
  ),
  MAX_CONNECTIONS: limit(1_024, '', 'connections at once, most of them idle; each costs some kilobytes'),
  MAX_CONCURRENT_ANSWERS: limit(
    64,
    '',
    'requests being answered at once; each holds a session and its KV on every hop, so more would only wait there'
  ),
  MAX_KEYS: limit(10_000, '', 'API keys in one file, which is read whole when it changes: about two megabytes'),
  KEYS_LOOK_MS: limit(1_000, 'ms', 'how long a key that was taken back may still open: how often the file of keys is looked at'),
  READY_FRESH_MS: limit(
    1_000,
    'ms',
    'how old the answer of /ready may be: anybody may ask, and each look costs a directory query'
  ),
  MAX_LOGGED_CHARS: limit(64 * 1024, 'characters', 'of an answer in the log, where --log-text asks for texts'),
  MAX_STOP_TEXTS: limit(4, '', 'OpenAI’s bound on stop texts'),
  MAX_STOP_LENGTH: limit(256, 'characters', 'of a stop text: each is compared with every piece of text'),
  MAX_NAME_LENGTH: limit(256, 'characters', 'of the name a client gives its user or model: they end in logs'),
  STATUS_WAIT_MS: limit(
    5_000,
    'ms',
    'how long a stream waits for the chain before it commits to status 200: until then an error has a status of its own'
  ),
  KEEP_ALIVE_MS: limit(
    10_000,
    'ms',
    'silence after which a stream gets a comment, under the 30 to 60 s at which proxies cut quiet connections'
  ),
  DEFAULT_RETRY_AFTER_MS: limit(
    2_000,
    'ms',
    'what Retry-After says where the error does not: about the time a short answer takes'
  ),
  CLOSE_GRACE_MS: limit(3_000, 'ms', 'how long closing waits for answers that were told to end'),
  HEALTH_MS: limit(5_000, 'ms', 'how long /health waits for the directory'),
  MAX_TOOLS: limit(128, '', 'OpenAI’s bound on tools'),
  MAX_TOOL_CALLS: limit(128, '', 'calls in one message, as many as tools'),
  MAX_TOOL_DEPTH: limit(
    32,
    'levels',
    'of a tool’s description or a call’s arguments: JSON schemas in use stay below ten, and templates walk them recursively'
  ),
  MAX_BIAS: limit(100, '', 'OpenAI’s bound on a logit bias, either way'),
  MAX_BIASES: limit(1_024, '', 'biased ids of one request, which are asked for with each step'),
  MAX_TOP_LOGPROBS: limit(20, '', 'OpenAI’s bound on the log-probabilities told with each token of a chat'),
  MAX_TEXT_LOGPROBS: limit(5, '', 'OpenAI’s bound on them in text completions')
} as const

export const {
  MAX_BODY_BYTES,
  HEADERS_MS,
  REQUEST_MS,
  SLOW_CHECK_MS,
  MAX_CONNECTIONS,
  MAX_CONCURRENT_ANSWERS,
  MAX_KEYS,
  KEYS_LOOK_MS,
  READY_FRESH_MS,
  MAX_LOGGED_CHARS,
  MAX_STOP_TEXTS,
  MAX_STOP_LENGTH,
  MAX_NAME_LENGTH,
  STATUS_WAIT_MS,
  KEEP_ALIVE_MS,
  DEFAULT_RETRY_AFTER_MS,
  CLOSE_GRACE_MS,
  HEALTH_MS,
  MAX_TOOLS,
  MAX_TOOL_CALLS,
  MAX_TOOL_DEPTH,
  MAX_BIAS,
  MAX_BIASES,
  MAX_TOP_LOGPROBS,
  MAX_TEXT_LOGPROBS
} = valuesOf(gatewayLimits)
