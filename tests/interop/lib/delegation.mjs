// Unmodified PDS hosts that leave their login to our server, and accounts on them.

import assert from 'node:assert/strict'
import { Secp256k1Keypair } from '@atproto/crypto'
import { createOp } from '@did-plc/lib'
import { ownPort } from './ports.mjs'
import { startReferencePds } from './reference-pds.mjs'

/**
 * Starts as many PDS hosts as there are names, all delegating to the server: `http://localhost:PORT`, `did:web:NAME.test`.
 *
 * `more` is what else `startReferencePds` is to know. The key over their accounts' identities is made here and is the
 * answer's `rotationKey`, with `hosts` and `stop()`.
 */
export async function startDelegatingHosts(entryway, names, more = {}) {
  const rotationKey = await Secp256k1Keypair.create()
  const settings = {
    PDS_ENTRYWAY_URL: entryway.issuer,
    PDS_ENTRYWAY_DID: `did:web:${encodeURIComponent(new URL(entryway.issuer).host)}`,
    PDS_ENTRYWAY_JWT_VERIFY_KEY_K256_PUBLIC_KEY_HEX: await verifyKey(entryway),
    PDS_ENTRYWAY_PLC_ROTATION_KEY: rotationKey.did(),
    ...more.settings,
  }
  const start = async (name) => {
    const publicUrl = `http://localhost:${await ownPort()}`
    return startReferencePds({ name, plc: entryway.plc, publicUrl, did: `did:web:${name}.test`, ...more, settings })
  }
  const started = await Promise.allSettled(names.map(start))
  const hosts = started.filter(({ value }) => value).map(({ value }) => value)
  const stop = () => Promise.all(hosts.map((host) => host.stop()))
  const failed = started.find(({ status }) => status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  return { hosts, rotationKey, stop }
}

/** Makes an account on a delegating PDS as its entryway does, and answers its DID. */
export async function createDelegatedAccount({ rotationKey }, pds, handle) {
  const { signingKey } = await procedure(pds, 'com.atproto.server.reserveSigningKey', {})
  const { did, op: plcOp } = await createOp({
    signingKey,
    rotationKeys: [rotationKey.did()],
    handle,
    pds: pds.publicUrl,
    signer: rotationKey,
  })
  // the session it answers with is signed by a key that the PDS itself does not believe
  await procedure(pds, 'com.atproto.server.createAccount', { did, handle, plcOp })
  return did
}

/** The server's one key for access tokens, as a PDS takes it: a compressed point in hex. */
async function verifyKey({ issuer }) {
  const metadata = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
  const { keys } = await (await fetch(metadata.jwks_uri)).json()
  const [{ x, y }] = keys.filter(({ crv }) => crv === 'secp256k1')
  const even = Buffer.from(y, 'base64url').at(-1) % 2 === 0
  return (even ? '02' : '03') + Buffer.from(x, 'base64url').toString('hex')
}

async function procedure(pds, method, input) {
  const response = await fetch(`${pds.origin}/xrpc/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  })
  const output = await response.json()
  assert.equal(response.status, 200, `${method}: ${JSON.stringify(output)}`)
  return output
}
