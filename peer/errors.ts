/**
 * Every failure Shoal can name, one class per kind. The code is stable: it crosses the wire, the HTTP face and the
 * worker boundary, where class identity does not survive; `errorFromCode` rebuilds the class on the other side.
 */

export interface ShoalErrorDetails {
  /** After how many milliseconds trying again makes sense. */
  retryAfterMs?: number
  /** GapError: the lowest step number the hop still expects. */
  have?: number
  /** InvalidRequestError: the request field at fault, as the OpenAI error object names it. */
  param?: string
  /** PeerLostError and errors reported by a hop: the libp2p peer id at fault. */
  peer?: string
}

export class ShoalError extends Error {
  readonly code: string
  readonly details: ShoalErrorDetails

  constructor(code: string, message: string, details: ShoalErrorDetails = {}, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.details = details
    this.name = new.target.name
  }
}

function define(code: string) {
  return class extends ShoalError {
    static readonly code = code
    constructor(message: string, details?: ShoalErrorDetails, options?: ErrorOptions) {
      super(code, message, details, options)
    }
  }
}

/** A file (GGUF, manifest) contradicts its format or itself. */
export class InvalidFileError extends define('INVALID_FILE') {}
/** The file is well formed but asks for something Shoal does not compute: refused by name, never ignored. */
export class UnsupportedModelError extends define('UNSUPPORTED_MODEL') {}
/** Two peers mean different models, spans or numerics by the same name. */
export class ModelMismatchError extends define('MODEL_MISMATCH') {}
/** Bytes do not hash to what the manifest says. */
export class WeightsCorruptError extends define('WEIGHTS_CORRUPT') {}
/** A byte source answered short, whole instead of a range, or not at all. */
export class SourceError extends define('SOURCE_FAILED') {}
/** No usable WebGPU adapter; the message says what to do about it. */
export class AdapterUnavailableError extends define('NO_ADAPTER') {}
/** The GPU device was lost or reported an error it should not have: the span computes nothing more. */
export class DeviceLostError extends define('DEVICE_LOST') {}
/** The GPU has too little memory for a span and its KV. */
export class GpuMemoryError extends define('GPU_MEMORY') {}
/** The span's numbers differ from the reference computed on the CPU. */
export class SelfTestError extends define('SELF_TEST_FAILED') {}
/** No room now: KV blocks, sessions or queue places. */
export class BusyError extends define('BUSY') {}
/** A frame breaks the protocol: wrong length, shape, number or type. */
export class InvalidFrameError extends define('INVALID_FRAME') {}
/** A step number is too far ahead, or its kept output is gone: `details.have` is what the hop expects. */
export class GapError extends define('GAP') {}
/** The frame belongs to an epoch that is over. */
export class StaleEpochError extends define('STALE_EPOCH') {}
/** No such session at this hop: never opened, closed or its lease ran out. */
export class UnknownSessionError extends define('UNKNOWN_SESSION') {}
/** The sender is not the peer the signed open names for this place in the chain. */
export class NotNamedError extends define('NOT_NAMED') {}
/** An activation held NaN, infinity or a value beyond any computation: charged to the hop that sent it. */
export class NonFiniteError extends define('NON_FINITE') {}
/** A hop of the chain is gone. */
export class PeerLostError extends define('PEER_LOST') {}
/** The peer said goodbye: it is draining and takes no new work. */
export class PeerLeavingError extends define('PEER_LEAVING') {}
/** No set of live peers holds every layer. */
export class NoRouteError extends define('NO_ROUTE') {}
/** The caller's request is wrong; `details.param` names the field. */
export class InvalidRequestError extends define('INVALID_REQUEST') {}
/** Prompt and answer together do not fit the model's context. */
export class ContextLengthError extends define('CONTEXT_LENGTH') {}
/** Another swarm than this peer's: its network id differs, or the invite to a private one is missing or wrong. */
export class InviteError extends define('INVITE') {}
/** Something did not happen within its limit. */
export class DeadlineError extends define('DEADLINE') {}
/** A cloud endpoint can't be reached, failed, or answered what can't be used. */
export class CloudError extends define('CLOUD_FAILED') {}
/** A program error caught at a boundary; the message is for operators, not for strangers. */
export class InternalError extends define('INTERNAL') {}

const classes = [
  InvalidFileError,
  UnsupportedModelError,
  ModelMismatchError,
  WeightsCorruptError,
  SourceError,
  AdapterUnavailableError,
  DeviceLostError,
  GpuMemoryError,
  SelfTestError,
  BusyError,
  InvalidFrameError,
  GapError,
  StaleEpochError,
  UnknownSessionError,
  NotNamedError,
  NonFiniteError,
  PeerLostError,
  PeerLeavingError,
  NoRouteError,
  InvalidRequestError,
  ContextLengthError,
  InviteError,
  DeadlineError,
  CloudError,
  InternalError
]
const byCode = new Map(classes.map(type => [type.code, type]))

/** The error a code from another peer, worker or process stands for; an unknown code becomes an InternalError that quotes it. */
export function errorFromCode(code: string, message: string, details?: ShoalErrorDetails): ShoalError {
  const type = byCode.get(code)
  return type === undefined ? new InternalError(`${code}: ${message}`, details) : new type(message, details)
}

/** What may be told to a stranger of any thrown value: Shoal's own errors as they are, anything else by its message alone. */
export function toShoalError(thrown: unknown): ShoalError {
  if (thrown instanceof ShoalError) return thrown
  if (thrown instanceof Error) return new InternalError(thrown.message, {}, { cause: thrown })
  return new InternalError(String(thrown))
}
