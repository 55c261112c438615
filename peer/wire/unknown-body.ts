/**
 * What is left of a frame whose body a newer peer knows and this one does not: nothing, since protobuf skips what it has
 * no field for. Such a frame is no offence, see protocols.ts.
 */
export function hasUnknownBody(frame: object): boolean {
  return Object.values(frame).every(body => body === undefined)
}
