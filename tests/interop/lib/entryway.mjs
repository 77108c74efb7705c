// Starts `entryway dev` for one test program, on the engine that tests/run chose.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createWriteStream, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { logFile, remember, runName } from './artefacts.mjs'

const binary = process.env.ENTRYWAY_BINARY ?? resolve(import.meta.dirname, '../../../target/debug/entryway')
const startSeconds = 60

const folder = process.env.ENTRYWAY_DATA_DIR ?? mkdtempSync(join(tmpdir(), 'entryway-interop-'))
const passwordOf = { alice: newPassword(), bob: newPassword() }

/**
 * Starts a server with two accounts, and answers what it says of itself:
 * issuer, pds, plc, mailbox, demo_app and accounts, with `alice`, `bob`, `stop()` and `kill()` beside them.
 * Started again with the same port, it finds what the one before left. `more` are further arguments.
 */
export async function startEntryway({ port = 0, more = [] } = {}) {
  const command = [
    binary, 'dev', '--json', '--port', String(port), '--data-dir', folder,
    '--account', `alice.test:${passwordOf.alice}`, '--account', `bob.test:${passwordOf.bob}`, ...more,
  ]
  if (process.env.ENTRYWAY_DATABASE_URL) command.push('--database', process.env.ENTRYWAY_DATABASE_URL)
  // no server may outlive the test, however the test ends
  if (spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0) command.unshift('setpriv', '--pdeathsig', 'KILL')

  const server = spawn(command[0], command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ENTRYWAY_LOG: 'trace' },
  })
  const log = createWriteStream(logFile(runName), { flags: 'a' })
  server.stderr.pipe(log, { end: false })
  const ended = new Promise((done) => server.once('exit', (code, signal) => done(`entryway ended with ${code ?? signal}`)))

  const lines = createInterface({ input: server.stdout })
  const firstLine = new Promise((done) => lines.once('line', done))
  let timer
  const tooLate = new Promise((done) => { timer = setTimeout(done, startSeconds * 1000, `entryway was not ready in ${startSeconds} s`) })
  const text = await Promise.race([firstLine, ended, tooLate])
  clearTimeout(timer)
  let said
  try {
    said = JSON.parse(text)
  } catch {
    server.kill('SIGKILL')
    throw new Error(`expected one JSON object on stdout, not: ${text} (see ${logFile(runName)})`)
  }
  // the first line names the passwords, as it must; the others are a log like any
  lines.on('line', (line) => log.write(line + '\n'))

  const account = (name) => {
    const found = said.accounts.find(({ handle }) => handle === `${name}.test`)
    if (!found) throw new Error(`the first line does not name ${name}.test`)
    return { ...found, password: passwordOf[name] }
  }
  const end = async (signal) => {
    server.kill(signal)
    await ended
    await new Promise((done) => log.end(done))
  }
  return {
    ...said,
    alice: account('alice'),
    bob: account('bob'),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
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

/** Which database another command of ours is to use. */
function database() {
  const url = process.env.ENTRYWAY_DATABASE_URL
  return url ? ['--database', url] : ['--data-dir', folder]
}

function newPassword() {
  const password = `pass-${randomBytes(12).toString('hex')}`
  remember(password)
  return password
}
