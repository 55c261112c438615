/** Whether a frame's body is of a session and epoch, by the ids that every body carries. */

export interface SessionIds {
  session: Uint8Array
  epoch: number
}

export function isOf(ids: SessionIds, body: SessionIds): boolean {
  return body.epoch === ids.epoch && isOfSession(ids, body)
}

export function isOfEarlierEpoch(ids: SessionIds, body: SessionIds): boolean {
  return body.epoch < ids.epoch && isOfSession(ids, body)
}

function isOfSession({ session }: SessionIds, body: SessionIds): boolean {
  return body.session.length === session.length && body.session.every((byte, at) => byte === session[at])
}
