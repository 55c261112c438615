/** The part of a pino logger that the network layer uses; a tab passes one over its console. */
export interface WireLogger {
  debug: (fields: object, message: string) => void
  info: (fields: object, message: string) => void
  warn: (fields: object, message: string) => void
}

export const silent: WireLogger = { debug: () => {}, info: () => {}, warn: () => {} }
