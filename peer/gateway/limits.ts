/**
 * The gateway's limits, each with its reason.
 */

/** Bytes of a request body: a context of 128 Ki tokens is about half of this as text. */
export const MAX_BODY_BYTES = 1024 * 1024
/** Requests being answered at once; each holds a session and its KV on every hop, so more would only wait there. */
export const MAX_CONCURRENT_ANSWERS = 64
/** OpenAI's bound on stop texts, and ours on their length: each is compared with every piece of text. */
export const MAX_STOP_TEXTS = 4
export const MAX_STOP_LENGTH = 256
/** Characters of the name a client gives its user or model: they end in logs. */
export const MAX_NAME_LENGTH = 256
/** How long a stream waits for the chain before it commits to status 200: until then an error has a status of its own. */
export const STATUS_WAIT_MS = 5_000
/** Silence after which a stream gets a comment, under the 30 to 60 s at which proxies cut quiet connections. */
export const KEEP_ALIVE_MS = 10_000
/** What Retry-After says where the error does not: about the time a short answer takes. */
export const DEFAULT_RETRY_AFTER_MS = 2_000
/** How long closing waits for answers that were told to end. */
export const CLOSE_GRACE_MS = 3_000
/** How long /health waits for the directory. */
export const HEALTH_MS = 5_000
/** OpenAI's bound on tools, and as many calls in one message. */
export const MAX_TOOLS = 128
export const MAX_TOOL_CALLS = 128
/** Of a tool's description or a call's arguments: JSON schemas in use stay below ten, and templates walk them recursively. */
export const MAX_TOOL_DEPTH = 32
/** OpenAI's bounds on a logit bias and on the log-probabilities told with each token; biased ids are asked for with each step. */
export const MAX_BIAS = 100
export const MAX_BIASES = 1_024
export const MAX_TOP_LOGPROBS = 20
export const MAX_TEXT_LOGPROBS = 5
