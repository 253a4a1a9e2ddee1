import { computed, type Schema } from './keyword-schemas.ts'

/** The JSON Schema of inventories in YAML, for editors: groups, hosts, and the variables that say how a host is reached. */
export const inventorySchema: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Lockstep inventory',
  type: 'object',
  additionalProperties: { $ref: '#/definitions/group' },
  definitions: {
    group: {
      type: ['object', 'null'],
      description: 'A group of hosts.',
      properties: {
        hosts: {
          type: ['object', 'null'],
          description: 'Hosts by name; a range as in web[01:12] stands for many.',
          additionalProperties: { $ref: '#/definitions/variables' },
        },
        children: {
          type: ['object', 'null'],
          description: 'Groups that belong to it.',
          additionalProperties: { $ref: '#/definitions/group' },
        },
        vars: { $ref: '#/definitions/variables' },
      },
      additionalProperties: false,
    },
    variables: {
      type: ['object', 'null'],
      description: 'Variables, by name; some say how a host is reached.',
      properties: {
        address: text('IP address or name; the name of the host itself unless given.'),
        port: { anyOf: [{ type: 'integer', minimum: 1, maximum: 65535 }, ...computed], description: 'Port of ssh.' },
        remote_user: text('Who logs in.'),
        connection: {
          anyOf: [{ enum: ['ssh', 'ssh2', 'openssh', 'local'] }, ...computed],
          description: 'How to connect.',
        },
        jump: text('Hosts to go through, as ProxyJump has them: user@host:port, joined by commas.'),
        private_key_file: text('The key to log in with, a file on this machine.'),
        known_hosts_file: text('The file that lists the keys of hosts, in place of ~/.ssh/known_hosts.'),
        host_key_checking: {
          anyOf: [{ enum: ['strict', 'accept-new'] }, ...computed],
          description: 'accept-new: trust a host that is not listed yet, and add it.',
        },
        connect_timeout: {
          anyOf: [{ type: 'integer', minimum: 1 }, ...computed],
          description: 'Seconds to wait for a connection.',
        },
        lockstep_lab: { type: 'boolean', description: 'true for all hosts: the lab boots them on this machine.' },
        suite: text('For the lab: the Debian release.'),
        lab_packages: {
          type: 'array',
          items: { type: 'string' },
          description: 'For the lab: packages beyond those that every host has.',
        },
      },
    },
  },
}

function text(description: string): Schema {
  return { type: ['string', 'null'], description }
}
