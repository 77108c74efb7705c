// Host names that only this test program knows. They are of domains that nobody can own (RFC 2606), since
// clients refuse the reserved top level domains and localhost.

import dns from 'node:dns'

const loopback = { address: '127.0.0.1', family: 4 }
const known = new Set()
const lookup = dns.lookup

/** Lets this program find the host on this machine. */
export function isHere(host) {
  known.add(host)
}

// every socket of Node asks here, whichever library opens it
dns.lookup = (host, options, callback = options) => {
  if (!known.has(host)) return lookup(host, options, callback)
  if (options.all) callback(null, [loopback])
  else callback(null, loopback.address, loopback.family)
}
