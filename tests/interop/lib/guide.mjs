// The operator's guide, as somebody follows it: its marked blocks, in one shell.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { binary } from './service.mjs'

const deploy = join(import.meta.dirname, '../../../deploy')

/** The blocks with this mark, in their order. */
export function blocks(mark, guide = 'README.md') {
  const all = [...readFileSync(join(deploy, guide), 'utf8').matchAll(/^```(.*)\n([^]*?)^```$/gm)]
  const marked = all.filter(([, found]) => found === mark)
  if (marked.length === 0) throw new Error(`the guide has no block marked ${mark}`)
  return marked.map(([, , block]) => block)
}

/** Their commands. */
export const commands = (mark) => blocks(mark).join('')

/** The environment of a shell that finds `entryway`. */
export const inShell = (env) => ({ ...ownEnvironment, ENTRYWAY_LOG: 'trace,hyper_util=warn', PATH: `${dirname(binary)}:${process.env.PATH}`, ...env })

// what tests/run tells the tests would be settings to the command
const ownEnvironment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ENTRYWAY_')))

// whoever waits for something that never comes says for what
const followSeconds = 120

/**
 * Runs a script in a shell of its own, which has done all of it once this answers, and lives until `end()` with what it
 * started. `said` is what it printed.
 */
export async function follow(script, env) {
  const last = 'that was all'
  const whole = `set -euo pipefail\ntrap 'kill $ENTRYWAY_PID' EXIT\n${script}\necho ${last}\nread -r _`
  const shell = spawn('bash', ['-c', whole], { env: inShell(env), stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const ended = new Promise((done) => shell.once('exit', done))
  let said = ''
  shell.stderr.on('data', (chunk) => (said += chunk))
  const lines = createInterface({ input: shell.stdout })
  const done = new Promise((done) => lines.on('line', (line) => (line === last ? done(true) : (said += line + '\n'))))
  const late = setTimeout(() => process.kill(-shell.pid, 'SIGKILL'), followSeconds * 1000)
  const isDone = await Promise.race([done, ended.then(() => false)])
  clearTimeout(late)
  if (!isDone) throw new Error(`the guide led nowhere:\n${said}`)
  return {
    said,
    end: async () => {
      shell.stdin.end('\n')
      await ended
    },
  }
}

/** A place that a command of a shell can call, to have something done here: the command, and `stop()`. */
export async function callable(act) {
  const server = createServer(async (request, response) => {
    const fault = await Promise.resolve().then(act).then(() => undefined, String)
    response.writeHead(fault ? 500 : 200)
    response.end(fault)
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return { command: `curl -fsS http://127.0.0.1:${server.address().port}`, stop: () => server.close() }
}
