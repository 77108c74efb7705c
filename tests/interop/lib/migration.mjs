// A person who moves an account with `entryway migrate-account`, and the PDS that it comes from.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { remember } from './artefacts.mjs'
import { inShell } from './guide.mjs'
import { ownPort } from './ports.mjs'
import { signUpAt, startReferencePds } from './reference-pds.mjs'
import { binary } from './service.mjs'
import { succeed } from './xrpc.mjs'

export const collection = 'com.example.note'

/** Starts an unmodified PDS that knows of no entryway. `codes(did)` are those it sent by letter for changes of an identity. */
export async function startOwnPds(name, plc) {
  const folder = mkdtempSync(join(tmpdir(), `entryway-${name}-`))
  const publicUrl = `http://localhost:${await ownPort()}`
  // without an AppView it keeps no preferences
  const settings = { PDS_BSKY_APP_VIEW_URL: 'http://localhost:9', PDS_BSKY_APP_VIEW_DID: 'did:web:view.test' }
  const pds = await startReferencePds({ name, plc, publicUrl, did: `did:web:${name}.test`, folder, settings })
  const stop = async () => {
    await pds.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const codes = (did) => {
    const database = new Database(join(folder, 'account.sqlite'), { readonly: true })
    const wanted = "select token from email_token where purpose = 'plc_operation' and did = ?"
    const found = database.prepare(wanted).all(did).map(({ token }) => token)
    database.close()
    remember(...found)
    return found
  }
  return { ...pds, stop, codes }
}

/** Somebody with an account at a PDS of their own, who can write there. */
export async function newcomer(pds, handle) {
  const person = await signUpAt(pds, handle)
  const { accessJwt: bearer } = await succeed(pds.publicUrl, 'com.atproto.server.createSession', {
    input: { identifier: person.handle, password: person.password },
  })
  const blob = async (bytes, kind) => {
    const headers = { authorization: `Bearer ${bearer}`, 'content-type': kind }
    const answer = await fetch(`${pds.publicUrl}/xrpc/com.atproto.repo.uploadBlob`, { method: 'POST', headers, body: bytes })
    assert.equal(answer.status, 200)
    return (await answer.json()).blob
  }
  const write = async (text, bytes) => {
    const picture = bytes && (await blob(bytes, 'image/png'))
    const value = { $type: collection, text, ...(picture && { picture }) }
    const input = { repo: person.did, collection, record: value }
    const { uri } = await succeed(pds.publicUrl, 'com.atproto.repo.createRecord', { bearer, input })
    return { rkey: uri.split('/').at(-1), value }
  }
  const codes = () => pds.codes(person.did)
  return { ...person, bearer, write, codes }
}

/** A shell with variables, and a folder for what the steps leave. `said` is everything that any of them said. */
export class Mover {
  said = []

  constructor(variables) {
    this.home = mkdtempSync(join(tmpdir(), 'entryway-migration-'))
    this.own = join(this.home, '.sandbox')
    this.variables = variables
    mkdirSync(this.home, { recursive: true })
  }

  /** Runs a step; answers its status and what it said. */
  run(name, { env, more = [] } = {}) {
    return this.#execute(binary, ['migrate-account', name, ...more], { PATH: process.env.PATH, ...this.variables, ...env })
  }

  /** The same where only success will do; answers what it said. */
  async step(name, expected, ...more) {
    const { status, stdout, stderr } = await this.run(name, { more })
    assert.equal(status, 0, `${name}: ${stderr}`)
    assert.match(stdout, expected)
    return stderr
  }

  /** Runs a script in a shell that finds `entryway`, where only success will do. */
  async follow(script, env) {
    const { ENTRYWAY_LOG, ...shell } = inShell({ ...this.variables, ...env })
    const { status, stdout, stderr } = await this.#execute('bash', ['-euo', 'pipefail', '-c', script], shell)
    assert.equal(status, 0, `${script}\n${stdout}\n${stderr}`)
    return stdout
  }

  #execute(command, args, env) {
    return new Promise((done) => {
      const child = execFile(command, args, { env, cwd: this.home }, (error, stdout, stderr) => {
        this.said.push(stdout, stderr)
        this.secrets()
        done({ status: error ? error.code : 0, stdout, stderr })
      })
      child.stdin.end()
    })
  }

  path(file) {
    return join(this.own, file)
  }

  read(file) {
    return JSON.parse(readFileSync(this.path(file), 'utf8'))
  }

  /** The tokens in the folder. */
  secrets() {
    const files = ['old_session.json', 'new_session.json', 'service_auth_create_account.json'].filter((name) => existsSync(this.path(name)))
    const found = files.map((name) => this.read(name)).flatMap(({ accessJwt, refreshJwt, token }) => [accessJwt, refreshJwt, token])
    remember(...found)
    return found.filter(Boolean)
  }

  end() {
    rmSync(this.home, { recursive: true, force: true })
  }
}
