// Unmodified PDS hosts that leave their login to our server, set up as their operator would.

import { database, deployment, operate } from './entryway.mjs'
import { ownPort } from './ports.mjs'
import { startReferencePds } from './reference-pds.mjs'
import { succeed } from './xrpc.mjs'

/**
 * Starts as many PDS hosts as there are names, all delegating to the server: `http://localhost:PORT`, `did:web:NAME.test`.
 * They are the server's open hosts from then on: every new account is placed on one of them.
 *
 * `front(pds)` is waited for before the server hears of a host, and starts what takes its public name; such a host
 * listens at a port of the system's choice. `more` is what else `startReferencePds` is to know.
 */
export async function startDelegatingHosts(entryway, names, { front, ...more } = {}) {
  const block = await entrywayBlock(entryway)
  const start = async (name) => {
    const publicUrl = `http://localhost:${await ownPort()}`
    const settings = { ...block, ...more.settings }
    const port = front ? 0 : undefined
    const pds = await startReferencePds({ name, plc: entryway.plc, publicUrl, did: `did:web:${name}.test`, port, ...more, settings })
    await front?.(pds)
    return pds
  }
  const started = await Promise.allSettled(names.map(start))
  const hosts = started.filter(({ value }) => value).map(({ value }) => value)
  const stop = () => Promise.all(hosts.map((host) => host.stop()))
  try {
    for (const { reason } of started) if (reason) throw reason
    for (const pds of hosts) {
      await operate(['pds', 'add', pds.publicUrl, '--password-stdin', ...deployment()], pds.adminPassword)
    }
    await operate(['pds', 'drain', entryway.pds, ...database()])
  } catch (error) {
    await stop()
    throw error
  }
  return { hosts, stop }
}

/** What `pds env` prints where there are settings, which `dev` has none of. */
async function entrywayBlock({ issuer }) {
  const keys = JSON.parse(await operate(['keys', 'show', '--json', ...deployment()]))
  const described = await succeed(issuer, 'com.atproto.server.describeServer')
  return {
    PDS_ENTRYWAY_URL: issuer,
    PDS_ENTRYWAY_DID: described.did,
    PDS_ENTRYWAY_JWT_VERIFY_KEY_K256_PUBLIC_KEY_HEX: keys.token_key_hex,
    PDS_ENTRYWAY_PLC_ROTATION_KEY: keys.plc_rotation_key,
  }
}
