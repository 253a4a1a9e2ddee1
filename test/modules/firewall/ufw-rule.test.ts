import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { formatTuple, parseTuple, type RuleWish, tuplesOf, wordsOf } from '../../../modules/firewall/ufw-rule.ts'
import { hostAddress, parseProfiles, parseServices } from '../../../modules/firewall/ufw-words.ts'

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
const names = { services: parseServices(fixture('services.txt')), profiles: parseProfiles(fixture('ufw-profiles.txt')) }
const tuples = fixture('ufw-look.txt')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('ufw'))

const allow = (wish: Partial<RuleWish>): RuleWish => ({ rule: 'allow', ...wish })
const lines = (wish: RuleWish) => {
  const { 4: four, 6: six } = tuplesOf(wish, names)
  return [...four, ...six].map(formatTuple)
}

describe('a tuple', () => {
  test.each(tuples)('%s is read and written as ufw does', (line) => {
    const rule = parseTuple(line)
    expect(rule && formatTuple(rule)).toBe(line)
  })

  test.each(['', 'allow tcp 22', 'allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 A - B in'])('is not made of %j', (line) => {
    expect(parseTuple(line)).toBeUndefined()
  })
})

describe('a rule in the form that ufw gives it', () => {
  const ssh4 = 'allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in'
  const ssh = [ssh4, 'allow tcp 22 ::/0 any ::/0 in']
  test.each<{ title: string; wish: RuleWish; expected: string[] }>([
    { title: 'a number', wish: allow({ port: 22, proto: 'tcp' }), expected: ssh },
    { title: 'a number in quotes', wish: allow({ port: '22', proto: 'tcp' }), expected: ssh },
    { title: 'a port with its protocol', wish: allow({ port: '22/tcp' }), expected: ssh },
    { title: 'a service', wish: allow({ port: 'ssh' }), expected: ssh },
    { title: 'a service in capitals', wish: allow({ port: 'SSH', from: 'any', to: 'any' }), expected: ssh },
    { title: 'anywhere written as an IPv4 network', wish: allow({ port: 'ssh', from: '0.0.0.0/0' }), expected: [ssh4] },
    { title: 'a network of no bits', wish: allow({ port: 'ssh', from: '10.1.2.3/0' }), expected: [ssh4] },
    {
      title: 'a service of two protocols',
      wish: allow({ port: 'domain' }),
      expected: ['allow any 53 0.0.0.0/0 any 0.0.0.0/0 in', 'allow any 53 ::/0 any ::/0 in'],
    },
    {
      title: 'an alias of a service',
      wish: allow({ port: 'www', from: '10.0.0.1' }),
      expected: ['allow tcp 80 0.0.0.0/0 any 10.0.0.1 in'],
    },
    {
      title: 'host bits in a network',
      wish: allow({ from: '10.0.0.7/24' }),
      expected: ['allow any any 0.0.0.0/0 any 10.0.0.0/24 in'],
    },
    {
      title: 'a mask in dots',
      wish: allow({ from: '10.0.0.7/255.255.0.0' }),
      expected: ['allow any any 0.0.0.0/0 any 10.0.0.0/16 in'],
    },
    {
      title: 'a mask of all bits',
      wish: allow({ to: '10.0.0.7/32' }),
      expected: ['allow any any 10.0.0.7 any 0.0.0.0/0 in'],
    },
    {
      title: 'a long IPv6 address',
      wish: allow({ from: 'FD00:0:0::0001/128' }),
      expected: ['allow any any ::/0 any fd00::1 in'],
    },
    {
      title: 'ports in another order',
      wish: allow({ port: '8080,80:90,80,9', proto: 'udp', from: '10.0.0.1' }),
      expected: ['allow udp 9,80,80:90,8080 0.0.0.0/0 any 10.0.0.1 in'],
    },
    {
      title: 'a port that packets come from',
      wish: allow({ from_port: 53, proto: 'udp', from: '10.0.0.1' }),
      expected: ['allow udp any 0.0.0.0/0 53 10.0.0.1 in'],
    },
    {
      title: 'a protocol of IPv4',
      wish: allow({ proto: 'igmp' }),
      expected: ['allow igmp any 0.0.0.0/0 any 0.0.0.0/0 in'],
    },
    {
      title: 'an interface',
      wish: allow({ interface: 'eth0', from: '10.0.0.1' }),
      expected: ['allow any any 0.0.0.0/0 any 10.0.0.1 in_eth0'],
    },
    {
      title: 'an interface to go out by',
      wish: allow({ interface: 'eth0', direction: 'out', to: '10.0.0.1' }),
      expected: ['allow any any 10.0.0.1 any 0.0.0.0/0 out_eth0'],
    },
    {
      title: 'a route',
      wish: allow({ route: true, interface_in: 'a', interface_out: 'b', to: '10.0.0.1' }),
      expected: ['route:allow any any 10.0.0.1 any 0.0.0.0/0 in_a!out_b'],
    },
    {
      title: 'a route that only goes out',
      wish: allow({ route: true, interface_out: 'b', to: '10.0.0.1' }),
      expected: ['route:allow any any 10.0.0.1 any 0.0.0.0/0 out_b'],
    },
    {
      title: 'logging',
      wish: { rule: 'deny', log: true, from: '10.0.0.1' },
      expected: ['deny_log any any 0.0.0.0/0 any 10.0.0.1 in'],
    },
    {
      title: 'logging of everything',
      wish: { rule: 'limit', log: 'all', from: '10.0.0.1' },
      expected: ['limit_log-all any any 0.0.0.0/0 any 10.0.0.1 in'],
    },
    {
      title: 'a comment',
      wish: allow({ from: '10.0.0.1', comment: 'hé "x"' }),
      expected: ['allow any any 0.0.0.0/0 any 10.0.0.1 in comment=68c3a920227822'],
    },
    {
      title: 'an application of two protocols',
      wish: allow({ app: 'Kerberos Full', from: '10.0.0.1' }),
      expected: [
        'allow tcp 88,749 0.0.0.0/0 any 10.0.0.1 Kerberos%20Full - in',
        'allow udp 464 0.0.0.0/0 any 10.0.0.1 Kerberos%20Full - in',
      ],
    },
  ])('knows $title', ({ wish, expected }) => {
    expect(lines(wish)).toEqual(expected)
  })

  test.each<{ wish: RuleWish; message: string }>([
    { wish: allow({ port: '80,90' }), message: 'several ports (80,90) need a protocol' },
    { wish: allow({ port: '6000:6010' }), message: 'several ports' },
    { wish: allow({ port: 'gopher' }), message: "no service 'gopher'" },
    { wish: allow({ port: 'tftp', proto: 'tcp' }), message: 'tftp is a service of udp, not of tcp' },
    { wish: allow({ port: '22/udp', proto: 'tcp' }), message: '22 is a service of udp' },
    { wish: allow({ port: '90:80', proto: 'tcp' }), message: "'90:80' is not a list of ports" },
    { wish: allow({ port: '0', proto: 'tcp' }), message: "'0' is not a list of ports" },
    { wish: allow({ port: '65536', proto: 'tcp' }), message: "'65536' is not a list of ports" },
    { wish: allow({ port: '1,,2', proto: 'tcp' }), message: 'is not a list of ports' },
    {
      wish: allow({ port: Array.from({ length: 16 }, (_, index) => index + 1).join(','), proto: 'tcp' }),
      message: ',16',
    },
    { wish: allow({ port: 22, proto: 'esp' }), message: 'the protocol esp has no ports' },
    { wish: allow({ from: 'mm1.example.org' }), message: "'mm1.example.org' is not an address" },
    { wish: allow({ from: '10.0.0.1/33' }), message: 'is not an address' },
    { wish: allow({ from: '10.0.0.1/255.0.255.0' }), message: 'is not an address' },
    { wish: allow({ from: 'fe80::1%eth0' }), message: 'is not an address' },
    { wish: allow({ from: '10.0.0.1', to: 'fd00::1' }), message: 'are of different kinds' },
    { wish: allow({ app: 'openssh' }), message: "no application profile 'openssh'" },
    { wish: allow({ app: 'OpenSSH', proto: 'tcp' }), message: 'says protocol and ports itself' },
  ])('refuses $message', ({ wish, message }) => {
    expect(() => lines(wish)).toThrow(message)
  })

  test.each([
    { text: 'any', expected: undefined },
    { text: '::/0', expected: '::/0' },
    { text: '::ffff:102:304', expected: '::ffff:1.2.3.4' },
    { text: '2001:DB8::0:1/64', expected: '2001:db8::1/64' },
  ])('writes the address $text as the C library does', ({ text, expected }) => {
    expect(hostAddress(text)?.text).toBe(expected)
  })
})

describe('the arguments of ufw', () => {
  test.each([
    {
      line: 'allow tcp 22 0.0.0.0/0 any 10.0.0.1 in comment=61',
      verb: [],
      words: 'allow proto tcp from 10.0.0.1 to 0.0.0.0/0 port 22 comment a',
    },
    {
      line: 'allow tcp 22 0.0.0.0/0 any 10.0.0.1 in comment=61',
      verb: ['delete'],
      words: 'delete allow proto tcp from 10.0.0.1 to 0.0.0.0/0 port 22',
    },
    {
      line: 'deny_log any 25 ::/0 any ::/0 out',
      verb: ['insert', '3'],
      words: 'insert 3 deny out log from ::/0 to ::/0 port 25',
    },
    {
      line: 'route:allow any any 10.2.0.0/16 any 0.0.0.0/0 in_eth0!out_lo',
      verb: ['insert', '1'],
      words: 'route insert 1 allow in on eth0 out on lo from 0.0.0.0/0 to 10.2.0.0/16',
    },
    {
      line: 'allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 OpenSSH - in',
      verb: ['delete'],
      words: 'delete allow from 0.0.0.0/0 to 0.0.0.0/0 app OpenSSH',
    },
    {
      line: 'allow udp any 0.0.0.0/0 53 10.0.0.1 in',
      verb: [],
      words: 'allow proto udp from 10.0.0.1 port 53 to 0.0.0.0/0',
    },
  ])('name the rule $line', ({ line, verb, words }) => {
    const rule = parseTuple(line)
    expect(rule && wordsOf(rule, verb).join(' ')).toBe(words)
  })
})
