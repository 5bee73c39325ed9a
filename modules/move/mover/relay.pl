# Passes TCP connections on to the old database: the environment's own lies where nothing leads out, and calls here.
# usage: relay.pl HOST PORT TARGET-HOST TARGET-PORT   (prints the address and port that it listens on)
use strict;
use warnings;
use Socket qw(:DEFAULT getaddrinfo getnameinfo SOCK_STREAM SOCK_DGRAM NI_NUMERICHOST NI_NUMERICSERV SHUT_WR SO_KEEPALIVE SO_REUSEADDR IPPROTO_TCP TCP_NODELAY);

my ($host, $port, $near_host, $near_port) = @ARGV;
my $parent = getppid;

sub dial {
  my ($name, $service, $type) = @_;
  my ($error, @found) = getaddrinfo($name, $service, { socktype => $type });
  die "$name: $error\n" if $error;
  for my $one (@found) {
    socket(my $handle, $one->{family}, $one->{socktype}, $one->{protocol}) or next;
    return ($handle, $one->{family}) if connect($handle, $one->{addr});
  }
  die "$name:$service: $!\n";
}

# A datagram socket sends nothing when it connects, and tells which of this machine's addresses the target will see.
my ($probe, $family) = dial($near_host, $near_port, SOCK_DGRAM);
my (undef, $here) = getnameinfo(getsockname($probe), NI_NUMERICHOST | NI_NUMERICSERV);
my (undef, $own) = getaddrinfo($here, 0, { socktype => SOCK_STREAM });
socket(my $server, $family, SOCK_STREAM, 0) or die "socket: $!\n";
bind($server, $own->{addr}) or die "bind: $!\n";
listen($server, 16) or die "listen: $!\n";
my (undef, $address, $listening) = getnameinfo(getsockname($server), NI_NUMERICHOST | NI_NUMERICSERV);
$| = 1;
print "$address $listening\n";
close STDOUT;

my %children;
$SIG{TERM} = sub { kill 'TERM', keys %children; exit 0 };

sub pump {
  my ($from, $to) = @_;
  while (my $read = sysread($from, my $buffer, 65536)) {
    my $at = 0;
    while ($at < $read) {
      my $written = syswrite($to, $buffer, $read - $at, $at) or return;
      $at += $written;
    }
  }
  shutdown($to, SHUT_WR);
}

sub serve {
  my $client = shift;
  $SIG{TERM} = 'DEFAULT';
  my ($upstream) = dial($host, $port, SOCK_STREAM);
  for ($client, $upstream) {
    setsockopt($_, SOL_SOCKET, SO_KEEPALIVE, 1);
    setsockopt($_, IPPROTO_TCP, TCP_NODELAY, 1);
  }
  my $back = fork // die "fork: $!\n";
  if ($back == 0) { pump($upstream, $client); exit 0 }
  $SIG{TERM} = sub { kill 'TERM', $back; exit 0 };
  pump($client, $upstream);
  waitpid $back, 0;
  exit 0;
}

while (1) {
  while ((my $gone = waitpid -1, 1) > 0) { delete $children{$gone} }
  if (getppid != $parent) { kill 'TERM', keys %children; exit 0 }
  my $ready = '';
  vec($ready, fileno $server, 1) = 1;
  next unless select(my $readable = $ready, undef, undef, 0.5) > 0;
  accept(my $client, $server) or next;
  my $child = fork // die "fork: $!\n";
  if ($child == 0) { close $server; serve($client) }
  $children{$child} = 1;
  close $client;
}
