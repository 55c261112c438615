/**
 * How `shoal` ends, for scripts that run it; `shoal --help` lists the same.
 */
export const EXIT = {
  ok: 0,
  /** Something went wrong; standard error says what in one line. */
  failure: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The GPU was lost or had too little memory, and again with less to do. */
  gpu: 3,
  /** Interrupted before it was done. A service that was told to end and did so ends with 0. */
  interrupted: 130
} as const

export const EXIT_HELP = `
Exit codes:
  0    done; also a service that was told to end
  1    failed, standard error says why in one line
  2    wrong command line
  3    the GPU was lost or had too little memory, twice
  130  interrupted before it was done`
