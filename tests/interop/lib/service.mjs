// Runs a command of ours that serves until it is stopped, for the length of one test program.

import { spawn, spawnSync } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { logFile } from './artefacts.mjs'

export const binary = process.env.ENTRYWAY_BINARY ?? resolve(import.meta.dirname, '../../../target/debug/entryway')

const startSeconds = 60

/**
 * Starts `entryway` with these arguments; answers what its first line says, and ways to end it. Everything else it says
 * goes to the log of that name.
 */
export async function startService(name, args) {
  const command = [binary, ...args]
  // no server may outlive the test, however the test ends
  if (spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0) command.unshift('setpriv', '--pdeathsig', 'KILL')

  const server = spawn(command[0], command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ENTRYWAY_LOG: 'trace' },
  })
  const log = createWriteStream(logFile(name), { flags: 'a' })
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
    throw new Error(`expected one JSON object on stdout, not: ${text} (see ${logFile(name)})`)
  }
  // the first line names the passwords, as it must; the others are a log like any
  lines.on('line', (line) => log.write(line + '\n'))

  const end = async (signal) => {
    server.kill(signal)
    // one that stands still hears nothing
    server.kill('SIGCONT')
    await ended
    await new Promise((done) => log.end(done))
  }
  return {
    said,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    /** Lets it stand still, with every connection open, until `resume()`. */
    pause: () => server.kill('SIGSTOP'),
    resume: () => server.kill('SIGCONT'),
  }
}
