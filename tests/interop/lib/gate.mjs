// A PDS behind `entryway gate`, whose public name is the gate's, and people who live there.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { remember, runName } from './artefacts.mjs'
import { addAccount } from './entryway.mjs'
import { ownPort } from './ports.mjs'
import { signUpAt, startReferencePds } from './reference-pds.mjs'
import { startService } from './service.mjs'

/**
 * Starts an unmodified PDS that knows nothing of our server, and the gate before it. `settings` are further ones of
 * the PDS; the gate refuses everybody once it has not heard of revocations for so many seconds.
 */
export async function startGatedPds(entryway, { settings, stalenessSeconds } = {}) {
  const port = await ownPort()
  const publicUrl = `http://localhost:${port}`
  const pds = await startReferencePds({ plc: entryway.plc, publicUrl, did: 'did:web:pds.test', port: 0, settings })
  try {
    return { pds, gate: await startGate(entryway, pds, { stalenessSeconds }) }
  } catch (error) {
    await pds.stop()
    throw error
  }
}

/**
 * Starts a gate at the public URL of the PDS, which learns of the caller by a session signed with its own secret, or as
 * `credentials` say: lines of the gate's settings.
 */
export async function startGate(entryway, pds, { credentials = sessionsOf(pds), stalenessSeconds = 60 } = {}) {
  remember(readFileSync(entryway.feed_token_file, 'utf8').trim())
  const folder = mkdtempSync(join(tmpdir(), 'entryway-gate-'))
  const file = join(folder, 'gate.toml')
  writeFileSync(file, [
    `listen = "127.0.0.1:${new URL(pds.publicUrl).port}"`,
    'development = true',
    '[[issuer]]',
    `url = "${entryway.issuer}"`,
    '[issuer.feed]',
    `token_file = "${entryway.feed_token_file}"`,
    `staleness_max_seconds = ${stalenessSeconds}`,
    '[[host]]',
    `public_url = "${pds.publicUrl}"`,
    `upstream = "${pds.origin}"`,
    `did = "${pds.did}"`,
    'app_view = "did:web:appview.test#bsky_appview"',
    ...credentials,
  ].join('\n'), { mode: 0o600 })
  try {
    const { said, ...service } = await startService(`${runName}-gate`, ['gate', '--json', '--config', file])
    return { ...said, ...service, url: pds.publicUrl }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const sessionsOf = (pds) => ['credentials = "session"', `jwt_secret = "${pds.jwtSecret}"`]

/** Signs up at the PDS, and has our login know the account: `password` is ours, `pdsPassword` is the PDS's. */
export async function newPerson(pds, handle) {
  const { did, email, password } = await signUpAt(pds, handle)
  return { ...addAccount({ handle, did, pdsDid: pds.did, email }), pdsPassword: password }
}
