/** How far a peer is, by the addresses it announces: on this machine, within a network this machine is in, or beyond. */
import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Way } from '../select/energy.ts'
import type { Announcement } from '../swarm/types.ts'
import { isRelayed } from '../wire/addresses.ts'

/** /ip4/10.0.0.2/tcp/…: the host that is dialled. */
const HOST = /^\/ip[46]\/([^/]+)\//

/** This machine's networks as they are now. Relayed addresses say where the relay is. */
export function wayToPeers(self: string, interfaces = networkInterfaces()): (announcement: Announcement) => Way {
  const own = new BlockList()
  const near = new BlockList()
  for (const address of Object.values(interfaces).flatMap(each => each ?? [])) {
    if (address.cidr === null) continue
    const family = address.family === 'IPv6' ? 'ipv6' : 'ipv4'
    own.addAddress(address.address, family)
    if (!address.internal) near.addSubnet(address.address, Number(address.cidr.split('/')[1]), family)
  }
  return ({ peer, addresses }) => {
    if (peer === self) return 'local'
    const hosts = addresses.filter(address => !isRelayed(address)).flatMap(address => HOST.exec(address)?.slice(1, 2) ?? [])
    const within = (list: BlockList) => (host: string) => isIP(host) !== 0 && list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')
    // Every machine has a loopback of its own: it tells where a peer is only when it is all that the peer has.
    const outside = hosts.filter(host => host !== '::1' && !host.startsWith('127.'))
    if (hosts.length > 0 && outside.length === 0) return 'local'
    if (outside.some(within(own))) return 'local'
    return outside.some(within(near)) ? 'lan' : 'wan'
  }
}
