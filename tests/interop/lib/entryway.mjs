// Starts `entryway dev` for one test program, on the engine that tests/run chose.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { remember, runName } from './artefacts.mjs'
import { binary, startService } from './service.mjs'

/** Where the server of this test program keeps its data. */
export const folder = process.env.ENTRYWAY_DATA_DIR ?? mkdtempSync(join(tmpdir(), 'entryway-interop-'))
const databaseUrl = process.env.ENTRYWAY_DATABASE_URL
const passwordOf = { alice: newPassword(), bob: newPassword() }

/**
 * Starts a server with two accounts, and answers what it says of itself:
 * issuer, pds, plc, mailbox, demo_app and accounts, with `alice`, `bob`, `stop()` and `kill()` beside them.
 * Started again with the same port, it finds what the one before left. `more` are further arguments.
 */
export async function startEntryway({ port = 0, more = [], database = databaseUrl } = {}) {
  const args = [
    'dev', '--json', '--port', String(port), '--data-dir', folder,
    '--account', `alice.test:${passwordOf.alice}`, '--account', `bob.test:${passwordOf.bob}`, ...more,
  ]
  if (database) args.push('--database', database)
  const { said, ...service } = await startService(runName, args)
  const account = (name) => {
    const found = said.accounts.find(({ handle }) => handle === `${name}.test`)
    if (!found) throw new Error(`the first line does not name ${name}.test`)
    return { ...found, password: passwordOf[name] }
  }
  return { ...said, ...service, alice: account('alice'), bob: account('bob') }
}

/** Lets an account of some PDS sign in, as its operator would while the server runs; answers it with its password. */
export function addAccount({ handle, did, pdsDid, email }) {
  const password = newPassword()
  const command = ['account', 'add', handle, '--did', did, '--pds-did', pdsDid, '--password-stdin', ...database()]
  if (email) command.push('--email', email)
  const { status, stderr } = spawnSync(binary, command, { input: password, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return { handle, did, email, password }
}

/** Runs a command as the server's operator would while it runs; answers what it prints. */
export async function operate(command, input = '') {
  const running = promisify(execFile)(binary, command)
  running.child.stdin.end(input)
  return (await running).stdout
}

/** The arguments that say where the accounts are. */
export function database() {
  return databaseUrl ? ['--database', databaseUrl] : ['--data-dir', folder]
}

/** Those that say where the keys are too. */
export function deployment() {
  return databaseUrl ? ['--data-dir', folder, ...database()] : database()
}

export function newPassword() {
  const password = `pass-${randomBytes(12).toString('hex')}`
  remember(password)
  return password
}
