import { type Command, sh } from '../engine/resource/command.ts'
import { Secret } from '../engine/resource/secret.ts'

/** What is waited for, and for how long. */
export interface Awaited {
  kind: 'tcp' | 'socket' | 'path'
  /** Host, or path. */
  at: string
  port: number
  wanted: 'present' | 'absent'
  send: string | Secret
  expect: string
  /** 0: one try. */
  seconds: number
}

/**
 * Tries until it is as wanted, on the host itself; ends with 0 when it is, and prints the seconds that it took and what the
 * expression has found, in hexadecimal. perl is on every Debian (perl-base is essential); without it, bash can connect.
 */
export function waitCommand({ kind, at, port, wanted, send, expect, seconds }: Awaited): Command {
  const hex = (text: string) => Buffer.from(text).toString('hex')
  const lines = `${hex(send instanceof Secret ? send.reveal() : send)}\n${hex(expect)}\n`
  const tried = sh`perl -e ${PROGRAM} ${[kind, at, port, wanted, seconds]}`
  const talk = sh.input(tried, send instanceof Secret ? new Secret(lines) : lines)
  const other =
    lines === '\n\n'
      ? withoutPerl(kind, at, port, wanted, seconds)
      : sh`echo 'lockstep: the host has no perl, which is needed to talk to it' >&2; exit 69`
  return sh`if command -v perl >/dev/null 2>&1; then ${talk}
else ${other}
fi`
}

function withoutPerl(kind: Awaited['kind'], at: string, port: number, wanted: string, seconds: number): Command {
  const test =
    kind === 'path' ? sh`[ -e ${at} ]` : sh`timeout 5 bash -c ': <>"/dev/tcp/$0/$1"' ${at} ${port} 2>/dev/null`
  const needed = kind === 'path' ? sh`:` : sh`[ ${kind} = tcp ] && command -v bash >/dev/null 2>&1`
  return sh`${needed} || { echo 'lockstep: the host has neither perl nor bash to connect with' >&2; exit 69; }
i=0; while :; do if ${test}; then s=present; else s=absent; fi
[ "$s" != ${wanted} ] || { echo "$i"; exit 0; }
[ "$i" -lt ${seconds} ] || { echo "it is still $s" >&2; exit 1; }
i=$((i + 1)); sleep 1; done`
}

const PROGRAM = String.raw`use strict; use Socket qw(:DEFAULT getaddrinfo);
my ($kind, $at, $port, $wanted, $seconds) = @ARGV;
my ($send, $expect) = map { my $line = <STDIN>; $line = "" unless defined $line; chomp $line; pack "H*", $line } 0, 1;
my $regexp = length $expect ? qr/$expect/m : undef;
my ($why, @found) = ("");
$SIG{PIPE} = "IGNORE";
sub found { my ($text) = @_; $text =~ $regexp or return 0;
  @found = map { defined $-[$_] ? substr($text, $-[$_], $+[$_] - $-[$_]) : "" } 0 .. $#+; 1 }
sub quoted { my ($text) = @_; $text = substr $text, 0, 80; $text =~ s/[^ -~]/./g; qq("$text") }
sub talk { my ($socket) = @_;
  for (my $sent = 0; $sent < length $send;) { my $n = syswrite $socket, $send, length($send) - $sent, $sent;
    defined $n or $why = "it hung up: $!", return 0; $sent += $n }
  $regexp or return 1;
  my $said = "";
  $why = "it said nothing";
  while (sysread $socket, $said, 65536, length $said) { found($said) and return 1; $why = "it said " . quoted($said);
    length $said > 1 << 20 and last }
  0 }
sub connected { my ($family, $proto, $address) = @_;
  socket my $socket, $family, SOCK_STREAM, $proto or $why = "$!", return;
  connect $socket, $address or $why = "$!", return; $socket }
sub there {
  if ($kind eq "path") { -e $at or $why = "it does not exist", return 0; $regexp or return 1;
    open my $file, "<", $at or $why = "$!", return 0;
    local $/; my $text = <$file>; $why = "it does not hold what is expected"; return found(defined $text ? $text : "") }
  if ($kind eq "socket") { my $socket = connected(PF_UNIX, 0, pack_sockaddr_un($at)) or return 0; return talk($socket) }
  my ($error, @addresses) = getaddrinfo($at, $port, { socktype => SOCK_STREAM });
  $why = "$error", return 0 if $error;
  for my $address (@addresses) {
    my $socket = connected($address->{family}, $address->{protocol}, $address->{addr}) or next; return talk($socket) }
  0 }
my ($begun, $patience) = (time, $seconds && $seconds < 5 ? $seconds : $seconds ? 5 : 2);
while (1) {
  my $there = eval { local $SIG{ALRM} = sub { die "late\n" }; alarm $patience; my $is = there(); alarm 0; $is };
  alarm 0;
  if ($@) { die $@ if $@ ne "late\n"; $why = ($why =~ /^it said/ ? "$why and no more" : "no answer") . " within $patience s" }
  if ($wanted eq "absent" ? !$there : $there) { print time - $begun, "\n", map { unpack("H*", $_) . "\n" } @found; exit 0 }
  if (time - $begun >= $seconds) { print STDERR $wanted eq "absent" ? "it is still there\n" : "$why\n"; exit 1 }
  select undef, undef, undef, 0.25 }
`
