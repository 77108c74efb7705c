// Starts unmodified PDS hosts: @atproto/pds from npm, each with a data folder and a process of its own.

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { foreignLogFile, remember, rememberParameters } from './artefacts.mjs'

const startSeconds = 60
const stopSeconds = 10

/**
 * Starts a PDS that is known as `publicUrl`, with the DID `did` and identities in the directory `plc`.
 *
 * It listens at the port of that URL, or at `port`, where a front takes its name; 0 is the system's choice. `settings`
 * are more of its PDS_… variables. Its data is gone when it ends, unless it has a `folder` of somebody's. Answers where
 * it listens, what it was given, and ways to use it.
 */
export async function startReferencePds({ name = 'pds', plc, publicUrl, did, port, folder: kept, settings = {} }) {
  const { hostname, port: publicPort } = new URL(publicUrl)
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'entryway-pds-'))
  const given = {
    PDS_HOSTNAME: hostname,
    PDS_PORT: publicPort,
    PDS_SERVICE_DID: did,
    PDS_DATA_DIRECTORY: folder,
    PDS_BLOBSTORE_DISK_LOCATION: join(folder, 'blobs'),
    PDS_BLOBSTORE_DISK_TMP_LOCATION: join(folder, 'blobs-unfinished'),
    PDS_DID_PLC_URL: plc,
    PDS_SERVICE_HANDLE_DOMAINS: '.test',
    PDS_INVITE_REQUIRED: 'false',
    // without it no public URL may be http
    PDS_DEV_MODE: 'true',
    PDS_JWT_SECRET: newSecret(32),
    PDS_ADMIN_PASSWORD: newSecret(16),
    PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: newSecret(32),
    LOG_ENABLED: 'true',
    LOG_LEVEL: 'info',
    ...settings,
  }
  const log = createWriteStream(foreignLogFile(name), { flags: 'a' })
  const child = fork(join(import.meta.dirname, 'reference-pds-program.mjs'), {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...inherited(), ...given, LISTEN_PORT: String(port ?? publicPort) },
  })
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  const ended = new Promise((done) => child.once('exit', (code, signal) => done(`the PDS ended with ${code ?? signal}`)))
  const end = async (signal) => {
    const late = setTimeout(() => child.kill('SIGKILL'), stopSeconds * 1000)
    child.kill(signal)
    await ended
    clearTimeout(late)
    log.end()
    if (!kept) rmSync(folder, { recursive: true, force: true })
  }

  const tooLate = AbortSignal.timeout(startSeconds * 1000)
  const started = await Promise.race([
    new Promise((done) => child.once('message', done)),
    ended,
    new Promise((done) => tooLate.addEventListener('abort', () => done(`the PDS was not ready in ${startSeconds} s`))),
  ])
  if (typeof started === 'string') {
    await end('SIGKILL')
    throw new Error(`${started} (see ${foreignLogFile(name)})`)
  }
  const pds = {
    /** Where it listens, whatever it is called. */
    origin: `http://127.0.0.1:${started.port}`,
    publicUrl,
    did,
    settings: given,
    jwtSecret: given.PDS_JWT_SECRET,
    adminPassword: given.PDS_ADMIN_PASSWORD,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
  const health = await fetch(`${pds.origin}/xrpc/_health`)
  assert.equal(health.status, 200, await health.text())
  return pds
}

/** Makes an account with the PDS's own sign-up, which no login of ours knows yet. */
export async function signUpAt(pds, handle) {
  const password = `pds-${newSecret(12)}`
  const input = { handle, email: `${handle.split('.')[0]}@example.com`, password }
  const response = await fetch(`${pds.origin}/xrpc/com.atproto.server.createAccount`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  })
  const created = await response.json()
  assert.equal(response.status, 200, JSON.stringify(created))
  remember(created.accessJwt, created.refreshJwt)
  return { ...input, did: created.did }
}

function newSecret(bytes) {
  const secret = randomBytes(bytes).toString('hex')
  remember(secret)
  return secret
}

/** This program's environment without what would configure a PDS. */
function inherited() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PDS|LOG|NODE_TEST)_/.test(name)))
}
