/** What peers that lost their directory node may cost. */

/**
 * Back-off from half a second, doubled: in 10 s the connection is tried for 6 times, and 6 times for the announcement, which
 * may share a dial. Fixed pauses of half a second would make 40.
 */
export const MOST_DIALS = 12

/** Of one core, for each idle peer and its directory node's part in it. */
export const MOST_IDLE_SHARE = 0.005
